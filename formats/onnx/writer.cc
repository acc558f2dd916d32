#include "formats/onnx/writer.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/opsets.h"
#include "formats/onnx/write_nodes.h"
#include "ir/op.h"

namespace panmodel::onnx {
namespace {

int64_t ml_version(int opset) { return release_of(opset).ai_onnx_ml; }

class OnnxTarget : public Target {
 public:
  explicit OnnxTarget(int opset) : opset_(opset) {}
  std::string name() const override {
    return fmt::format("onnx (opset {}, ml {})", opset_, ml_version(opset_));
  }
  Support check(const Node& node, const Graph& graph) const override {
    const WriteRow* row = write_row(node.op);
    return row ? row->check(node, graph, opset_) : Support::no("it has no operator for this");
  }

 private:
  int opset_;
};

// How the reader finds the roles of the outputs again.
void add_roles(ModelProto& proto, const std::vector<Output>& outputs) {
  for (const Output& o : outputs) {
    if (o.role == Role::none) continue;
    StringStringEntryProto role;
    role.key = "panmodel.role." + o.name;
    role.value = to_string(o.role);
    proto.metadata_props.push_back(std::move(role));
    bool small = !o.keys.empty() && o.keys.size() <= 4096;
    if (!small || (o.keys.dtype() != DType::string && o.keys.dtype() != DType::i64)) continue;
    std::string keys(to_string(o.keys.dtype()));
    for (size_t i = 0; i < o.keys.size(); ++i) {
      std::string text = o.keys.dtype() == DType::string ? o.keys.text(i)
                                                         : std::to_string(o.keys.integer(i));
      keys += fmt::format("\n{}:{}", text.size(), text);
    }
    StringStringEntryProto entry;
    entry.key = "panmodel.keys." + o.name;
    entry.value = keys;
    proto.metadata_props.push_back(std::move(entry));
  }
}

void add_property(ModelProto& proto, std::string key, const std::string& value) {
  if (value.empty()) return;
  StringStringEntryProto entry;
  entry.key = std::move(key);
  entry.value = value;
  proto.metadata_props.push_back(std::move(entry));
}

// Where the model came from. A model that was ONNX keeps the properties it had.
void add_origin(ModelProto& proto, const Model& model) {
  const Metadata& m = model.metadata;
  for (const auto& [key, value] : m.properties) {
    if (!key.starts_with("panmodel.")) add_property(proto, key, value);
  }
  add_property(proto, "panmodel.source.format", m.format);
  add_property(proto, "panmodel.source.producer", m.producer);
  add_property(proto, "panmodel.source.version", m.producer_version);
}

// The outputs. An input and an output of one name are two values here, as they are not in a table.
std::vector<Output> named_apart(const Model& model, Diagnostics& out) {
  std::set<std::string> taken;
  for (const Input& input : model.inputs) taken.insert(input.name);
  const size_t inputs = taken.size();
  for (const Output& output : model.outputs) taken.insert(output.name);
  std::vector<Output> outputs = model.outputs;
  if (taken.size() == inputs + outputs.size()) return outputs;
  for (Output& output : outputs) {
    bool clash = std::any_of(model.inputs.begin(), model.inputs.end(),
                             [&](const Input& input) { return input.name == output.name; });
    if (!clash) continue;
    std::string name = output.name;
    while (!taken.insert(name).second) name += '_';
    out.report(Severity::loss, {}, "onnx-renamed", "the output {} has the name of an input; it is called {}",
               quote(output.name), quote(name));
    output.name = name;
  }
  return outputs;
}

void expect_opset(int opset) {
  if (opset < kMinOpset || opset > kMaxOpset) {
    fail({}, "onnx-opset-range", "opset {}, expected {} to {}", opset, kMinOpset, kMaxOpset);
  }
}

}  // namespace

std::unique_ptr<Target> make_target(const WriteOptions& options) {
  expect_opset(options.opset);
  return std::make_unique<OnnxTarget>(options.opset);
}

void write_model(const Model& model, const WriteOptions& options, const Sink& to, Diagnostics& out) {
  expect_opset(options.opset);
  NodeWriter w(model.graph, options.opset);
  GraphProto graph;
  graph.name = model.metadata.name.empty() ? "panmodel" : model.metadata.name;
  std::map<uint32_t, std::string> taken;
  for (const Input& input : model.inputs) {
    w.set_name(input.value, input.name);
    taken[input.value.v] = input.name;
    graph.input.push_back(make_value(input.name, to_proto(model.graph.type(input.value))));
  }
  const std::vector<Output> outputs = named_apart(model, out);
  // An output that is an input, a constant or another output under a second name gets an Identity.
  std::vector<std::pair<ValueId, std::string>> renamed;
  for (const Output& output : outputs) {
    const Node* maker = model.graph.producer(output.value);
    bool constant = maker != nullptr && maker->op == OpId::tensor_Constant;
    if (taken.contains(output.value.v) || constant) {
      renamed.emplace_back(output.value, output.name);
      w.reserve(output.name);
    } else {
      taken[output.value.v] = output.name;
      w.set_name(output.value, output.name);
    }
    graph.output.push_back(make_value(output.name, to_proto(model.graph.type(output.value))));
  }
  for (const Node& node : model.graph.nodes) {
    const WriteRow* row = write_row(node.op);
    if (row == nullptr) {
      fail(model.location(node.loc), "internal", "'{}' is not legal for ONNX",
           op_info(node.op).meta.name);
    }
    row->write(w, node);
  }
  for (auto& [value, name] : renamed) w.node("Identity", {w.name(value)}, {Text(name)});
  graph.node = std::move(w.nodes);
  graph.initializer = std::move(w.initialisers);
  ModelProto proto;
  proto.ir_version = release_of(options.opset).ir;
  proto.producer_name = "panmodel";
  proto.producer_version = "0.1.0";
  if (!model.metadata.doc.empty()) proto.doc_string = model.metadata.doc;
  proto.graph = std::move(graph);
  w.domains.emplace("", options.opset);
  for (const auto& [domain, version] : w.domains) {
    OperatorSetIdProto set;
    set.domain = domain;
    set.version = version;
    proto.opset_import.push_back(std::move(set));
  }
  add_origin(proto, model);
  add_roles(proto, outputs);
  to(serialise(proto));
}

}  // namespace panmodel::onnx
