// Making, moving and selecting elements. Every index and every shape is checked before use.
#include "ir/ops/tensor_shape.h"

#include <cmath>
#include <numeric>

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

// `index` into a dimension of length n, negative from the end; fails "run-index".
size_t checked_index(const KernelContext& context, int64_t index, size_t n) {
  int64_t length = static_cast<int64_t>(n);
  if (index < -length || index >= length) {
    fail(context.loc(), "run-index", "index {} into a dimension of {}", index, n);
  }
  return static_cast<size_t>(index < 0 ? index + length : index);
}

Shape shape_from(const KernelContext& context, size_t i) {
  const Tensor& t = context.tensor(i);
  if (t.rank() != 1 || t.size() > 64) {
    fail(context.loc(), "run-shape", "input {} is no shape of at most 64 dimensions", i);
  }
  return integers_of(context, i);
}

std::vector<int64_t> axes_from(const KernelContext& context, const std::vector<int64_t>& axes) {
  return axes.empty() && context.has(1) ? integers_of(context, 1) : axes;
}

// The piece [from, from + length) along an axis.
Tensor piece(const KernelContext& context, const Tensor& x, size_t axis, size_t from, size_t length) {
  AxisView v = axis_view(x.shape(), axis);
  Shape shape = x.shape();
  shape[axis] = static_cast<int64_t>(length);
  return take(context, x, std::move(shape), length * v.inner,
              [&](size_t o) { return (o * v.length + from) * v.inner; });
}

// Checks that `index` has the rank of x and fits in it beside the axis; its strides in x.
std::vector<int64_t> beside_axis(const KernelContext& context, const Tensor& x, const Tensor& index,
                                 size_t axis) {
  std::vector<int64_t> strides = strides_of(x.shape());
  if (index.rank() != x.rank()) fail(context.loc(), "run-shape", "indices of another rank than X");
  for (size_t d = 0; d < x.rank(); ++d) {
    if (d != axis && index.shape()[d] > x.shape()[d]) {
      fail(context.loc(), "run-shape", "indices exceed X in dimension {}", d);
    }
  }
  strides[axis] = 0;
  return strides;
}

template <class T>
T combine(const std::string& how, T old, T update) {
  if (how == "min") return update < old || update != update ? update : old;
  if (how == "max") return update > old || update != update ? update : old;
  if constexpr (std::is_integral_v<T>) {
    auto a = static_cast<uint64_t>(old), b = static_cast<uint64_t>(update);
    return static_cast<T>(how == "add" ? a + b : a * b);
  } else {
    return how == "add" ? old + update : old * update;
  }
}

}  // namespace

void run(const tensor::Constant& op, KernelContext& context) { context.set(0, op.value); }

void run(const tensor::Identity&, KernelContext& context) { context.set(0, context.in(0)); }

void run(const tensor::Concat& op, KernelContext& context) {
  const Tensor& first = context.tensor(0);
  size_t axis = axis_of(context, op.axis, first.rank());
  Shape shape = first.shape();
  for (size_t i = 1; i < context.inputs(); ++i) {
    const Tensor& t = context.tensor(i);
    if (t.dtype() != first.dtype()) fail_dtype(context, t.dtype());
    bool fits = t.rank() == first.rank();
    for (size_t d = 0; fits && d < shape.size(); ++d) fits = d == axis || t.shape()[d] == shape[d];
    if (!fits) fail(context.loc(), "run-shape", "inputs 0 and {} differ beside the axis", i);
    shape[axis] += t.shape()[axis];
  }
  AxisView whole = axis_view(shape, axis);
  context.set(0, with_storage(first.dtype(), [&]<class T>() {
    auto out = allocate<T>(context, shape);
    size_t offset = 0, line = whole.length * whole.inner;
    for (size_t i = 0; i < context.inputs(); ++i) {
      AxisView v = axis_view(context.tensor(i).shape(), axis);
      size_t block = v.length * v.inner;
      const T* from = data<T>(context.tensor(i));
      for (size_t o = 0; block > 0 && o < whole.outer; ++o) {
        std::copy_n(from + o * block, block, out.begin() + static_cast<ptrdiff_t>(o * line + offset));
      }
      offset += block;
    }
    return make_stored(first.dtype(), shape, std::move(out));
  }));
}

void run(const tensor::Split& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  size_t axis = axis_of(context, op.axis, x.rank());
  int64_t total = 0, length = x.shape()[axis];
  for (int64_t n : op.sizes) {
    if (n < 0 || n > length - total) fail(context.loc(), "run-shape", "pieces exceed {}", length);
    total += n;
  }
  if (total != length || op.sizes.size() != context.outputs()) {
    fail(context.loc(), "run-shape", "pieces of {} in sum, expected {}", total, length);
  }
  size_t from = 0;
  for (size_t i = 0; i < op.sizes.size(); ++i) {
    size_t n = static_cast<size_t>(op.sizes[i]);
    context.set(i, piece(context, x, axis, from, n));
    from += n;
  }
}

void run(const tensor::Gather& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  const Tensor& index = context.tensor(1);
  size_t axis = axis_of(context, op.axis, x.rank());
  AxisView v = axis_view(x.shape(), axis);
  auto at = x.shape().begin() + static_cast<ptrdiff_t>(axis);
  Shape shape(x.shape().begin(), at);
  shape.insert(shape.end(), index.shape().begin(), index.shape().end());
  shape.insert(shape.end(), at + 1, x.shape().end());
  std::vector<size_t> picks(index.size());
  for (size_t i = 0; i < picks.size(); ++i) {
    picks[i] = checked_index(context, index.integer(i), v.length);
  }
  context.set(0, take(context, x, std::move(shape), v.inner, [&](size_t i) {
    return (i / picks.size() * v.length + picks[i % picks.size()]) * v.inner;
  }));
}

void run(const tensor::GatherElements& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  const Tensor& index = context.tensor(1);
  size_t axis = axis_of(context, op.axis, x.rank());
  Odometer walk(index.shape(), beside_axis(context, x, index, axis));
  size_t step = axis_view(x.shape(), axis).inner, length = static_cast<size_t>(x.shape()[axis]);
  context.set(0, take(context, x, index.shape(), 1, [&](size_t i) {
    return walk.next() + checked_index(context, index.integer(i), length) * step;
  }));
}

void run(const tensor::GatherNd& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  const Tensor& index = context.tensor(1);
  if (index.rank() == 0 || op.batch_dims < 0 ||
      static_cast<size_t>(op.batch_dims) >= std::min(index.rank(), x.rank() + 1)) {
    fail(context.loc(), "run-shape", "indices of rank {} with {} batch dimensions", index.rank(),
         op.batch_dims);
  }
  size_t batch = static_cast<size_t>(op.batch_dims), tuple = static_cast<size_t>(index.shape().back());
  if (tuple > x.rank() - batch) fail(context.loc(), "run-shape", "index tuples of {}", tuple);
  for (size_t d = 0; d < batch; ++d) {
    if (x.shape()[d] != index.shape()[d]) fail(context.loc(), "run-shape", "batch dimensions differ");
  }
  auto rest = x.shape().begin() + static_cast<ptrdiff_t>(batch + tuple);
  Shape shape(index.shape().begin(), index.shape().end() - 1);
  shape.insert(shape.end(), rest, x.shape().end());
  std::vector<int64_t> strides = strides_of(x.shape());
  size_t block = 1, batches = 1;
  for (auto d = rest; d != x.shape().end(); ++d) block *= static_cast<size_t>(*d);
  for (size_t d = 0; d < batch; ++d) batches *= static_cast<size_t>(x.shape()[d]);
  size_t tuples = 1;
  for (size_t d = 0; d + 1 < index.rank(); ++d) tuples *= static_cast<size_t>(index.shape()[d]);
  size_t per_batch = batches == 0 ? 0 : tuples / batches;
  size_t slab = batches == 0 ? 0 : x.size() / batches;
  context.set(0, take(context, x, std::move(shape), block, [&](size_t i) {
    size_t offset = i / per_batch * slab;
    for (size_t d = 0; d < tuple; ++d) {
      size_t n = static_cast<size_t>(x.shape()[batch + d]);
      offset += checked_index(context, index.integer(i * tuple + d), n) *
                static_cast<size_t>(strides[batch + d]);
    }
    return offset;
  }));
}

void run(const tensor::ScatterElements& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  const Tensor& index = context.tensor(1);
  const Tensor& updates = context.tensor(2);
  size_t axis = axis_of(context, op.axis, x.rank());
  if (updates.shape() != index.shape()) fail(context.loc(), "run-shape", "updates unlike indices");
  if (updates.dtype() != x.dtype()) fail_dtype(context, updates.dtype());
  Odometer walk(index.shape(), beside_axis(context, x, index, axis));
  size_t step = axis_view(x.shape(), axis).inner, length = static_cast<size_t>(x.shape()[axis]);
  std::vector<size_t> places(index.size());
  for (size_t i = 0; i < places.size(); ++i) {
    places[i] = walk.next() + checked_index(context, index.integer(i), length) * step;
  }
  if (op.reduction == "none") {
    return context.set(0, with_storage(x.dtype(), [&]<class T>() {
      std::vector<T> out(data<T>(x), data<T>(x) + x.size());
      for (size_t i = 0; i < places.size(); ++i) out[places[i]] = data<T>(updates)[i];
      return make_stored(x.dtype(), x.shape(), std::move(out));
    }));
  }
  DType wide = wide_dtype(context, x.dtype());
  Tensor from = convert(context, x, wide), with = convert(context, updates, wide);
  Tensor result = with_wide(context, wide, [&]<class T>() {
    std::vector<T> out(data<T>(from), data<T>(from) + from.size());
    for (size_t i = 0; i < places.size(); ++i) {
      out[places[i]] = combine(op.reduction, out[places[i]], data<T>(with)[i]);
    }
    return Tensor::of(x.shape(), std::move(out));
  });
  context.set(0, convert(context, result, x.dtype()));
}

void run(const tensor::Reshape& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  Shape shape = shape_from(context, 1);
  size_t inferred = SIZE_MAX;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0 && !op.allow_zero) {
      if (d >= x.rank()) fail(context.loc(), "run-shape", "dimension {} to copy is absent", d);
      shape[d] = x.shape()[d];
    }
    if (shape[d] != -1) continue;
    if (inferred != SIZE_MAX) fail(context.loc(), "run-shape", "two dimensions to infer");
    inferred = d;
    shape[d] = 1;
  }
  size_t known = checked_size(context, shape, 1);
  if (inferred != SIZE_MAX && known != 0 && x.size() % known == 0) {
    shape[inferred] = static_cast<int64_t>(x.size() / known);
    known = x.size();
  } else if (inferred != SIZE_MAX && known == 0 && x.empty()) {
    shape[inferred] = 0;
  }
  if (known != x.size()) {
    fail(context.loc(), "run-shape", "{} elements do not fit the new shape", x.size());
  }
  context.set(0, x.reshaped(std::move(shape)));
}

void run(const tensor::Flatten& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  int64_t rank = static_cast<int64_t>(x.rank());
  if (op.axis < -rank || op.axis > rank) {
    fail(context.loc(), "run-shape", "axis {} of a tensor of rank {}", op.axis, rank);
  }
  int64_t axis = op.axis < 0 ? op.axis + rank : op.axis;
  Shape shape{1, 1};
  for (int64_t d = 0; d < rank; ++d) shape[d < axis ? 0 : 1] *= x.shape()[static_cast<size_t>(d)];
  context.set(0, x.reshaped(std::move(shape)));
}

void run(const tensor::Squeeze& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  std::vector<int64_t> axes = axes_from(context, op.axes);
  std::vector<uint8_t> drop(x.rank(), 0);
  for (int64_t a : axes) drop[axis_of(context, a, x.rank())] = 1;
  Shape shape;
  for (size_t d = 0; d < x.rank(); ++d) {
    int64_t n = x.shape()[d];
    bool dropped = axes.empty() ? n == 1 : drop[d] != 0;
    if (dropped && n != 1) fail(context.loc(), "run-shape", "dimension {} is {}, expected 1", d, n);
    if (!dropped) shape.push_back(n);
  }
  context.set(0, x.reshaped(std::move(shape)));
}

void run(const tensor::Unsqueeze& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  std::vector<int64_t> axes = axes_from(context, op.axes);
  if (axes.size() > 64) fail(context.loc(), "run-shape", "{} new dimensions", axes.size());
  size_t rank = x.rank() + axes.size();
  std::vector<uint8_t> added(rank, 0);
  for (int64_t a : axes) {
    uint8_t& place = added[axis_of(context, a, rank)];
    if (place) fail(context.loc(), "run-shape", "axis {} is given twice", a);
    place = 1;
  }
  Shape shape;
  for (size_t d = 0, next = 0; d < rank; ++d) shape.push_back(added[d] ? 1 : x.shape()[next++]);
  context.set(0, x.reshaped(std::move(shape)));
}

void run(const tensor::Transpose& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  std::vector<size_t> perm(x.rank());
  std::vector<uint8_t> seen(x.rank(), 0);
  for (size_t d = 0; d < perm.size(); ++d) perm[d] = perm.size() - 1 - d;
  if (!op.perm.empty()) {
    bool valid = op.perm.size() == x.rank();
    for (size_t d = 0; valid && d < perm.size(); ++d) {
      valid = op.perm[d] >= 0 && static_cast<size_t>(op.perm[d]) < x.rank();
      if (!valid) break;
      perm[d] = static_cast<size_t>(op.perm[d]);
      valid = seen[perm[d]] == 0;
      seen[perm[d]] = 1;
    }
    if (!valid) fail(context.loc(), "run-shape", "no permutation of {} dimensions", x.rank());
  }
  context.set(0, transpose(context, x, perm));
}

void run(const tensor::Slice&, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  auto starts = integers_of(context, 1), ends = integers_of(context, 2);
  std::vector<int64_t> axes(starts.size()), steps(starts.size(), 1);
  std::iota(axes.begin(), axes.end(), int64_t{0});
  if (context.has(3)) axes = integers_of(context, 3);
  if (context.has(4)) steps = integers_of(context, 4);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size()) {
    fail(context.loc(), "run-shape", "starts, ends, axes and steps differ in length");
  }
  Shape shape = x.shape();
  std::vector<int64_t> strides = strides_of(x.shape());
  std::vector<uint8_t> seen(x.rank(), 0);
  int64_t offset = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    size_t axis = axis_of(context, axes[i], x.rank());
    if (seen[axis]) fail(context.loc(), "run-shape", "axis {} is given twice", axes[i]);
    seen[axis] = 1;
    int64_t step = steps[i], n = x.shape()[axis];
    if (step == 0 || step == INT64_MIN) fail(context.loc(), "run-shape", "a step is {}", step);
    auto limit = [&](int64_t v, int64_t low, int64_t high) {
      if (v < 0) v = v < -n ? -1 : v + n;
      return v < low ? low : v > high ? high : v;
    };
    int64_t from = limit(starts[i], 0, step > 0 ? n : n - 1);
    int64_t to = step > 0 ? limit(ends[i], 0, n) : limit(ends[i], -1, n - 1);
    // Before the first element, counted from the end, stays before it.
    if (step < 0 && n == 0) from = to = 0;
    int64_t span = step > 0 ? to - from : from - to, width = step > 0 ? step : -step;
    shape[axis] = span <= 0 ? 0 : (span - 1) / width + 1;
    if (shape[axis] == 0) continue;
    offset += from * strides[axis];
    // A single element needs no stride; a huge step would overflow.
    strides[axis] = shape[axis] == 1 ? 0 : strides[axis] * step;
  }
  Odometer walk(shape, std::move(strides), offset);
  context.set(0, take(context, x, shape, 1, [&](size_t) { return walk.next(); }));
}

void run(const tensor::Shape& op, KernelContext& context) {
  const Shape& shape = context.tensor(0).shape();
  int64_t rank = static_cast<int64_t>(shape.size());
  int64_t from = std::clamp(op.start < 0 ? op.start + rank : op.start, int64_t{0}, rank);
  int64_t to = std::clamp(op.end < 0 ? op.end + rank : op.end, int64_t{0}, rank);
  if (to < from) to = from;
  context.set(0, Tensor::vector(std::vector<int64_t>(shape.begin() + from, shape.begin() + to)));
}

void run(const tensor::ConstantOfShape& op, KernelContext& context) {
  if (op.value.size() != 1) fail(context.loc(), "run-shape", "the value is not one element");
  context.set(0, take(context, op.value, shape_from(context, 0), 1, [](size_t) { return 0u; }));
}

void run(const tensor::Expand&, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  context.set(0, expand(context, x, broadcast_shape(context, x.shape(), shape_from(context, 1))));
}

void run(const tensor::Tile&, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  Shape repeats = shape_from(context, 1);
  if (repeats.size() != x.rank()) {
    fail(context.loc(), "run-shape", "{} repeats for rank {}", repeats.size(), x.rank());
  }
  // Each dimension of the result is a pair: repetition (stride 0) and original.
  Shape shape, pairs;
  std::vector<int64_t> own = strides_of(x.shape()), strides;
  for (size_t d = 0; d < x.rank(); ++d) {
    int64_t size = 0;
    if (repeats[d] < 0 || __builtin_mul_overflow(repeats[d], x.shape()[d], &size)) {
      fail(context.loc(), "run-shape", "{} repeats", repeats[d]);
    }
    shape.push_back(size);
    pairs.insert(pairs.end(), {repeats[d], x.shape()[d]});
    strides.insert(strides.end(), {0, own[d]});
  }
  Odometer walk(pairs, std::move(strides));
  context.set(0, take(context, x, std::move(shape), 1, [&](size_t) { return walk.next(); }));
}

void run(const tensor::Range&, KernelContext& context) {
  DType dtype = context.tensor(0).dtype(), wide = wide_dtype(context, dtype);
  Tensor bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    bounds[i] = convert(context, context.tensor(i), wide);
    if (bounds[i].size() != 1) fail(context.loc(), "run-shape", "input {} is no scalar", i);
  }
  Tensor result = with_wide(context, wide, [&]<class T>() {
    T start = data<T>(bounds[0])[0], limit = data<T>(bounds[1])[0], delta = data<T>(bounds[2])[0];
    double span = static_cast<double>(limit) - static_cast<double>(start);
    double steps = std::ceil(span / static_cast<double>(delta));
    if (delta == T{} || std::isnan(steps) || steps > 0x1p40) {
      fail(context.loc(), "run-shape", "a range of {} elements", steps);
    }
    auto out = allocate<T>(context, {steps > 0 ? static_cast<int64_t>(steps) : 0});
    for (size_t i = 0; i < out.size(); ++i) {
      if constexpr (std::is_floating_point_v<T>) {
        out[i] = start + static_cast<T>(i) * delta;
      } else {
        out[i] = static_cast<T>(static_cast<uint64_t>(start) + i * static_cast<uint64_t>(delta));
      }
    }
    return Tensor::vector(std::move(out));
  });
  context.set(0, convert(context, result, dtype));
}

void run(const tensor::OneHot& op, KernelContext& context) {
  wide_dtype(context, context.tensor(0).dtype());
  Tensor index = convert(context, context.tensor(0), DType::i64);
  const Tensor& values = context.tensor(2);
  if (values.size() != 2) fail(context.loc(), "run-shape", "values must be [off, on]");
  DType wide = wide_dtype(context, context.tensor(1).dtype());
  Tensor depths = convert(context, convert(context, context.tensor(1), wide), DType::i64);
  if (depths.size() != 1) fail(context.loc(), "run-shape", "depth is no scalar");
  int64_t depth = data<int64_t>(depths)[0];
  size_t axis = axis_of(context, op.axis, index.rank() + 1);
  Shape shape = index.shape();
  shape.insert(shape.begin() + static_cast<ptrdiff_t>(axis), depth);
  checked_size(context, shape, 1);
  AxisView v = axis_view(shape, axis);
  context.set(0, take(context, values, shape, 1, [&](size_t i) {
    size_t o = i / (v.length * v.inner), k = i % v.inner;
    int64_t wanted = data<int64_t>(index)[o * v.inner + k];
    if (wanted < 0) wanted += depth;
    return static_cast<int64_t>(i / v.inner % v.length) == wanted ? size_t{1} : size_t{0};
  }));
}

}  // namespace panmodel::runtime
