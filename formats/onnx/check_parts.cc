#include "formats/onnx/check_parts.h"

#include "base/text.h"
#include "formats/onnx/tensor_data.h"

namespace panmodel::onnx {
namespace {

void check_element(const std::optional<int32_t>& type, const std::string& path, uint64_t at,
                   Report& report) {
  if (data_type_row(type.value_or(0))) return;
  report.add(Severity::error, path, at, "onnx-type", "element type {}, 1 to {} are defined",
             type.value_or(0), std::size(kDataTypes) - 1);
}

void check_shape(const Box<TensorShapeProto>& shape, const std::string& path, Report& report) {
  if (!shape) return;
  if (shape->dim.size() > kMaxRank) {
    report.add(Severity::error, path, shape->at, "onnx-tensor-rank",
               "{} dimensions, {} are the limit", shape->dim.size(), kMaxRank);
    return;
  }
  for (size_t i = 0; i < shape->dim.size(); ++i) {
    const DimensionProto& d = shape->dim[i];
    if (!d.dim_value || *d.dim_value >= 0) continue;
    report.add(Severity::warning, path, d.at, "onnx-tensor-dims",
               "dimension {} is {}; a symbol or nothing stands for an unknown one", i, *d.dim_value);
  }
}

}  // namespace

std::string to_string(const NodePlace& p) {
  std::string name = p.node.name.empty() ? "" : " '" + printable(p.node.name) + "'";
  return fmt::format("{}.node[{}]{} ({})", p.graph, p.index, name, printable(p.node.op_type));
}

void Report::finish() {
  if (found_ <= options.max_problems) return;
  out_.report(Severity::error, location_of(model, "", kNoOffset), "onnx-more",
              "{} more problems are not listed", found_ - options.max_problems);
}

Scope::Found Scope::find(std::string_view name) const {
  Found result = Found::no;
  for (const Scope* s = this; s; s = s->outer) {
    auto at = s->made.find(name);
    if (at == s->made.end()) continue;
    if (at->second < s->now) return Found::yes;
    result = Found::later;
  }
  return result;
}

std::optional<std::vector<int64_t>> Scope::integers(std::string_view name, size_t limit) const {
  for (const Scope* s = this; s; s = s->outer) {
    auto at = s->constants.find(name);
    if (at == s->constants.end()) {
      if (s->made.contains(name)) return std::nullopt;
      continue;
    }
    const TensorProto* t = at->second.tensor;
    if (const AttributeProto* a = at->second.attribute) {
      if (a->name == "value_ints" && a->ints.size() <= limit) return a->ints;
      if (a->name == "value_int" && a->i) return std::vector{*a->i};
      if (a->name != "value" || !a->t) return std::nullopt;
      t = a->t.get();
    }
    if (t->dims.size() > 1 || (t->dims.size() == 1 && t->dims[0] > static_cast<int64_t>(limit)) ||
        t->data_type.value_or(0) != static_cast<int32_t>(DataType::i64)) {
      return std::nullopt;
    }
    try {
      TensorData data = decode_tensor(*t, {}, {});
      std::span<const int64_t> numbers = data.as<int64_t>();
      return std::vector(numbers.begin(), numbers.end());
    } catch (const Failure&) {
      return std::nullopt;  // reported where the tensor stands
    }
  }
  return std::nullopt;
}

std::optional<int64_t> Scope::length(std::string_view name) const {
  for (const Scope* s = this; s; s = s->outer) {
    auto constant = s->constants.find(name);
    if (constant != s->constants.end()) {
      const AttributeProto* a = constant->second.attribute;
      if (a && a->name == "value_ints") return static_cast<int64_t>(a->ints.size());
      const TensorProto* t = a ? a->t.get() : constant->second.tensor;
      return t && t->dims.size() == 1 ? std::optional(t->dims[0]) : std::nullopt;
    }
    auto type = s->types.find(name);
    if (type != s->types.end()) {
      const TensorTypeProto* t = type->second->tensor_type.get();
      if (!t || !t->shape || t->shape->dim.size() != 1) return std::nullopt;
      return t->shape->dim[0].dim_value;
    }
    if (s->made.contains(name)) return std::nullopt;
  }
  return std::nullopt;
}

void check_type(const TypeProto& outer, const std::string& path, Report& report) {
  for (const TypeProto* type = &outer;;) {
    const Box<TypeProto>* inner = nullptr;
    if (type->tensor_type) {
      check_element(type->tensor_type->elem_type, path, type->at, report);
      check_shape(type->tensor_type->shape, path, report);
    } else if (type->sparse_tensor_type) {
      check_element(type->sparse_tensor_type->elem_type, path, type->at, report);
      check_shape(type->sparse_tensor_type->shape, path, report);
    } else if (type->map_type) {
      check_element(type->map_type->key_type, path, type->at, report);
      inner = &type->map_type->value_type;
    } else if (type->sequence_type) {
      inner = &type->sequence_type->elem_type;
    } else if (type->optional_type) {
      inner = &type->optional_type->elem_type;
    } else if (!type->opaque_type) {
      report.add(Severity::error, path, type->at, "onnx-type", "the value has no type");
    }
    if (!inner) return;
    if (!*inner) {
      report.add(Severity::error, path, type->at, "onnx-type", "the type of the elements is missing");
      return;
    }
    type = inner->get();
  }
}

}  // namespace panmodel::onnx
