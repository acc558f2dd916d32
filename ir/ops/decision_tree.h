#pragma once
// Decision trees whose splits are predicates with three truth values (PMML TreeModel). Trees of
// plain tests on numbers are better held as ml.TreeEnsemble.
#include "ir/op.h"

namespace panmodel::ml {

// What a test that a missing value leaves unknown does to the walk.
enum class UnknownSplit {
  none,                 // the child is passed over
  last_prediction,      // the walk ends at the parent
  null_prediction,      // no prediction
  default_child,        // the walk goes on at default_child; without one, no prediction
  weighted_confidence,  // all children that are not false count, by their share of records
  aggregate_nodes,      // all leaves that can still be reached count, with their records
};
std::span<const std::string_view> enum_names(UnknownSplit);

// How a predicate tests its operands: values for the comparisons and sets, predicates for the rest.
enum class TreeTest {
  always, never, equal, not_equal, less, less_or_equal, greater, greater_or_equal, missing,
  not_missing, in, not_in, all_of, any_of, exclusive, surrogate
};

// Inputs: columns (f64, f32, i64, boolean or string) or tensors [N,1]; a NaN is a missing value.
// A walk starts at node 0, whose predicate must hold, and goes to the first child whose predicate is
// true until there is none; then it ends at the node when that is a leaf or `last_if_none`, else
// without a prediction. Outputs: the node as column<i64?> and, by option, f64 [N,1] penalty^(number
// of default children taken), and f64 [N,K] the distribution of the node or of the blended nodes:
// weighted_confidence sums the children's rows by records / total records of the children that are
// not false; aggregate_nodes sums the leaves' rows times their records and divides by the total.
// A blended row has no node.
struct DecisionTree {
  std::vector<int64_t> predicate;      // per node
  std::vector<int64_t> child_begin;    // per node plus one: range of its children
  std::vector<int64_t> children;       // nodes, each above its parent
  std::vector<int64_t> default_child;  // per node, -1 = none; empty = none at all
  UnknownSplit unknown = UnknownSplit::none;
  bool last_if_none = false;
  double penalty = 1;
  std::vector<double> records;  // per node; of the two blending forms
  Tensor distribution = Tensor::of({0, 0}, std::vector<double>{});  // f64 [nodes,K]; likewise
  // Predicates. Operands of predicate i are [operand_begin[i], operand_begin[i+1]) of `numbers` (or
  // of `texts` when its column is text), or of `operands` for all_of, any_of, exclusive, surrogate.
  std::vector<int64_t> test;   // a TreeTest
  std::vector<int64_t> input;  // which column; 0 where none is tested
  std::vector<int64_t> operand_begin, operand_end;
  std::vector<int64_t> operands;  // predicates, each below the one that it is an operand of
  std::vector<double> numbers;
  std::vector<std::string> texts;
  static constexpr OpMeta meta{"ml.decision_tree", "The node of a decision tree that a row reaches by predicates that are true, false or unknown."};
  static constexpr auto fields() {
    return std::tuple{
        field("predicate", &DecisionTree::predicate, "per node: its predicate"),
        field("child_begin", &DecisionTree::child_begin, "per node plus one: where its children start"),
        field("children", &DecisionTree::children, "nodes, each above its parent"),
        field("default_child", &DecisionTree::default_child, "per node, -1 = none; empty = none at all"),
        field("unknown", &DecisionTree::unknown, "what an unknown predicate does"),
        field("last_if_none", &DecisionTree::last_if_none, "when no child is true the parent is the result"),
        field("penalty", &DecisionTree::penalty, "factor per default child taken; not 1 = a second output"),
        field("records", &DecisionTree::records, "per node: its records, for the blending forms"),
        field("distribution", &DecisionTree::distribution, "f64 [nodes,K] values of the classes, for the blending forms"),
        field("test", &DecisionTree::test, "per predicate: always, never, ==, !=, <, <=, >, >=, missing, not missing, in, not in, and, or, xor, surrogate as 0 to 15"),
        field("input", &DecisionTree::input, "per predicate: the column"),
        field("operand_begin", &DecisionTree::operand_begin, "per predicate: start of its operands"),
        field("operand_end", &DecisionTree::operand_end, "per predicate: end of its operands"),
        field("operands", &DecisionTree::operands, "predicates that others are made of"),
        field("numbers", &DecisionTree::numbers, "operands of tests on numbers"),
        field("texts", &DecisionTree::texts, "operands of tests on text")};
  }
  static Types infer(const DecisionTree&, InferContext&);

  bool blends() const {
    return unknown == UnknownSplit::weighted_confidence || unknown == UnknownSplit::aggregate_nodes;
  }
};

}  // namespace panmodel::ml
