#include "formats/pmml/scope.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "formats/pmml/expression.h"
#include "ir/ops/expr.h"

namespace panmodel::pmml {

using expr::Scalar;

Nested::Nested(Reader& reader, const Element& at) : reader_(reader) {
  const uint32_t limit = Limits{}.depth;
  if (reader.depth >= limit) at.refuse("pmml-depth", "nested deeper than {} levels", limit);
  ++reader.depth;
}

void Scope::add(std::string_view name, Field field) {
  Entry entry;
  entry.field = std::move(field);
  entries_.insert_or_assign(std::string(name), std::move(entry));
}

void Scope::add(std::string_view name, const Element& at, std::function<Field()> make) {
  Entry entry;
  entry.definition = at;
  entry.make = std::move(make);
  entries_.insert_or_assign(std::string(name), std::move(entry));
}

void Scope::define(const Element& derived_field) {
  Entry entry;
  entry.definition = derived_field;
  entries_.insert_or_assign(std::string(derived_field.attribute("name")), std::move(entry));
}

const Field* Scope::find(std::string_view name, ValueId mask) {
  auto found = entries_.find(name);
  if (found == entries_.end()) return outer_ ? outer_->find(name, mask) : nullptr;
  Entry& entry = found->second;
  if (entry.make) entry.field = std::exchange(entry.make, nullptr)();
  if (entry.field) return &*entry.field;
  // Rows that count everywhere include those of any segment.
  for (ValueId made : {mask_, mask}) {
    if (auto known = entry.made.find(made); known != entry.made.end()) return &known->second;
  }
  if (entry.open) {
    entry.definition.refuse("pmml-cycle", "the field '{}' is defined by itself", name);
  }
  Nested level(reader_, entry.definition);
  entry.open = true;
  Scope masked(reader_, this, mask);
  Field field = read_derived_field(entry.definition, masked);
  entry.open = false;
  return &entry.made.emplace(mask, std::move(field)).first->second;
}

void Scope::names(std::vector<std::string_view>& out) const {
  for (const auto& [name, entry] : entries_) out.push_back(name);
  if (outer_) outer_->names(out);
}

const Field& Scope::require(std::string_view name, const Element& at) {
  if (const Field* field = find(name)) return *field;
  std::vector<std::string_view> all;
  names(all);
  const std::string_view near = nearest(name, all);
  if (near.empty()) at.refuse("pmml-field", "there is no field '{}'", name);
  fail_help(at.place(), "pmml-field", fmt::format("{}: there is no field '{}'", at.name(), name),
            fmt::format("did you mean '{}'?", near));
}

uint32_t Bindings::input_of(std::string_view name, const Element& at) {
  return input_of(scope_.require(name, at).value);
}

uint32_t Bindings::input_of(ValueId value) {
  auto found = std::find(inputs_.begin(), inputs_.end(), value);
  if (found == inputs_.end()) found = inputs_.insert(inputs_.end(), value);
  return static_cast<uint32_t>(found - inputs_.begin());
}

ValueId add_map(const Bindings& bindings, expr::Expr body, Scalar type) {
  std::vector<ValueId> inputs = bindings.inputs();
  const ValueId mask = bindings.scope().mask();
  if (mask.valid()) inputs.push_back(mask);
  // A constant has as many rows as the data.
  const std::vector<Input>& data = bindings.scope().reader().builder.model().inputs;
  if (inputs.empty() && !data.empty()) inputs.push_back(data[0].value);
  return bindings.scope().reader().builder.add(expr::Map{type, std::move(body), mask.valid()},
                                               std::move(inputs));
}

Scalar scalar_of(const Element& at, std::string_view data_type) {
  constexpr std::pair<std::string_view, Scalar> kTypes[] = {
      {"boolean", Scalar::boolean}, {"date", Scalar::date},   {"dateTime", Scalar::date_time},
      {"double", Scalar::f64},      {"float", Scalar::f32},   {"integer", Scalar::i64},
      {"string", Scalar::string},   {"time", Scalar::time},   {"timeSeconds", Scalar::i64},
  };
  for (const auto& [name, type] : kTypes) {
    if (name == data_type) return type;
  }
  // Days or seconds since a year are whole numbers.
  if (data_type.starts_with("dateDaysSince[") || data_type.starts_with("dateTimeSecondsSince[")) {
    return Scalar::i64;
  }
  at.refuse("pmml-type", "dataType=\"{}\" is not known", data_type);
}

Field described(const Element& element, Scalar absent) {
  constexpr std::string_view kOptypes[] = {"continuous", "categorical", "ordinal"};
  Field field;
  auto data_type = element.find("dataType");
  field.type = data_type ? scalar_of(element, *data_type) : absent;
  const bool text = field.type == Scalar::string || field.type == Scalar::boolean;
  field.categorical = element.choice("optype", kOptypes, text ? 1 : 0) != 0;
  return field;
}

Field read_derived_field(const Element& derived_field, Scope& scope) {
  scope.reader().builder.at(derived_field.place());
  Field field = described(derived_field, Scalar::f64);
  for (const Element& value : derived_field.children("Value")) {
    field.values.emplace_back(value.attribute("value"));
  }
  Element body = derived_field.first();
  while (body && body.is("Value")) body = body.next();
  if (!body) derived_field.refuse("pmml-element", "no expression in it");
  Bindings bindings(scope);
  // A plain reference keeps the column as it is, when it has the type.
  if (body.is("FieldRef") && !body.find("mapMissingTo")) {
    const Field& source = scope.require(body.attribute("field"), body);
    if (source.type == field.type) {
      field.value = source.value;
      if (field.values.empty()) field.values = source.values;
      field.domain = source.domain;
      return field;
    }
  }
  field.value = add_map(bindings, read_expression(body, bindings), field.type);
  scope.reader().builder.name_value(field.value, std::string(derived_field.find("name").value_or("")));
  return field;
}

}  // namespace panmodel::pmml
