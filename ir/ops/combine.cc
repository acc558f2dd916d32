#include "ir/ops/combine.h"

#include <cmath>

#include "ir/ops/infer_util.h"

namespace panmodel::ml {

std::span<const std::string_view> enum_names(CombineMethod) {
  static constexpr std::string_view names[] = {"sum", "average", "median", "max", "vote", "first"};
  return names;
}
std::span<const std::string_view> enum_names(MissingPart) {
  static constexpr std::string_view names[] = {"propagate", "skip", "as_class"};
  return names;
}

Types Combine::infer(const Combine& op, InferContext& c) {
  size_t parts = op.masked ? c.size() / 2 : c.size();
  if (parts == 0 || (op.masked && c.size() % 2 != 0)) {
    c.fail_type("{} inputs, expected one part or more{}", c.size(),
                op.masked ? " and a mask for each" : "");
  }
  c.expect_inputs(c.size(), c.size());
  for (size_t i = parts; i < c.size(); ++i) {
    c.expect_dtype(i, {DType::boolean});
    expect_columns(c, i, 1);
  }
  bool usable = op.weights.empty() || op.weights.size() == parts;
  for (double w : op.weights) usable = usable && std::isfinite(w);
  c.expect_attribute(usable, "weights", "empty or one number per part");
  c.expect_attribute(op.dtype == DType::f64 || op.dtype == DType::f32, "dtype", "f64 or f32");
  c.expect_attribute(op.threshold >= 0 && op.threshold <= 1, "threshold", "0 to 1");
  bool vote = op.method == CombineMethod::vote;
  c.expect_attribute(op.classes.has_value() == vote, "classes", "given for votes, and only for them");
  c.expect_attribute(op.missing != MissingPart::as_class || vote, "missing",
                     "propagate or skip, except for votes");
  if (vote) {
    c.expect_attribute(op.classes->rank() == 1 && !op.classes->empty(), "classes", "a vector");
    for (size_t i = 0; i < parts; ++i) c.expect_dtype(i, {op.classes->dtype()});
    return {tensor_type(op.dtype, {rows_of(c, 0), static_cast<int64_t>(op.classes->size())})};
  }
  if (op.method == CombineMethod::first) {
    for (size_t i = 1; i < parts; ++i) {
      c.expect_dtype(i, {c.tensor(0).dtype});
      expect_columns(c, i, columns_of(c, 0));
    }
    bool column = c.in(0).column() != nullptr || !is_floating(c.tensor(0).dtype);
    if (column) {
      expect_columns(c, 0, 1);
      return {ColumnType{c.tensor(0).dtype, true}};
    }
    return {tensor_type(c.tensor(0).dtype, {rows_of(c, 0), columns_of(c, 0)})};
  }
  for (size_t i = 0; i < parts; ++i) {
    c.expect_dtype(i, {DType::f64, DType::f32, DType::i64});
    expect_columns(c, i, columns_of(c, 0));
  }
  return {tensor_type(op.dtype, {rows_of(c, 0), columns_of(c, 0)})};
}

Types Winner::infer(const Winner& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_dtype(0, {DType::f64, DType::f32});
  c.expect_attribute(op.classes.rank() == 1 && !op.classes.empty(), "classes", "a vector");
  expect_columns(c, 0, static_cast<int64_t>(op.classes.size()));
  return {ColumnType{op.classes.dtype(), true}};
}

}  // namespace panmodel::ml

namespace panmodel::table {

Types Pick::infer(const Pick& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_dtype(0, {DType::i64, DType::f64, DType::f32});
  expect_columns(c, 0, 1);
  c.expect_attribute(op.values.rank() == 1 || (op.values.rank() == 2 && is_floating(op.values.dtype())),
                     "values", "[M], or reals [M,K]");
  for (int64_t row : op.rows) {
    c.expect_attribute(row >= -1 && row < op.values.shape()[0], "rows", "rows of the values, or -1");
  }
  if (op.values.rank() == 1) return {ColumnType{op.values.dtype(), true}};
  return {tensor_type(op.values.dtype(), {rows_of(c, 0), op.values.shape()[1]})};
}

}  // namespace panmodel::table
