#include "formats/pmml/write_columns.h"

#include <algorithm>

#include "base/diagnostic.h"
#include "ir/op.h"
#include "ir/ops/linear.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"
#include "ir/ops/tree.h"

namespace panmodel::pmml {

using expr::Expr;
using expr::Function;
using expr::Scalar;

namespace {

std::optional<Scalar> scalar_of(DType dtype) {
  switch (dtype) {
    case DType::f64: return Scalar::f64;
    case DType::f32: return Scalar::f32;
    case DType::i64: return Scalar::i64;
    case DType::boolean: return Scalar::boolean;
    case DType::string: return Scalar::string;
    default: return std::nullopt;
  }
}

// Number of columns of a tensor [N,F], [N] or of a column; 0 when it is not known.
size_t width_of(const Type& type) {
  if (type.column() != nullptr) return 1;
  const TensorType* tensor = type.tensor();
  if (tensor == nullptr || !tensor->dims) return 0;
  const std::vector<Dim>& dims = *tensor->dims;
  if (dims.size() == 1) return 1;
  return dims.size() == 2 && dims[1].fixed() ? static_cast<size_t>(dims[1].size) : 0;
}

Expr with_missing(Expr e, std::optional<Expr> otherwise, const Fields& fields) {
  std::vector<Expr> tests;
  for (const Expr& a : e.arguments) {
    if (fields.can_miss(a)) tests.push_back(a);
  }
  for (size_t i = tests.size(); i-- > 0;) {
    if (otherwise) {
      e = expr::call(Function::if_else,
                     {expr::call(Function::is_missing, {tests[i]}), *otherwise, std::move(e)});
    } else {
      e = expr::call(Function::if_else,
                     {expr::call(Function::is_not_missing, {tests[i]}), std::move(e)});
    }
  }
  return e;
}

}  // namespace

Expr false_where_missing(Expr test, const Fields& fields) {
  return with_missing(std::move(test), expr::constant(false), fields);
}

Expr missing_where_missing(Expr e, const Fields& fields) {
  return with_missing(std::move(e), std::nullopt, fields);
}

Columns::Columns(const Model& model, Fields& fields, Segments& segments)
    : model_(model), fields_(fields), segments_(segments), uses_(model.graph.values.size()) {
  for (const Node& node : model.graph.nodes) {
    for (ValueId input : node.inputs) {
      if (input.valid()) ++uses_[input.v];
    }
  }
  for (const Output& output : model.outputs) ++uses_[output.value.v];
  for (const Input& input : model.inputs) {
    const Type& type = model.graph.type(input.value);
    const size_t width = width_of(type);
    const std::optional<Scalar> scalar = scalar_of(type.column() != nullptr   ? type.column()->dtype
                                                   : type.tensor() != nullptr ? type.tensor()->dtype
                                                                              : DType::c64);
    if (width == 0)
      fail({}, "pmml-write", "the input '{}' is no table with a fixed number of columns",
           input.name);
    if (!scalar)
      fail({}, "pmml-write", "the input '{}' has elements that PMML has no type for", input.name);
    const bool single = *scalar == Scalar::f32;
    std::vector<Column> columns;
    for (size_t k = 0; k < width; ++k) {
      const std::string name = input.features.size() == width ? input.features[k]
                               : width == 1                   ? input.name
                                                              : fmt::format("{}:{}", input.name, k);
      const FieldId id = fields.input(name, *scalar);
      fields.at(id).can_miss =
          type.column() != nullptr ? type.column()->optional : is_floating(type.tensor()->dtype);
      columns.push_back({expr::input(id), single});
    }
    known_.emplace(input.value, std::move(columns));
  }
}

void Columns::refuse(const Node& node, std::string_view what) const {
  fail(place(node), "pmml-write", "'{}' has no form in PMML {}", op_info(node.op).meta.name, what);
}

const std::vector<Column>& Columns::of(ValueId value) {
  auto found = known_.find(value);
  if (found == known_.end())
    found = known_.emplace(value, make(*model_.graph.producer(value))).first;
  return found->second;
}

FieldId Columns::field(const Column& column, const std::string& name, const Location& place) {
  const bool typed = column.is_field() && fields_[column.body.input].type == Scalar::f32;
  if (column.single && !typed) fail(place, "pmml-write", "'{}' in single precision", name);
  if (column.is_field() && !column.body.map_missing_to) return column.body.input;
  return fields_.derived(name, column.body, Scalar::f64, place);
}

std::vector<FieldId> Columns::fields_of(ValueId value) {
  const std::vector<Column> columns = of(value);
  const Node* maker = model_.graph.producer(value);
  const Location& from = maker != nullptr ? place(*maker) : model_.location({});
  std::vector<FieldId> out;
  for (size_t k = 0; k < columns.size(); ++k) {
    const std::string name =
        model_.graph.value(value).name.empty() ? "x" : model_.graph.value(value).name;
    out.push_back(
        field(columns[k], columns.size() == 1 ? name : fmt::format("{}:{}", name, k), from));
    known_.at(value)[k].body = expr::input(out.back());
  }
  return out;
}

std::vector<Column> Columns::moved(const Node& node) {
  const Graph& graph = model_.graph;
  const auto* assemble = node.as<table::Assemble>();
  const auto* concat = node.as<tensor::Concat>();
  if (assemble != nullptr || (concat != nullptr && (concat->axis == 1 || concat->axis == -1))) {
    std::vector<Column> columns;
    for (ValueId input : node.inputs) {
      const std::vector<Column>& more = of(input);
      columns.insert(columns.end(), more.begin(), more.end());
    }
    if (assemble != nullptr && assemble->dtype == DType::f32) {
      for (Column& c : columns) c.single = true;
    }
    return columns;
  }
  if (node.as<tensor::Identity>() || node.as<tensor::Reshape>() || node.as<tensor::Squeeze>() ||
      node.as<tensor::Unsqueeze>() || node.as<tensor::Flatten>()) {
    const std::vector<Column>& columns = of(node.inputs[0]);
    const size_t width = width_of(graph.type(node.outputs[0]));
    if (width == columns.size()) return columns;
    refuse(node, "with another number of columns");
  }
  if (const auto* gather = node.as<tensor::Gather>();
      gather != nullptr && (gather->axis == 1 || gather->axis == -1)) {
    const auto* index = op<tensor::Constant>(node.inputs[1]);
    const std::vector<Column>& from = of(node.inputs[0]);
    if (index != nullptr && index->value.rank() == 1) {
      std::vector<Column> columns;
      const auto width = static_cast<int64_t>(from.size());
      for (int64_t i : index->value.integers()) {
        columns.push_back(from.at(static_cast<size_t>(i < 0 ? i + width : i)));
      }
      return columns;
    }
  }
  return {};
}

std::vector<Column> Columns::make(const Node& node) {
  std::vector<Column> columns = moved(node);
  const TensorType* type = model_.graph.type(node.outputs[0]).tensor();
  const bool single = type != nullptr && type->dtype == DType::f32 && !node.as<tensor::Cast>();
  if (columns.empty() && single) refuse(node, "in single precision");
  if (columns.empty()) columns = scale_columns(node, *this);
  if (columns.empty()) columns = encode_columns(node, *this);
  if (columns.empty()) columns = tensor_columns(node, *this, uses_[node.outputs[0].v] == 1);
  if (columns.empty() && (node.as<ml::Linear>() || node.as<ml::TreeEnsemble>())) {
    for (FieldId id : segments_.results(node)) columns.push_back({expr::input(id)});
  }
  if (columns.empty()) refuse(node, "as columns");
  return columns;
}

}  // namespace panmodel::pmml
