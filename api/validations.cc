// Validations as text, JSON and findings (docs/reports.md).
#include <algorithm>

#include "api/json.h"
#include "api/panmodel.h"
#include "base/fail.h"

namespace panmodel {
namespace {

using namespace json;

constexpr size_t kExamples = 10;

struct Sums {
  uint64_t cells = 0, differing = 0, label_flips = 0;
  double max_relative = 0, needed_relative = 0;
  std::vector<std::string> examples;
};

Sums sums_of(const Validation& v) {
  Sums sums;
  for (const ColumnValidation& c : v.columns) {
    sums.cells += c.cells;
    sums.differing += c.differing;
    sums.label_flips += c.label_flips;
    sums.max_relative = std::max(sums.max_relative, c.max_relative);
    sums.needed_relative = std::max(sums.needed_relative, c.needed_relative);
    for (const std::string& e : c.examples) {
      if (sums.examples.size() < kExamples) sums.examples.push_back(e);
    }
  }
  return sums;
}

void column_json(Writer& w, const ColumnValidation& c) {
  w.StartObject();
  pair(w, "name", c.name);
  pair(w, "cells", c.cells);
  pair(w, "differing", c.differing);
  pair(w, "label_flips", c.label_flips);
  number(w, "rtol", c.tolerance.relative);
  number(w, "atol", c.tolerance.absolute);
  number(w, "max_relative", c.max_relative);
  number(w, "smallest_passing_rtol", c.needed_relative);
  w.EndObject();
}

Finding finding_of(const ColumnValidation& c) {
  Finding f{c.name, c.differing > 0 ? Verdict::failed : Verdict::passed, {}, c.examples,
            {{"cells", c.cells}, {"differing", c.differing}, {"label_flips", c.label_flips},
             {"rtol", c.tolerance.relative}, {"atol", c.tolerance.absolute}, {"max_relative", c.max_relative},
             {"smallest_passing_rtol", c.needed_relative}},
            c.first};
  f.summary = fmt::format("{} cells, {} differ", c.cells, c.differing);
  if (c.differing > c.examples.size()) {
    f.details.push_back(fmt::format("and {} more differences", c.differing - c.examples.size()));
  }
  if (c.differing > 0 && c.label_flips == 0) {
    f.details.push_back(fmt::format("max rel {:.3g}, passes from rtol {:.3g}", c.max_relative, c.needed_relative));
  }
  return f;
}

}  // namespace

bool Validation::equal() const {
  return !columns.empty() && std::all_of(columns.begin(), columns.end(),
                                         [](const ColumnValidation& c) { return c.differing == 0; });
}

std::string validation_text(const Validation& v) {
  const Sums sums = sums_of(v);
  std::string out = fmt::format("{} rows, {} cells in {} columns, {} differ\n", v.rows, sums.cells,
                                v.columns.size(), sums.differing);
  if (v.refused > 0) out += fmt::format("{} rows are refused\n", v.refused);
  if (sums.label_flips > 0) out += fmt::format("{} labels differ\n", sums.label_flips);
  if (sums.max_relative > 0) {
    out += fmt::format("max rel {:.3g}, passes from rtol {:.3g}\n", sums.max_relative, sums.needed_relative);
  }
  for (const std::string& e : sums.examples) out += e + "\n";
  if (sums.differing > sums.examples.size()) {
    out += fmt::format("and {} more differences\n", sums.differing - sums.examples.size());
  }
  return out + (v.equal() ? "equal\n" : "DIFFERENT\n");
}

std::string validation_json(const Validation& v) {
  const Sums sums = sums_of(v);
  rapidjson::StringBuffer buffer;
  Writer w(buffer);
  w.StartObject();
  pair(w, "schema_version", uint64_t{1});
  w.Key("equal");
  w.Bool(v.equal());
  pair(w, "rows", v.rows);
  pair(w, "refused", v.refused);
  pair(w, "cells", sums.cells);
  pair(w, "differing", sums.differing);
  pair(w, "label_flips", sums.label_flips);
  number(w, "max_relative", sums.max_relative);
  number(w, "smallest_passing_rtol", sums.needed_relative);
  w.Key("columns");
  w.StartArray();
  for (const ColumnValidation& c : v.columns) text(w, c.name);
  w.EndArray();
  w.Key("by_column");
  w.StartArray();
  for (const ColumnValidation& c : v.columns) column_json(w, c);
  w.EndArray();
  w.Key("examples");
  w.StartArray();
  for (const std::string& e : sums.examples) text(w, e);
  w.EndArray();
  w.EndObject();
  return std::string(buffer.GetString()) + "\n";
}

Section validation_section(std::string name, const Validation& v) {
  Section section{std::move(name), {{"rows", v.rows}, {"refused", v.refused}}, {}};
  for (const ColumnValidation& c : v.columns) section.findings.push_back(finding_of(c));
  return section;
}

}  // namespace panmodel
