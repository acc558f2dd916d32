// Tree ensembles: TreeEnsemble (5), TreeEnsembleClassifier and TreeEnsembleRegressor (1, 3). What
// the specification leaves open is decided as onnxruntime 1.32 computes it.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "formats/onnx/read_ml.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"
#include "ir/ops/tree.h"

namespace panmodel::onnx {
namespace {

// NaN fails every comparison but `!=`, unless the node sends missing values to its true branch.
bool missing_to_yes(NodeMode mode, bool tracks_true) { return tracks_true || mode == NodeMode::neq; }

DType sum_type(const NodeReader& r, ValueId x) { return r.builder.type(x).tensor()->dtype; }

// Leaves that all have exactly one weight need no ranges; one target needs no target list.
void compact(Forest& f) {
  bool one_each = f.leaf_begin.size() == f.leaf_weight.size() + 1;
  for (size_t i = 0; one_each && i < f.leaf_begin.size(); ++i) one_each = f.leaf_begin[i] == i;
  if (one_each) f.leaf_begin.clear();
  auto zero = [](uint32_t t) { return t == 0; };
  if (std::all_of(f.leaf_target.begin(), f.leaf_target.end(), zero)) f.leaf_target.clear();
}

// ---- TreeEnsembleClassifier and TreeEnsembleRegressor.

// Attributes "nodes_*" and the leaf weights "<prefix>_*" as a forest.
class NodeLists {
 public:
  NodeLists(const NodeReader& r, std::string_view prefix) : r_(r), prefix_(prefix) {
    tree_ = r.integers("nodes_treeids");
    size_t n = tree_.size();
    node_ = sized(r.integers("nodes_nodeids"), "nodes_nodeids", n);
    feature_ = sized(r.integers("nodes_featureids"), "nodes_featureids", n);
    yes_ = sized(r.integers("nodes_truenodeids"), "nodes_truenodeids", n);
    no_ = sized(r.integers("nodes_falsenodeids"), "nodes_falsenodeids", n);
    value_ = sized(r.reals("nodes_values"), "nodes_values", n);
    missing_ = r.integers("nodes_missing_value_tracks_true");
    if (!missing_.empty()) missing_ = sized(std::move(missing_), "nodes_missing_value_tracks_true", n);
    read_modes(n);
    index_nodes(n);
  }

  Forest forest(int64_t targets) {
    add_nodes();
    add_roots();
    add_weights(targets);
    return std::move(f_);
  }
  const std::vector<int64_t>& weight_targets() const { return targets_; }
  const std::vector<double>& weights() const { return weights_; }

 private:
  template <class T>
  std::vector<T> sized(std::vector<T> v, std::string_view name, size_t n) const {
    if (v.size() != n) {
      fail(r_.loc, "onnx-node", "attribute '{}' has {} entries, expected {}", name, v.size(), n);
    }
    return v;
  }
  std::string weight_name(std::string_view what) const {
    return fmt::format("{}_{}", prefix_, what);
  }

  void read_modes(size_t n) {
    constexpr std::pair<std::string_view, NodeMode> kModes[] = {
        {"LEAF", NodeMode::leaf},        {"BRANCH_LEQ", NodeMode::leq},
        {"BRANCH_LT", NodeMode::lt},     {"BRANCH_GTE", NodeMode::geq},
        {"BRANCH_GT", NodeMode::gt},     {"BRANCH_EQ", NodeMode::eq},
        {"BRANCH_NEQ", NodeMode::neq}};
    const AttributeProto* a = find_attribute(r_.proto, "nodes_modes");
    size_t given = a ? a->strings.size() : 0;
    if (given != n) {
      fail(r_.loc, "onnx-node", "attribute 'nodes_modes' has {} entries, expected {}", given, n);
    }
    for (const Text& t : a->strings) {
      auto known = std::find_if(std::begin(kModes), std::end(kModes),
                                [&](const auto& mode) { return mode.first == t.get(); });
      if (known == std::end(kModes)) {
        r_.refuse(fmt::format("nodes_modes[{}]", modes_.size()), "a mode of a node", t.str());
      }
      modes_.push_back(known->second);
    }
  }

  struct KeyHash {
    size_t operator()(const std::pair<int64_t, int64_t>& k) const {
      return static_cast<size_t>(k.first) * 0x9e3779b97f4a7c15u + static_cast<size_t>(k.second);
    }
  };
  void index_nodes(size_t n) {
    places_.reserve(n);
    for (size_t i = 0; i < n; ++i) {
      if (!places_.emplace(std::pair(tree_[i], node_[i]), static_cast<uint32_t>(i)).second) {
        fail(r_.loc, "onnx-node", "node {} of tree {} is given twice", node_[i], tree_[i]);
      }
    }
  }
  uint32_t place(int64_t tree, int64_t node, std::string_view what) const {
    auto at = places_.find({tree, node});
    if (at == places_.end()) {
      fail(r_.loc, "onnx-node", "{} names node {} of tree {}, which does not exist", what, node, tree);
    }
    return at->second;
  }

  void add_nodes() {
    parents_.assign(tree_.size(), 0);
    f_.reserve(tree_.size(), tree_.size());
    uint32_t leaves = 0;
    for (size_t i = 0; i < tree_.size(); ++i) {
      if (modes_[i] == NodeMode::leaf) {
        f_.add_node(NodeMode::leaf, 0, 0, leaves++, 0, false);
        continue;
      }
      if (feature_[i] < 0 || feature_[i] > INT32_MAX) {
        fail(r_.loc, "onnx-node", "node {} of tree {} tests feature {}", node_[i], tree_[i], feature_[i]);
      }
      uint32_t yes = place(tree_[i], yes_[i], "nodes_truenodeids");
      uint32_t no = place(tree_[i], no_[i], "nodes_falsenodeids");
      parents_[yes] = parents_[no] = 1;
      bool tracks = !missing_.empty() && missing_[i] != 0;
      f_.add_node(modes_[i], static_cast<uint32_t>(feature_[i]), value_[i], yes, no,
                  missing_to_yes(modes_[i], tracks));
    }
    leaves_ = leaves;
  }

  // One root per tree: its first node that is nobody's child; trees in the order of the list.
  void add_roots() {
    std::unordered_map<int64_t, size_t> trees;
    for (size_t i = 0; i < tree_.size(); ++i) {
      auto [at, fresh] = trees.emplace(tree_[i], f_.roots.size());
      if (fresh) f_.roots.push_back(UINT32_MAX);
      uint32_t& root = f_.roots[at->second];
      if (root == UINT32_MAX && parents_[i] == 0) root = static_cast<uint32_t>(i);
    }
    for (uint32_t root : f_.roots) {
      if (root == UINT32_MAX) fail(r_.loc, "onnx-node", "a tree has no root: each node is a child");
    }
  }

  void add_weights(int64_t targets) {
    std::vector<int64_t> tree = r_.integers(weight_name("treeids"));
    size_t n = tree.size();
    auto node = sized(r_.integers(weight_name("nodeids")), weight_name("nodeids"), n);
    auto target = sized(r_.integers(weight_name("ids")), weight_name("ids"), n);
    auto weight = sized(r_.reals(weight_name("weights")), weight_name("weights"), n);
    std::vector<uint32_t> leaf(n, UINT32_MAX);
    f_.leaf_begin.assign(leaves_ + 1, 0);
    size_t ignored = 0;
    for (size_t i = 0; i < n; ++i) {
      uint32_t at = place(tree[i], node[i], weight_name("nodeids"));
      if (!f_.is_leaf(at)) {
        ++ignored;
        continue;
      }
      if (target[i] < 0 || target[i] >= targets) {
        fail(r_.loc, "onnx-node", "weight {} goes to '{}' {}, expected less than {}", i,
             weight_name("ids"), target[i], targets);
      }
      leaf[i] = f_.yes[at];
      ++f_.leaf_begin[leaf[i] + 1];
    }
    if (ignored > 0) {
      r_.out.report(Severity::note, r_.loc, "onnx-ignored",
                    "{} weights belong to nodes that are no leaves; onnxruntime ignores them too",
                    ignored);
    }
    for (size_t l = 0; l < leaves_; ++l) f_.leaf_begin[l + 1] += f_.leaf_begin[l];
    f_.leaf_target.assign(n - ignored, 0);
    f_.leaf_weight.assign(n - ignored, 0);
    std::vector<uint32_t> next(f_.leaf_begin.begin(), f_.leaf_begin.end() - 1);
    for (size_t i = 0; i < n; ++i) {
      if (leaf[i] == UINT32_MAX) continue;
      uint32_t to = next[leaf[i]]++;
      f_.leaf_target[to] = static_cast<uint32_t>(target[i]);
      f_.leaf_weight[to] = weight[i];
    }
    targets_ = std::move(target);
    weights_ = std::move(weight);
  }

  const NodeReader& r_;
  std::string_view prefix_;
  std::vector<int64_t> tree_, node_, feature_, yes_, no_, missing_, targets_;
  std::vector<double> value_, weights_;
  std::vector<NodeMode> modes_;
  std::unordered_map<std::pair<int64_t, int64_t>, uint32_t, KeyHash> places_;
  std::vector<uint8_t> parents_;
  uint32_t leaves_ = 0;
  Forest f_;
};

ml::TreeEnsemble ensemble(Forest forest, int64_t targets, DType accumulate) {
  compact(forest);
  ml::TreeEnsemble op;
  op.forest = std::move(forest);
  op.targets = targets;
  op.accumulate = accumulate;
  op.base_last = true;
  return op;
}

ValueId to_float(NodeReader& r, ValueId v) {
  if (sum_type(r, v) == DType::f32) return v;
  return r.builder.add(tensor::Cast{DType::f32}, {v});
}

ValueId gather_columns(NodeReader& r, ValueId scores, std::vector<int64_t> columns) {
  return r.builder.add(tensor::Gather{1}, {scores, r.builder.constant(Tensor::vector(std::move(columns)))});
}

// For each target: whether every row gets a weight for it, because some tree has it in each leaf
// (`always`), or none does (`never`).
struct Coverage {
  std::vector<bool> always, never;
};
Coverage coverage_of(const Forest& f, int64_t targets) {
  size_t k = static_cast<size_t>(targets);
  Coverage c{std::vector<bool>(k, false), std::vector<bool>(k, true)};
  std::vector<uint32_t> stack;
  std::vector<size_t> hits(k);
  std::vector<uint8_t> seen(f.nodes(), 0);
  for (uint32_t root : f.roots) {
    std::fill(hits.begin(), hits.end(), 0);
    size_t leaves = 0;
    stack.push_back(root);
    while (!stack.empty()) {
      uint32_t i = stack.back();
      stack.pop_back();
      if (std::exchange(seen[i], uint8_t{1}) != 0) continue;
      if (!f.is_leaf(i)) {
        stack.push_back(f.yes[i]);
        stack.push_back(f.no[i]);
        continue;
      }
      ++leaves;
      std::vector<uint32_t> here(f.leaf_target.begin() + f.leaf_begin[f.yes[i]],
                                 f.leaf_target.begin() + f.leaf_begin[f.yes[i] + 1]);
      std::sort(here.begin(), here.end());
      here.erase(std::unique(here.begin(), here.end()), here.end());
      for (uint32_t t : here) ++hits[t];
    }
    for (size_t t = 0; t < k; ++t) {
      if (hits[t] > 0) c.never[t] = false;
      if (hits[t] == leaves) c.always[t] = true;
    }
  }
  return c;
}

}  // namespace

Values read_tree_regressor(NodeReader& r) {
  ValueId x = real_matrix(r);
  int64_t targets = r.integer("n_targets", 1);
  if (targets < 1 || targets > INT32_MAX) r.refuse("n_targets", "1 or more", targets);
  ml::TreeEnsemble op = ensemble(NodeLists(r, "target").forest(targets), targets, sum_type(r, x));
  constexpr std::pair<std::string_view, ml::Aggregate> kAggregates[] = {
      {"SUM", ml::Aggregate::sum},
      {"AVERAGE", ml::Aggregate::mean},
      {"MIN", ml::Aggregate::min},
      {"MAX", ml::Aggregate::max}};
  std::string name = r.text("aggregate_function", "SUM");
  bool known = false;
  for (auto [text, aggregate] : kAggregates) {
    if (name != text) continue;
    op.aggregate = aggregate;
    known = true;
  }
  if (!known) r.refuse("aggregate_function", "SUM, AVERAGE, MIN or MAX", name);
  op.base = r.reals("base_values");
  if (!op.base.empty() && op.base.size() != static_cast<size_t>(targets)) {
    fail(r.loc, "onnx-node", "{} base values for {} targets", op.base.size(), targets);
  }
  PostTransform transform = post_transform_of(r);
  ValueId y = to_float(r, r.builder.add(std::move(op), {x}));
  // onnxruntime transforms a single target by PROBIT only.
  if (targets == 1 && transform != PostTransform::probit) return {y};
  return {post_transform(r, transform, y)};
}

Values read_tree_classifier(NodeReader& r) {
  ValueId x = real_matrix(r);
  Tensor labels = class_labels(r, "classlabels_int64s");
  int64_t classes = static_cast<int64_t>(labels.size());
  if (classes == 0) fail(r.loc, "onnx-node", "TreeEnsembleClassifier has no class labels");
  PostTransform transform = post_transform_of(r);
  NodeLists lists(r, "class");
  Forest forest = lists.forest(classes);
  std::vector<double> base = r.reals("base_values");
  DType type = sum_type(r, x);
  Coverage cover = coverage_of(forest, classes);
  auto all = [](const std::vector<bool>& v) { return std::find(v.begin(), v.end(), false) == v.end(); };

  if (classes == 1) {
    if (!base.empty()) r.unsupported("base values of a single class");
    ValueId score = r.builder.add(ensemble(std::move(forest), 1, type), {x});
    // onnxruntime chooses between the numbers 1 and 0, whatever the label is called.
    if (labels.dtype() == DType::string) r.unsupported("a single class with a text as its label");
    Tensor pair = Tensor::vector(std::vector<int64_t>{0, 1});
    ValueId label = r.builder.add(ml::Labels{pair, ml::LabelRule::above, 0}, {score});
    return {label, to_float(r, score)};
  }

  // Two classes and weights for one of them only. For the first one: one sum per row, which decides
  // between both; for the second: a second column beside zeros.
  const auto& ids = lists.weight_targets();
  bool one_class = classes == 2 && !ids.empty() && cover.always[static_cast<size_t>(ids[0])] &&
                   std::adjacent_find(ids.begin(), ids.end(), std::not_equal_to<>()) == ids.end();
  if (one_class) {
    bool positive = std::all_of(lists.weights().begin(), lists.weights().end(),
                                [](double w) { return w >= 0; });
    ml::Labels choice{labels, ml::LabelRule::above, positive ? 0.5 : 0.0};
    if (ids[0] == 1) {
      if (!base.empty()) r.unsupported("base values beside weights of the second class only");
      ValueId scores = r.builder.add(ensemble(std::move(forest), 2, type), {x});
      ValueId label = r.builder.add(std::move(choice), {gather_columns(r, scores, {1})});
      return {label, post_transform(r, transform, to_float(r, scores))};
    }
    if (base.size() > 1) r.unsupported("two base values for two classes with one score");
    if (transform == PostTransform::probit) r.unsupported("PROBIT of two classes with one score");
    ml::TreeEnsemble op = ensemble(std::move(forest), 1, type);
    op.base = base;
    ValueId score = r.builder.add(std::move(op), {x});
    ValueId label = r.builder.add(std::move(choice), {score});
    bool logistic = transform == PostTransform::logistic;
    if (positive && !logistic) return {label, to_float(r, complemented(r, score))};
    return {label, mirrored(r, to_float(r, score), logistic)};
  }

  bool covered = true;
  for (size_t k = 0; k < labels.size(); ++k) covered = covered && (cover.always[k] || cover.never[k]);
  if (!base.empty() && base.size() != labels.size()) {
    r.unsupported(fmt::format("{} base values for {} classes", base.size(), classes));
  }
  if (classes == 2 && !base.empty()) r.unsupported("base values of two classes with two scores");
  if (base.empty() && (!covered || (classes == 2 && !all(cover.always)))) {
    r.unsupported("leaves that give some classes a weight on some rows only");
  }
  ml::TreeEnsemble op = ensemble(std::move(forest), classes, type);
  op.base = base;
  ValueId scores = r.builder.add(std::move(op), {x});
  ValueId label;
  if (classes == 2) {
    // onnxruntime gives the numbers 0 and 1 here, whatever the integer labels are.
    Tensor pair = labels.dtype() == DType::string ? labels : Tensor::vector(std::vector<int64_t>{0, 1});
    if (!pair.same_bits(labels)) {
      r.out.report(Severity::warning, r.loc, "onnx-ignored",
                   "onnxruntime labels two classes with two scores 0 and 1, not {} and {}",
                   labels.integer(0), labels.integer(1));
    }
    ValueId second = gather_columns(r, scores, {1});
    label = r.builder.add(ml::Labels{pair, ml::LabelRule::above, 0}, {second});
  } else {
    // A class without any weight is never chosen.
    std::vector<int64_t> chosen;
    for (size_t k = 0; k < labels.size(); ++k) {
      if (!base.empty() || !cover.never[k]) chosen.push_back(static_cast<int64_t>(k));
    }
    ml::Labels choice{labels, ml::LabelRule::argmax, 0};
    ValueId among = scores;
    if (chosen.size() < labels.size()) {
      choice.classes = select(labels, chosen);
      among = gather_columns(r, scores, chosen);
    }
    label = r.builder.add(std::move(choice), {among});
  }
  return {label, post_transform(r, transform, to_float(r, scores))};
}

// ---- TreeEnsemble, ai.onnx.ml 5.

Values read_trees(NodeReader& r) {
  auto need = [&](std::string_view name, size_t size) {
    std::span<const int64_t> v = r.integer_view(name);
    if (v.size() != size) {
      fail(r.loc, "onnx-node", "attribute '{}' has {} entries, expected {}", name, v.size(), size);
    }
    return v;
  };
  auto splits = r.tensor("nodes_splits");
  auto modes = r.tensor("nodes_modes");
  auto weights = r.tensor("leaf_weights");
  if (!splits || !modes || !weights) fail(r.loc, "onnx-node", "TreeEnsemble lacks its tensors");
  size_t n = splits->size();
  if (modes->size() != n || byte_size(modes->dtype()) != 1) {
    fail(r.loc, "onnx-node", "{} modes for {} nodes", modes->size(), n);
  }
  auto feature = need("nodes_featureids", n), yes = need("nodes_truenodeids", n),
       no = need("nodes_falsenodeids", n), yes_leaf = need("nodes_trueleafs", n),
       no_leaf = need("nodes_falseleafs", n), targets = need("leaf_targetids", weights->size());
  auto missing = r.integer_view("nodes_missing_value_tracks_true");
  if (!missing.empty()) missing = need("nodes_missing_value_tracks_true", n);
  std::vector<double> members;
  if (auto m = r.tensor("membership_values")) members = m->reals();

  ml::TreeEnsemble op;
  op.targets = r.integer("n_targets", 1);
  op.accumulate = weights->dtype() == DType::f64 ? DType::f64 : DType::f32;
  constexpr ml::Aggregate kAggregate[] = {ml::Aggregate::mean, ml::Aggregate::sum, ml::Aggregate::min,
                                          ml::Aggregate::max};
  int64_t aggregate = r.integer("aggregate_function", 1);
  if (aggregate < 0 || aggregate > 3) fail(r.loc, "onnx-node", "aggregate_function {}", aggregate);
  op.aggregate = kAggregate[aggregate];
  constexpr PostTransform kTransforms[] = {PostTransform::none, PostTransform::softmax,
                                           PostTransform::logistic, PostTransform::softmax_zero,
                                           PostTransform::probit};
  int64_t transform = r.integer("post_transform", 0);
  if (transform < 0 || transform > 4) fail(r.loc, "onnx-node", "post_transform {}", transform);
  Forest& f = op.forest;
  size_t next_member = 0;
  size_t leaves = weights->size();
  // Nodes first, then one leaf node per leaf.
  f.mode.resize(n + leaves);
  for (auto* v : {&f.feature, &f.yes, &f.no}) v->resize(n + leaves);
  f.threshold.resize(n + leaves);
  auto mode_numbers = modes->as<uint8_t>();
  for (size_t i = 0; i < n; ++i) {
    uint8_t number = mode_numbers[i];
    if (number > 6) fail(r.loc, "onnx-node", "node {} has mode {}", i, number);
    // BRANCH_LEQ, LT, GTE, GT, EQ, NEQ, MEMBER: the order of NodeMode after leaf.
    auto mode = static_cast<NodeMode>(number + 1);
    double split = splits->real(i);
    if (mode == NodeMode::member) {
      if (f.set_begin.empty()) f.set_begin.push_back(0);
      split = static_cast<double>(f.set_begin.size() - 1);
      while (next_member < members.size() && !std::isnan(members[next_member])) {
        f.set_value.push_back(members[next_member++]);
      }
      ++next_member;
      f.set_begin.push_back(static_cast<uint32_t>(f.set_value.size()));
    }
    auto child = [&](int64_t id, int64_t leaf) {
      size_t limit = leaf ? leaves : n;
      if (id < 0 || static_cast<size_t>(id) >= limit) {
        fail(r.loc, "onnx-node", "node {} has child {}, expected less than {}", i, id, limit);
      }
      return static_cast<uint32_t>(leaf ? static_cast<size_t>(id) + n : static_cast<size_t>(id));
    };
    if (feature[i] < 0 || feature[i] > INT32_MAX) {
      fail(r.loc, "onnx-node", "node {} tests feature {}", i, feature[i]);
    }
    bool tracks = !missing.empty() && missing[i] != 0;
    f.mode[i] = static_cast<uint8_t>(static_cast<uint8_t>(mode) |
                                     (missing_to_yes(mode, tracks) ? Forest::kMissingYes : 0));
    f.feature[i] = static_cast<uint32_t>(feature[i]);
    f.threshold[i] = split;
    f.yes[i] = child(yes[i], yes_leaf[i]);
    f.no[i] = child(no[i], no_leaf[i]);
  }
  std::iota(f.yes.begin() + static_cast<ptrdiff_t>(n), f.yes.end(), 0U);
  for (size_t i = 0; i < leaves; ++i) {
    if (targets[i] < 0 || targets[i] >= op.targets) {
      fail(r.loc, "onnx-node", "leaf {} adds to target {} of {}", i, targets[i], op.targets);
    }
  }
  if (op.targets > 1) f.leaf_target.assign(targets.begin(), targets.end());
  f.leaf_weight = weights->reals();
  for (int64_t root : r.integer_view("tree_roots")) {
    if (root < 0 || static_cast<size_t>(root) >= n) {
      fail(r.loc, "onnx-node", "tree root {} of {} nodes", root, n);
    }
    f.roots.push_back(static_cast<uint32_t>(root));
  }
  compact(f);
  PostTransform after = kTransforms[transform];
  bool one = op.targets == 1 && after != PostTransform::probit;
  ValueId y = r.builder.add(std::move(op), {r.in(0)});
  return {one ? y : post_transform(r, after, y)};
}

}  // namespace panmodel::onnx
