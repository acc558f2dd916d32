#include "formats/pfa/write_values.h"

#include <algorithm>
#include <cmath>

#include "base/fail.h"
#include "ir/ops/all.h"

namespace panmodel::pfa::writing {
namespace {

// Whether the node gives results of its own for missing items of an input, which others propagate.
bool treats_missing(const Node& node, size_t input) {
  if (const auto* trees = node.as<ml::TreeEnsemble>()) {
    const Forest& f = trees->forest;
    for (size_t i = 0; i < f.nodes(); ++i) {
      if (!f.is_leaf(i) && f.missing_yes(i)) return true;
    }
    return false;
  }
  if (const auto* impute = node.as<ml::Impute>()) {
    return !impute->missing || impute->missing->dtype() == DType::string || std::isnan(impute->missing->real(0));
  }
  if (const auto* map = node.as<ml::LabelMap>()) {
    if (map->missing_value || map->fallback) return true;
    if (!is_floating(map->keys.dtype())) return false;
    for (size_t i = 0; i < map->keys.size(); ++i) {
      if (std::isnan(map->keys.real(i))) return true;
    }
    return false;
  }
  if (const auto* unary = node.as<tensor::Unary>()) return unary->fn == tensor::UnaryFn::is_nan;
  if (node.as<table::Require>() != nullptr) return false;
  return node.as<table::IsMissing>() != nullptr || node.as<table::Prepare>() != nullptr ||
         node.as<table::Pick>() != nullptr || node.as<expr::Map>() != nullptr ||
         node.as<ml::DecisionTree>() != nullptr || node.as<ml::Combine>() != nullptr ||
         node.as<ml::Winner>() != nullptr || (node.as<tensor::Where>() != nullptr && input > 0);
}

// Whether a missing item of an input makes items of the result missing, which may matter to others.
bool passes_missing(const Node& node) {
  switch (node.op) {
    case OpId::table_Assemble:
    case OpId::tensor_Binary:
    case OpId::tensor_Unary:
    case OpId::tensor_Variadic:
    case OpId::tensor_Where:
    case OpId::tensor_Clip:
    case OpId::tensor_Cast:
    case OpId::tensor_Concat:
    case OpId::tensor_Split:
    case OpId::tensor_Slice:
    case OpId::tensor_Gather:
    case OpId::tensor_Identity:
    case OpId::tensor_Reshape:
    case OpId::tensor_Flatten:
    case OpId::tensor_Squeeze:
    case OpId::tensor_Unsqueeze:
    case OpId::tensor_Reduce:
    case OpId::ml_Scaler:
    case OpId::ml_Linear:
    case OpId::ml_Polynomial:
    case OpId::ml_Interpolate: return true;
    default: return false;
  }
}

}  // namespace

bool same_branches(const Node& node) {
  return node.op == OpId::tensor_Where && node.inputs[1] == node.inputs[2];
}

Form scalar_form(std::string type, Ast e, std::string name) {
  return items_form(std::move(type), {std::move(e)}, std::move(name));
}

Form vector_form(std::string type, size_t width, Ast whole, std::string name) {
  Form f{std::move(type), true, width};
  f.whole = std::move(whole);
  f.name = std::move(name);
  return f;
}

Form items_form(std::string type, std::vector<Ast> items, std::string name) {
  Form f{std::move(type), items.size() != 1, items.size()};
  f.items = std::move(items);
  f.name = std::move(name);
  return f;
}

Form form_of(const Type& type, const Node& node, const Values& values) {
  Form f;
  DType dtype = DType::f64;
  if (const ColumnType* column = type.column()) {
    dtype = column->dtype;
  } else if (const TensorType* t = type.tensor()) {
    dtype = t->dtype;
    if (!t->dims || t->dims->empty() || t->dims->size() > 2) {
      values.refuse(node, fmt::format("of type {}, which is no row of items", to_string(type)));
    }
    if (t->dims->size() == 2) {
      f.width = t->dims->back().fixed() ? static_cast<size_t>(t->dims->back().size) : 0;
      f.vector = f.width != 1;
    }
  } else {
    values.refuse(node, fmt::format("of type {}", to_string(type)));
  }
  f.type = type_of(dtype);
  if (f.type.empty()) values.refuse(node, fmt::format("of {}, which PFA has no type for", to_string(dtype)));
  return f;
}

Values::Values(const Model& model, Program& program, Diagnostics& out)
    : model_(model), program_(program), out_(out), uses_(model.graph.values.size(), 0),
      wants_missing_(model.graph.values.size(), 0) {
  count_uses();
  add_inputs();
}

void Values::refuse(const Node& node, std::string_view what) const {
  fail(place(node), "pfa-write", "{} {}", op_info(node.op).meta.name, what);
}

void Values::count_uses() {
  const Graph& g = graph();
  for (const Output& o : model_.outputs) ++uses_[o.value.v];
  for (size_t n = g.nodes.size(); n-- > 0;) {
    const Node& node = g.nodes[n];
    if (!is_used(node)) continue;
    const bool wanted = passes_missing(node) && std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return wants_missing(v); });
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId v = node.inputs[i];
      if (!v.valid() || (i == 0 && same_branches(node))) continue;
      ++uses_[v.v];
      if (wanted || treats_missing(node, i)) wants_missing_[v.v] = 1;
    }
  }
  // A result that is given for a missing cell as the cell itself.
  for (const Output& o : model_.outputs) {
    if (g.producer(o.value) == nullptr) wants_missing_[o.value.v] = 1;
  }
}

void Values::add_inputs() {
  std::set<std::string> taken;
  Asts fields;
  const auto add_field = [&](const std::string& wanted, const Ast& type, bool may_miss) {
    std::string name = unique_word(wanted, taken);
    Members field{{"name", name}, {"type", may_miss ? nullable(type) : type}};
    if (name != wanted && !wanted.empty()) field.emplace_back("doc", wanted);
    fields.emplace_back(std::move(field));
    fields_.push_back(name);
    return "input." + name;
  };
  for (const Input& input : model_.inputs) {
    const Node none{OpId::tensor_Identity};
    const Type& type = graph().type(input.value);
    Form form = form_of(type, none, *this);
    form.name = form.vector ? "features" : input.name;
    const ColumnType* column = type.column();
    const bool real = form.type == "double";
    form.nullable = form.may_miss = wants_missing(input.value) && (column != nullptr ? column->optional : real);
    form.single = type.tensor() != nullptr && type.tensor()->dtype == DType::f32;
    form.single = form.single || (column != nullptr && column->dtype == DType::f32);
    const bool named = !form.vector || (form.width > 0 && input.features.size() == form.width);
    if (named) {
      for (size_t k = 0; k < form.width; ++k) {
        const bool feature = input.features.size() == form.width;
        form.items.emplace_back(add_field(feature ? input.features[k] : input.name, form.type, form.nullable));
      }
    } else {
      const Ast item = form.nullable ? nullable(form.type) : Ast(form.type);
      Ast whole = "input";
      if (model_.inputs.size() == 1) {
        input_type_ = array_of(item);
      } else {
        whole = add_field(input.name, array_of(item), false);
      }
      for (size_t k = 0; k < form.width; ++k) form.items.push_back(element(whole, k));
      if (form.nullable && form.width == 0) refuse(none, "of rows of any length with missing values");
      if (!form.nullable) form.whole = whole;
    }
    set(input.value, std::move(form));
  }
  if (!fields.empty()) {
    input_type_ = Members{{"type", "record"}, {"name", "Input"}, {"fields", std::move(fields)}};
  } else if (model_.inputs.empty()) {
    input_type_ = "null";
  }
}

bool Values::is_input_record(const std::vector<Ast>& items) const {
  if (items.size() != fields_.size()) return false;
  for (size_t i = 0; i < items.size(); ++i) {
    const auto* symbol = std::get_if<std::string>(&items[i].v);
    if (symbol == nullptr || *symbol != "input." + fields_[i]) return false;
  }
  return true;
}

void Values::set(ValueId v, Form form) {
  // What several read is computed once.
  if (form.name.empty()) form.name = form.vector ? "values" : "value";
  if (uses(v) > 1 && !form.constant) {
    if (form.whole) {
      form.whole = symbol(std::move(*form.whole), form.name);
    } else {
      for (Ast& item : form.items) item = symbol(std::move(item), form.name);
    }
  }
  forms_[v.v] = std::move(form);
}

bool Values::is_used(const Node& node) const {
  return std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return uses(v) > 0; });
}

void Values::add_nodes() {
  for (const Node& node : graph().nodes) {
    if (!is_used(node)) continue;
    const bool done = write_shape(node, *this) || write_elementwise(node, *this) || write_reduce(node, *this) ||
                      write_linear(node, *this) || write_scale(node, *this) || write_encode(node, *this) ||
                      write_trees(node, *this) || write_columns(node, *this);
    if (!done) refuse(node, "has no form in PFA yet");
  }
}

std::vector<Ast> Values::items(ValueId v, bool numbers) {
  Form& f = of(v);
  std::vector<Ast> out;
  if (f.constant) {
    for (size_t i = 0; i < f.width; ++i) out.push_back(element_of(*f.constant, f.constant->size() == 1 ? 0 : i));
    return out;
  }
  if (f.items.empty() && f.whole) {
    f.whole = symbol(std::move(*f.whole), f.name);
    for (size_t i = 0; i < f.width; ++i) f.items.push_back(element(*f.whole, i));
  }
  out = f.items;
  for (Ast& item : out) {
    if (f.nullable && numbers && f.type == "double") item = program_.user_call("numberOrNan", {std::move(item)});
    if (f.nullable && numbers && (f.type == "int" || f.type == "long")) {
      const std::string whole = program_.symbol("v");
      item = Members{{"ifnotnull", Members{{whole, std::move(item)}}},
                     {"then", call("cast.double", {whole})},
                     {"else", real(std::nan(""))}};
    }
    if (f.single && (numbers || !f.nullable)) item = program_.user_call("single", {std::move(item)});
  }
  return out;
}

Ast Values::array(ValueId v) {
  Form& f = of(v);
  if (f.constant) {
    if (f.constant->size() == f.width) return program_.tensor("constants", f.constant->reshaped({static_cast<int64_t>(f.width)}));
    return make_array(items(v), f.type);
  }
  if (f.whole && !f.single) return *f.whole;
  if (f.whole && f.items.empty()) {
    return call("a.map", {*f.whole, program_.user_function("single")});
  }
  // Integers of which some are missing are doubles with NaN.
  Ast made = make_array(items(v), f.nullable && (f.type == "int" || f.type == "long") ? "double" : f.type);
  if (uses(v) > 1 && !f.single && !f.nullable) {
    made = symbol(std::move(made), f.name);
    f.whole = made;
  }
  return made;
}

Ast Values::symbol(Ast value, std::string_view name) {
  if (value.is_symbol()) return value;
  const bool plain = !std::holds_alternative<Members>(value.v) && !std::holds_alternative<Asts>(value.v);
  return plain ? value : Ast(program_.let(name, std::move(value)));
}

Ast Values::array_symbol(ValueId v) {
  Ast made = symbol(array(v), of(v).vector ? of(v).name : "values");
  Form& f = of(v);
  if (!f.constant && !f.single && !f.nullable) f.whole = made;
  return made;
}

Ast Values::item_symbol(ValueId v) {
  Ast made = symbol(item(v), of(v).name);
  Form& f = of(v);
  if (!f.constant && !f.single && !f.nullable) f.items = {made};
  return made;
}

}  // namespace panmodel::pfa::writing
