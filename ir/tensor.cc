#include "ir/tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/diagnostic.h"
#include "base/fail.h"

namespace panmodel {

uint64_t element_count(std::span<const int64_t> shape) {
  uint64_t count = 1;
  for (int64_t d : shape) {
    if (d < 0) fail({}, "ir-shape", "a dimension is {}, expected 0 or more", d);
    if (!checked_mul(count, static_cast<uint64_t>(d), &count) || count > (uint64_t{1} << 60)) {
      fail({}, "ir-shape", "the product of the dimensions is too large");
    }
  }
  return count;
}

Tensor Tensor::of_bools(Shape shape, std::vector<uint8_t> values) {
  Tensor t = of(std::move(shape), std::move(values));
  t.dtype_ = DType::boolean;
  return t;
}

Tensor Tensor::view(DType dtype, Shape shape, Bytes bytes) {
  assert(dtype != DType::string);
  size_t width = byte_size(dtype);
  uint64_t count = element_count(shape);
  if (bytes.size() % width != 0 || bytes.size() / width != count) {
    fail({}, "ir-shape", "{} bytes of data, expected {} elements of {} bytes", bytes.size(), count,
         width);
  }
  Tensor t;
  t.dtype_ = dtype;
  t.shape_ = std::move(shape);
  t.count_ = count;
  if (reinterpret_cast<uintptr_t>(bytes.begin()) % std::min<size_t>(width, 8) == 0) {
    t.data_ = bytes.begin();
    t.owner_ = std::move(bytes.owner);
    return t;
  }
  auto storage = std::make_shared<std::vector<uint64_t>>((bytes.size() + 7) / 8);
  std::memcpy(storage->data(), bytes.begin(), bytes.size());
  t.data_ = storage->data();
  t.owner_ = std::move(storage);
  return t;
}

double Tensor::real(size_t i) const {
  switch (dtype_) {
    case DType::f64: return as<double>()[i];
    case DType::f32: return static_cast<double>(as<float>()[i]);
    case DType::f16: return static_cast<double>(half_to_float(as<uint16_t>()[i]));
    case DType::bf16: return static_cast<double>(bfloat_to_float(as<uint16_t>()[i]));
    case DType::u64: return static_cast<double>(as<uint64_t>()[i]);
    default: return static_cast<double>(integer(i));
  }
}

int64_t Tensor::integer(size_t i) const {
  switch (dtype_) {
    case DType::i64: return as<int64_t>()[i];
    case DType::i32: return as<int32_t>()[i];
    case DType::i16: return as<int16_t>()[i];
    case DType::i8:
    case DType::i4:
    case DType::i2: return static_cast<int8_t>(as<uint8_t>()[i]);
    case DType::u64: return static_cast<int64_t>(as<uint64_t>()[i]);
    case DType::u32: return as<uint32_t>()[i];
    case DType::u16: return as<uint16_t>()[i];
    case DType::u8:
    case DType::u4:
    case DType::u2:
    case DType::boolean: return as<uint8_t>()[i];
    case DType::f64: return static_cast<int64_t>(as<double>()[i]);
    case DType::f32: return static_cast<int64_t>(as<float>()[i]);
    default: break;
  }
  fail({}, "ir-dtype", "an element of type {} is no number", to_string(dtype_));
}

std::vector<double> Tensor::reals() const {
  std::vector<double> out(count_);
  for (size_t i = 0; i < count_; ++i) out[i] = real(i);
  return out;
}
std::vector<int64_t> Tensor::integers() const {
  std::vector<int64_t> out(count_);
  for (size_t i = 0; i < count_; ++i) out[i] = integer(i);
  return out;
}

Tensor Tensor::reshaped(Shape shape) const {
  assert(element_count(shape) == count_);
  Tensor t = *this;
  t.shape_ = std::move(shape);
  return t;
}

bool Tensor::same_bits(const Tensor& other) const {
  if (dtype_ != other.dtype_ || shape_ != other.shape_) return false;
  if (count_ == 0 || data_ == other.data_) return true;
  if (dtype_ == DType::string) {
    auto a = as<std::string>(), b = other.as<std::string>();
    return std::equal(a.begin(), a.end(), b.begin());
  }
  return std::memcmp(data_, other.data_, count_ * byte_size(dtype_)) == 0;
}

float half_to_float(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  uint32_t exponent = (bits >> 10) & 0x1fu;
  uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {
    float value = std::ldexp(static_cast<float>(mantissa), -24);
    return sign ? -value : value;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

uint16_t float_to_half(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t sign = (bits >> 16) & 0x8000u;
  uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  if (magnitude >= 0x47800000u) return static_cast<uint16_t>(sign | 0x7c00u);
  if (magnitude < 0x38800000u) {
    // Subnormal half: the float addition rounds to nearest even at 2^-24.
    float scaled = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(scaled) - 0x3f000000u));
  }
  uint32_t odd = (magnitude >> 13) & 1u;
  magnitude += 0xc8000000u + 0xfffu + odd;
  return static_cast<uint16_t>(sign | (magnitude >> 13));
}

float bfloat_to_float(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t float_to_bfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  uint32_t odd = (bits >> 16) & 1u;
  return static_cast<uint16_t>((bits + 0x7fffu + odd) >> 16);
}

}  // namespace panmodel
