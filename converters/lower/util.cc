#include "base/number.h"
#include "converters/lower/lower.h"

namespace panmodel::converters {

ValueId real_constant(Builder& b, DType dtype, Shape shape, const std::vector<double>& values) {
  if (dtype == DType::f64) return b.constant(Tensor::of(std::move(shape), values));
  std::vector<float> narrow;
  narrow.reserve(values.size());
  for (double v : values) narrow.push_back(round_nearest(v));
  return b.constant(Tensor::of(std::move(shape), std::move(narrow)));
}

ValueId int_constant(Builder& b, std::vector<int64_t> values) {
  return b.constant(Tensor::vector(std::move(values)));
}

DType dtype_of(const Builder& b, ValueId v) {
  const Type& type = b.type(v);
  if (const TensorType* t = type.tensor()) return t->dtype;
  if (const ColumnType* c = type.column()) return c->dtype;
  fail({}, "ir-type", "a value of type {} is no tensor", to_string(type));
}

int64_t width_of(const Builder& b, ValueId v) {
  const TensorType* t = b.type(v).tensor();
  return t && t->dims && t->dims->size() == 2 ? (*t->dims)[1].size : -1;
}

bool rounds(DType dtype, const std::vector<double>& values) {
  if (dtype == DType::f64) return false;
  for (double v : values) {
    if (!is_float(v)) return true;
  }
  return false;
}

}  // namespace panmodel::converters
