// time: parts of a timestamp, seconds since 1970-01-01 in UTC, as a clock in a time zone shows it. The
// proleptic Gregorian calendar, years 1 to 9999.
#include <unicode/basictz.h>

#include <chrono>
#include <cmath>
#include <map>
#include <memory>

#include "runtime/pfa/library.h"

namespace panmodel::pfa {
namespace {

// ICU knows abbreviations of three letters that the Olson database does not have.
bool in_olson(std::string_view name) {
  if (name.size() != 3) return name != "Etc/Unknown";
  for (std::string_view known : {"CET", "EET", "EST", "GMT", "HST", "MET", "MST", "PRC", "ROC", "ROK", "UCT", "UTC", "WET"}) {
    if (name == known) return true;
  }
  return false;
}

// Of a name of the Olson database; null for another one.
const icu::BasicTimeZone* find_zone(const std::string& name) {
  thread_local std::map<std::string, std::unique_ptr<icu::BasicTimeZone>> zones;  // at most all that exist
  auto at = zones.find(name);
  if (at != zones.end()) return at->second.get();
  icu::UnicodeString id = icu::UnicodeString::fromUTF8(name), canonical;
  UBool is_known = false;
  UErrorCode error = U_ZERO_ERROR;
  icu::TimeZone::getCanonicalID(id, canonical, is_known, error);
  if (U_FAILURE(error) || !is_known || !in_olson(name)) return nullptr;
  // Every zone of a name is a BasicTimeZone (unicode/basictz.h).
  std::unique_ptr<icu::BasicTimeZone> zone(static_cast<icu::BasicTimeZone*>(icu::TimeZone::createTimeZone(id)));
  return zones.emplace(name, std::move(zone)).first->second.get();
}

struct Clock {
  int64_t days = 0;     // since 1970-01-01
  int64_t seconds = 0;  // since midnight
  std::chrono::year_month_day date() const {
    return std::chrono::sys_days(std::chrono::days(days));
  }
  int day_of_week() const { return static_cast<int>(((days + 3) % 7 + 7) % 7); }  // Monday is 0
  int day_of_year() const {
    auto start = std::chrono::sys_days(date().year() / std::chrono::January / 1);
    return static_cast<int>(days - start.time_since_epoch().count()) + 1;
  }
};

// Arguments 0 and 1: the timestamp and the zone, UTC if blank.
Clock clock_of(const Call& call, int zone_code, int range_code) {
  double ts = call.real(0);
  if (!(ts >= -62135596800 && ts <= 253402300799)) call.fail(range_code, "timestamp out of range");
  // To microseconds first, so that what is a second but for rounding is that second.
  double whole = std::floor(ts);
  int64_t seconds = static_cast<int64_t>(whole) + (std::nearbyint((ts - whole) * 1e6) >= 1e6 ? 1 : 0);
  if (!call.text(1).empty()) {
    const icu::BasicTimeZone* zone = find_zone(call.text(1));
    if (!zone) call.fail(zone_code, "unrecognized timezone string");
    int32_t standard = 0, summer = 0;
    UErrorCode error = U_ZERO_ERROR;
    zone->getOffset(static_cast<double>(seconds) * 1000, false, standard, summer, error);
    seconds += (standard + summer) / 1000;
  }
  int64_t days = seconds / 86400, rest = seconds % 86400;
  return rest < 0 ? Clock{days - 1, rest + 86400} : Clock{days, rest};
}

int year(const Clock& c) { return static_cast<int>(c.date().year()); }
int month(const Clock& c) { return static_cast<int>(static_cast<unsigned>(c.date().month())); }
int day_of_month(const Clock& c) { return static_cast<int>(static_cast<unsigned>(c.date().day())); }
int day_of_week(const Clock& c) { return c.day_of_week(); }
int day_of_year(const Clock& c) { return c.day_of_year(); }
int hour(const Clock& c) { return static_cast<int>(c.seconds / 3600); }
int minute(const Clock& c) { return static_cast<int>(c.seconds / 60 % 60); }
int second(const Clock& c) { return static_cast<int>(c.seconds % 60); }

template <auto Part, int Code>
Value part(const Call& call) {
  return Value::int32(Part(clock_of(call, Code, Code + 1)));
}
// Whether the part is in [argument 2, argument 3).
template <auto Part, int Code>
Value is_part(const Call& call) {
  double low = call.real(2), high = call.real(3);
  if (low >= high) call.fail(Code, "bad time range");
  double v = Part(clock_of(call, Code + 1, Code + 2));
  return Value::boolean(v >= low && v < high);
}
Value is_weekend(const Call& call) { return Value::boolean(clock_of(call, 40160, 40161).day_of_week() >= 5); }
Value is_work_hours(const Call& call) {
  Clock c = clock_of(call, 40170, 40171);
  return Value::boolean(c.day_of_week() < 5 && hour(c) >= 9 && hour(c) < 17);
}

// From year, month, day, hour, minute, second, millisecond and zone. A time that a zone shows twice or
// skips is one of its standard time.
Value make_timestamp(const Call& call) {
  const std::string& name = call.text(7);
  const icu::BasicTimeZone* zone = name.empty() ? nullptr : find_zone(name);
  if (!name.empty() && !zone) call.fail(40080, "unrecognized timezone string");
  auto within = [&](size_t i, int64_t low, int64_t high) { return call.whole(i) >= low && call.whole(i) <= high; };
  if (!within(0, 1, 9999) || !within(1, 1, 12) || !within(2, 1, 31) || !within(3, 0, 23) || !within(4, 0, 59) ||
      !within(5, 0, 59) || !within(6, 0, 999)) {
    call.fail(40081, "timestamp undefined for given parameters");
  }
  std::chrono::year_month_day date(std::chrono::year(static_cast<int>(call.whole(0))),
                                   std::chrono::month(static_cast<unsigned>(call.whole(1))),
                                   std::chrono::day(static_cast<unsigned>(call.whole(2))));
  if (!date.ok()) call.fail(40081, "timestamp undefined for given parameters");
  int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  int64_t milliseconds =
      (((days * 24 + call.whole(3)) * 60 + call.whole(4)) * 60 + call.whole(5)) * 1000 + call.whole(6);
  if (zone) {
    int32_t standard = 0, summer = 0;
    UErrorCode error = U_ZERO_ERROR;
    zone->getOffsetFromLocal(static_cast<double>(milliseconds), UCAL_TZ_LOCAL_STANDARD_FORMER,
                             UCAL_TZ_LOCAL_STANDARD_LATTER, standard, summer, error);
    milliseconds -= standard + summer;
  }
  return Value::float64(static_cast<double>(milliseconds) / 1000);
}

constexpr LibraryRow kRows[] = {
    {"time.dayOfMonth", part<day_of_month, 40030>},
    {"time.dayOfWeek", part<day_of_week, 40040>},
    {"time.dayOfYear", part<day_of_year, 40020>},
    {"time.hourOfDay", part<hour, 40050>},
    {"time.isDayOfMonth", is_part<day_of_month, 40130>},
    {"time.isDayOfWeek", is_part<day_of_week, 40120>},
    {"time.isDayOfYear", is_part<day_of_year, 40150>},
    {"time.isHourOfDay", is_part<hour, 40110>},
    {"time.isMinuteOfHour", is_part<minute, 40100>},
    {"time.isMonthOfYear", is_part<month, 40140>},
    {"time.isSecondOfMinute", is_part<second, 40090>},
    {"time.isWeekend", is_weekend},
    {"time.isWorkHours", is_work_hours},
    {"time.makeTimestamp", make_timestamp},
    {"time.minuteOfHour", part<minute, 40060>},
    {"time.monthOfYear", part<month, 40010>},
    {"time.secondOfMinute", part<second, 40070>},
    {"time.year", part<year, 40000>},
};

}  // namespace

std::span<const LibraryRow> time_library() { return kRows; }

}  // namespace panmodel::pfa
