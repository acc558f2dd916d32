#include "formats/pmml/link.h"

#include <numbers>

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

ValueId Link::inverse(Normalization method, ValueId y) {
  switch (method) {
    case Normalization::none:
    case Normalization::simplemax: return y;
    case Normalization::softmax:
    case Normalization::logit: return unary(UnaryFn::sigmoid, y);
    case Normalization::exp: return unary(UnaryFn::exp, y);
    case Normalization::cloglog:
      // 1 - exp(-exp(y))
      return unary(UnaryFn::neg, unary(UnaryFn::expm1, unary(UnaryFn::neg, unary(UnaryFn::exp, y))));
    case Normalization::loglog:
      return unary(UnaryFn::exp, unary(UnaryFn::neg, unary(UnaryFn::exp, unary(UnaryFn::neg, y))));
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
  return binary(BinaryFn::add, scalar(0.5), binary(BinaryFn::div, x, scalar(std::numbers::pi)));
}

ValueId Link::simplemax(ValueId y) {
  return binary(BinaryFn::div, y, builder_.add(tensor::Reduce{tensor::ReduceFn::sum, {1}}, {y}));
}

ValueId Link::binary_classes(Normalization method, ValueId y) {
  if (method == Normalization::simplemax || method == Normalization::softmax ||
      method == Normalization::exp) {
    return many_classes(method, y);
  }
  ValueId first = inverse(method, columns(y, 0, 1));
  return builder_.add(tensor::Concat{1}, {first, binary(BinaryFn::sub, scalar(1), first)});
}

ValueId Link::many_classes(Normalization method, ValueId y) {
  if (method == Normalization::softmax) return builder_.add(tensor::Softmax{1}, {y});
  if (method == Normalization::simplemax) return simplemax(y);
  return inverse(method, y);
}

ValueId Link::ordinal(Normalization method, ValueId y, size_t count) {
  auto k = static_cast<int64_t>(count);
  ValueId cumulated = inverse(method, columns(y, 0, k - 1));
  std::vector<ValueId> parts{columns(cumulated, 0, 1)};
  if (k > 2) {
    parts.push_back(binary(BinaryFn::sub, columns(cumulated, 1, k - 1), columns(cumulated, 0, k - 2)));
  }
  parts.push_back(binary(BinaryFn::sub, scalar(1), columns(cumulated, k - 2, k - 1)));
  return builder_.add(tensor::Concat{1}, std::move(parts));
}

}  // namespace panmodel::pmml
