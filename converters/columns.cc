#include "converters/columns.h"

#include <algorithm>
#include <cmath>

#include "ir/ops/combine.h"
#include "ir/ops/decision_tree.h"
#include "ir/ops/expr.h"
#include "ir/ops/impute.h"
#include "ir/ops/prepare.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::converters {
namespace {

// Reads of an input that has become real give what the column held.
void read_as(expr::Expr& e, std::span<const ColumnNow> inputs) {
  for (expr::Expr& argument : e.arguments) read_as(argument, inputs);
  if (e.kind != expr::Expr::Kind::input || !inputs[e.input].is_real) return;
  bool boolean = inputs[e.input].before == DType::boolean;
  std::optional<expr::Constant> absent = std::exchange(e.map_missing_to, std::nullopt);
  e = expr::call(boolean ? expr::Function::to_boolean : expr::Function::to_i64, {std::move(e)});
  e.map_missing_to = std::move(absent);
}

void make_real(std::optional<Tensor>& value, const Location& at) {
  if (value) value = reals_of(*value, at);
}

table::Prepare of_reals(table::Prepare op, const Location& at) {
  for (Tensor* values : {&op.valid, &op.invalid, &op.missing}) {
    if (!values->empty()) *values = reals_of(*values, at);
  }
  make_real(op.invalid_value, at);
  make_real(op.missing_value, at);
  return op;
}

bool is_bounded(const table::Prepare& op) {
  return !op.valid.empty() || !op.invalid.empty() || !op.lower.empty();
}

template <class Op>
std::shared_ptr<const void> share(Op op) {
  return std::make_shared<const Op>(std::move(op));
}

}  // namespace

bool takes_columns(const Node& node) {
  return node.as<table::Prepare>() || node.as<expr::Map>() || node.as<ml::DecisionTree>() ||
         node.as<ml::Combine>();
}

bool is_mask(const Node& node, size_t i) {
  const size_t count = node.inputs.size();
  if (const auto* prepare = node.as<table::Prepare>()) return prepare->masked && i + 1 == count;
  if (const auto* map = node.as<expr::Map>()) return map->masked && i + 1 == count;
  const auto* combine = node.as<ml::Combine>();
  return combine != nullptr && combine->masked && i >= count / 2;
}

std::shared_ptr<const void> adapted(const Node& node, std::span<const ColumnNow> inputs, const Location& at) {
  if (std::none_of(inputs.begin(), inputs.end(), [](const ColumnNow& c) { return c.is_real; })) return nullptr;
  if (const auto* prepare = node.as<table::Prepare>()) {
    return inputs[0].is_real ? share(of_reals(*prepare, at)) : nullptr;
  }
  if (const auto* map = node.as<expr::Map>()) {
    expr::Map of_reals = *map;
    read_as(of_reals.body, inputs);
    return share(std::move(of_reals));
  }
  const auto* combine = node.as<ml::Combine>();
  if (combine == nullptr || !combine->classes || !inputs[0].is_real) return nullptr;
  ml::Combine of_reals = *combine;
  of_reals.classes = reals_of(*combine->classes, at);
  return share(std::move(of_reals));
}

Tensor reals_of(const Tensor& values, const Location& at) {
  std::vector<double> reals;
  for (size_t i = 0; i < values.size(); ++i) {
    reals.push_back(static_cast<double>(values.integer(i)));
    if (std::abs(reals.back()) > 9007199254740992.0) {
      fail(at, "convert-missing-integer", "{} is beyond 2^53, and missing integers need f64", values.integer(i));
    }
  }
  return Tensor::of(values.shape(), std::move(reals));
}

ValueId as_mask(Builder& b, ValueId truth) {
  ValueId one = b.constant(Tensor::vector(std::vector<double>{1}));
  return b.add(tensor::Binary{tensor::BinaryFn::equal}, {truth, one});
}

ValueId text_column(Builder& b, ValueId texts) {
  table::Prepare op;
  op.missing = Tensor::vector(std::vector<std::string>{""});
  return b.add(std::move(op), {texts});
}

ValueId as_tensor(Builder& b, ValueId column) {
  if (b.type(column).column() == nullptr) return column;
  const DType dtype = b.type(column).column()->dtype;
  if (dtype == DType::string) return b.add(ml::Impute{std::nullopt, Tensor::scalar(std::string())}, {column});
  return b.add(table::Assemble{is_floating(dtype) ? dtype : DType::f64}, {column});
}

bool may_refuse(const table::Prepare& op) {
  return (is_bounded(op) && op.invalid_cell == table::InvalidCell::refuse) || (op.refuse_missing && !op.missing_value);
}

Prepared prepare_and_tell(Builder& b, const table::Prepare& op, const std::vector<ValueId>& inputs) {
  const auto is_missing = [&](ValueId v) { return b.add(table::IsMissing{}, {v}); };
  const auto both = [&](ValueId x, ValueId y) { return b.add(tensor::Binary{tensor::BinaryFn::logical_and}, {x, y}); };
  ValueId cells = inputs[0], refused;
  table::Prepare rest = op;
  if (op.invalid_cell == table::InvalidCell::refuse && is_bounded(op)) {
    // First only what is invalid, as missing: the cells that were there before are refused.
    if (!op.missing.empty()) {
      table::Prepare missing;
      missing.missing = std::exchange(rest.missing, Tensor());
      cells = b.add(std::move(missing), {cells});
    }
    table::Prepare valid;
    valid.field = op.field;
    valid.valid = std::exchange(rest.valid, Tensor());
    valid.invalid = std::exchange(rest.invalid, Tensor());
    valid.lower = std::exchange(rest.lower, {});
    valid.upper = std::exchange(rest.upper, {});
    valid.closed = std::exchange(rest.closed, {});
    valid.invalid_cell = rest.invalid_cell = table::InvalidCell::as_missing;
    ValueId known = b.add(std::move(valid), {cells});
    // What was missing before is missing still.
    refused = b.add(tensor::Binary{tensor::BinaryFn::logical_xor}, {is_missing(cells), is_missing(known)});
    cells = known;
  }
  rest.refuse_missing = false;
  std::vector<ValueId> treated = inputs;
  treated[0] = cells;
  const bool changes = rest.masked || rest.missing_value || rest.outlier != table::OutlierCell::as_is ||
                       !rest.missing.empty() || rest.invalid_cell == table::InvalidCell::as_value;
  ValueId column = changes ? b.add(std::move(rest), treated) : cells;
  if (op.refuse_missing && !op.missing_value) {
    ValueId missing = is_missing(column);
    refused = refused.valid() ? b.add(tensor::Binary{tensor::BinaryFn::logical_or}, {refused, missing}) : missing;
  }
  if (op.masked) refused = both(refused, inputs[1]);
  return {column, refused};
}

ValueId without_rows(Builder& b, ValueId output, ValueId refused) {
  const TensorType* t = b.type(output).tensor();
  if (t == nullptr || !t->dims || t->dims->empty()) return output;
  if (t->dims->size() == 1) {
    refused = b.add(tensor::Squeeze{{1}}, {refused});
  } else if (t->dims->size() != 2) {
    return output;
  }
  Tensor gap = t->dtype == DType::string ? Tensor::vector(std::vector<std::string>{""})
               : t->dtype == DType::f32  ? Tensor::vector(std::vector<float>{std::nanf("")})
                                         : Tensor::vector(std::vector<double>{std::nan("")});
  const bool kept = t->dtype == DType::string || is_floating(t->dtype);
  if (!kept) output = b.add(tensor::Cast{DType::f64}, {output});
  return b.add(tensor::Where{}, {refused, b.constant(gap), output});
}

}  // namespace panmodel::converters
