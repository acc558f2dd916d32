#pragma once
// What the parts of the structural check share: places, the report, scopes of names.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fail.h"
#include "formats/onnx/check.h"
#include "formats/onnx/opsets.h"

namespace panmodel::onnx {

// A node by where it stands; its text is made only for a problem.
struct NodePlace {
  std::string_view graph;  // path of the graph: "graph", "functions[0] 'f'"
  size_t index;
  const NodeProto& node;
};
std::string to_string(const NodePlace& place);  // "graph.node[3] 'name' (Op)"

// Collects problems up to the limit and counts the rest.
class Report {
 public:
  Report(const ModelProto& m, const CheckOptions& o, Diagnostics& out)
      : model(m), options(o), external(ExternalFiles::beside(m, o.external)), out_(out) {}
  template <class... A>
  void add(Severity severity, const std::string& path, uint64_t at, Code code,
           fmt::format_string<A...> f, A&&... args) {
    if (++found_ > options.max_problems) return;
    out_.report(severity, location_of(model, path, at), code, f, std::forward<A>(args)...);
  }
  template <class... A>
  void error(const NodePlace& p, Code code, fmt::format_string<A...> f, A&&... args) {
    if (full()) return;
    add(Severity::error, to_string(p), p.node.at, code, f, std::forward<A>(args)...);
  }
  template <class... A>
  void warning(const NodePlace& p, Code code, fmt::format_string<A...> f, A&&... args) {
    if (full()) return;
    add(Severity::warning, to_string(p), p.node.at, code, f, std::forward<A>(args)...);
  }
  // What a decoder threw.
  void add(const Diagnostic& d) {
    if (++found_ <= options.max_problems) out_.add(d);
  }
  // Says how many problems were not listed.
  void finish();

  const ModelProto& model;
  const CheckOptions& options;
  ExternalFiles external;

 private:
  bool full() {
    if (found_ < options.max_problems) return false;
    ++found_;
    return true;
  }
  Diagnostics& out_;
  size_t found_ = 0;
};

// A tensor whose value stands in the file: an initialiser or the attribute of a Constant node.
struct ConstantValue {
  const TensorProto* tensor = nullptr;
  const AttributeProto* attribute = nullptr;
};

// The names that the nodes of one graph see.
struct Scope {
  static constexpr int64_t kInput = -2, kInitialiser = -1, kAll = INT64_MAX;
  const Scope* outer = nullptr;
  // Name to the index of the node that makes it, or one of the above.
  std::unordered_map<std::string_view, int64_t> made{};
  std::unordered_map<std::string_view, ConstantValue> constants{};
  std::unordered_map<std::string_view, const TypeProto*> types{};  // of inputs and value_info
  int64_t now = 0;                                                // nodes before this one have run

  enum class Found { yes, later, no };
  Found find(std::string_view name) const;
  // The numbers of a constant vector of integers; nullopt when the value is no short constant.
  std::optional<std::vector<int64_t>> integers(std::string_view name, size_t limit) const;
  // The static length of a vector; nullopt when it is not in the file.
  std::optional<int64_t> length(std::string_view name) const;
};

// Domain to version.
using Imports = std::map<std::string_view, int64_t>;

// ---- One function per subject; each reports all it finds.

// Elements, dimensions, external data.
void check_tensor(const TensorProto& tensor, const std::string& path, Report& report);
void check_sparse(const SparseTensorProto& tensor, const std::string& path, Report& report);
// A type; `path` names the value.
void check_type(const TypeProto& type, const std::string& path, Report& report);
// Attributes by their own rules, and by the operator's when `op` is known.
void check_attributes(const NodePlace& place, const OpVersion* op, bool in_function, Report& report);
// What constants and attributes make of the operators of ai.onnx: sizes, strides, huge results.
void check_values(const NodePlace& place, const Scope& scope, Report& report);
// Arrays of the operators of ai.onnx.ml that belong together.
void check_ml(const NodePlace& place, Report& report);
void check_tree_ensemble(const NodePlace& place, Report& report);

}  // namespace panmodel::onnx
