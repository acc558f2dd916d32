#include "ir/verify.h"

#include <set>

#include "base/text.h"
#include "ir/op.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel {
namespace {

constexpr int kMaxTypeDepth = 32;  // what parse_type reads

// What is wrong with a type, or nothing.
std::string_view malformed(const Type& type, int depth = 0) {
  if (depth > kMaxTypeDepth) return "is nested too deeply";
  auto inner = [&](const std::shared_ptr<const Type>& t) -> std::string_view {
    return t ? malformed(*t, depth + 1) : "has an element without a type";
  };
  if (const TensorType* t = type.tensor()) {
    for (const Dim& d : t->dims.value_or(std::vector<Dim>())) {
      if (d.size < -1 || (d.fixed() && !d.symbol.empty())) return "has an impossible dimension";
    }
  }
  if (const auto* t = std::get_if<SeqType>(&type.v)) return inner(t->element);
  if (const auto* t = std::get_if<MapType>(&type.v)) return inner(t->value);
  if (const auto* t = std::get_if<OptionalType>(&type.v)) return inner(t->element);
  return {};
}

// Fixed number of columns of a matrix, or -1.
int64_t columns(const Type& type) {
  const TensorType* t = type.tensor();
  return t && t->dims && t->dims->size() == 2 ? (*t->dims)[1].size : -1;
}

class Verifier {
 public:
  Verifier(const Model& model, const VerifyOptions& options, Diagnostics& out)
      : model_(model), graph_(model.graph), options_(options), out_(out),
        made_(graph_.values.size(), 0) {}

  void run() {
    number_values();
    if (!numbered_) return;  // what follows would look up values that are not there
    for (const Node& node : graph_.nodes) check_node(node);
    check_inputs();
    check_outputs();
  }

 private:
  template <class... A>
  void error(LocId loc, Code code, fmt::format_string<A...> f, A&&... args) {
    bool known = loc.valid() && loc.v < model_.locations.size();
    out_.report(Severity::error, known ? model_.locations[loc.v] : Location(), code, f,
                std::forward<A>(args)...);
  }

  static std::string label(const Node& node) {
    std::string op(op_info(node.op).meta.name);
    return node.name.empty() ? op : fmt::format("{} {}", op, quote(node.name));
  }

  // Every value is made once, by an input or a node, and numbered in the order of making.
  void number_values() {
    auto make = [&](ValueId v, NodeId by, uint32_t output, LocId loc, const std::string& maker) {
      if (v.v >= graph_.values.size()) {
        numbered_ = false;
        return error(loc, "ir-graph", "{} makes value {}, there are {}", maker, v.v,
                     graph_.values.size());
      }
      const Value& value = graph_.value(v);
      if (made_[v.v]++) error(loc, "ir-graph", "{} makes value {} once more", maker, v.v);
      if (value.producer != by || (by.valid() && value.output != output)) {
        error(loc, "ir-graph", "value {} does not name {} as its producer", v.v, maker);
      }
      if (std::string_view wrong = malformed(value.type); !wrong.empty()) {
        error(loc, "ir-type", "the type of value {} {}", v.v, wrong);
      }
    };
    uint32_t last_input = 0;
    for (const Input& input : model_.inputs) {
      make(input.value, {}, 0, {}, fmt::format("input {}", quote(input.name)));
      if (input.value.v < last_input) {
        error({}, "ir-graph", "input {} is not numbered in the order of the inputs", quote(input.name));
      }
      last_input = input.value.v;
    }
    uint32_t next = 0;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (static_cast<size_t>(node.op) >= kOpCount || node.payload == nullptr) {
        numbered_ = false;
        error(node.loc, "ir-graph", "node {} has no operator", i);
        continue;
      }
      if (node.loc.valid() && node.loc.v >= model_.locations.size()) {
        error({}, "ir-graph", "{} has a place that the model does not hold", label(node));
      }
      for (size_t k = 0; k < node.outputs.size(); ++k) {
        make(node.outputs[k], NodeId{static_cast<uint32_t>(i)}, static_cast<uint32_t>(k), node.loc,
             label(node));
        if (node.outputs[k].v < next) {
          error(node.loc, "ir-graph", "value {} of {} is not numbered in the order of the nodes",
                node.outputs[k].v, label(node));
        }
        next = node.outputs[k].v;
      }
    }
    for (size_t v = 0; v < made_.size(); ++v) {
      if (!made_[v]) error({}, "ir-graph", "nothing makes value {}", v);
    }
  }

  void check_node(const Node& node) {
    const uint32_t first = node.outputs.empty() ? UINT32_MAX : node.outputs[0].v;
    std::vector<const Type*> types;
    std::vector<const Tensor*> constants;
    for (ValueId v : node.inputs) {
      if (v.valid() && (v.v >= graph_.values.size() || v.v >= first)) {
        return error(node.loc, "ir-graph", "{} uses value {} before it is made", label(node), v.v);
      }
      types.push_back(v.valid() ? &graph_.type(v) : nullptr);
      const Node* producer = v.valid() ? graph_.producer(v) : nullptr;
      const auto* constant = producer ? producer->as<tensor::Constant>() : nullptr;
      constants.push_back(constant ? &constant->value : nullptr);
    }
    if (!options_.infer) return;
    try {
      const OpInfo& info = op_info(node.op);
      InferContext context(info.meta.name, std::move(types), std::move(constants),
                           node.loc.valid() && node.loc.v < model_.locations.size()
                               ? model_.locations[node.loc.v]
                               : nowhere_);
      Types inferred = info.infer(node.payload.get(), context);
      if (inferred.size() != node.outputs.size()) {
        return error(node.loc, "ir-type", "{} has {} results, expected {}", label(node),
                     node.outputs.size(), inferred.size());
      }
      for (size_t i = 0; i < inferred.size(); ++i) {
        const Type& found = graph_.type(node.outputs[i]);
        if (found == inferred[i]) continue;
        error(node.loc, "ir-type", "result {} of {} has type {}, expected {}", i, label(node),
              to_string(found), to_string(inferred[i]));
      }
    } catch (const Failure& f) {
      out_.add(f.diagnostic);
    }
  }

  void check_inputs() {
    std::set<std::string_view> names;
    for (const Input& input : model_.inputs) {
      if (!names.insert(input.name).second) {
        error({}, "ir-signature", "two inputs are called {}", quote(input.name));
      }
      int64_t width = columns(graph_.type(input.value));
      if (!input.features.empty() && width >= 0 &&
          static_cast<uint64_t>(width) != input.features.size()) {
        error({}, "ir-signature", "input {} has {} columns and names {}", quote(input.name), width,
              input.features.size());
      }
    }
  }

  void check_outputs() {
    std::set<std::string_view> names;
    for (const Output& output : model_.outputs) {
      if (!names.insert(output.name).second) {
        error({}, "ir-signature", "two outputs are called {}", quote(output.name));
      }
      if (output.value.v >= graph_.values.size()) {
        error({}, "ir-signature", "output {} names value {}, there are {}", quote(output.name),
              output.value.v, graph_.values.size());
        continue;
      }
      // The keys of a label are the classes; those of the other roles name columns.
      int64_t width = columns(graph_.type(output.value));
      if (output.keys.empty() || output.role == Role::label || width < 0) continue;
      if (static_cast<uint64_t>(width) != output.keys.size()) {
        error({}, "ir-signature", "output {} has {} columns and {} keys", quote(output.name), width,
              output.keys.size());
      }
    }
  }

  const Model& model_;
  const Graph& graph_;
  VerifyOptions options_;
  Diagnostics& out_;
  std::vector<uint32_t> made_;
  Location nowhere_;
  bool numbered_ = true;
};

}  // namespace

void verify(const Model& model, const VerifyOptions& options, Diagnostics& out) {
  Verifier(model, options, out).run();
}

}  // namespace panmodel
