// Trees of simple tests as one binary forest: the test of a child becomes a binary node whose "no"
// leads to the test of the next child.
#include <algorithm>
#include <cmath>
#include <optional>

#include "formats/pmml/tree.h"
#include "ir/ops/encode.h"
#include "ir/ops/table.h"

namespace panmodel::pmml {
namespace {

using ml::TreeTest;
using ml::UnknownSplit;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kNone = SIZE_MAX;

// Tests that a missing value leaves unknown.
bool can_be_unknown(TreeTest test) {
  return test >= TreeTest::equal && test != TreeTest::missing && test != TreeTest::not_missing;
}

// The children of a node, as tests in order.
struct Split {
  struct Child {
    size_t node, predicate;
    TreeTest test;
    size_t input;
  };
  std::vector<Child> children;  // up to the first that always holds, without those that never do
  size_t first = kNone;  // the first child whose test can be unknown
  bool one_input = true;      // all that can be unknown test one column
  size_t catcher = kNone;     // the first child after it that may take missing values by its own test
  size_t chosen = kNone;      // the default child among `children`
  bool complete = false;      // one of the last two children holds for every value that is there
};

bool complementary(const Tree& tree, const Split::Child& a, const Split::Child& b) {
  constexpr std::pair<TreeTest, TreeTest> kPairs[] = {
      {TreeTest::equal, TreeTest::not_equal},
      {TreeTest::less, TreeTest::greater_or_equal},
      {TreeTest::greater, TreeTest::less_or_equal},
      {TreeTest::in, TreeTest::not_in}};
  bool pair = std::any_of(std::begin(kPairs), std::end(kPairs), [&](const auto& p) {
    return (p.first == a.test && p.second == b.test) || (p.first == b.test && p.second == a.test);
  });
  if (!pair || a.input != b.input) return false;
  auto operands = [&](const auto& values, const Split::Child& c) {
    return std::span(values).subspan(
        static_cast<size_t>(tree.op.operand_begin[c.predicate]),
        static_cast<size_t>(tree.op.operand_end[c.predicate] - tree.op.operand_begin[c.predicate]));
  };
  auto equal = [&](const auto& values) {
    auto x = operands(values, a), y = operands(values, b);
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  };
  return tree.text[a.input] != 0 ? equal(tree.op.texts) : equal(tree.op.numbers);
}

// Into `split`, whose memory is used again.
void split_of(const Tree& tree, size_t node, Split& split) {
  const ml::DecisionTree& op = tree.op;
  std::vector<Split::Child> children = std::move(split.children);
  children.clear();
  split = {};
  split.children = std::move(children);
  size_t tested = 0;
  int64_t wanted = op.default_child.empty() ? -1 : op.default_child[node];
  for (int64_t k = op.child_begin[node]; k < op.child_begin[node + 1]; ++k) {
    size_t child = static_cast<size_t>(op.children[static_cast<size_t>(k)]);
    size_t predicate = static_cast<size_t>(op.predicate[child]);
    auto test = static_cast<TreeTest>(op.test[predicate]);
    if (static_cast<int64_t>(child) == wanted) split.chosen = split.children.size();
    bool always = test == TreeTest::always;
    if (test == TreeTest::never && static_cast<int64_t>(child) != wanted) continue;
    size_t input = static_cast<size_t>(op.input[predicate]);
    if (can_be_unknown(test)) {
      if (split.first == kNone) {
        split.first = split.children.size();
        tested = input;
      }
      split.one_input = split.one_input && input == tested;
    } else if (split.first != kNone && split.catcher == kNone) {
      split.catcher = split.children.size();
    }
    split.children.push_back({child, predicate, test, input});
    if (always) break;
  }
  size_t count = split.children.size();
  split.complete = count >= 2 && complementary(tree, split.children[count - 2], split.children[count - 1]);
}

bool fits(const Tree& tree) {
  const ml::DecisionTree& op = tree.op;
  if (op.blends() || op.penalty != 1 || op.predicate[0] != 0) return false;
  for (int64_t test : op.test) {
    if (test >= static_cast<int64_t>(TreeTest::all_of)) return false;
  }
  if (op.unknown != UnknownSplit::default_child) return true;
  Split split;
  for (size_t n = 0; n < tree.nodes.size(); ++n) {
    split_of(tree, n, split);
    if (split.first == kNone || op.default_child[n] < 0) continue;
    // A missing value must come by the default child on its way from test to test.
    if (split.chosen == kNone || split.chosen < split.first || !split.one_input) return false;
    TreeTest test = split.children[split.chosen].test;
    if (split.catcher < split.chosen || !(can_be_unknown(test) || test == TreeTest::always)) return false;
  }
  return true;
}

}  // namespace

// Appends one tree.
class ForestBuilder::Adder {
 public:
  Adder(ForestBuilder& to, const Tree& tree, size_t targets, const std::vector<double>& weights)
      : to_(to), forest_(to.forest_), tree_(tree), targets_(targets), weights_(weights),
        features_(tree.inputs.size(), kUnknown) {}

  void run() {
    work_.push_back({0, {Slot::root, 0}});
    while (!work_.empty()) {
      auto [node, slot] = work_.back();
      work_.pop_back();
      add_node(node, slot);
    }
  }

 private:
  void link(Slot slot, uint32_t node) {
    switch (slot.kind) {
      case Slot::root: forest_.roots.push_back(node); break;
      case Slot::yes: forest_.yes[slot.node] = node; break;
      case Slot::no: forest_.no[slot.node] = node; break;
    }
  }

  void leaf(Slot slot, size_t tree_node) {
    const double* from = tree_node == kNone ? nullptr : weights_.data() + tree_node * targets_;
    if (from == nullptr || std::isnan(*from)) to_.gaps_ = true;
    if (targets_ == 1) {
      auto index = static_cast<uint32_t>(forest_.leaf_weight.size());
      forest_.leaf_weight.push_back(from != nullptr ? *from : kNan);
      link(slot, forest_.add_node(NodeMode::leaf, 0, 0, index, 0, false));
      return;
    }
    link(slot, forest_.add_leaf());
    for (uint32_t t = 0; t < targets_; ++t) forest_.add_weight(t, from != nullptr ? from[t] : kNan);
  }

  void add_node(size_t node, Slot slot) {
    const ml::DecisionTree& op = tree_.op;
    size_t none = op.last_if_none ? node : kNone;
    if (op.child_begin[node] == op.child_begin[node + 1]) return leaf(slot, node);
    split_of(tree_, node, split_);
    const Split& split = split_;
    bool stops = op.unknown != UnknownSplit::none && split.chosen == kNone && split.first != kNone;
    size_t stop = op.unknown == UnknownSplit::last_prediction ? node : kNone;
    // Missing values leave before the first test, or pass all tests and leave at the end.
    bool guard = stops && (!split.one_input || split.catcher != kNone);
    bool at_end = stops && !guard;
    std::vector<size_t> guarded;
    size_t count = split.children.size();
    bool drop_last = split.complete && !stops && op.unknown == UnknownSplit::default_child &&
                     split.chosen != kNone && split.chosen + 2 >= count && split.one_input;
    for (size_t i = 0; i < count; ++i) {
      const Split::Child& child = split.children[i];
      if (child.test == TreeTest::always || (drop_last && i + 1 == count)) {
        work_.push_back({child.node, slot});
        return;
      }
      if (child.test == TreeTest::never) continue;
      bool fresh = std::find(guarded.begin(), guarded.end(), child.input) == guarded.end();
      if (guard && can_be_unknown(child.test) && fresh) {
        guarded.push_back(child.input);
        uint32_t test = forest_.add_node(NodeMode::lt, feature(child), -kInfinity, 0, 0, true);
        link(slot, test);
        leaf({Slot::yes, test}, stop);
        slot = {Slot::no, test};
      }
      bool missing = split.chosen == i && can_be_unknown(child.test);
      auto [test, swapped] = add_test(child, missing);
      link(slot, test);
      work_.push_back({child.node, {swapped ? Slot::no : Slot::yes, test}});
      slot = {swapped ? Slot::yes : Slot::no, test};
    }
    if (at_end && !split.complete && stop != none) {
      const Split::Child& first = split.children[split.first];
      uint32_t test = forest_.add_node(NodeMode::leq, feature(first), kInfinity, 0, 0, false);
      link(slot, test);
      leaf({Slot::yes, test}, none);
      slot = {Slot::no, test};
    }
    leaf(slot, at_end ? stop : none);
  }

  uint32_t feature(const Split::Child& child) {
    uint32_t& known = features_[child.input];
    if (known == kUnknown) known = to_.feature_of(tree_.inputs[child.input]);
    return known;
  }

  // The node of a test, and whether its "yes" is where the test does not hold.
  std::pair<uint32_t, bool> add_test(const Split::Child& child, bool missing) {
    uint32_t f = feature(child);
    auto node = [&](NodeMode mode, double threshold, bool missing_yes) {
      return forest_.add_node(mode, f, threshold, 0, 0, missing_yes);
    };
    switch (child.test) {
      case TreeTest::missing: return {node(NodeMode::lt, -kInfinity, true), false};
      case TreeTest::not_missing: return {node(NodeMode::leq, kInfinity, false), false};
      case TreeTest::in: return {node(NodeMode::member, set_of(child), missing), false};
      case TreeTest::not_in: return {node(NodeMode::member, set_of(child), !missing), true};
      case TreeTest::equal: return {node(NodeMode::eq, operand(child), missing), false};
      case TreeTest::not_equal: return {node(NodeMode::neq, operand(child), missing), false};
      case TreeTest::less: return {node(NodeMode::lt, operand(child), missing), false};
      case TreeTest::less_or_equal: return {node(NodeMode::leq, operand(child), missing), false};
      case TreeTest::greater: return {node(NodeMode::gt, operand(child), missing), false};
      default: return {node(NodeMode::geq, operand(child), missing), false};
    }
  }

  double operand(const Split::Child& child) {
    if (tree_.text[child.input] != 0) return operands(child)[0];
    return tree_.op.numbers[static_cast<size_t>(tree_.op.operand_begin[child.predicate])];
  }

  std::vector<double> operands(const Split::Child& child) {
    size_t begin = static_cast<size_t>(tree_.op.operand_begin[child.predicate]);
    size_t end = static_cast<size_t>(tree_.op.operand_end[child.predicate]);
    std::vector<double> values;
    if (tree_.text[child.input] == 0) {
      values.assign(tree_.op.numbers.begin() + static_cast<ptrdiff_t>(begin),
                    tree_.op.numbers.begin() + static_cast<ptrdiff_t>(end));
      return values;
    }
    auto& codes = to_.features_[feature(child)].codes;
    for (size_t i = begin; i < end; ++i) {
      values.push_back(codes.emplace(tree_.op.texts[i], static_cast<double>(codes.size())).first->second);
    }
    return values;
  }

  double set_of(const Split::Child& child) {
    if (forest_.set_begin.empty()) forest_.set_begin.push_back(0);
    std::vector<double> values = operands(child);
    forest_.set_value.insert(forest_.set_value.end(), values.begin(), values.end());
    forest_.set_begin.push_back(static_cast<uint32_t>(forest_.set_value.size()));
    return static_cast<double>(forest_.set_begin.size() - 2);
  }

  struct Work {
    size_t node;
    Slot slot;
  };
  ForestBuilder& to_;
  Forest& forest_;
  const Tree& tree_;
  size_t targets_;
  const std::vector<double>& weights_;
  static constexpr uint32_t kUnknown = UINT32_MAX;
  std::vector<uint32_t> features_;  // per input of the tree, once one of its tests is added
  std::vector<Work> work_;
  Split split_;
};

bool ForestBuilder::add(const Tree& tree, size_t targets, const std::vector<double>& weights) {
  if (!fits(tree)) return false;
  Adder(*this, tree, targets, weights).run();
  // A matrix has a column, also for trees that test nothing.
  if (features_.empty() && !tree.inputs.empty()) feature_of(tree.inputs[0]);
  return true;
}

void ForestBuilder::reserve(size_t trees, size_t bytes) {
  constexpr size_t kBytesPerNode = 32;  // of the shortest element with a test
  if (forest_.roots.empty()) return;
  const double share = 1.25 * static_cast<double>(trees) / static_cast<double>(forest_.roots.size());
  const auto expected = [&](size_t have) {
    return std::min(static_cast<size_t>(share * static_cast<double>(have)), bytes / kBytesPerNode);
  };
  const size_t nodes = expected(forest_.nodes());
  forest_.mode.reserve(nodes);
  forest_.feature.reserve(nodes);
  forest_.threshold.reserve(nodes);
  forest_.yes.reserve(nodes);
  forest_.no.reserve(nodes);
  if (!forest_.leaf_begin.empty()) forest_.leaf_begin.reserve(expected(forest_.leaf_begin.size()));
  forest_.leaf_target.reserve(expected(forest_.leaf_target.size()));
  forest_.leaf_weight.reserve(expected(forest_.leaf_weight.size()));
}

uint32_t ForestBuilder::feature_of(ValueId value) {
  auto [found, fresh] = index_.emplace(value, static_cast<uint32_t>(features_.size()));
  if (fresh) features_.push_back({value, {}});
  return found->second;
}

ValueId ForestBuilder::matrix(Builder& builder) const {
  std::vector<ValueId> columns;
  for (const Feature& feature : features_) {
    const ColumnType* type = builder.type(feature.value).column();
    if (type == nullptr || type->dtype != DType::string) {
      columns.push_back(feature.value);
      continue;
    }
    std::vector<std::string> keys;
    std::vector<double> codes;
    for (const auto& [key, code] : feature.codes) {
      keys.push_back(key);
      codes.push_back(code);
    }
    ml::LabelMap map{Tensor::vector(std::move(keys)), Tensor::vector(std::move(codes)),
                     Tensor::scalar(-1.0), Tensor::scalar(kNan)};
    columns.push_back(builder.add(std::move(map), {feature.value}));
  }
  const bool narrow = std::all_of(columns.begin(), columns.end(), [&](ValueId column) {
    const ColumnType* type = builder.type(column).column();
    return type != nullptr && type->dtype == DType::f32;
  });
  return builder.add(table::Assemble{narrow ? DType::f32 : DType::f64}, std::move(columns));
}

}  // namespace panmodel::pmml
