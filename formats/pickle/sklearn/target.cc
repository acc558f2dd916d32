// TransformedTargetRegressor: a regressor of a transformed target, and the way back.
#include "formats/pickle/sklearn/families.h"
#include "ir/ops/scale.h"

namespace panmodel::pickle::sklearn {
namespace {

bool flag(const PyCursor& self, const char* name) {
  auto found = self.find(name);
  return found && found->as_bool();
}

std::vector<double> values_of(const PyCursor& self, const char* name) {
  auto found = self.find_some(name);
  return found ? found->as_reals() : std::vector<double>{};
}

// y of a scaler that made y * scale + offset (or divided: see its formula) out of the target.
ValueId unscale(Reader& r, const PyCursor& self, ValueId y, const std::string& name) {
  ml::Scaler op;
  op.form = ml::ScaleForm::multiply_add;
  if (name == "StandardScaler") {
    if (flag(self, "with_std")) op.scale = values_of(self, "scale_");
    if (flag(self, "with_mean")) op.offset = values_of(self, "mean_");
  } else if (name == "RobustScaler") {
    if (flag(self, "with_scaling")) op.scale = values_of(self, "scale_");
    if (flag(self, "with_centering")) op.offset = values_of(self, "center_");
  } else if (name == "MaxAbsScaler") {
    op.scale = values_of(self, "scale_");
  } else {
    op.form = ml::ScaleForm::subtract_divide;
    op.offset = values_of(self, "min_");
    op.scale = values_of(self, "scale_");
  }
  return r.builder.add(std::move(op), {y});
}

// transformer.inverse_transform(y).
ValueId inverse(Reader& r, const PyCursor& self, ValueId y) {
  Walk guard(self);
  std::string full = self.class_name();
  std::string name = full.substr(full.rfind('.') + 1);
  if (name == "FunctionTransformer") {
    if (auto arguments = self.find_some("inv_kw_args"); arguments && arguments->size() > 0) {
      arguments->refuse("sklearn-option", "arguments of the inverse function");
    }
    return apply_function(r, self.attr("inverse_func"), y);
  }
  if (name == "StandardScaler" || name == "RobustScaler" || name == "MaxAbsScaler" ||
      name == "MinMaxScaler") {
    return unscale(r, self, y, name);
  }
  if (name != "Pipeline") self.refuse("sklearn-option", "the inverse of '{}' is not supported", full);
  PyCursor steps = self.attr("steps");
  for (size_t i = steps.size(); i-- > 0;) {
    PyCursor step = steps.at(i).at(1);
    if (!step.is_none() && !step.is_text("passthrough")) y = inverse(r, step, y);
  }
  return y;
}

Estimate read_target(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor regressor = self.attr("regressor_");
  ValueId y = read_estimator(r, regressor, x).predict;
  if (!y.valid()) regressor.refuse("sklearn-option", "'{}' does not predict", regressor.class_name());
  Estimate e;
  e.role = Role::value;
  e.predict = inverse(r, self.attr("transformer_"), y);
  return e;
}

void demand_target(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  demand_of(self.attr("regressor_"), columns, demands);
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.compose._target.TransformedTargetRegressor", read_target, demand_target, true},
};

}  // namespace

std::span<const EstimatorRow> target_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
