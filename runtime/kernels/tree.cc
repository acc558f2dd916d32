// Tree ensembles.
#include "ir/ops/tree.h"

#include <atomic>
#include <mutex>

#include "runtime/kernels/tree_layout.h"
#include "runtime/kernels/tree_walk.h"
#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

// The layout for one type of X, made once enough rows were seen to pay for it: until then, as for
// the few rows of a self-check of a large forest, the reference walk costs less.
template <class X>
class LazyLayout {
 public:
  const TreeLayout<X>* get(const ml::TreeEnsemble& op, size_t rows) const {
    constexpr uint64_t kStepsPerWalk = 16, kStepsPerNode = 2;
    uint64_t walks = (seen_ += rows) * op.forest.roots.size();
    if (walks * kStepsPerWalk < op.forest.nodes() * kStepsPerNode) return nullptr;
    std::call_once(once_, [&] { layout_ = TreeLayout<X>::make(op); });
    return layout_.get();
  }

 private:
  mutable std::atomic<uint64_t> seen_ = 0;
  mutable std::once_flag once_;
  mutable std::unique_ptr<const TreeLayout<X>> layout_;
};

struct Prepared {
  uint32_t features = 0;
  LazyLayout<float> f32;
  LazyLayout<double> f64;
  template <class X>
  const LazyLayout<X>& layout() const {
    if constexpr (std::is_same_v<X, float>) {
      return f32;
    } else {
      return f64;
    }
  }
};

}  // namespace

std::shared_ptr<const void> prepare(const ml::TreeEnsemble& op) {
  auto prepared = std::make_shared<Prepared>();
  for (size_t n = 0; n < op.forest.nodes(); ++n) {
    if (op.forest.is_leaf(n)) continue;
    prepared->features = std::max(prepared->features, op.forest.feature[n] + 1);
  }
  return prepared;
}

void run(const ml::TreeEnsemble& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  Matrix m = matrix_of(context, 0);
  const auto& prepared = context.prepared<Prepared>();
  if (m.columns < prepared.features) {
    fail(context.loc(), "run-shape", "{} columns, expected {} or more", m.columns,
         prepared.features);
  }
  Shape shape{static_cast<int64_t>(m.rows), op.targets};
  auto score = [&]<class X, class A>() {
    auto out = allocate<A>(context, shape);
    if (const auto* layout = prepared.layout<X>().get(op, m.rows)) {
      layout->score(op, data<X>(x), m.rows, m.columns, out.data());
    } else {
      reference_trees(op, data<X>(x), m.rows, m.columns, out.data());
    }
    context.set(0, Tensor::of(shape, std::move(out)));
  };
  bool f32_sum = op.accumulate == DType::f32;
  if (x.dtype() == DType::f32) {
    return f32_sum ? score.template operator()<float, float>()
                   : score.template operator()<float, double>();
  }
  if (x.dtype() != DType::f64) fail_dtype(context, x.dtype());
  return f32_sum ? score.template operator()<double, float>()
                 : score.template operator()<double, double>();
}

}  // namespace panmodel::runtime
