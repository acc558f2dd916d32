#include "ir/pfa/columns.h"

namespace panmodel::pfa {
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
  const Type* of = &type;
  bool optional = false;
  if (type.kind == Kind::alternatives && type.members.size() == 2) {
    for (size_t i = 0; i < 2; ++i) {
      if (type.members[i]->kind != Kind::null) continue;
      of = type.members[1 - i];
      optional = true;
    }
  }
  if (std::optional<DType> dtype = dtype_of(*of)) return {std::move(name), {*dtype, optional}, &type, false};
  return {std::move(name), {DType::string, false}, &type, true};
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

TableLayout input_layout(const Program& program) { return layout(*program.input, "input"); }
TableLayout output_layout(const Program& program) {
  if (program.method != Method::emit) return layout(*program.output, "output");
  return {false, {{"output", {DType::string, false}, program.output, true}}};
}

}  // namespace panmodel::pfa
