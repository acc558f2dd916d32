// Matrix products with constants as linear predictors.
#include <algorithm>

#include "converters/raise/raise.h"
#include "ir/ops/linear.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_linalg.h"

namespace panmodel::converters {
namespace {

// X coef^T + intercept.
struct Product {
  ValueId x;
  Tensor coef;
  std::vector<double> intercept;
};

// [F,K] as [K,F].
Tensor transposed(const Tensor& weights) {
  const int64_t f = weights.shape()[0], k = weights.shape()[1];
  std::vector<double> out(weights.size());
  for (int64_t i = 0; i < f; ++i) {
    for (int64_t j = 0; j < k; ++j) {
      out[static_cast<size_t>(j * f + i)] = weights.real(static_cast<size_t>(i * k + j));
    }
  }
  return Tensor::of({k, f}, std::move(out));
}

std::optional<Product> product_of(const Node& node, const RaiseContext& c) {
  const auto* gemm = node.as<tensor::Gemm>();
  if (gemm == nullptr && node.as<tensor::MatMul>() == nullptr) return std::nullopt;
  if (gemm != nullptr && (gemm->alpha != 1 || gemm->beta != 1 || gemm->trans_a)) return std::nullopt;
  const Tensor* weights = c.constant(node.inputs[1]);
  if (weights == nullptr || weights->rank() != 2 || !is_floating(weights->dtype())) return std::nullopt;
  if (c.width(node.inputs[0]) < 0) return std::nullopt;
  const bool rows_are_outputs = gemm != nullptr && gemm->trans_b;
  Product out{node.inputs[0],
              rows_are_outputs ? Tensor::of(weights->shape(), weights->reals()) : transposed(*weights), {}};
  out.intercept.assign(static_cast<size_t>(out.coef.shape()[0]), 0.0);
  return out;
}

// A constant that is one number per output, or one for all.
bool set_intercept(Product& product, const Tensor* bias) {
  if (bias == nullptr || !is_floating(bias->dtype())) return false;
  const size_t k = product.intercept.size();
  const bool row = bias->size() == k && bias->rank() >= 1 && bias->rank() <= 2 &&
                   bias->shape().back() == static_cast<int64_t>(k);
  if (!row && (bias->size() != 1 || bias->rank() > 2)) return false;
  for (size_t i = 0; i < k; ++i) product.intercept[i] = bias->real(row ? i : 0);
  return true;
}

}  // namespace

ValueId raise_linear(const Node& node, RaiseContext& c) {
  std::optional<Product> product = product_of(node, c);
  if (product && node.inputs.size() > 2 && node.inputs[2].valid() &&
      !set_intercept(*product, c.constant(node.inputs[2]))) {
    return {};
  }
  const auto* add = node.as<tensor::Binary>();
  if (add != nullptr && add->fn == tensor::BinaryFn::add) {
    for (size_t side : {size_t{0}, size_t{1}}) {
      const Node* maker = c.from.producer(node.inputs[side]);
      if (maker == nullptr || maker->as<tensor::MatMul>() == nullptr) continue;
      product = product_of(*maker, c);
      if (product && set_intercept(*product, c.constant(node.inputs[1 - side]))) break;
      product.reset();
    }
  }
  if (!product) return {};
  return c.builder.add(ml::Linear{std::move(product->coef), Tensor::vector(std::move(product->intercept))},
                       {c.mapped(product->x)});
}

}  // namespace panmodel::converters
