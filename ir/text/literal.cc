#include "ir/text/literal.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>

#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"

namespace panmodel::text {
namespace {

constexpr uint64_t kNan64 = 0x7ff8000000000000u;
constexpr uint32_t kNan32 = 0x7fc00000u;
constexpr uint16_t kNan16 = 0x7e00u, kNanBrain = 0x7fc0u;

void append_bits(std::string& out, uint64_t bits) {
  fmt::format_to(std::back_inserter(out), "nan:{:x}", bits);
}

void append_float(std::string& out, float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value) && bits != kNan32) return append_bits(out, bits);
  out += print_real(value);
}

void append_small_float(std::string& out, uint16_t bits, float value, uint16_t quiet) {
  if (std::isnan(value) && bits != quiet) return append_bits(out, bits);
  out += print_real(value);
}

template <class T>
T load(const Tensor& tensor, size_t i, size_t part = 0) {
  return load_le<T>(tensor.bytes().data() + i * byte_size(tensor.dtype()) + part * sizeof(T));
}

template <class T>
void append_int(std::string& out, T value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}

template <class T>
void store(std::vector<std::byte>& out, T value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

template <class T>
bool parse_int_as(std::string_view token, std::vector<std::byte>& out) {
  T value{};
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc() || end != token.data() + token.size()) return false;
  store(out, value);
  return true;
}

// The bits of "nan:7ff8..." when they are a NaN of this width.
template <class Bits>
bool nan_bits(std::string_view token, Bits infinity, Bits magnitude, Bits* bits) {
  if (!token.starts_with("nan:")) return false;
  token.remove_prefix(4);
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), *bits, 16);
  return error == std::errc() && end == token.data() + token.size() &&
         (*bits & magnitude) > infinity;
}

bool parse_float_bits(std::string_view token, float* value) {
  uint32_t bits = kNan32;
  if (token == "nan" || nan_bits<uint32_t>(token, 0x7f800000u, 0x7fffffffu, &bits)) {
    *value = std::bit_cast<float>(bits);
    return true;
  }
  auto number = parse_float(token);
  if (number) *value = *number;
  return number && !std::isnan(*number);
}

bool parse_small_float(std::string_view token, uint16_t quiet, uint16_t infinity,
                       uint16_t (*round)(float), float (*widen)(uint16_t),
                       std::vector<std::byte>& out) {
  uint16_t bits = quiet;
  if (token != "nan" && !nan_bits<uint16_t>(token, infinity, 0x7fffu, &bits)) {
    auto number = parse_float(token);
    if (!number || std::isnan(*number)) return false;
    bits = round(*number);
    // What is no value of the type was not printed by us.
    if (std::bit_cast<uint32_t>(widen(bits)) != std::bit_cast<uint32_t>(*number)) return false;
  }
  store(out, bits);
  return true;
}

bool parse_hex(std::string_view token, std::vector<std::byte>& out) {
  if (!token.starts_with("0x")) return false;
  token.remove_prefix(2);
  uint8_t value = 0;
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value, 16);
  if (error != std::errc() || end != token.data() + token.size()) return false;
  store(out, value);
  return true;
}

}  // namespace

void append_real(std::string& out, double value) {
  uint64_t bits = std::bit_cast<uint64_t>(value);
  if (std::isnan(value) && bits != kNan64) return append_bits(out, bits);
  out += print_real(value);
}

void append_element(std::string& out, const Tensor& t, size_t i) {
  switch (t.dtype()) {
    case DType::f64: return append_real(out, load<double>(t, i));
    case DType::f32: return append_float(out, load<float>(t, i));
    case DType::f16: {
      uint16_t bits = load<uint16_t>(t, i);
      return append_small_float(out, bits, half_to_float(bits), kNan16);
    }
    case DType::bf16: {
      uint16_t bits = load<uint16_t>(t, i);
      return append_small_float(out, bits, bfloat_to_float(bits), kNanBrain);
    }
    case DType::i64: return append_int(out, load<int64_t>(t, i));
    case DType::i32: return append_int(out, load<int32_t>(t, i));
    case DType::i16: return append_int(out, load<int16_t>(t, i));
    case DType::i8:
    case DType::i4:
    case DType::i2: return append_int(out, int{load<int8_t>(t, i)});
    case DType::u64: return append_int(out, load<uint64_t>(t, i));
    case DType::u32: return append_int(out, load<uint32_t>(t, i));
    case DType::u16: return append_int(out, load<uint16_t>(t, i));
    case DType::u8:
    case DType::u4:
    case DType::u2: return append_int(out, unsigned{load<uint8_t>(t, i)});
    case DType::boolean: {
      unsigned value = load<uint8_t>(t, i);
      if (value > 1) return append_int(out, value);
      out += value ? "true" : "false";
      return;
    }
    case DType::string: out += quote(t.text(i)); return;
    case DType::c64:
      append_float(out, load<float>(t, i, 0));
      out += ' ';
      return append_float(out, load<float>(t, i, 1));
    case DType::c128:
      append_real(out, load<double>(t, i, 0));
      out += ' ';
      return append_real(out, load<double>(t, i, 1));
    case DType::f8e4m3fn:
    case DType::f8e4m3fnuz:
    case DType::f8e5m2:
    case DType::f8e5m2fnuz:
    case DType::f8e8m0:
    case DType::f4e2m1:
      fmt::format_to(std::back_inserter(out), "0x{:02x}", load<uint8_t>(t, i));
      return;
  }
}

bool parse_real_bits(std::string_view token, double* value) {
  uint64_t bits = kNan64;
  if (token == "nan" ||
      nan_bits<uint64_t>(token, 0x7ff0000000000000u, 0x7fffffffffffffffu, &bits)) {
    *value = std::bit_cast<double>(bits);
    return true;
  }
  auto number = parse_real(token);
  if (number) *value = *number;
  return number && !std::isnan(*number);
}

bool parse_element(std::string_view token, DType dtype, std::vector<std::byte>& out) {
  switch (dtype) {
    case DType::f64: {
      double value = 0;
      if (!parse_real_bits(token, &value)) return false;
      store(out, value);
      return true;
    }
    case DType::f32: {
      float value = 0;
      if (!parse_float_bits(token, &value)) return false;
      store(out, value);
      return true;
    }
    case DType::f16:
      return parse_small_float(token, kNan16, 0x7c00u, float_to_half, half_to_float, out);
    case DType::bf16:
      return parse_small_float(token, kNanBrain, 0x7f80u, float_to_bfloat, bfloat_to_float, out);
    case DType::i64: return parse_int_as<int64_t>(token, out);
    case DType::i32: return parse_int_as<int32_t>(token, out);
    case DType::i16: return parse_int_as<int16_t>(token, out);
    case DType::i8:
    case DType::i4:
    case DType::i2: return parse_int_as<int8_t>(token, out);
    case DType::u64: return parse_int_as<uint64_t>(token, out);
    case DType::u32: return parse_int_as<uint32_t>(token, out);
    case DType::u16: return parse_int_as<uint16_t>(token, out);
    case DType::u8:
    case DType::u4:
    case DType::u2: return parse_int_as<uint8_t>(token, out);
    case DType::boolean:
      if (token == "true") return store(out, uint8_t{1}), true;
      if (token == "false") return store(out, uint8_t{0}), true;
      return parse_int_as<uint8_t>(token, out);
    case DType::f8e4m3fn:
    case DType::f8e4m3fnuz:
    case DType::f8e5m2:
    case DType::f8e5m2fnuz:
    case DType::f8e8m0:
    case DType::f4e2m1: return parse_hex(token, out);
    case DType::string:
    case DType::c64:
    case DType::c128: break;
  }
  return false;
}

DType part_of(DType dtype) {
  return dtype == DType::c64 ? DType::f32 : dtype == DType::c128 ? DType::f64 : dtype;
}

void Hash::add(std::span<const std::byte> bytes) {
  for (std::byte b : bytes) value_ = (value_ ^ std::to_integer<uint64_t>(b)) * 0x100000001b3u;
}

void Hash::add(std::string_view text) {
  uint64_t size = text.size();
  add(std::as_bytes(std::span(&size, 1)));
  add(std::as_bytes(std::span(text)));
}

}  // namespace panmodel::text
