// Elementwise operators with numpy broadcasting. f32 is computed in f32, f64 in f64, integers
// exactly (they wrap); see util.h for the narrower types.
#include "ir/ops/tensor_elementwise.h"

#include <cmath>
#include <limits>

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

using tensor::BinaryFn;
using tensor::UnaryFn;
using tensor::VariadicFn;

template <class T>
constexpr bool kReal = std::is_floating_point_v<T>;

// out[i] = f(a[i], b[i]) over the broadcast shape.
template <class R, class T, class F>
std::vector<R> zip(const KernelContext& context, const Tensor& a, const Tensor& b,
                   const Shape& shape, F&& f) {
  auto out = allocate<R>(context, shape);
  const T* x = data<T>(a);
  const T* y = data<T>(b);
  if (a.size() == out.size() && b.size() == out.size()) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = f(x[i], y[i]);
  } else if (a.size() == out.size() && b.size() == 1) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = f(x[i], y[0]);
  } else {
    Odometer left(shape, broadcast_strides(a.shape(), shape));
    Odometer right(shape, broadcast_strides(b.shape(), shape));
    for (size_t i = 0; i < out.size(); ++i) {
      const T& first = x[left.next()];
      out[i] = f(first, y[right.next()]);
    }
  }
  return out;
}

// Integer arithmetic modulo 2^64.
template <class T, class F>
T wrap(T a, T b, F&& f) {
  return static_cast<T>(f(static_cast<uint64_t>(a), static_cast<uint64_t>(b)));
}

template <class T>
T power(T base, T exponent) {
  if constexpr (kReal<T>) {
    return std::pow(base, exponent);
  } else {
    if constexpr (std::is_signed_v<T>) {
      // 1 / base^n truncates to 0 except for the bases 1 and -1.
      if (exponent < 0 && base == -1) return exponent % 2 == 0 ? 1 : -1;
      if (exponent < 0) return base == 1 ? 1 : 0;
    }
    uint64_t result = 1, square = static_cast<uint64_t>(base);
    for (auto e = static_cast<uint64_t>(exponent); e != 0; e >>= 1) {
      if (e & 1) result *= square;
      square *= square;
    }
    return static_cast<T>(result);
  }
}

// Division and remainders of integers; the divisor is not 0.
template <class T>
T divide(BinaryFn fn, T a, T b) {
  if constexpr (std::is_signed_v<T>) {
    // The smallest number by -1 wraps.
    if (b == -1) return fn == BinaryFn::div ? wrap(T{0}, a, std::minus<uint64_t>()) : 0;
  }
  if (fn == BinaryFn::div) return a / b;
  T rest = a % b;
  if (fn == BinaryFn::mod && rest != 0 && (rest < 0) != (b < 0)) rest += b;
  return rest;
}

template <class T>
T real_mod(T a, T b) {
  T rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) return rest + b;
  return rest == 0 ? std::copysign(T{0}, b) : rest;
}

template <class T>
Tensor divide_all(const BinaryFn fn, KernelContext& context, const Tensor& a, const Tensor& b,
                  const Shape& shape) {
  if constexpr (kReal<T>) {
    return Tensor::of(shape, zip<T, T>(context, a, b, shape, [fn](T x, T y) {
      if (fn == BinaryFn::div) return x / y;
      return fn == BinaryFn::mod ? real_mod(x, y) : std::fmod(x, y);
    }));
  } else {
    size_t at = 0;
    return Tensor::of(shape, zip<T, T>(context, a, b, shape, [&](T x, T y) {
      size_t i = at++;
      if (y != 0) return divide(fn, x, y);
      context.fail_row(row_of(shape, i), "row-value", "an integer is divided by 0");
      return T{0};
    }));
  }
}

template <class T>
Tensor arithmetic(BinaryFn fn, KernelContext& context, const Tensor& a, const Tensor& b,
                  const Shape& shape) {
  auto apply = [&](auto&& f) { return Tensor::of(shape, zip<T, T>(context, a, b, shape, f)); };
  auto bits = [&](auto&& f) -> Tensor {
    if constexpr (kReal<T>) {
      fail_dtype(context, a.dtype());
    } else {
      return apply([&](T x, T y) { return wrap(x, y, f); });
    }
  };
  auto exact = [&](auto&& f) {
    if constexpr (kReal<T>) {
      return apply([&](T x, T y) { return f(x, y); });
    } else {
      return apply([&](T x, T y) { return wrap(x, y, f); });
    }
  };
  switch (fn) {
    case BinaryFn::add: return exact([](auto x, auto y) { return x + y; });
    case BinaryFn::sub: return exact([](auto x, auto y) { return x - y; });
    case BinaryFn::mul: return exact([](auto x, auto y) { return x * y; });
    case BinaryFn::div:
    case BinaryFn::mod:
    case BinaryFn::fmod: return divide_all<T>(fn, context, a, b, shape);
    case BinaryFn::pow: return apply([](T x, T y) { return power(x, y); });
    case BinaryFn::bit_and:
    case BinaryFn::logical_and: return bits([](uint64_t x, uint64_t y) { return x & y; });
    case BinaryFn::bit_or:
    case BinaryFn::logical_or: return bits([](uint64_t x, uint64_t y) { return x | y; });
    case BinaryFn::bit_xor:
    case BinaryFn::logical_xor: return bits([](uint64_t x, uint64_t y) { return x ^ y; });
    default: fail_dtype(context, a.dtype());
  }
}

template <class T>
Tensor comparison(BinaryFn fn, const KernelContext& context, const Tensor& a, const Tensor& b,
                  const Shape& shape) {
  auto apply = [&](auto&& f) {
    return Tensor::of_bools(shape, zip<uint8_t, T>(context, a, b, shape, f));
  };
  switch (fn) {
    case BinaryFn::less: return apply([](const T& x, const T& y) { return x < y; });
    case BinaryFn::less_or_equal: return apply([](const T& x, const T& y) { return x <= y; });
    case BinaryFn::greater: return apply([](const T& x, const T& y) { return x > y; });
    case BinaryFn::greater_or_equal: return apply([](const T& x, const T& y) { return x >= y; });
    default: return apply([](const T& x, const T& y) { return x == y; });
  }
}

template <class T>
T real_unary(UnaryFn fn, T x) {
  switch (fn) {
    case UnaryFn::ceil: return std::ceil(x);
    case UnaryFn::floor: return std::floor(x);
    case UnaryFn::round: return std::nearbyint(x);
    case UnaryFn::exp: return std::exp(x);
    case UnaryFn::expm1: return std::expm1(x);
    case UnaryFn::log: return std::log(x);
    case UnaryFn::log1p: return std::log1p(x);
    case UnaryFn::sqrt: return std::sqrt(x);
    case UnaryFn::reciprocal: return 1 / x;
    case UnaryFn::sigmoid: {
      T e = std::exp(-std::abs(x));
      return x >= 0 ? 1 / (1 + e) : e / (1 + e);
    }
    case UnaryFn::tanh: return std::tanh(x);
    case UnaryFn::sin: return std::sin(x);
    case UnaryFn::cos: return std::cos(x);
    case UnaryFn::atan: return std::atan(x);
    case UnaryFn::erf: return std::erf(x);
    case UnaryFn::softplus: return std::max(x, T{0}) + std::log1p(std::exp(-std::abs(x)));
    default: return x;
  }
}

template <class T>
T unary(UnaryFn fn, T x) {
  switch (fn) {
    case UnaryFn::abs:
      if constexpr (kReal<T>) return std::abs(x);
      return x < 0 ? wrap(T{0}, x, std::minus<uint64_t>()) : x;
    case UnaryFn::neg:
      if constexpr (kReal<T>) return -x;
      return wrap(T{0}, x, std::minus<uint64_t>());
    case UnaryFn::sign:
      if (x != x) return x;
      return static_cast<T>((x > 0) - (x < 0));
    case UnaryFn::relu: return x < 0 ? T{0} : x;
    default: break;
  }
  if constexpr (kReal<T>) return real_unary(fn, x);
  return x;
}

// ceil, floor and round leave integers alone; transcendental functions of integers are refused.
bool fits_integers(UnaryFn fn) {
  return fn <= UnaryFn::round || fn == UnaryFn::relu;
}

Tensor predicate(UnaryFn fn, KernelContext& context, const Tensor& x) {
  auto out = allocate<uint8_t>(context, x.shape());
  bool real = is_floating(x.dtype());
  for (size_t i = 0; i < out.size(); ++i) {
    if (fn == UnaryFn::logical_not) {
      out[i] = data<uint8_t>(x)[i] == 0;
    } else if (real) {
      out[i] = fn == UnaryFn::is_nan ? std::isnan(x.real(i)) : std::isinf(x.real(i));
    }
  }
  return Tensor::of_bools(x.shape(), std::move(out));
}

template <class T>
T variadic(VariadicFn fn, T a, T b) {
  switch (fn) {
    // A NaN wins, as in numpy.
    case VariadicFn::min: return a != a || a < b ? a : b != b || b < a ? b : a;
    case VariadicFn::max: return a != a || a > b ? a : b != b || b > a ? b : a;
    default: break;
  }
  if constexpr (kReal<T>) return a + b;
  return wrap(a, b, std::plus<uint64_t>());
}

}  // namespace

void run(const tensor::Unary& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  if (op.fn >= UnaryFn::logical_not) {
    if (op.fn == UnaryFn::logical_not && x.dtype() != DType::boolean) fail_dtype(context, x.dtype());
    return context.set(0, predicate(op.fn, context, x));
  }
  DType wide = wide_dtype(context, x.dtype());
  bool integers = wide == DType::i64 || wide == DType::u64;
  if (x.dtype() == DType::boolean || (integers && !fits_integers(op.fn))) {
    fail_dtype(context, x.dtype());
  }
  Tensor from = convert(context, x, wide);
  Tensor result = with_wide(context, wide, [&]<class T>() {
    auto out = allocate<T>(context, x.shape());
    const T* values = data<T>(from);
    for (size_t i = 0; i < out.size(); ++i) out[i] = unary(op.fn, values[i]);
    return Tensor::of(x.shape(), std::move(out));
  });
  context.set(0, convert(context, result, x.dtype()));
}

void run(const tensor::Binary& op, KernelContext& context) {
  const Tensor& a = context.tensor(0);
  const Tensor& b = context.tensor(1);
  Shape shape = broadcast_shape(context, a.shape(), b.shape());
  bool compares = op.fn >= BinaryFn::equal && op.fn <= BinaryFn::greater_or_equal;
  if (a.dtype() == DType::string && b.dtype() == DType::string && op.fn == BinaryFn::equal) {
    return context.set(0, comparison<std::string>(op.fn, context, a, b, shape));
  }
  if (a.dtype() != b.dtype() && op.fn != BinaryFn::pow) fail_dtype(context, b.dtype());
  bool logical = op.fn >= BinaryFn::logical_and;
  if (a.dtype() == DType::boolean && !compares && !logical) fail_dtype(context, a.dtype());
  DType wide = wide_dtype(context, a.dtype());
  if (op.fn == BinaryFn::pow && a.dtype() != b.dtype()) {
    // An exponent of another type: reals meet in f64 unless both are at most f32.
    DType other = wide_dtype(context, b.dtype());
    bool real = is_floating(wide) || is_floating(other);
    bool narrow = wide == DType::f32 && other != DType::f64;
    wide = narrow ? DType::f32 : real ? DType::f64 : wide;
  }
  Tensor x = convert(context, a, wide), y = convert(context, b, wide);
  with_wide(context, wide, [&]<class T>() {
    if (compares) return context.set(0, comparison<T>(op.fn, context, x, y, shape));
    Tensor result = arithmetic<T>(op.fn, context, x, y, shape);
    context.set(0, convert(context, result, a.dtype()));
  });
}

void run(const tensor::Variadic& op, KernelContext& context) {
  DType dtype = context.tensor(0).dtype(), wide = wide_dtype(context, dtype);
  Tensor sum = convert(context, context.tensor(0), wide);
  for (size_t i = 1; i < context.inputs(); ++i) {
    Tensor next = convert(context, context.tensor(i), wide);
    Shape shape = broadcast_shape(context, sum.shape(), next.shape());
    sum = with_wide(context, wide, [&]<class T>() {
      return Tensor::of(shape, zip<T, T>(context, sum, next, shape, [&](T a, T b) {
        return variadic(op.fn, a, b);
      }));
    });
  }
  if (op.fn == VariadicFn::mean) {
    sum = with_wide(context, wide, [&]<class T>() {
      auto out = allocate<T>(context, sum.shape());
      T count = static_cast<T>(context.inputs());
      for (size_t i = 0; i < out.size(); ++i) out[i] = data<T>(sum)[i] / count;
      return Tensor::of(sum.shape(), std::move(out));
    });
  }
  context.set(0, convert(context, sum, dtype));
}

void run(const tensor::Where&, KernelContext& context) {
  const Tensor& condition = context.tensor(0);
  if (condition.dtype() != DType::boolean) fail_dtype(context, condition.dtype());
  const Tensor& a = context.tensor(1);
  const Tensor& b = context.tensor(2);
  if (a.dtype() != b.dtype()) fail_dtype(context, b.dtype());
  Shape shape = broadcast_shape(context, broadcast_shape(context, condition.shape(), a.shape()),
                                b.shape());
  Odometer which(shape, broadcast_strides(condition.shape(), shape));
  Odometer yes(shape, broadcast_strides(a.shape(), shape));
  Odometer no(shape, broadcast_strides(b.shape(), shape));
  context.set(0, with_storage(a.dtype(), [&]<class T>() {
    auto out = allocate<T>(context, shape);
    for (size_t i = 0; i < out.size(); ++i) {
      size_t from_a = yes.next(), from_b = no.next();
      out[i] = data<uint8_t>(condition)[which.next()] ? data<T>(a)[from_a] : data<T>(b)[from_b];
    }
    return make_stored(a.dtype(), shape, std::move(out));
  }));
}

void run(const tensor::Clip&, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  DType wide = wide_dtype(context, x.dtype());
  Tensor from = convert(context, x, wide);
  Tensor result = with_wide(context, wide, [&]<class T>() {
    auto out = allocate<T>(context, x.shape());
    std::copy_n(data<T>(from), out.size(), out.begin());
    for (size_t bound : {1, 2}) {
      if (!context.has(bound)) continue;
      Tensor limit = convert(context, context.tensor(bound), wide);
      if (limit.size() != 1) fail(context.loc(), "run-shape", "a bound is no scalar");
      T by = data<T>(limit)[0];
      for (T& v : out) {
        if (bound == 1 ? v < by : v > by) v = by;
      }
    }
    return Tensor::of(x.shape(), std::move(out));
  });
  context.set(0, convert(context, result, x.dtype()));
}

}  // namespace panmodel::runtime
