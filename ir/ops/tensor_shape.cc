#include "ir/ops/tensor_shape.h"

#include <algorithm>
#include <set>

#include "ir/ops/infer_util.h"

namespace panmodel::tensor {
namespace {

Type of(DType dtype, Dims dims) { return TensorType{dtype, std::move(dims)}; }

// Fixed sizes from a constant shape input, unknown rank when it is no constant.
Dims dims_from(const InferContext& c, size_t i) {
  auto sizes = constant_ints(c, i);
  if (!sizes) {
    TensorType t = c.tensor(i);
    if (t.dims && t.dims->size() == 1 && (*t.dims)[0].fixed() && (*t.dims)[0].size <= 64) {
      return std::vector<Dim>(static_cast<size_t>((*t.dims)[0].size));
    }
    return std::nullopt;
  }
  std::vector<Dim> dims;
  for (int64_t n : *sizes) dims.push_back(n < 0 ? Dim() : Dim(n));
  return dims;
}

// Unknown when one of them is, and when no tensor can be that large.
Dim sum_of(const Dim& a, const Dim& b) {
  int64_t n = 0;
  if (!a.fixed() || !b.fixed() || __builtin_add_overflow(a.size, b.size, &n)) return {};
  return n;
}
Dim product_of(const Dim& a, const Dim& b) {
  int64_t n = 0;
  if (!a.fixed() || !b.fixed() || __builtin_mul_overflow(a.size, b.size, &n)) return {};
  return n;
}

std::optional<std::vector<int64_t>> axes_of(const InferContext& c, const std::vector<int64_t>& axes) {
  if (!axes.empty() || !c.has(1)) return axes;
  return constant_ints(c, 1);
}

}  // namespace

Types Constant::infer(const Constant& op, InferContext& c) {
  c.expect_inputs(0, 0);
  std::vector<Dim> dims(op.value.shape().begin(), op.value.shape().end());
  return {of(op.value.dtype(), std::move(dims))};
}

Types Identity::infer(const Identity&, InferContext& c) {
  c.expect_inputs(1, 1);
  return {c.in(0)};
}

Types Concat::infer(const Concat& op, InferContext& c) {
  c.expect_inputs(1, SIZE_MAX);
  TensorType t = c.tensor(0);
  for (size_t i = 1; i < c.size(); ++i) {
    TensorType next = c.tensor(i);
    if (next.dtype != t.dtype) {
      c.fail_type("inputs 0 and {} have element types {} and {}, expected the same", i,
                  to_string(t.dtype), to_string(next.dtype));
    }
    if (!t.dims || !next.dims) {
      t.dims = std::nullopt;
      continue;
    }
    if (t.dims->size() != next.dims->size()) c.fail_type("inputs 0 and {} differ in rank", i);
    size_t axis = resolve_axis(c, op.axis, t.dims->size());
    for (size_t d = 0; d < t.dims->size(); ++d) {
      Dim& mine = (*t.dims)[d];
      const Dim& other = (*next.dims)[d];
      if (d == axis) {
        mine = sum_of(mine, other);
      } else if (mine.fixed() && other.fixed() && mine != other) {
        c.fail_type("inputs 0 and {} differ in dimension {}", i, d);
      } else if (!mine.fixed() && other.fixed()) {
        mine = other;
      }
    }
  }
  if (t.dims) resolve_axis(c, op.axis, t.dims->size());
  return {t};
}

Types Split::infer(const Split& op, InferContext& c) {
  c.expect_inputs(1, 1);
  TensorType t = c.tensor(0);
  c.expect_attribute(!op.sizes.empty(), "sizes", "not empty");
  Types out;
  int64_t total = 0;
  for (int64_t n : op.sizes) {
    c.expect_attribute(n >= 0 && n <= (int64_t{1} << 48), "sizes", "0 or more each");
    total += n;
    TensorType piece = t;
    if (t.dims) (*piece.dims)[resolve_axis(c, op.axis, t.dims->size())] = Dim(n);
    out.push_back(std::move(piece));
  }
  if (t.dims) {
    const Dim& whole = (*t.dims)[resolve_axis(c, op.axis, t.dims->size())];
    if (whole.fixed() && whole.size != total) {
      c.fail_type("pieces of {} in sum, expected {}", total, whole.size);
    }
  }
  return out;
}

Types Gather::infer(const Gather& op, InferContext& c) {
  c.expect_inputs(2, 2);
  c.expect_dtype(1, {DType::i64, DType::i32});
  TensorType x = c.tensor(0), index = c.tensor(1);
  if (!x.dims || !index.dims) return {of(x.dtype, std::nullopt)};
  size_t axis = resolve_axis(c, op.axis, x.dims->size());
  std::vector<Dim> dims(x.dims->begin(), x.dims->begin() + static_cast<ptrdiff_t>(axis));
  dims.insert(dims.end(), index.dims->begin(), index.dims->end());
  dims.insert(dims.end(), x.dims->begin() + static_cast<ptrdiff_t>(axis) + 1, x.dims->end());
  return {of(x.dtype, std::move(dims))};
}

Types GatherElements::infer(const GatherElements& op, InferContext& c) {
  c.expect_inputs(2, 2);
  c.expect_dtype(1, {DType::i64, DType::i32});
  TensorType x = c.tensor(0);
  if (x.dims) resolve_axis(c, op.axis, x.dims->size());
  return {of(x.dtype, c.tensor(1).dims)};
}

Types GatherNd::infer(const GatherNd&, InferContext& c) {
  c.expect_inputs(2, 2);
  c.expect_dtype(1, {DType::i64});
  return {of(c.tensor(0).dtype, std::nullopt)};
}

Types ScatterElements::infer(const ScatterElements& op, InferContext& c) {
  c.expect_inputs(3, 3);
  c.expect_dtype(1, {DType::i64, DType::i32});
  static const std::set<std::string> kinds = {"none", "add", "mul", "min", "max"};
  c.expect_attribute(kinds.contains(op.reduction), "reduction", "none, add, mul, min or max");
  TensorType x = c.tensor(0);
  if (x.dims) resolve_axis(c, op.axis, x.dims->size());
  if (c.tensor(2).dtype != x.dtype) c.fail_type("updates have another element type than X");
  return {x};
}

Types Reshape::infer(const Reshape& op, InferContext& c) {
  c.expect_inputs(2, 2);
  c.expect_dtype(1, {DType::i64});
  TensorType x = c.tensor(0);
  Dims dims = dims_from(c, 1);
  auto sizes = constant_ints(c, 1);
  if (!dims || !sizes) return {of(x.dtype, dims)};
  for (size_t i = 0; i < dims->size(); ++i) {
    if ((*sizes)[i] == 0 && !op.allow_zero) {
      (*dims)[i] = x.dims && i < x.dims->size() ? (*x.dims)[i] : Dim();
    }
    c.expect_attribute((*sizes)[i] >= -1, "shape", "-1 or more each");
  }
  return {of(x.dtype, dims)};
}

Types Flatten::infer(const Flatten& op, InferContext& c) {
  c.expect_inputs(1, 1);
  TensorType x = c.tensor(0);
  if (!x.dims) return {of(x.dtype, std::vector<Dim>{Dim(), Dim()})};
  int64_t rank = static_cast<int64_t>(x.dims->size());
  c.expect_attribute(op.axis >= -rank && op.axis <= rank, "axis", "within the rank");
  int64_t axis = op.axis < 0 ? op.axis + rank : op.axis;
  auto product = [&](int64_t from, int64_t to) {
    Dim all(1);
    if (to - from == 1) return (*x.dims)[static_cast<size_t>(from)];
    for (int64_t i = from; i < to; ++i) all = product_of(all, (*x.dims)[static_cast<size_t>(i)]);
    return all;
  };
  return {of(x.dtype, std::vector<Dim>{product(0, axis), product(axis, rank)})};
}

Types Squeeze::infer(const Squeeze& op, InferContext& c) {
  c.expect_inputs(1, 2);
  TensorType x = c.tensor(0);
  auto axes = axes_of(c, op.axes);
  if (!x.dims || !axes) return {of(x.dtype, std::nullopt)};
  std::set<size_t> drop;
  for (int64_t a : *axes) drop.insert(resolve_axis(c, a, x.dims->size()));
  std::vector<Dim> dims;
  for (size_t i = 0; i < x.dims->size(); ++i) {
    const Dim& d = (*x.dims)[i];
    if (axes->empty() && !d.fixed()) return {of(x.dtype, std::nullopt)};
    bool dropped = axes->empty() ? d == Dim(1) : drop.contains(i);
    if (dropped && d.fixed() && d.size != 1) c.fail_type("dimension {} is {}, expected 1", i, d.size);
    if (!dropped) dims.push_back(d);
  }
  return {of(x.dtype, std::move(dims))};
}

Types Unsqueeze::infer(const Unsqueeze& op, InferContext& c) {
  c.expect_inputs(1, 2);
  TensorType x = c.tensor(0);
  auto axes = axes_of(c, op.axes);
  if (!x.dims || !axes) return {of(x.dtype, std::nullopt)};
  size_t rank = x.dims->size() + axes->size();
  std::set<size_t> places;
  for (int64_t a : *axes) places.insert(resolve_axis(c, a, rank));
  c.expect_attribute(places.size() == axes->size(), "axes", "distinct");
  std::vector<Dim> dims;
  for (size_t i = 0, next = 0; i < rank; ++i) {
    dims.push_back(places.contains(i) ? Dim(1) : (*x.dims)[next++]);
  }
  return {of(x.dtype, std::move(dims))};
}

Types Transpose::infer(const Transpose& op, InferContext& c) {
  c.expect_inputs(1, 1);
  TensorType x = c.tensor(0);
  if (!x.dims) return {x};
  std::vector<Dim> dims(x.dims->rbegin(), x.dims->rend());
  if (!op.perm.empty()) {
    std::vector<int64_t> sorted = op.perm;
    std::sort(sorted.begin(), sorted.end());
    bool valid = sorted.size() == dims.size();
    for (size_t i = 0; valid && i < sorted.size(); ++i) valid = sorted[i] == static_cast<int64_t>(i);
    c.expect_attribute(valid, "perm", "a permutation of the dimensions");
    for (size_t i = 0; i < dims.size(); ++i) dims[i] = (*x.dims)[static_cast<size_t>(op.perm[i])];
  }
  return {of(x.dtype, std::move(dims))};
}

Types Slice::infer(const Slice&, InferContext& c) {
  c.expect_inputs(3, 5);
  TensorType x = c.tensor(0);
  if (!x.dims) return {x};
  auto starts = constant_ints(c, 1), ends = constant_ints(c, 2);
  auto axes = c.has(3) ? constant_ints(c, 3) : std::optional<std::vector<int64_t>>();
  if (!c.has(3) && starts) {
    axes.emplace();
    for (size_t i = 0; i < starts->size(); ++i) axes->push_back(static_cast<int64_t>(i));
  }
  auto steps = c.has(4) ? constant_ints(c, 4) : std::vector<int64_t>(starts ? starts->size() : 0, 1);
  if (!starts || !ends || !axes || !steps) {
    return {of(x.dtype, std::vector<Dim>(x.dims->size()))};
  }
  if (ends->size() != starts->size() || axes->size() != starts->size() ||
      steps->size() != starts->size()) {
    c.fail_type("starts, ends, axes and steps differ in length");
  }
  for (size_t i = 0; i < starts->size(); ++i) {
    Dim& d = (*x.dims)[resolve_axis(c, (*axes)[i], x.dims->size())];
    int64_t step = (*steps)[i];
    c.expect_attribute(step != 0 && step != INT64_MIN, "steps", "not 0");
    if (!d.fixed() || d.size == 0) {
      d.symbol.clear();
      continue;
    }
    int64_t n = d.size;
    auto limit = [&](int64_t v, int64_t low, int64_t high) {
      if (v < 0) v = v < -n ? -1 - n : v + n;
      return std::clamp(v, low, high);
    };
    int64_t from = step > 0 ? limit((*starts)[i], 0, n) : limit((*starts)[i], 0, n - 1);
    int64_t to = step > 0 ? limit((*ends)[i], 0, n) : limit((*ends)[i], -1, n - 1);
    int64_t span = step > 0 ? to - from : from - to;
    int64_t width = step > 0 ? step : -step;
    d = Dim(span <= 0 ? 0 : (span - 1) / width + 1);
  }
  return {x};
}

Types Shape::infer(const Shape& op, InferContext& c) {
  c.expect_inputs(1, 1);
  TensorType x = c.tensor(0);
  if (!x.dims) return {of(DType::i64, std::vector<Dim>{Dim()})};
  int64_t rank = static_cast<int64_t>(x.dims->size());
  int64_t from = std::clamp(op.start < 0 ? op.start + rank : op.start, int64_t{0}, rank);
  int64_t to = std::clamp(op.end < 0 ? op.end + rank : op.end, int64_t{0}, rank);
  return {of(DType::i64, std::vector<Dim>{Dim(std::max<int64_t>(0, to - from))})};
}

Types ConstantOfShape::infer(const ConstantOfShape& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_attribute(op.value.size() == 1, "value", "one element");
  c.expect_dtype(0, {DType::i64});
  return {of(op.value.dtype(), dims_from(c, 0))};
}

Types Expand::infer(const Expand&, InferContext& c) {
  c.expect_inputs(2, 2);
  c.expect_dtype(1, {DType::i64});
  TensorType x = c.tensor(0);
  Dims target = dims_from(c, 1);
  return {of(x.dtype, broadcast(c, x.dims, target))};
}

Types Tile::infer(const Tile&, InferContext& c) {
  c.expect_inputs(2, 2);
  c.expect_dtype(1, {DType::i64});
  TensorType x = c.tensor(0);
  if (x.dims) x.dims = std::vector<Dim>(x.dims->size());
  return {x};
}

Types Range::infer(const Range&, InferContext& c) {
  c.expect_inputs(3, 3);
  return {of(c.tensor(0).dtype, std::vector<Dim>{Dim()})};
}

Types OneHot::infer(const OneHot& op, InferContext& c) {
  c.expect_inputs(3, 3);
  TensorType index = c.tensor(0);
  DType dtype = c.tensor(2).dtype;
  if (!index.dims) return {of(dtype, std::nullopt)};
  size_t axis = resolve_axis(c, op.axis, index.dims->size() + 1);
  auto depth = constant_ints(c, 1);
  Dim width = depth && depth->size() == 1 && (*depth)[0] >= 0 ? Dim((*depth)[0]) : Dim();
  index.dims->insert(index.dims->begin() + static_cast<ptrdiff_t>(axis), width);
  return {of(dtype, index.dims)};
}

}  // namespace panmodel::tensor
