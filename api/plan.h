#pragma once
// A plan of validations as its file says it (docs/validation.md).
#include <chrono>
#include <string>
#include <vector>

#include "api/panmodel.h"
#include "base/bytes.h"

namespace panmodel {

using Date = std::chrono::year_month_day;

// "2026-11-24"; absent for other texts and for days that no calendar has.
std::optional<Date> parse_date(std::string_view text);
std::string print_date(const Date& date);

// A finding that may fail for some time.
struct Waiver {
  std::string check;  // a name of findings, of an output that has several, or of one side of a pair
  std::string reason;
  Date expires;  // the last day on which it holds
  std::optional<uint64_t> at_most;  // cells that may differ
  Location place;
};

// Paths are as the plan's directory sees them.
struct PlanEntry {
  std::string name;
  std::string model, expected, reference;
  ValidateRequest validate;  // data, options and tolerances, for a comparison too
  CompareRequest compare;    // rows, seed and gate
  bool has_relative = false, has_absolute = false;  // whether the tolerance of all outputs is said
  std::vector<Waiver> waivers;
  Location place;
};

struct Plan {
  std::vector<PlanEntry> entries;
};

// Fails "plan-yaml", "plan-key" or "plan-value" with line and column.
Plan read_plan(const Bytes& bytes, const std::string& path);

}  // namespace panmodel
