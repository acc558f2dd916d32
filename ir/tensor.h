#pragma once
// Tensor: dtype, shape and a shared immutable buffer. Cheap to copy. Used for constants of a model
// and for values at run time.
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "ir/type.h"

namespace panmodel {

using Shape = std::vector<int64_t>;

template <class T>
struct DTypeOf;
template <> struct DTypeOf<double> { static constexpr DType value = DType::f64; };
template <> struct DTypeOf<float> { static constexpr DType value = DType::f32; };
template <> struct DTypeOf<int64_t> { static constexpr DType value = DType::i64; };
template <> struct DTypeOf<int32_t> { static constexpr DType value = DType::i32; };
template <> struct DTypeOf<int16_t> { static constexpr DType value = DType::i16; };
template <> struct DTypeOf<int8_t> { static constexpr DType value = DType::i8; };
template <> struct DTypeOf<uint64_t> { static constexpr DType value = DType::u64; };
template <> struct DTypeOf<uint32_t> { static constexpr DType value = DType::u32; };
template <> struct DTypeOf<uint16_t> { static constexpr DType value = DType::u16; };
template <> struct DTypeOf<uint8_t> { static constexpr DType value = DType::u8; };
template <> struct DTypeOf<bool> { static constexpr DType value = DType::boolean; };
template <> struct DTypeOf<std::string> { static constexpr DType value = DType::string; };

// Number of elements, or fails (Failure "ir-shape") when a dimension is negative or the product
// overflows.
uint64_t element_count(std::span<const int64_t> shape);

class Tensor {
 public:
  Tensor() = default;  // f64, shape [0]
  // Takes over `values`; precondition: element_count(shape) == values.size().
  template <class T>
  static Tensor of(Shape shape, std::vector<T> values);
  // Booleans are stored one per byte, 0 or 1.
  static Tensor of_bools(Shape shape, std::vector<uint8_t> values);
  // A view of stored elements that stays valid while `bytes.owner` lives. Any dtype but string;
  // copies when `bytes` is not aligned for the dtype. Fails when the size does not match.
  static Tensor view(DType dtype, Shape shape, Bytes bytes);
  template <class T>
  static Tensor vector(std::vector<T> values) {
    Shape shape{static_cast<int64_t>(values.size())};
    return of(std::move(shape), std::move(values));
  }
  template <class T>
  static Tensor scalar(T value) {
    return of(Shape{}, std::vector<T>{std::move(value)});
  }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  size_t rank() const { return shape_.size(); }
  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }

  // Elements in C order. Precondition: T matches dtype(); uint8_t and uint16_t also read the bits
  // of other types of their size (booleans, packed integers, f16, bf16, f8).
  template <class T>
  std::span<const T> as() const {
    assert(DTypeOf<T>::value == dtype_ || (std::is_same_v<T, uint8_t> && byte_size(dtype_) == 1) ||
           (std::is_same_v<T, uint16_t> && byte_size(dtype_) == 2));
    return {static_cast<const T*>(data_), count_};
  }
  // Elements as stored; precondition: not strings.
  std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(data_), count_ * byte_size(dtype_)};
  }
  // One element as a number (booleans 0 / 1). Fails "ir-dtype" for strings, complex and f8 types.
  double real(size_t i) const;
  int64_t integer(size_t i) const;
  const std::string& text(size_t i) const { return as<std::string>()[i]; }
  // All elements converted; fails as real() / integer() do.
  std::vector<double> reals() const;
  std::vector<int64_t> integers() const;

  // The same elements under another shape; precondition: equal element counts.
  Tensor reshaped(Shape shape) const;
  // Equal dtype, shape and bits (NaN equals the same NaN, -0 differs from 0).
  bool same_bits(const Tensor& other) const;

 private:
  DType dtype_ = DType::f64;
  Shape shape_{0};
  size_t count_ = 0;
  std::shared_ptr<const void> owner_;
  const void* data_ = nullptr;
};

template <class T>
Tensor Tensor::of(Shape shape, std::vector<T> values) {
  static_assert(!std::is_same_v<T, bool>, "use of_bools");
  assert(element_count(shape) == values.size());
  Tensor t;
  t.dtype_ = DTypeOf<T>::value;
  t.shape_ = std::move(shape);
  t.count_ = values.size();
  auto storage = std::make_shared<const std::vector<T>>(std::move(values));
  t.data_ = storage->data();
  t.owner_ = std::move(storage);
  return t;
}

// IEEE half and bfloat16 bits to float and back (round to nearest even).
float half_to_float(uint16_t bits);
uint16_t float_to_half(float value);
float bfloat_to_float(uint16_t bits);
uint16_t float_to_bfloat(float value);

}  // namespace panmodel
