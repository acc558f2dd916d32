// The model as a whole: versions, imports, functions; each graph and node by a walk without
// recursion other than that of subgraphs, whose depth is limited.
#include "formats/onnx/check.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "formats/onnx/check_parts.h"

namespace panmodel::onnx {
namespace {

using FunctionKey = std::tuple<std::string_view, std::string_view, std::string_view>;

// Where a name of `made` comes from, for a message.
std::string maker(int64_t index) {
  if (index >= 0) return fmt::format("node[{}]", index);
  return index == Scope::kInput ? "an input" : "an initialiser";
}

class Checker {
 public:
  explicit Checker(Report& report) : report_(report), model_(report.model) {}

  void run() {
    check_versions();
    main_imports_ = check_imports(model_.opset_import, "");
    if (model_.opset_import.empty() && model_.ir_version.value_or(0) < 3) main_imports_[""] = 1;
    index_functions();
    imports_ = &main_imports_;
    Scope main;
    if (model_.graph) {
      check_graph(*model_.graph, "graph", main, 0);
    } else {
      report_.add(Severity::error, "", model_.at, "onnx-not-a-model", "the model has no graph");
    }
    main.now = Scope::kAll;
    for (size_t i = 0; i < model_.training_info.size(); ++i) {
      const TrainingInfoProto& t = model_.training_info[i];
      const std::string path = fmt::format("training_info[{}]", i);
      Scope first{}, step{.outer = &main};
      if (t.initialization) check_graph(*t.initialization, path + ".initialization", first, 1);
      if (t.algorithm) check_graph(*t.algorithm, path + ".algorithm", step, 1);
    }
    for (size_t i = 0; i < model_.functions.size(); ++i) check_function(i);
    check_calls();
    report_.finish();
  }

 private:
  void check_versions() {
    int64_t ir = model_.ir_version.value_or(0);
    if (ir < 1) {
      report_.add(Severity::error, "ir_version", model_.at, "onnx-ir-version",
                  "the model states IR version {}, 1 to {} are defined", ir, kMaxIrVersion);
    } else if (ir > kMaxIrVersion) {
      report_.add(Severity::warning, "ir_version", model_.at, "onnx-ir-version",
                  "IR version {} is newer than {}, the newest one known", ir, kMaxIrVersion);
    }
    if (ir >= 3 && model_.opset_import.empty()) {
      report_.add(Severity::error, "opset_import", model_.at, "onnx-opset",
                  "the model imports no opset, which IR version 3 and later need");
    }
  }

  Imports check_imports(const std::vector<OperatorSetIdProto>& list, const std::string& within) {
    Imports imports;
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string path = fmt::format("{}opset_import[{}]", within, i);
      std::string_view domain = normal_domain(list[i].domain);
      const std::string name = domain.empty() ? "ai.onnx" : printable(domain);
      int64_t version = list[i].version.value_or(0);
      if (!imports.emplace(domain, version).second) {
        report_.add(Severity::error, path, list[i].at, "onnx-opset", "{} is imported twice", name);
      }
      std::optional<int64_t> newest = newest_opset(domain);
      if (version < 1) {
        report_.add(Severity::error, path, list[i].at, "onnx-opset",
                    "opset {} of {}, versions begin at 1", version, name);
      } else if (newest && version > *newest) {
        report_.add(Severity::error, path, list[i].at, "onnx-opset",
                    "opset {} of {}, {} is the newest one known", version, name, *newest);
      }
    }
    return imports;
  }

  // ---- Functions.

  std::string function_path(size_t i) const {
    return fmt::format("functions[{}] '{}'", i, printable(model_.functions[i].name));
  }

  void index_functions() {
    const auto& list = model_.functions;
    if (list.size() > report_.options.max_functions) {
      report_.add(Severity::error, "functions", model_.at, "onnx-depth",
                  "{} functions, {} are the limit", list.size(), report_.options.max_functions);
    }
    calls_.resize(list.size());
    for (size_t i = 0; i < list.size(); ++i) {
      const FunctionProto& f = list[i];
      if (f.name.empty()) {
        report_.add(Severity::error, function_path(i), f.at, "onnx-name",
                    "a function has no name");
      }
      FunctionKey key{normal_domain(f.domain), f.name, f.overload};
      auto [known, fresh] = functions_.emplace(key, i);
      if (fresh) continue;
      report_.add(Severity::error, function_path(i), f.at, "onnx-name",
                  "functions[{}] has the same domain, name and overload", known->second);
    }
  }

  void check_function(size_t i) {
    const FunctionProto& f = model_.functions[i];
    const std::string path = function_path(i);
    Imports imports = check_imports(f.opset_import, path + ".");
    imports_ = &imports;
    current_ = static_cast<int64_t>(i);
    Scope scope;
    for (const Text& name : f.input) {
      if (scope.made.emplace(name, Scope::kInput).second) continue;
      report_.add(Severity::error, path, f.at, "onnx-name", "input '{}' is declared twice",
                  printable(name));
    }
    check_nodes(f.node, path, scope, 0);
    for (const Text& name : f.output) check_result(name, path + ".output", f.at, scope);
    imports_ = &main_imports_;
    current_ = -1;
  }

  void check_call(const NodePlace& p, size_t callee) {
    const FunctionProto& f = model_.functions[callee];
    if (current_ >= 0) calls_[static_cast<size_t>(current_)].push_back(callee);
    if (p.node.input.size() > f.input.size() || p.node.output.size() > f.output.size()) {
      report_.error(p, "onnx-count",
                    "called with {} inputs and {} outputs, the function has {} and {}",
                    p.node.input.size(), p.node.output.size(), f.input.size(), f.output.size());
    }
  }

  // Cycles and depth of calls, each function once.
  void check_calls() {
    enum class State : uint8_t { fresh, open, done };
    std::vector<State> state(calls_.size(), State::fresh);
    std::vector<unsigned> depth(calls_.size(), 1);
    std::vector<std::pair<size_t, size_t>> stack;  // function, its next call
    for (size_t root = 0; root < calls_.size(); ++root) {
      if (state[root] == State::fresh) stack.emplace_back(root, 0);
      while (!stack.empty()) {
        auto& [f, next] = stack.back();
        state[f] = State::open;
        if (next == calls_[f].size()) {
          state[f] = State::done;
          size_t done = f;
          if (depth[done] == report_.options.max_function_depth + 1) {
            report_.add(Severity::error, function_path(done), model_.functions[done].at,
                        "onnx-depth", "calls of functions are nested deeper than {}",
                        report_.options.max_function_depth);
          }
          stack.pop_back();
          if (!stack.empty()) {
            size_t caller = stack.back().first;
            depth[caller] = std::max(depth[caller], depth[done] + 1);
          }
          continue;
        }
        size_t callee = calls_[f][next++];
        if (state[callee] == State::open) {
          report_.add(Severity::error, function_path(f), model_.functions[f].at, "onnx-recursion",
                      "the function calls '{}', which leads back to it",
                      printable(model_.functions[callee].name));
        } else if (state[callee] == State::done) {
          depth[f] = std::max(depth[f], depth[callee] + 1);
        } else {
          stack.emplace_back(callee, 0);
        }
      }
    }
  }

  // ---- Graphs.

  void check_graph(const GraphProto& g, const std::string& path, Scope& scope, unsigned depth) {
    if (depth >= report_.options.max_graph_depth) {
      report_.add(Severity::error, path, g.at, "onnx-depth", "graphs are nested deeper than {}",
                  report_.options.max_graph_depth);
      return;
    }
    const bool main = depth == 0;
    for (size_t i = 0; i < g.input.size(); ++i) {
      const ValueInfoProto& v = g.input[i];
      const std::string place = fmt::format("{}.input[{}] '{}'", path, i, printable(v.name));
      declare(v.name, Scope::kInput, place, v.at, scope);
      check_value(v, place, main);
    }
    for (size_t i = 0; i < g.initializer.size(); ++i) {
      const TensorProto& t = g.initializer[i];
      const std::string place = fmt::format("{}.initializer[{}] '{}'", path, i, printable(t.name));
      declare(t.name, Scope::kInitialiser, place, t.at, scope);
      scope.constants[t.name] = {&t, nullptr};
      check_tensor(t, place, report_);
    }
    for (size_t i = 0; i < g.sparse_initializer.size(); ++i) {
      const SparseTensorProto& t = g.sparse_initializer[i];
      std::string_view name = t.values ? t.values->name.get() : std::string_view();
      const std::string place = fmt::format("{}.sparse_initializer[{}] '{}'", path, i, printable(name));
      declare(name, Scope::kInitialiser, place, t.at, scope);
      check_sparse(t, place, report_);
    }
    for (const auto* list : {&g.input, &g.value_info}) {
      for (const ValueInfoProto& v : *list) {
        if (v.type) scope.types.emplace(v.name, v.type.get());
      }
    }
    for (size_t i = 0; i < g.value_info.size(); ++i) {
      const ValueInfoProto& v = g.value_info[i];
      check_value(v, fmt::format("{}.value_info[{}] '{}'", path, i, printable(v.name)), false);
    }
    check_nodes(g.node, path, scope, depth);
    for (size_t i = 0; i < g.output.size(); ++i) {
      const ValueInfoProto& v = g.output[i];
      const std::string place = fmt::format("{}.output[{}] '{}'", path, i, printable(v.name));
      check_result(v.name, place, v.at, scope);
      check_value(v, place, main);
    }
  }

  void check_value(const ValueInfoProto& v, const std::string& place, bool typed) {
    if (v.type) {
      // A type without content stands for an unknown one where none is needed.
      const TypeProto& t = *v.type;
      const bool none = !t.tensor_type && !t.sequence_type && !t.map_type && !t.opaque_type &&
                        !t.sparse_tensor_type && !t.optional_type;
      if (typed || !none) check_type(t, place, report_);
    } else if (typed) {
      report_.add(Severity::error, place, v.at, "onnx-type", "the value has no type");
    }
  }

  // An input may be an initialiser too, which is then its default.
  void declare(std::string_view name, int64_t as, const std::string& place, uint64_t at,
               Scope& scope) {
    if (name.empty()) {
      report_.add(Severity::error, place, at, "onnx-name", "the value has no name");
      return;
    }
    auto [known, fresh] = scope.made.emplace(name, as);
    if (fresh) return;
    if (as == Scope::kInitialiser && known->second == Scope::kInput) {
      known->second = as;
      return;
    }
    report_.add(Severity::error, place, at, "onnx-name", "the name is already that of {}",
                maker(known->second));
  }

  // A result of a graph or function: made in it, or in a graph around it.
  void check_result(std::string_view name, const std::string& place, uint64_t at,
                    const Scope& scope) {
    if (!name.empty() && scope.find(name) == Scope::Found::yes) return;
    report_.add(Severity::error, place, at, "onnx-undefined", "nothing makes the output '{}'",
                printable(name));
  }

  void check_nodes(const std::vector<NodeProto>& nodes, const std::string& path, Scope& scope,
                   unsigned depth) {
    scope.made.reserve(scope.made.size() + nodes.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
      for (const Text& name : nodes[i].output) {
        if (name.empty()) continue;
        auto [known, fresh] = scope.made.emplace(name, static_cast<int64_t>(i));
        if (fresh) continue;
        report_.error({path, i, nodes[i]}, "onnx-name", "output '{}' is already made by {}",
                      printable(name), maker(known->second));
      }
      if (nodes[i].op_type == "Constant" && nodes[i].output.size() == 1 &&
          nodes[i].attribute.size() == 1) {
        scope.constants[nodes[i].output[0]] = {nullptr, &nodes[i].attribute[0]};
      }
    }
    for (size_t i = 0; i < nodes.size(); ++i) {
      scope.now = static_cast<int64_t>(i);
      check_node({path, i, nodes[i]}, scope, depth);
    }
    scope.now = Scope::kAll;
  }

  void check_node(const NodePlace& p, const Scope& scope, unsigned depth) {
    const NodeProto& n = p.node;
    for (const Text& name : n.input) {
      if (name.empty()) continue;
      Scope::Found found = scope.find(name);
      if (found == Scope::Found::later) {
        report_.error(p, "onnx-order", "input '{}' is made later: nodes must be sorted",
                      printable(name));
      } else if (found == Scope::Found::no) {
        report_.error(p, "onnx-undefined", "nothing makes input '{}'", printable(name));
      }
    }
    const OpVersion* op = check_operator(p);
    check_attributes(p, op, current_ >= 0, report_);
    if (op && op->domain.empty()) check_values(p, scope, report_);
    if (op && op->domain == "ai.onnx.ml") check_ml(p, report_);
    for (const AttributeProto& a : n.attribute) {
      if (a.g) check_subgraph(p, a, *a.g, scope, depth);
      for (const GraphProto& g : a.graphs) check_subgraph(p, a, g, scope, depth);
    }
  }

  void check_subgraph(const NodePlace& p, const AttributeProto& a, const GraphProto& g,
                      const Scope& outer, unsigned depth) {
    Scope scope{.outer = &outer};
    check_graph(g, to_string(p) + "." + printable(a.name), scope, depth + 1);
  }

  // The operator's version when ONNX defines it.
  const OpVersion* check_operator(const NodePlace& p) {
    const NodeProto& n = p.node;
    if (n.op_type.empty()) {
      report_.error(p, "onnx-operator", "the node has no operator");
      return nullptr;
    }
    std::string_view domain = normal_domain(n.domain);
    const std::string name = domain.empty() ? "ai.onnx" : printable(domain);
    auto import = imports_->find(domain);
    if (import == imports_->end() && unimported_.emplace(current_, domain).second) {
      report_.error(p, "onnx-opset", "the opset of domain {} is not imported", name);
    }
    if (!functions_.empty()) {
      auto function = functions_.find(FunctionKey{domain, n.op_type, n.overload});
      if (function != functions_.end()) {
        check_call(p, function->second);
        return nullptr;
      }
    }
    if (import == imports_->end() || import->second < 1) return nullptr;
    if (!known_domain(domain)) {
      if (!foreign_.emplace(domain, n.op_type).second) return nullptr;
      report_.add(Severity::note, to_string(p), n.at, "onnx-foreign",
                  "the operators of domain {} are not those of ONNX: the node is not checked", name);
      return nullptr;
    }
    const OpVersion* op = find_op(domain, n.op_type, import->second);
    if (!op) {
      // No error: operators were experimental before they got a version, or never did.
      if (!foreign_.emplace(domain, n.op_type).second) return nullptr;
      if (known_op(domain, n.op_type)) {
        report_.warning(p, "onnx-operator", "{} came after opset {} of {}", n.op_type.get(),
                      import->second, name);
        return nullptr;
      }
      std::string_view near = nearest_op(domain, n.op_type);
      report_.warning(p, "onnx-operator", "{} has no operator {}{}", name, quote(printable(n.op_type)),
                    near.empty() ? "" : fmt::format("; {} is near", near));
      return nullptr;
    }
    if (op->deprecated) {
      if (foreign_.emplace(domain, n.op_type).second) {
        report_.add(Severity::note, to_string(p), n.at, "onnx-operator",
                    "{} is withdrawn since version {} of {}", op->name, op->since, name);
      }
      // Runtimes keep it in its last form.
      const OpVersion* last = find_op(domain, n.op_type, op->since - 1);
      if (last) op = last;
    }
    check_count(p, "inputs", n.input.size(), op->min_inputs, op->max_inputs);
    check_count(p, "outputs", n.output.size(), op->min_outputs, op->max_outputs);
    return op;
  }

  void check_count(const NodePlace& p, std::string_view what, size_t found, int32_t least,
                   int32_t most) {
    auto n = static_cast<int64_t>(std::min<size_t>(found, INT32_MAX));
    if (n >= least && n <= most) return;
    if (least == most) {
      report_.error(p, "onnx-count", "{} {}, {} expected", found, what, least);
    } else if (most == kUnlimited) {
      report_.error(p, "onnx-count", "{} {}, at least {} expected", found, what, least);
    } else {
      report_.error(p, "onnx-count", "{} {}, {} to {} expected", found, what, least, most);
    }
  }

  Report& report_;
  const ModelProto& model_;
  Imports main_imports_;
  const Imports* imports_ = nullptr;  // of the model or the function at hand
  int64_t current_ = -1;              // the function at hand
  std::map<FunctionKey, size_t> functions_;
  std::vector<std::vector<size_t>> calls_;  // of each function
  // What is said once: domains per function, operators per model.
  std::set<std::pair<int64_t, std::string_view>> unimported_;
  std::set<std::pair<std::string_view, std::string_view>> foreign_;
};

}  // namespace

void check(const ModelProto& model, const CheckOptions& options, Diagnostics& out) {
  Report report(model, options, out);
  Checker(report).run();
}

}  // namespace panmodel::onnx
