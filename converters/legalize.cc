// The legaliser: legal nodes are copied, others are rewritten by the first pattern whose result can
// be made legal in turn. Order comes from legality, not from a list of passes.
#include <algorithm>
#include <map>

#include "converters/phases.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::converters {
namespace {

constexpr int kMaxChain = 8;

class Legaliser {
 public:
  Legaliser(const Model& model, const Target& target, const ConvertOptions& options,
            Diagnostics& out, std::vector<Verdict>* verdicts)
      : model_(model), target_(target), options_(options), out_(out), verdicts_(verdicts),
        result_(without_graph(model)), builder_(result_) {}

  Model run() {
    std::vector<ValueId> map(model_.graph.values.size());
    for (const Input& input : model_.inputs) {
      map[input.value.v] = builder_.input(input.name, model_.graph.type(input.value), input.features);
    }
    for (const Node& node : model_.graph.nodes) {
      std::vector<ValueId> inputs;
      for (ValueId v : node.inputs) inputs.push_back(v.valid() ? map[v.v] : v);
      std::vector<ValueId> made;
      how_.clear();
      Diagnostics said;
      std::string why = emit(node, model_.graph, inputs, 0, said, made);
      if (!why.empty()) {
        refused_.push_back({Severity::error, Code("convert-unsupported").name(),
                            CodeKind::unsupported,
                            fmt::format("{} cannot hold '{}': {}", target_.name(),
                                        op_info(node.op).meta.name, why),
                            model_.location(node.loc), {}});
        made = stand_ins(node);
      }
      note(node, why);
      for (Diagnostic& d : said.list()) report(std::move(d));
      for (size_t i = 0; i < made.size(); ++i) {
        map[node.outputs[i].v] = made[i];
        const std::string& name = model_.graph.value(node.outputs[i]).name;
        if (!name.empty()) builder_.name_value(made[i], name);
      }
    }
    if (!refused_.empty() && verdicts_ == nullptr) give_up();
    for (const Output& o : model_.outputs) {
      builder_.output(o.name, map[o.value.v], o.role, o.keys);
    }
    return std::move(result_);
  }

 private:
  std::vector<ValueId> copy(const Node& node, const Graph& from,
                            const std::vector<ValueId>& inputs) {
    builder_.at(node.loc);
    return builder_.copy(node, from, inputs);
  }

  // What the rest of a model that is refused goes on with: values of the types that a legal form of the
  // node would give.
  std::vector<ValueId> stand_ins(const Node& node) {
    std::vector<ValueId> made;
    for (ValueId v : node.outputs) {
      Type type = model_.graph.type(v);
      if (const ColumnType* column = type.column()) {
        const bool kept = column->dtype == DType::string || is_floating(column->dtype);
        type = tensor_type(kept ? column->dtype : DType::f64, {"N", 1});
      }
      made.push_back(builder_.input("", std::move(type)));
    }
    return made;
  }

  void trace(int depth, const std::string& line) {
    if (options_.trace) *options_.trace += std::string(static_cast<size_t>(depth) * 2, ' ') + line + "\n";
  }

  // Why the target cannot hold what it says of a node; a lossy one is held when losses are allowed.
  std::string why_illegal(const Support& support) {
    if (support.level == Support::Level::native) return {};
    if (support.level == Support::Level::lossy && options_.precision == Precision::target) return {};
    return support.reason.empty() ? "no form for it" : support.reason;
  }

  // Appends `node` of `from` in legal form; returns why it cannot.
  std::string emit(const Node& node, const Graph& from, const std::vector<ValueId>& inputs,
                   int depth, Diagnostics& said, std::vector<ValueId>& made) {
    std::string name(op_info(node.op).meta.name);
    Support support = target_.check(node, from);
    std::string why = why_illegal(support);
    if (why.empty()) {
      trace(depth, name + ": native");
      if (support.level == Support::Level::lossy) {
        said.report(Severity::loss, model_.location(node.loc), "convert-precision", "{}",
                    support.reason);
      }
      made = copy(node, from, inputs);
      return {};
    }
    trace(depth, name + ": " + why);
    if (depth >= kMaxChain) return why;
    for (const Pattern& pattern : patterns()) {
      if (pattern.from != node.op) continue;
      std::string failed = try_pattern(pattern, node, from, inputs, depth, said, made);
      if (failed.empty()) return {};
      trace(depth + 1, fmt::format("{}: {}", pattern.name, failed));
      why += fmt::format("; {}: {}", pattern.name, failed);
    }
    return why;
  }

  std::string try_pattern(const Pattern& pattern, const Node& node, const Graph& from,
                          const std::vector<ValueId>& inputs, int depth, Diagnostics& said,
                          std::vector<ValueId>& made) {
    // The pattern writes into a scratch graph, whose nodes are then made legal one by one.
    Model scratch;
    scratch.locations = {model_.location(node.loc)};
    Builder b(scratch);
    b.at(LocId{0});
    std::vector<ValueId> scratch_inputs;
    std::map<ValueId, ValueId> outside;
    for (ValueId v : inputs) {
      ValueId s;
      if (v.valid()) {
        const Tensor* constant = builder_.constant_value(v);
        s = constant ? b.constant(*constant) : b.input("", builder_.type(v));
        outside[s] = v;
      }
      scratch_inputs.push_back(s);
    }
    size_t constants = scratch.graph.nodes.size();
    Diagnostics losses;
    std::vector<ValueId> results;
    PatternContext context{node, from, scratch_inputs, b, options_.precision, losses};
    std::string failed = pattern.apply(context, results);
    if (!failed.empty()) return failed;

    size_t nodes = result_.graph.nodes.size(), values = result_.graph.values.size();
    std::vector<ValueId> map(scratch.graph.values.size());
    for (auto [s, v] : outside) map[s.v] = v;
    trace(depth + 1, fmt::format("{}:", pattern.name));
    for (size_t i = constants; i < scratch.graph.nodes.size(); ++i) {
      const Node& part = scratch.graph.nodes[i];
      std::vector<ValueId> part_inputs, part_made;
      for (ValueId v : part.inputs) part_inputs.push_back(v.valid() ? map[v.v] : v);
      Node placed = part;
      placed.loc = node.loc;
      failed = emit(placed, scratch.graph, part_inputs, depth + 2, losses, part_made);
      if (!failed.empty()) {
        result_.graph.nodes.resize(nodes);
        result_.graph.values.resize(values);
        return fmt::format("its '{}' cannot be held: {}", op_info(part.op).meta.name, failed);
      }
      for (size_t k = 0; k < part_made.size(); ++k) map[part.outputs[k].v] = part_made[k];
    }
    made.clear();
    for (ValueId v : results) made.push_back(map[v.v]);
    if (depth == 0) how_ = std::string(pattern.name);
    for (Diagnostic& d : losses.list()) {
      if (!d.location.known()) d.location = model_.location(node.loc);
      said.add(std::move(d));
    }
    return {};
  }

  void note(const Node& node, const std::string& why) {
    if (verdicts_ == nullptr) return;
    std::string op(op_info(node.op).meta.name);
    std::string how = !why.empty() ? why : how_.empty() ? "native" : "through " + how_;
    for (Verdict& v : *verdicts_) {
      if (v.op == op && v.how == how) {
        ++v.count;
        return;
      }
    }
    verdicts_->push_back(
        {op, 1, why.empty() ? Support::Level::native : Support::Level::unsupported, how});
  }

  // Equal losses of many nodes are said once.
  void report(Diagnostic d) {
    for (const Diagnostic& known : out_.list()) {
      if (known.code == d.code && known.message == d.message && known.location == d.location) return;
    }
    out_.add(std::move(d));
  }

  [[noreturn]] void give_up() {
    Diagnostic all = refused_.front();
    for (size_t i = 1; i < refused_.size(); ++i) {
      out_.add(refused_[i]);
    }
    all.notes.push_back(options_.precision == Precision::exact
                            ? "'panmodel inspect --target' lists all operators; --precision target "
                              "allows forms that lose precision"
                            : "'panmodel inspect --target' lists all operators");
    throw Failure(std::move(all));
  }

  const Model& model_;
  const Target& target_;
  const ConvertOptions& options_;
  Diagnostics& out_;
  std::vector<Verdict>* verdicts_;
  Model result_;
  Builder builder_;
  std::string how_;
  std::vector<Diagnostic> refused_;
};

}  // namespace

Model legalise(const Model& model, const Target& target, const ConvertOptions& options,
               Diagnostics& out, std::vector<Verdict>* verdicts) {
  return Legaliser(model, target, options, out, verdicts).run();
}

}  // namespace panmodel::converters
