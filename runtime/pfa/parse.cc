// parse: numbers of texts.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/number.h"
#include "runtime/pfa/library.h"

namespace panmodel::pfa {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// Without white space around it, letters of ASCII in lower case.
std::string plain(const std::string& text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  size_t start = text.find_first_not_of(kSpace);
  if (start == std::string::npos) return {};
  std::string out = text.substr(start, text.find_last_not_of(kSpace) + 1 - start);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}
bool take_sign(std::string_view& text) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return negative;
}

// "[-+]?[0-9a-z]+" of digits below the base.
std::optional<int64_t> whole(std::string_view text, int64_t base) {
  bool negative = take_sign(text);
  if (text.empty()) return std::nullopt;
  __int128 v = 0;
  for (char c : text) {
    int64_t d = digit(c) ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : base;
    if (d >= base) return std::nullopt;
    v = v * base + d;
    if (v > __int128{INT64_MAX} + 1) return std::nullopt;
  }
  if (negative) v = -v;
  return v > INT64_MAX ? std::nullopt : std::optional(static_cast<int64_t>(v));
}
Value parse_int(const Call& call) {
  if (call.whole(1) < 2 || call.whole(1) > 36) call.fail(33001, "base out of range");
  std::optional<int64_t> v = whole(plain(call.text(0)), call.whole(1));
  if (!v || *v < INT32_MIN || *v > INT32_MAX) call.fail(33000, "not an integer");
  return Value::int32(static_cast<int32_t>(*v));
}
Value parse_long(const Call& call) {
  if (call.whole(1) < 2 || call.whole(1) > 36) call.fail(33011, "base out of range");
  std::optional<int64_t> v = whole(plain(call.text(0)), call.whole(1));
  if (!v) call.fail(33010, "not a long integer");
  return Value::int64(*v);
}

// Takes digits; how many.
size_t take_digits(std::string_view& text) {
  size_t n = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), digit) - text.begin());
  text.remove_prefix(n);
  return n;
}

// Of digits, a point and an exponent, or "inf" or "nan". What is too large is infinite, what is too
// small is zero.
std::optional<double> real(const std::string& text) {
  std::string_view rest = text;
  bool negative = take_sign(rest);
  if (rest == "inf") return negative ? -HUGE_VAL : HUGE_VAL;
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  std::string_view body = rest;
  size_t whole_digits = take_digits(rest), fraction_digits = 0;
  std::string_view leading = body.substr(0, whole_digits);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction_digits = take_digits(rest);
  }
  if (whole_digits + fraction_digits == 0) return std::nullopt;
  bool small = leading.find_first_not_of('0') == std::string_view::npos;
  if (rest.starts_with('e')) {
    rest.remove_prefix(1);
    small = take_sign(rest);
    if (take_digits(rest) == 0) return std::nullopt;
  }
  if (!rest.empty()) return std::nullopt;
  double size = parse_real(body).value_or(small ? 0 : HUGE_VAL);
  return negative ? -size : size;
}
Value parse_float(const Call& call) {
  std::optional<double> v = real(plain(call.text(0)));
  if (!v) call.fail(33020, "not a single-precision float");
  double size = std::fabs(*v);
  if (size > std::numeric_limits<float>::max()) return Value::float32(std::copysign(HUGE_VAL, *v));
  return Value::float32(size < std::numeric_limits<float>::denorm_min() ? 0 : *v);
}
Value parse_double(const Call& call) {
  std::optional<double> v = real(plain(call.text(0)));
  if (!v) call.fail(33030, "not a double-precision float");
  return Value::float64(*v);
}

constexpr LibraryRow kRows[] = {
    {"parse.double", parse_double},
    {"parse.float", parse_float},
    {"parse.int", parse_int},
    {"parse.long", parse_long},
};

}  // namespace

std::span<const LibraryRow> parse_library() { return kRows; }

}  // namespace panmodel::pfa
