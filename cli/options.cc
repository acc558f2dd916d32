#include "cli/options.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"

namespace panmodel::cli {
namespace {

const std::vector<std::string> kFormats = {"text", "json", "junit", "markdown", "github"};

std::optional<ReportFormat> format_of(const std::string& name) {
  const auto at = std::find(kFormats.begin(), kFormats.end(), name);
  if (at == kFormats.end()) return std::nullopt;
  return static_cast<ReportFormat>(at - kFormats.begin());
}

// "[output:]number": the name may hold colons itself, as columns do.
std::pair<std::string, double> parse_limit(const std::string& option, const std::string& text) {
  const size_t mark = text.rfind(':');
  const std::string number = mark == std::string::npos ? text : text.substr(mark + 1);
  const std::optional<double> value = parse_real(number);
  if (!value || !(*value >= 0)) {
    throw CLI::ValidationError(option, quote(text) + " is no limit, expected [OUTPUT:]NUMBER, not negative");
  }
  return {mark == std::string::npos ? "" : text.substr(0, mark), *value};
}

}  // namespace

void add_data_options(CLI::App* verb, DataOptions& options) {
  verb->add_option("--data-format", options.format, "csv, jsonl, npy or npz; default: by content")
      ->check(CLI::IsMember({"csv", "jsonl", "npy", "npz"}));
  verb->add_option("--missing", options.missing, "tokens that mean missing, beside the empty field");
  verb->add_flag("--strict", options.strict,
                 "extra columns are an error, and PMML is read by the letter of its specification");
  verb->add_option("--output", options.outputs, "outputs to compute, in this order (repeatable)");
  verb->add_option("--jobs", options.jobs, "threads; 0 = all cores");
  verb->add_option_function<std::string>(
          "--on-error",
          [&options](const std::string& name) { options.on_error = name == "stop" ? OnError::stop : OnError::row; },
          "when a model refuses a row: row, it has no predictions and the others go on (default); stop")
      ->check(CLI::IsMember({"row", "stop"}));
}

void add_report_formats(CLI::App* verb, ReportOptions& options) {
  verb->add_option("--format", options.format, "of the report: text, json, junit, markdown or github")
      ->check(CLI::IsMember(kFormats));
  verb->add_option("--report", options.more, "FORMAT=FILE: another report beside it (repeatable)")
      ->allow_extra_args(false)
      ->check(
          [](const std::string& text) -> std::string {
            const size_t mark = text.find('=');
            if (format_of(text.substr(0, mark)) && mark != std::string::npos && mark + 1 < text.size()) return {};
            return quote(text) + " is no report, expected FORMAT=FILE with text, json, junit, markdown or github";
          },
          "");
}

void add_report_options(CLI::App* verb, ReportOptions& options) {
  add_report_formats(verb, options);
  verb->add_option("-o", options.output, "write the report to this file");
  verb->add_flag("--force", options.force, "overwrite what is written");
}

void publish(const ReportOptions& options, Common& common,
             const std::function<std::string(ReportFormat)>& text_of) {
  const auto one = [&](const std::string& name, const std::string& path) {
    const std::string text = text_of(*format_of(name));
    if (!text.empty()) print(text, path, options.force, common);
  };
  one(options.format, options.output);
  for (const std::string& more : options.more) {
    const size_t mark = more.find('=');
    one(more.substr(0, mark), more.substr(mark + 1));
  }
}

void publish_failure(const char* verb, const std::string& name, const ReportOptions& options, Common& common) {
  if (!common.error) return;
  const Report report{verb, {section_of(name, *common.error)}};
  publish(options, common, [&](ReportFormat format) {
    const bool silent = format == ReportFormat::text || format == ReportFormat::json;
    return silent ? std::string() : print_report(report, format);
  });
}

void LimitOptions::add(CLI::App* verb, const char* name, const char* meaning) {
  option = verb->add_option(name, texts, meaning)->allow_extra_args(false);
}

void LimitOptions::apply(const std::function<void(const std::string& output, double value)>& set) const {
  for (const std::string& text : texts) {
    const auto [output, value] = parse_limit(option->get_name(), text);
    set(output, value);
  }
}

}  // namespace panmodel::cli
