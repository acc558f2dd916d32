#include "runtime/kernels/tree_layout.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "runtime/kernels/tree_known.h"
#include "runtime/kernels/tree_walk.h"

namespace panmodel::runtime {

template <class X>
std::unique_ptr<const TreeLayout<X>> TreeLayout<X>::make(const ml::TreeEnsemble& op) {
  auto layout = std::make_unique<TreeLayout>();
  layout->all_ = FlatForest<X>::make(op, op.forest);
  if (!layout->all_) return nullptr;
  const Forest trees = without_missing<X>(op.forest);
  if (trees.nodes() < op.forest.nodes()) layout->whole_ = FlatForest<X>::make(op, trees);
  if (layout->all_->dense()) layout->sliced_ = SlicedForest<X>::make(op, trees);
  return layout;
}

template <class X>
template <class A>
void TreeLayout<X>::score(const ml::TreeEnsemble& op, const TreeRows<X>& rows, A* out) const {
  constexpr size_t kBlock = FlatForest<X>::kBlockRows;
  static_assert(kBlock == SlicedForest<X>::kRows);
  // The sliced trees cost the same for one row as for a full block.
  constexpr size_t kLeastSliced = kBlock / 4;
  const size_t targets = static_cast<size_t>(op.targets);
  const TreeSum<A> sum{op};
  std::optional<typename SlicedForest<X>::Workspace> workspace;
  if (sliced_ && rows.rows >= kLeastSliced) workspace.emplace(*sliced_);
  std::vector<X> made;
  for (size_t from = 0; from < rows.rows; from += kBlock) {
    const size_t count = std::min(kBlock, rows.rows - from);
    A* result = out + from * targets;
    for (size_t i = 0; i < count * targets; ++i) result[i] = sum.start(i % targets);
    if (!workspace || count < kLeastSliced || !sliced_->add(op, *workspace, rows, from, count, result)) {
      const X* x = rows.block(from, count, made);
      const bool whole = std::none_of(x, x + count * rows.features, [](X v) { return std::isnan(v); });
      const FlatForest<X>& flat = whole && whole_ ? *whole_ : *all_;
      flat.add(op, x, count, rows.features, whole, result);
    }
    for (size_t i = 0; i < count * targets; ++i) result[i] = sum.finish(result[i], i % targets);
  }
}

template class TreeLayout<float>;
template class TreeLayout<double>;
#define PANMODEL_SCORE(X, A) \
  template void TreeLayout<X>::score(const ml::TreeEnsemble&, const TreeRows<X>&, A*) const;
PANMODEL_SCORE(float, float)
PANMODEL_SCORE(float, double)
PANMODEL_SCORE(double, float)
PANMODEL_SCORE(double, double)
#undef PANMODEL_SCORE

}  // namespace panmodel::runtime
