// Numbers and dates by a pattern, without a locale.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/number.h"
#include "runtime/expr/calendar.h"
#include "runtime/expr/call.h"

namespace panmodel::runtime::scalar {
namespace {

constexpr int kMaxWidth = 1000, kMaxPrecision = 400;

// A decimal number 0.d1 d2 d3 ... times 10 to the power `point`: the shortest digits that name a
// double, rounded half up from there. printf rounds the binary value; the reference engine of PMML
// rounds the decimal one (1.005 gives 1.01), which is what people expect to read.
struct Decimal {
  std::string digits;
  int point = 0;

  explicit Decimal(double v) {
    char buffer[32];
    auto end = std::to_chars(buffer, buffer + sizeof buffer, std::abs(v), std::chars_format::scientific).ptr;
    std::string_view text(buffer, static_cast<size_t>(end - buffer));
    size_t e = text.find('e');
    for (char c : text.substr(0, e)) {
      if (c != '.') digits += c;
    }
    point = static_cast<int>(*parse_int(text[e + 1] == '+' ? text.substr(e + 2) : text.substr(e + 1))) + 1;
    if (v == 0) point = 1;
  }
  // Keeps `count` digits (0 or fewer: all are rounded away, perhaps to one).
  void round_to(int count) {
    if (count >= static_cast<int>(digits.size())) return;
    bool up = count >= 0 && digits[static_cast<size_t>(count)] >= '5';
    digits.resize(static_cast<size_t>(std::max(count, 0)));
    if (!up) return;
    size_t i = digits.size();
    while (i > 0 && digits[i - 1] == '9') digits[--i] = '0';
    if (i > 0) {
      ++digits[i - 1];
    } else {
      digits.insert(digits.begin(), '1');
      ++point;
    }
  }
  char digit(int i) const {
    return i >= 0 && i < static_cast<int>(digits.size()) ? digits[static_cast<size_t>(i)] : '0';
  }
};

std::string fixed(double v, int precision) {
  Decimal d(v);
  d.round_to(d.point + precision);
  std::string out;
  for (int i = 0; i < d.point; ++i) out += d.digit(i);
  if (out.empty()) out = "0";
  if (precision > 0) out += '.';
  for (int i = 0; i < precision; ++i) out += d.digit(d.point + i);
  return out;
}

std::string scientific(double v, int precision, bool upper) {
  Decimal d(v);
  d.round_to(precision + 1);
  std::string out(1, d.digit(0));
  if (precision > 0) out += '.';
  for (int i = 1; i <= precision; ++i) out += d.digit(i);
  int e = v == 0 ? 0 : d.point - 1;
  return out + fmt::format("{}{}{:02}", upper ? 'E' : 'e', e < 0 ? '-' : '+', std::abs(e));
}

std::string general(double v, int precision, bool upper) {
  precision = std::max(precision, 1);
  Decimal d(v);
  d.round_to(precision);
  if (v == 0) return fixed(v, precision - 1);
  if (d.point - 1 < -4 || d.point > precision) return scientific(v, precision - 1, upper);
  return fixed(v, precision - d.point);
}

struct Conversion {
  bool left = false, plus = false, blank = false, zero = false, group = false, accountant = false;
  int width = 0, precision = -1;
  char kind = 0;
};

std::string grouped(std::string s) {
  size_t point = std::min(s.find('.'), s.size());
  for (size_t i = point; i > 3; i -= 3) s.insert(i - 3, ",");
  return s;
}

std::string padded(const Conversion& f, std::string sign, std::string body, std::string end) {
  size_t length = sign.size() + body.size() + end.size(), width = static_cast<size_t>(f.width);
  std::string fill(width > length ? width - length : 0, f.zero && !f.left ? '0' : ' ');
  if (f.left) return sign + body + end + fill;
  return f.zero ? sign + fill + body + end : fill + sign + body + end;
}

// nullopt when the conversion does not take such a value.
std::optional<std::string> formatted(const Conversion& f, const Datum& value) {
  const bool integer = value.type == expr::Scalar::i64;
  if (f.kind == 's') {
    return padded({.left = f.left, .width = f.width}, "", to_text(value).substr(0, f.precision < 0 ? std::string::npos : static_cast<size_t>(f.precision)), "");
  }
  if (integer != (f.kind == 'd' || f.kind == 'x' || f.kind == 'X')) return std::nullopt;
  if (integer && f.precision >= 0) return std::nullopt;
  if (f.kind == 'x' || f.kind == 'X') {
    auto bits = static_cast<uint32_t>(value.whole);
    return padded(f, "", f.kind == 'x' ? fmt::format("{:x}", bits) : fmt::format("{:X}", bits), "");
  }
  const double v = value.number();
  const bool negative = integer ? value.whole < 0 : std::signbit(v) && !std::isnan(v);
  std::string body;
  if (integer) {
    body = std::to_string(value.whole).substr(negative ? 1 : 0);
  } else if (!std::isfinite(v)) {
    body = std::isnan(v) ? "NaN" : "Infinity";
  } else {
    int precision = f.precision < 0 ? 6 : f.precision;
    bool upper = f.kind == 'E' || f.kind == 'G';
    body = f.kind == 'f' ? fixed(v, precision)
           : f.kind == 'e' || f.kind == 'E' ? scientific(v, precision, upper)
                                            : general(v, precision, upper);
  }
  if (f.group) body = grouped(std::move(body));
  Conversion how = f;
  how.zero = f.zero && (integer || std::isfinite(v));
  if (negative && f.accountant) return padded(how, "(", std::move(body), ")");
  return padded(how, negative ? "-" : f.plus ? "+" : f.blank ? " " : "", std::move(body), "");
}

int take_number(std::string_view& s, int most) {
  int v = 0;
  while (!s.empty() && s[0] >= '0' && s[0] <= '9') {
    v = std::min(v * 10 + (s[0] - '0'), most + 1);
    s.remove_prefix(1);
  }
  return v;
}

constexpr std::string_view kMonths[] = {"January", "February", "March", "April", "May", "June", "July",
                                        "August", "September", "October", "November", "December"};
constexpr std::string_view kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

struct Moment {
  Date date;
  int64_t days, seconds;  // seconds of the day
};

// One conversion of strftime; false when there is none of this name. `time` / `date`: what it needs.
bool append_part(std::string& out, char kind, const Moment& m, bool has_date, bool has_time) {
  const Date& d = m.date;
  const int64_t hour = m.seconds / 3600, minute = m.seconds / 60 % 60, second = m.seconds % 60;
  const int64_t hour12 = (hour + 11) % 12 + 1;
  auto two = [&](int64_t v) { out += fmt::format("{:02}", v); };
  if (std::string_view("YyCmdejBbhAaDFuw").find(kind) != std::string_view::npos) {
    if (!has_date) return false;
    const auto weekday = static_cast<size_t>(((m.days + 4) % 7 + 7) % 7);
    switch (kind) {
      case 'Y': out += fmt::format("{:04}", d.year); break;
      case 'y': two(((d.year % 100) + 100) % 100); break;
      case 'C': two(floor_div(d.year, 100)); break;
      case 'm': two(d.month); break;
      case 'd': two(d.day); break;
      case 'e': out += fmt::format("{:2}", d.day); break;
      case 'j': out += fmt::format("{:03}", m.days - days_of(d.year, 1, 1) + 1); break;
      case 'B': out += kMonths[d.month - 1]; break;
      case 'b':
      case 'h': out += kMonths[d.month - 1].substr(0, 3); break;
      case 'A': out += kDays[weekday]; break;
      case 'a': out += kDays[weekday].substr(0, 3); break;
      case 'u': out += std::to_string(weekday == 0 ? 7 : weekday); break;
      case 'w': out += std::to_string(weekday); break;
      case 'D': out += fmt::format("{:02}/{:02}/{:02}", d.month, d.day, ((d.year % 100) + 100) % 100); break;
      default: out += fmt::format("{:04}-{:02}-{:02}", d.year, d.month, d.day); break;
    }
    return true;
  }
  if (std::string_view("HIMSklpTRr").find(kind) != std::string_view::npos) {
    if (!has_time) return false;
    switch (kind) {
      case 'H': two(hour); break;
      case 'I': two(hour12); break;
      case 'M': two(minute); break;
      case 'S': two(second); break;
      case 'k': out += fmt::format("{:2}", hour); break;
      case 'l': out += fmt::format("{:2}", hour12); break;
      case 'p': out += hour < 12 ? "AM" : "PM"; break;
      case 'T': out += fmt::format("{:02}:{:02}:{:02}", hour, minute, second); break;
      case 'R': out += fmt::format("{:02}:{:02}", hour, minute); break;
      default: out += fmt::format("{:02}:{:02}:{:02} {}", hour12, minute, second, hour < 12 ? "AM" : "PM"); break;
    }
    return true;
  }
  if (kind == 'n') return out += '\n', true;
  if (kind == 't') return out += '\t', true;
  if (kind == '%') return out += '%', true;
  return false;
}

}  // namespace

Datum format_number(Call& c) {
  Datum value = c[0].is_number() ? c[0] : convert(c[0], expr::Scalar::f64);
  if (value.refused()) return value;
  const std::string pattern = to_text(c[1]);
  std::string_view rest = pattern;
  std::string out;
  bool used = false;
  while (!rest.empty()) {
    if (rest[0] != '%') {
      out += rest[0];
      rest.remove_prefix(1);
      continue;
    }
    rest.remove_prefix(1);
    if (!rest.empty() && (rest[0] == '%' || rest[0] == 'n')) {
      out += rest[0] == 'n' ? '\n' : '%';
      rest.remove_prefix(1);
      continue;
    }
    if (rest.starts_with("1$")) rest.remove_prefix(2);
    Conversion f;
    for (; !rest.empty(); rest.remove_prefix(1)) {
      bool* flag = rest[0] == '-' ? &f.left : rest[0] == '+' ? &f.plus : rest[0] == ' ' ? &f.blank
                   : rest[0] == '0' ? &f.zero : rest[0] == ',' ? &f.group
                   : rest[0] == '(' ? &f.accountant : nullptr;
      if (flag == nullptr) break;
      *flag = true;
    }
    f.width = take_number(rest, kMaxWidth);
    if (rest.starts_with(".")) {
      rest.remove_prefix(1);
      f.precision = take_number(rest, kMaxPrecision);
    }
    if (rest.empty() || std::string_view("deEfgGsxX").find(rest[0]) == std::string_view::npos || used ||
        f.width > kMaxWidth || f.precision > kMaxPrecision) {
      return c.refuse("the pattern '{}' is not supported", pattern);
    }
    f.kind = rest[0];
    rest.remove_prefix(1);
    used = true;
    auto text = formatted(f, value);
    if (!text) return c.refuse("the pattern '{}' does not take {}", pattern, to_text(value));
    out += *text;
  }
  return Datum::of(std::move(out));
}

Datum format_datetime(Call& c) {
  using expr::Scalar;
  Datum value = c[0].type == Scalar::string ? convert(c[0], c[0].text.find(':') == std::string::npos ? Scalar::date : Scalar::date_time) : c[0];
  if (value.refused()) return value;
  if (value.type < Scalar::date) return c.refuse("'{}' is no date or time", to_text(value));
  Moment m{};
  m.days = value.type == Scalar::date ? value.whole : floor_div(value.whole, 86400);
  m.seconds = value.type == Scalar::date ? 0 : value.whole - m.days * 86400;
  m.date = date_of(m.days);
  std::string out;
  const std::string pattern = to_text(c[1]);
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
    } else if (++i == pattern.size() || !append_part(out, pattern[i], m, value.type != Scalar::time,
                                                     value.type != Scalar::date)) {
      return c.refuse("the pattern '{}' is not supported for a {}", pattern, to_string(value.type));
    }
  }
  return Datum::of(std::move(out));
}

Datum date_days_since_year(Call& c) {
  Datum date = convert(c[0], expr::Scalar::date), year = convert(c[1], expr::Scalar::i64);
  if (date.refused()) return date;
  if (year.refused()) return year;
  if (year.whole < 0 || year.whole > 9999) return c.refuse("{} is no year", year.whole);
  return c.integer(date.whole - days_of(year.whole, 1, 1));
}

Datum date_seconds_since_year(Call& c) {
  Datum at = convert(c[0], expr::Scalar::date_time), year = convert(c[1], expr::Scalar::i64);
  if (at.refused()) return at;
  if (year.refused()) return year;
  if (year.whole < 0 || year.whole > 9999) return c.refuse("{} is no year", year.whole);
  return Datum::of(at.whole - days_of(year.whole, 1, 1) * 86400);
}

Datum date_seconds_since_midnight(Call& c) {
  Datum time = convert(c[0], expr::Scalar::time);
  return time.refused() ? time : Datum::of(time.whole);
}

}  // namespace panmodel::runtime::scalar
