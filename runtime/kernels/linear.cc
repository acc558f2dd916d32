// Linear predictors. Products are summed in feature order in the type of X, then the intercept is
// added. Eight rows go together: each has its own sum, so the order within a row stays.
#include "ir/ops/linear.h"

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

constexpr size_t kLanes = 8;

template <class T>
void score(const T* x, size_t rows, size_t features, const T* coef, const T* intercept, size_t outputs,
           T* out) {
  size_t r = 0;
  for (; r + kLanes <= rows; r += kLanes) {
    for (size_t k = 0; k < outputs; ++k) {
      T sum[kLanes] = {};
      const T* w = coef + k * features;
      for (size_t f = 0; f < features; ++f) {
        for (size_t lane = 0; lane < kLanes; ++lane) sum[lane] += x[(r + lane) * features + f] * w[f];
      }
      for (size_t lane = 0; lane < kLanes; ++lane) {
        out[(r + lane) * outputs + k] = sum[lane] + intercept[k];
      }
    }
  }
  for (; r < rows; ++r) {
    for (size_t k = 0; k < outputs; ++k) {
      T sum = 0;
      for (size_t f = 0; f < features; ++f) sum += x[r * features + f] * coef[k * features + f];
      out[r * outputs + k] = sum + intercept[k];
    }
  }
}

}  // namespace

void run(const ml::Linear& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  size_t outputs = static_cast<size_t>(op.coef.shape()[0]);
  size_t features = static_cast<size_t>(op.coef.shape()[1]);
  Matrix m = matrix_of(context, 0, features);
  Tensor coef = convert(context, op.coef, x.dtype());
  Tensor intercept = convert(context, op.intercept, x.dtype());
  Shape shape{static_cast<int64_t>(m.rows), static_cast<int64_t>(outputs)};
  with_wide(context, x.dtype(), [&]<class T>() {
    auto out = allocate<T>(context, shape);
    score(data<T>(x), m.rows, features, data<T>(coef), data<T>(intercept), outputs, out.data());
    context.set(0, Tensor::of(shape, std::move(out)));
  });
}

}  // namespace panmodel::runtime
