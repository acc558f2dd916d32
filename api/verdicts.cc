// Comparisons and validations as text and JSON (docs/reports.md).
#include "api/json.h"
#include "api/panmodel.h"
#include "base/fail.h"
#include "base/text.h"

namespace panmodel {
namespace {

using namespace json;

constexpr size_t kFlips = 20;  // listed one by one in a text

std::string percent(uint64_t good, uint64_t all) {
  if (good == all) return "100 %";
  // Rounded down, so that a single difference never reads as 100 %.
  double share = std::floor(1e4 * static_cast<double>(good) / static_cast<double>(all)) / 100;
  return fmt::format("{:.2f} %", share);
}

std::string ulps_text(const std::array<uint64_t, 6>& ulps) {
  constexpr std::string_view kNames[] = {"equal", "1 ulp", "2-4", "5-16", "17-256", "more"};
  std::string out;
  for (size_t i = 0; i < ulps.size(); ++i) {
    if (ulps[i] == 0) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", ulps[i], kNames[i]);
  }
  return out;
}

std::string output_text(const runtime::OutputComparison& o) {
  std::string name = o.name_a == o.name_b ? o.name_a : o.name_a + " / " + o.name_b;
  if (!o.error.empty()) return fmt::format("{}: {}\n", name, o.error);
  if (o.role == Role::label) {
    return fmt::format("{}: {} labels, {} differ, agreement {}\n", name, o.compared, o.differing,
                       percent(o.compared - o.differing, o.compared));
  }
  std::string out = fmt::format("{}: {} cells, {} beyond rtol {:g} atol {:g}\n", name, o.compared,
                                o.differing, o.tolerance.relative, o.tolerance.absolute);
  if (o.ulps[0] == o.compared) return out;  // nothing to say about differences
  out += fmt::format("  max abs {:.3g}, max rel {:.3g}, mean abs {:.3g}, worst row {}\n",
                     o.max_absolute, o.max_relative, o.mean_absolute, o.worst_row);
  out += fmt::format("  {}; passes from rtol {:.3g}\n", ulps_text(o.ulps), o.needed_relative);
  return out;
}

void output_json(Writer& w, const runtime::OutputComparison& o) {
  w.StartObject();
  pair(w, "first", o.name_a);
  pair(w, "second", o.name_b);
  pair(w, "role", to_string(o.role));
  pair(w, "compared", o.compared);
  pair(w, "differing", o.differing);
  if (o.role != Role::label) {
    number(w, "rtol", o.tolerance.relative);
    number(w, "atol", o.tolerance.absolute);
    number(w, "max_absolute", o.max_absolute);
    number(w, "mean_absolute", o.mean_absolute);
    number(w, "max_relative", o.max_relative);
    pair(w, "worst_row", o.worst_row);
    number(w, "smallest_passing_rtol", o.needed_relative);
    w.Key("ulps");
    w.StartArray();
    for (uint64_t n : o.ulps) w.Uint64(n);
    w.EndArray();
  }
  if (!o.error.empty()) pair(w, "error", o.error);
  w.EndObject();
}

}  // namespace

std::string comparison_text(const runtime::Comparison& c) {
  std::string out = fmt::format("{} rows\n", c.rows);
  for (const auto& o : c.outputs) out += output_text(o);
  for (size_t i = 0; i < std::min(c.flips.size(), kFlips); ++i) {
    const auto& f = c.flips[i];
    out += fmt::format("flip in row {}: {} is {} (score {}) / {} (score {})\n", f.row, f.output,
                       printable(f.a, 60), print_real(f.score_a), printable(f.b, 60),
                       print_real(f.score_b));
  }
  if (c.flips.size() > kFlips) {
    out += fmt::format("and {} more flips (--format json lists them)\n", c.flips.size() - kFlips);
  }
  for (const auto& n : c.only_a) out += fmt::format("only the first model has '{}'\n", n);
  for (const auto& n : c.only_b) out += fmt::format("only the second model has '{}'\n", n);
  if (c.refused_both) out += fmt::format("{} rows are refused by both\n", c.refused_both);
  if (c.refused_a) out += fmt::format("{} rows are refused by the first only\n", c.refused_a);
  if (c.refused_b) out += fmt::format("{} rows are refused by the second only\n", c.refused_b);
  return out + (c.equal() ? "equal\n" : "DIFFERENT\n");
}

std::string comparison_json(const runtime::Comparison& c) {
  rapidjson::StringBuffer buffer;
  Writer w(buffer);
  w.StartObject();
  pair(w, "schema_version", uint64_t{1});
  w.Key("equal");
  w.Bool(c.equal());
  pair(w, "rows", c.rows);
  pair(w, "refused_by_first_only", c.refused_a);
  pair(w, "refused_by_second_only", c.refused_b);
  pair(w, "refused_by_both", c.refused_both);
  w.Key("outputs");
  w.StartArray();
  for (const auto& o : c.outputs) output_json(w, o);
  w.EndArray();
  for (const auto& [key, names] : {std::pair{"only_first", &c.only_a}, {"only_second", &c.only_b}}) {
    w.Key(key);
    w.StartArray();
    for (const std::string& name : *names) text(w, name);
    w.EndArray();
  }
  w.Key("flips");
  w.StartArray();
  for (const auto& f : c.flips) {
    w.StartObject();
    pair(w, "row", f.row);
    pair(w, "output", f.output);
    pair(w, "first", f.a);
    pair(w, "second", f.b);
    number(w, "first_score", f.score_a);
    number(w, "second_score", f.score_b);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return std::string(buffer.GetString()) + "\n";
}

std::string validation_text(const Validation& v) {
  std::string out = fmt::format("{} rows, {} cells in {} columns, {} differ\n", v.rows, v.cells,
                                v.columns.size(), v.differing);
  if (v.refused > 0) out += fmt::format("{} rows are refused\n", v.refused);
  if (v.label_flips > 0) out += fmt::format("{} labels differ\n", v.label_flips);
  if (v.max_relative > 0) {
    out += fmt::format("max rel {:.3g}, passes from rtol {:.3g}\n", v.max_relative,
                       v.needed_relative);
  }
  for (const std::string& e : v.examples) out += e + "\n";
  if (v.differing > v.examples.size()) {
    out += fmt::format("and {} more differences\n", v.differing - v.examples.size());
  }
  return out + (v.equal() ? "equal\n" : "DIFFERENT\n");
}

std::string validation_json(const Validation& v) {
  rapidjson::StringBuffer buffer;
  Writer w(buffer);
  w.StartObject();
  pair(w, "schema_version", uint64_t{1});
  w.Key("equal");
  w.Bool(v.equal());
  pair(w, "rows", v.rows);
  pair(w, "refused", v.refused);
  pair(w, "cells", v.cells);
  pair(w, "differing", v.differing);
  pair(w, "label_flips", v.label_flips);
  number(w, "max_relative", v.max_relative);
  number(w, "smallest_passing_rtol", v.needed_relative);
  for (const auto& [key, list] : {std::pair{"columns", &v.columns}, {"examples", &v.examples}}) {
    w.Key(key);
    w.StartArray();
    for (const std::string& s : *list) text(w, s);
    w.EndArray();
  }
  w.EndObject();
  return std::string(buffer.GetString()) + "\n";
}

}  // namespace panmodel
