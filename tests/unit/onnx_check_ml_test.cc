// The structural check of operators of ai.onnx.ml: arrays that belong together, and trees.
#include <gtest/gtest.h>

#include "tests/unit/onnx_check.h"

namespace panmodel::onnx {
namespace {

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
  EXPECT_TRUE(has(fine, "onnx-operator", {"withdrawn since version 5"}, Severity::note));
  EXPECT_EQ(fine.list().size(), 1u) << list(fine);
  auto bad = [](AttributeProto a, std::string_view words, std::string_view code = "onnx-tree") {
    NodeProto n = stump();
    set(n, std::move(a));
    return has(with_node(n), code, {"graph.node[2] 'trees' (TreeEnsembleRegressor)", words});
  };
  EXPECT_TRUE(bad(make_attribute("nodes_featureids", Ints{0, 0}), "'nodes_featureids' has 2 entries, 3", "onnx-ml-length"));
  EXPECT_TRUE(bad(make_attribute("nodes_values", Reals{0}), "'nodes_values' has 1 entries, 3", "onnx-ml-length"));
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
  EXPECT_TRUE(bad(make_attribute("target_weights", Reals{1}), "'target_weights' has 1 entries, 2", "onnx-ml-length"));
  EXPECT_TRUE(bad(make_attribute("base_values", Reals{1, 2}), "'base_values' has 2 entries, 1", "onnx-ml-length"));
  EXPECT_TRUE(bad(make_attribute("post_transform", "MAYBE"), "'post_transform' is",
                  "onnx-attribute"));
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
  EXPECT_TRUE(has(tree({1, 0}, {0, 0}, {0}, {0, 0, 0}), "onnx-tree", {"has a cycle"}));
  EXPECT_TRUE(has(tree({1, 3}, {0, 1}, {0}, {0, 0, 0}), "onnx-tree",
                  {"nodes_truenodeids[1] is 3"}));
  EXPECT_TRUE(has(tree({1, 2}, {0, 1}, {2}, {0, 0, 0}), "onnx-tree", {"tree_roots[0] is 2"}));
  EXPECT_TRUE(has(tree({1, 2}, {0, 1}, {0}, {0, 0, 1}), "onnx-tree", {"leaf_targetids[2] is 1"}));
  EXPECT_TRUE(has(tree({1, 2}, {0}, {0}, {0, 0, 0}), "onnx-ml-length",
                  {"'nodes_trueleafs' has 1"}));
}

TEST(OnnxCheck, LinearAndVectorMachines) {
  auto ml = [](const char* op, Attributes attributes) {
    return with_node(with(make_node(op, {"x"}, {"q"}, "m", "ai.onnx.ml"), std::move(attributes)));
  };
  EXPECT_TRUE(has(ml("LinearRegressor", {make_attribute("targets", int64_t{2}),
                                         make_attribute("coefficients", Reals{1, 2, 3})}),
                  "onnx-ml-length", {"'coefficients' has 3 entries, a multiple of 2"}));
  EXPECT_TRUE(has(ml("LinearRegressor", {make_attribute("coefficients", Reals{1}),
                                         make_attribute("intercepts", Reals{1, 2})}),
                  "onnx-ml-length", {"'intercepts' has 2 entries, 1"}));
  EXPECT_TRUE(has(ml("SVMRegressor", {make_attribute("n_supports", int64_t{2}),
                                      make_attribute("coefficients", Reals{1}),
                                      make_attribute("support_vectors", Reals{1, 2}),
                                      make_attribute("rho", Reals{0})}),
                  "onnx-ml-length", {"'coefficients' has 1 entries, 2"}));
  Diagnostics svm = ml("SVMClassifier", {make_attribute("vectors_per_class", Ints{1, 1}),
                                         make_attribute("classlabels_ints", Ints{0, 1}),
                                         make_attribute("coefficients", Reals{1}),
                                         make_attribute("support_vectors", Reals{1, 2, 3}),
                                         make_attribute("rho", Reals{0, 0})});
  EXPECT_TRUE(has(svm, "onnx-ml-length", {"'coefficients' has 1 entries, 2"}));
  EXPECT_TRUE(has(svm, "onnx-ml-length", {"'support_vectors' has 3 entries, a multiple of 2"}));
  EXPECT_TRUE(has(svm, "onnx-ml-length", {"'rho' has 2 entries, 1"}));
  EXPECT_TRUE(has(ml("LabelEncoder", {make_attribute("keys_int64s", Ints{1, 2}),
                                      make_attribute("values_floats", Reals{1})}),
                  "onnx-ml-length", {"'keys_int64s' has 2 entries, 'values_floats' has 1"}));
  EXPECT_TRUE(has(ml("Normalizer", {make_attribute("norm", "L3")}), "onnx-attribute", {"'norm'"}));
}

}  // namespace
}  // namespace panmodel::onnx
