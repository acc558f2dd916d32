// The operators of PFA 0.8.1's library.
#include <cmath>
#include <limits>

#include "runtime/pfa/library.h"
#include "runtime/pfa/power.h"

namespace panmodel::pfa {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// A whole number in the type of the result, int or long; `code` for an int that is too large.
Value whole(const Call& call, __int128 v, int code) {
  if (call.type().kind == Kind::int32 && (v < INT32_MIN || v > INT32_MAX)) call.fail(code, "int overflow");
  if (v < INT64_MIN || v > INT64_MAX) call.fail(code + 1, "long overflow");
  return Value::number(call.type().kind, static_cast<int64_t>(v));
}
bool is_whole(const Call& call) { return call.type().kind <= Kind::int64; }

template <auto Whole, auto Real, int Code>
Value arithmetic(const Call& call) {
  if (is_whole(call)) return whole(call, Whole(call.whole(0), call.whole(1)), Code);
  return call.result(Real(call.real(0), call.real(1)));
}
constexpr LibraryFunction kAdd =
    arithmetic<[](__int128 x, __int128 y) { return x + y; }, [](double x, double y) { return x + y; }, 18000>;
constexpr LibraryFunction kSubtract =
    arithmetic<[](__int128 x, __int128 y) { return x - y; }, [](double x, double y) { return x - y; }, 18010>;
constexpr LibraryFunction kMultiply =
    arithmetic<[](__int128 x, __int128 y) { return x * y; }, [](double x, double y) { return x * y; }, 18020>;

Value negative(const Call& call) {
  if (is_whole(call)) return whole(call, -__int128{call.whole(0)}, 18050);
  return call.result(-call.real(0));
}
Value divide(const Call& call) { return Value::float64(call.real(0) / call.real(1)); }

Value divide_whole(const Call& call) {
  if (call.whole(1) == 0) call.fail(18040, "integer division by zero");
  return whole(call, __int128{call.whole(0)} / call.whole(1), 18041);
}

// The result has the sign of the divisor.
Value modulo(const Call& call) {
  if (is_whole(call)) {
    int64_t y = call.whole(1);
    if (y == 0) call.fail(18060, "integer division by zero");
    __int128 r = __int128{call.whole(0)} % y;
    return whole(call, r != 0 && (r < 0) != (y < 0) ? r + y : r, 18061);
  }
  double x = call.real(0), y = call.real(1);
  double r = std::fmod(x, y);
  if (r != 0 && (r < 0) != (y < 0)) r += y;
  return call.result(y == 0 ? kNaN : r);
}
// The result has the sign of the dividend.
Value remainder(const Call& call) {
  if (is_whole(call)) {
    if (call.whole(1) == 0) call.fail(18070, "integer division by zero");
    return whole(call, __int128{call.whole(0)} % call.whole(1), 18071);
  }
  return call.result(std::fmod(call.real(0), call.real(1)));
}

Value raise(const Call& call) {
  double v = power(call.real(0), call.real(1));
  if (!is_whole(call)) return call.result(v);
  if (call.type().kind == Kind::int32) {
    if (!(v >= INT32_MIN && v <= INT32_MAX)) call.fail(18080, "int overflow");
  } else if (!(v >= -0x1p63 && v < 0x1p63)) {
    call.fail(18081, "long overflow");
  }
  return call.result(v);
}

template <auto Test>
Value comparison(const Call& call) {
  return Value::boolean(Test(compare(call[0], call[1])));
}
Value order(const Call& call) { return Value::int32(compare(call[0], call[1])); }
Value greater(const Call& call) { return compare(call[0], call[1]) >= 0 ? call.take(0) : call.take(1); }
Value smaller(const Call& call) { return compare(call[0], call[1]) < 0 ? call.take(0) : call.take(1); }

Value logical_and(const Call& call) { return Value::boolean(call.truth(0) && call.truth(1)); }
Value logical_or(const Call& call) { return Value::boolean(call.truth(0) || call.truth(1)); }
Value exclusive_or(const Call& call) { return Value::boolean(call.truth(0) != call.truth(1)); }
Value logical_not(const Call& call) { return Value::boolean(!call.truth(0)); }

// Kleene's logic: null is unknown.
Value kleene_and(const Call& call) {
  bool unknown = false;
  for (size_t i = 0; i < 2; ++i) {
    if (call[i].is_null()) unknown = true;
    else if (!call.truth(i)) return Value::boolean(false);
  }
  return unknown ? Value::null() : Value::boolean(true);
}
Value kleene_or(const Call& call) {
  bool unknown = false;
  for (size_t i = 0; i < 2; ++i) {
    if (call[i].is_null()) unknown = true;
    else if (call.truth(i)) return Value::boolean(true);
  }
  return unknown ? Value::null() : Value::boolean(false);
}
Value kleene_not(const Call& call) { return call[0].is_null() ? Value::null() : Value::boolean(!call.truth(0)); }

template <auto Bits>
Value bitwise(const Call& call) {
  return Value::number(call.type().kind, Bits(call.whole(0), call.whole(1)));
}
Value bitwise_not(const Call& call) { return Value::number(call.type().kind, ~call.whole(0)); }

constexpr LibraryRow kRows[] = {
    {"!", logical_not},
    {"!!!", kleene_not},
    {"!=", [](const Call& call) { return Value::boolean(!equal(call[0], call[1])); }},
    {"%", modulo},
    {"%%", remainder},
    {"&", bitwise<[](int64_t x, int64_t y) { return x & y; }>},
    {"&&", logical_and},
    {"&&&", kleene_and},
    {"*", kMultiply},
    {"**", raise},
    {"+", kAdd},
    {"-", kSubtract},
    {"/", divide},
    {"//", divide_whole},
    {"<", comparison<[](int c) { return c < 0; }>},
    {"<=", comparison<[](int c) { return c <= 0; }>},
    {"==", [](const Call& call) { return Value::boolean(equal(call[0], call[1])); }},
    {">", comparison<[](int c) { return 0 < c; }>},
    {">=", comparison<[](int c) { return c >= 0; }>},
    {"^", bitwise<[](int64_t x, int64_t y) { return x ^ y; }>},
    {"^^", exclusive_or},
    {"cmp", order},
    {"max", greater},
    {"min", smaller},
    {"u-", negative},
    {"|", bitwise<[](int64_t x, int64_t y) { return x | y; }>},
    {"||", logical_or},
    {"|||", kleene_or},
    {"~", bitwise_not},
};

}  // namespace

std::span<const LibraryRow> core_library() { return kRows; }

}  // namespace panmodel::pfa
