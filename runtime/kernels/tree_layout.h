#pragma once
// The layouts of a forest for scoring, and which of them scores a block of rows.
#include <memory>

#include "runtime/kernels/tree_flat.h"
#include "runtime/kernels/tree_sliced.h"

namespace panmodel::runtime {

template <class X>
class TreeLayout {
 public:
  // Null when two parents share a node: then there is only the reference walk.
  static std::unique_ptr<const TreeLayout> make(const ml::TreeEnsemble& op);
  // As reference_trees; `op` is the operator that the layout was made from, A the type of its sums.
  template <class A>
  void score(const ml::TreeEnsemble& op, const TreeRows<X>& rows, A* out) const;

 private:
  std::unique_ptr<const FlatForest<X>> all_;      // every row
  std::unique_ptr<const FlatForest<X>> whole_;    // rows without NaN; null = all_ is as small
  std::unique_ptr<const SlicedForest<X>> sliced_;  // likewise, many at a time; null = does not apply
};

}  // namespace panmodel::runtime
