#pragma once
// Shared by the kernels: checked allocation, typed access, dispatch over element types, moving
// elements by index.
//
// Arithmetic kernels are written for four types: f32, f64, i64 and u64. Other numbers are widened
// first and narrowed at the end: half precision through f32, narrow integers through i64, where
// wrapping keeps every result the same modulo the width.
#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/kernel.h"

namespace panmodel::runtime {

// Elements of `shape`; fails "run-shape" when a dimension is negative, "limit-memory" when the
// tensor is larger than a model file may ask for.
size_t checked_size(const KernelContext& context, const Shape& shape, size_t width);

// Zero-initialised elements for `shape`.
template <class T>
std::vector<T> allocate(const KernelContext& context, const Shape& shape) {
  return std::vector<T>(checked_size(context, shape, sizeof(T)));
}

// The elements as T, where T has the size of the stored element.
template <class T>
const T* data(const Tensor& t) {
  if constexpr (std::is_same_v<T, std::string>) {
    return t.as<std::string>().data();
  } else {
    return reinterpret_cast<const T*>(t.bytes().data());
  }
}

// A tensor of `dtype` from elements of the same size.
template <class T>
Tensor make_tensor(DType dtype, Shape shape, std::vector<T> values) {
  if constexpr (!std::is_same_v<T, std::string>) {
    if (dtype != DTypeOf<T>::value) {
      auto owner = std::make_shared<const std::vector<T>>(std::move(values));
      auto bytes = std::as_bytes(std::span<const T>(*owner));
      return Tensor::view(dtype, std::move(shape), Bytes(bytes, std::move(owner)));
    }
  }
  return Tensor::of(std::move(shape), std::move(values));
}

// Conversion with the rules of tensor.Cast (kernels/tensor_cast.cc).
Tensor convert(KernelContext& context, const Tensor& x, DType to, bool saturate = true);
// The type in which arithmetic on `dtype` runs: f32, f64, i64 or u64. Fails "run-dtype".
DType wide_dtype(const KernelContext& context, DType dtype);
[[noreturn]] void fail_dtype(const KernelContext& context, DType dtype);

// Calls f.template operator()<T>() with the C++ type of a wide dtype.
template <class F>
decltype(auto) with_wide(const KernelContext& context, DType wide, F&& f) {
  switch (wide) {
    case DType::f64: return f.template operator()<double>();
    case DType::f32: return f.template operator()<float>();
    case DType::i64: return f.template operator()<int64_t>();
    case DType::u64: return f.template operator()<uint64_t>();
    default: fail_dtype(context, wide);
  }
}

struct Wide16 {
  uint64_t part[2];
};
// Calls f.template operator()<T>() with a type that moves one stored element.
template <class F>
decltype(auto) with_storage(DType dtype, F&& f) {
  if (dtype == DType::string) return f.template operator()<std::string>();
  switch (byte_size(dtype)) {
    case 1: return f.template operator()<uint8_t>();
    case 2: return f.template operator()<uint16_t>();
    case 4: return f.template operator()<uint32_t>();
    case 8: return f.template operator()<uint64_t>();
    default: return f.template operator()<Wide16>();
  }
}
template <class T>
Tensor make_stored(DType dtype, Shape shape, std::vector<T> values) {
  if constexpr (std::is_same_v<T, std::string>) {
    return Tensor::of(std::move(shape), std::move(values));
  } else {
    auto owner = std::make_shared<const std::vector<T>>(std::move(values));
    auto bytes = std::as_bytes(std::span<const T>(*owner));
    return Tensor::view(dtype, std::move(shape), Bytes(bytes, std::move(owner)));
  }
}

// A result of `shape` whose i-th block of `block` elements starts at element at(i) of x; `at` is
// called once per block in order.
template <class F>
Tensor take(const KernelContext& context, const Tensor& x, Shape shape, size_t block, F&& at) {
  return with_storage(x.dtype(), [&]<class T>() {
    auto out = allocate<T>(context, shape);
    const T* from = data<T>(x);
    size_t blocks = block == 0 ? 0 : out.size() / block;
    for (size_t i = 0; i < blocks; ++i) {
      size_t start = at(i);
      std::copy_n(from + start, block, out.begin() + static_cast<ptrdiff_t>(i * block));
    }
    return make_stored(x.dtype(), std::move(shape), std::move(out));
  });
}

// Element offsets of a strided walk over `shape` in C order.
class Odometer {
 public:
  Odometer(const Shape& shape, std::vector<int64_t> strides, int64_t start = 0)
      : shape_(shape), strides_(std::move(strides)), place_(shape.size(), 0), at_(start) {}
  // The current offset; then steps on.
  size_t next() {
    int64_t now = at_;
    for (size_t d = shape_.size(); d-- > 0;) {
      at_ += strides_[d];
      if (++place_[d] < shape_[d]) break;
      at_ -= strides_[d] * shape_[d];
      place_[d] = 0;
    }
    return static_cast<size_t>(now);
  }

 private:
  Shape shape_;
  std::vector<int64_t> strides_, place_;
  int64_t at_;
};

std::vector<int64_t> strides_of(const Shape& shape);
// Shape of numpy broadcasting; fails "run-shape".
Shape broadcast_shape(const KernelContext& context, const Shape& a, const Shape& b);
// Strides of a tensor of `shape` seen as `target` (0 along broadcast dimensions).
std::vector<int64_t> broadcast_strides(const Shape& shape, const Shape& target);
Tensor expand(const KernelContext& context, const Tensor& x, const Shape& target);
// `perm` is a permutation of the dimensions.
Tensor transpose(const KernelContext& context, const Tensor& x, const std::vector<size_t>& perm);

// `axis` counted from 0; fails "run-shape" when out of [-rank, rank).
size_t axis_of(const KernelContext& context, int64_t axis, size_t rank);
// A tensor seen along one axis: [outer, length, inner].
struct AxisView {
  size_t outer = 1, length = 1, inner = 1;
};
AxisView axis_view(const Shape& shape, size_t axis);

// Input i as a matrix; fails "run-shape" unless its rank is 2 (a vector counts as one column).
struct Matrix {
  size_t rows = 0, columns = 0;
};
Matrix matrix_of(const KernelContext& context, size_t i);
// The same, and the number of columns must be `columns`.
Matrix matrix_of(const KernelContext& context, size_t i, size_t columns);
// Which row of the batch element i of a tensor belongs to.
size_t row_of(const Shape& shape, size_t i);
// The maps of input i; fails when it holds none.
const MapRows& maps_of(const KernelContext& context, size_t i);
// Input i as integers; fails "run-dtype" unless its type is an integer type.
std::vector<int64_t> integers_of(const KernelContext& context, size_t i);
// The single element of input i as an integer; the input has exactly one.
int64_t scalar_of(const KernelContext& context, size_t i);

}  // namespace panmodel::runtime
