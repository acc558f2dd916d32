// The ml dialect in ai.onnx.ml.
#include <algorithm>
#include <limits>

#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/write_nodes.h"
#include "ir/ops/encode.h"
#include "ir/ops/tree.h"

namespace panmodel::onnx {
namespace {

constexpr std::string_view kMl = "ai.onnx.ml";

std::string tensor_dtype(const Graph& g, ValueId v) {
  const TensorType* t = g.type(v).tensor();
  return t ? std::string(to_string(t->dtype)) : std::string();
}

// TreeEnsemble (ai.onnx.ml 5) in the making. Each leaf holds one weight for one target, so a tree
// with leaves of several weights is written once per target.
class Trees {
 public:
  Trees(const ml::TreeEnsemble& op) : op_(op), f_(op.forest) {}

  void base() {
    for (size_t t = 0; t < op_.base.size(); ++t) {
      // One node whose branches are the same leaf: the sum starts from the base.
      int64_t leaf = add_leaf(static_cast<int64_t>(t), op_.base[t]);
      roots.push_back(static_cast<int64_t>(feature.size()));
      add_split(0, 0, 0, false);
      yes.back() = no.back() = leaf;
      yes_leaf.back() = no_leaf.back() = 1;
    }
  }

  void tree(uint32_t root) {
    uint32_t most = 1;
    bool one_target = true;
    std::vector<uint32_t> stack{root};
    uint32_t target = UINT32_MAX;
    while (!stack.empty()) {
      uint32_t i = stack.back();
      stack.pop_back();
      if (!f_.is_leaf(i)) {
        stack.push_back(f_.no[i]);
        stack.push_back(f_.yes[i]);
        continue;
      }
      auto [begin, end] = weights(f_.yes[i]);
      most = std::max(most, end - begin);
      for (uint32_t w = begin; w < end; ++w) {
        one_target = one_target && (target == UINT32_MAX || target == target_of(w));
        target = target_of(w);
      }
    }
    if (most <= 1 && one_target) {
      copy(root, target == UINT32_MAX ? 0 : static_cast<int64_t>(target));
      return;
    }
    for (int64_t t = 0; t < op_.targets; ++t) copy(root, t);
  }

  std::vector<int64_t> feature, mode, yes, no, yes_leaf, no_leaf, missing, roots, leaf_target;
  std::vector<double> split, leaf_weight, members;
  bool any_member = false;

 private:
  std::pair<uint32_t, uint32_t> weights(uint32_t leaf) const {
    if (f_.leaf_begin.empty()) return {leaf, leaf + 1};
    return {f_.leaf_begin[leaf], f_.leaf_begin[leaf + 1]};
  }
  uint32_t target_of(uint32_t weight) const {
    return f_.leaf_target.empty() ? 0 : f_.leaf_target[weight];
  }
  int64_t add_leaf(int64_t target, double weight) {
    leaf_target.push_back(target);
    leaf_weight.push_back(weight);
    return static_cast<int64_t>(leaf_weight.size() - 1);
  }
  void add_split(int64_t f, int64_t m, double t, bool missing_yes) {
    feature.push_back(f);
    mode.push_back(m);
    split.push_back(t);
    missing.push_back(missing_yes);
    for (auto* v : {&yes, &no, &yes_leaf, &no_leaf}) v->push_back(0);
  }
  double weight_for(uint32_t leaf, int64_t target) const {
    auto [begin, end] = weights(leaf);
    double sum = 0;
    for (uint32_t w = begin; w < end; ++w) {
      if (target_of(w) == static_cast<uint32_t>(target)) sum += f_.leaf_weight[w];
    }
    return sum;
  }
  // Modes of the operator: LEQ 0, LT 1, GTE 2, GT 3, EQ 4, NEQ 5, MEMBER 6.
  static int64_t mode_of(NodeMode m) { return static_cast<int64_t>(m) - 1; }

  void copy(uint32_t root, int64_t target) {
    roots.push_back(static_cast<int64_t>(feature.size()));
    if (f_.is_leaf(root)) {
      int64_t leaf = add_leaf(target, weight_for(f_.yes[root], target));
      add_split(0, 0, 0, false);
      yes.back() = no.back() = leaf;
      yes_leaf.back() = no_leaf.back() = 1;
      return;
    }
    struct Todo {
      uint32_t node;
      size_t parent;
      bool is_yes;
    };
    std::vector<Todo> stack{{root, SIZE_MAX, false}};
    while (!stack.empty()) {
      Todo todo = stack.back();
      stack.pop_back();
      bool leaf = f_.is_leaf(todo.node);
      int64_t place;
      if (leaf) {
        place = add_leaf(target, weight_for(f_.yes[todo.node], target));
      } else {
        place = static_cast<int64_t>(feature.size());
        NodeMode m = f_.node_mode(todo.node);
        bool member = m == NodeMode::member;
        add_split(f_.feature[todo.node], mode_of(m), member ? 0 : f_.threshold[todo.node],
                  f_.missing_yes(todo.node));
        if (member) {
          any_member = true;
          size_t set = static_cast<size_t>(f_.threshold[todo.node]);
          for (uint32_t s = f_.set_begin[set]; s < f_.set_begin[set + 1]; ++s) {
            members.push_back(f_.set_value[s]);
          }
          members.push_back(std::numeric_limits<double>::quiet_NaN());
        }
        size_t self = static_cast<size_t>(place);
        stack.push_back({f_.no[todo.node], self, false});
        stack.push_back({f_.yes[todo.node], self, true});
      }
      if (todo.parent == SIZE_MAX) continue;
      (todo.is_yes ? yes : no)[todo.parent] = place;
      (todo.is_yes ? yes_leaf : no_leaf)[todo.parent] = leaf;
    }
  }

  const ml::TreeEnsemble& op_;
  const Forest& f_;
};

Tensor reals(DType dtype, const std::vector<double>& v) {
  if (dtype == DType::f64) return Tensor::vector(v);
  return Tensor::vector(std::vector<float>(v.begin(), v.end()));
}

}  // namespace

Support check_trees(const Node& n, const Graph& g, int opset) {
  const auto& op = *n.as<ml::TreeEnsemble>();
  if (opset < 21) return Support::no("exact trees need ai.onnx.ml 5, which comes with opset 21");
  if (op.aggregate == ml::Aggregate::mean) return Support::no("a mean of trees");
  if (tensor_dtype(g, n.inputs[0]) != to_string(op.accumulate)) {
    return Support::no("X and the sums of the trees have different types");
  }
  bool plain_base = op.base.empty() || (!op.base_last && op.aggregate == ml::Aggregate::sum);
  if (!plain_base) return Support::no("a base that is not the start of a sum");
  if (op.forest.roots.empty() && op.base.empty()) return Support::no("no trees");
  return Support::yes();
}

void write_trees(NodeWriter& w, const Node& n) {
  const auto& op = *n.as<ml::TreeEnsemble>();
  Trees t(op);
  t.base();
  for (uint32_t root : op.forest.roots) t.tree(root);
  NodeProto& p = w.node("TreeEnsemble", w.inputs(n), w.outputs(n), kMl);
  auto ints = [&](std::string_view name, std::vector<int64_t>& v) {
    p.attribute.push_back(make_attribute(name, std::move(v)));
  };
  auto tensor = [&](std::string_view name, const Tensor& v) {
    p.attribute.push_back(make_attribute(name, to_proto(name, v)));
  };
  constexpr int64_t kAggregate[] = {1, 0, 2, 3};  // sum, mean, min, max
  std::vector<uint8_t> modes(t.mode.begin(), t.mode.end());
  Shape count{static_cast<int64_t>(modes.size())};
  p.attribute.push_back(
      make_attribute("aggregate_function", kAggregate[static_cast<size_t>(op.aggregate)]));
  ints("leaf_targetids", t.leaf_target);
  tensor("leaf_weights", reals(op.accumulate, t.leaf_weight));
  if (t.any_member) tensor("membership_values", reals(op.accumulate, t.members));
  p.attribute.push_back(make_attribute("n_targets", op.targets));
  ints("nodes_falseleafs", t.no_leaf);
  ints("nodes_falsenodeids", t.no);
  ints("nodes_featureids", t.feature);
  ints("nodes_missing_value_tracks_true", t.missing);
  tensor("nodes_modes", Tensor::of(count, std::move(modes)));
  tensor("nodes_splits", reals(op.accumulate, t.split));
  ints("nodes_trueleafs", t.yes_leaf);
  ints("nodes_truenodeids", t.yes);
  p.attribute.push_back(make_attribute("post_transform", int64_t{0}));
  ints("tree_roots", t.roots);
}

Support check_label_map(const Node& n, const Graph& g, int opset) {
  const auto& op = *n.as<ml::LabelMap>();
  if (op.missing_value || g.type(n.inputs[0]).column() != nullptr) {
    return Support::no("missing cells apart from values");
  }
  if (!op.fallback) return Support::no("it refuses unknown values, which ONNX cannot");
  if (opset < 21) return Support::no("tables of doubles need ai.onnx.ml 4, which comes with opset 21");
  auto plain = [](DType d) {
    return d == DType::string || d == DType::i64 || d == DType::f64 || d == DType::f32;
  };
  if (!plain(op.keys.dtype()) || !plain(op.values.dtype())) {
    return Support::no("a table from " + std::string(to_string(op.keys.dtype())) + " to " +
                       std::string(to_string(op.values.dtype())));
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
  NodeProto& p = w.node("LabelEncoder", w.inputs(n), w.outputs(n), kMl);
  auto tensor = [&](std::string_view name, const Tensor& v) {
    p.attribute.push_back(make_attribute(name, to_proto(name, v)));
  };
  tensor("default_tensor", op.fallback->reshaped({1}));
  tensor("keys_tensor", op.keys);
  tensor("values_tensor", op.values);
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
  std::vector<Text> texts;
  for (const std::string& s : keys.as<std::string>()) texts.emplace_back(s);
  p.attribute.push_back(make_attribute("classlabels_strings", std::move(texts)));
}

}  // namespace panmodel::onnx
