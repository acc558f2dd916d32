// The ml dialect in ai.onnx.ml.
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/opsets.h"
#include "formats/onnx/write_nodes.h"
#include "ir/ops/encode.h"

namespace panmodel::onnx {
namespace {

constexpr std::string_view kMl = "ai.onnx.ml";

std::string tensor_dtype(const Graph& g, ValueId v) {
  const TensorType* t = g.type(v).tensor();
  return t ? std::string(to_string(t->dtype)) : std::string();
}

// The table of ai.onnx.ml 1: text to its place in the list.
bool text_to_place(const ml::LabelMap& op) {
  if (op.keys.dtype() != DType::string || op.values.dtype() != DType::i64) return false;
  for (size_t i = 0; i < op.values.size(); ++i) {
    if (op.values.integer(i) != static_cast<int64_t>(i)) return false;
  }
  return true;
}

std::vector<Text> texts_of(const Tensor& t) {
  std::vector<Text> texts;
  for (const std::string& s : t.as<std::string>()) texts.emplace_back(s);
  return texts;
}

// keys_strings, values_int64s ...: the lists of ai.onnx.ml 2.
AttributeProto list(const std::string& what, const Tensor& t) {
  if (t.dtype() == DType::string) return make_attribute(what + "_strings", texts_of(t));
  if (t.dtype() == DType::i64) return make_attribute(what + "_int64s", t.integers());
  auto reals = t.as<float>();
  return make_attribute(what + "_floats", std::vector<float>(reals.begin(), reals.end()));
}

}  // namespace

Support check_label_map(const Node& n, const Graph& g, int opset) {
  const auto& op = *n.as<ml::LabelMap>();
  if (op.missing_value || g.type(n.inputs[0]).column() != nullptr) {
    return Support::no("missing cells apart from values");
  }
  if (!op.fallback) return Support::no("it refuses unknown values, which ONNX cannot");
  int64_t version = release_of(opset).ai_onnx_ml;
  DType from = op.keys.dtype(), to = op.values.dtype();
  auto table = fmt::format("a table from {} to {}", to_string(from), to_string(to));
  auto holds = [&](DType d) {
    return d == DType::string || d == DType::i64 || d == DType::f32 ||
           (d == DType::f64 && version >= 4);
  };
  if (!holds(from) || !holds(to)) {
    bool later = version < 4 && (from == DType::f64 || to == DType::f64);
    return Support::no(later ? table + " needs ai.onnx.ml 4, which comes with opset 20" : table);
  }
  if (version < 4 && from == DType::f32) return Support::no("a table of f32 keys, NaN among them");
  if (version < 2 && !text_to_place(op)) {
    return Support::no(table + " needs ai.onnx.ml 2, which comes with opset 11");
  }
  // The combination that onnxruntime 1.32 has no kernel for.
  if (is_floating(op.keys.dtype()) && is_floating(op.values.dtype()) &&
      op.keys.dtype() != op.values.dtype()) {
    return Support::no("a table between two floating types");
  }
  return Support::yes();
}

void write_label_map(NodeWriter& w, const Node& n) {
  const auto& op = *n.as<ml::LabelMap>();
  int64_t version = release_of(w.opset()).ai_onnx_ml;
  NodeProto& p = w.node("LabelEncoder", w.inputs(n), w.outputs(n), kMl);
  if (version >= 4) {
    auto tensor = [&](std::string_view name, const Tensor& v) {
      p.attribute.push_back(make_attribute(name, to_proto(name, v)));
    };
    tensor("default_tensor", op.fallback->reshaped({1}));
    tensor("keys_tensor", op.keys);
    tensor("values_tensor", op.values);
    return;
  }
  if (version < 2) {
    p.attribute.push_back(make_attribute("classes_strings", texts_of(op.keys)));
    p.attribute.push_back(make_attribute("default_int64", op.fallback->integer(0)));
    return;
  }
  switch (op.values.dtype()) {
    case DType::string:
      p.attribute.push_back(make_attribute("default_string", std::string_view(op.fallback->text(0))));
      break;
    case DType::i64:
      p.attribute.push_back(make_attribute("default_int64", op.fallback->integer(0)));
      break;
    default: p.attribute.push_back(make_attribute("default_float", op.fallback->as<float>()[0]));
  }
  p.attribute.push_back(list("keys", op.keys));
  p.attribute.push_back(list("values", op.values));
}

Support check_zip_map(const Node& n, const Graph& g, int) {
  return tensor_dtype(g, n.inputs[0]) == "f32" ? Support::yes()
                                               : Support::no("ZipMap takes f32 only");
}

void write_zip_map(NodeWriter& w, const Node& n) {
  const Tensor& keys = n.as<ml::ZipMap>()->keys;
  NodeProto& p = w.node("ZipMap", w.inputs(n), w.outputs(n), kMl);
  if (keys.dtype() == DType::i64) {
    p.attribute.push_back(make_attribute("classlabels_int64s", keys.integers()));
    return;
  }
  p.attribute.push_back(make_attribute("classlabels_strings", texts_of(keys)));
}

}  // namespace panmodel::onnx
