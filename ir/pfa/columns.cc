#include "ir/pfa/columns.h"

#include "base/fail.h"

namespace panmodel::pfa {

const Type& value_type(const Type& type) {
  if (type.kind != Kind::alternatives || type.members.size() != 2) return type;
  for (size_t i = 0; i < 2; ++i) {
    if (type.members[i]->kind == Kind::null) return *type.members[1 - i];
  }
  return type;
}

namespace {

std::optional<DType> dtype_of(const Type& type) {
  switch (type.kind) {
    case Kind::boolean: return DType::boolean;
    case Kind::int32: return DType::i32;
    case Kind::int64: return DType::i64;
    case Kind::float32:
    case Kind::float64: return DType::f64;
    case Kind::string:
    case Kind::enumeration: return DType::string;
    default: return std::nullopt;
  }
}

TableColumn column(std::string name, const Type& type) {
  const Type* of = &value_type(type);
  bool optional = of != &type;
  TableColumn c;
  c.name = std::move(name);
  c.avro = &type;
  std::optional<DType> dtype = dtype_of(*of);
  c.json = !dtype;
  c.type = {dtype.value_or(DType::string), dtype && optional};
  if (dtype) c.role = *dtype == DType::string ? Role::label : Role::value;
  return c;
}

// Class labels: integers, or texts.
Tensor keys_of(json::Ref keys) {
  bool whole = true;
  for (json::Ref key : keys.items()) whole = whole && key.is(json::Kind::integer);
  std::vector<int64_t> numbers;
  std::vector<std::string> texts;
  for (json::Ref key : keys.items()) {
    if (whole) numbers.push_back(key.whole());
    else if (key.is(json::Kind::string)) texts.emplace_back(key.text());
    else return {};
  }
  return whole ? Tensor::vector(std::move(numbers)) : Tensor::vector(std::move(texts));
}

TableLayout layout(const Type& type, std::string name) {
  TableLayout out;
  out.fields = type.kind == Kind::record && !type.fields.empty();
  if (!out.fields) {
    out.columns.push_back(column(std::move(name), type));
    return out;
  }
  for (const Field& field : type.fields) out.columns.push_back(column(field.name, *field.type));
  return out;
}

}  // namespace

TableLayout input_layout(const Program& program) {
  TableLayout in = layout(*program.input, "input");
  // A cell of any column may be missing: the row is refused where the type has no null.
  for (TableColumn& c : in.columns) {
    c.required = !c.type.optional;
    c.type.optional = true;
  }
  return in;
}

namespace {

// What the metadata says of the outputs, where it is what panmodel writes; other text says nothing.
void apply_metadata(const Program& program, TableLayout& layout) {
  auto text = program.metadata.find("outputs");
  if (text == program.metadata.end()) return;
  try {
    json::Document document = json::Document::parse(text->second, {.max_depth = 4});
    if (!document.root().is(json::Kind::array)) return;
    for (json::Ref entry : document.root().items()) {
      if (!entry.is(json::Kind::object)) return;
      std::optional<json::Ref> name = entry.find("name"), role = entry.find("role"), keys = entry.find("keys");
      if (!name || !name->is(json::Kind::string)) continue;
      for (TableColumn& c : layout.columns) {
        if (layout.fields ? c.name != name->text() : document.root().size() != 1) continue;
        if (!layout.fields) c.name = name->text();
        if (role && role->is(json::Kind::string)) parse_role(role->text(), &c.role);
        bool list = (c.avro->kind == Kind::map || c.avro->kind == Kind::array) && c.avro->element->is_number();
        if (list && keys && keys->is(json::Kind::array) && keys->size() > 0) c.keys = keys_of(*keys);
        c.matrix = list && (c.avro->kind == Kind::array || c.keys.size() > 0);
        if (c.matrix) c.json = false;
      }
    }
  } catch (const Failure&) {
    return;
  }
}

}  // namespace

TableLayout output_layout(const Program& program) {
  if (program.method == Method::emit) {
    TableColumn c;
    c.name = "output";
    c.type = {DType::string, false};
    c.avro = program.output;
    c.json = true;
    return {false, {c}};
  }
  TableLayout out = layout(*program.output, "output");
  apply_metadata(program, out);
  return out;
}

panmodel::Type TableColumn::type_of() const {
  if (!matrix) return type;
  Dim width = keys.size() > 0 ? Dim(static_cast<int64_t>(keys.size())) : Dim();
  return tensor_type(DType::f64, {Dim("N"), width});
}

}  // namespace panmodel::pfa
