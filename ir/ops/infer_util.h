#pragma once
// Shape helpers for type inference.
#include <optional>
#include <vector>

#include "ir/op.h"

namespace panmodel {

using Dims = std::optional<std::vector<Dim>>;

// Result dimensions of numpy broadcasting; unknown where they cannot be told. Fails when two fixed
// dimensions clash.
Dims broadcast(const InferContext& context, const Dims& a, const Dims& b);
// `axis` counted from 0 for a known rank; fails "ir-attribute" when out of [-rank, rank).
size_t resolve_axis(const InferContext& context, int64_t axis, size_t rank);
// The first dimension (rows) of input i, "N" when unknown.
Dim rows_of(const InferContext& context, size_t i);
// Fails unless input i is [N,F] (or of unknown rank); returns F or -1.
int64_t columns_of(const InferContext& context, size_t i);
// Like columns_of, and F must be `expected` when both are known.
void expect_columns(const InferContext& context, size_t i, int64_t expected);
// Values of a constant i64/i32 input; nullopt when it is not constant.
std::optional<std::vector<int64_t>> constant_ints(const InferContext& context, size_t i);

}  // namespace panmodel
