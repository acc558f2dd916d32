#include "runtime/kernels/tree_walk.h"

#include <algorithm>
#include <cmath>

namespace panmodel::runtime {
namespace {

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

}  // namespace

template <class X>
uint32_t reference_leaf(const Forest& forest, uint32_t root, const X* row) {
  uint32_t node = root;
  while (!forest.is_leaf(node)) {
    double x = static_cast<double>(row[forest.feature[node]]);
    bool yes = std::isnan(x) ? forest.missing_yes(node) : test(forest, node, x);
    node = yes ? forest.yes[node] : forest.no[node];
  }
  return forest.yes[node];
}

template <class X, class A>
void reference_trees(const ml::TreeEnsemble& op, const X* x, size_t rows, size_t features, A* out) {
  const Forest& forest = op.forest;
  size_t targets = static_cast<size_t>(op.targets);
  TreeSum<A> sum{op};
  std::vector<uint8_t> seen(targets);
  for (size_t r = 0; r < rows; ++r, x += features, out += targets) {
    std::fill(seen.begin(), seen.end(), uint8_t{0});
    for (size_t t = 0; t < targets; ++t) out[t] = sum.start(t);
    for (uint32_t root : forest.roots) {
      size_t leaf = reference_leaf(forest, root, x);
      size_t begin = forest.leaf_begin.empty() ? leaf : forest.leaf_begin[leaf];
      size_t end = forest.leaf_begin.empty() ? leaf + 1 : forest.leaf_begin[leaf + 1];
      for (size_t w = begin; w < end; ++w) {
        size_t t = forest.leaf_target.empty() ? 0 : forest.leaf_target[w];
        out[t] = sum.combine(out[t], static_cast<A>(forest.leaf_weight[w]), seen[t] == 0);
        seen[t] = 1;
      }
    }
    for (size_t t = 0; t < targets; ++t) out[t] = sum.finish(out[t], t);
  }
}

template uint32_t reference_leaf(const Forest&, uint32_t, const float*);
template uint32_t reference_leaf(const Forest&, uint32_t, const double*);
template void reference_trees(const ml::TreeEnsemble&, const float*, size_t, size_t, float*);
template void reference_trees(const ml::TreeEnsemble&, const float*, size_t, size_t, double*);
template void reference_trees(const ml::TreeEnsemble&, const double*, size_t, size_t, float*);
template void reference_trees(const ml::TreeEnsemble&, const double*, size_t, size_t, double*);

}  // namespace panmodel::runtime
