// The structural check of ONNX: each class of defect in a small model, with its code and its place.
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "formats/onnx/check.h"
#include "formats/onnx/external_data.h"
#include "formats/onnx/make.h"
#include "formats/onnx/opsets.h"

namespace panmodel::onnx {
namespace {

constexpr int64_t kNewest = 21;

std::string list(const Diagnostics& found) {
  std::string all;
  for (const Diagnostic& d : found.list()) all += to_string(d) + "\n";
  return all;
}

// Some problem has this code, and its place and message hold these words.
testing::AssertionResult has(const Diagnostics& found, std::string_view code,
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

TypeProto reals(int64_t n) { return tensor_type(DataType::f32, {dim(n)}); }

TensorProto vector(std::string_view name, std::vector<int64_t> values) {
  return make_tensor(name, {static_cast<int64_t>(values.size())}, std::span<const int64_t>(values));
}

// x -> Neg 'first' -> Abs 'second' -> y
ModelProto sound() {
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

Diagnostics broken(const std::function<void(ModelProto&)>& change) {
  ModelProto m = sound();
  change(m);
  // As a file holds it.
  std::string bytes = serialise(m);
  return check(parse_model(Bytes::copy_of(bytes)));
}

Diagnostics with_node(NodeProto node, std::vector<TensorProto> initialisers = {}) {
  return broken([&](ModelProto& m) {
    for (TensorProto& t : initialisers) m.graph->initializer.push_back(t);
    m.graph->node.push_back(node);
  });
}

NodeProto with(NodeProto node, std::vector<AttributeProto> attributes) {
  node.attribute = std::move(attributes);
  return node;
}

TEST(OnnxCheck, ASoundModelHasNoProblem) {
  Diagnostics found = broken([](ModelProto&) {});
  EXPECT_TRUE(found.list().empty()) << list(found);
}

TEST(OnnxCheck, EveryProblemIsListed) {
  Diagnostics found = broken([](ModelProto& m) {
    m.graph->node[0].input[0] = "nowhere";
    m.graph->node[1].op_type = "Abss";
    m.graph->output[0].name = "z";
    m.graph->initializer.push_back(make_tensor("w", {1}, std::span<const float>({1.0f})));
    m.graph->initializer[0].dims = {2};
  });
  EXPECT_TRUE(has(found, "onnx-graph", {"graph.node[0] 'first' (Neg)", "'nowhere'"}));
  EXPECT_TRUE(has(found, "onnx-node", {"graph.node[1] 'second' (Abss)", "Abs is near"},
                  Severity::warning));
  EXPECT_TRUE(has(found, "onnx-graph", {"graph.output[0] 'z'", "nothing makes"}));
  EXPECT_TRUE(has(found, "onnx-tensor-length", {"graph.initializer[0] 'w'"}));
  EXPECT_EQ(found.list().size(), 4u) << list(found);
}

TEST(OnnxCheck, ProblemsBeyondTheLimitAreCounted) {
  ModelProto m = sound();
  for (int i = 0; i < 10; ++i) m.graph->node[0].input.push_back("nowhere");
  Diagnostics found = check(m, {.max_problems = 3});
  EXPECT_EQ(found.list().size(), 4u);
  EXPECT_TRUE(has(found, "onnx-graph", {"8 more problems"})) << list(found);
}

// ---- Versions and imports.

TEST(OnnxCheck, Versions) {
  auto opset = [](int64_t version) {
    return broken([=](ModelProto& m) { m.opset_import[0].version = version; });
  };
  EXPECT_TRUE(has(opset(0), "onnx-graph", {"opset_import[0]", "opset 0 of ai.onnx"}));
  EXPECT_TRUE(has(opset(9999), "onnx-graph", {"opset_import[0]", "opset 9999 of ai.onnx"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.opset_import.clear(); }), "onnx-graph",
                  {"imports no opset"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.opset_import.push_back({.domain = "ai.onnx", .version = kNewest});
                  }),
                  "onnx-graph", {"opset_import[2]", "imported twice"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.ir_version.reset(); }), "onnx-graph",
                  {"ir_version"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.ir_version = 99; }), "onnx-graph", {"IR version 99"},
                  Severity::warning));
}

TEST(OnnxCheck, Operators) {
  EXPECT_TRUE(has(with_node(make_node("Mine", {"x"}, {"q"}, "n", "my.domain")), "onnx-graph",
                  {"graph.node[2] 'n' (Mine)", "my.domain is not imported"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.opset_import.push_back({.domain = "my.domain", .version = 1});
                    m.graph->node.push_back(make_node("Mine", {"x"}, {"q"}, "n", "my.domain"));
                  }),
                  "run-foreign", {"graph.node[2]", "my.domain"}, Severity::note));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.opset_import[0].version = 8;
                    m.graph->node[0].op_type = "Erf";
                  }),
                  "onnx-node", {"graph.node[0]", "Erf came after opset 8"},
                  Severity::warning));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.graph->node[0].input.push_back("x"); }), "onnx-node",
                  {"graph.node[0] 'first' (Neg)", "2 inputs, 1 expected"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.graph->node[0].input.clear(); }), "onnx-node",
                  {"0 inputs, 1 expected"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.graph->node[0].output.push_back("q"); }),
                  "onnx-node", {"2 outputs, 1 expected"}));
}

// ---- Names.

TEST(OnnxCheck, Names) {
  EXPECT_TRUE(has(broken([](ModelProto& m) { std::swap(m.graph->node[0], m.graph->node[1]); }),
                  "onnx-graph", {"graph.node[0] 'second' (Abs)", "must be sorted"}));
  EXPECT_TRUE(has(with_node(make_node("Neg", {"x"}, {"h"}, "again")), "onnx-graph",
                  {"graph.node[2] 'again'", "'h' is already made by node[0]"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.graph->input.push_back(make_value("x", reals(1)));
                  }),
                  "onnx-graph", {"graph.input[1] 'x'", "that of an input"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.graph->initializer.push_back(vector("w", {1}));
                    m.graph->initializer.push_back(vector("w", {2}));
                  }),
                  "onnx-graph", {"graph.initializer[1] 'w'", "that of an initialiser"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.graph->input[0].type.reset(); }), "onnx-type",
                  {"graph.input[0] 'x'", "no type"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.graph->input[0].type->tensor_type->elem_type = 77; }),
                  "onnx-type", {"graph.input[0] 'x'", "element type 77"}));
  // A node may not feed itself.
  EXPECT_TRUE(has(with_node(make_node("Neg", {"q"}, {"q"})), "onnx-graph", {"graph.node[2]"}));
}

// ---- Tensors.

Diagnostics with_tensor(const std::function<void(TensorProto&)>& change) {
  return broken([&](ModelProto& m) {
    m.graph->initializer.push_back(vector("w", {1, 2}));
    change(m.graph->initializer[0]);
  });
}

TEST(OnnxCheck, Tensors) {
  const char* place = "graph.initializer[0] 'w'";
  const int64_t big = int64_t{1} << 62;
  EXPECT_TRUE(has(with_tensor([=](TensorProto& t) { t.dims = {big, big}; }), "onnx-tensor-dims",
                  {place, "2^63"}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.dims = {-2}; }), "onnx-tensor-dims",
                  {place, "dimension 0 is -2"}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.dims = {700000000}; }), "onnx-tensor-length",
                  {place}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.raw_data = Bytes::copy_of("123456789"); }),
                  "onnx-tensor-length", {place, "16 bytes of raw_data, 9 found"}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.int64_data = std::vector<int64_t>{1, 2}; }),
                  "onnx-tensor-fields", {place}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.data_type = 8; }), "onnx-tensor-fields",
                  {place, "string_data"}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.data_type = 1234; }), "onnx-tensor-type",
                  {place, "1234"}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.segment.ensure().begin = 0; }),
                  "onnx-tensor-segment", {place}));
  EXPECT_TRUE(has(with_tensor([](TensorProto& t) { t.dims.assign(1025, 1); }), "onnx-tensor-rank",
                  {place, "1025"}));
}

TEST(OnnxCheck, SparseTensors) {
  auto sparse = [](std::vector<int64_t> indices, std::vector<int64_t> dims) {
    return broken([&](ModelProto& m) {
      SparseTensorProto t;
      t.values = vector("s", {1, 2});
      t.indices = vector("", indices);
      t.dims = dims;
      m.graph->sparse_initializer.push_back(std::move(t));
    });
  };
  const char* place = "graph.sparse_initializer[0] 's'";
  EXPECT_TRUE(sparse({0, 5}, {6}).list().empty());
  EXPECT_TRUE(has(sparse({0}, {6}), "onnx-sparse", {place}));
  EXPECT_TRUE(has(sparse({5, 0}, {6}), "onnx-sparse", {place}));
  EXPECT_TRUE(has(sparse({0, 6}, {6}), "onnx-sparse", {place}));
  EXPECT_TRUE(has(sparse({0, 5}, {int64_t{1} << 62, 8}), "onnx-tensor-dims", {place}));
}

TEST(OnnxCheck, ExternalData) {
  auto external = [](std::vector<StringStringEntryProto> entries) {
    return with_tensor([&](TensorProto& t) {
      t.raw_data.reset();
      t.data_location = 1;
      t.external_data = entries;
    });
  };
  const char* place = "graph.initializer[0] 'w'";
  for (const char* path : {"/etc/passwd", "../a", "a/../../b", "a\\b", "c:d"}) {
    EXPECT_TRUE(has(external({{"location", path}}), "onnx-external-path", {place})) << path;
  }
  EXPECT_TRUE(has(external({{"location", "a"}, {"__class__", "b"}}), "onnx-external-key", {place}));
  EXPECT_TRUE(has(external({{"location", "a"}, {"offset", "-1"}}), "onnx-external-key", {place}));
  EXPECT_TRUE(has(external({{"location", "a"}, {"length", "999999999999999"}}),
                  "onnx-external-range", {place}));
  EXPECT_TRUE(has(external({}), "onnx-external-key", {place, "no location"}));
  EXPECT_TRUE(has(external({{"location", "a"}}), "onnx-external-base", {place}));
}

TEST(OnnxCheck, ExternalFiles) {
  const std::string folder = testing::TempDir() + "onnx_check_" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/data") << "0123456789abcdef";
  std::filesystem::create_symlink("data", folder + "/link");
  auto external = [&](const char* name, const char* offset) {
    ModelProto m = sound();
    m.file = folder + "/model.onnx";
    TensorProto t = vector("w", {1, 2});
    t.raw_data.reset();
    t.data_location = 1;
    t.external_data = {{"location", name}, {"offset", offset}};
    m.graph->initializer.push_back(t);
    return check(m);
  };
  EXPECT_TRUE(external("data", "0").list().empty()) << list(external("data", "0"));
  EXPECT_TRUE(has(external("data", "8"), "onnx-external-range", {"graph.initializer[0] 'w'"}));
  EXPECT_TRUE(has(external("link", "0"), "onnx-external-link", {"graph.initializer[0] 'w'"}));
  EXPECT_TRUE(has(external("none", "0"), "onnx-external-open", {"graph.initializer[0] 'w'"}));
  // The bytes stay readable as long as somebody holds them.
  Bytes second = ExternalFiles(folder).get({.location = "data", .offset = 8}, 8, {});
  EXPECT_EQ(second.text(), "89abcdef");
  std::filesystem::create_hard_link(folder + "/data", folder + "/hard");
  EXPECT_TRUE(has(external("hard", "0"), "onnx-external-link", {"hard links"}));
  std::filesystem::remove_all(folder);
}

// ---- Attributes.

TEST(OnnxCheck, Attributes) {
  NodeProto softmax = make_node("Softmax", {"x"}, {"q"}, "s");
  const char* place = "graph.node[2] 's' (Softmax)";
  EXPECT_TRUE(has(with_node(with(softmax, {make_attribute("axes", int64_t{1})})), "onnx-node",
                  {place, "no attribute 'axes'"}));
  EXPECT_TRUE(has(with_node(with(softmax, {make_attribute("axis", 1.0f)})), "onnx-node",
                  {place, "type FLOAT, INT expected"}));
  EXPECT_TRUE(has(with_node(with(softmax, {make_attribute("axis", int64_t{1}),
                                           make_attribute("axis", int64_t{1})})),
                  "onnx-node", {place, "given twice"}));
  EXPECT_TRUE(has(with_node(make_node("Cast", {"x"}, {"q"})), "onnx-node", {"'to' is missing"}));
  EXPECT_TRUE(has(with_node(with(make_node("Cast", {"x"}, {"q"}), {make_attribute("to", int64_t{99})})),
                  "onnx-type", {"to is element type 99"}));
  AttributeProto odd = make_attribute("axis", int64_t{1});
  odd.type = 99;
  EXPECT_TRUE(has(with_node(with(softmax, {odd})), "onnx-node", {place, "has type 99"}));
  odd.type = static_cast<int32_t>(AttributeType::integer);
  odd.f = 1.0f;
  EXPECT_TRUE(has(with_node(with(softmax, {odd})), "onnx-node", {place, "a value of type FLOAT"}));
  odd = make_attribute("axis", int64_t{1});
  odd.i.reset();
  EXPECT_TRUE(has(with_node(with(softmax, {odd})), "onnx-node", {place, "no value"}));
  odd.ref_attr_name = "a";
  EXPECT_TRUE(has(with_node(with(softmax, {odd})), "onnx-node", {place, "stands in none"}));
  EXPECT_TRUE(has(with_node(with(make_node("MaxPool", {"x"}, {"q"}),
                                 {make_attribute("kernel_shape", std::vector<int64_t>{2, 2}),
                                  make_attribute("strides", std::vector<int64_t>{0})})),
                  "onnx-node", {"strides[0] is 0"}));
  NodeProto constant = make_node("Constant", {}, {"q"}, "c");
  TensorProto bad = vector("", {1});
  bad.dims = {3};
  EXPECT_TRUE(has(with_node(with(constant, {make_attribute("value", bad)})), "onnx-tensor-length",
                  {"graph.node[2] 'c' (Constant).attribute 'value'"}));
}

// ---- Huge results and sizes that cannot be.

TEST(OnnxCheck, HugeResults) {
  const int64_t big = 1 << 20;
  auto huge = [](NodeProto node, std::vector<TensorProto> constants) {
    return has(with_node(std::move(node), std::move(constants)), "limit-memory",
               {"graph.node[2]"}, Severity::warning);
  };
  EXPECT_TRUE(huge(make_node("ConstantOfShape", {"s"}, {"q"}), {vector("s", {big, big})}));
  EXPECT_TRUE(huge(make_node("Expand", {"x", "s"}, {"q"}), {vector("s", {big, big, big, big})}));
  EXPECT_TRUE(huge(make_node("Tile", {"x", "s"}, {"q"}), {vector("s", {big << 20})}));
  EXPECT_TRUE(huge(make_node("Range", {"a", "b", "c"}, {"q"}),
                   {vector("a", {INT64_MIN}), vector("b", {INT64_MAX}), vector("c", {3})}));
  EXPECT_TRUE(with_node(make_node("Expand", {"x", "s"}, {"q"}), {vector("s", {big})}).list().empty());
  EXPECT_TRUE(has(with_node(make_node("ConstantOfShape", {"s"}, {"q"}),
                            {vector("s", std::vector<int64_t>(1025, 1))}),
                  "onnx-tensor-rank", {"graph.node[2]", "1025"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.graph->input.push_back(
                        make_value("s", tensor_type(DataType::i64, {dim(int64_t{1000000000})})));
                    m.graph->node.push_back(make_node("Reshape", {"x", "s"}, {"q"}));
                  }),
                  "onnx-tensor-rank", {"graph.node[2]", "1000000000"}));
  EXPECT_TRUE(has(with_node(make_node("ConstantOfShape", {"s"}, {"q"}), {vector("s", {-1})}),
                  "onnx-node", {"dimension 0 of the constant shape is -1"}));
  EXPECT_TRUE(has(with_node(make_node("Slice", {"x", "a", "a", "a", "s"}, {"q"}),
                            {vector("a", {0}), vector("s", {0})}),
                  "onnx-node", {"a step is 0"}));
}

// ---- Subgraphs and functions.

GraphProto nested(int depth) {
  GraphProto g;
  g.name = "inner";
  g.output.push_back(make_value("r", reals(1)));
  NodeProto n = make_node("Identity", {"x"}, {"r"});
  if (depth > 1) {
    n = with(make_node("If", {"c"}, {"r"}), {make_attribute("then_branch", nested(depth - 1)),
                                             make_attribute("else_branch", nested(1))});
  }
  g.node.push_back(n);
  return g;
}

TEST(OnnxCheck, Subgraphs) {
  auto condition = [](ModelProto& m, GraphProto branch) {
    m.graph->input.push_back(make_value("c", tensor_type(DataType::boolean, {})));
    m.graph->node.push_back(with(make_node("If", {"c"}, {"q"}, "if"),
                                 {make_attribute("then_branch", branch),
                                  make_attribute("else_branch", nested(1))}));
  };
  Diagnostics fine = broken([&](ModelProto& m) { condition(m, nested(3)); });
  EXPECT_TRUE(fine.list().empty()) << list(fine);
  GraphProto lost = nested(1);
  lost.node[0].input[0] = "nowhere";
  EXPECT_TRUE(has(broken([&](ModelProto& m) { condition(m, lost); }), "onnx-graph",
                  {"graph.node[2] 'if' (If).then_branch.node[0] (Identity)", "'nowhere'"}));
  ModelProto deep = sound();
  condition(deep, nested(40));
  EXPECT_TRUE(has(check(deep), "onnx-depth", {"deeper than 32"}));
}

ModelProto with_functions(std::vector<std::vector<std::string>> calls) {
  ModelProto m = sound();
  m.opset_import.push_back({.domain = "f", .version = 1});
  for (size_t i = 0; i < calls.size(); ++i) {
    FunctionProto f;
    f.name = "f" + std::to_string(i);
    f.domain = "f";
    f.input = {"a"};
    f.output = {"b"};
    f.opset_import = {{.domain = "", .version = kNewest}, {.domain = "f", .version = 1}};
    f.node.push_back(make_node("Neg", {"a"}, {"b"}));
    for (size_t k = 0; k < calls[i].size(); ++k) {
      f.node.push_back(make_node(calls[i][k], {"a"}, {Text("b" + std::to_string(k))}, "", "f"));
    }
    m.functions.push_back(f);
  }
  return m;
}

TEST(OnnxCheck, Functions) {
  EXPECT_TRUE(check(with_functions({{"f1"}, {}})).list().empty());
  EXPECT_TRUE(has(check(with_functions({{"f0"}})), "onnx-depth",
                  {"functions[0] 'f0'", "leads back"}));
  EXPECT_TRUE(has(check(with_functions({{"f1"}, {"f2"}, {"f0"}})), "onnx-depth",
                  {"functions[2] 'f2'", "calls 'f0'"}));
  ModelProto through = with_functions({{}});
  GraphProto branch = nested(1);
  branch.node[0] = make_node("f0", {"a"}, {"r"}, "", "f");
  through.functions[0].node.push_back(with(make_node("If", {"a"}, {"q"}),
                                           {make_attribute("then_branch", branch),
                                            make_attribute("else_branch", branch)}));
  EXPECT_TRUE(has(check(through), "onnx-depth", {"functions[0] 'f0'", "leads back"}));
  std::vector<std::vector<std::string>> chain;
  for (int i = 1; i < 150; ++i) chain.push_back({"f" + std::to_string(i)});
  chain.push_back({});
  EXPECT_TRUE(has(check(with_functions(chain)), "onnx-depth", {"deeper than 100"}));
  ModelProto twice = with_functions({{}, {}});
  twice.functions[1].name = "f0";
  EXPECT_TRUE(has(check(twice), "onnx-graph", {"functions[1] 'f0'", "functions[0]"}));
  ModelProto call = with_functions({{}});
  call.graph->node.push_back(make_node("f0", {"x", "h"}, {"q"}, "", "f"));
  EXPECT_TRUE(has(check(call), "onnx-node", {"graph.node[2]", "2 inputs"}));
  ModelProto unknown = with_functions({{"g"}});
  unknown.functions[0].output = {"nowhere"};
  EXPECT_TRUE(has(check(unknown), "onnx-graph", {"functions[0] 'f0'.output", "'nowhere'"}));
  EXPECT_TRUE(has(check(with_functions({{}, {}}), {.max_functions = 1}), "onnx-depth",
                  {"2 functions, 1 are the limit"}));
}

// ---- Operators of ai.onnx.ml.

using Attributes = std::vector<AttributeProto>;

void set(NodeProto& n, AttributeProto value) {
  for (AttributeProto& a : n.attribute) {
    if (a.name == value.name.get()) {
      a = value;
      return;
    }
  }
  n.attribute.push_back(value);
}

using Ints = std::vector<int64_t>;
using Reals = std::vector<float>;

NodeProto stump() {
  return with(make_node("TreeEnsembleRegressor", {"x"}, {"q"}, "trees", "ai.onnx.ml"),
              {make_attribute("n_targets", int64_t{1}),
               make_attribute("nodes_treeids", Ints{0, 0, 0}),
               make_attribute("nodes_nodeids", Ints{0, 1, 2}),
               make_attribute("nodes_featureids", Ints{0, 0, 0}),
               make_attribute("nodes_modes", std::vector<Text>{"BRANCH_LEQ", "LEAF", "LEAF"}),
               make_attribute("nodes_values", Reals{0.5f, 0, 0}),
               make_attribute("nodes_truenodeids", Ints{1, 0, 0}),
               make_attribute("nodes_falsenodeids", Ints{2, 0, 0}),
               make_attribute("target_treeids", Ints{0, 0}),
               make_attribute("target_nodeids", Ints{1, 2}),
               make_attribute("target_ids", Ints{0, 0}),
               make_attribute("target_weights", Reals{1, 2})});
}

TEST(OnnxCheck, TreeEnsembles) {
  Diagnostics fine = with_node(stump());
  EXPECT_TRUE(has(fine, "onnx-node", {"withdrawn since version 5"}, Severity::note));
  EXPECT_EQ(fine.list().size(), 1u) << list(fine);
  auto bad = [](AttributeProto a, std::string_view words) {
    NodeProto n = stump();
    set(n, std::move(a));
    return has(with_node(n), "onnx-node", {"graph.node[2] 'trees' (TreeEnsembleRegressor)", words});
  };
  EXPECT_TRUE(bad(make_attribute("nodes_featureids", Ints{0, 0}), "'nodes_featureids' has 2 entries, 3"));
  EXPECT_TRUE(bad(make_attribute("nodes_values", Reals{0}), "'nodes_values' has 1 entries, 3"));
  EXPECT_TRUE(bad(make_attribute("nodes_truenodeids", Ints{9, 0, 0}), "nodes_truenodeids[0] is 9"));
  EXPECT_TRUE(bad(make_attribute("nodes_truenodeids", Ints{0, 0, 0}), "has a cycle"));
  EXPECT_TRUE(bad(make_attribute("nodes_featureids", Ints{-1, 0, 0}), "nodes_featureids[0] is -1"));
  EXPECT_TRUE(bad(make_attribute("nodes_featureids", Ints{int64_t{1} << 40, 0, 0}),
                  "nodes_featureids[0] is"));
  EXPECT_TRUE(bad(make_attribute("nodes_nodeids", Ints{0, 1, 1}), "is given twice"));
  EXPECT_TRUE(bad(make_attribute("nodes_modes", std::vector<Text>{"BRANCH", "LEAF", "LEAF"}),
                  "nodes_modes[0]"));
  EXPECT_TRUE(bad(make_attribute("target_ids", Ints{0, 1}), "target_ids[1] is 1"));
  EXPECT_TRUE(bad(make_attribute("target_nodeids", Ints{1, 7}), "target_nodeids[1] is 7"));
  EXPECT_TRUE(bad(make_attribute("target_weights", Reals{1}), "'target_weights' has 1 entries, 2"));
  EXPECT_TRUE(bad(make_attribute("base_values", Reals{1, 2}), "'base_values' has 2 entries, 1"));
  EXPECT_TRUE(bad(make_attribute("post_transform", "MAYBE"), "'post_transform' is"));
}

TEST(OnnxCheck, TreeEnsembleOfVersion5) {
  auto tree = [](Ints left, Ints left_leaf, Ints roots, Ints targets) {
    const float splits[] = {0.5f, 0.5f}, weights[] = {1, 2, 3};
    const uint8_t modes[] = {0, 0};
    return with_node(with(
        make_node("TreeEnsemble", {"x"}, {"q"}, "t", "ai.onnx.ml"),
        {make_attribute("nodes_featureids", Ints{0, 0}),
         make_attribute("nodes_splits", make_tensor("", {2}, std::span<const float>(splits))),
         make_attribute("nodes_modes", make_tensor("", {2}, std::span<const uint8_t>(modes))),
         make_attribute("nodes_truenodeids", left), make_attribute("nodes_trueleafs", left_leaf),
         make_attribute("nodes_falsenodeids", Ints{0, 1}),
         make_attribute("nodes_falseleafs", Ints{1, 1}), make_attribute("tree_roots", roots),
         make_attribute("leaf_targetids", targets), make_attribute("n_targets", int64_t{1}),
         make_attribute("leaf_weights", make_tensor("", {3}, std::span<const float>(weights)))}));
  };
  Diagnostics fine = tree({1, 2}, {0, 1}, {0}, {0, 0, 0});
  EXPECT_TRUE(fine.list().empty()) << list(fine);
  EXPECT_TRUE(has(tree({1, 0}, {0, 0}, {0}, {0, 0, 0}), "onnx-node", {"has a cycle"}));
  EXPECT_TRUE(has(tree({1, 3}, {0, 1}, {0}, {0, 0, 0}), "onnx-node", {"nodes_truenodeids[1] is 3"}));
  EXPECT_TRUE(has(tree({1, 2}, {0, 1}, {2}, {0, 0, 0}), "onnx-node", {"tree_roots[0] is 2"}));
  EXPECT_TRUE(has(tree({1, 2}, {0, 1}, {0}, {0, 0, 1}), "onnx-node", {"leaf_targetids[2] is 1"}));
  EXPECT_TRUE(has(tree({1, 2}, {0}, {0}, {0, 0, 0}), "onnx-node", {"'nodes_trueleafs' has 1"}));
}

TEST(OnnxCheck, LinearAndVectorMachines) {
  auto ml = [](const char* op, Attributes attributes) {
    return with_node(with(make_node(op, {"x"}, {"q"}, "m", "ai.onnx.ml"), std::move(attributes)));
  };
  EXPECT_TRUE(has(ml("LinearRegressor", {make_attribute("targets", int64_t{2}),
                                         make_attribute("coefficients", Reals{1, 2, 3})}),
                  "onnx-node", {"'coefficients' has 3 entries, a multiple of 2"}));
  EXPECT_TRUE(has(ml("LinearRegressor", {make_attribute("coefficients", Reals{1}),
                                         make_attribute("intercepts", Reals{1, 2})}),
                  "onnx-node", {"'intercepts' has 2 entries, 1"}));
  EXPECT_TRUE(has(ml("SVMRegressor", {make_attribute("n_supports", int64_t{2}),
                                      make_attribute("coefficients", Reals{1}),
                                      make_attribute("support_vectors", Reals{1, 2}),
                                      make_attribute("rho", Reals{0})}),
                  "onnx-node", {"'coefficients' has 1 entries, 2"}));
  Diagnostics svm = ml("SVMClassifier", {make_attribute("vectors_per_class", Ints{1, 1}),
                                         make_attribute("classlabels_ints", Ints{0, 1}),
                                         make_attribute("coefficients", Reals{1}),
                                         make_attribute("support_vectors", Reals{1, 2, 3}),
                                         make_attribute("rho", Reals{0, 0})});
  EXPECT_TRUE(has(svm, "onnx-node", {"'coefficients' has 1 entries, 2"}));
  EXPECT_TRUE(has(svm, "onnx-node", {"'support_vectors' has 3 entries, a multiple of 2"}));
  EXPECT_TRUE(has(svm, "onnx-node", {"'rho' has 2 entries, 1"}));
  EXPECT_TRUE(has(ml("LabelEncoder", {make_attribute("keys_int64s", Ints{1, 2}),
                                      make_attribute("values_floats", Reals{1})}),
                  "onnx-node", {"'keys_int64s' has 2 entries, 'values_floats' has 1"}));
  EXPECT_TRUE(has(ml("Normalizer", {make_attribute("norm", "L3")}), "onnx-node", {"'norm'"}));
}

// Neither the stack nor the time depends on the length of a chain in a worse than linear way.
TEST(OnnxCheck, LongChain) {
  ModelProto m = sound();
  GraphProto& g = *m.graph;
  g.node.clear();
  const int n = 1000000;
  for (int i = 0; i < n; ++i) {
    g.node.push_back(make_node("Neg", {Text(i == 0 ? "x" : "v" + std::to_string(i))},
                               {Text(i + 1 == n ? "y" : "v" + std::to_string(i + 1))}));
  }
  EXPECT_TRUE(check(m).list().empty());
}

TEST(OnnxOpsets, VersionsInForce) {
  EXPECT_EQ(find_op("", "Relu", 13)->since, 13);
  EXPECT_EQ(find_op("", "Relu", 12)->since, 6);
  EXPECT_EQ(find_op("", "Erf", 8), nullptr);
  EXPECT_EQ(find_op("ai.onnx.ml", "TreeEnsemble", 4), nullptr);
  EXPECT_EQ(newest_opset(""), 28);
  EXPECT_EQ(newest_opset("my.domain"), std::nullopt);
  EXPECT_EQ(nearest_op("", "Sofmax"), "Softmax");
  EXPECT_TRUE(std::ranges::is_sorted(op_versions(), {}, [](const OpVersion& v) {
    return std::tuple(v.domain, v.name, v.since);
  }));
}

}  // namespace
}  // namespace panmodel::onnx
