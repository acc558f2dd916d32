#include "formats/onnx/reader.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/number.h"
#include "base/text.h"
#include "formats/onnx/external_data.h"
#include "formats/onnx/read_nodes.h"
#include "formats/onnx/roles.h"
#include "ir/ops/foreign.h"

namespace panmodel::onnx {
namespace {

class GraphReader {
 public:
  GraphReader(const ModelProto& proto, const ReadOptions& options, Diagnostics& out)
      : proto_(proto), options_(options), out_(out), builder_(model_) {}

  Model run() {
    const GraphProto& g = *proto_.graph;
    describe();
    std::map<std::string_view, const TensorProto*> constants;
    for (const TensorProto& t : g.initializer) constants[t.name] = &t;
    for (const ValueInfoProto& v : g.input) {
      if (constants.contains(v.name)) continue;  // an initialiser with a default of its own
      Location loc = ProtoLoc{fmt::format("graph.input '{}'", printable(v.name))};
      if (!v.type) fail(loc, "onnx-type", "an input without a type");
      values_[v.name.str()] = builder_.input(v.name.str(), to_type(*v.type, loc));
    }
    for (const auto& [name, t] : constants) {
      Location loc = ProtoLoc{fmt::format("graph.initializer '{}'", printable(name))};
      builder_.at(loc);
      define(name, builder_.constant(to_tensor(*t, {}, loc)), loc);
    }
    for (const ValueInfoProto& v : g.value_info) infos_[v.name] = &v;
    for (const ValueInfoProto& v : g.output) infos_[v.name] = &v;
    for (size_t i = 0; i < g.node.size(); ++i) add_node(g.node[i], i);
    for (const ValueInfoProto& v : g.output) add_output(v);
    find_roles(model_);
    return std::move(model_);
  }

 private:
  void describe() {
    Metadata& m = model_.metadata;
    m.format = "onnx";
    m.format_version = fmt::format("IR {}", proto_.ir_version.value_or(0));
    for (const auto& set : proto_.opset_import) {
      std::string domain = set.domain.empty() ? "ai.onnx" : set.domain.str();
      m.format_version += fmt::format(", {} {}", printable(domain), set.version.value_or(0));
    }
    m.producer = proto_.producer_name.str();
    m.producer_version = proto_.producer_version.str();
    m.name = proto_.graph->name.str();
    m.doc = proto_.doc_string.str();
    for (const auto& p : proto_.metadata_props) m.properties[p.key.str()] = p.value.str();
  }

  void define(std::string_view name, ValueId v, const Location& loc) {
    if (!values_.emplace(std::string(name), v).second) {
      fail(loc, "onnx-graph", "the value '{}' is made twice", printable(name));
    }
    builder_.name_value(v, std::string(name));
  }

  void add_node(const NodeProto& p, size_t index) {
    Location loc = ProtoLoc{fmt::format("graph.node[{}]{} ({})", index,
                                        p.name.empty() ? "" : " '" + printable(p.name) + "'",
                                        printable(p.op_type))};
    builder_.at(loc);
    std::vector<ValueId> inputs;
    for (const Text& name : p.input) {
      if (name.empty()) {
        inputs.push_back({});
        continue;
      }
      auto at = values_.find(name.str());
      if (at == values_.end()) {
        fail(loc, "onnx-graph", "input '{}' is made by nothing before this node", printable(name));
      }
      inputs.push_back(at->second);
    }
    while (!inputs.empty() && !inputs.back().valid()) inputs.pop_back();
    std::string_view domain = normal_domain(p.domain);
    int64_t version = opset_version(proto_, domain).value_or(0);
    NodeReader reader{builder_, p, inputs, version, {}, loc, out_};
    std::vector<ValueId> made;
    const bool guessed = std::ranges::any_of(
        inputs, [&](ValueId v) { return v.valid() && guessed_.contains(v.v); });
    size_t nodes = model_.graph.nodes.size(), values = model_.graph.values.size();
    try {
      const ReadRow* row = read_row(domain, p.op_type, version);
      made = row ? row->read(reader) : foreign(p, inputs, domain, version, "");
    } catch (const UnsupportedForm& form) {
      // Nothing but nodes that feed this one were added.
      model_.graph.nodes.resize(nodes);
      model_.graph.values.resize(values);
      made = foreign(p, inputs, domain, version, form.reason);
    } catch (const Failure& f) {
      if (!guessed || !f.diagnostic.code.starts_with("ir-")) throw;
      model_.graph.nodes.resize(nodes);
      model_.graph.values.resize(values);
      made = foreign(p, inputs, domain, version, "the type of an input is not known");
    }
    if (guessed) {
      for (ValueId v : made) guessed_.insert(v.v);
    }
    for (size_t i = 0; i < p.output.size(); ++i) {
      if (p.output[i].empty()) continue;
      if (i >= made.size()) fail(loc, "onnx-node", "the node has {} outputs, expected {}", p.output.size(), made.size());
      define(p.output[i], made[i], loc);
    }
  }

  // Carried through: the node's own bytes, and the types that the graph declares for its results.
  std::vector<ValueId> foreign(const NodeProto& p, const std::vector<ValueId>& inputs,
                               std::string_view domain, int64_t version, const std::string& reason) {
    foreign::Op op{"onnx", std::string(domain.empty() ? "ai.onnx" : domain), p.op_type.str(), version,
                   serialise(p), {}, reason};
    for (const Text& name : p.output) {
      auto info = infos_.find(name);
      bool known = info != infos_.end() && info->second->type;
      op.types.push_back(known ? to_string(to_type(*info->second->type, {})) : kGuess);
    }
    const std::vector<std::string> types = op.types;
    std::vector<ValueId> made = builder_.add_all(std::move(op), inputs);
    for (size_t i = 0; i < made.size() && i < types.size(); ++i) {
      if (types[i] == kGuess) guessed_.insert(made[i].v);
    }
    return made;
  }

  std::string property(const std::string& key) const {
    auto at = model_.metadata.properties.find(key);
    return at == model_.metadata.properties.end() ? std::string() : at->second;
  }

  // "string\n3:abc\n..." as the writer put it; empty when malformed.
  static Tensor keys_of(std::string_view text) {
    bool strings = text.starts_with("string");
    std::vector<std::string> items;
    for (size_t at = text.find('\n'); at != std::string_view::npos && at + 1 < text.size();) {
      size_t colon = text.find(':', at);
      if (colon == std::string_view::npos) return {};
      auto size = parse_uint(text.substr(at + 1, colon - at - 1));
      if (!size || *size > text.size() - colon - 1) return {};
      items.emplace_back(text.substr(colon + 1, *size));
      at = colon + 1 + *size;
      if (at >= text.size()) break;
    }
    if (strings) return Tensor::vector(std::move(items));
    std::vector<int64_t> numbers;
    for (const std::string& s : items) {
      auto n = parse_int(s);
      if (!n) return {};
      numbers.push_back(*n);
    }
    return Tensor::vector(std::move(numbers));
  }

  void add_output(const ValueInfoProto& v) {
    std::string name = v.name.str();
    auto at = values_.find(name);
    if (at == values_.end()) {
      fail(ProtoLoc{fmt::format("graph.output '{}'", printable(name))}, "onnx-graph",
           "nothing makes this output");
    }
    Role role = Role::none;
    Tensor keys;
    if (parse_role(property("panmodel.role." + name), &role)) {
      keys = keys_of(property("panmodel.keys." + name));
    }
    builder_.output(name, at->second, role, keys);
  }

  // The type of a result that the graph does not declare.
  static constexpr const char* kGuess = "f64[*]";

  const ModelProto& proto_;
  const ReadOptions& options_;
  Diagnostics& out_;
  Model model_;
  Builder builder_;
  std::unordered_map<std::string, ValueId> values_;
  std::unordered_set<uint32_t> guessed_;  // values whose type follows from a guess
  std::map<std::string_view, const ValueInfoProto*> infos_;
};

}  // namespace

Model read_to_ir(const Bytes& bytes, const ReadOptions& options, Diagnostics& out) {
  ModelProto proto = parse_model(bytes, {.file = options.path, .max_memory = options.memory_limit});
  if (!proto.graph) fail({}, "onnx-not-a-model", "the model has functions but no graph");
  return GraphReader(proto, options, out).run();
}

}  // namespace panmodel::onnx
