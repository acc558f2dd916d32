// Validations of a plan, and its waivers.
#include <sys/stat.h>

#include <algorithm>

#include "api/plan.h"
#include "base/fail.h"
#include "base/text.h"
#include "formats/format.h"

namespace panmodel {
namespace {

// Fails as the job of one entry does.
template <class T>
T take(Result<T> result) {
  if (!result) throw Failure(result.error());
  return std::move(result).value();
}

Section run_entry(const PlanEntry& e, const PlanRequest& request, Diagnostics& out) {
  LoadOptions load = request.load;
  load.strict = e.validate.options.strict;
  if (e.reference.empty() && e.validate.data.empty()) {
    return validation_section(e.name, take(verify_file(e.model, load, out)));
  }
  const auto model = take(read_model(e.model, load, out));
  if (e.reference.empty()) {
    ValidateRequest validate = e.validate;
    validate.expected = e.expected;
    validate.options.jobs = request.jobs;
    return validation_section(e.name, take(validate_model(model, validate, out)));
  }
  CompareRequest compare = e.compare;
  compare.data = e.validate.data;
  compare.options = e.validate.options;
  compare.options.jobs = request.jobs;
  compare.tolerance.outputs = e.validate.outputs;
  if (e.has_relative) compare.tolerance.relative = e.validate.relative;
  if (e.has_absolute) compare.tolerance.absolute = e.validate.absolute;
  const auto reference = take(read_model(e.reference, load, out));
  return comparison_section(e.name, take(compare_models(reference, model, compare, out)), compare.gate);
}

// "predict / label" is met by both names, "predict_proba:high" by its output.
bool meets(const std::string& finding, const std::string& check) {
  if (finding == check || finding.starts_with(check + ":")) return true;
  const size_t mark = finding.find(" / ");
  return mark != std::string::npos && (finding.substr(0, mark) == check || finding.substr(mark + 3) == check);
}

uint64_t differing(const Finding& f) {
  for (const Figure& figure : f.figures) {
    if (const auto* n = std::get_if<uint64_t>(&figure.value); n != nullptr && figure.name == "differing") return *n;
  }
  return 0;
}

// A finding about the waiver itself, when there is something to say.
std::optional<Finding> apply(const Waiver& w, const Date& today, Section& section) {
  Finding said{"waiver of " + w.check, Verdict::failed, {}, {"reason: " + w.reason}, {}, w.place};
  const std::string until = print_date(w.expires);
  if (std::chrono::sys_days(w.expires) < std::chrono::sys_days(today)) {
    said.summary = fmt::format("expired on {}, and waives nothing since: remove it or renew it", until);
    return said;
  }
  std::vector<std::string_view> names;
  bool known = false, used = false;
  for (Finding& f : section.findings) {
    names.push_back(f.name);
    if (!meets(f.name, w.check)) continue;
    known = true;
    if (f.verdict != Verdict::failed) continue;
    used = true;
    if (w.at_most && differing(f) > *w.at_most) {
      f.details.push_back(fmt::format("a waiver allows {} cells to differ: {}", *w.at_most, w.reason));
      continue;
    }
    f.verdict = Verdict::waived;
    f.summary += fmt::format("; waived until {}: {}", until, w.reason);
  }
  if (used) return std::nullopt;
  if (known) {
    said.verdict = Verdict::warned;
    said.summary = "is not used: nothing that it names fails, remove it";
    return said;
  }
  const std::string_view near = nearest(w.check, names);
  said.summary = fmt::format("no check is called {}", quote(w.check));
  if (!near.empty()) said.summary += fmt::format(", did you mean {}?", quote(near));
  return said;
}

Date date_of(const std::string& today) {
  if (today.empty()) return Date(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
  const auto date = parse_date(today);
  if (!date) fail({}, "usage", "{} is no date, expected one as 2026-12-31", quote(today));
  return *date;
}

}  // namespace

bool is_plan(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
  const auto told = guarded([&] {
    constexpr std::string_view kKey = "panmodel_plan";
    const Bytes bytes = map_file(path);
    const std::string_view start = bytes.text().substr(0, 65536);
    // At the start of a line, or quoted as JSON and YAML allow.
    for (size_t at = start.find(kKey); at != std::string_view::npos; at = start.find(kKey, at + 1)) {
      if (at == 0 || std::string_view("\n\"'{").find(start[at - 1]) != std::string_view::npos) return true;
    }
    const bool yaml = path.ends_with(".yaml") || path.ends_with(".yml");
    return yaml && sniff_format(bytes) == nullptr && format_of_path(path) == nullptr;
  });
  return told && *told;
}

Result<Report> run_plan(const PlanRequest& request, Diagnostics& out) {
  return guarded([&] {
    const Date today = date_of(request.today);
    const Plan plan = read_plan(map_file(request.path), request.path);
    Report report{"validate", {}};
    for (const PlanEntry& e : plan.entries) {
      bool ran = true;
      auto section = guarded([&] { return run_entry(e, request, out); });
      if (!section) {
        ran = false;
        section = section_of(e.name, section.error());
      }
      Section& s = report.sections.emplace_back(std::move(*section));
      s.properties.insert(s.properties.begin(), {"model", e.model});
      if (!e.reference.empty()) s.properties.insert(s.properties.begin() + 1, {"reference", e.reference});
      std::vector<Finding> about_waivers;
      for (const Waiver& w : e.waivers) {
        if (!ran) break;  // what could not be run is not waived
        if (auto said = apply(w, today, s)) about_waivers.push_back(std::move(*said));
      }
      for (Finding& f : about_waivers) s.findings.push_back(std::move(f));
      for (Finding& f : s.findings) {
        if (!f.place.known()) f.place = e.place;
      }
    }
    return report;
  });
}

}  // namespace panmodel
