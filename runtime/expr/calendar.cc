#include "runtime/expr/calendar.h"

#include <fmt/format.h>

#include <cmath>

#include "base/fail.h"
#include "base/number.h"

namespace panmodel::runtime {
namespace {

using expr::Scalar;
constexpr int64_t kDay = 86400;

// Takes `width` digits from the front of `text`.
bool take_digits(std::string_view& text, size_t width, int64_t* value) {
  if (text.size() < width) return false;
  *value = 0;
  for (size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    *value = *value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& text, int64_t* days) {
  int64_t y = 0, m = 0, d = 0;
  if (!take_digits(text, 4, &y) || !take(text, '-') || !take_digits(text, 2, &m) || !take(text, '-') ||
      !take_digits(text, 2, &d)) {
    return false;
  }
  std::chrono::year_month_day date{std::chrono::year(static_cast<int>(y)),
                                   std::chrono::month(static_cast<unsigned>(m)),
                                   std::chrono::day(static_cast<unsigned>(d))};
  if (!date.ok()) return false;
  *days = days_of(y, static_cast<unsigned>(m), static_cast<unsigned>(d));
  return true;
}

bool take_time(std::string_view& text, int64_t* seconds) {
  int64_t h = 0, m = 0, s = 0;
  if (!take_digits(text, 2, &h) || !take(text, ':') || !take_digits(text, 2, &m)) return false;
  if (take(text, ':')) {
    if (!take_digits(text, 2, &s)) return false;
    if (take(text, '.')) {
      if (text.empty()) return false;
      while (!text.empty() && text[0] >= '0' && text[0] <= '9') text.remove_prefix(1);
    }
  }
  if (h > 23 || m > 59 || s > 59) return false;
  *seconds = (h * 60 + m) * 60 + s;
  return true;
}

// Decimal digits as "d.ddd" and an exponent -> Java's notation.
std::string java_form(std::string shortest, double magnitude) {
  const bool plain = magnitude == 0 || (magnitude >= 1e-3 && magnitude < 1e7);
  // The shortest text is "-123.0", "1e+22" or "1.5e-07".
  std::string sign = shortest[0] == '-' ? "-" : "";
  std::string body = shortest.substr(sign.size());
  int exponent = 0;
  if (size_t e = body.find('e'); e != body.npos) {
    exponent = static_cast<int>(*parse_int(body[e + 1] == '+' ? body.substr(e + 2) : body.substr(e + 1)));
    body.resize(e);
  }
  size_t point = body.find('.');
  if (point == body.npos) point = body.size();
  std::string digits = body.substr(0, point) + (point < body.size() ? body.substr(point + 1) : "");
  int before = static_cast<int>(point) + exponent;  // digits before the decimal point
  size_t zeros = digits.find_first_not_of('0');
  if (zeros == digits.npos) return sign + "0.0";
  digits.erase(0, zeros);
  before -= static_cast<int>(zeros);
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  if (!plain) {
    std::string rest = digits.size() > 1 ? digits.substr(1) : "0";
    return sign + digits[0] + "." + rest + "E" + std::to_string(before - 1);
  }
  if (before <= 0) return sign + "0." + std::string(static_cast<size_t>(-before), '0') + digits;
  size_t whole = static_cast<size_t>(before);
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

template <class T>
std::string real_text_of(T value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return java_form(print_real(value), std::abs(static_cast<double>(value)));
}

}  // namespace

int64_t days_of(int64_t year, unsigned month, unsigned day) {
  // Whole cycles of 400 years, so that any year fits std::chrono.
  int64_t cycles = floor_div(year, 400);
  std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year - cycles * 400)),
                                   std::chrono::month(month), std::chrono::day(day)};
  return std::chrono::sys_days(date).time_since_epoch().count() + cycles * 146097;
}

Date date_of(int64_t days) {
  int64_t cycles = floor_div(days, 146097);
  std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days - cycles * 146097)))};
  return {int{date.year()} + cycles * 400, unsigned{date.month()}, unsigned{date.day()}};
}

std::optional<int64_t> parse_calendar(std::string_view text, expr::Scalar type) {
  int64_t days = 0, seconds = 0;
  if (type != Scalar::time && !take_date(text, &days)) return std::nullopt;
  if (type == Scalar::date_time && !take(text, 'T') && !take(text, ' ')) return std::nullopt;
  if (type != Scalar::date && !take_time(text, &seconds)) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  return type == Scalar::date ? days : days * kDay + seconds;
}

std::string print_calendar(int64_t value, expr::Scalar type) {
  int64_t days = type == Scalar::date ? value : floor_div(value, kDay);
  int64_t s = type == Scalar::date ? 0 : value - days * kDay;
  Date d = date_of(days);
  std::string date = fmt::format("{:04}-{:02}-{:02}", d.year, d.month, d.day);
  std::string time = fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return type == Scalar::date ? date : type == Scalar::time ? time : date + "T" + time;
}

std::string real_text(double value) { return real_text_of(value); }
std::string real_text(float value) { return real_text_of(value); }

}  // namespace panmodel::runtime
