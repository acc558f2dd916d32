#include "formats/onnx/document.h"

#include "formats/onnx/opsets.h"

namespace panmodel::onnx {

std::string_view normal_domain(std::string_view domain) {
  return domain == "ai.onnx" ? std::string_view() : domain;
}

std::optional<int64_t> opset_version(const ModelProto& model, std::string_view domain) {
  // Files older than IR version 3 have no imports; their operators are of version 1.
  if (model.opset_import.empty() && model.ir_version.value_or(0) < 3 &&
      normal_domain(domain).empty()) {
    return 1;
  }
  for (const OperatorSetIdProto& import : model.opset_import) {
    if (normal_domain(import.domain) == normal_domain(domain)) return import.version.value_or(0);
  }
  return std::nullopt;
}

const AttributeProto* find_attribute(const NodeProto& node, std::string_view name) {
  for (const AttributeProto& a : node.attribute) {
    if (a.name == name) return &a;
  }
  return nullptr;
}

AttributeType attribute_type(const AttributeProto& a) {
  if (a.type && *a.type != 0) return static_cast<AttributeType>(*a.type);
  if (a.f) return AttributeType::real;
  if (a.i) return AttributeType::integer;
  if (a.s.present()) return AttributeType::string;
  if (a.t) return AttributeType::tensor;
  if (a.g) return AttributeType::graph;
  if (a.tp) return AttributeType::type_proto;
  if (a.sparse_tensor) return AttributeType::sparse_tensor;
  if (!a.floats.empty()) return AttributeType::reals;
  if (!a.ints.empty()) return AttributeType::integers;
  if (!a.strings.empty()) return AttributeType::strings;
  if (!a.tensors.empty()) return AttributeType::tensors;
  if (!a.graphs.empty()) return AttributeType::graphs;
  if (!a.sparse_tensors.empty()) return AttributeType::sparse_tensors;
  if (!a.type_protos.empty()) return AttributeType::type_protos;
  return AttributeType::undefined;
}

Location location_of(const ModelProto& model, std::string path, uint64_t at) {
  Location loc = ProtoLoc{std::move(path), at == kNoOffset ? -1 : static_cast<int64_t>(at)};
  loc.file = model.file;
  return loc;
}

}  // namespace panmodel::onnx
