// Table operators and imputation as tensor operators.
#include "converters/lower/cells.h"
#include "ir/ops/impute.h"
#include "ir/ops/table.h"

namespace panmodel::converters {

std::string lower_assemble(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<table::Assemble>();
  std::vector<ValueId> parts;
  for (ValueId v : c.inputs) {
    if (c.builder.type(v).column() != nullptr) return "a table column that is no tensor yet";
    bool same = dtype_of(c.builder, v) == op.dtype;
    parts.push_back(same ? v : c.builder.add(tensor::Cast{op.dtype}, {v}));
  }
  results = {parts.size() == 1 ? parts[0] : c.builder.add(tensor::Concat{1}, parts)};
  return {};
}

std::string lower_is_missing(PatternContext& c, Results& results) {
  Builder& b = c.builder;
  ValueId x = c.inputs[0];
  if (b.type(x).column() != nullptr) return "a table column that is no tensor yet";
  DType dtype = dtype_of(b, x);
  if (is_text_column(c, 0)) {
    results = {is_missing_cell(b, x)};
    return {};
  }
  // A tensor of text has no missing cells; what stands for those of a column the boundary has said.
  if (dtype == DType::string) {
    results = {unary(b, tensor::UnaryFn::logical_not, binary(b, tensor::BinaryFn::equal, x, x))};
    return {};
  }
  // Integers have no NaN, but the cast gives a legal form for every number.
  if (!is_floating(dtype)) x = b.add(tensor::Cast{DType::f64}, {x});
  results = {unary(b, tensor::UnaryFn::is_nan, x)};
  return {};
}

std::string lower_require(PatternContext& c, Results& results) {
  c.diagnostics.report(Severity::loss, {}, "convert-missing-row",
                       "the source refuses a row with a missing value; the target cannot and predicts");
  results = {c.builder.add(tensor::Identity{}, {c.inputs[0]})};
  return {};
}

std::string lower_impute(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::Impute>();
  Builder& b = c.builder;
  ValueId x = c.inputs[0];
  if (b.type(x).column() != nullptr) return "a table column that is no tensor yet";
  Tensor fill = op.fill.reshaped({static_cast<int64_t>(op.fill.size())});
  if (is_text_column(c, 0) && !op.missing) {
    // The empty text stands for a missing one already.
    results = {fill.text(0).empty() ? x : where(b, is_missing_cell(b, x), b.constant(fill), x)};
    return {};
  }
  bool by_value = op.missing && (op.missing->dtype() == DType::string ||
                                 op.missing->real(0) == op.missing->real(0));
  ValueId missing = by_value ? binary(b, tensor::BinaryFn::equal, x,
                                      b.constant(op.missing->reshaped({1})))
                             : b.add(table::IsMissing{}, {x});
  results = {b.add(tensor::Where{}, {missing, b.constant(fill), x})};
  return {};
}

}  // namespace panmodel::converters
