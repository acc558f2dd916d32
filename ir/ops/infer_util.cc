#include "ir/ops/infer_util.h"

#include <algorithm>

namespace panmodel {

Dims broadcast(const InferContext& context, const Dims& a, const Dims& b) {
  if (!a || !b) return std::nullopt;
  size_t rank = std::max(a->size(), b->size());
  std::vector<Dim> out(rank);
  for (size_t i = 0; i < rank; ++i) {
    Dim x = i + a->size() >= rank ? (*a)[i + a->size() - rank] : Dim(1);
    Dim y = i + b->size() >= rank ? (*b)[i + b->size() - rank] : Dim(1);
    if (x == y || y == Dim(1)) {
      out[i] = x;
    } else if (x == Dim(1)) {
      out[i] = y;
    } else if (x.fixed() && y.fixed()) {
      context.fail_type("dimensions {} and {} cannot be broadcast", x.size, y.size);
    } else {
      out[i] = x.fixed() ? x : y.fixed() ? y : Dim();
    }
  }
  return out;
}

size_t resolve_axis(const InferContext& context, int64_t axis, size_t rank) {
  int64_t r = static_cast<int64_t>(rank);
  context.expect_attribute(axis >= -r && axis < r, "axis",
                           fmt::format("in [-{0}, {0}), found {1}", rank, axis));
  return static_cast<size_t>(axis < 0 ? axis + r : axis);
}

Dim rows_of(const InferContext& context, size_t i) {
  TensorType t = context.tensor(i);
  return t.dims && !t.dims->empty() ? (*t.dims)[0] : Dim("N");
}

int64_t columns_of(const InferContext& context, size_t i) {
  TensorType t = context.tensor(i);
  if (!t.dims) return -1;
  if (t.dims->size() != 2) context.fail_type("input {} has rank {}, expected 2", i, t.dims->size());
  return (*t.dims)[1].size;
}

void expect_columns(const InferContext& context, size_t i, int64_t expected) {
  int64_t found = columns_of(context, i);
  if (found >= 0 && expected >= 0 && found != expected) {
    context.fail_type("input {} has {} columns, expected {}", i, found, expected);
  }
}

std::optional<std::vector<int64_t>> constant_ints(const InferContext& context, size_t i) {
  const Tensor* value = context.constant(i);
  if (value == nullptr || !is_integer(value->dtype())) return std::nullopt;
  return value->integers();
}

}  // namespace panmodel
