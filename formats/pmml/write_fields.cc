#include "formats/pmml/write_fields.h"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "base/number.h"

namespace panmodel::pmml {

using expr::Expr;
using expr::Function;

FieldId Fields::add(WrittenField field) {
  all_.push_back(std::move(field));
  return static_cast<FieldId>(all_.size() - 1);
}

FieldId Fields::input(const std::string& name, expr::Scalar type) {
  if (!names_.insert(name).second) fail({}, "pmml-write", "two inputs are called '{}'", name);
  WrittenField field;
  field.name = name;
  field.type = type;
  field.origin = WrittenField::Origin::input;
  return add(std::move(field));
}

FieldId Fields::derived(const std::string& wanted, Expr body, expr::Scalar type,
                        const Location& place) {
  WrittenField field;
  field.name = unique(wanted);
  field.type = type;
  field.can_miss = can_miss(body);
  field.local = is_local(body);
  field.body = std::move(body);
  field.place = place;
  return add(std::move(field));
}

FieldId Fields::result(const std::string& wanted, expr::Scalar type) {
  WrittenField field;
  field.name = unique(wanted);
  field.type = type;
  field.origin = WrittenField::Origin::result;
  field.local = true;
  return add(std::move(field));
}

std::string Fields::unique(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
  return name;
}

bool Fields::can_miss(const Expr& e) const {
  if (e.default_value && !e.default_value->is_missing() && e.function != Function::map_values)
    return false;
  const auto misses = [&](const Expr& a) { return can_miss(a); };
  switch (e.kind) {
    case Expr::Kind::constant: return e.constant.is_missing();
    case Expr::Kind::input: return all_[e.input].can_miss && !e.map_missing_to;
    case Expr::Kind::call: break;
  }
  switch (e.function) {
    case Function::is_missing:
    case Function::is_not_missing:
    case Function::is_valid:
    case Function::is_not_valid:
    case Function::is_in:
    case Function::is_not_in:
    case Function::concat: return false;
    case Function::if_else:
      return e.arguments.size() < 3 ||
             std::any_of(e.arguments.begin() + 1, e.arguments.end(), misses);
    case Function::min:
    case Function::max:
    case Function::sum:
    case Function::avg:
    case Function::median:
    case Function::product:
    case Function::first_known: return std::all_of(e.arguments.begin(), e.arguments.end(), misses);
    case Function::map_values:
    case Function::discretize:
      if (!e.default_value) return true;
      [[fallthrough]];
    default:
      return !e.map_missing_to && std::any_of(e.arguments.begin(), e.arguments.end(), misses);
  }
}

bool Fields::is_local(const Expr& e) const {
  if (e.kind == Expr::Kind::input) return all_[e.input].local;
  return std::any_of(e.arguments.begin(), e.arguments.end(),
                     [&](const Expr& a) { return is_local(a); });
}

void names_of(const Expr& e, std::set<FieldId>& out) {
  if (e.kind == Expr::Kind::input) out.insert(e.input);
  for (const Expr& a : e.arguments) names_of(a, out);
}

namespace {

void renumber(Expr& e, const std::vector<FieldId>& to) {
  if (e.kind == Expr::Kind::input) e.input = to[e.input];
  for (Expr& a : e.arguments) renumber(a, to);
}

// Writes a DerivedField, at the end or before another. What its expression needs besides the fields
// that it names comes before it.
void write_derived(pugi::xml_node parent, pugi::xml_node before, FieldId id, Fields& fields) {
  const WrittenField from = fields[id];
  pugi::xml_node field =
      before ? parent.insert_child_before("DerivedField", before) : add(parent, "DerivedField");
  set(field, "name", from.name);
  set(field, "optype", optype_of(from.type));
  set(field, "dataType", data_type_of(from.type));
  std::set<FieldId> used;
  names_of(from.body, used);
  const std::vector<FieldId> ids(used.begin(), used.end());
  std::vector<NamedField> inputs;
  std::vector<FieldId> place_of(ids.empty() ? 0 : ids.back() + 1);
  for (size_t i = 0; i < ids.size(); ++i) {
    inputs.push_back({fields[ids[i]].name, fields[ids[i]].type});
    place_of[ids[i]] = static_cast<FieldId>(i);
  }
  const auto derive = [&](const Expr& part, expr::Scalar type) -> NamedField {
    Expr body = part;
    renumber(body, ids);
    const FieldId made = fields.derived(from.name + " part", std::move(body), type, from.place);
    write_derived(parent, field, made, fields);
    return {fields[made].name, type};
  };
  Expr body = from.body;
  renumber(body, place_of);
  write_expression(field, body, {inputs, fields.conversions(), derive, from.place});
}

}  // namespace

OpenModel begin_model(pugi::xml_node parent, const char* name, const char* function) {
  OpenModel model;
  model.element = add(parent, name);
  set(model.element, "functionName", function);
  model.schema = add(model.element, "MiningSchema");
  model.output = add(model.element, "Output");
  model.targets = add(model.element, "Targets");
  model.transformations = add(model.element, "LocalTransformations");
  return model;
}

std::set<FieldId> finish_model(OpenModel& model, Fields& fields, std::set<FieldId>* outer) {
  const bool top = outer == nullptr;
  // A derived field comes after those that it is made of, so one pass from the back finds all.
  std::set<FieldId> needed = model.used;
  std::set<FieldId> schema;
  std::vector<FieldId> made;
  while (!needed.empty()) {
    const FieldId id = *needed.rbegin();
    needed.erase(id);
    const WrittenField& field = fields[id];
    if (field.origin == WrittenField::Origin::derived && (top || field.local)) {
      made.push_back(id);
      names_of(field.body, needed);
    } else if (!top || field.origin == WrittenField::Origin::input) {
      schema.insert(id);
      if (!top && !field.local) outer->insert(id);
    }
  }
  for (FieldId id : schema) {
    pugi::xml_node field = add(model.schema, "MiningField");
    set(field, "name", fields[id].name);
    if (top && fields[id].refuses_missing) set(field, "missingValueTreatment", "returnInvalid");
  }
  if (!model.target.empty()) {
    pugi::xml_node field = add(model.schema, "MiningField");
    set(field, "name", model.target);
    set(field, "usageType", "target");
  }
  for (auto id = made.rbegin(); id != made.rend(); ++id)
    write_derived(model.transformations, {}, *id, fields);
  for (pugi::xml_node part : {model.output, model.targets, model.transformations}) {
    if (!part.first_child()) model.element.remove_child(part);
  }
  return schema;
}

}  // namespace panmodel::pmml
