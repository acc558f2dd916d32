// Trees with three-valued predicates, and the combination of models, on values computed by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "ir/ops/combine.h"
#include "ir/ops/decision_tree.h"
#include "tests/ops/run_op.h"

namespace panmodel::runtime {
namespace {

using ml::TreeTest;
using ml::UnknownSplit;

const double kNan = std::numeric_limits<double>::quiet_NaN();

Value column(std::vector<double> values) {
  Shape shape{static_cast<int64_t>(values.size()), 1};
  return Value(Tensor::of(shape, std::move(values)));
}
Value texts(std::vector<std::string> values) {
  Shape shape{static_cast<int64_t>(values.size()), 1};
  auto valid = std::make_shared<std::vector<uint8_t>>();
  for (const std::string& v : values) valid->push_back(!v.empty());
  Value value(Tensor::of(shape, std::move(values)));
  value.valid = std::move(valid);
  return value;
}
Value flags(std::vector<uint8_t> values) {
  Shape shape{static_cast<int64_t>(values.size()), 1};
  return Value(Tensor::of_bools(shape, std::move(values)));
}

// -1 for a row without a node.
std::vector<int64_t> nodes(const Ran& ran) {
  std::vector<int64_t> found = ran.tensor().integers();
  for (size_t r = 0; r < found.size(); ++r) {
    if (!ran.outputs[0].is_valid(r)) found[r] = -1;
  }
  return found;
}

// 0 -> 1 (x < 10) -> 3 (c in {a, b}), 4 (c == d); 0 -> 2 (x >= 10).
ml::DecisionTree tree() {
  ml::DecisionTree op;
  op.predicate = {0, 1, 2, 3, 4};
  op.child_begin = {0, 2, 4, 4, 4, 4};
  op.children = {1, 2, 3, 4};
  op.default_child = {2, 4, -1, -1, -1};
  auto test = [](TreeTest t) { return static_cast<int64_t>(t); };
  op.test = {test(TreeTest::always), test(TreeTest::less), test(TreeTest::greater_or_equal),
             test(TreeTest::in), test(TreeTest::equal)};
  op.input = {0, 0, 0, 1, 1};
  op.operand_begin = {0, 0, 1, 0, 2};
  op.operand_end = {0, 1, 2, 2, 3};
  op.numbers = {10, 10};
  op.texts = {"a", "b", "d"};
  return op;
}
std::vector<Value> tree_rows() {
  return {column({1, 1, 1, 10, kNan, 1}), texts({"a", "d", "z", "a", "a", ""})};
}

TEST(DecisionTree, Strategies) {
  ml::DecisionTree op = tree();
  EXPECT_EQ(nodes(run_op(op, tree_rows())), (std::vector<int64_t>{3, 4, -1, 2, -1, -1}));
  op.last_if_none = true;
  EXPECT_EQ(nodes(run_op(op, tree_rows())), (std::vector<int64_t>{3, 4, 1, 2, 0, 1}));
  op.last_if_none = false;
  op.unknown = UnknownSplit::last_prediction;
  EXPECT_EQ(nodes(run_op(op, tree_rows())), (std::vector<int64_t>{3, 4, -1, 2, 0, 1}));
  op.last_if_none = true;
  op.unknown = UnknownSplit::null_prediction;
  EXPECT_EQ(nodes(run_op(op, tree_rows())), (std::vector<int64_t>{3, 4, 1, 2, -1, -1}));
  op.unknown = UnknownSplit::default_child;
  op.penalty = 0.5;
  Ran ran = run_op(op, tree_rows(), 2);
  EXPECT_EQ(nodes(ran), (std::vector<int64_t>{3, 4, 1, 2, 2, 4}));
  EXPECT_EQ(ran.tensor(1).reals(), (std::vector<double>{1, 1, 1, 1, 0.5, 0.5}));
}

TEST(DecisionTree, Blends) {
  ml::DecisionTree op = tree();
  op.unknown = UnknownSplit::weighted_confidence;
  op.records = {100, 60, 40, 45, 15};
  op.distribution = Tensor::of(
      {5, 2}, std::vector<double>{0.5, 0.5, 0.5, 0.5, 1, 0, 0.2, 0.8, 0.6, 0.4});
  Ran ran = run_op(op, tree_rows(), 2);
  EXPECT_EQ(nodes(ran), (std::vector<int64_t>{3, 4, -1, 2, -1, -1}));
  std::vector<double> found = ran.tensor(1).reals();
  // Row 0 reaches node 3; row 4 blends node 3 (60 of 100 records) and node 2; row 5 nodes 3 and 4.
  std::vector<double> expected = {0.2, 0.8, 0.6, 0.4, kNan, kNan, 1, 0, 0.6 * 0.2 + 0.4,
                                  0.6 * 0.8, 0.75 * 0.2 + 0.25 * 0.6, 0.75 * 0.8 + 0.25 * 0.4};
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(found[i])) << i;
    } else {
      EXPECT_NEAR(found[i], expected[i], 1e-15) << i;
    }
  }
  op.unknown = UnknownSplit::aggregate_nodes;
  found = run_op(op, tree_rows(), 2).tensor(1).reals();
  // Row 4 collects the leaves 3 (45 records) and 2 (40).
  EXPECT_NEAR(found[8], (45 * 0.2 + 40 * 1) / 85, 1e-15);
  EXPECT_NEAR(found[9], 45 * 0.8 / 85, 1e-15);
}

TEST(DecisionTree, CompoundPredicates) {
  // One child below the root, with the compound predicate of two comparisons: x < 1, y < 1.
  ml::DecisionTree op;
  op.predicate = {0, 3};
  op.child_begin = {0, 1, 1};
  op.children = {1};
  op.operand_begin = {0, 0, 1, 0};
  op.operand_end = {0, 1, 2, 2};
  op.input = {0, 0, 1, 0};
  op.numbers = {1, 1};
  op.operands = {1, 2};
  op.unknown = UnknownSplit::last_prediction;
  std::vector<Value> rows = {column({0, 0, 2, 2, kNan, kNan, kNan}),
                             column({0, 2, 0, 2, 0, 2, kNan})};
  auto ends = [&](TreeTest compound) {
    auto less = static_cast<int64_t>(TreeTest::less);
    op.test = {static_cast<int64_t>(TreeTest::always), less, less, static_cast<int64_t>(compound)};
    return nodes(run_op(op, rows));
  };
  // 1 = true, -1 = false, 0 = unknown.
  EXPECT_EQ(ends(TreeTest::all_of), (std::vector<int64_t>{1, -1, -1, -1, 0, -1, 0}));
  EXPECT_EQ(ends(TreeTest::any_of), (std::vector<int64_t>{1, 1, 1, -1, 1, 0, 0}));
  EXPECT_EQ(ends(TreeTest::exclusive), (std::vector<int64_t>{-1, 1, 1, -1, 0, 0, 0}));
  EXPECT_EQ(ends(TreeTest::surrogate), (std::vector<int64_t>{1, 1, -1, -1, 1, -1, 0}));
}

TEST(Combine, NumbersAndMissing) {
  std::vector<Value> parts = {column({1, 4, kNan}), column({2, 2, 2}), column({6, 3, 7})};
  ml::Combine op;
  auto first_two = [&](ml::CombineMethod method, std::vector<double> weights) {
    op.method = method;
    op.weights = std::move(weights);
    std::vector<double> all = run_op(op, parts).tensor().reals();
    EXPECT_TRUE(std::isnan(all[2]));
    return std::vector<double>{all[0], all[1]};
  };
  using Two = std::vector<double>;
  EXPECT_EQ(first_two(ml::CombineMethod::sum, {}), (Two{9, 9}));
  EXPECT_EQ(first_two(ml::CombineMethod::sum, {1, 2, 3}), (Two{23, 17}));
  EXPECT_EQ(first_two(ml::CombineMethod::average, {}), (Two{3, 3}));
  EXPECT_EQ(first_two(ml::CombineMethod::average, {1, 2, 1}), (Two{11.0 / 4, 11.0 / 4}));
  EXPECT_EQ(first_two(ml::CombineMethod::median, {}), (Two{2, 3}));
  EXPECT_EQ(first_two(ml::CombineMethod::median, {1, 1, 5}), (Two{6, 3}));
  EXPECT_EQ(first_two(ml::CombineMethod::median, {1, 1, 2}), (Two{2, 3}));
  EXPECT_EQ(first_two(ml::CombineMethod::max, {}), (Two{6, 4}));
  EXPECT_EQ(first_two(ml::CombineMethod::first, {}), (Two{1, 4}));
  // A missing part does not count while the missing share is at most the threshold.
  op = {};
  op.method = ml::CombineMethod::average;
  op.missing = ml::MissingPart::skip;
  op.threshold = 0.4;
  EXPECT_EQ(run_op(op, parts).tensor().reals()[2], 4.5);
  op.threshold = 0.3;
  EXPECT_TRUE(std::isnan(run_op(op, parts).tensor().reals()[2]));
  // A part whose mask is false is not missed.
  op = {};
  op.masked = true;
  parts.insert(parts.end(), {flags({1, 0, 0}), flags({1, 0, 1}), flags({0, 0, 1})});
  std::vector<double> masked = run_op(op, parts).tensor().reals();
  EXPECT_EQ(masked[0], 3);
  EXPECT_TRUE(std::isnan(masked[1]));
  EXPECT_EQ(masked[2], 9);
}

TEST(Combine, VotesAndWinner) {
  std::vector<Value> parts = {texts({"a", "b", "", ""}), texts({"b", "b", "", "a"}),
                              texts({"b", "a", "b", "a"})};
  ml::Combine op;
  op.method = ml::CombineMethod::vote;
  op.classes = Tensor::vector(std::vector<std::string>{"a", "b"});
  op.missing = ml::MissingPart::as_class;
  ml::Winner winner{*op.classes};
  auto labels = [&] {
    Ran ran = run_op(winner, {run_op(op, parts).outputs[0]});
    std::string all;
    for (size_t r = 0; r < 4; ++r) all += ran.outputs[0].is_valid(r) ? ran.tensor().text(r) : "-";
    return all;
  };
  EXPECT_EQ(labels(), "bb-a");
  op.missing = ml::MissingPart::propagate;
  EXPECT_EQ(labels(), "bb--");
  op.missing = ml::MissingPart::skip;
  EXPECT_EQ(labels(), "bbba");
  op.weights = {3, 1, 1};
  EXPECT_EQ(labels(), "abba");
  EXPECT_EQ(run_op(op, parts).tensor().real(0), 0.6);
}

TEST(Pick, RowsAndGaps) {
  table::Pick op{{1, -1, 0}, Tensor::vector(std::vector<std::string>{"a", "b"})};
  Ran ran = run_op(op, {column({0, 1, 2, kNan, 3})});
  EXPECT_EQ(ran.tensor().text(0), "b");
  EXPECT_FALSE(ran.outputs[0].is_valid(1));
  EXPECT_EQ(ran.tensor().text(2), "a");
  EXPECT_FALSE(ran.outputs[0].is_valid(3));
  ASSERT_EQ(ran.errors.size(), 1u);
  EXPECT_EQ(ran.errors[0].row, 4u);
  op = {{}, Tensor::of({2, 2}, std::vector<double>{1, 2, 3, 4})};
  ran = run_op(op, {column({1, kNan})});
  EXPECT_EQ(ran.tensor().real(1), 4);
  EXPECT_TRUE(std::isnan(ran.tensor().real(2)));
}

}  // namespace
}  // namespace panmodel::runtime
