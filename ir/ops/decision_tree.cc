#include "ir/ops/decision_tree.h"

#include <cmath>

#include "ir/ops/infer_util.h"

namespace panmodel::ml {

std::span<const std::string_view> enum_names(UnknownSplit) {
  static constexpr std::string_view names[] = {"none", "last_prediction", "null_prediction",
                                               "default_child", "weighted_confidence",
                                               "aggregate_nodes"};
  return names;
}

namespace {

constexpr int64_t kTests = static_cast<int64_t>(TreeTest::surrogate) + 1;
constexpr int64_t kPredicateDepth = 100;  // of predicates made of predicates

bool in_range(int64_t i, size_t count) { return i >= 0 && static_cast<uint64_t>(i) < count; }

void check_predicates(const DecisionTree& op, const InferContext& c) {
  size_t count = op.test.size();
  c.expect_attribute(op.input.size() == count && op.operand_begin.size() == count &&
                         op.operand_end.size() == count,
                     "test", "as long as input, operand_begin and operand_end");
  std::vector<int64_t> depth(count, 1);
  for (size_t i = 0; i < count; ++i) {
    c.expect_attribute(in_range(op.test[i], static_cast<size_t>(kTests)), "test", "0 to 15 each");
    auto test = static_cast<TreeTest>(op.test[i]);
    int64_t begin = op.operand_begin[i], end = op.operand_end[i];
    bool compound = test >= TreeTest::all_of;
    bool tests_value = test >= TreeTest::equal && !compound;
    bool text = false;
    if (tests_value) {
      c.expect_attribute(in_range(op.input[i], c.size()), "input", "columns that there are");
      text = c.tensor(static_cast<size_t>(op.input[i])).dtype == DType::string;
      c.expect_attribute(!text || test < TreeTest::less || test > TreeTest::greater_or_equal,
                         "test", "no order on text");
    }
    size_t size = compound ? op.operands.size() : text ? op.texts.size() : op.numbers.size();
    c.expect_attribute(begin >= 0 && begin <= end && static_cast<uint64_t>(end) <= size,
                       "operand_begin", "ranges of operands");
    bool single = test >= TreeTest::equal && test <= TreeTest::greater_or_equal;
    c.expect_attribute(!single || end == begin + 1, "operand_end", "one operand of a comparison");
    for (int64_t k = begin; compound && k < end; ++k) {
      int64_t operand = op.operands[static_cast<size_t>(k)];
      c.expect_attribute(operand >= 0 && static_cast<uint64_t>(operand) < i, "operands",
                         "predicates below the one that they belong to");
      depth[i] = std::max(depth[i], depth[static_cast<size_t>(operand)] + 1);
    }
    c.expect_attribute(depth[i] <= kPredicateDepth, "operands", "nested no deeper than 100");
  }
}

void check_nodes(const DecisionTree& op, const InferContext& c) {
  size_t nodes = op.predicate.size();
  c.expect_attribute(nodes >= 1, "predicate", "one per node, and a node");
  c.expect_attribute(op.child_begin.size() == nodes + 1 && op.child_begin[0] == 0 &&
                         op.child_begin[nodes] == static_cast<int64_t>(op.children.size()),
                     "child_begin", "one per node plus one, from 0 to the number of children");
  c.expect_attribute(op.default_child.empty() || op.default_child.size() == nodes, "default_child",
                     "empty or one per node");
  for (size_t n = 0; n < nodes; ++n) {
    c.expect_attribute(in_range(op.predicate[n], op.test.size()), "predicate", "predicates");
    int64_t begin = op.child_begin[n], end = op.child_begin[n + 1];
    c.expect_attribute(begin <= end && static_cast<uint64_t>(end) <= op.children.size(),
                       "child_begin", "ascending");
    int64_t chosen = op.default_child.empty() ? -1 : op.default_child[n];
    bool found = chosen == -1;
    for (int64_t k = begin; k < end; ++k) {
      int64_t child = op.children[static_cast<size_t>(k)];
      // A child above its parent: no cycle, and every walk ends.
      c.expect_attribute(in_range(child, nodes) && child > static_cast<int64_t>(n), "children",
                         "nodes above their parent");
      found = found || child == chosen;
    }
    c.expect_attribute(found, "default_child", "a child of its node, or -1");
  }
}

}  // namespace

Types DecisionTree::infer(const DecisionTree& op, InferContext& c) {
  if (c.size() == 0) c.fail_type("no inputs, expected at least one column");
  for (size_t i = 0; i < c.size(); ++i) {
    c.expect_dtype(i, {DType::f64, DType::f32, DType::i64, DType::boolean, DType::string});
    expect_columns(c, i, 1);
  }
  check_predicates(op, c);
  check_nodes(op, c);
  c.expect_attribute(std::isfinite(op.penalty), "penalty", "finite");
  Types types{ColumnType{DType::i64, true}};
  if (op.penalty != 1) types.push_back(tensor_type(DType::f64, {rows_of(c, 0), 1}));
  if (op.blends()) {
    int64_t nodes = static_cast<int64_t>(op.predicate.size());
    c.expect_attribute(op.records.size() == op.predicate.size(), "records", "one per node");
    c.expect_attribute(op.distribution.dtype() == DType::f64 && op.distribution.rank() == 2 &&
                           op.distribution.shape()[0] == nodes,
                       "distribution", "f64 [nodes,K]");
    types.push_back(tensor_type(DType::f64, {rows_of(c, 0), op.distribution.shape()[1]}));
  }
  return types;
}

}  // namespace panmodel::ml
