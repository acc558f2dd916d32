// The arrays of tree ensembles: lengths, references, cycles.
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/text.h"
#include "formats/onnx/check_parts.h"
#include "formats/onnx/tensor_data.h"

namespace panmodel::onnx {
namespace {

using Key = std::pair<int64_t, int64_t>;  // tree, node
struct KeyHash {
  size_t operator()(const Key& k) const {
    return std::hash<uint64_t>()(static_cast<uint64_t>(k.first) * 0x9e3779b97f4a7c15u ^
                                 static_cast<uint64_t>(k.second));
  }
};
constexpr size_t kNone = SIZE_MAX;

class TreeCheck {
 public:
  TreeCheck(const NodePlace& place, Report& report) : p_(place), report_(report) {}

  // TreeEnsembleRegressor and -Classifier: nodes by the ids of tree and node.
  void by_ids() {
    const bool classifier = p_.node.op_type == "TreeEnsembleClassifier";
    const std::string weights = classifier ? "class_" : "target_";
    n_ = size("nodes_treeids");
    if (n_ == 0) error("onnx-ml-length", "attribute 'nodes_treeids' is empty");
    bool whole = true;
    for (const char* name : {"nodes_nodeids", "nodes_modes", "nodes_truenodeids",
                             "nodes_falsenodeids", "nodes_featureids"}) {
      whole = expect(name, n_) && whole;
    }
    values("nodes_values", n_);
    for (const char* name : {"nodes_hitrates", "nodes_missing_value_tracks_true"}) optional(name, n_);
    words();
    if (whole) branches();
    base_values(classifier);
    const size_t m = size(weights + "treeids");
    bool fits = expect(weights + "nodeids", m);
    fits = expect(weights + "ids", m) && fits;
    values(weights + "weights", m);
    if (fits) outputs(weights, classifier);
  }

  // TreeEnsemble of version 5: nodes and leaves by position.
  void by_position() {
    const auto& features = ints("nodes_featureids");
    n_ = features.size();
    const size_t leaves = size("leaf_targetids");
    bool whole = true;
    for (const char* name : {"nodes_splits", "nodes_modes", "nodes_truenodeids", "nodes_trueleafs",
                             "nodes_falsenodeids", "nodes_falseleafs"}) {
      whole = expect(name, n_) && whole;
    }
    for (const char* name : {"nodes_hitrates", "nodes_missing_value_tracks_true"}) optional(name, n_);
    expect("leaf_weights", leaves);
    number_in("aggregate_function", 3);
    number_in("post_transform", 4);
    feature_ids(features, {});
    const AttributeProto* targets = find("n_targets");
    if (targets && targets->i) in_range("leaf_targetids", *targets->i);
    in_range("tree_roots", static_cast<int64_t>(n_));
    if (!whole) return;
    std::vector<size_t> children(2 * n_, kNone);
    for (int side = 0; side < 2; ++side) {
      const char* name = side == 0 ? "nodes_truenodeids" : "nodes_falsenodeids";
      const auto& ids = ints(name);
      const auto& leaf = ints(side == 0 ? "nodes_trueleafs" : "nodes_falseleafs");
      for (size_t i = 0; i < n_; ++i) {
        const size_t limit = leaf[i] != 0 ? leaves : n_;
        if (ids[i] < 0 || static_cast<uint64_t>(ids[i]) >= limit) {
          error("onnx-tree", "{}[{}] is {}, less than {} expected", name, i, ids[i], limit);
        } else if (leaf[i] == 0) {
          children[2 * i + static_cast<size_t>(side)] = static_cast<size_t>(ids[i]);
        }
      }
    }
    cycles(children);
  }

 private:
  template <class... A>
  void error(Code code, fmt::format_string<A...> f, A&&... args) {
    report_.error(p_, code, f, std::forward<A>(args)...);
  }
  const AttributeProto* find(std::string_view name) const { return find_attribute(p_.node, name); }
  const std::vector<int64_t>& ints(std::string_view name) const {
    static const std::vector<int64_t> kEmpty;
    const AttributeProto* a = find(name);
    return a ? a->ints : kEmpty;
  }
  size_t size(std::string_view name) const {
    const AttributeProto* a = find(name);
    if (!a) return 0;
    if (a->t) return a->t->dims.size() == 1 && a->t->dims[0] > 0 ? static_cast<size_t>(a->t->dims[0]) : 0;
    return std::max({a->floats.size(), a->ints.size(), a->strings.size()});
  }
  bool expect(std::string_view name, size_t wanted) {
    if (size(name) == wanted) return true;
    error("onnx-ml-length", "attribute '{}' has {} entries, {} expected", name, size(name), wanted);
    return false;
  }
  void optional(const std::string& name, size_t wanted) {
    if (size(name) > 0) expect(name, wanted);
  }
  // A list of floats or, since version 3, a tensor; one of the two.
  void values(const std::string& name, size_t wanted) {
    const std::string tensor = name + "_as_tensor";
    if (size(name) > 0 && size(tensor) > 0) error("onnx-attribute", "both '{}' and '{}' are given", name, tensor);
    expect(size(tensor) > 0 ? tensor : name, wanted);
  }

  void word(std::string_view name, std::initializer_list<std::string_view> known) {
    const AttributeProto* a = find(name);
    if (!a || !a->s.present() || std::ranges::find(known, a->s.get()) != known.end()) return;
    error("onnx-attribute", "attribute '{}' is {}, one of {} expected", name, quote(printable(a->s)),
          fmt::join(known, ", "));
  }
  void words() {
    word("post_transform", {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"});
    word("aggregate_function", {"AVERAGE", "SUM", "MIN", "MAX"});
  }
  void number_in(std::string_view name, int64_t most) {
    const AttributeProto* a = find(name);
    if (a && a->i && (*a->i < 0 || *a->i > most)) error("onnx-attribute", "{} is {}, 0 to {} expected", name, *a->i, most);
  }
  void in_range(std::string_view name, int64_t limit) {
    const auto& ids = ints(name);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < 0 || ids[i] >= limit) {
        error("onnx-tree", "{}[{}] is {}, less than {} expected", name, i, ids[i], limit);
      }
    }
  }
  // Of branches; those of leaves mean nothing.
  void feature_ids(const std::vector<int64_t>& ids, const std::vector<bool>& leaf) {
    for (size_t i = 0; i < ids.size(); ++i) {
      if (!leaf.empty() && leaf[i]) continue;
      if (ids[i] < 0 || ids[i] > std::numeric_limits<int32_t>::max()) {
        error("onnx-tree", "nodes_featureids[{}] is {}, 0 to {} expected", i, ids[i],
              std::numeric_limits<int32_t>::max());
      }
    }
  }

  void branches() {
    static constexpr std::string_view kModes[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE",
                                                  "BRANCH_GT",  "BRANCH_EQ",  "BRANCH_NEQ",
                                                  "LEAF",       "BRANCH_MEMBER"};
    const auto& trees = ints("nodes_treeids");
    const auto& nodes = ints("nodes_nodeids");
    const auto& modes = find("nodes_modes")->strings;
    if (trees.size() != n_ || nodes.size() != n_ || modes.size() != n_) return;  // of another type
    std::vector<bool> leaf(n_);
    index_.reserve(n_);
    for (size_t i = 0; i < n_; ++i) {
      leaf[i] = modes[i] == "LEAF";
      if (std::ranges::find(kModes, modes[i].get()) == std::end(kModes)) {
        error("onnx-tree", "nodes_modes[{}] is {}, which is no mode", i, quote(printable(modes[i])));
      }
      if (!index_.emplace(Key(trees[i], nodes[i]), i).second) {
        error("onnx-tree", "node {} of tree {} is given twice", nodes[i], trees[i]);
      }
    }
    if (ints("nodes_featureids").size() == n_) feature_ids(ints("nodes_featureids"), leaf);
    std::vector<size_t> children(2 * n_, kNone);
    for (int side = 0; side < 2; ++side) {
      const char* name = side == 0 ? "nodes_truenodeids" : "nodes_falsenodeids";
      const auto& ids = ints(name);
      for (size_t i = 0; i < std::min(n_, ids.size()); ++i) {
        if (leaf[i]) continue;
        auto child = index_.find(Key(trees[i], ids[i]));
        if (child != index_.end()) {
          children[2 * i + static_cast<size_t>(side)] = child->second;
        } else {
          error("onnx-tree", "{}[{}] is {}: tree {} has no such node", name, i, ids[i], trees[i]);
        }
      }
    }
    cycles(children);
  }

  // Depth first from each node, without recursion; a way back to an open node is a cycle.
  void cycles(const std::vector<size_t>& children) {
    enum class State : uint8_t { fresh, open, done };
    std::vector<State> state(n_, State::fresh);
    std::vector<std::pair<size_t, size_t>> stack;
    for (size_t root = 0; root < n_; ++root) {
      if (state[root] == State::fresh) stack.emplace_back(root, 0);
      while (!stack.empty()) {
        auto& [node, side] = stack.back();
        state[node] = State::open;
        if (side == 2) {
          state[node] = State::done;
          stack.pop_back();
          continue;
        }
        const size_t parent = node, child = children[2 * node + side++];
        if (child == kNone || state[child] == State::done) continue;
        if (state[child] == State::open) {
          error("onnx-tree", "node at {} leads back to the node at {}: the tree has a cycle", parent, child);
        } else {
          stack.emplace_back(child, 0);
        }
      }
    }
  }

  size_t target_count(bool classifier) const {
    if (classifier) return std::max(size("classlabels_int64s"), size("classlabels_strings"));
    const AttributeProto* a = find("n_targets");
    return a && a->i && *a->i > 0 ? static_cast<size_t>(*a->i) : 1;
  }

  void base_values(bool classifier) {
    const std::string name = size("base_values_as_tensor") > 0 ? "base_values_as_tensor" : "base_values";
    const size_t given = size(name), targets = target_count(classifier);
    // One number for two classes is that of the second.
    if (given == 0 || given == targets || (classifier && targets <= 2 && given == 1)) return;
    error("onnx-ml-length", "attribute '{}' has {} entries, {} expected", name, given, targets);
  }

  void outputs(const std::string& prefix, bool classifier) {
    if (classifier && size("classlabels_int64s") > 0 && size("classlabels_strings") > 0) {
      error("onnx-attribute", "both 'classlabels_int64s' and 'classlabels_strings' are given");
    }
    const size_t targets = target_count(classifier);
    if (classifier && targets == 0) {
      error("onnx-attribute", "the node has no class labels");
    } else {
      in_range(prefix + "ids", static_cast<int64_t>(targets));
    }
    const auto& trees = ints(prefix + "treeids");
    const auto& nodes = ints(prefix + "nodeids");
    if (index_.empty()) return;
    for (size_t i = 0; i < std::min(trees.size(), nodes.size()); ++i) {
      if (index_.contains(Key(trees[i], nodes[i]))) continue;
      error("onnx-tree", "{}nodeids[{}] is {}: tree {} has no such node", prefix, i, nodes[i], trees[i]);
    }
  }

  const NodePlace& p_;
  Report& report_;
  size_t n_ = 0;
  std::unordered_map<Key, size_t, KeyHash> index_;
};

}  // namespace

void check_tree_ensemble(const NodePlace& place, Report& report) {
  TreeCheck check(place, report);
  if (place.node.op_type == "TreeEnsemble") {
    check.by_position();
  } else {
    check.by_ids();
  }
}

}  // namespace panmodel::onnx
