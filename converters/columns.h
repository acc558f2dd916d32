#pragma once
// Columns with missing cells as tensors [N,1]: a missing number is NaN, a missing text empty. Integers
// and booleans that may be missing are f64. Part of the boundary phase.
#include "ir/builder.h"
#include "ir/ops/prepare.h"

namespace panmodel::converters {

// What an input of a node was and is.
struct ColumnNow {
  bool was_column = false;  // and is a tensor now
  DType before = DType::f64;
  bool is_real = false;  // a column of integers or booleans that is f64 now
};

// Operators that tell missing cells of their inputs from others: table.prepare, expr.map,
// ml.decision_tree and ml.combine. They are given texts as columns.
bool takes_columns(const Node& node);
// Whether input i of such an operator says which rows count.
bool is_mask(const Node& node, size_t i);
// The operator for inputs that have become reals; null when it stays as it is. Fails
// "convert-missing-integer" for an integer that f64 does not hold.
std::shared_ptr<const void> adapted(const Node& node, std::span<const ColumnNow> inputs, const Location& at);

// Integers or booleans as f64; fails "convert-missing-integer" for one beyond 2^53.
Tensor reals_of(const Tensor& values, const Location& at);
// True where a boolean that is 0, 1 or NaN is true.
ValueId as_mask(Builder& b, ValueId truth);
// A tensor of texts as a column in which the empty ones are missing, and a column as its tensor.
ValueId text_column(Builder& b, ValueId texts);
ValueId as_tensor(Builder& b, ValueId column);

// Whether a row can be refused for a cell.
bool may_refuse(const table::Prepare& op);
// The column as `op` treats it, but for refusing rows, and boolean [N,1] of the rows to be refused.
struct Prepared {
  ValueId column, refused;
};
Prepared prepare_and_tell(Builder& b, const table::Prepare& op, const std::vector<ValueId>& inputs);
// An output (a tensor, integers and booleans as f64) with NaN or the empty text in these rows.
ValueId without_rows(Builder& b, ValueId output, ValueId refused);

}  // namespace panmodel::converters
