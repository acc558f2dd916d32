// Dense products: plain loops, each element summed in the order of the inner dimension.
#include "ir/ops/tensor_linalg.h"

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

// Integers wrap.
template <class T>
T multiply_add(T sum, T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(sum) +
                          static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  } else {
    return sum + a * b;
  }
}

// out[m,n] += a[m,k] b[k,n]; the loop over columns is innermost so that it runs along memory.
template <class T>
void product(const T* a, const T* b, size_t m, size_t k, size_t n, T* out) {
  for (size_t i = 0; i < m; ++i) {
    for (size_t p = 0; p < k; ++p) {
      T left = a[i * k + p];
      for (size_t j = 0; j < n; ++j) out[i * n + j] = multiply_add(out[i * n + j], left, b[p * n + j]);
    }
  }
}

void expect_inner(const KernelContext& context, int64_t a, int64_t b) {
  if (a != b) fail(context.loc(), "run-shape", "inner dimensions {} and {} differ", a, b);
}

}  // namespace

void run(const tensor::MatMul&, KernelContext& context) {
  DType dtype = context.tensor(0).dtype(), wide = wide_dtype(context, dtype);
  if (context.tensor(1).dtype() != dtype) fail_dtype(context, context.tensor(1).dtype());
  Tensor a = convert(context, context.tensor(0), wide), b = convert(context, context.tensor(1), wide);
  Shape left = a.shape(), right = b.shape();
  if (left.empty() || right.empty()) {
    fail(context.loc(), "run-shape", "an input is a scalar, expected rank 1 or more");
  }
  bool drop_row = left.size() == 1, drop_column = right.size() == 1;
  if (drop_row) left.insert(left.begin(), 1);
  if (drop_column) right.push_back(1);
  int64_t m = left[left.size() - 2], k = left.back(), n = right.back();
  expect_inner(context, k, right[right.size() - 2]);
  left.resize(left.size() - 2);
  right.resize(right.size() - 2);
  Shape batch = broadcast_shape(context, left, right), shape = batch;
  if (!drop_row) shape.push_back(m);
  if (!drop_column) shape.push_back(n);
  Tensor result = with_wide(context, wide, [&]<class T>() {
    auto out = allocate<T>(context, shape);
    size_t rows = static_cast<size_t>(m), inner = static_cast<size_t>(k);
    size_t columns = static_cast<size_t>(n);
    Odometer at_a(batch, broadcast_strides(left, batch)), at_b(batch, broadcast_strides(right, batch));
    size_t batches = rows * columns == 0 ? 0 : out.size() / (rows * columns);
    for (size_t i = 0; i < batches; ++i) {
      const T* x = data<T>(a) + at_a.next() * rows * inner;
      const T* y = data<T>(b) + at_b.next() * inner * columns;
      product(x, y, rows, inner, columns, out.data() + i * rows * columns);
    }
    return Tensor::of(shape, std::move(out));
  });
  context.set(0, convert(context, result, dtype));
}

void run(const tensor::Gemm& op, KernelContext& context) {
  DType dtype = context.tensor(0).dtype(), wide = wide_dtype(context, dtype);
  Tensor a = convert(context, context.tensor(0), wide), b = convert(context, context.tensor(1), wide);
  if (a.rank() != 2 || b.rank() != 2) fail(context.loc(), "run-shape", "A and B must be matrices");
  if (op.trans_a) a = transpose(context, a, {1, 0});
  if (op.trans_b) b = transpose(context, b, {1, 0});
  expect_inner(context, a.shape()[1], b.shape()[0]);
  Shape shape{a.shape()[0], b.shape()[1]};
  Tensor result = with_wide(context, wide, [&]<class T>() {
    auto out = allocate<T>(context, shape);
    product(data<T>(a), data<T>(b), static_cast<size_t>(shape[0]),
            static_cast<size_t>(a.shape()[1]), static_cast<size_t>(shape[1]), out.data());
    auto scaled = [](T v, double by) {
      if (by == 1) return v;
      if constexpr (std::is_integral_v<T>) {
        return static_cast<T>(static_cast<uint64_t>(v) * static_cast<uint64_t>(static_cast<int64_t>(by)));
      } else {
        return static_cast<T>(static_cast<T>(by) * v);
      }
    };
    for (T& v : out) v = scaled(v, op.alpha);
    if (context.has(2)) {
      Tensor c = convert(context, context.tensor(2), wide);
      if (broadcast_shape(context, c.shape(), shape) != shape) {
        fail(context.loc(), "run-shape", "C does not broadcast to the product");
      }
      c = expand(context, c, shape);
      for (size_t i = 0; i < out.size(); ++i) {
        out[i] = multiply_add(out[i], T{1}, scaled(data<T>(c)[i], op.beta));
      }
    }
    return Tensor::of(shape, std::move(out));
  });
  context.set(0, convert(context, result, dtype));
}

}  // namespace panmodel::runtime
