// Tree ensembles.
#include "ir/ops/tree.h"

#include "runtime/kernels/tree_walk.h"
#include "runtime/kernels/util.h"

namespace panmodel::runtime {

std::shared_ptr<const void> prepare(const ml::TreeEnsemble& op) {
  uint32_t features = 0;
  for (size_t n = 0; n < op.forest.nodes(); ++n) {
    if (!op.forest.is_leaf(n)) features = std::max(features, op.forest.feature[n] + 1);
  }
  return std::make_shared<const uint32_t>(features);
}

void run(const ml::TreeEnsemble& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  Matrix m = matrix_of(context, 0);
  uint32_t needed = context.prepared<uint32_t>();
  if (m.columns < needed) {
    fail(context.loc(), "run-shape", "{} columns, expected {} or more", m.columns, needed);
  }
  Shape shape{static_cast<int64_t>(m.rows), op.targets};
  auto score = [&]<class X, class A>() {
    auto out = allocate<A>(context, shape);
    reference_trees(op, data<X>(x), m.rows, m.columns, out.data());
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
