#include "formats/pmml/write_scope.h"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "formats/pmml/write_graph.h"
#include "formats/pmml/write_prediction.h"
#include "formats/pmml/write_xml.h"
#include "ir/op.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {

using expr::Expr;
using expr::Function;
using expr::Scalar;

namespace {

bool does_nothing(const table::Prepare& p) {
  return p.valid.empty() && p.invalid.empty() && p.missing.empty() && p.lower.empty() &&
         p.outlier == table::OutlierCell::as_is && !p.missing_value && !p.refuse_missing &&
         !p.masked;
}

expr::Constant constant_at(const Tensor& values, size_t i) {
  switch (values.dtype()) {
    case DType::string:
      return values.text(i);
    case DType::boolean:
      return values.integer(i) != 0;
    case DType::f64:
      return values.real(i);
    case DType::f32:
      return {Scalar::f32, values.real(i)};
    default:
      return values.integer(i);
  }
}

Tensor tensor_of(const std::vector<expr::Constant>& values, DType dtype) {
  const Shape shape{static_cast<int64_t>(values.size())};
  const auto all = [&](auto zero) {
    std::vector<decltype(zero)> out;
    for (const expr::Constant& c : values) out.push_back(std::get<decltype(zero)>(c.value));
    return out;
  };
  switch (dtype) {
    case DType::string:
      return Tensor::of(shape, all(std::string()));
    case DType::f64:
      return Tensor::of(shape, all(0.0));
    case DType::f32: {
      std::vector<float> out;
      for (double x : all(0.0)) out.push_back(static_cast<float>(x));
      return Tensor::of(shape, std::move(out));
    }
    case DType::boolean: {
      std::vector<uint8_t> out;
      for (bool b : all(false)) out.push_back(b ? 1 : 0);
      return Tensor::of_bools(shape, std::move(out));
    }
    default:
      return Tensor::of(shape, all(int64_t{0}));
  }
}

Tensor select(const Tensor& values, const std::vector<size_t>& kept) {
  std::vector<expr::Constant> all;
  for (size_t i : kept) all.push_back(constant_at(values, i));
  return tensor_of(all, values.dtype());
}

// What a field is called when nobody named it.
std::string description(const Expr& body, const std::vector<NamedField>& inputs) {
  const bool call = body.kind == Expr::Kind::call;
  return fmt::format("{}({})", call ? expr::info(body.function).name : "value",
                     inputs.empty() ? "" : inputs[0].name);
}

}  // namespace

GraphDocument::GraphDocument(const Model& model)
    : model_(model),
      users_(model.graph.values.size()),
      predicted_(model.graph.values.size()),
      masked_(model.graph.values.size()) {
  for (const Node& node : model.graph.nodes) {
    bool predicted = is_model_node(node);
    const auto* map = node.as<expr::Map>();
    const auto* prepare = node.as<table::Prepare>();
    bool masked = (map != nullptr && map->masked) || (prepare != nullptr && prepare->masked);
    for (ValueId v : node.inputs) {
      if (!v.valid()) continue;
      users_[v.v].push_back(&node);
      predicted = predicted || predicted_[v.v];
      masked = masked || masked_[v.v];
    }
    for (ValueId v : node.outputs) {
      predicted_[v.v] = predicted;
      masked_[v.v] = masked;
      const std::string& name = model.graph.value(v).name;
      if (!name.empty()) given_names_.emplace(cell(v), name);
    }
  }
}

std::string GraphDocument::name_of(const Cell& cell) const {
  auto found = given_names_.find(cell);
  return found == given_names_.end() ? "" : found->second;
}

const Tensor* GraphDocument::constant(ValueId v) const {
  const auto* c = op<tensor::Constant>(v);
  return c == nullptr ? nullptr : &c->value;
}

DType GraphDocument::dtype(ValueId v) const {
  const Type& type = model_.graph.type(v);
  return type.column() != nullptr ? type.column()->dtype : type.tensor()->dtype;
}

const Location& GraphDocument::place(ValueId v) const {
  static const Location none;
  const Node* maker = producer(v);
  return maker == nullptr ? none : model_.location(maker->loc);
}

void GraphDocument::refuse(ValueId v, std::string_view what) const {
  const Node* maker = producer(v);
  fail(place(v), "pmml-write", "'{}' has no form in PMML {}",
       maker != nullptr ? op_info(maker->op).meta.name : "an input", what);
}

Cell GraphDocument::column(ValueId v, int64_t k) const {
  for (;;) {
    const auto* gather = op<tensor::Gather>(v);
    const Tensor* order = gather != nullptr && gather->axis == 1 ? constant(input(v, 1)) : nullptr;
    if (order == nullptr || order->rank() != 1) return {v, static_cast<size_t>(k)};
    k = order->integer(static_cast<size_t>(k));
    v = input(v);
  }
}

Cell GraphDocument::cell(ValueId v) const {
  while (const Node* node = producer(v)) {
    const auto* prepare = node->as<table::Prepare>();
    const auto* assemble = node->as<table::Assemble>();
    const bool same = (prepare != nullptr && does_nothing(*prepare)) ||
                      (assemble != nullptr && node->inputs.size() == 1 &&
                       dtype(node->inputs[0]) == assemble->dtype) ||
                      node->as<tensor::Identity>() != nullptr;
    if (same) {
      v = node->inputs[0];
      continue;
    }
    const auto* gather = node->as<tensor::Gather>();
    const Tensor* index =
        gather != nullptr && gather->axis == 1 ? constant(node->inputs[1]) : nullptr;
    if (index == nullptr || index->size() != 1) break;
    return column(node->inputs[0], index->integer(0));
  }
  return {v, 0};
}

std::string GraphDocument::unique(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
  return name;
}

ModelScope::ModelScope(GraphDocument& document, ModelScope* outer, bool chain, ValueId mask)
    : document_(document),
      outer_(outer),
      chain_(chain),
      mask_(mask),
      derived_(document.scratch()),
      segments_(document.scratch()) {}

const NamedField* ModelScope::known(const Cell& cell) {
  for (ModelScope* s = this; s != nullptr; s = s->outer_) {
    auto found = s->known_.find(cell);
    if (found == s->known_.end()) continue;
    for (ModelScope* inner = this; inner != s; inner = inner->outer_) {
      std::vector<std::string>& used = inner->used_;
      if (std::find(used.begin(), used.end(), found->second.name) == used.end()) {
        used.push_back(found->second.name);
      }
    }
    return &found->second;
  }
  return nullptr;
}

NamedField ModelScope::field(const Cell& cell) {
  if (const NamedField* field = known(cell)) return *field;
  make(cell);
  const NamedField* field = known(cell);
  if (field == nullptr) document_.refuse(cell.value, "as a field");
  return *field;
}

pugi::xml_node ModelScope::derive(const std::string& name, Scalar type) {
  pugi::xml_node element = add(derived_, "DerivedField");
  set(element, "name", name);
  set(element, "optype", optype_of(type));
  set(element, "dataType", data_type_of(type));
  return element;
}

void ModelScope::write_expression(pugi::xml_node parent, const Expr& e,
                                  const std::vector<ValueId>& inputs, const Location& place) {
  const std::vector<NamedField> named = fields(inputs, expr::inputs_used(e));
  pmml::write_expression(parent, e, frame(named, place));
}

void ModelScope::write_predicate(pugi::xml_node parent, const Expr& e,
                                 const std::vector<ValueId>& inputs, const Location& place) {
  const std::vector<NamedField> named = fields(inputs, expr::inputs_used(e));
  pmml::write_predicate(parent, e, frame(named, place));
}

std::vector<NamedField> ModelScope::fields(const std::vector<ValueId>& values, size_t count) {
  std::vector<NamedField> out;
  for (size_t i = 0; i < count; ++i) out.push_back(field(values.at(i)));
  return out;
}

ExpressionFrame ModelScope::frame(std::span<const NamedField> inputs, const Location& place) {
  auto part = [this, inputs, &place](const Expr& e, Scalar type) {
    const bool call = e.kind == Expr::Kind::call;
    const std::string name =
        document_.unique(call ? std::string(expr::info(e.function).name) : "value");
    derive(name, type, e, inputs, place);
    return NamedField{name, type};
  };
  return {inputs, document_.conversions, std::move(part), place};
}

void ModelScope::derive(const std::string& name, Scalar type, const Expr& e,
                        std::span<const NamedField> inputs, const Location& place) {
  // The fields that the expression needs come before it.
  pugi::xml_node body = document_.scratch();
  pmml::write_expression(body, e, frame(inputs, place));
  derive(name, type).append_move(body.first_child());
}

ModelScope& ModelScope::home_of(const Node& node) {
  if (document_.predicted(node.outputs[0])) return *this;
  ModelScope* s = this;
  while (s->outer_ != nullptr) s = s->outer_;
  return *s;
}

void ModelScope::make(const Cell& cell) {
  const Node* node = document_.producer(cell.value);
  if (node == nullptr) document_.refuse(cell.value, "as a field");
  ModelScope& home = home_of(*node);
  if (&home != this && home.known_.contains(cell)) return;
  if (is_typed_result(document_, *node)) return modelled(cell);
  if (const auto* map = node->as<expr::Map>()) return home.mapped(*node, *map);
  const auto* prepare = node->as<table::Prepare>();
  if (prepare != nullptr && !(document_.predicted(cell.value) && prepare->field.empty())) {
    return home.prepared(*node, *prepare);
  }
  if (node->as<ml::LabelMap>() != nullptr) return home.looked_up(*node, *node, nullptr);
  if (const auto* pick = node->as<table::Pick>(); pick != nullptr && pick->values.rank() == 1) {
    const Node* map = document_.producer(node->inputs[0]);
    if (map->as<ml::LabelMap>() != nullptr) return home.looked_up(*node, *map, pick);
  }
  if (const auto* cast = node->as<tensor::Cast>();
      cast != nullptr && cell.column == 0 && !document_.predicted(cell.value)) {
    return home.converted(*node, scalar_of_dtype(cast->to));
  }
  if (const auto* assemble = node->as<table::Assemble>();
      assemble != nullptr && node->inputs.size() == 1) {
    return home.converted(*node, scalar_of_dtype(assemble->dtype));
  }
  modelled(cell);
}

void ModelScope::converted(const Node& node, Scalar type) {
  const std::vector<NamedField> inputs = fields(node.inputs, 1);
  const NamedField field{
      document_.unique(fmt::format("{}({})", data_type_of(type), inputs[0].name)), type};
  derive(field.name, type, expr::input(0), inputs, document_.model().location(node.loc));
  define({node.outputs[0]}, field);
}

void ModelScope::mapped(const Node& node, const expr::Map& map) {
  Expr body = map.body;
  std::vector<ValueId> values = node.inputs;
  if (auto found = document_.invalid_cells.find(node.outputs[0]);
      found != document_.invalid_cells.end()) {
    body = expr::call(Function::is_not_valid, {expr::input(0)});
    values = {found->second};
  }
  const std::vector<NamedField> inputs = fields(values, expr::inputs_used(body));
  const std::string given = document_.name_of({node.outputs[0]});
  const NamedField field{document_.unique(given.empty() ? description(body, inputs) : given),
                         map.type};
  derive(field.name, map.type, body, inputs, document_.model().location(node.loc));
  define({node.outputs[0]}, field);
}

// What a segment makes of the cells of a field that the model around it has checked.
void ModelScope::prepared(const Node& node, const table::Prepare& p) {
  const Location& place = document_.model().location(node.loc);
  const std::vector<NamedField> inputs = fields(node.inputs, 1);
  const Scalar type = inputs[0].type;
  if (!p.valid.empty() || !p.invalid.empty() || !p.missing.empty() || !p.lower.empty() ||
      p.refuse_missing) {
    fail(place, "pmml-write", "the domain of a field that is no input of the model ('{}')",
         p.field);
  }
  Expr e = expr::input(0);
  if (p.outlier != table::OutlierCell::as_is) {
    const bool extreme = p.outlier == table::OutlierCell::as_extreme;
    const auto bound = [&](double limit, Function beyond) {
      if (std::isinf(limit)) return;
      Expr other = expr::constant(extreme ? expr::Constant(limit) : expr::Constant::missing(type));
      e = expr::call(Function::if_else,
                     {expr::call(beyond, {expr::input(0), expr::constant(limit)}), std::move(other),
                      std::move(e)});
    };
    bound(p.low, Function::less_than);
    bound(p.high, Function::greater_than);
    e = expr::call(Function::if_else,
                   {expr::call(Function::is_not_missing, {expr::input(0)}), std::move(e)});
  }
  if (p.missing_value) {
    const expr::Constant value = constant_at(*p.missing_value, 0);
    if (e.kind == Expr::Kind::input) {
      e.map_missing_to = value;
    } else {
      e = expr::call(Function::first_known, {std::move(e), expr::constant(value)});
    }
  }
  const NamedField field{document_.unique(fmt::format("prepared({})", inputs[0].name)), type};
  derive(field.name, type, e, inputs, place);
  define({node.outputs[0]}, field);
}

// Values by key, and the values of the indexes that are found.
void ModelScope::looked_up(const Node& node, const Node& map_node, const table::Pick* pick) {
  const auto& map = *map_node.as<ml::LabelMap>();
  const Location& place = document_.model().location(node.loc);
  const auto value = [&](const Tensor& values, size_t i) -> std::optional<expr::Constant> {
    if (pick == nullptr) {
      const expr::Constant c = constant_at(values, i);
      const double* real = std::get_if<double>(&c.value);
      if (real != nullptr && std::isnan(*real)) return std::nullopt;
      return c;
    }
    int64_t row = values.integer(i);
    if (!pick->rows.empty()) row = pick->rows.at(static_cast<size_t>(row));
    if (row < 0) return std::nullopt;
    return constant_at(pick->values, static_cast<size_t>(row));
  };
  if (!map.fallback) fail(place, "pmml-write", "a map of values that refuses other values");
  std::vector<size_t> kept;
  std::vector<expr::Constant> values;
  for (size_t i = 0; i < map.keys.size(); ++i) {
    if (auto c = value(map.values, i)) {
      kept.push_back(i);
      values.push_back(*c);
    }
  }
  const std::vector<NamedField> inputs = fields(map_node.inputs, 1);
  const Scalar type = scalar_of_dtype(document_.dtype(node.outputs[0]));
  expr::Table table;
  table.parameters = {{"key0", select(map.keys, kept)},
                      {"values", tensor_of(values, document_.dtype(node.outputs[0]))}};
  Expr e = expr::call(Function::map_values, {expr::input(0)},
                      std::make_shared<const expr::Table>(std::move(table)));
  e.default_value = value(*map.fallback, 0);
  e.map_missing_to = map.missing_value ? value(*map.missing_value, 0) : e.default_value;
  const NamedField field{document_.unique(fmt::format("mapped({})", inputs[0].name)), type};
  derive(field.name, type, e, inputs, place);
  define({node.outputs[0]}, field);
}

// A model of its own earlier in the chain; where other models need it too, in that of the document.
void ModelScope::modelled(const Cell& cell) {
  const Prediction prediction = prediction_of(document_, cell.value);
  ModelScope* host = nullptr;
  for (ModelScope* s = this; s != nullptr; s = s->outer_) {
    if (!s->chain_) continue;
    if (auto field = add_chained_field(*s, prediction, cell)) return s->define(cell, *field);
    const bool shared = document_.users(cell.value).size() > 1 && !document_.masked(cell.value);
    if (host == nullptr || shared) host = s;
  }
  host->define(cell, add_chained_model(*host, prediction, cell));
}

}  // namespace panmodel::pmml
