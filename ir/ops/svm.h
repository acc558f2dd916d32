#pragma once
// Support vector machines as ai.onnx.ml defines them (SVMClassifier, SVMRegressor, version 1).
#include "ir/op.h"

namespace panmodel::ml {

enum class SvmKernel { linear, poly, rbf, sigmoid };
std::span<const std::string_view> enum_names(SvmKernel);

// X [N,F] -> scores [N,K]: see ONNX SVMClassifier. With proba_a / proba_b the pairwise couplings of
// libsvm turn the decision values into probabilities. Without support vectors: linear per class.
struct SvmClassifier {
  SvmKernel kernel = SvmKernel::linear;
  double gamma = 0, coef0 = 0, degree = 0;
  Tensor support_vectors;  // f64 [V,F]; [0,F] = linear form
  Tensor coefficients;     // f64 [K-1,V], or [K,F] in linear form
  std::vector<double> rho, proba_a, proba_b;
  std::vector<int64_t> vectors_per_class;
  int64_t classes = 2;
  static constexpr OpMeta meta{"ml.svm_classifier", "Decision values or probabilities of a support vector classifier.", Accuracy::transcendental};
  static constexpr auto fields() {
    return std::tuple{field("kernel", &SvmClassifier::kernel, "kernel function"),
                      field("gamma", &SvmClassifier::gamma, "kernel parameter gamma"),
                      field("coef0", &SvmClassifier::coef0, "kernel parameter coef0"),
                      field("degree", &SvmClassifier::degree, "kernel parameter degree"),
                      field("support_vectors", &SvmClassifier::support_vectors, "f64 [V,F]"),
                      field("coefficients", &SvmClassifier::coefficients, "f64 [K-1,V] or [K,F]"),
                      field("rho", &SvmClassifier::rho, "constants of the decision functions"),
                      field("proba_a", &SvmClassifier::proba_a, "first Platt coefficients"),
                      field("proba_b", &SvmClassifier::proba_b, "second Platt coefficients"),
                      field("vectors_per_class", &SvmClassifier::vectors_per_class, "support vectors per class"),
                      field("classes", &SvmClassifier::classes, "number of classes K")};
  }
  static Types infer(const SvmClassifier&, InferContext&);
};

// X [N,F] -> [N,1]: see ONNX SVMRegressor.
struct SvmRegressor {
  SvmKernel kernel = SvmKernel::linear;
  double gamma = 0, coef0 = 0, degree = 0;
  Tensor support_vectors;  // f64 [V,F]; [0,F] = linear form
  std::vector<double> coefficients;
  double rho = 0;
  bool one_class = false;
  static constexpr OpMeta meta{"ml.svm_regressor", "Value of a support vector regressor, or the sign of a one-class machine.", Accuracy::transcendental};
  static constexpr auto fields() {
    return std::tuple{field("kernel", &SvmRegressor::kernel, "kernel function"),
                      field("gamma", &SvmRegressor::gamma, "kernel parameter gamma"),
                      field("coef0", &SvmRegressor::coef0, "kernel parameter coef0"),
                      field("degree", &SvmRegressor::degree, "kernel parameter degree"),
                      field("support_vectors", &SvmRegressor::support_vectors, "f64 [V,F]"),
                      field("coefficients", &SvmRegressor::coefficients, "per vector, or per feature in linear form"),
                      field("rho", &SvmRegressor::rho, "constant added"),
                      field("one_class", &SvmRegressor::one_class, "result is 1 when the value is positive, else -1")};
  }
  static Types infer(const SvmRegressor&, InferContext&);
};

}  // namespace panmodel::ml
