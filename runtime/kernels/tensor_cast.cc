// Conversion between element types.
#include <bit>
#include <cmath>
#include <limits>

#include "base/number.h"
#include "base/text.h"
#include "ir/ops/tensor_elementwise.h"
#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

// Real to integer truncates. Out of range and NaN have no defined result in ONNX; the values here
// are those of x86 and numpy: the smallest i64 / i32, of which narrower types keep the low bits.
int64_t truncate64(double v) {
  return v >= -0x1p63 && v < 0x1p63 ? static_cast<int64_t>(v) : INT64_MIN;
}
int64_t truncate32(double v) {
  return v > -0x1p31 - 1 && v < 0x1p31 ? static_cast<int64_t>(v) : INT32_MIN;
}
template <class T>
T truncate(double v) {
  if constexpr (std::is_same_v<T, uint64_t>) {
    if (v >= 0x1p63 && v < 0x1p64) return static_cast<uint64_t>(v - 0x1p63) + (uint64_t{1} << 63);
    return static_cast<uint64_t>(truncate64(v));
  } else if constexpr (sizeof(T) == 8 || std::is_same_v<T, uint32_t>) {
    return static_cast<T>(truncate64(v));
  } else {
    return static_cast<T>(truncate32(v));
  }
}

template <class To, class From>
To to_number(From v) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return truncate<To>(static_cast<double>(v));
  } else {
    return static_cast<To>(v);
  }
}

// A float from which rounding to 10 or 7 bits of mantissa gives what rounding the double would:
// towards zero with a sticky last bit ("round to odd").
float to_odd(double v) {
  float nearest = static_cast<float>(v);
  if (std::isnan(v) || std::isinf(v) || static_cast<double>(nearest) == v) return nearest;
  float toward_zero = v > 0 ? round_down(v) : round_up(v);
  return std::bit_cast<float>(std::bit_cast<uint32_t>(toward_zero) | 1u);
}

template <class T>
std::string to_text(T v) {
  if constexpr (std::is_integral_v<T>) {
    return fmt::format("{}", v);
  } else {
    if (std::isnan(v)) return "NaN";
    if (std::isinf(v)) return v > 0 ? "INF" : "-INF";
    std::string text = print_real(v);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
  }
}

// Numbers of one C++ type converted to `to`.
template <class From>
Tensor from_numbers(const KernelContext& context, const From* x, const Shape& shape, DType to) {
  auto plain = [&]<class To>() {
    auto out = allocate<To>(context, shape);
    for (size_t i = 0; i < out.size(); ++i) out[i] = to_number<To>(x[i]);
    return make_tensor(to, shape, std::move(out));
  };
  auto each = [&]<class To>(auto&& f) {
    auto out = allocate<To>(context, shape);
    for (size_t i = 0; i < out.size(); ++i) out[i] = f(x[i]);
    return make_tensor(to, shape, std::move(out));
  };
  // Low bits of a packed integer, sign-extended by the shift for the signed ones.
  auto packed = [&](int bits, bool is_signed) {
    return each.template operator()<uint8_t>([=](From v) {
      auto low = static_cast<uint8_t>(to_number<int64_t>(v) << (8 - bits));
      return is_signed ? static_cast<uint8_t>(static_cast<int8_t>(low) >> (8 - bits))
                       : static_cast<uint8_t>(low >> (8 - bits));
    });
  };
  switch (to) {
    case DType::f64: return plain.template operator()<double>();
    case DType::f32: return plain.template operator()<float>();
    case DType::i64: return plain.template operator()<int64_t>();
    case DType::i32: return plain.template operator()<int32_t>();
    case DType::i16: return plain.template operator()<int16_t>();
    case DType::i8: return plain.template operator()<int8_t>();
    case DType::u64: return plain.template operator()<uint64_t>();
    case DType::u32: return plain.template operator()<uint32_t>();
    case DType::u16: return plain.template operator()<uint16_t>();
    case DType::u8: return plain.template operator()<uint8_t>();
    case DType::i4: return packed(4, true);
    case DType::u4: return packed(4, false);
    case DType::i2: return packed(2, true);
    case DType::u2: return packed(2, false);
    case DType::boolean:
      return each.template operator()<uint8_t>(
          [](From v) { return static_cast<uint8_t>(v != From{}); });
    case DType::f16:
      return each.template operator()<uint16_t>(
          [](From v) { return float_to_half(to_odd(static_cast<double>(v))); });
    case DType::bf16:
      return each.template operator()<uint16_t>(
          [](From v) { return float_to_bfloat(to_odd(static_cast<double>(v))); });
    case DType::string:
      return each.template operator()<std::string>([](From v) { return to_text(v); });
    default: fail_dtype(context, to);
  }
}

// One text as a number of the wide type; false when it is none.
bool parse(const std::string& text, double& out) {
  std::string_view t = text;
  if (t.starts_with('+')) t.remove_prefix(1);
  auto v = parse_real(t);
  if (v) out = *v;
  return v.has_value();
}
bool parse(const std::string& text, float& out) {
  double v = 0;
  bool ok = parse(text, v);
  out = static_cast<float>(v);
  return ok;
}
bool parse(const std::string& text, int64_t& out) {
  if (auto v = parse_int(text)) return out = *v, true;
  double real = 0;
  if (!parse(text, real) || std::isnan(real)) return false;
  out = truncate64(real);
  return real >= -0x1p63 && real < 0x1p63;
}
bool parse(const std::string& text, uint64_t& out) {
  auto v = parse_uint(text);
  if (v) out = *v;
  return v.has_value();
}

Tensor from_strings(KernelContext& context, const Tensor& x, DType to) {
  DType wide = to == DType::f32 || to == DType::f64 ? to : wide_dtype(context, to);
  if (wide == DType::f32) wide = to == DType::f32 ? DType::f32 : DType::f64;
  Tensor parsed = with_wide(context, wide, [&]<class T>() {
    auto out = allocate<T>(context, x.shape());
    for (size_t i = 0; i < out.size(); ++i) {
      if (parse(x.text(i), out[i])) continue;
      out[i] = T{};
      context.fail_row(row_of(x.shape(), i), "row-value", "'{}' is no number of type {}",
                       printable(x.text(i)), to_string(to));
    }
    return Tensor::of(x.shape(), std::move(out));
  });
  return convert(context, parsed, to);
}

}  // namespace

Tensor convert(KernelContext& context, const Tensor& x, DType to, bool saturate) {
  if (x.dtype() == to) return x;
  auto as = [&]<class T>() { return from_numbers(context, data<T>(x), x.shape(), to); };
  auto halves = [&](float (*widen)(uint16_t)) {
    auto wide = allocate<float>(context, x.shape());
    for (size_t i = 0; i < wide.size(); ++i) wide[i] = widen(data<uint16_t>(x)[i]);
    return from_numbers(context, wide.data(), x.shape(), to);
  };
  static_cast<void>(saturate);  // concerns f8 targets, which are refused below
  switch (x.dtype()) {
    case DType::f64: return as.template operator()<double>();
    case DType::f32: return as.template operator()<float>();
    case DType::f16: return halves(half_to_float);
    case DType::bf16: return halves(bfloat_to_float);
    case DType::i64: return as.template operator()<int64_t>();
    case DType::i32: return as.template operator()<int32_t>();
    case DType::i16: return as.template operator()<int16_t>();
    case DType::i8:
    case DType::i4:
    case DType::i2: return as.template operator()<int8_t>();
    case DType::u64: return as.template operator()<uint64_t>();
    case DType::u32: return as.template operator()<uint32_t>();
    case DType::u16: return as.template operator()<uint16_t>();
    case DType::u8:
    case DType::u4:
    case DType::u2:
    case DType::boolean: return as.template operator()<uint8_t>();
    case DType::string: return from_strings(context, x, to);
    default: fail_dtype(context, x.dtype());
  }
}

void run(const tensor::Cast& op, KernelContext& context) {
  Value value = convert(context, context.tensor(0), op.to, op.saturate);
  value.valid = context.in(0).valid;
  context.set(0, std::move(value));
}

}  // namespace panmodel::runtime
