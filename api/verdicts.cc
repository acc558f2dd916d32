// Comparisons as text, JSON and findings (docs/reports.md).
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

std::string name_of(const runtime::OutputComparison& o) {
  return o.name_a == o.name_b ? o.name_a : o.name_a + " / " + o.name_b;
}

std::string summary_of(const runtime::OutputComparison& o) {
  if (!o.error.empty()) return o.error;
  if (o.role == Role::label) {
    return fmt::format("{} labels, {} differ, agreement {}", o.compared, o.differing,
                       percent(o.compared - o.differing, o.compared));
  }
  return fmt::format("{} cells, {} beyond rtol {:g} atol {:g}", o.compared, o.differing,
                     o.tolerance.relative, o.tolerance.absolute);
}

std::vector<std::string> details_of(const runtime::OutputComparison& o) {
  if (!o.error.empty() || o.role == Role::label || o.ulps[0] == o.compared) return {};
  return {fmt::format("max abs {:.3g}, max rel {:.3g}, mean abs {:.3g}, worst row {}", o.max_absolute,
                      o.max_relative, o.mean_absolute, o.worst_row),
          fmt::format("{}; passes from rtol {:.3g}", ulps_text(o.ulps), o.needed_relative)};
}

// The first flips, of one output or of all.
std::vector<std::string> flip_lines(const runtime::Comparison& c, const std::string* output) {
  std::vector<std::string> lines;
  size_t all = 0;
  for (const runtime::Flip& f : c.flips) {
    if (output != nullptr && f.output != *output) continue;
    if (all++ >= kFlips) continue;
    lines.push_back(fmt::format("flip in row {}: {} is {} (score {}) / {} (score {})", f.row, f.output,
                                printable(f.a, 60), print_real(f.score_a), printable(f.b, 60),
                                print_real(f.score_b)));
  }
  if (all > kFlips) lines.push_back(fmt::format("and {} more flips (--format json lists them)", all - kFlips));
  return lines;
}

Finding finding_of(const runtime::OutputComparison& o, const runtime::Comparison& c) {
  Finding f{name_of(o), o.differing > 0 || !o.error.empty() ? Verdict::failed : Verdict::passed,
            summary_of(o), details_of(o), {{"compared", o.compared}, {"differing", o.differing}}, {}};
  if (o.role == Role::label) {
    f.details = flip_lines(c, &o.name_a);
    return f;
  }
  if (!o.error.empty()) return f;
  f.figures.insert(f.figures.end(),
                   {{"rtol", o.tolerance.relative}, {"atol", o.tolerance.absolute}, {"max_absolute", o.max_absolute},
                    {"mean_absolute", o.mean_absolute}, {"max_relative", o.max_relative},
                    {"smallest_passing_rtol", o.needed_relative}, {"worst_row", o.worst_row}});
  return f;
}

Finding partners_finding(const runtime::Comparison& c, bool gate) {
  Finding f{"outputs", Verdict::passed, fmt::format("{} outputs have a partner", c.outputs.size()), {}, {}, {}};
  for (const std::string& n : c.only_a) f.details.push_back(fmt::format("only the first model has '{}'", n));
  for (const std::string& n : c.only_b) f.details.push_back(fmt::format("only the second model has '{}'", n));
  if (!f.details.empty()) {
    f.summary = fmt::format("{} outputs have no partner", c.only_a.size() + c.only_b.size());
    f.verdict = Verdict::warned;
  }
  if (c.outputs.empty() || (gate && !c.only_a.empty())) f.verdict = Verdict::failed;
  return f;
}

Finding refusals_finding(const runtime::Comparison& c) {
  Finding f{"refused rows", Verdict::passed, fmt::format("{} rows are refused by both", c.refused_both), {},
            {{"refused_by_first_only", c.refused_a}, {"refused_by_second_only", c.refused_b},
             {"refused_by_both", c.refused_both}}, {}};
  if (c.refused_a + c.refused_b == 0) return f;
  f.verdict = Verdict::failed;
  f.summary = fmt::format("{} rows are refused by the first only, {} by the second only", c.refused_a, c.refused_b);
  return f;
}

// What the gate allows is a figure of the finding that it limits.
constexpr std::string_view kAllowed = "allowed";

bool limited(const Finding& f) {
  return std::any_of(f.figures.begin(), f.figures.end(), [](const Figure& figure) { return figure.name == kAllowed; });
}

bool has_labels(const runtime::Comparison& c) {
  return std::any_of(c.outputs.begin(), c.outputs.end(), [](const auto& o) { return o.role == Role::label; });
}

// Rows whose prediction changes, of models with labels and without.
Finding changed_finding(const runtime::Comparison& c, const Gate& gate) {
  const bool labels = has_labels(c);
  const uint64_t changed = (labels ? c.flipped_rows : gate.max_changed ? c.beyond_rows : 0) + c.refused_a + c.refused_b;
  const double rows = static_cast<double>(c.rows), share = gate.max_changed.value_or(0);
  Finding f{"changed rows", Verdict::passed, {}, flip_lines(c, nullptr),
            {{"rows", c.rows}, {"changed", changed}, {std::string(kAllowed), share}}, {}};
  f.summary = fmt::format("{} of {} rows change ({:.3g} %), allowed {:.3g} %", changed, c.rows,
                          c.rows == 0 ? 0 : 100 * static_cast<double>(changed) / rows, 100 * share);
  // One part in 1e12 more, so that 1 % of 300 rows is 3 whatever its rounding.
  if (static_cast<double>(changed) > share * rows * (1 + 1e-12)) f.verdict = Verdict::failed;
  return f;
}

// The differences of an output within a gate: those of labels are changed rows.
void judge(Finding& f, const runtime::OutputComparison& o, const Gate& gate) {
  if (!o.error.empty()) return;
  f.verdict = Verdict::passed;
  if (o.role == Role::label) return;
  std::optional<double> allowed = gate.max_difference;
  for (const std::string* name : {&o.name_b, &o.name_a}) {
    if (auto own = gate.max_differences.find(*name); own != gate.max_differences.end()) allowed = own->second;
  }
  if (!allowed) return;
  f.summary = fmt::format("largest difference {:.3g}, allowed {:.3g}", o.max_absolute, *allowed);
  f.figures.push_back({std::string(kAllowed), *allowed});
  if (o.max_absolute > *allowed) f.verdict = Verdict::failed;
}

void gate_json(Writer& w, const Section& judged) {
  w.Key("gate");
  w.StartObject();
  w.Key("passed");
  w.Bool(judged.verdict() != Verdict::failed);
  w.Key("limits");
  w.StartArray();
  for (const Finding& f : judged.findings) {
    if (f.verdict != Verdict::failed && !limited(f)) continue;
    w.StartObject();
    pair(w, "name", f.name);
    w.Key("passed");
    w.Bool(f.verdict != Verdict::failed);
    pair(w, "summary", f.summary);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
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

std::string comparison_text(const runtime::Comparison& c, const Gate& gate) {
  std::string out = fmt::format("{} rows\n", c.rows);
  for (const auto& o : c.outputs) {
    out += fmt::format("{}: {}\n", name_of(o), summary_of(o));
    for (const std::string& line : details_of(o)) out += "  " + line + "\n";
  }
  for (const std::string& line : flip_lines(c, nullptr)) out += line + "\n";
  for (const auto& n : c.only_a) out += fmt::format("only the first model has '{}'\n", n);
  for (const auto& n : c.only_b) out += fmt::format("only the second model has '{}'\n", n);
  if (c.refused_both) out += fmt::format("{} rows are refused by both\n", c.refused_both);
  if (c.refused_a) out += fmt::format("{} rows are refused by the first only\n", c.refused_a);
  if (c.refused_b) out += fmt::format("{} rows are refused by the second only\n", c.refused_b);
  if (!gate.asked()) return out + (c.equal() ? "equal\n" : "DIFFERENT\n");
  const Section judged = comparison_section("gate", c, gate);
  for (const Finding& f : judged.findings) {
    if (f.verdict == Verdict::failed || limited(f)) out += fmt::format("{}: {}\n", f.name, f.summary);
  }
  return out + (judged.verdict() == Verdict::failed ? "GATE FAILED\n" : "gate passed\n");
}

std::string comparison_json(const runtime::Comparison& c, const Gate& gate) {
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
  pair(w, "rows_with_flips", c.flipped_rows);
  pair(w, "rows_beyond_tolerance", c.beyond_rows);
  if (gate.asked()) gate_json(w, comparison_section("gate", c, gate));
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

Section comparison_section(std::string name, const runtime::Comparison& c, const Gate& gate) {
  Section section{std::move(name), {{"rows", c.rows}}, {}};
  // Without labels the rows are counted when a share of them is allowed, or when one side refuses some.
  const bool rows = gate.max_changed || has_labels(c) || c.refused_a + c.refused_b > 0;
  if (gate.asked() && rows) section.findings.push_back(changed_finding(c, gate));
  for (const auto& o : c.outputs) {
    Finding f = finding_of(o, c);
    if (gate.asked()) judge(f, o, gate);
    section.findings.push_back(std::move(f));
  }
  section.findings.push_back(partners_finding(c, gate.asked()));
  // A gate counts these rows among the changed ones.
  if (!gate.asked()) section.findings.push_back(refusals_finding(c));
  return section;
}

}  // namespace panmodel
