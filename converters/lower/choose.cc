// Lookups by number and by the largest score.
#include <numeric>

#include "converters/lower/cells.h"
#include "ir/ops/combine.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::converters {

using tensor::BinaryFn;

// The place of the largest score, or the place behind the classes where a score is NaN.
std::string lower_winner(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::Winner>();
  Builder& b = c.builder;
  if (b.type(c.inputs[0]).column() != nullptr) return "a table column that is no tensor yet";
  const auto count = static_cast<int64_t>(op.classes.size());
  ValueId scores = c.inputs[0];
  ValueId place = b.add(tensor::ArgReduce{true, 1, true}, {scores});
  place = where(b, any_nan(b, scores, count), int_constant(b, {count}), place);
  results = {b.add(tensor::Gather{0}, {b.constant(with_missing(op.classes)), place})};
  return {};
}

// Rows of a table, which ends in a missing one.
std::string lower_pick(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<table::Pick>();
  Builder& b = c.builder;
  if (b.type(c.inputs[0]).column() != nullptr) return "a table column that is no tensor yet";
  ValueId place = c.inputs[0];
  const int64_t last = op.values.shape()[0];
  const auto entries = op.rows.empty() ? last : static_cast<int64_t>(op.rows.size());
  if (is_floating(dtype_of(b, place))) {
    ValueId missing = is_missing_cell(b, place);
    place = where(b, missing, one_real(b, dtype_of(b, place), static_cast<double>(entries)), place);
  }
  if (dtype_of(b, place) != DType::i64) place = b.add(tensor::Cast{DType::i64}, {place});
  if (!op.rows.empty()) {
    std::vector<int64_t> rows = op.rows;
    rows.push_back(last);
    for (int64_t& row : rows) row = row < 0 ? last : row;
    place = b.add(tensor::Gather{0}, {int_constant(b, std::move(rows)), place});
  }
  if (op.values.rank() == 2) place = b.add(tensor::Reshape{}, {place, int_constant(b, {-1})});
  results = {b.add(tensor::Gather{0}, {b.constant(with_missing(op.values)), place})};
  return {};
}

}  // namespace panmodel::converters
