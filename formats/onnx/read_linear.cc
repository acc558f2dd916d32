// Linear models and support vector machines of ai.onnx.ml. What the specification leaves open is
// decided as onnxruntime 1.32 computes it.
#include <algorithm>

#include "formats/onnx/read_ml.h"
#include "ir/ops/encode.h"
#include "ir/ops/linear.h"
#include "ir/ops/svm.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::onnx {
namespace {

// Coefficients [outputs, features] with one intercept per output (0 when none are given).
ml::Linear linear(const NodeReader& r, size_t outputs) {
  std::vector<double> coef = r.reals("coefficients");
  std::vector<double> intercept = r.reals("intercepts");
  if (outputs == 0 || coef.empty() || coef.size() % outputs != 0) {
    fail(r.loc, "onnx-node", "{} coefficients for {} outputs", coef.size(), outputs);
  }
  if (intercept.empty()) intercept.assign(outputs, 0);
  if (intercept.size() != outputs) {
    fail(r.loc, "onnx-node", "{} intercepts for {} outputs", intercept.size(), outputs);
  }
  Shape shape{static_cast<int64_t>(outputs), static_cast<int64_t>(coef.size() / outputs)};
  return {Tensor::of(std::move(shape), std::move(coef)), Tensor::vector(std::move(intercept))};
}

// Two labels of `labels`, or the numbers (or texts) 0 and 1 when there are not two.
Tensor pair_of(const Tensor& labels) {
  if (labels.size() == 2) return labels;
  if (labels.dtype() == DType::string) return Tensor::vector(std::vector<std::string>{"0", "1"});
  return Tensor::vector(std::vector<int64_t>{0, 1});
}

ValueId above_zero(NodeReader& r, ValueId score, const Tensor& pair) {
  return r.builder.add(ml::Labels{pair, ml::LabelRule::above, 0}, {score});
}

// ---- Support vector machines.

struct SvmParameters {
  ml::SvmKernel kernel = ml::SvmKernel::linear;
  double gamma = 0, coef0 = 0, degree = 0;
};

SvmParameters svm_parameters(const NodeReader& r) {
  constexpr std::pair<std::string_view, ml::SvmKernel> kKernels[] = {
      {"LINEAR", ml::SvmKernel::linear},
      {"POLY", ml::SvmKernel::poly},
      {"RBF", ml::SvmKernel::rbf},
      {"SIGMOID", ml::SvmKernel::sigmoid}};
  SvmParameters p;
  std::string name = r.text("kernel_type", "LINEAR");
  auto known = std::find_if(std::begin(kKernels), std::end(kKernels),
                            [&](const auto& k) { return k.first == name; });
  if (known == std::end(kKernels)) r.refuse("kernel_type", "LINEAR, POLY, RBF or SIGMOID", name);
  p.kernel = known->second;
  std::vector<double> numbers = r.reals("kernel_params");
  if (!numbers.empty() && numbers.size() != 3) {
    fail(r.loc, "onnx-node", "{} kernel_params, expected gamma, coef0 and degree", numbers.size());
  }
  if (!numbers.empty()) p.gamma = numbers[0], p.coef0 = numbers[1], p.degree = numbers[2];
  return p;
}

Tensor matrix(const NodeReader& r, std::vector<double> values, size_t rows, std::string_view name) {
  if (rows == 0 || values.size() % rows != 0) {
    fail(r.loc, "onnx-node", "attribute '{}' has {} entries for {} rows", name, values.size(), rows);
  }
  Shape shape{static_cast<int64_t>(rows), static_cast<int64_t>(values.size() / rows)};
  return Tensor::of(std::move(shape), std::move(values));
}

// Votes per class [N,K] from the decision values of all pairs [N,K(K-1)/2]: a positive one votes
// for the first class of its pair, another one for the second.
ValueId votes(NodeReader& r, ValueId pairs, size_t classes) {
  size_t n = classes * (classes - 1) / 2;
  std::vector<float> first(n * classes, 0), second(n * classes, 0);
  size_t p = 0;
  for (size_t i = 0; i < classes; ++i) {
    for (size_t j = i + 1; j < classes; ++j, ++p) {
      first[p * classes + i] = 1;
      second[p * classes + j] = 1;
    }
  }
  Shape shape{static_cast<int64_t>(n), static_cast<int64_t>(classes)};
  auto count = [&](ValueId yes, std::vector<float> weights) {
    ValueId ones = r.builder.add(tensor::Cast{DType::f32}, {yes});
    return r.builder.add(tensor::MatMul{}, {ones, r.builder.constant(Tensor::of(shape, std::move(weights)))});
  };
  ValueId won = r.builder.add(tensor::Binary{tensor::BinaryFn::greater}, {pairs, number_like(r, 0, pairs)});
  ValueId lost = r.builder.add(tensor::Unary{tensor::UnaryFn::logical_not}, {won});
  return r.builder.add(tensor::Binary{tensor::BinaryFn::add},
                       {count(won, std::move(first)), count(lost, std::move(second))});
}

}  // namespace

Values read_linear_regressor(NodeReader& r) {
  ValueId x = float_matrix(r);
  int64_t targets = r.integer("targets", 1);
  if (targets < 1) r.refuse("targets", "1 or more", targets);
  PostTransform transform = post_transform_of(r);
  ValueId y = r.builder.add(linear(r, static_cast<size_t>(targets)), {x});
  // onnxruntime transforms a single target by PROBIT only.
  if (targets == 1 && transform != PostTransform::probit) return {y};
  return {post_transform(r, transform, y)};
}

Values read_linear_classifier(NodeReader& r) {
  ValueId x = float_matrix(r);
  Tensor labels = class_labels(r, "classlabels_ints");
  PostTransform transform = post_transform_of(r);
  size_t outputs = r.reals("intercepts").size();
  if (outputs == 0) fail(r.loc, "onnx-node", "LinearClassifier has no intercepts");
  ValueId scores = r.builder.add(linear(r, outputs), {x});
  if (outputs == 1) {
    ValueId label = above_zero(r, scores, pair_of(labels));
    bool probit = transform == PostTransform::probit;
    if (probit && labels.size() == 2) r.unsupported("PROBIT of two classes with one score");
    if (labels.size() != 2) return {label, probit ? post_transform(r, transform, scores) : scores};
    if (transform == PostTransform::logistic) return {label, mirrored(r, scores, true)};
    return {label, complemented(r, scores)};
  }
  if (labels.size() != outputs) {
    fail(r.loc, "onnx-node", "{} class labels for {} scores", labels.size(), outputs);
  }
  ValueId label = r.builder.add(ml::Labels{labels, ml::LabelRule::argmax, 0}, {scores});
  return {label, post_transform(r, transform, scores)};
}

Values read_svm_regressor(NodeReader& r) {
  ValueId x = float_matrix(r);
  SvmParameters p = svm_parameters(r);
  std::vector<double> rho = r.reals("rho");
  if (rho.size() != 1) fail(r.loc, "onnx-node", "{} entries in rho, expected 1", rho.size());
  int64_t supports = r.integer("n_supports", 0);
  if (supports < 0) r.refuse("n_supports", "0 or more", supports);
  ml::SvmRegressor op;
  op.kernel = p.kernel, op.gamma = p.gamma, op.coef0 = p.coef0, op.degree = p.degree;
  op.coefficients = r.reals("coefficients");
  op.rho = rho[0];
  op.one_class = r.integer("one_class", 0) != 0;
  if (supports > 0) {
    op.support_vectors =
        matrix(r, r.reals("support_vectors"), static_cast<size_t>(supports), "support_vectors");
  } else {
    op.kernel = ml::SvmKernel::linear;
    op.support_vectors =
        Tensor::of(Shape{0, static_cast<int64_t>(op.coefficients.size())}, std::vector<double>{});
  }
  PostTransform transform = post_transform_of(r);
  if (transform != PostTransform::none) r.unsupported("an SVMRegressor with a post_transform");
  return {r.builder.add(std::move(op), {x})};
}

Values read_svm_classifier(NodeReader& r) {
  ValueId x = float_matrix(r);
  SvmParameters p = svm_parameters(r);
  Tensor labels = class_labels(r, "classlabels_ints");
  size_t classes = labels.size();
  PostTransform transform = post_transform_of(r);
  if (classes < 2) r.unsupported("fewer than two classes");
  ml::SvmClassifier op;
  op.kernel = p.kernel, op.gamma = p.gamma, op.coef0 = p.coef0, op.degree = p.degree;
  op.classes = static_cast<int64_t>(classes);
  op.rho = r.reals("rho");
  std::vector<int64_t> counts = r.integers("vectors_per_class");
  int64_t vectors = 0;
  for (int64_t n : counts) {
    if (n < 0 || n > INT32_MAX) r.refuse("vectors_per_class", "0 or more each", n);
    vectors += n;
  }
  std::vector<double> coefficients = r.reals("coefficients");
  if (vectors == 0) {
    op.kernel = ml::SvmKernel::linear;
    op.coefficients = matrix(r, std::move(coefficients), classes, "coefficients");
    op.support_vectors = Tensor::of(Shape{0, op.coefficients.shape()[1]}, std::vector<double>{});
    op.rho.resize(std::min<size_t>(op.rho.size(), 1));
    ValueId scores = r.builder.add(std::move(op), {x});
    ValueId label = r.builder.add(ml::Labels{labels, ml::LabelRule::argmax, 0}, {scores});
    return {label, post_transform(r, transform, scores)};
  }
  op.coefficients = matrix(r, std::move(coefficients), classes - 1, "coefficients");
  op.support_vectors =
      matrix(r, r.reals("support_vectors"), static_cast<size_t>(vectors), "support_vectors");
  op.vectors_per_class = std::move(counts);
  std::vector<double> a = r.reals("prob_a"), b = r.reals("prob_b");
  ValueId pairs = r.builder.add(op, {x});
  ValueId label = r.builder.add(ml::Labels{labels, ml::LabelRule::argmax, 0}, {votes(r, pairs, classes)});
  if (!a.empty()) {
    op.proba_a = std::move(a);
    op.proba_b = std::move(b);
    return {label, post_transform(r, transform, r.builder.add(std::move(op), {x}))};
  }
  if (classes == 2 && transform != PostTransform::none && transform != PostTransform::logistic) {
    r.unsupported("a softmax or PROBIT of two classes with one decision value");
  }
  if (classes == 2) return {label, mirrored(r, pairs, transform == PostTransform::logistic)};
  return {label, post_transform(r, transform, pairs)};
}

}  // namespace panmodel::onnx
