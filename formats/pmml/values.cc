#include "formats/pmml/values.h"

#include "base/number.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pmml {

ValueId real_constant(Builder& b, DType dtype, double value) {
  if (dtype == DType::f32) return b.constant(Tensor::vector(std::vector<float>{static_cast<float>(value)}));
  return b.constant(Tensor::vector(std::vector<double>{value}));
}

ValueId column_of(Builder& b, ValueId matrix, size_t column) {
  ValueId index = b.constant(Tensor::vector(std::vector<int64_t>{static_cast<int64_t>(column)}));
  return b.add(tensor::Gather{1}, {matrix, index});
}

std::optional<size_t> class_index(const Tensor& classes, std::string_view text) {
  for (size_t i = 0; i < classes.size(); ++i) {
    switch (classes.dtype()) {
      case DType::string:
        if (classes.text(i) == text) return i;
        break;
      case DType::boolean:
        if (text == (classes.real(i) != 0 ? "true" : "false")) return i;
        break;
      default:
        if (auto number = parse_real(text); number && *number == classes.real(i)) return i;
    }
  }
  return std::nullopt;
}

std::string class_text(const Tensor& classes, size_t index) {
  switch (classes.dtype()) {
    case DType::string: return classes.text(index);
    case DType::boolean: return classes.real(index) != 0 ? "true" : "false";
    case DType::i64: return std::to_string(classes.integer(index));
    default: return print_real(classes.real(index));
  }
}

Tensor class_at(const Tensor& classes, size_t index) {
  switch (classes.dtype()) {
    case DType::string: return Tensor::scalar(classes.text(index));
    case DType::boolean: return Tensor::of_bools({}, {classes.real(index) != 0 ? uint8_t{1} : uint8_t{0}});
    case DType::i64: return Tensor::scalar(classes.integer(index));
    case DType::f32: return Tensor::scalar(static_cast<float>(classes.real(index)));
    default: return Tensor::scalar(classes.real(index));
  }
}

}  // namespace panmodel::pmml
