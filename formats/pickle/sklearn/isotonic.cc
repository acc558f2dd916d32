// IsotonicRegression: a piecewise linear function of one feature.
#include "formats/pickle/sklearn/families.h"
#include "ir/ops/scale.h"

namespace panmodel::pickle::sklearn {
namespace {

// The knots were called _necessary_X_ before 0.24.
PyCursor knots(const PyCursor& self, const char* name, const char* old_name) {
  auto old = self.find(old_name);
  return old ? *old : self.attr(name);
}

ml::Outside outside_of(const PyCursor& option) {
  if (option.is_text("nan")) return ml::Outside::nan;
  if (option.is_text("clip")) return ml::Outside::clamp;
  if (option.is_text("raise")) return ml::Outside::fail;
  option.refuse("sklearn-option", "out_of_bounds is {}, expected 'nan', 'clip' or 'raise'",
                option.describe());
}

Estimate read_isotonic(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor xs = knots(self, "X_thresholds_", "_necessary_X_");
  PyCursor ys = knots(self, "y_thresholds_", "_necessary_y_");
  ml::Interpolate op{xs.as_reals(), ys.as_reals(), outside_of(self.attr("out_of_bounds")), false};
  std::string dtype = xs.dtype_name();
  if (dtype != ys.dtype_name() || (dtype != "float64" && dtype != "float32")) {
    ys.refuse("sklearn-option", "knots of {} and values of {}, expected one of float64 and float32",
              dtype, ys.dtype_name());
  }
  if (x.width() != 1) self.refuse("sklearn-value", "{} features, expected 1", x.width());
  if (op.x.empty() || self.attr("X_min_").as_real() != op.x.front() ||
      self.attr("X_max_").as_real() != op.x.back()) {
    xs.refuse("sklearn-value", "the first and the last knot are not X_min_ and X_max_");
  }
  // One knot is a constant function, which has no bounds. More are numpy.interp, or in f32
  // scipy.interpolate.interp1d.
  if (op.x.size() == 1) op.outside = ml::Outside::clamp;
  op.upper_closed = dtype == "float32";
  Estimate e;
  e.predict = r.builder.add(std::move(op), {as_matrix(r, x, op.upper_closed ? DType::f32 : DType::f64)});
  e.role = Role::value;
  e.transform = features_of(e.predict, 1, {"isotonicregression0"});
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.isotonic.IsotonicRegression", read_isotonic, nullptr},
};

}  // namespace

std::span<const EstimatorRow> isotonic_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
