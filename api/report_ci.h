#pragma once
// The reports that build systems read, and what all reports share.
#include "api/report.h"

namespace panmodel {

std::string report_junit(const Report& report);
std::string report_markdown(const Report& report);
std::string report_github(const Report& report);

// "panmodel compare: 3 checks, 1 failed, 1 waived"
std::string sum_line(const Report& report);
// 0 = the place has no line.
uint32_t line_of(const Location& place);

}  // namespace panmodel
