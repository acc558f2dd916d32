// Prints the table of operators by format for docs/coverage.md: what the target of a format says
// about random models of every operator, and how the legaliser takes the rest there.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "converters/convert.h"
#include "formats/format.h"
#include "formats/onnx/writer.h"
#include "ir/op.h"
#include "tests/markdown.h"
#include "tests/ops/sample.h"

namespace {

using namespace panmodel;
using random::Sample;

constexpr uint64_t kModels = 100;

// What becomes of the operator itself in one model.
converters::Verdict verdict(const Model& model, OpId op, int opset) {
  WriteOptions options;
  options.opset = opset;
  auto target = find_format("onnx")->make_target(options);
  try {
    for (auto& v : converters::analyse(model, *target, {})) {
      if (v.op == op_info(op).meta.name) return v;
    }
  } catch (const Failure& f) {
    // Its columns have no form in the target at all.
    converters::Verdict refused;
    refused.level = Support::Level::unsupported;
    refused.how = f.diagnostic.code;
    return refused;
  }
  return {};
}

struct Row {
  size_t native = 0, lowered = 0, refused = 0;
  std::set<std::string> through, reasons;
  int since = 0;  // the oldest opset that takes at least as many models natively
};

Row row_of(const Sample& sample) {
  Row row;
  auto count_native = [&](int opset) {
    size_t native = 0;
    for (uint64_t seed = 0; seed < kModels; ++seed) {
      native += verdict(sample_model(sample, seed), sample.op, opset).how == "native";
    }
    return native;
  };
  for (uint64_t seed = 0; seed < kModels; ++seed) {
    converters::Verdict v = verdict(sample_model(sample, seed), sample.op, 21);
    if (v.how == "native") {
      ++row.native;
    } else if (v.how.empty()) {  // already gone when the legaliser came
      ++row.lowered;
      row.through.insert("boundary");
    } else if (v.level == Support::Level::unsupported) {
      ++row.refused;
      row.reasons.insert(v.how.substr(0, v.how.find(';')));
    } else {
      ++row.lowered;
      row.through.insert(v.how.substr(std::string("through ").size()));
    }
  }
  if (row.native == 0) return row;
  for (row.since = 21; row.since > onnx::kMinOpset; --row.since) {
    if (count_native(row.since - 1) < row.native) break;
  }
  return row;
}

std::string join(const std::set<std::string>& texts) {
  std::string out;
  for (const std::string& t : texts) out += (out.empty() ? "" : "; ") + t;
  return out;
}

}  // namespace

int main() {
  std::string text = fmt::format(
      "| operator | ONNX, opset 21 | native since opset | rewrites | refused |\n|---|---|---|---|---|\n");
  for (const Sample& sample : random::samples()) {
    Row row = row_of(sample);
    std::string_view how = row.native == kModels ? "native"
                           : row.native + row.lowered == kModels
                               ? (row.native == 0 ? "rewritten" : "native or rewritten")
                           : row.native + row.lowered > 0 ? "in part" : "no";
    text += fmt::format("| {} | {} | {} | {} | {} |\n", op_info(sample.op).meta.name, how,
                        row.native == 0 ? "" : std::to_string(row.since), markdown_cell(join(row.through)),
                        markdown_cell(join(row.reasons)));
  }
  return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}
