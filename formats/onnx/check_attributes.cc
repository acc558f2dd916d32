// Attributes of nodes: types, values, and what the operator declares.
#include <algorithm>

#include "base/text.h"
#include "formats/onnx/check_parts.h"

namespace panmodel::onnx {
namespace {

// The types whose fields hold something.
std::vector<AttributeType> fields_of(const AttributeProto& a) {
  std::vector<AttributeType> set;
  auto add = [&](bool there, AttributeType type) {
    if (there) set.push_back(type);
  };
  add(a.f.has_value(), AttributeType::real);
  add(a.i.has_value(), AttributeType::integer);
  add(a.s.present(), AttributeType::string);
  add(static_cast<bool>(a.t), AttributeType::tensor);
  add(static_cast<bool>(a.g), AttributeType::graph);
  add(static_cast<bool>(a.tp), AttributeType::type_proto);
  add(static_cast<bool>(a.sparse_tensor), AttributeType::sparse_tensor);
  add(!a.floats.empty(), AttributeType::reals);
  add(!a.ints.empty(), AttributeType::integers);
  add(!a.strings.empty(), AttributeType::strings);
  add(!a.tensors.empty(), AttributeType::tensors);
  add(!a.graphs.empty(), AttributeType::graphs);
  add(!a.sparse_tensors.empty(), AttributeType::sparse_tensors);
  add(!a.type_protos.empty(), AttributeType::type_protos);
  return set;
}

bool is_list(AttributeType type) {
  switch (type) {
    case AttributeType::reals:
    case AttributeType::integers:
    case AttributeType::strings:
    case AttributeType::tensors:
    case AttributeType::graphs:
    case AttributeType::sparse_tensors:
    case AttributeType::type_protos: return true;
    default: return false;
  }
}

std::string_view name_of(AttributeType type) {
  return attribute_type_name(static_cast<int64_t>(type));
}

// False when nothing further can be said about the attribute.
bool check_form(const NodePlace& p, const AttributeProto& a, bool in_function, Report& report) {
  const std::string name = printable(a.name);
  if (a.name.empty()) report.error(p, "onnx-attribute", "an attribute has no name");
  int32_t number = a.type.value_or(0);
  if (number < 0 || number >= static_cast<int32_t>(std::size(kAttributeTypeNames))) {
    report.error(p, "onnx-attribute", "attribute '{}' has type {}, 1 to {} are defined", name, number,
                 std::size(kAttributeTypeNames) - 1);
    return false;
  }
  if (number == 0 && report.model.ir_version.value_or(0) >= 2) {
    report.error(p, "onnx-attribute", "attribute '{}' has no type", name);
    return false;
  }
  AttributeType type = attribute_type(a);
  std::vector<AttributeType> set = fields_of(a);
  if (!a.ref_attr_name.empty()) {
    if (!in_function) {
      report.error(p, "onnx-attribute",
                   "attribute '{}' refers to '{}' of a function, but stands in none", name,
                   printable(a.ref_attr_name));
    }
    if (!set.empty()) {
      report.error(p, "onnx-attribute", "attribute '{}' has both a value and a reference", name);
    }
    return true;
  }
  for (AttributeType other : set) {
    if (other == type) continue;
    report.error(p, "onnx-attribute", "attribute '{}' is of type {} but holds a value of type {}", name,
                 name_of(type), name_of(other));
  }
  if (set.empty() && !is_list(type)) {
    report.error(p, "onnx-attribute", "attribute '{}' is of type {} but holds no value", name,
                 name_of(type));
  }
  return true;
}

void check_parts(const NodePlace& p, const AttributeProto& a, Report& report) {
  if (!a.t && !a.sparse_tensor && !a.tp && a.tensors.empty() && a.sparse_tensors.empty() &&
      a.type_protos.empty()) {
    return;
  }
  const std::string path = to_string(p) + ".attribute '" + printable(a.name) + "'";
  if (a.t) check_tensor(*a.t, path, report);
  if (a.sparse_tensor) check_sparse(*a.sparse_tensor, path, report);
  if (a.tp) check_type(*a.tp, path, report);
  for (const TensorProto& t : a.tensors) check_tensor(t, path, report);
  for (const SparseTensorProto& t : a.sparse_tensors) check_sparse(t, path, report);
  for (const TypeProto& t : a.type_protos) check_type(t, path, report);
}

void check_declared(const NodePlace& p, const OpVersion& op, const AttributeProto& a,
                    Report& report) {
  for (const OpAttribute& known : op.attributes) {
    if (a.name != known.name) continue;
    if (attribute_type(a) != known.type) {
      report.error(p, "onnx-attribute", "attribute '{}' is of type {}, {} expected", known.name,
                   name_of(attribute_type(a)), name_of(known.type));
    }
    return;
  }
  // Names of two underscores are a runtime's own (onnx/defs/schema.cc).
  if (a.name.get().starts_with("__")) return;
  report.error(p, "onnx-attribute", "{} of version {} has no attribute '{}'", op.name, op.since,
               printable(a.name));
}

}  // namespace

void check_attributes(const NodePlace& p, const OpVersion* op, bool in_function, Report& report) {
  const std::vector<AttributeProto>& list = p.node.attribute;
  std::vector<std::string_view> names;
  for (const AttributeProto& a : list) {
    names.push_back(a.name);
    if (check_form(p, a, in_function, report) && op) check_declared(p, *op, a, report);
    check_parts(p, a, report);
  }
  std::ranges::sort(names);
  for (size_t i = 1; i < names.size(); ++i) {
    if (names[i] == names[i - 1] && (i < 2 || names[i] != names[i - 2])) {
      report.error(p, "onnx-attribute", "attribute '{}' is given twice", printable(names[i]));
    }
  }
  if (!op) return;
  for (const OpAttribute& known : op->attributes) {
    if (known.required && !std::ranges::binary_search(names, known.name)) {
      report.error(p, "onnx-attribute", "attribute '{}' is missing", known.name);
    }
  }
}

}  // namespace panmodel::onnx
