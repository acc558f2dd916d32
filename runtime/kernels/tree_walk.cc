#include "runtime/kernels/tree_walk.h"

#include <algorithm>
#include <cmath>

namespace panmodel::runtime {
namespace {

constexpr size_t kLanes = 16;

bool test(const Forest& forest, uint32_t node, double x) {
  double t = forest.threshold[node];
  switch (forest.node_mode(node)) {
    case NodeMode::leaf: return true;
    case NodeMode::leq: return x <= t;
    case NodeMode::lt: return x < t;
    case NodeMode::geq: return x >= t;
    case NodeMode::gt: return x > t;
    case NodeMode::eq: return x == t;
    case NodeMode::neq: return x != t;
    case NodeMode::member: {
      size_t set = static_cast<size_t>(t);
      auto begin = forest.set_value.begin();
      return std::find(begin + forest.set_begin[set], begin + forest.set_begin[set + 1], x) !=
             begin + forest.set_begin[set + 1];
    }
  }
  return false;
}

// The child that the row takes; no branch on the outcome, which nothing predicts.
template <class X>
uint32_t child_of(const Forest& forest, uint32_t node, const X* row) {
  double x = static_cast<double>(row[forest.feature[node]]);
  bool yes = std::isnan(x) ? forest.missing_yes(node) : test(forest, node, x);
  uint32_t mask = 0U - static_cast<uint32_t>(yes);
  return (forest.yes[node] & mask) | (forest.no[node] & ~mask);
}

// Walks side by side, which hides the latency of their loads; they end in the order of their start.
template <class X>
class Walks {
 public:
  explicit Walks(const Forest& forest) : forest_(forest) {}
  // add(row index, leaf) is called now or later.
  template <class Add>
  void start(uint32_t root, const X* row, size_t index, const Add& add) {
    at_[count_] = root;
    rows_[count_] = row;
    index_[count_++] = index;
    if (count_ == kLanes) finish(add);
  }
  template <class Add>
  void finish(const Add& add) {
    for (bool moved = true; moved;) {
      moved = false;
      for (size_t lane = 0; lane < count_; ++lane) {
        if (forest_.is_leaf(at_[lane])) continue;
        at_[lane] = child_of(forest_, at_[lane], rows_[lane]);
        moved = true;
      }
    }
    for (size_t lane = 0; lane < count_; ++lane) add(index_[lane], forest_.yes[at_[lane]]);
    count_ = 0;
  }

 private:
  const Forest& forest_;
  size_t count_ = 0;
  uint32_t at_[kLanes];
  const X* rows_[kLanes];
  size_t index_[kLanes];
};

}  // namespace

template <class X>
uint32_t reference_leaf(const Forest& forest, uint32_t root, const X* row) {
  uint32_t node = root;
  while (!forest.is_leaf(node)) node = child_of(forest, node, row);
  return forest.yes[node];
}

template <class X, class A>
void reference_trees(const ml::TreeEnsemble& op, const X* x, size_t rows, size_t features, A* out) {
  const Forest& forest = op.forest;
  size_t targets = static_cast<size_t>(op.targets);
  TreeSum<A> sum{op};
  std::vector<uint8_t> seen(rows * targets, 0);
  for (size_t i = 0; i < rows * targets; ++i) out[i] = sum.start(i % targets);
  auto add = [&](size_t row, uint32_t leaf) {
    size_t begin = forest.leaf_begin.empty() ? leaf : forest.leaf_begin[leaf];
    size_t end = forest.leaf_begin.empty() ? leaf + 1 : forest.leaf_begin[leaf + 1];
    for (size_t w = begin; w < end; ++w) {
      size_t i = row * targets + (forest.leaf_target.empty() ? 0 : forest.leaf_target[w]);
      out[i] = sum.combine(out[i], static_cast<A>(forest.leaf_weight[w]), seen[i] == 0);
      seen[i] = 1;
    }
  };
  Walks<X> walks(forest);
  if (rows < kLanes) {
    for (size_t row = 0; row < rows; ++row) {
      for (uint32_t root : forest.roots) walks.start(root, x + row * features, row, add);
      walks.finish(add);
    }
  } else {
    // A tree stays in the cache while all rows meet it.
    for (uint32_t root : forest.roots) {
      for (size_t row = 0; row < rows; ++row) walks.start(root, x + row * features, row, add);
      walks.finish(add);
    }
  }
  for (size_t i = 0; i < rows * targets; ++i) out[i] = sum.finish(out[i], i % targets);
}

template uint32_t reference_leaf(const Forest&, uint32_t, const float*);
template uint32_t reference_leaf(const Forest&, uint32_t, const double*);
template void reference_trees(const ml::TreeEnsemble&, const float*, size_t, size_t, float*);
template void reference_trees(const ml::TreeEnsemble&, const float*, size_t, size_t, double*);
template void reference_trees(const ml::TreeEnsemble&, const double*, size_t, size_t, float*);
template void reference_trees(const ml::TreeEnsemble&, const double*, size_t, size_t, double*);

}  // namespace panmodel::runtime
