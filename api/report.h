#pragma once
// What a verb found, as one value from which every report is printed.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/diagnostic.h"

namespace panmodel {

enum class Verdict {
  passed,
  warned,  // passed, and something should be looked at
  waived,  // failed, and a waiver of the plan allows it
  failed,
};
std::string_view to_string(Verdict verdict);

struct Figure {
  std::string name;
  std::variant<uint64_t, double, std::string> value;
};

// One thing that was checked: an output, a limit, a structure, a waiver. A test case of JUnit.
struct Finding {
  std::string name;
  Verdict verdict = Verdict::passed;
  std::string summary;               // one line
  std::vector<std::string> details;  // further lines, such as the first differences
  std::vector<Figure> figures;
  Location place;  // what an annotation points at
};

// What was checked together: two models, an entry of a plan, a file. A suite of JUnit.
struct Section {
  std::string name;
  std::vector<Figure> properties;
  std::vector<Finding> findings;
  Verdict verdict() const;  // the worst one; failed when nothing was checked
};

struct Report {
  std::string verb;
  std::vector<Section> sections;
  bool passed() const;
  size_t count(Verdict verdict) const;  // findings
};

// A job that could not be done, as a section with one failed finding.
Section section_of(std::string name, const Diagnostic& error);
// A diagnostic as a finding: errors fail, warnings warn, losses and notes pass.
Finding finding_of(const Diagnostic& diagnostic);

enum class ReportFormat {
  text,
  json,      // docs/schema/report.schema.json
  junit,     // XML as Jenkins, GitLab and most others read it
  markdown,  // tables for a comment or a step summary
  github,    // workflow commands that annotate files
};
// The same report gives the same bytes. Names and texts come from models: what would end or change
// a line, a cell, an element or a command is escaped.
std::string print_report(const Report& report, ReportFormat format);

}  // namespace panmodel
