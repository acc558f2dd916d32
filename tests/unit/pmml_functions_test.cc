// One PMML document per function and its results as JPMML-Evaluator recorded them, from the corpus
// (PANMODEL_CORPUS).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/fail.h"
#include "base/number.h"
#include "formats/format.h"
#include "runtime/frame.h"
#include "runtime/session.h"

namespace panmodel {
namespace {

namespace fs = std::filesystem;

// Files whose record is not followed, with the reason. All but the median are refused by name.
const std::map<std::string, std::string> kOthers = {
    {"median3", "JPMML does not define the function; ours is the median"},
    {"Aggregate_", "JPMML refuses every row: the files have no field with several values"},
    {"Lag_", "the result depends on the rows before; JPMML's driver handed them over as text"},
    {"TextIndex_notok", "tokenize=\"false\": JPMML refuses every row with a text"},
    {"TextIndex_augmented", "augmentedNormalizedTermFrequency: JPMML refuses every row with a text"}};

std::string reason(const std::string& name) {
  for (const auto& [prefix, why] : kOthers) {
    if (name.starts_with(prefix)) return why;
  }
  return "";
}

// Lines of a CSV file, cell by cell; an empty field is the empty text there, "NA" a missing cell.
std::vector<std::vector<std::optional<std::string>>> read_cells(const fs::path& path) {
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::vector<std::optional<std::string>> row(1, "");
    bool quoted = false;
    for (char c : line) {
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        row.emplace_back("");
      } else {
        *row.back() += c;
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

runtime::Frame read_frame(const fs::path& path) {
  runtime::Frame frame;
  for (auto& row : read_cells(path)) {
    if (frame.names.empty()) {
      for (auto& name : row) frame.names.push_back(*name);
      continue;
    }
    for (auto& cell : row) frame.cells.push_back(cell == "NA" ? std::nullopt : std::move(cell));
    frame.lines.push_back(static_cast<uint32_t>(frame.lines.size() + 2));
  }
  return frame;
}

std::string shown(const runtime::Value& value, size_t row, bool refused) {
  if (refused) return "#EXC";
  return value.is_valid(row) ? runtime::element_text(value.tensor, row) : "N/A";
}

bool same(const std::string& ours, const std::string& theirs) {
  if (ours == theirs) return true;
  auto a = parse_real(ours), b = parse_real(theirs);
  if (!a || !b) return false;
  if (std::isnan(*a) || std::isnan(*b)) return std::isnan(*a) && std::isnan(*b);
  return *a == *b || std::abs(*a - *b) <= 1e-13 * std::max(std::abs(*a), std::abs(*b));
}

// The first difference as "row 3: ours X, recorded Y", or why the document is refused; empty when
// there is none.
std::string compare(const fs::path& folder, const std::string& name) {
  Bytes bytes = map_file((folder / "pmml" / (name + ".pmml")).string());
  Diagnostics out;
  std::shared_ptr<const Model> model;
  std::vector<runtime::Value> inputs;
  runtime::Prediction prediction;
  try {
    model = std::make_shared<const Model>(find_format("pmml")->read(bytes, {.path = name + ".pmml"}, out));
    inputs = runtime::bind(*model, read_frame(folder / "csv" / (name + ".in.csv")), {}, out);
    prediction = runtime::Session(model, {.outputs = {"out"}}).run(inputs);
  } catch (const Failure& f) {
    return "refused: " + f.diagnostic.message;
  }
  std::set<uint64_t> refused;
  for (const auto& e : prediction.errors) refused.insert(e.row);
  auto recorded = read_cells(folder / "csv" / (name + ".out.csv"));
  for (size_t row = 0; row + 1 < recorded.size(); ++row) {
    std::string ours = shown(prediction.outputs[0], row, refused.contains(row));
    const std::string theirs = recorded[row + 1][0].value_or("");
    if (!same(ours, theirs)) return fmt::format("row {}: ours '{}', recorded '{}'", row + 1, ours, theirs);
  }
  return "";
}

TEST(PmmlFunctions, AgreeWithTheRecordOfJpmml) {
  const char* corpus = std::getenv("PANMODEL_CORPUS");
  if (corpus == nullptr) GTEST_SKIP() << "PANMODEL_CORPUS is not set: no recorded functions to compare with";
  const fs::path folder = fs::path(corpus) / "pmml" / "builtins";
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "pmml")) names.insert(entry.path().stem().string());
  size_t agree = 0;
  std::string others, unexplained;
  for (const std::string& name : names) {
    std::string difference = compare(folder, name), why = reason(name);
    if (difference.empty()) {
      ++agree;
      continue;
    }
    others += fmt::format("  {}: {}{}\n", name, difference, why.empty() ? "" : " (" + why + ")");
    if (why.empty()) unexplained += name + " ";
    EXPECT_TRUE(why.empty() || name == "median3" || difference.starts_with("refused")) << name;
  }
  std::printf("%zu of %zu agree\n%s", agree, names.size(), others.c_str());
  EXPECT_EQ(names.size(), 121u);
  EXPECT_EQ(unexplained, "");
}

}  // namespace
}  // namespace panmodel
