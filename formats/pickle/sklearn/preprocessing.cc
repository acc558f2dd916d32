// Scalers, normalisation and thresholds.
#include <limits>

#include "formats/pickle/sklearn/families.h"
#include "ir/ops/scale.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pickle::sklearn {
namespace {

Estimate transformed(const Features& x, ValueId v) {
  Estimate e;
  e.transform = features_of(v, x.width(), x.names);
  return e;
}

// Values per feature, or nothing when the attribute is None.
std::vector<double> per_feature(const PyCursor& self, const char* name, const Features& x) {
  auto found = self.find_some(name);
  if (!found) return {};
  std::vector<double> v = found->as_reals();
  if (static_cast<int64_t>(v.size()) != x.width()) {
    found->refuse("sklearn-value", "{} values for {} features", v.size(), x.width());
  }
  return v;
}

bool flag(const PyCursor& self, const char* name) {
  auto found = self.find(name);
  return found && found->as_bool();
}

Estimate read_standard(Reader& r, const PyCursor& self, const Features& x) {
  ml::Scaler op;
  if (flag(self, "with_mean")) op.offset = per_feature(self, "mean_", x);
  if (flag(self, "with_std")) op.scale = per_feature(self, "scale_", x);
  return transformed(x, r.builder.add(std::move(op), {as_matrix(r, x)}));
}

Estimate read_robust(Reader& r, const PyCursor& self, const Features& x) {
  ml::Scaler op;
  if (flag(self, "with_centering")) op.offset = per_feature(self, "center_", x);
  if (flag(self, "with_scaling")) op.scale = per_feature(self, "scale_", x);
  return transformed(x, r.builder.add(std::move(op), {as_matrix(r, x)}));
}

ValueId clipped(Reader& r, ValueId v, double low, double high) {
  ValueId a = r.builder.constant(Tensor::scalar(low)), b = r.builder.constant(Tensor::scalar(high));
  return r.builder.add(tensor::Clip{}, {v, a, b});
}

Estimate read_minmax(Reader& r, const PyCursor& self, const Features& x) {
  ml::Scaler op;
  op.form = ml::ScaleForm::multiply_add;
  op.scale = per_feature(self, "scale_", x);
  op.offset = per_feature(self, "min_", x);
  ValueId v = r.builder.add(std::move(op), {as_matrix(r, x)});
  if (flag(self, "clip")) {
    std::vector<double> range = self.attr("feature_range").as_reals();
    if (range.size() != 2) self.attr("feature_range").refuse("sklearn-value", "no pair of bounds");
    v = clipped(r, v, range[0], range[1]);
  }
  return transformed(x, v);
}

Estimate read_maxabs(Reader& r, const PyCursor& self, const Features& x) {
  ml::Scaler op;
  op.scale = per_feature(self, "scale_", x);
  ValueId v = r.builder.add(std::move(op), {as_matrix(r, x)});
  if (flag(self, "clip")) v = clipped(r, v, -1, 1);
  return transformed(x, v);
}

Estimate read_normalizer(Reader& r, const PyCursor& self, const Features& x) {
  std::string norm = self.attr("norm").as_text();
  ml::Normalize op;
  if (norm == "l1") {
    op.norm = ml::Norm::l1;
  } else if (norm == "max") {
    op.norm = ml::Norm::max;
  } else if (norm != "l2") {
    self.attr("norm").refuse("sklearn-option", "norm '{}'", norm);
  }
  if (op.norm == ml::Norm::max && r.version < Version{0, 23}) {
    self.attr("norm").refuse("sklearn-option", "norm 'max' before 0.23, the largest signed value");
  }
  if (Version{1, 0} <= r.version) op.smallest = 10 * std::numeric_limits<double>::epsilon();
  return transformed(x, r.builder.add(op, {as_matrix(r, x)}));
}

Estimate read_binarizer(Reader& r, const PyCursor& self, const Features& x) {
  return transformed(x, r.builder.add(ml::Binarize{self.attr("threshold").as_real()}, {as_matrix(r, x)}));
}

#define DATA(name, fn)                                         \
  {"sklearn.preprocessing._data." name, fn, nullptr}, {        \
    "sklearn.preprocessing.data." name, fn, nullptr            \
  }
constexpr EstimatorRow kRows[] = {
    DATA("Binarizer", read_binarizer),     DATA("MaxAbsScaler", read_maxabs),
    DATA("MinMaxScaler", read_minmax),     DATA("Normalizer", read_normalizer),
    DATA("RobustScaler", read_robust),     DATA("StandardScaler", read_standard),
};
#undef DATA

}  // namespace

std::span<const EstimatorRow> preprocessing_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
