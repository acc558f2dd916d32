#pragma once
// Dates and times as numbers: days and seconds since 1970-01-01 in the proleptic Gregorian calendar,
// without time zones and leap seconds. Also how a real is printed as text.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ir/expr/expr.h"

namespace panmodel::runtime {

inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }

// Days since 1970-01-01 of a date. Precondition: a real month; |year| <= 999999.
int64_t days_of(int64_t year, unsigned month, unsigned day);
struct Date {
  int64_t year;
  unsigned month, day;
};
Date date_of(int64_t days);

// ISO 8601: "2003-04-01", "10:30:00", "2003-04-01T10:30:00" ('T' or a blank; fractions of a second are dropped);
// nullopt for another text or a day that does not exist.
std::optional<int64_t> parse_calendar(std::string_view text, expr::Scalar type);
std::string print_calendar(int64_t value, expr::Scalar type);

// The shortest digits that read back to the same value, as Java prints them: "0.001", "1234567.0",
// "1.0E7", "9.765625E-4", "Infinity", "NaN".
std::string real_text(double value);
std::string real_text(float value);

}  // namespace panmodel::runtime
