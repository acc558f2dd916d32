// The layouts of forests against the reference walk: equal bits on random forests of every mode
// and on values at and beside the thresholds.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "base/number.h"
#include "runtime/kernels/tree_layout.h"
#include "runtime/kernels/tree_walk.h"

namespace panmodel::runtime {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Shape {
  size_t trees = 5, features = 7, depth = 6;
  double leaf_chance = 0.1;
  std::vector<NodeMode> modes = {NodeMode::leq};
  int64_t targets = 1;
  bool sparse_leaves = false;
  bool full = false;      // every tree complete to `depth`
  size_t thresholds = 0;  // distinct values; 0 = any
};

// Values that rounding, sign and the ends of the range make difficult.
std::vector<double> hard_values() {
  std::vector<double> v = {0.0,     -0.0,     1.0,        0.1,     -0.1,    1e-46,  -1e-46,
                           5e-324,  -5e-324,  1.4e-45,    -1.4e-45, 1e-40,  3.5e38, -3.5e38,
                           kInf,    -kInf,    16777217.0, 0.3,     1.0 / 3, 2.5,    std::nan("")};
  v.push_back(static_cast<double>(std::numeric_limits<float>::max()));
  v.push_back(static_cast<double>(std::numeric_limits<float>::min()));
  return v;
}

class Builder {
 public:
  Builder(const Shape& shape, uint64_t seed) : shape_(shape), rng_(seed), hard_(hard_values()) {}

  ml::TreeEnsemble make() {
    op_.targets = shape_.targets;
    for (size_t i = 0; i < shape_.thresholds; ++i) pool_.push_back(threshold());
    for (size_t t = 0; t < shape_.trees; ++t) {
      uint32_t root = node(0);
      op_.forest.roots.push_back(root);
    }
    return std::move(op_);
  }
  std::vector<double> rows(size_t count) {
    const Forest& f = op_.forest;
    std::vector<double> x(count * shape_.features);
    for (double& v : x) {
      v = threshold();
      if (below(2) == 0 && f.nodes() > 0) v = f.threshold[below(f.nodes())];
      if (below(8) == 0) v = std::floor(v);
      if (below(4) == 0) v = next_up(v);
      if (below(4) == 0) v = next_down(v);
      if (below(50) == 0) v = std::nan("");
    }
    return x;
  }
  size_t below(size_t n) { return static_cast<size_t>(rng_() % n); }
  ml::TreeEnsemble op_;

 private:
  double threshold() {
    if (below(6) == 0) return hard_[below(hard_.size())];
    double v = std::normal_distribution<double>()(rng_);
    return below(2) == 0 ? static_cast<double>(static_cast<float>(v)) : v;
  }
  uint32_t node(size_t depth) {
    Forest& f = op_.forest;
    bool early = std::uniform_real_distribution<double>()(rng_) < shape_.leaf_chance;
    if (depth == shape_.depth || (early && !shape_.full)) return leaf();
    NodeMode mode = shape_.modes[below(shape_.modes.size())];
    double t = pool_.empty() ? threshold() : pool_[below(pool_.size())];
    if (mode == NodeMode::member) {
      if (f.set_begin.empty()) f.set_begin.push_back(0);
      t = static_cast<double>(f.set_begin.size() - 1);
      for (size_t i = below(5); i > 0; --i) f.set_value.push_back(threshold());
      f.set_begin.push_back(static_cast<uint32_t>(f.set_value.size()));
    }
    uint32_t at = f.add_node(mode, static_cast<uint32_t>(below(shape_.features)), t, 0, 0,
                             below(2) == 0);
    // The vectors grow while the children are made.
    uint32_t no = node(depth + 1), yes = node(depth + 1);
    f.yes[at] = yes;
    f.no[at] = no;
    return at;
  }
  uint32_t leaf() {
    Forest& f = op_.forest;
    uint32_t at = f.add_leaf();
    for (int64_t t = 0; t < shape_.targets; ++t) {
      if (shape_.sparse_leaves && below(2) == 0) continue;
      size_t target = shape_.sparse_leaves ? below(static_cast<size_t>(shape_.targets))
                                           : static_cast<size_t>(t);
      f.add_weight(static_cast<uint32_t>(target), std::normal_distribution<double>()(rng_));
    }
    return at;
  }

  Shape shape_;
  std::mt19937_64 rng_;
  std::vector<double> hard_, pool_;
};

template <class X, class A>
void expect_same_bits(ml::TreeEnsemble op, const std::vector<double>& values, size_t features,
                      size_t batch) {
  op.accumulate = std::is_same_v<A, float> ? DType::f32 : DType::f64;
  std::vector<X> x(values.begin(), values.end());
  size_t rows = x.size() / features, targets = static_cast<size_t>(op.targets);
  std::vector<A> expected(rows * targets), found(rows * targets), parts(rows * targets);
  reference_trees(op, x.data(), rows, features, expected.data());
  auto layout = TreeLayout<X>::make(op);
  ASSERT_NE(layout, nullptr);
  for (size_t from = 0; from < rows; from += batch) {
    size_t count = std::min(batch, rows - from);
    // The rows as a matrix and as columns, in which each other NaN is a missing cell.
    const X* begin = x.data() + from * features;
    TreeRows<X> source{count, features, begin, {}};
    layout->score(op, source, found.data() + from * targets);
    std::vector<std::vector<X>> cells(features);
    std::vector<std::vector<uint8_t>> valid(features, std::vector<uint8_t>(count, 1));
    source.matrix = nullptr;
    for (size_t c = 0; c < features; ++c) {
      for (size_t r = 0; r < count; ++r) {
        cells[c].push_back(begin[r * features + c]);
        if (!std::isnan(cells[c][r]) || r % 2 == 0) continue;
        cells[c][r] = 0;
        valid[c][r] = 0;
      }
      const bool all = std::count(valid[c].begin(), valid[c].end(), 1) == static_cast<ptrdiff_t>(count);
      source.columns.push_back({cells[c].data(), all ? nullptr : valid[c].data()});
    }
    std::vector<A> again(count * targets);
    layout->score(op, source, again.data());
    ASSERT_EQ(std::memcmp(again.data(), found.data() + from * targets, again.size() * sizeof(A)), 0);
    reference_trees(op, x.data() + from * features, count, features, parts.data() + from * targets);
  }
  // Few rows walk side by side in other trees, many in the same one.
  ASSERT_EQ(std::memcmp(expected.data(), parts.data(), parts.size() * sizeof(A)), 0);
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(std::memcmp(&expected[i], &found[i], sizeof(A)), 0)
        << "row " << i / targets << ": " << expected[i] << " and " << found[i];
  }
}

void expect_same(const ml::TreeEnsemble& op, const std::vector<double>& values, size_t features) {
  for (size_t batch : {size_t{1}, size_t{3}, size_t{16}, size_t{37}, size_t{300}}) {
    expect_same_bits<float, float>(op, values, features, batch);
    expect_same_bits<float, double>(op, values, features, batch);
    expect_same_bits<double, float>(op, values, features, batch);
    expect_same_bits<double, double>(op, values, features, batch);
  }
}

void check(Shape shape, uint64_t seed) {
  SCOPED_TRACE(seed);
  Builder builder(shape, seed);
  builder.op_ = builder.make();
  auto x = builder.rows(300);
  expect_same(builder.op_, x, shape.features);
  // Rows without NaN take the plain loop.
  for (double& v : x) v = std::isnan(v) ? 0.25 : v;
  expect_same(builder.op_, x, shape.features);
}

constexpr NodeMode kAll[] = {NodeMode::leq, NodeMode::lt, NodeMode::geq,   NodeMode::gt,
                             NodeMode::eq,  NodeMode::neq, NodeMode::member};

TEST(TreeKernel, EachMode) {
  for (NodeMode mode : kAll) {
    for (uint64_t seed = 1; seed <= 5; ++seed) check({.modes = {mode}}, seed);
  }
}

TEST(TreeKernel, Comparisons) {
  std::vector<NodeMode> modes(kAll, kAll + 4);
  for (uint64_t seed = 1; seed <= 8; ++seed) check({.trees = 40, .modes = modes}, seed);
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    check({.trees = 20, .depth = 8, .modes = modes, .full = true, .thresholds = 50}, seed);
  }
}

TEST(TreeKernel, MixedModesAndTargets) {
  std::vector<NodeMode> modes(std::begin(kAll), std::end(kAll));
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    check({.modes = modes, .targets = 3}, seed);
    check({.modes = modes, .targets = 4, .sparse_leaves = true}, seed);
  }
}

TEST(TreeKernel, ShallowFullTrees) {
  for (size_t depth = 0; depth <= 9; ++depth) {
    check({.trees = 17, .features = 3, .depth = depth, .full = true}, depth);
    check({.trees = 17, .depth = depth, .full = true, .thresholds = 9}, depth);
    check({.trees = 9, .depth = depth, .targets = 2, .full = true, .thresholds = 9}, depth);
  }
}

TEST(TreeKernel, DeepChains) { check({.trees = 2, .depth = 300, .leaf_chance = 0.5}, 1); }

TEST(TreeKernel, Aggregates) {
  for (auto aggregate : {ml::Aggregate::sum, ml::Aggregate::mean, ml::Aggregate::min,
                         ml::Aggregate::max}) {
    for (bool last : {false, true}) {
      for (bool sparse : {false, true}) {
        Builder builder({.targets = 2, .sparse_leaves = sparse}, 3);
        builder.op_ = builder.make();
        builder.op_.aggregate = aggregate;
        builder.op_.base = {0.1, -2.0};
        builder.op_.base_last = last;
        expect_same(builder.op_, builder.rows(300), 7);
      }
    }
  }
}

TEST(TreeKernel, SharedNodesHaveNoLayout) {
  ml::TreeEnsemble op;
  Forest& f = op.forest;
  uint32_t leaf = f.add_leaf();
  f.add_weight(0, 1);
  f.roots = {f.add_node(NodeMode::leq, 0, 0, leaf, leaf, false)};
  EXPECT_EQ(TreeLayout<float>::make(op), nullptr);
}

TEST(TreeKernel, NarrowingKeepsEveryDecision) {
  std::mt19937_64 rng(1);
  std::vector<double> hard = hard_values();
  for (int i = 0; i < 200000; ++i) {
    Forest f;
    double t = rng() % 4 == 0 ? hard[rng() % hard.size()]
                              : std::ldexp(static_cast<double>(rng()), static_cast<int>(rng() % 80) - 100);
    NodeMode mode = kAll[rng() % 6];
    f.add_node(mode, 0, t, 1, 2, rng() % 2 == 0);
    f.add_leaf();
    f.add_leaf();
    float x = rng() % 4 == 0 ? static_cast<float>(hard[rng() % hard.size()]) : static_cast<float>(t);
    if (rng() % 2 == 0) x = next_up(x);
    if (rng() % 2 == 0) x = next_down(x);
    auto test = canonical_test<float>(f, 0);
    bool equality = mode == NodeMode::eq || mode == NodeMode::neq;
    bool yes = std::isnan(x)  ? test.missing_yes
               : equality     ? x == test.threshold
                              : x <= test.threshold;
    ASSERT_EQ(yes != test.swapped, reference_leaf(f, 0, &x) == 0) << x << " against " << t;
  }
}

}  // namespace
}  // namespace panmodel::runtime
