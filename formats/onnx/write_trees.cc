// Trees: TreeEnsemble (ai.onnx.ml 5), and TreeEnsembleRegressor (ai.onnx.ml 1 and 3) before it.
#include <limits>
#include <utility>

#include "base/number.h"
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/opsets.h"
#include "formats/onnx/write_nodes.h"
#include "ir/ops/tree.h"
#include "ir/unshare.h"

namespace panmodel::onnx {
namespace {

constexpr std::string_view kMl = "ai.onnx.ml";

struct Range {
  uint32_t begin, end;
};
Range weights_of(const Forest& f, uint32_t leaf) {
  if (f.leaf_begin.empty()) return {leaf, leaf + 1};
  return {f.leaf_begin[leaf], f.leaf_begin[leaf + 1]};
}
uint32_t target_of(const Forest& f, uint32_t weight) {
  return f.leaf_target.empty() ? 0 : f.leaf_target[weight];
}

// In onnxruntime a NaN differs from every number, whatever the node says of missing values: a test of
// inequality that it does not pass is written as one of equality with the branches exchanged.
bool is_exchanged(const Forest& f, uint32_t node) {
  return f.node_mode(node) == NodeMode::neq && !f.missing_yes(node);
}
NodeMode mode_of(const Forest& f, uint32_t node) {
  return is_exchanged(f, node) ? NodeMode::eq : f.node_mode(node);
}
bool missing_yes(const Forest& f, uint32_t node) { return is_exchanged(f, node) || f.missing_yes(node); }

// Visits a tree parents first, `yes` (as it is written) before `no`: visit(node) returns the number that it gives to
// the node, link(parent, is_yes, node, number) connects it.
template <class Visit, class Link>
void preorder(const Forest& f, uint32_t root, Visit&& visit, Link&& link) {
  struct Todo {
    uint32_t node;
    size_t parent;
  };
  std::vector<Todo> later;  // the `no` children
  uint32_t node = root;
  size_t number = visit(node);
  for (;;) {
    if (!f.is_leaf(node)) {
      const bool exchanged = is_exchanged(f, node);
      later.push_back({exchanged ? f.yes[node] : f.no[node], number});
      node = exchanged ? f.no[node] : f.yes[node];
      size_t parent = std::exchange(number, visit(node));
      link(parent, true, node, number);
      continue;
    }
    if (later.empty()) return;
    Todo todo = later.back();
    later.pop_back();
    node = todo.node;
    number = visit(node);
    link(todo.parent, false, node, number);
  }
}

Tensor reals(DType dtype, std::vector<double> v) {
  if (dtype == DType::f64) return Tensor::vector(std::move(v));
  return Tensor::vector(std::vector<float>(v.begin(), v.end()));
}

void put(NodeProto& p, std::string_view name, std::vector<int64_t>& values) {
  p.attribute.push_back(make_attribute(name, std::move(values)));
}
void put(NodeProto& p, std::string_view name, const Tensor& values) {
  p.attribute.push_back(make_attribute(name, to_proto(name, values)));
}

// The lists of TreeEnsemble: inner nodes and leaves are numbered apart. A node's `no` branch comes
// after all below its `yes` branch, everything else is known when its turn comes.
struct Ensemble {
  EncodedInts feature, yes, yes_leaf, missing, leaf_target;
  std::vector<uint32_t> no;
  std::vector<uint8_t> no_leaf, mode;
  std::vector<int64_t> roots;
  std::vector<double> split, leaf_weight, members;

  Ensemble(size_t nodes, size_t leaves)
      : feature(nodes), yes(nodes), yes_leaf(nodes), missing(nodes), leaf_target(leaves) {
    no.reserve(nodes);
    no_leaf.reserve(nodes);
    mode.reserve(nodes);
    split.reserve(nodes);
    leaf_weight.reserve(leaves);
  }
  size_t add_leaf(uint32_t target, double weight) {
    leaf_target.push_back(target);
    leaf_weight.push_back(weight);
    return leaf_weight.size() - 1;
  }
  size_t add_split(uint32_t f, uint8_t m, double t, bool missing_yes) {
    feature.push_back(f);
    mode.push_back(m);
    split.push_back(t);
    missing.push_back(missing_yes);
    no.push_back(0);
    no_leaf.push_back(0);
    return mode.size() - 1;
  }
  void link(size_t parent, bool is_yes, size_t number, bool leaf) {
    const auto child = static_cast<uint32_t>(number);
    if (is_yes) {
      yes.push_back(child);
      yes_leaf.push_back(leaf);
    } else {
      no[parent] = child;
      no_leaf[parent] = leaf;
    }
  }
  // A tree that always gives this: a split whose branches are the same leaf.
  void add_constant(uint32_t target, double weight) {
    size_t leaf = add_leaf(target, weight);
    size_t node = add_split(0, 0, 0, false);
    roots.push_back(static_cast<int64_t>(node));
    for (bool is_yes : {true, false}) link(node, is_yes, leaf, true);
  }
  void add_tree(const Forest& f, uint32_t root) {
    auto leaf = [&](uint32_t node) {
      Range w = weights_of(f, f.yes[node]);
      return w.begin == w.end ? std::pair<uint32_t, double>{0, 0.0}
                              : std::pair{target_of(f, w.begin), f.leaf_weight[w.begin]};
    };
    if (f.is_leaf(root)) {
      auto [target, weight] = leaf(root);
      add_constant(target, weight);
      return;
    }
    roots.push_back(static_cast<int64_t>(mode.size()));
    preorder(
        f, root,
        [&](uint32_t node) {
          if (f.is_leaf(node)) {
            auto [target, weight] = leaf(node);
            return add_leaf(target, weight);
          }
          NodeMode m = mode_of(f, node);
          bool member = m == NodeMode::member;
          if (member && !add_members(f, static_cast<size_t>(f.threshold[node]))) {
            // onnxruntime refuses an empty set: a test that nothing passes stands for it.
            return add_split(f.feature[node], static_cast<uint8_t>(static_cast<int>(NodeMode::lt) - 1),
                             -std::numeric_limits<double>::infinity(), f.missing_yes(node));
          }
          // LEQ 0, LT 1, GTE 2, GT 3, EQ 4, NEQ 5, MEMBER 6.
          return add_split(f.feature[node], static_cast<uint8_t>(static_cast<int>(m) - 1),
                           member ? 0 : f.threshold[node], missing_yes(f, node));
        },
        [&](size_t parent, bool is_yes, uint32_t node, size_t number) {
          link(parent, is_yes, number, f.is_leaf(node));
        });
  }
  // Sets stand one after another in the order of their nodes, each closed by a NaN. False for an
  // empty one.
  bool add_members(const Forest& f, size_t set) {
    if (f.set_begin[set] == f.set_begin[set + 1]) return false;
    for (uint32_t s = f.set_begin[set]; s < f.set_begin[set + 1]; ++s) {
      members.push_back(f.set_value[s]);
    }
    members.push_back(std::numeric_limits<double>::quiet_NaN());
    return true;
  }
};

// Leaves with at most one weight each, as TreeEnsemble has them.
bool single_weights(const Forest& f, bool may_be_empty) {
  for (size_t i = 0; i + 1 < f.leaf_begin.size(); ++i) {
    uint32_t n = f.leaf_begin[i + 1] - f.leaf_begin[i];
    if (n > 1 || (n == 0 && !may_be_empty)) return false;
  }
  return true;
}

constexpr const char* kTooShared = "shared nodes, more than can be written one by one";

Support check_ensemble(const ml::TreeEnsemble& op, DType x) {
  if (x != op.accumulate) return Support::no("X and the sums of the trees have different types");
  bool sum = op.aggregate == ml::Aggregate::sum;
  if (!op.base.empty() && (op.base_last || !sum)) {
    return Support::no("a base that is not the start of a sum");
  }
  if (!single_weights(op.forest, sum)) return Support::no("leaves of several targets");
  if (!can_unshare(op.forest)) return Support::no(kTooShared);
  return Support::yes();
}

bool all_f32(const Forest& f) {
  for (double v : f.threshold) {
    if (!is_float(v)) return false;
  }
  for (double v : f.leaf_weight) {
    if (!is_float(v)) return false;
  }
  return true;
}

Support check_regressor(const ml::TreeEnsemble& op, DType x, int64_t version) {
  if (op.accumulate != DType::f32) {
    return Support::no("sums of f64 trees need ai.onnx.ml 5, which comes with opset 21");
  }
  if (!op.base.empty()) return Support::no("a base");
  if (!can_unshare(op.forest)) return Support::no(kTooShared);
  if (!op.forest.set_begin.empty()) {
    return Support::no("tests of set membership need ai.onnx.ml 5, which comes with opset 21");
  }
  if (x == DType::f32) {
    return all_f32(op.forest) ? Support::yes() : Support::no("thresholds or leaves wider than f32");
  }
  if (version < 3) {
    return Support::no("f64 features need ai.onnx.ml 3, which comes with opset 16");
  }
  // The sum runs in f64 and is rounded once: the same as a f32 sum where there is nothing to add.
  return ml::one_tree_per_target(op) ? Support::yes() : Support::no("f32 sums of trees on f64");
}

void write_ensemble(NodeWriter& w, const Node& n) {
  const auto& op = *n.as<ml::TreeEnsemble>();
  Ensemble t(op.forest.nodes() - op.forest.leaves() + op.base.size(),
             op.forest.leaves() + op.base.size());
  for (size_t k = 0; k < op.base.size(); ++k) t.add_constant(static_cast<uint32_t>(k), op.base[k]);
  for (uint32_t root : op.forest.roots) t.add_tree(op.forest, root);
  NodeProto& p = w.node("TreeEnsemble", w.inputs(n), w.outputs(n), kMl);
  constexpr int64_t kAggregate[] = {1, 0, 2, 3};  // sum, mean, min, max
  p.attribute.push_back(
      make_attribute("aggregate_function", kAggregate[static_cast<size_t>(op.aggregate)]));
  auto put_ints = [&](std::string_view name, EncodedInts& ints) {
    p.attribute.push_back(make_encoded_attribute(name, w.keep(ints.take())));
  };
  auto put_list = [&](std::string_view name, const auto& list) {
    EncodedInts ints(list.size());
    for (uint32_t v : list) ints.push_back(v);
    put_ints(name, ints);
  };
  put_ints("leaf_targetids", t.leaf_target);
  put(p, "leaf_weights", reals(op.accumulate, std::move(t.leaf_weight)));
  if (!t.members.empty()) put(p, "membership_values", reals(op.accumulate, std::move(t.members)));
  p.attribute.push_back(make_attribute("n_targets", op.targets));
  put_list("nodes_falseleafs", t.no_leaf);
  put_list("nodes_falsenodeids", t.no);
  put_ints("nodes_featureids", t.feature);
  put_ints("nodes_missing_value_tracks_true", t.missing);
  put(p, "nodes_modes", Tensor::vector(std::move(t.mode)));
  put(p, "nodes_splits", reals(op.accumulate, std::move(t.split)));
  put_ints("nodes_trueleafs", t.yes_leaf);
  put_ints("nodes_truenodeids", t.yes);
  p.attribute.push_back(make_attribute("post_transform", int64_t{0}));
  put(p, "tree_roots", t.roots);
}

// Nodes are numbered within their tree, leaves among them; a leaf may have any number of weights.
void write_regressor(NodeWriter& w, const Node& n) {
  const auto& op = *n.as<ml::TreeEnsemble>();
  const Forest& f = op.forest;
  bool wide = w.graph().type(n.inputs[0]).tensor()->dtype == DType::f64;
  constexpr std::string_view kModes[] = {"LEAF",       "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                         "BRANCH_GT",  "BRANCH_EQ",  "BRANCH_NEQ"};
  std::vector<int64_t> feature, node_id, tree_id, yes, no, missing, targets, target_node, target_tree;
  std::vector<double> split, weight;
  std::vector<Text> modes;
  for (auto* v : {&feature, &node_id, &tree_id, &yes, &no, &missing}) v->reserve(f.nodes());
  split.reserve(f.nodes());
  modes.reserve(f.nodes());
  int64_t tree = 0;
  for (uint32_t root : f.roots) {
    size_t first = node_id.size();
    preorder(
        f, root,
        [&](uint32_t node) {
          size_t number = node_id.size() - first;
          bool leaf = f.is_leaf(node);
          feature.push_back(leaf ? 0 : int64_t{f.feature[node]});
          node_id.push_back(static_cast<int64_t>(number));
          tree_id.push_back(tree);
          yes.push_back(0);
          no.push_back(0);
          missing.push_back(!leaf && missing_yes(f, node));
          split.push_back(leaf ? 0 : f.threshold[node]);
          modes.push_back(Text::view(kModes[static_cast<size_t>(mode_of(f, node))]));
          if (!leaf) return number;
          Range range = weights_of(f, f.yes[node]);
          for (uint32_t i = range.begin; i < range.end; ++i) {
            targets.push_back(int64_t{target_of(f, i)});
            target_node.push_back(static_cast<int64_t>(number));
            target_tree.push_back(tree);
            weight.push_back(f.leaf_weight[i]);
          }
          return number;
        },
        [&](size_t parent, bool is_yes, uint32_t, size_t number) {
          (is_yes ? yes : no)[first + parent] = static_cast<int64_t>(number);
        });
    ++tree;
  }
  NodeProto& p = w.node("TreeEnsembleRegressor", w.inputs(n), w.outputs(n), kMl);
  auto numbers = [&](std::string name, std::vector<double> v) {
    if (wide) {
      put(p, name + "_as_tensor", Tensor::vector(std::move(v)));
    } else {
      p.attribute.push_back(make_attribute(name, std::vector<float>(v.begin(), v.end())));
    }
  };
  constexpr std::string_view kAggregate[] = {"SUM", "AVERAGE", "MIN", "MAX"};
  p.attribute.push_back(
      make_attribute("aggregate_function", kAggregate[static_cast<size_t>(op.aggregate)]));
  p.attribute.push_back(make_attribute("n_targets", op.targets));
  put(p, "nodes_falsenodeids", no);
  put(p, "nodes_featureids", feature);
  put(p, "nodes_missing_value_tracks_true", missing);
  p.attribute.push_back(make_attribute("nodes_modes", std::move(modes)));
  put(p, "nodes_nodeids", node_id);
  put(p, "nodes_treeids", tree_id);
  put(p, "nodes_truenodeids", yes);
  numbers("nodes_values", std::move(split));
  p.attribute.push_back(make_attribute("post_transform", "NONE"));
  put(p, "target_ids", targets);
  put(p, "target_nodeids", target_node);
  put(p, "target_treeids", target_tree);
  numbers("target_weights", std::move(weight));
}

}  // namespace

Support check_trees(const Node& n, const Graph& g, int opset) {
  const auto& op = *n.as<ml::TreeEnsemble>();
  const TensorType* x = g.type(n.inputs[0]).tensor();
  if (x == nullptr) return Support::no("an input that is no tensor");
  if (op.aggregate == ml::Aggregate::mean) return Support::no("a mean of trees");
  if (op.forest.roots.empty() && op.base.empty()) return Support::no("no trees");
  int64_t version = release_of(opset).ai_onnx_ml;
  return version >= 5 ? check_ensemble(op, x->dtype) : check_regressor(op, x->dtype, version);
}

void write_trees(NodeWriter& w, const Node& n) {
  return release_of(w.opset()).ai_onnx_ml >= 5 ? write_ensemble(w, n) : write_regressor(w, n);
}

}  // namespace panmodel::onnx
