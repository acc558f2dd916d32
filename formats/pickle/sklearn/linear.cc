// Linear regressors: identity link, and the generalised linear models with a log link.
#include "formats/pickle/sklearn/families.h"
#include "ir/ops/linear.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pickle::sklearn {
namespace {

ValueId linear(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor coef = self.attr("coef_");
  std::vector<size_t> shape = coef.shape();
  std::vector<double> weights = coef.as_reals();
  int64_t targets = shape.size() == 2 ? static_cast<int64_t>(shape[0]) : 1;
  int64_t features = static_cast<int64_t>(weights.size()) / std::max<int64_t>(targets, 1);
  if (features != x.width()) {
    coef.refuse("sklearn-value", "coefficients of {} features, expected {}", features, x.width());
  }
  std::vector<double> intercept = self.attr("intercept_").as_reals();
  if (intercept.size() == 1) intercept.resize(static_cast<size_t>(targets), intercept[0]);
  if (static_cast<int64_t>(intercept.size()) != targets) {
    self.attr("intercept_").refuse("sklearn-value", "{} intercepts, expected {}", intercept.size(),
                                   targets);
  }
  return r.builder.add(ml::Linear{Tensor::of({targets, features}, std::move(weights)),
                                  Tensor::vector(std::move(intercept))},
                       {as_matrix(r, x)});
}

Estimate value_of(ValueId v) {
  Estimate e;
  e.predict = v;
  e.role = Role::value;
  return e;
}

Estimate read_regressor(Reader& r, const PyCursor& self, const Features& x) {
  return value_of(linear(r, self, x));
}

bool log_link(const PyCursor& self) {
  if (self.class_name().ends_with(".PoissonRegressor") ||
      self.class_name().ends_with(".GammaRegressor")) {
    return true;
  }
  if (auto used = self.find_some("_link_instance"); used && used->is_object()) {
    return used->class_name().ends_with(".LogLink");
  }
  auto link = self.find("link");
  if (link && link->is_text("log")) return true;
  if (link && link->is_text("identity")) return false;
  // 'auto': identity for the normal distribution, log for the others.
  auto power = self.find("power");
  if (link && link->is_text("auto") && power) return power->as_real() > 0;
  self.refuse("sklearn-option", "the link function of '{}' is not known", self.class_name());
}

Estimate read_glm(Reader& r, const PyCursor& self, const Features& x) {
  ValueId raw = linear(r, self, x);
  if (log_link(self)) raw = r.builder.add(tensor::Unary{tensor::UnaryFn::exp}, {raw});
  return value_of(raw);
}

constexpr EstimatorRow kRows[] = {
#define LINEAR(module_new, module_old, name)                            \
  {"sklearn.linear_model." module_new "." name, read_regressor, nullptr}, \
      {"sklearn.linear_model." module_old "." name, read_regressor, nullptr}
    LINEAR("_base", "base", "LinearRegression"),
    LINEAR("_ridge", "ridge", "Ridge"),
    LINEAR("_ridge", "ridge", "RidgeCV"),
    LINEAR("_coordinate_descent", "coordinate_descent", "Lasso"),
    LINEAR("_coordinate_descent", "coordinate_descent", "LassoCV"),
    LINEAR("_coordinate_descent", "coordinate_descent", "ElasticNet"),
    LINEAR("_coordinate_descent", "coordinate_descent", "ElasticNetCV"),
    LINEAR("_coordinate_descent", "coordinate_descent", "MultiTaskElasticNet"),
    LINEAR("_coordinate_descent", "coordinate_descent", "MultiTaskElasticNetCV"),
    LINEAR("_coordinate_descent", "coordinate_descent", "MultiTaskLasso"),
    LINEAR("_coordinate_descent", "coordinate_descent", "MultiTaskLassoCV"),
    LINEAR("_huber", "huber", "HuberRegressor"),
    LINEAR("_bayes", "bayes", "BayesianRidge"),
    LINEAR("_bayes", "bayes", "ARDRegression"),
    LINEAR("_least_angle", "least_angle", "Lars"),
    LINEAR("_least_angle", "least_angle", "LarsCV"),
    LINEAR("_least_angle", "least_angle", "LassoLars"),
    LINEAR("_least_angle", "least_angle", "LassoLarsCV"),
    LINEAR("_least_angle", "least_angle", "LassoLarsIC"),
    LINEAR("_omp", "omp", "OrthogonalMatchingPursuit"),
    LINEAR("_omp", "omp", "OrthogonalMatchingPursuitCV"),
    LINEAR("_passive_aggressive", "passive_aggressive", "PassiveAggressiveRegressor"),
    LINEAR("_stochastic_gradient", "stochastic_gradient", "SGDRegressor"),
    LINEAR("_theil_sen", "theil_sen", "TheilSenRegressor"),
#undef LINEAR
    {"sklearn.linear_model._quantile.QuantileRegressor", read_regressor, nullptr},
    {"sklearn.svm._classes.LinearSVR", read_regressor, nullptr},
    {"sklearn.svm.classes.LinearSVR", read_regressor, nullptr},
    {"sklearn.linear_model._glm.glm.PoissonRegressor", read_glm, nullptr},
    {"sklearn.linear_model._glm.glm.GammaRegressor", read_glm, nullptr},
    {"sklearn.linear_model._glm.glm.TweedieRegressor", read_glm, nullptr},
};

}  // namespace

std::span<const EstimatorRow> linear_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
