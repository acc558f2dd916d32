#include "converters/lower/cells.h"

#include <limits>

#include "ir/ops/encode.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::converters {

using tensor::BinaryFn;
using tensor::UnaryFn;

ValueId one_text(Builder& b, std::string text) {
  return b.constant(Tensor::vector(std::vector<std::string>{std::move(text)}));
}
ValueId one_real(Builder& b, DType dtype, double value) { return real_constant(b, dtype, {1}, {value}); }
ValueId missing_cell(Builder& b, DType dtype) {
  if (dtype == DType::string) return one_text(b, {});
  return one_real(b, dtype, std::numeric_limits<double>::quiet_NaN());
}

ValueId any_of(Builder& b, const std::vector<ValueId>& conditions) {
  ValueId any = conditions[0];
  for (size_t i = 1; i < conditions.size(); ++i) any = either(b, any, conditions[i]);
  return any;
}

ValueId is_one_of(Builder& b, ValueId x, const std::vector<double>& values) {
  const auto count = static_cast<int64_t>(values.size());
  ValueId hit = binary(b, BinaryFn::equal, x, real_constant(b, dtype_of(b, x), {count}, values));
  if (count == 1) return hit;
  ValueId score = b.add(tensor::Cast{DType::f32}, {hit});
  score = b.add(tensor::Reduce{tensor::ReduceFn::max, {1}, true}, {score});
  return b.add(tensor::Cast{DType::boolean}, {score});
}

ValueId is_one_of(Builder& b, ValueId x, const std::vector<std::string>& values) {
  if (values.size() == 1) return binary(b, BinaryFn::equal, x, one_text(b, values[0]));
  ml::LabelMap map;
  map.keys = Tensor::vector(values);
  map.values = Tensor::vector(std::vector<int64_t>(values.size(), 1));
  map.fallback = Tensor::scalar(int64_t{0});
  ValueId found = b.add(std::move(map), {x});
  return binary(b, BinaryFn::equal, found, int_constant(b, {1}));
}

ValueId any_nan(Builder& b, ValueId x, int64_t width) {
  ValueId nan = unary(b, UnaryFn::is_nan, x);
  if (width == 1) return nan;
  ValueId score = b.add(tensor::Cast{DType::f32}, {nan});
  score = b.add(tensor::Reduce{tensor::ReduceFn::max, {-1}, true}, {score});
  return b.add(tensor::Cast{DType::boolean}, {score});
}

ValueId is_missing_cell(Builder& b, ValueId x) {
  if (dtype_of(b, x) == DType::string) return binary(b, BinaryFn::equal, x, one_text(b, {}));
  return unary(b, UnaryFn::is_nan, x);
}

bool is_text_column(const PatternContext& c, size_t i) {
  const ColumnType* column = c.from.type(c.node.inputs[i]).column();
  return column != nullptr && column->dtype == DType::string;
}

ValueId as_condition(Builder& b, ValueId mask) {
  const DType dtype = dtype_of(b, mask);
  return dtype == DType::boolean ? mask : binary(b, BinaryFn::equal, mask, one_real(b, dtype, 1));
}

ValueId as_real(Builder& b, ValueId x) {
  return is_floating(dtype_of(b, x)) ? x : b.add(tensor::Cast{DType::f64}, {x});
}

Tensor with_missing(const Tensor& values) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Shape shape = values.shape();
  const size_t width = shape.size() == 2 ? static_cast<size_t>(shape[1]) : 1;
  ++shape[0];
  if (values.dtype() == DType::string) {
    std::vector<std::string> out(values.as<std::string>().begin(), values.as<std::string>().end());
    out.resize(out.size() + width);
    return Tensor::of(std::move(shape), std::move(out));
  }
  std::vector<double> out = values.reals();
  out.resize(out.size() + width, kNan);
  if (values.dtype() != DType::f32) return Tensor::of(std::move(shape), std::move(out));
  return Tensor::of(std::move(shape), std::vector<float>(out.begin(), out.end()));
}

}  // namespace panmodel::converters
