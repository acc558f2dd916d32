// ml.decision_tree as trees of binary tests. One tree leads to the node that a row reaches. What has
// more than two outcomes becomes a column of its own, from a tree before it: a compound predicate (no,
// yes, unknown), and the way out of a node that has a default child. So every node is reached from one
// place, and the tree has no more nodes than the predicates have tests.
#include <algorithm>
#include <functional>
#include <map>

#include "converters/lower/decision_tree.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tree.h"

namespace panmodel::converters {
namespace {

using ml::DecisionTree;
using ml::TreeTest;
using ml::UnknownSplit;
using tensor::BinaryFn;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMaxBlended = 256;
constexpr size_t kMaxTests = size_t{1} << 20;  // of the trees of compound predicates

bool can_be_unknown(TreeTest test) {
  return test >= TreeTest::equal && test != TreeTest::missing && test != TreeTest::not_missing;
}

// Where a test leads. Two with one `id` are the same place.
struct Way {
  size_t id;
  std::function<uint32_t()> make;  // appends what stands there
};

class Lowering {
 public:
  explicit Lowering(PatternContext& c) : c_(c), b_(c.builder), op_(*c.node.as<DecisionTree>()) {
    for (size_t i = 0; i < c.inputs.size(); ++i) {
      text_.push_back(dtype_of(b_, c.inputs[i]) == DType::string ? 1 : 0);
      codes_.emplace_back();
    }
  }

  std::string run(Results& results) {
    if (op_.blends()) return blend(results);
    walk();
    if (tests_ > kMaxTests) return "compound predicates of too many tests";
    ValueId columns = matrix();
    if (columns_.targets > 0) {
      ValueId outcomes = b_.add(columns_, {columns});
      columns = b_.add(tensor::Concat{1}, {columns, outcomes});
      outcomes_ = outcomes;
    }
    ValueId end = b_.add(main_, {columns});
    results = {end};
    if (op_.penalty != 1) {
      ValueId none = binary(b_, BinaryFn::greater_or_equal, end, one_real(b_, DType::f64, nodes()));
      results = {where(b_, none, missing_cell(b_, DType::f64), end), penalty(end)};
    }
    return {};
  }

 private:
  double nodes() const { return static_cast<double>(op_.predicate.size()); }
  TreeTest test_of(size_t predicate) const { return static_cast<TreeTest>(op_.test[predicate]); }
  size_t predicate_of(size_t node) const { return static_cast<size_t>(op_.predicate[node]); }

  // The inputs as reals; texts by the numbers that the tests gave them, others -1.
  ValueId matrix() {
    std::vector<ValueId> parts;
    for (size_t i = 0; i < c_.inputs.size(); ++i) {
      ValueId x = c_.inputs[i];
      if (text_[i] != 0) {
        ml::LabelMap map;
        std::vector<std::string> keys;
        std::vector<double> values;
        if (is_text_column(c_, i)) {
          keys.emplace_back();
          values.push_back(kNan);
        }
        for (const auto& [text, code] : codes_[i]) {
          keys.push_back(text);
          values.push_back(code);
        }
        map.keys = Tensor::vector(std::move(keys));
        map.values = Tensor::vector(std::move(values));
        map.fallback = Tensor::scalar(-1.0);
        x = map.keys.empty() ? b_.add(tensor::Cast{DType::f64}, {binary(b_, BinaryFn::equal, x, x)})
                             : b_.add(std::move(map), {x});
      }
      parts.push_back(dtype_of(b_, x) == DType::f64 ? x : b_.add(tensor::Cast{DType::f64}, {x}));
    }
    return parts.size() == 1 ? parts[0] : b_.add(tensor::Concat{1}, parts);
  }

  // Tests.

  std::vector<double> operands(size_t p) {
    const auto input = static_cast<size_t>(op_.input[p]);
    std::vector<double> out;
    for (int64_t k = op_.operand_begin[p]; k < op_.operand_end[p]; ++k) {
      const auto at = static_cast<size_t>(k);
      if (text_[input] == 0) {
        out.push_back(op_.numbers[at]);
      } else {
        auto& codes = codes_[input];
        out.push_back(codes.emplace(op_.texts[at], static_cast<double>(codes.size())).first->second);
      }
    }
    return out;
  }

  static double set_of(Forest& f, const std::vector<double>& values) {
    if (f.set_begin.empty()) f.set_begin.push_back(0);
    f.set_value.insert(f.set_value.end(), values.begin(), values.end());
    f.set_begin.push_back(static_cast<uint32_t>(f.set_value.size()));
    return static_cast<double>(f.set_begin.size() - 2);
  }

  struct Test {
    NodeMode mode;
    double threshold;
    bool exchanged;  // it holds where the node's "no" leads
    bool missing;    // a missing value passes it
  };
  Test simple(Forest& f, size_t p) {
    std::vector<double> values = operands(p);
    switch (test_of(p)) {
      case TreeTest::missing: return {NodeMode::lt, -kInfinity, false, true};
      case TreeTest::not_missing: return {NodeMode::leq, kInfinity, false, false};
      case TreeTest::in: return {NodeMode::member, set_of(f, values), false, false};
      case TreeTest::not_in: return {NodeMode::member, set_of(f, values), true, false};
      case TreeTest::equal: return {NodeMode::eq, values[0], false, false};
      case TreeTest::not_equal: return {NodeMode::neq, values[0], false, false};
      case TreeTest::less: return {NodeMode::lt, values[0], false, false};
      case TreeTest::less_or_equal: return {NodeMode::leq, values[0], false, false};
      case TreeTest::greater: return {NodeMode::gt, values[0], false, false};
      default: return {NodeMode::geq, values[0], false, false};
    }
  }
  uint32_t add(Forest& f, const Test& t, uint32_t feature, uint32_t yes, uint32_t no, bool missing) {
    ++tests_;
    return t.exchanged ? f.add_node(t.mode, feature, t.threshold, no, yes, !missing)
                       : f.add_node(t.mode, feature, t.threshold, yes, no, missing);
  }

  // A column of outcomes: one tree of columns_.

  uint32_t outcome(double value) {
    uint32_t leaf = columns_.forest.add_leaf();
    columns_.forest.add_weight(static_cast<uint32_t>(columns_.targets), value);
    return leaf;
  }
  Way way(std::function<uint32_t()> make) { return {next_way_++, std::move(make)}; }

  uint32_t build(size_t p, const Way& yes, const Way& no, const Way& unknown) {
    const TreeTest test = test_of(p);
    if (test == TreeTest::always) return yes.make();
    if (test == TreeTest::never || tests_ > kMaxTests) return no.make();
    Forest& f = columns_.forest;
    if (test >= TreeTest::all_of) {
      return compound(p, static_cast<size_t>(op_.operand_begin[p]), false, yes, no, unknown);
    }
    const auto feature = static_cast<uint32_t>(op_.input[p]);
    const Test t = simple(f, p);
    if (!can_be_unknown(test)) return add(f, t, feature, yes.make(), no.make(), t.missing);
    const bool with_yes = unknown.id == yes.id;
    if (with_yes || unknown.id == no.id) return add(f, t, feature, yes.make(), no.make(), with_yes);
    uint32_t known = add(f, t, feature, yes.make(), no.make(), false);
    return add(f, {NodeMode::lt, -kInfinity, false, true}, feature, unknown.make(), known, true);
  }

  // The operands from `k` on; `state` = an operand was unknown, or an odd number was true.
  uint32_t compound(size_t p, size_t k, bool state, const Way& yes, const Way& no, const Way& unknown) {
    const TreeTest test = test_of(p);
    const bool last = k == static_cast<size_t>(op_.operand_end[p]);
    const auto rest = [&](bool then) {
      return way([&, then, k] { return compound(p, k + 1, then, yes, no, unknown); });
    };
    const auto operand = [&] { return static_cast<size_t>(op_.operands[k]); };
    if (test == TreeTest::surrogate) {
      return last ? unknown.make() : build(operand(), yes, no, rest(false));
    }
    if (test == TreeTest::exclusive) {
      return last ? (state ? yes : no).make() : build(operand(), rest(!state), rest(state), unknown);
    }
    const bool all = test == TreeTest::all_of;
    if (last) return (state ? unknown : all ? yes : no).make();
    const Way on = rest(state), open = state ? on : rest(true);
    return all ? build(operand(), on, no, open) : build(operand(), yes, on, open);
  }

  uint32_t finish_column(uint32_t root) {
    columns_.forest.roots.push_back(root);
    return static_cast<uint32_t>(c_.inputs.size()) + static_cast<uint32_t>(columns_.targets++);
  }

  // The column of a compound predicate: an Outcome.
  uint32_t column_of(size_t p) {
    auto [found, fresh] = predicates_.try_emplace(p, 0);
    if (fresh) {
      Way yes = way([&] { return outcome(kYes); }), no = way([&] { return outcome(kNo); });
      Way unknown = way([&] { return outcome(kUnknown); });
      found->second = finish_column(build(p, yes, no, unknown));
    }
    return found->second;
  }

  // The column of a node's way out: a child's number, or one of the three behind them.
  struct Exits {
    uint32_t column;
    double none, by_default, end;
  };
  Exits exits_of(size_t node) {
    const int64_t begin = op_.child_begin[node], end = op_.child_begin[node + 1];
    const double count = static_cast<double>(end - begin);
    Exits exits{0, count, count + 1, count + 2};
    const bool has_default = !op_.default_child.empty() && op_.default_child[node] >= 0;
    Way unknown = way([&] { return outcome(has_default ? exits.by_default : exits.none); });
    std::function<uint32_t(int64_t)> from = [&](int64_t k) -> uint32_t {
      if (k == end) return outcome(op_.last_if_none ? exits.end : exits.none);
      Way yes = way([&, k] { return outcome(static_cast<double>(k - begin)); });
      Way no = way([&, k] { return from(k + 1); });
      return build(predicate_of(static_cast<size_t>(op_.children[static_cast<size_t>(k)])), yes, no, unknown);
    };
    exits.column = finish_column(from(begin));
    return exits;
  }

  // The tree.

  struct Slot {
    enum Kind : uint8_t { root, yes, no } kind;
    uint32_t node;
  };
  void link(Slot slot, uint32_t node) {
    Forest& f = main_.forest;
    switch (slot.kind) {
      case Slot::root: f.roots.push_back(node); break;
      case Slot::yes: f.yes[slot.node] = node; break;
      case Slot::no: f.no[slot.node] = node; break;
    }
  }
  void leaf(Slot slot, double value) {
    Forest& f = main_.forest;
    const auto index = static_cast<uint32_t>(f.leaf_weight.size());
    f.leaf_weight.push_back(value);
    link(slot, f.add_node(NodeMode::leaf, 0, 0, index, 0, false));
  }
  void end_at(Slot slot, size_t node) { leaf(slot, static_cast<double>(node)); }
  // No prediction; where the penalty counts, by the node at which the walk ended.
  void no_prediction(Slot slot, size_t node) {
    leaf(slot, op_.penalty == 1 ? kNan : nodes() + static_cast<double>(node));
  }
  // Appends a test; returns where it holds, and sets `slot` to where it does not.
  Slot split(Slot& slot, const Test& t, uint32_t feature, bool missing) {
    uint32_t node = add(main_.forest, t, feature, 0, 0, missing);
    link(slot, node);
    slot = {t.exchanged ? Slot::yes : Slot::no, node};
    return {t.exchanged ? Slot::no : Slot::yes, node};
  }
  Slot split(Slot& slot, uint32_t feature, double equal) {
    return split(slot, {NodeMode::eq, equal, false, false}, feature, false);
  }

  void walk() {
    std::vector<std::pair<size_t, Slot>> work;
    Slot slot{Slot::root, 0};
    // An unknown root has no parent that a strategy could turn to.
    if (test_of(predicate_of(0)) == TreeTest::always) {
      work.emplace_back(0, slot);
    } else if (test_of(predicate_of(0)) == TreeTest::never) {
      no_prediction(slot, 0);
    } else {
      work.emplace_back(0, test(slot, predicate_of(0)));
      no_prediction(slot, 0);
    }
    while (!work.empty()) {
      auto [node, at] = work.back();
      work.pop_back();
      if (op_.child_begin[node] == op_.child_begin[node + 1]) {
        end_at(at, node);
      } else if (op_.unknown == UnknownSplit::default_child && may_be_unknown(node)) {
        by_exits(node, at, work);
      } else {
        by_tests(node, at, work);
      }
    }
  }

  // Where a predicate holds; `slot` goes on where it does not, or is unknown.
  Slot test(Slot& slot, size_t p) {
    if (test_of(p) >= TreeTest::all_of) return split(slot, column_of(p), kYes);
    const Test t = simple(main_.forest, p);
    return split(slot, t, static_cast<uint32_t>(op_.input[p]), t.missing);
  }

  bool may_be_unknown(size_t node) const {
    for (int64_t k = op_.child_begin[node]; k < op_.child_begin[node + 1]; ++k) {
      const TreeTest t = test_of(predicate_of(static_cast<size_t>(op_.children[static_cast<size_t>(k)])));
      if (t == TreeTest::always) return false;
      if (can_be_unknown(t)) return true;
    }
    return false;
  }

  template <class Work>
  void by_tests(size_t node, Slot slot, Work& work) {
    const bool stops = op_.unknown != UnknownSplit::none;
    std::vector<uint32_t> known;  // columns that have a value here
    const auto stop = [&](Slot at) {
      op_.unknown == UnknownSplit::last_prediction ? end_at(at, node) : no_prediction(at, node);
    };
    for (int64_t k = op_.child_begin[node]; k < op_.child_begin[node + 1]; ++k) {
      const auto child = static_cast<size_t>(op_.children[static_cast<size_t>(k)]);
      const size_t p = predicate_of(child);
      const TreeTest kind = test_of(p);
      if (kind == TreeTest::always) {
        work.emplace_back(child, slot);
        return;
      }
      if (kind == TreeTest::never) continue;
      if (stops && kind >= TreeTest::all_of) {
        stop(split(slot, column_of(p), kUnknown));
      } else if (stops && can_be_unknown(kind)) {
        const auto feature = static_cast<uint32_t>(op_.input[p]);
        if (std::find(known.begin(), known.end(), feature) == known.end()) {
          known.push_back(feature);
          stop(split(slot, {NodeMode::lt, -kInfinity, false, true}, feature, true));
        }
      }
      work.emplace_back(child, test(slot, p));
    }
    op_.last_if_none ? end_at(slot, node) : no_prediction(slot, node);
  }

  template <class Work>
  void by_exits(size_t node, Slot slot, Work& work) {
    const Exits exits = exits_of(node);
    if (op_.penalty != 1) penalised_.push_back({node, exits.column, exits.by_default});
    const int64_t begin = op_.child_begin[node];
    for (int64_t k = begin; k < op_.child_begin[node + 1]; ++k) {
      const auto child = static_cast<size_t>(op_.children[static_cast<size_t>(k)]);
      const auto number = static_cast<double>(k - begin);
      Slot yes = slot;
      if (!op_.default_child.empty() && op_.default_child[node] == static_cast<int64_t>(child)) {
        Test either{NodeMode::member, set_of(main_.forest, {number, exits.by_default}), false, false};
        yes = split(slot, either, exits.column, false);
      } else {
        yes = split(slot, exits.column, number);
      }
      work.emplace_back(child, yes);
    }
    end_at(split(slot, exits.column, exits.end), node);
    no_prediction(slot, node);
  }

  // penalty^(number of default children on the way to the node).
  ValueId penalty(ValueId end) {
    const auto count = static_cast<int64_t>(op_.predicate.size());
    const auto columns = static_cast<int64_t>(penalised_.size());
    if (columns == 0) return ones(end);
    std::vector<int64_t> parent(static_cast<size_t>(count), -1);
    for (size_t n = 0; n < static_cast<size_t>(count); ++n) {
      for (int64_t k = op_.child_begin[n]; k < op_.child_begin[n + 1]; ++k) {
        parent[static_cast<size_t>(op_.children[static_cast<size_t>(k)])] = static_cast<int64_t>(n);
      }
    }
    std::vector<double> passes(static_cast<size_t>(2 * count * columns), 0.0);
    size_t deepest = 0;
    for (int64_t n = 0; n < count; ++n) {
      size_t depth = 0;
      for (int64_t a = parent[static_cast<size_t>(n)]; a >= 0; a = parent[static_cast<size_t>(a)], ++depth) {
        for (int64_t m = 0; m < columns; ++m) {
          if (penalised_[static_cast<size_t>(m)].node != static_cast<size_t>(a)) continue;
          passes[static_cast<size_t>(n * columns + m)] = passes[static_cast<size_t>((n + count) * columns + m)] = 1;
        }
      }
      deepest = std::max(deepest, depth);
    }
    std::vector<int64_t> index;
    std::vector<double> marks, powers{1};
    for (const Penalised& p : penalised_) {
      index.push_back(static_cast<int64_t>(p.column) - static_cast<int64_t>(c_.inputs.size()));
      marks.push_back(p.by_default);
    }
    for (size_t i = 0; i < deepest; ++i) powers.push_back(powers.back() * op_.penalty);
    ValueId outcomes = b_.add(tensor::Gather{1}, {outcomes_, int_constant(b_, std::move(index))});
    ValueId taken = binary(b_, BinaryFn::equal, outcomes, real_constant(b_, DType::f64, {columns}, marks));
    ValueId place = b_.add(tensor::Cast{DType::i64}, {end});
    place = b_.add(tensor::Reshape{}, {place, int_constant(b_, {-1})});
    ValueId on_way = b_.add(tensor::Gather{0}, {real_constant(b_, DType::f64, {2 * count, columns}, passes), place});
    ValueId both_true = where(b_, taken, on_way, one_real(b_, DType::f64, 0));
    ValueId number = b_.add(tensor::Reduce{tensor::ReduceFn::sum, {1}, true}, {both_true});
    const auto last = static_cast<int64_t>(powers.size());
    return b_.add(tensor::Gather{0}, {real_constant(b_, DType::f64, {last}, powers),
                                      b_.add(tensor::Cast{DType::i64}, {number})});
  }

  std::string blend(Results& results) {
    if (op_.predicate.size() > kMaxBlended) return fmt::format("results blended of more than {} nodes", kMaxBlended);
    for (size_t n = 0; n < op_.predicate.size(); ++n) column_of(predicate_of(n));
    if (tests_ > kMaxTests) return "compound predicates of too many tests";
    outcomes_ = b_.add(columns_, {matrix()});
    const Blended made = blended(b_, op_, [&](size_t p) {
      const auto index = static_cast<int64_t>(predicates_.at(p)) - static_cast<int64_t>(c_.inputs.size());
      return b_.add(tensor::Gather{1}, {outcomes_, int_constant(b_, {index})});
    });
    results = {made.node};
    if (op_.penalty != 1) results.push_back(ones(made.node));
    results.push_back(made.distribution);
    return {};
  }

  // 1 in every row.
  ValueId ones(ValueId rows) {
    ValueId never = b_.add(tensor::Cast{DType::f64}, {binary(b_, BinaryFn::less, rows, one_real(b_, DType::f64, -1))});
    return binary(b_, BinaryFn::add, never, one_real(b_, DType::f64, 1));
  }

  struct Penalised {
    size_t node;
    uint32_t column;
    double by_default;
  };

  PatternContext& c_;
  Builder& b_;
  const DecisionTree& op_;
  std::vector<uint8_t> text_;
  std::vector<std::map<std::string, double>> codes_;  // per input: numbers of the texts that are tested
  ml::TreeEnsemble main_, columns_{.targets = 0};
  std::map<size_t, uint32_t> predicates_;  // columns of compound ones
  std::vector<Penalised> penalised_;
  ValueId outcomes_;
  size_t tests_ = 0, next_way_ = 0;
};

}  // namespace

std::string lower_decision_tree(PatternContext& c, Results& results) {
  for (ValueId v : c.inputs) {
    if (c.builder.type(v).column() != nullptr) return "a table column that is no tensor yet";
  }
  return Lowering(c).run(results);
}

}  // namespace panmodel::converters
