#include "api/report.h"

#include <algorithm>

#include "api/json.h"
#include "api/report_ci.h"
#include "base/fail.h"
#include "base/text.h"

namespace panmodel {
namespace {

using namespace json;

constexpr size_t kWhole = std::string::npos;

std::string upper_verdict(Verdict v) { return v == Verdict::failed ? "FAILED" : std::string(to_string(v)); }

void figures_json(Writer& w, const char* key, const std::vector<Figure>& figures) {
  w.Key(key);
  w.StartObject();
  for (const Figure& f : figures) {
    const char* name = f.name.c_str();
    if (const auto* count = std::get_if<uint64_t>(&f.value)) pair(w, name, *count);
    if (const auto* real = std::get_if<double>(&f.value)) number(w, name, *real);
    if (const auto* words = std::get_if<std::string>(&f.value)) pair(w, name, *words);
  }
  w.EndObject();
}

std::string report_json(const Report& report) {
  rapidjson::StringBuffer buffer;
  Writer w(buffer);
  w.StartObject();
  pair(w, "schema_version", uint64_t{1});
  pair(w, "verb", report.verb);
  w.Key("passed");
  w.Bool(report.passed());
  w.Key("sections");
  w.StartArray();
  for (const Section& s : report.sections) {
    w.StartObject();
    pair(w, "name", s.name);
    pair(w, "verdict", to_string(s.verdict()));
    figures_json(w, "properties", s.properties);
    w.Key("findings");
    w.StartArray();
    for (const Finding& f : s.findings) {
      w.StartObject();
      pair(w, "name", f.name);
      pair(w, "verdict", to_string(f.verdict));
      pair(w, "summary", f.summary);
      w.Key("details");
      w.StartArray();
      for (const std::string& line : f.details) text(w, line);
      w.EndArray();
      figures_json(w, "figures", f.figures);
      if (f.place.known()) {
        pair(w, "file", f.place.file);
        if (const uint32_t line = line_of(f.place); line > 0) pair(w, "line", uint64_t{line});
      }
      w.EndObject();
    }
    w.EndArray();
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

std::string report_text(const Report& report) {
  std::string out;
  for (const Section& s : report.sections) {
    out += fmt::format("{}: {}\n", printable(s.name), upper_verdict(s.verdict()));
    for (const Finding& f : s.findings) {
      out += fmt::format("  {} {}: {}\n", upper_verdict(f.verdict), printable(f.name), printable(f.summary, kWhole));
      if (f.verdict == Verdict::passed) continue;
      for (const std::string& line : f.details) out += "    " + printable(line, kWhole) + "\n";
    }
  }
  return out + sum_line(report) + "\n";
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  constexpr std::string_view kNames[] = {"passed", "warned", "waived", "failed"};
  return kNames[static_cast<size_t>(verdict)];
}

Verdict Section::verdict() const {
  Verdict worst = findings.empty() ? Verdict::failed : Verdict::passed;
  for (const Finding& f : findings) worst = std::max(worst, f.verdict);
  return worst;
}

bool Report::passed() const {
  return !sections.empty() && std::none_of(sections.begin(), sections.end(), [](const Section& s) {
    return s.verdict() == Verdict::failed;
  });
}

size_t Report::count(Verdict verdict) const {
  size_t n = 0;
  for (const Section& s : sections) {
    n += static_cast<size_t>(std::count_if(s.findings.begin(), s.findings.end(),
                                           [&](const Finding& f) { return f.verdict == verdict; }));
  }
  return n;
}

uint32_t line_of(const Location& place) {
  if (const auto* t = std::get_if<TextLoc>(&place.at)) return t->line;
  if (const auto* x = std::get_if<XmlLoc>(&place.at)) return x->line;
  if (const auto* j = std::get_if<JsonLoc>(&place.at)) return j->line;
  return 0;
}

std::string sum_line(const Report& report) {
  size_t all = 0;
  for (const Section& s : report.sections) all += s.findings.size();
  std::string out = fmt::format("panmodel {}: {} checks, {} failed", report.verb, all, report.count(Verdict::failed));
  for (Verdict v : {Verdict::waived, Verdict::warned}) {
    if (const size_t n = report.count(v); n > 0) out += fmt::format(", {} {}", n, to_string(v));
  }
  return out;
}

Finding finding_of(const Diagnostic& d) {
  Finding f;
  f.name = std::string(d.code);
  f.verdict = d.severity == Severity::error     ? Verdict::failed
              : d.severity == Severity::warning ? Verdict::warned
                                                : Verdict::passed;
  f.summary = d.message;
  f.place = d.location;
  Location inner = d.location;
  inner.file.clear();
  if (const std::string place = to_string(inner); !place.empty()) f.details.push_back("at " + place);
  for (const std::string& note : d.notes) f.details.push_back("help: " + note);
  f.figures.push_back({"severity", std::string(to_string(d.severity))});
  return f;
}

Section section_of(std::string name, const Diagnostic& error) {
  return {std::move(name), {}, {finding_of(error)}};
}

std::string print_report(const Report& report, ReportFormat format) {
  switch (format) {
    case ReportFormat::text: return report_text(report);
    case ReportFormat::json: return report_json(report);
    case ReportFormat::junit: return report_junit(report);
    case ReportFormat::markdown: return report_markdown(report);
    case ReportFormat::github: return report_github(report);
  }
  return {};
}

}  // namespace panmodel
