#include "runtime/kernels/util.h"

namespace panmodel::runtime {

size_t checked_size(const KernelContext& context, const Shape& shape, size_t width) {
  uint64_t bytes = width;
  bool empty = false;
  for (int64_t d : shape) {
    if (d < 0) fail(context.loc(), "run-shape", "a dimension is {}, expected 0 or more", d);
    empty |= d == 0;
  }
  if (empty) return 0;
  for (int64_t d : shape) {
    if (!checked_mul(bytes, static_cast<uint64_t>(d), &bytes) || bytes > context.max_bytes()) {
      fail(context.loc(), "limit-memory", "a result would take more than {} MiB",
           context.max_bytes() >> 20);
    }
  }
  return bytes / width;
}

void fail_dtype(const KernelContext& context, DType dtype) {
  fail(context.loc(), "run-dtype", "elements of type {} cannot be evaluated here",
       to_string(dtype));
}

DType wide_dtype(const KernelContext& context, DType dtype) {
  switch (dtype) {
    case DType::f64: return DType::f64;
    case DType::f32:
    case DType::f16:
    case DType::bf16: return DType::f32;
    case DType::u64: return DType::u64;
    case DType::boolean: return DType::i64;
    default: break;
  }
  if (is_integer(dtype)) return DType::i64;
  fail_dtype(context, dtype);
}

std::vector<int64_t> strides_of(const Shape& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t step = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = step;
    step *= std::max<int64_t>(shape[d], 1);
  }
  return strides;
}

Shape broadcast_shape(const KernelContext& context, const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      fail(context.loc(), "run-shape", "dimensions {} and {} do not broadcast", x, y);
    }
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

std::vector<int64_t> broadcast_strides(const Shape& shape, const Shape& target) {
  std::vector<int64_t> own = strides_of(shape), out(target.size(), 0);
  size_t skip = target.size() - shape.size();
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] != 1) out[skip + d] = own[d];
  }
  return out;
}

Tensor expand(const KernelContext& context, const Tensor& x, const Shape& target) {
  if (x.shape() == target) return x;
  Odometer walk(target, broadcast_strides(x.shape(), target));
  return take(context, x, target, 1, [&](size_t) { return walk.next(); });
}

Tensor transpose(const KernelContext& context, const Tensor& x, const std::vector<size_t>& perm) {
  std::vector<int64_t> own = strides_of(x.shape()), strides(perm.size());
  Shape shape(perm.size());
  bool same = true;
  for (size_t d = 0; d < perm.size(); ++d) {
    strides[d] = own[perm[d]];
    shape[d] = x.shape()[perm[d]];
    same &= perm[d] == d;
  }
  if (same) return x;
  Odometer walk(shape, std::move(strides));
  return take(context, x, shape, 1, [&](size_t) { return walk.next(); });
}

size_t axis_of(const KernelContext& context, int64_t axis, size_t rank) {
  int64_t n = static_cast<int64_t>(rank);
  if (axis < -n || axis >= n) {
    fail(context.loc(), "run-shape", "axis {} of a tensor of rank {}", axis, rank);
  }
  return static_cast<size_t>(axis < 0 ? axis + n : axis);
}

AxisView axis_view(const Shape& shape, size_t axis) {
  AxisView view;
  for (size_t d = 0; d < shape.size(); ++d) {
    size_t n = static_cast<size_t>(shape[d]);
    if (d < axis) view.outer *= n;
    if (d == axis) view.length = n;
    if (d > axis) view.inner *= n;
  }
  return view;
}

Matrix matrix_of(const KernelContext& context, size_t i) {
  const Shape& shape = context.tensor(i).shape();
  if (shape.size() == 1) return {static_cast<size_t>(shape[0]), 1};
  if (shape.size() != 2) {
    fail(context.loc(), "run-shape", "input {} has rank {}, expected a matrix", i, shape.size());
  }
  return {static_cast<size_t>(shape[0]), static_cast<size_t>(shape[1])};
}

Matrix matrix_of(const KernelContext& context, size_t i, size_t columns) {
  Matrix m = matrix_of(context, i);
  if (m.columns != columns) {
    fail(context.loc(), "run-shape", "input {} has {} columns, expected {}", i, m.columns, columns);
  }
  return m;
}

size_t row_of(const Shape& shape, size_t i) {
  size_t width = 1;
  for (size_t d = 1; d < shape.size(); ++d) width *= static_cast<size_t>(shape[d]);
  return shape.empty() || width == 0 ? 0 : i / width;
}

const MapRows& maps_of(const KernelContext& context, size_t i) {
  if (!context.in(i).maps) fail(context.loc(), "run-shape", "input {} holds no maps", i);
  return *context.in(i).maps;
}

std::vector<int64_t> integers_of(const KernelContext& context, size_t i) {
  const Tensor& t = context.tensor(i);
  if (!is_integer(t.dtype())) fail_dtype(context, t.dtype());
  return t.integers();
}

int64_t scalar_of(const KernelContext& context, size_t i) {
  const Tensor& t = context.tensor(i);
  if (!is_integer(t.dtype())) fail_dtype(context, t.dtype());
  if (t.size() != 1) {
    fail(context.loc(), "run-shape", "input {} has {} elements, expected one", i, t.size());
  }
  return t.integer(0);
}

}  // namespace panmodel::runtime
