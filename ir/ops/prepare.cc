#include "ir/ops/prepare.h"

#include <algorithm>

#include "ir/ops/infer_util.h"

namespace panmodel::table {

std::span<const std::string_view> enum_names(InvalidCell) {
  static constexpr std::string_view names[] = {"refuse", "as_is", "as_missing", "as_value"};
  return names;
}
std::span<const std::string_view> enum_names(OutlierCell) {
  static constexpr std::string_view names[] = {"as_is", "as_missing", "as_extreme"};
  return names;
}

Types Prepare::infer(const Prepare& op, InferContext& c) {
  c.expect_inputs(op.masked ? 2 : 1, op.masked ? 2 : 1);
  c.expect_dtype(0, {DType::f64, DType::f32, DType::i64, DType::boolean, DType::string});
  expect_columns(c, 0, 1);
  if (op.masked) {
    c.expect_dtype(1, {DType::boolean});
    expect_columns(c, 1, 1);
  }
  const DType dtype = c.tensor(0).dtype;
  for (const auto& [name, values] : {std::pair("valid", &op.valid), std::pair("invalid", &op.invalid),
                                     std::pair("missing", &op.missing)}) {
    c.expect_attribute(values->empty() || (values->dtype() == dtype && values->rank() == 1), name,
                       "values of the column's type");
  }
  for (const auto& [name, value] : {std::pair("invalid_value", &op.invalid_value),
                                    std::pair("missing_value", &op.missing_value)}) {
    c.expect_attribute(!*value || ((*value)->dtype() == dtype && (*value)->size() == 1), name,
                       "one value of the column's type");
  }
  c.expect_attribute(op.invalid_cell != InvalidCell::as_value || op.invalid_value.has_value(),
                     "invalid_value", "a value, with as_value");
  const bool number = dtype != DType::string && dtype != DType::boolean;
  c.expect_attribute(op.lower.size() == op.upper.size() && op.lower.size() == op.closed.size(),
                     "closed", "as many as there are intervals");
  c.expect_attribute(number || op.lower.empty(), "lower", "intervals of numbers only");
  c.expect_attribute(std::all_of(op.closed.begin(), op.closed.end(),
                                 [](int64_t closed) { return closed >= 0 && closed <= 3; }),
                     "closed", "0 to 3");
  c.expect_attribute(number || op.outlier == OutlierCell::as_is, "outlier", "as_is for text");
  c.expect_attribute(op.outlier == OutlierCell::as_is || op.low <= op.high, "low", "at most high");
  return {ColumnType{dtype, op.masked || !op.missing_value}};
}

}  // namespace panmodel::table
