#pragma once
// The reference walk of tree ensembles: every form of forest, on its arrays as they are.
#include <vector>

#include "ir/ops/tree.h"

namespace panmodel::runtime {

// Leaf index that the row reaches in the tree at `root`.
template <class X>
uint32_t reference_leaf(const Forest& forest, uint32_t root, const X* row);

// Rows [0, rows) of x -> out[rows, targets].
template <class X, class A>
void reference_trees(const ml::TreeEnsemble& op, const X* x, size_t rows, size_t features, A* out);

// Running combination of leaf weights in tree order; shared by the reference and the fast kernel.
template <class A>
struct TreeSum {
  const ml::TreeEnsemble& op;
  A start(size_t target) const {
    if (op.base.empty() || op.base_last || !additive()) return 0;
    return static_cast<A>(op.base[target]);
  }
  bool additive() const {
    return op.aggregate == ml::Aggregate::sum || op.aggregate == ml::Aggregate::mean;
  }
  // `first` = no tree has given this target a weight yet.
  A combine(A so_far, A weight, bool first) const {
    switch (op.aggregate) {
      case ml::Aggregate::min: return first || weight < so_far ? weight : so_far;
      case ml::Aggregate::max: return first || weight > so_far ? weight : so_far;
      default: return so_far + weight;
    }
  }
  A finish(A value, size_t target) const {
    if (op.aggregate == ml::Aggregate::mean && !op.forest.roots.empty()) {
      value /= static_cast<A>(op.forest.roots.size());
    }
    bool late = op.base_last || !additive();
    if (!op.base.empty() && late) value += static_cast<A>(op.base[target]);
    return value;
  }
};

}  // namespace panmodel::runtime
