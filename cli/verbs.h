#pragma once
// One function per verb: adds it to the command line; the verb leaves its exit code in `status`.
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/panmodel.h"

namespace panmodel::cli {

struct Common {
  bool quiet = false;
  std::string fail_on;  // "", "loss", "warning"
  uint64_t memory_limit = LoadOptions{}.memory_limit;  // of reading a model
  int status = 0;
  std::optional<Diagnostic> error;  // the first one that was said
};

void add_inspect(CLI::App& app, Common& common);
void add_convert(CLI::App& app, Common& common);
void add_predict(CLI::App& app, Common& common);
void add_compare(CLI::App& app, Common& common);
void add_rows(CLI::App& app, Common& common);
void add_validate(CLI::App& app, Common& common);
void add_check(CLI::App& app, Common& common);
void add_lists(CLI::App& app, Common& common);

// Prints diagnostics to standard error (notes and losses not when quiet) and raises the status.
void say(const Diagnostics& diagnostics, Common& common);
void say(const Diagnostic& error, Common& common);
// The same as findings of a report: what raises the status has failed.
std::vector<Finding> findings_of(const Diagnostics& diagnostics, const Common& common);
// Standard output or a file; a failing write is exit 5.
void print(const std::string& text, const std::string& path, bool force, Common& common);
// Reads a model or says why not; null then.
std::shared_ptr<const Model> load(const std::string& path, const LoadOptions& options, Common& common);

}  // namespace panmodel::cli
