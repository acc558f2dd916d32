// The official node cases: what panmodel evaluates agrees within the tolerance of ONNX's backend
// tests (relative 1e-3, absolute 1e-7; shape and element type exact). Models with operators or types
// that panmodel does not evaluate are counted by the reason.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "formats/onnx/format.h"
#include "formats/onnx/test_data.h"
#include "ir/ops/foreign.h"
#include "runtime/session.h"
#include "tests/onnx/corpus.h"

namespace panmodel::onnx {
namespace {

constexpr double kRelative = 1e-3, kAbsolute = 1e-7;

// Recorded vectors that contradict their model, by release and case; a later release has them right.
bool wrongly_recorded(const std::string& release, const std::string& name) {
  static const std::set<std::string> kBefore119 = {"v1.13.1", "v1.15.0", "v1.17.0", "v1.18.0"};
  // Bfloat16 recorded as UINT16.
  static const std::set<std::string> kBfloat = {
      "test_cast_BFLOAT16_to_FLOAT", "test_cast_FLOAT_to_BFLOAT16", "test_castlike_BFLOAT16_to_FLOAT",
      "test_castlike_BFLOAT16_to_FLOAT_expanded", "test_castlike_FLOAT_to_BFLOAT16",
      "test_castlike_FLOAT_to_BFLOAT16_expanded"};
  // Negative numbers cast to UINT4 as 0; later releases keep the low bits.
  if (name == "test_cast_FLOAT_to_UINT4") return release == "v1.17.0" || release == "v1.18.0";
  // Twelve strings of which three are stored.
  if (name == "test_cast_FLOAT_to_STRING" || name == "test_cast_STRING_to_FLOAT") {
    return release == "v1.4.1";
  }
  return kBefore119.contains(release) && kBfloat.contains(name);
}

bool is_text(const Tensor& t) { return t.dtype() == DType::string; }

// Empty when equal.
std::string difference(const Tensor& found, const Tensor& wanted) {
  if (found.dtype() != wanted.dtype()) {
    return fmt::format("{}, expected {}", to_string(found.dtype()), to_string(wanted.dtype()));
  }
  if (found.shape() != wanted.shape()) {
    return fmt::format("shape [{}], expected [{}]", fmt::join(found.shape(), ","),
                       fmt::join(wanted.shape(), ","));
  }
  for (size_t i = 0; i < found.size(); ++i) {
    if (is_text(wanted)) {
      if (found.text(i) == wanted.text(i)) continue;
      return fmt::format("element {} is {}, expected {}", i, found.text(i), wanted.text(i));
    }
    const double a = found.real(i), b = wanted.real(i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    if (std::isfinite(b) && std::abs(a - b) <= kAbsolute + kRelative * std::abs(b)) continue;
    return fmt::format("element {} is {}, expected {}", i, a, b);
  }
  return {};
}

struct Counts {
  size_t passed = 0, recorded = 0, failed = 0;
  std::map<std::string, size_t> unsupported;  // by reason
};

// The reason why the model cannot be evaluated.
std::optional<std::string> foreign_operator(const Model& model) {
  for (const Node& node : model.graph.nodes) {
    if (const auto* op = node.as<foreign::Op>()) {
      return op->domain == "ai.onnx" ? op->type : op->domain + "." + op->type;
    }
  }
  return std::nullopt;
}

bool tensors_only(const Model& model) {
  auto tensor = [&](const auto& v) { return model.graph.type(v.value).tensor() != nullptr; };
  return std::ranges::all_of(model.inputs, tensor) && std::ranges::all_of(model.outputs, tensor);
}

// Throws Failure; an empty result is a pass.
std::string run_data(const runtime::Session& session, const std::string& folder) {
  TestVectors vectors = read_test_data(folder, session.model());
  std::vector<runtime::Value> inputs;
  for (Tensor& t : vectors.inputs) inputs.emplace_back(std::move(t));
  runtime::Prediction prediction = session.run(inputs);
  for (size_t o = 0; o < vectors.outputs.size(); ++o) {
    if (!vectors.outputs[o]) continue;
    std::string text = difference(prediction.outputs[o].tensor, *vectors.outputs[o]);
    if (!text.empty()) return fmt::format("output {}: {}", o, text);
  }
  return {};
}

void run_case(const std::filesystem::path& path, Counts& counts) {
  std::string problem;
  try {
    Diagnostics out;
    auto model = std::make_shared<Model>(
        format().read(map_file(path), {.path = path.string()}, out));
    if (auto op = foreign_operator(*model)) {
      ++counts.unsupported[*op];
      return;
    }
    if (!tensors_only(*model)) {
      ++counts.unsupported["values that are no tensors"];
      return;
    }
    runtime::Session session(model, {});
    for (int set = 0; problem.empty(); ++set) {
      const auto folder = path.parent_path() / fmt::format("test_data_set_{}", set);
      if (!std::filesystem::is_directory(folder)) {
        if (set == 0) problem = "there is no test_data_set_0";
        break;
      }
      problem = run_data(session, folder);
    }
  } catch (const Failure& f) {
    // A form that the evaluator refuses by name is no wrong result.
    static const std::set<std::string_view> kRefusals = {"onnx-type", "run-dtype", "run-foreign"};
    if (f.diagnostic.kind == CodeKind::unsupported || kRefusals.contains(f.diagnostic.code)) {
      ++counts.unsupported[std::string(f.diagnostic.code)];
      return;
    }
    problem = to_string(f.diagnostic);
  } catch (const std::exception& e) {
    problem = e.what();
  }
  const std::string name = path.parent_path().filename();
  if (problem.empty()) {
    ++counts.passed;
  } else if (wrongly_recorded(path.parent_path().parent_path().filename(), name)) {
    ++counts.recorded;
  } else {
    ++counts.failed;
    std::printf("FAILED %s: %s\n", path.c_str(), problem.c_str());
  }
}

}  // namespace

size_t run_node_cases(const std::filesystem::path& corpus) {
  size_t failures = 0;
  for (const char* folder : {"node", "node-history"}) {
    Counts counts;
    const auto models = models_in(corpus, {folder});
    for (const auto& path : models) run_case(path, counts);
    size_t unsupported = 0;
    for (const auto& [reason, n] : counts.unsupported) unsupported += n;
    std::printf("%s: %zu cases, %zu pass, %zu fail, %zu wrongly recorded, %zu not supported:\n", folder,
                models.size(), counts.passed, counts.failed, counts.recorded, unsupported);
    for (const auto& [reason, n] : counts.unsupported) std::printf("  %4zu %s\n", n, reason.c_str());
    failures += counts.failed + (counts.passed == 0 ? 1 : 0);
  }
  return failures;
}

}  // namespace panmodel::onnx
