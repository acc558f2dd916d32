#include "tests/pfa/corpus.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "formats/pfa/read_yaml.h"
#include "ir/pfa/check.h"

namespace panmodel::pfa::corpus {

Count Report::total() const {
  Count all;
  for (const auto& [name, c] : groups) {
    all.passed += c.passed;
    all.missed += c.missed;
    all.skipped += c.skipped;
  }
  return all;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}
std::vector<std::string> read_lines(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::shared_ptr<const Program> load(std::string text, const std::string& file) {
  auto program = std::make_shared<Program>();
  program->text = std::move(text);
  program->document = file.ends_with(".yaml") ? read_yaml(program->text, file)
                                              : json::Document::parse(program->text, {.file = file});
  Diagnostics notes;
  check(*program, {}, notes);
  return program;
}

Parsed::Parsed(std::string line)
    : text(std::move(line)), document(json::Document::parse(text, {.non_finite = true})) {}

bool same(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    double x = a.real(), y = b.real();
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) && std::isnan(y);
    double difference = std::fabs(x - y);
    return x == y || difference <= 1e-12 || difference <= 1e-9 * std::max(std::fabs(x), std::fabs(y));
  }
  if (a.kind() != b.kind()) return false;
  if (a.is(Kind::array) || a.is(Kind::record)) {
    return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(), same);
  }
  if (a.is(Kind::map)) {
    return a.members().size() == b.members().size() &&
           std::all_of(a.members().begin(), a.members().end(), [&](const auto& entry) {
             const Value* other = b.members().find(entry.first);
             return other && same(entry.second, *other);
           });
  }
  return equal(a, b);
}
bool same_unordered(Value a, Value b) {
  if (!a.is(Kind::array) || !b.is(Kind::array)) return same(a, b);
  auto less = [](const Value& x, const Value& y) { return compare(x, y) < 0; };
  std::sort(a.edit_items().begin(), a.edit_items().end(), less);
  std::sort(b.edit_items().begin(), b.edit_items().end(), less);
  return same(a, b);
}

std::string describe(const RuntimeError& error) {
  return "error " + (error.coded ? std::to_string(error.code) : std::string("without code")) + " (" + error.message + ")";
}
std::string describe(const Failure& failure) { return to_string(failure.diagnostic); }

}  // namespace panmodel::pfa::corpus
