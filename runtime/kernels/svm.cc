// Support vector machines (ai.onnx.ml SVMClassifier, SVMRegressor). Everything is computed in
// double, as libsvm does, and rounded once to the type of the result.
#include "ir/ops/svm.h"

#include <cmath>

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

struct KernelFunction {
  ml::SvmKernel kind;
  double gamma, coef0, degree;

  double operator()(const double* a, const double* b, size_t n) const {
    double sum = 0;
    if (kind == ml::SvmKernel::rbf) {
      for (size_t f = 0; f < n; ++f) sum += (a[f] - b[f]) * (a[f] - b[f]);
      return std::exp(-gamma * sum);
    }
    for (size_t f = 0; f < n; ++f) sum += a[f] * b[f];
    if (kind == ml::SvmKernel::poly) return std::pow(gamma * sum + coef0, degree);
    if (kind == ml::SvmKernel::sigmoid) return std::tanh(gamma * sum + coef0);
    return sum;
  }
};

constexpr KernelFunction kDot{ml::SvmKernel::linear, 0, 0, 0};

// Probability of the first class of a pair (Platt): 1 / (1 + exp(a f + b)) without overflow.
double pair_probability(double score, double a, double b) {
  double v = score * a + b;
  double p = v >= 0 ? std::exp(-v) / (1 + std::exp(-v)) : 1 / (1 + std::exp(v));
  return std::clamp(p, 1e-7, 1 - 1e-7);
}

// Class probabilities from pairwise ones: Wu, Lin, Weng, "Probability estimates for multi-class
// classification by pairwise coupling", JMLR 5 (2004), algorithm 2, with libsvm's stopping rule.
void couple(const std::vector<double>& pair, size_t classes, double* p) {
  std::vector<double> q(classes * classes, 0), qp(classes, 0);
  for (size_t t = 0; t < classes; ++t) {
    p[t] = 1.0 / static_cast<double>(classes);
    for (size_t j = 0; j < classes; ++j) {
      if (j == t) continue;
      q[t * classes + t] += pair[j * classes + t] * pair[j * classes + t];
      q[t * classes + j] = -pair[j * classes + t] * pair[t * classes + j];
    }
  }
  double tolerance = 0.005 / static_cast<double>(classes);
  for (size_t turn = 0; turn < std::max<size_t>(100, classes); ++turn) {
    double pqp = 0;
    for (size_t t = 0; t < classes; ++t) {
      qp[t] = 0;
      for (size_t j = 0; j < classes; ++j) qp[t] += q[t * classes + j] * p[j];
      pqp += p[t] * qp[t];
    }
    double worst = 0;
    for (size_t t = 0; t < classes; ++t) worst = std::max(worst, std::abs(qp[t] - pqp));
    if (worst < tolerance) break;
    for (size_t t = 0; t < classes; ++t) {
      double step = (pqp - qp[t]) / q[t * classes + t];
      p[t] += step;
      pqp = (pqp + step * (step * q[t * classes + t] + 2 * qp[t])) / (1 + step) / (1 + step);
      for (size_t j = 0; j < classes; ++j) {
        qp[j] = (qp[j] + step * q[t * classes + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
}

// Decision value of every pair of classes, in the order (0,1), (0,2) ... (1,2) ...
void pair_scores(const ml::SvmClassifier& op, const std::vector<double>& kernels, double* out) {
  const double* coef = data<double>(op.coefficients);
  size_t vectors = kernels.size(), pair = 0;
  size_t begin_i = 0;
  for (size_t i = 0; i < op.vectors_per_class.size(); ++i) {
    size_t count_i = static_cast<size_t>(op.vectors_per_class[i]), begin_j = begin_i + count_i;
    for (size_t j = i + 1; j < op.vectors_per_class.size(); ++j) {
      size_t count_j = static_cast<size_t>(op.vectors_per_class[j]);
      double sum = 0;
      for (size_t v = begin_i; v < begin_i + count_i; ++v) {
        sum += coef[(j - 1) * vectors + v] * kernels[v];
      }
      for (size_t v = begin_j; v < begin_j + count_j; ++v) sum += coef[i * vectors + v] * kernels[v];
      out[pair] = sum + op.rho[pair];
      ++pair;
      begin_j += count_j;
    }
    begin_i += count_i;
  }
}

void probabilities(const ml::SvmClassifier& op, const std::vector<double>& scores, size_t classes,
                   double* out) {
  std::vector<double> pair(classes * classes, 0);
  size_t at = 0;
  for (size_t i = 0; i < classes; ++i) {
    for (size_t j = i + 1; j < classes; ++j, ++at) {
      double p = pair_probability(scores[at], op.proba_a[at], op.proba_b[at]);
      pair[i * classes + j] = p;
      pair[j * classes + i] = 1 - p;
    }
  }
  couple(pair, classes, out);
}

Value rounded(KernelContext& context, Shape shape, std::vector<double> out) {
  DType to = context.tensor(0).dtype() == DType::f64 ? DType::f64 : DType::f32;
  return convert(context, Tensor::of(std::move(shape), std::move(out)), to);
}

Tensor as_f64(KernelContext& context, const Tensor& t) { return convert(context, t, DType::f64); }

}  // namespace

void run(const ml::SvmClassifier& op, KernelContext& context) {
  size_t vectors = static_cast<size_t>(op.support_vectors.shape()[0]);
  size_t features = static_cast<size_t>(op.support_vectors.shape()[1]);
  size_t classes = static_cast<size_t>(op.classes);
  Matrix m = matrix_of(context, 0, features);
  Tensor x = as_f64(context, context.tensor(0));
  const double* row = data<double>(x);
  Tensor sv = as_f64(context, op.support_vectors), coef = as_f64(context, op.coefficients);
  size_t pairs = classes * (classes - 1) / 2;
  size_t width = classes;
  if (vectors > 0 && op.proba_a.empty() && classes > 1) width = pairs;
  Shape shape{static_cast<int64_t>(m.rows), static_cast<int64_t>(width)};
  auto out = allocate<double>(context, shape);
  KernelFunction kernel{op.kernel, op.gamma, op.coef0, op.degree};
  std::vector<double> kernels(vectors), scores(pairs);
  for (size_t r = 0; r < m.rows; ++r, row += features) {
    if (vectors == 0) {
      for (size_t k = 0; k < classes; ++k) {
        double rho = op.rho[op.rho.size() == classes ? k : 0];
        out[r * width + k] = kDot(row, data<double>(coef) + k * features, features) + rho;
      }
      continue;
    }
    for (size_t v = 0; v < vectors; ++v) {
      kernels[v] = kernel(row, data<double>(sv) + v * features, features);
    }
    pair_scores(op, kernels, scores.data());
    if (op.proba_a.empty()) {
      std::copy(scores.begin(), scores.end(), out.begin() + static_cast<ptrdiff_t>(r * width));
    } else {
      probabilities(op, scores, classes, out.data() + r * width);
    }
  }
  context.set(0, rounded(context, std::move(shape), std::move(out)));
}

void run(const ml::SvmRegressor& op, KernelContext& context) {
  size_t vectors = static_cast<size_t>(op.support_vectors.shape()[0]);
  size_t features = static_cast<size_t>(op.support_vectors.shape()[1]);
  Matrix m = matrix_of(context, 0, features);
  Tensor x = as_f64(context, context.tensor(0)), sv = as_f64(context, op.support_vectors);
  const double* row = data<double>(x);
  Shape shape{static_cast<int64_t>(m.rows), 1};
  auto out = allocate<double>(context, shape);
  KernelFunction kernel{op.kernel, op.gamma, op.coef0, op.degree};
  for (size_t r = 0; r < m.rows; ++r, row += features) {
    double sum = vectors == 0 ? kDot(row, op.coefficients.data(), features) : 0;
    for (size_t v = 0; v < vectors; ++v) {
      sum += op.coefficients[v] * kernel(row, data<double>(sv) + v * features, features);
    }
    sum += op.rho;
    out[r] = op.one_class ? (sum > 0 ? 1.0 : -1.0) : sum;
  }
  context.set(0, rounded(context, std::move(shape), std::move(out)));
}

}  // namespace panmodel::runtime
