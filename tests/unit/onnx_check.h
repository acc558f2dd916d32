#pragma once
// Small models with one defect, and what the structural check finds in them.
#include <gtest/gtest.h>

#include <functional>

#include "formats/onnx/check.h"
#include "formats/onnx/make.h"

namespace panmodel::onnx {

inline constexpr int64_t kNewest = 21;

inline std::string list(const Diagnostics& found) {
  std::string all;
  for (const Diagnostic& d : found.list()) all += to_string(d) + "\n";
  return all;
}

// Some problem has this code, and its place and message hold these words.
inline testing::AssertionResult has(const Diagnostics& found, std::string_view code,
                             std::initializer_list<std::string_view> words,
                             Severity severity = Severity::error) {
  for (const Diagnostic& d : found.list()) {
    std::string text = to_string(d);
    bool all = d.code == code && d.severity == severity;
    for (std::string_view word : words) all = all && text.find(word) != std::string::npos;
    if (all) return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << code << " not found in:\n" << list(found);
}

inline TypeProto reals(int64_t n) { return tensor_type(DataType::f32, {dim(n)}); }

inline TensorProto vector(std::string_view name, std::vector<int64_t> values) {
  return make_tensor(name, {static_cast<int64_t>(values.size())}, std::span<const int64_t>(values));
}

// x -> Neg 'first' -> Abs 'second' -> y
inline ModelProto sound() {
  ModelProto m;
  m.ir_version = 10;
  m.opset_import.push_back({.domain = "", .version = kNewest});
  m.opset_import.push_back({.domain = "ai.onnx.ml", .version = 5});
  GraphProto& g = m.graph.ensure();
  g.name = "g";
  g.input.push_back(make_value("x", reals(3)));
  g.output.push_back(make_value("y", reals(3)));
  g.node.push_back(make_node("Neg", {"x"}, {"h"}, "first"));
  g.node.push_back(make_node("Abs", {"h"}, {"y"}, "second"));
  return m;
}

inline Diagnostics broken(const std::function<void(ModelProto&)>& change) {
  ModelProto m = sound();
  change(m);
  // As a file holds it.
  std::string bytes = serialise(m);
  return check(parse_model(Bytes::copy_of(bytes)));
}

inline Diagnostics with_node(NodeProto node, std::vector<TensorProto> initialisers = {}) {
  return broken([&](ModelProto& m) {
    for (TensorProto& t : initialisers) m.graph->initializer.push_back(t);
    m.graph->node.push_back(node);
  });
}

inline NodeProto with(NodeProto node, std::vector<AttributeProto> attributes) {
  node.attribute = std::move(attributes);
  return node;
}

}  // namespace panmodel::onnx
