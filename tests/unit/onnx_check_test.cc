// The structural check of ONNX: each class of defect in a small model, with its code and its place.
#include <gtest/gtest.h>

#include <algorithm>

#include "formats/onnx/opsets.h"
#include "tests/unit/onnx_check.h"

namespace panmodel::onnx {
namespace {

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
  EXPECT_TRUE(has(found, "onnx-undefined", {"graph.node[0] 'first' (Neg)", "'nowhere'"}));
  EXPECT_TRUE(has(found, "onnx-operator", {"graph.node[1] 'second' (Abss)", "Abs is near"},
                  Severity::warning));
  EXPECT_TRUE(has(found, "onnx-undefined", {"graph.output[0] 'z'", "nothing makes"}));
  EXPECT_TRUE(has(found, "onnx-tensor-length", {"graph.initializer[0] 'w'"}));
  EXPECT_EQ(found.list().size(), 4u) << list(found);
}

TEST(OnnxCheck, ProblemsBeyondTheLimitAreCounted) {
  ModelProto m = sound();
  for (int i = 0; i < 10; ++i) m.graph->node[0].input.push_back("nowhere");
  Diagnostics found = check(m, {.max_problems = 3});
  EXPECT_EQ(found.list().size(), 4u);
  EXPECT_TRUE(has(found, "onnx-more", {"8 more problems"})) << list(found);
}

// ---- Versions and imports.

TEST(OnnxCheck, Versions) {
  auto opset = [](int64_t version) {
    return broken([=](ModelProto& m) { m.opset_import[0].version = version; });
  };
  EXPECT_TRUE(has(opset(0), "onnx-opset", {"opset_import[0]", "opset 0 of ai.onnx"}));
  EXPECT_TRUE(has(opset(9999), "onnx-opset", {"opset_import[0]", "opset 9999 of ai.onnx"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.opset_import.clear(); }), "onnx-opset",
                  {"imports no opset"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.opset_import.push_back({.domain = "ai.onnx", .version = kNewest});
                  }),
                  "onnx-opset", {"opset_import[2]", "imported twice"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.ir_version.reset(); }), "onnx-ir-version",
                  {"ir_version"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.ir_version = 99; }), "onnx-ir-version",
                  {"IR version 99"},
                  Severity::warning));
}

TEST(OnnxCheck, Operators) {
  EXPECT_TRUE(has(with_node(make_node("Mine", {"x"}, {"q"}, "n", "my.domain")), "onnx-opset",
                  {"graph.node[2] 'n' (Mine)", "my.domain is not imported"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.opset_import.push_back({.domain = "my.domain", .version = 1});
                    m.graph->node.push_back(make_node("Mine", {"x"}, {"q"}, "n", "my.domain"));
                  }),
                  "onnx-foreign", {"graph.node[2]", "my.domain"}, Severity::note));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.opset_import[0].version = 8;
                    m.graph->node[0].op_type = "Erf";
                  }),
                  "onnx-operator", {"graph.node[0]", "Erf came after opset 8"},
                  Severity::warning));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.graph->node[0].input.push_back("x"); }),
                  "onnx-count",
                  {"graph.node[0] 'first' (Neg)", "2 inputs, 1 expected"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.graph->node[0].input.clear(); }), "onnx-count",
                  {"0 inputs, 1 expected"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.graph->node[0].output.push_back("q"); }),
                  "onnx-count", {"2 outputs, 1 expected"}));
}

// ---- Names.

TEST(OnnxCheck, Names) {
  EXPECT_TRUE(has(broken([](ModelProto& m) { std::swap(m.graph->node[0], m.graph->node[1]); }),
                  "onnx-order", {"graph.node[0] 'second' (Abs)", "must be sorted"}));
  EXPECT_TRUE(has(with_node(make_node("Neg", {"x"}, {"h"}, "again")), "onnx-name",
                  {"graph.node[2] 'again'", "'h' is already made by node[0]"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.graph->input.push_back(make_value("x", reals(1)));
                  }),
                  "onnx-name", {"graph.input[1] 'x'", "that of an input"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) {
                    m.graph->initializer.push_back(vector("w", {1}));
                    m.graph->initializer.push_back(vector("w", {2}));
                  }),
                  "onnx-name", {"graph.initializer[1] 'w'", "that of an initialiser"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.graph->input[0].type.reset(); }), "onnx-type",
                  {"graph.input[0] 'x'", "no type"}));
  EXPECT_TRUE(has(broken([](ModelProto& m) { m.graph->input[0].type->tensor_type->elem_type = 77; }),
                  "onnx-type", {"graph.input[0] 'x'", "element type 77"}));
  // A node may not feed itself.
  EXPECT_TRUE(has(with_node(make_node("Neg", {"q"}, {"q"})), "onnx-order", {"graph.node[2]"}));
}

// ---- Attributes.

TEST(OnnxCheck, Attributes) {
  NodeProto softmax = make_node("Softmax", {"x"}, {"q"}, "s");
  const char* place = "graph.node[2] 's' (Softmax)";
  EXPECT_TRUE(has(with_node(with(softmax, {make_attribute("axes", int64_t{1})})), "onnx-attribute",
                  {place, "no attribute 'axes'"}));
  EXPECT_TRUE(has(with_node(with(softmax, {make_attribute("axis", 1.0f)})), "onnx-attribute",
                  {place, "type FLOAT, INT expected"}));
  EXPECT_TRUE(has(with_node(with(softmax, {make_attribute("axis", int64_t{1}),
                                           make_attribute("axis", int64_t{1})})),
                  "onnx-attribute", {place, "given twice"}));
  EXPECT_TRUE(has(with_node(make_node("Cast", {"x"}, {"q"})), "onnx-attribute",
                  {"'to' is missing"}));
  EXPECT_TRUE(has(with_node(with(make_node("Cast", {"x"}, {"q"}), {make_attribute("to", int64_t{99})})),
                  "onnx-type", {"to is element type 99"}));
  AttributeProto odd = make_attribute("axis", int64_t{1});
  odd.type = 99;
  EXPECT_TRUE(has(with_node(with(softmax, {odd})), "onnx-attribute", {place, "has type 99"}));
  odd.type = static_cast<int32_t>(AttributeType::integer);
  odd.f = 1.0f;
  EXPECT_TRUE(has(with_node(with(softmax, {odd})),
                  "onnx-attribute", {place, "a value of type FLOAT"}));
  odd = make_attribute("axis", int64_t{1});
  odd.i.reset();
  EXPECT_TRUE(has(with_node(with(softmax, {odd})), "onnx-attribute", {place, "no value"}));
  odd.ref_attr_name = "a";
  EXPECT_TRUE(has(with_node(with(softmax, {odd})), "onnx-attribute", {place, "stands in none"}));
  EXPECT_TRUE(has(with_node(with(make_node("MaxPool", {"x"}, {"q"}),
                                 {make_attribute("kernel_shape", std::vector<int64_t>{2, 2}),
                                  make_attribute("strides", std::vector<int64_t>{0})})),
                  "onnx-window", {"strides[0] is 0"}));
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
    return has(with_node(std::move(node), std::move(constants)), "onnx-huge",
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
                  "onnx-tensor-dims", {"dimension 0 of the constant shape is -1"}));
  EXPECT_TRUE(has(with_node(make_node("Slice", {"x", "a", "a", "a", "s"}, {"q"}),
                            {vector("a", {0}), vector("s", {0})}),
                  "onnx-step", {"a step is 0"}));
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
  EXPECT_TRUE(has(broken([&](ModelProto& m) { condition(m, lost); }), "onnx-undefined",
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
  EXPECT_TRUE(has(check(with_functions({{"f0"}})), "onnx-recursion",
                  {"functions[0] 'f0'", "leads back"}));
  EXPECT_TRUE(has(check(with_functions({{"f1"}, {"f2"}, {"f0"}})), "onnx-recursion",
                  {"functions[2] 'f2'", "calls 'f0'"}));
  ModelProto through = with_functions({{}});
  GraphProto branch = nested(1);
  branch.node[0] = make_node("f0", {"a"}, {"r"}, "", "f");
  through.functions[0].node.push_back(with(make_node("If", {"a"}, {"q"}),
                                           {make_attribute("then_branch", branch),
                                            make_attribute("else_branch", branch)}));
  EXPECT_TRUE(has(check(through), "onnx-recursion", {"functions[0] 'f0'", "leads back"}));
  std::vector<std::vector<std::string>> chain;
  for (int i = 1; i < 150; ++i) chain.push_back({"f" + std::to_string(i)});
  chain.push_back({});
  EXPECT_TRUE(has(check(with_functions(chain)), "onnx-depth", {"deeper than 100"}));
  ModelProto twice = with_functions({{}, {}});
  twice.functions[1].name = "f0";
  EXPECT_TRUE(has(check(twice), "onnx-name", {"functions[1] 'f0'", "functions[0]"}));
  ModelProto call = with_functions({{}});
  call.graph->node.push_back(make_node("f0", {"x", "h"}, {"q"}, "", "f"));
  EXPECT_TRUE(has(check(call), "onnx-count", {"graph.node[2]", "2 inputs"}));
  ModelProto unknown = with_functions({{"g"}});
  unknown.functions[0].output = {"nowhere"};
  EXPECT_TRUE(has(check(unknown), "onnx-undefined", {"functions[0] 'f0'.output", "'nowhere'"}));
  EXPECT_TRUE(has(check(with_functions({{}, {}}), {.max_functions = 1}), "onnx-depth",
                  {"2 functions, 1 are the limit"}));
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
