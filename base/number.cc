#include "base/number.h"

#include <charconv>
#include <cmath>
#include <limits>


namespace panmodel {
namespace {

template <class T>
std::string print_any(T value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  auto [end, ec] = std::to_chars(buffer, buffer + sizeof buffer, value);
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string print_real(double value) { return print_any(value); }
std::string print_real(float value) { return print_any(value); }

std::optional<double> parse_real(std::string_view text) {
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) return std::nullopt;
  }
  return parse_whole<double>(text);
}
std::optional<float> parse_float(std::string_view text) { return parse_whole<float>(text); }
std::optional<int64_t> parse_int(std::string_view text) { return parse_whole<int64_t>(text); }
std::optional<uint64_t> parse_uint(std::string_view text) { return parse_whole<uint64_t>(text); }

float round_down(double value) {
  float f = static_cast<float>(value);
  if (std::isnan(value) || static_cast<double>(f) <= value) return f;
  return next_down(f);
}
float round_up(double value) {
  float f = static_cast<float>(value);
  if (std::isnan(value) || static_cast<double>(f) >= value) return f;
  return next_up(f);
}
bool is_float(double value) {
  return std::isnan(value) || static_cast<double>(static_cast<float>(value)) == value;
}

double last_double_rounding_to_at_most(float t) {
  if (!std::isfinite(t)) return t;
  float above = next_up(t);
  // The rounding boundary lies half way to the next float (for the largest float: half way to
  // 2^128); ties go to the even mantissa.
  double lo = static_cast<double>(t);
  double hi = std::isinf(above) ? std::ldexp(1.0, 128) : static_cast<double>(above);
  double middle = lo + (hi - lo) / 2;
  return static_cast<float>(middle) <= t ? middle : next_down(middle);
}

double next_up(double value) {
  return std::nextafter(value, std::numeric_limits<double>::infinity());
}
double next_down(double value) {
  return std::nextafter(value, -std::numeric_limits<double>::infinity());
}
float next_up(float value) {
  return std::nextafter(value, std::numeric_limits<float>::infinity());
}
float next_down(float value) {
  return std::nextafter(value, -std::numeric_limits<float>::infinity());
}

}  // namespace panmodel
