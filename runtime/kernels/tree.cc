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

namespace {

// The matrix, or the columns that the session gives instead of it (kernel.h).
template <class X>
TreeRows<X> rows_of(const KernelContext& context) {
  const Matrix m = matrix_of(context, 0);
  if (context.inputs() == 1) return {m.rows, m.columns, data<X>(context.tensor(0)), {}};
  TreeRows<X> rows{m.rows, context.inputs(), nullptr, {}};
  for (size_t i = 0; i < context.inputs(); ++i) {
    const Value& value = context.in(i);
    if (matrix_of(context, i).rows != m.rows || value.tensor.size() != m.rows) {
      fail(context.loc(), "run-shape", "columns 0 and {} have {} and {} cells", i, m.rows, value.tensor.size());
    }
    if (value.tensor.dtype() != context.tensor(0).dtype()) fail_dtype(context, value.tensor.dtype());
    rows.columns.push_back({data<X>(value.tensor), value.valid ? value.valid->data() : nullptr});
  }
  return rows;
}

}  // namespace

void run(const ml::TreeEnsemble& op, KernelContext& context) {
  const auto& prepared = context.prepared<Prepared>();
  auto score = [&]<class X, class A>() {
    const TreeRows<X> rows = rows_of<X>(context);
    if (rows.features < prepared.features) {
      fail(context.loc(), "run-shape", "{} columns, expected {} or more", rows.features, prepared.features);
    }
    Shape shape{static_cast<int64_t>(rows.rows), op.targets};
    auto out = allocate<A>(context, shape);
    if (const auto* layout = prepared.layout<X>().get(op, rows.rows)) {
      layout->score(op, rows, out.data());
    } else {
      std::vector<X> made;
      reference_trees(op, rows.block(0, rows.rows, made), rows.rows, rows.features, out.data());
    }
    context.set(0, Tensor::of(shape, std::move(out)));
  };
  const DType dtype = context.tensor(0).dtype();
  bool f32_sum = op.accumulate == DType::f32;
  if (dtype == DType::f32) {
    return f32_sum ? score.template operator()<float, float>()
                   : score.template operator()<float, double>();
  }
  if (dtype != DType::f64) fail_dtype(context, dtype);
  return f32_sum ? score.template operator()<double, float>()
                 : score.template operator()<double, double>();
}

}  // namespace panmodel::runtime
