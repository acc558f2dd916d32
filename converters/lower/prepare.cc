// table.prepare: the treatments of a column's cells, in the order in which they apply. Which rows are
// refused the boundary has said; their cells are missing here.
#include <algorithm>

#include "converters/lower/cells.h"
#include "ir/ops/encode.h"
#include "ir/ops/prepare.h"

namespace panmodel::converters {
namespace {

using table::InvalidCell;
using table::OutlierCell;
using table::Prepare;
using tensor::BinaryFn;

bool bounded(const Prepare& op) { return !op.valid.empty() || !op.invalid.empty() || !op.lower.empty(); }

// Where a number is one of the valid values or in an interval, as far as there are any, and none of the
// invalid ones. For a NaN either.
ValueId valid_number(Builder& b, ValueId x, const Prepare& op) {
  const DType dtype = dtype_of(b, x);
  std::vector<ValueId> valid;
  if (!op.valid.empty()) valid.push_back(is_one_of(b, x, op.valid.reals()));
  for (size_t i = 0; i < op.lower.size(); ++i) {
    const bool with_lower = (op.closed[i] & 1) != 0, with_upper = (op.closed[i] & 2) != 0;
    ValueId above, below;
    if (op.lower[i] != -Prepare::kInfinity || !with_lower) {
      above = binary(b, with_lower ? BinaryFn::greater_or_equal : BinaryFn::greater, x,
                     one_real(b, dtype, op.lower[i]));
    }
    if (op.upper[i] != Prepare::kInfinity || !with_upper || !above.valid()) {
      below = binary(b, with_upper ? BinaryFn::less_or_equal : BinaryFn::less, x,
                     one_real(b, dtype, op.upper[i]));
    }
    valid.push_back(!above.valid() ? below : !below.valid() ? above : both(b, above, below));
  }
  if (op.invalid.empty()) return any_of(b, valid);
  ValueId good = negated(b, is_one_of(b, x, op.invalid.reals()));
  return valid.empty() ? good : both(b, good, any_of(b, valid));
}

ValueId without_outliers(Builder& b, ValueId x, const Prepare& op) {
  if (op.outlier == OutlierCell::as_is) return x;
  const DType dtype = dtype_of(b, x);
  auto limit = [&](BinaryFn beyond, double bound) {
    ValueId end = one_real(b, dtype, bound);
    ValueId out = binary(b, beyond, x, end);
    x = where(b, out, op.outlier == OutlierCell::as_extreme ? end : missing_cell(b, dtype), x);
  };
  if (op.low != -Prepare::kInfinity) limit(BinaryFn::less, op.low);
  if (op.high != Prepare::kInfinity) limit(BinaryFn::greater, op.high);
  return x;
}

ValueId prepare_number(Builder& b, ValueId x, const Prepare& op) {
  x = as_real(b, x);
  const DType dtype = dtype_of(b, x);
  if (!op.missing.empty()) x = where(b, is_one_of(b, x, op.missing.reals()), missing_cell(b, dtype), x);
  ValueId treated = without_outliers(b, x, op);
  if (bounded(op) && (op.invalid_cell != InvalidCell::as_is || treated != x)) {
    ValueId valid = valid_number(b, x, op), stand_in = x;
    switch (op.invalid_cell) {
      case InvalidCell::as_is: break;
      case InvalidCell::as_value:
        stand_in = where(b, is_missing_cell(b, x), x, one_real(b, dtype, op.invalid_value->real(0)));
        break;
      default: stand_in = missing_cell(b, dtype);
    }
    treated = where(b, valid, treated, stand_in);
  }
  if (op.missing_value) {
    treated = where(b, is_missing_cell(b, treated), one_real(b, dtype, op.missing_value->real(0)), treated);
  }
  return treated;
}

// One table says what becomes of every text, or, where any other text is valid, only of these.
ValueId prepare_text(Builder& b, ValueId x, const Prepare& op, bool empty_is_missing) {
  const std::string absent = op.missing_value ? op.missing_value->text(0) : std::string();
  const std::string bad = op.invalid_cell == InvalidCell::as_value ? op.invalid_value->text(0) : absent;
  const bool as_is = op.invalid_cell == InvalidCell::as_is;
  std::vector<std::string> missing, invalid;
  if (empty_is_missing) missing.emplace_back();
  for (size_t i = 0; i < op.missing.size(); ++i) missing.push_back(op.missing.text(i));
  for (size_t i = 0; !as_is && i < op.invalid.size(); ++i) invalid.push_back(op.invalid.text(i));
  if (!op.valid.empty() && !as_is) {
    ml::LabelMap map;
    std::vector<std::string> keys = missing, values(missing.size(), absent);
    keys.insert(keys.end(), invalid.begin(), invalid.end());
    values.resize(keys.size(), bad);
    for (size_t i = 0; i < op.valid.size(); ++i) {
      keys.push_back(op.valid.text(i));
      values.push_back(op.valid.text(i));
    }
    map.keys = Tensor::vector(std::move(keys));
    map.values = Tensor::vector(std::move(values));
    map.fallback = Tensor::scalar(bad);
    return b.add(std::move(map), {x});
  }
  ValueId treated = x;
  if (!invalid.empty()) treated = where(b, is_one_of(b, x, invalid), one_text(b, bad), treated);
  const bool changes = !absent.empty() || std::any_of(missing.begin(), missing.end(),
                                                      [](const std::string& m) { return !m.empty(); });
  if (changes && !missing.empty()) treated = where(b, is_one_of(b, x, missing), one_text(b, absent), treated);
  return treated;
}

}  // namespace

std::string lower_prepare(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<Prepare>();
  Builder& b = c.builder;
  if (b.type(c.inputs[0]).column() != nullptr) return "a table column that is no tensor yet";
  ValueId x = c.inputs[0];
  ValueId treated = dtype_of(b, x) == DType::string ? prepare_text(b, x, op, is_text_column(c, 0))
                                                    : prepare_number(b, x, op);
  if (op.masked) {
    treated = where(b, as_condition(b, c.inputs[1]), treated, missing_cell(b, dtype_of(b, treated)));
  }
  results = {treated};
  return {};
}

}  // namespace panmodel::converters
