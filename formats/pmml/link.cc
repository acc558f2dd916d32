#include "formats/pmml/link.h"

#include "ir/ops/expr.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pmml {

using tensor::BinaryFn;
using tensor::UnaryFn;

ValueId Link::scalar(double value) {
  if (dtype_ == DType::f32) return builder_.constant(Tensor::scalar(static_cast<float>(value)));
  return builder_.constant(Tensor::scalar(value));
}

ValueId Link::columns(ValueId x, int64_t begin, int64_t end) {
  std::vector<int64_t> index;
  for (int64_t i = begin; i < end; ++i) index.push_back(i);
  return builder_.add(tensor::Gather{1}, {x, builder_.constant(Tensor::vector(std::move(index)))});
}

ValueId Link::exponential(ValueId y) {
  if (dtype_ != DType::f32) return unary(UnaryFn::exp, y);
  ValueId e = builder_.constant(Tensor::scalar(e_));
  ValueId power = binary(BinaryFn::pow, e, builder_.add(tensor::Cast{DType::f64}, {y}));
  return builder_.add(tensor::Cast{DType::f32}, {power});
}

ValueId Link::logistic(ValueId y) {
  if (dtype_ != DType::f32) return unary(UnaryFn::sigmoid, y);
  ValueId power = exponential(unary(UnaryFn::neg, y));
  return binary(BinaryFn::div, scalar(1), binary(BinaryFn::add, scalar(1), power));
}

ValueId Link::inverse(Normalization method, ValueId y) {
  switch (method) {
    case Normalization::none:
    case Normalization::simplemax: return y;
    case Normalization::softmax:
    case Normalization::logit: return logistic(y);
    case Normalization::exp: return exponential(y);
    case Normalization::cloglog:
      // 1 - exp(-exp(y))
      if (dtype_ == DType::f32) {
        return binary(BinaryFn::sub, scalar(1), exponential(unary(UnaryFn::neg, exponential(y))));
      }
      return unary(UnaryFn::neg, unary(UnaryFn::expm1, unary(UnaryFn::neg, exponential(y))));
    case Normalization::loglog:
      return exponential(unary(UnaryFn::neg, exponential(unary(UnaryFn::neg, y))));
    default: break;
  }
  // These two have no tensor operator; the expressions work on columns.
  expr::Expr body = expr::call(method == Normalization::probit ? expr::Function::std_normal_cdf
                                                               : expr::Function::atan,
                               {expr::input(0)});
  body.unknown = true;
  expr::Scalar type = dtype_ == DType::f32 ? expr::Scalar::f32 : expr::Scalar::f64;
  int64_t width = (*builder_.type(y).tensor()->dims)[1].size;
  std::vector<ValueId> parts;
  for (int64_t k = 0; k < width; ++k) {
    parts.push_back(builder_.add(expr::Map{type, body, false}, {columns(y, k, k + 1)}));
  }
  ValueId x = builder_.add(table::Assemble{dtype_}, std::move(parts));
  if (method == Normalization::probit) return x;
  // 0.5 + atan(y) / pi
  const double turns = static_cast<double>(1 / std::numbers::pi_v<float>);
  x = dtype_ == DType::f32 ? binary(BinaryFn::mul, x, scalar(turns))
                           : binary(BinaryFn::div, x, scalar(std::numbers::pi));
  return binary(BinaryFn::add, scalar(0.5), x);
}

ValueId Link::softmax(ValueId y) {
  if (dtype_ != DType::f32) return builder_.add(tensor::Softmax{1}, {y});
  ValueId most = builder_.add(tensor::Reduce{tensor::ReduceFn::max, {1}}, {y});
  return simplemax(exponential(binary(BinaryFn::sub, y, most)));
}

ValueId Link::simplemax(ValueId y) {
  return binary(BinaryFn::div, y, builder_.add(tensor::Reduce{tensor::ReduceFn::sum, {1}}, {y}));
}

ValueId Link::probability(Normalization method, ValueId y) {
  if (method != Normalization::none) return inverse(method, y);
  return builder_.add(tensor::Clip{}, {y, scalar(0), scalar(1)});
}

ValueId Link::binary_classes(Normalization method, ValueId y) {
  if (method == Normalization::simplemax) return simplemax(y);
  if (method == Normalization::softmax) return softmax(y);
  ValueId first = probability(method, columns(y, 0, 1));
  return builder_.add(tensor::Concat{1}, {first, binary(BinaryFn::sub, scalar(1), first)});
}

ValueId Link::many_classes(Normalization method, ValueId y, size_t count) {
  if (method == Normalization::simplemax) return simplemax(y);
  if (method == Normalization::softmax) return softmax(y);
  if (method == Normalization::logit) return simplemax(logistic(y));
  ValueId others = columns(y, 0, static_cast<int64_t>(count) - 1);
  ValueId sum = builder_.add(tensor::Reduce{tensor::ReduceFn::sum, {1}}, {others});
  return builder_.add(tensor::Concat{1}, {others, binary(BinaryFn::sub, scalar(1), sum)});
}

ValueId Link::ordinal(Normalization method, ValueId y, size_t count) {
  auto k = static_cast<int64_t>(count);
  ValueId cumulated = probability(method, columns(y, 0, k - 1));
  std::vector<ValueId> parts{columns(cumulated, 0, 1)};
  ValueId sum = parts[0];
  for (int64_t i = 1; i < k; ++i) {
    ValueId upper = i + 1 < k ? columns(cumulated, i, i + 1) : scalar(1);
    parts.push_back(binary(BinaryFn::sub, upper, sum));
    sum = binary(BinaryFn::add, sum, parts.back());
  }
  return builder_.add(tensor::Concat{1}, std::move(parts));
}

}  // namespace panmodel::pmml
