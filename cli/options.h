#pragma once
// Options that several verbs share.
#include <functional>
#include <string>
#include <vector>

#include "cli/verbs.h"

namespace panmodel::cli {

void add_data_options(CLI::App* verb, DataOptions& options);

// One report on standard output or in a file, and others beside it.
struct ReportOptions {
  std::string format = "text", output;
  std::vector<std::string> more;  // FORMAT=FILE
  bool force = false;
};
void add_report_options(CLI::App* verb, ReportOptions& options);
// Without -o and --force, for a verb that has its own.
void add_report_formats(CLI::App* verb, ReportOptions& options);
// Every report that is asked for, each as `text_of` gives it; an empty text is not printed.
void publish(const ReportOptions& options, Common& common,
             const std::function<std::string(ReportFormat)>& text_of);
// Of a job that could not be done: its first error, for JUnit, markdown and GitHub.
void publish_failure(const char* verb, const std::string& name, const ReportOptions& options, Common& common);

// "[OUTPUT:]NUMBER", repeatable: a limit for all outputs or for one.
struct LimitOptions {
  std::vector<std::string> texts;
  CLI::Option* option = nullptr;
  void add(CLI::App* verb, const char* name, const char* meaning);
  bool given() const { return !texts.empty(); }
  // `set` gets an empty name for all outputs. Throws CLI::ValidationError for what is no number.
  void apply(const std::function<void(const std::string& output, double value)>& set) const;
};

}  // namespace panmodel::cli
