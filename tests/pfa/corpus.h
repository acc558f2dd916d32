#pragma once
// The PFA part of the corpus, as each part of the test sees it.
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "ir/pfa/program.h"
#include "runtime/pfa/engine.h"

namespace panmodel::pfa::corpus {

namespace fs = std::filesystem;

struct Count {
  size_t passed = 0, missed = 0, skipped = 0;
};

// What came of one part.
struct Report {
  std::map<std::string, Count> groups;          // by function, or by folder
  std::map<std::string, std::string> misses;    // case -> what happened instead
  void pass(const std::string& group) { ++groups[group].passed; }
  void skip(const std::string& group) { ++groups[group].skipped; }
  void miss(const std::string& group, const std::string& name, std::string what) {
    ++groups[group].missed;
    misses.emplace(name, std::move(what));
  }
  Count total() const;
};

Report conformance(const fs::path& corpus);   // sample.jsonl: every trial
Report unit_tests(const fs::path& corpus);    // documents of the reference engine's tests, and their calls
Report inference(const fs::path& corpus);     // types of expressions
Report tutorial(const fs::path& corpus);      // examples/dmg_tutorial
Report aurelius(const fs::path& corpus);      // examples/aurelius against R's predictions
Report lren(const fs::path& corpus);          // examples/lren_chuv against the reference engine

std::string read_file(const fs::path& path);
std::vector<std::string> read_lines(const fs::path& path);
// A program from JSON, or from YAML when the name says so. Throws Failure.
std::shared_ptr<const Program> load(std::string text, const std::string& file);
// Keeps its text alive.
struct Parsed {
  explicit Parsed(std::string line);
  std::string text;
  json::Document document;
  json::Ref root() const { return document.root(); }
};

// Numbers within 1e-9 of each other, relative to the larger one, or 1e-12; everything else equal.
bool same(const Value& a, const Value& b);
// The same with arrays compared after sorting.
bool same_unordered(Value a, Value b);
// What a call threw, in a few words: "error 18000", "pfa-function".
std::string describe(const RuntimeError& error);
std::string describe(const Failure& failure);

}  // namespace panmodel::pfa::corpus
