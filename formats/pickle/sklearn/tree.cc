// Decision trees, and forests that average them. X is compared as float32 with float64 thresholds.
#include "formats/pickle/sklearn/tree.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "formats/pickle/sklearn/families.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"
#include "ir/ops/tree.h"

namespace panmodel::pickle::sklearn {
namespace {

// Bytes of a node record at least: before scikit-learn 1.3, which added a field.
constexpr size_t kNodeBytes = 56;

struct NodeLayout {
  const std::byte* data;
  size_t stride, left, right, feature, threshold, samples;
  size_t missing;  // SIZE_MAX when the release had no such field
  size_t count;
};

NodeLayout layout_of(const PyCursor& nodes) {
  const Array& a = nodes.array();
  if (nodes.dtype_kind() != 'V' || a.fortran) {
    nodes.refuse("sklearn-tree", "the nodes are {}, expected records", nodes.describe());
  }
  NodeLayout l{};
  l.data = a.data.data();
  l.stride = a.dtype->itemsize;
  l.count = a.count;
  l.left = record_field(nodes, "left_child", 'i', 8);
  l.right = record_field(nodes, "right_child", 'i', 8);
  l.feature = record_field(nodes, "feature", 'i', 8);
  l.threshold = record_field(nodes, "threshold", 'f', 8);
  l.samples = record_field(nodes, "n_node_samples", 'i', 8);
  l.missing = nodes.has_field("missing_go_to_left")
                  ? record_field(nodes, "missing_go_to_left", 'u', 1)
                  : SIZE_MAX;
  return l;
}

// What the estimator says about its outputs and classes.
struct Targets {
  size_t outputs = 1;
  std::vector<Tensor> classes;  // per output; empty for regressors
  size_t widest = 1;
};

Targets targets_of(const PyCursor& self, bool classifier) {
  Targets t;
  if (auto n = self.find("n_outputs_")) t.outputs = n->as_size(100000);
  if (!classifier) return t;
  PyCursor classes = self.attr("classes_");
  if (t.outputs == 1) {
    t.classes.push_back(labels_of(classes));
  } else {
    for (size_t i = 0; i < t.outputs; ++i) {
      t.classes.push_back(labels_of(classes.is_array() ? classes.element(i) : classes.at(i)));
    }
  }
  for (const Tensor& c : t.classes) t.widest = std::max(t.widest, c.size());
  return t;
}

// Leaf weights: for classifiers the class fractions of every output, for regressors the values.
// Before 1.4 the leaves of classifiers hold weighted counts of samples.
LeafFn leaf_writer(const Reader& r, const PyCursor& self, const Targets& targets, bool classifier) {
  bool counts = r.version < Version{1, 4};
  return [self, targets, classifier, counts](Forest& f, const LeafInfo& leaf) {
    size_t stride = targets.widest;
    if (leaf.values.size() != targets.outputs * stride) {
      self.refuse("sklearn-tree", "a node has {} values, expected {}", leaf.values.size(),
                  targets.outputs * stride);
    }
    if (!classifier && targets.outputs == 1) {
      f.add_single_leaf(leaf.values[0]);
      return;
    }
    f.add_leaf();
    uint32_t target = 0;
    for (size_t o = 0; o < targets.outputs; ++o) {
      const double* v = leaf.values.data() + o * stride;
      if (!classifier) {
        f.add_weight(target++, v[0]);
        continue;
      }
      size_t k = targets.classes[o].size();
      double sum = 0;
      for (size_t c = 0; c < k; ++c) sum += v[c];
      if (!counts || sum == 0) sum = 1;
      for (size_t c = 0; c < k; ++c) f.add_weight(target++, v[c] / sum);
    }
  };
}

size_t target_count(const Targets& t, bool classifier) {
  if (!classifier) return t.outputs;
  size_t n = 0;
  for (const Tensor& c : t.classes) n += c.size();
  return n;
}

// Labels and probabilities from one column per class and output.
Estimate classify(Reader& r, const Targets& t, ValueId proba) {
  Estimate e;
  e.role = Role::label;
  if (t.outputs == 1) {
    e.classes = t.classes[0];
    e.proba = proba;
    e.predict = r.builder.add(ml::Labels{e.classes, ml::LabelRule::argmax, 0}, {proba});
    return e;
  }
  std::vector<ValueId> labels;
  int64_t at = 0;
  for (const Tensor& classes : t.classes) {
    std::vector<int64_t> columns;
    for (size_t k = 0; k < classes.size(); ++k) columns.push_back(at++);
    ValueId p = columns_of(r, proba, std::move(columns));
    ValueId label = r.builder.add(ml::Labels{classes, ml::LabelRule::argmax, 0}, {p});
    labels.push_back(r.builder.add(tensor::Unsqueeze{{1}}, {label}));
    e.output_proba.push_back(p);
    e.output_classes.push_back(classes);
  }
  e.predict = concat(r, labels);
  return e;
}

Estimate finish(Reader& r, const Targets& t, bool classifier, ValueId sum, size_t trees) {
  if (trees > 1) {
    sum = r.builder.add(tensor::Binary{tensor::BinaryFn::div},
                        {sum, scalar(r, static_cast<double>(trees))});
  }
  if (classifier) return classify(r, t, sum);
  Estimate e;
  e.role = Role::value;
  e.predict = sum;
  return e;
}

Estimate read_tree(Reader& r, const PyCursor& self, const Features& x, bool classifier) {
  Targets t = targets_of(self, classifier);
  ml::TreeEnsemble op;
  PyCursor tree = self.attr("tree_");
  check_width(tree, x);
  append_tree(op.forest, tree, {}, leaf_writer(r, self, t, classifier));
  op.targets = static_cast<int64_t>(target_count(t, classifier));
  return finish(r, t, classifier, r.builder.add(std::move(op), {as_float32(r, x)}), 1);
}

// Room for all nodes and leaves of the trees; at most in proportion to what the file holds.
void reserve(Forest& forest, const PyCursor& list) {
  if (list.document().outline()) return;
  size_t nodes = 0, values = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    PyCursor tree = list.at(i).attr("tree_");
    PyCursor records = tree.attr("nodes"), blocks = tree.attr("values");
    if (records.is_array()) nodes += records.array().data.size() / kNodeBytes;
    if (blocks.is_array()) values += blocks.array().data.size() / sizeof(double);
  }
  forest.reserve(nodes, values / 2 + list.size());
}

Estimate read_forest(Reader& r, const PyCursor& self, const Features& x, bool classifier) {
  Targets t = targets_of(self, classifier);
  PyCursor list = self.attr("estimators_");
  if (list.size() == 0) list.refuse("sklearn-value", "a forest without trees");
  ml::TreeEnsemble op;
  LeafFn leaf = leaf_writer(r, self, t, classifier);
  reserve(op.forest, list);
  for (size_t i = 0; i < list.size(); ++i) {
    PyCursor tree = list.at(i).attr("tree_");
    check_width(tree, x);
    append_tree(op.forest, tree, {}, leaf);
  }
  op.targets = static_cast<int64_t>(target_count(t, classifier));
  return finish(r, t, classifier, r.builder.add(std::move(op), {as_float32(r, x)}), list.size());
}

Estimate read_tree_classifier(Reader& r, const PyCursor& s, const Features& x) {
  return read_tree(r, s, x, true);
}
Estimate read_tree_regressor(Reader& r, const PyCursor& s, const Features& x) {
  return read_tree(r, s, x, false);
}
Estimate read_forest_classifier(Reader& r, const PyCursor& s, const Features& x) {
  return read_forest(r, s, x, true);
}
Estimate read_forest_regressor(Reader& r, const PyCursor& s, const Features& x) {
  return read_forest(r, s, x, false);
}

// sklearn/ensemble/_iforest: average path length of an unsuccessful search among n samples.
double average_path(double n) {
  if (n <= 1) return 0;
  if (n <= 2) return 1;
  constexpr double kEuler = 0.57721566490153286060651209008240243104215933593992;
  return 2 * (std::log(n - 1) + kEuler) - 2 * (n - 1) / n;
}

Estimate read_isolation(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor list = self.attr("estimators_");
  PyCursor subsets = self.attr("estimators_features_");
  ml::TreeEnsemble op;
  for (size_t i = 0; i < list.size(); ++i) {
    PyCursor tree = list.at(i).attr("tree_");
    PyCursor subset = subsets.is_array() && subsets.dtype_kind() == 'O' ? subsets.element(i)
                                                                       : subsets.at(i);
    std::vector<int64_t> columns = subset.as_ints();
    for (int64_t c : columns) {
      if (c < 0 || c >= x.width()) subset.refuse("sklearn-value", "column {} of {}", c, x.width());
    }
    append_tree(op.forest, tree, columns, [](Forest& f, const LeafInfo& leaf) {
      // In this order: the sum is rounded before the root, which is no step, is taken off.
      f.add_single_leaf(static_cast<double>(leaf.depth + 1) + average_path(leaf.samples) - 1);
    });
  }
  auto samples = self.find("_max_samples");
  if (!samples) samples = self.attr("max_samples_");
  double norm = static_cast<double>(list.size()) * average_path(samples->as_real());
  if (!(norm > 0)) self.refuse("sklearn-value", "an isolation forest of one sample per tree");
  ValueId depth = r.builder.add(std::move(op), {as_float32(r, x)});
  auto binary = [&](tensor::BinaryFn fn, ValueId a, ValueId b) {
    return r.builder.add(tensor::Binary{fn}, {a, b});
  };
  ValueId share = binary(tensor::BinaryFn::div, depth, scalar(r, norm));
  share = r.builder.add(tensor::Unary{tensor::UnaryFn::neg}, {share});
  ValueId score = binary(tensor::BinaryFn::pow, scalar(r, 2), share);
  Estimate e;
  e.score_samples = r.builder.add(tensor::Unary{tensor::UnaryFn::neg}, {score});
  e.decision = binary(tensor::BinaryFn::sub, e.score_samples,
                      scalar(r, self.attr("offset_").as_real()));
  e.role = Role::label;
  // predict is -1 where the decision is below 0.
  e.predict = r.builder.add(
      ml::Labels{Tensor::vector(std::vector<int64_t>{-1, 1}), ml::LabelRule::at_least, 0},
      {e.decision});
  return e;
}

#define TREE(module_new, module_old, name, fn)            \
  {"sklearn." module_new "." name, fn, nullptr}, {        \
    "sklearn." module_old "." name, fn, nullptr           \
  }
constexpr EstimatorRow kRows[] = {
    TREE("tree._classes", "tree.tree", "DecisionTreeClassifier", read_tree_classifier),
    TREE("tree._classes", "tree.tree", "ExtraTreeClassifier", read_tree_classifier),
    TREE("tree._classes", "tree.tree", "DecisionTreeRegressor", read_tree_regressor),
    TREE("tree._classes", "tree.tree", "ExtraTreeRegressor", read_tree_regressor),
    TREE("ensemble._forest", "ensemble.forest", "RandomForestClassifier", read_forest_classifier),
    TREE("ensemble._forest", "ensemble.forest", "ExtraTreesClassifier", read_forest_classifier),
    TREE("ensemble._forest", "ensemble.forest", "RandomForestRegressor", read_forest_regressor),
    TREE("ensemble._forest", "ensemble.forest", "ExtraTreesRegressor", read_forest_regressor),
    TREE("ensemble._iforest", "ensemble.iforest", "IsolationForest", read_isolation),
};
#undef TREE

}  // namespace

size_t record_field(const PyCursor& nodes, std::string_view name, char kind, size_t width) {
  const Field* f = nodes.array().dtype->field(name);
  if (f == nullptr || f->dtype->kind != kind || f->dtype->itemsize != width || f->dtype->big_endian) {
    nodes.refuse("sklearn-tree", "the node records have no little-endian field '{}' of type {}{}",
                 name, kind, width);
  }
  return static_cast<size_t>(f->offset);
}

ValueId as_float32(Reader& r, const Features& x) {
  return r.builder.add(tensor::Cast{DType::f32}, {as_matrix(r, x)});
}

void check_width(const PyCursor& tree, const Features& x) {
  if (tree.arg_count() > 0 && tree.arg(0).as_int() != x.width()) {
    tree.refuse("sklearn-value", "a tree of {} features, expected {}", tree.arg(0).as_int(),
                x.width());
  }
}

void append_tree(Forest& forest, const PyCursor& tree, std::span<const int64_t> features,
                 const LeafFn& leaf) {
  PyCursor nodes = tree.attr("nodes");
  NodeLayout l = layout_of(nodes);
  size_t declared = tree.attr("node_count").as_size(UINT32_MAX / 2);
  if (declared != l.count || l.count == 0) {
    nodes.refuse("sklearn-tree", "the node array has {} entries, node_count is {}", l.count, declared);
  }
  PyCursor values = tree.attr("values");
  std::vector<size_t> shape = values.shape();
  if (shape.size() != 3 || shape[0] != l.count) {
    values.refuse("sklearn-tree", "values are {}, expected one [outputs,classes] block per node",
                  values.describe());
  }
  size_t base = forest.nodes();
  if (base + l.count > UINT32_MAX / 2) nodes.refuse("sklearn-tree", "too many nodes");
  forest.roots.push_back(static_cast<uint32_t>(base));
  if (tree.document().outline()) {
    forest.add_leaf();
    // Every inner node of scikit-learn's trees has two children.
    ForestStats& u = forest.unread;
    u.depth = std::max(u.depth, tree.attr("max_depth").as_size());
    u.nodes += l.count;
    u.leaves += (l.count + 1) / 2;
    ++u.trees;
    return;
  }
  size_t block = shape[1] * shape[2];
  const Array& blocks = values.array();
  // As stored by every release; other forms are converted as a whole.
  bool direct = blocks.dtype->kind == 'f' && blocks.dtype->itemsize == 8 &&
                !blocks.dtype->big_endian && !blocks.fortran;
  std::vector<double> all = direct ? std::vector<double>(block) : values.as_reals();
  auto values_of = [&](size_t node) {
    if (!direct) return std::span<const double>(all).subspan(node * block, block);
    std::memcpy(all.data(), blocks.data.data() + node * block * sizeof(double), block * sizeof(double));
    return std::span<const double>(all);
  };
  int64_t feature_limit = tree.arg_count() > 0 ? tree.arg(0).as_int() : INT64_MAX;
  std::vector<uint32_t> depth(l.count, 0);
  std::vector<uint8_t> parents(l.count, 0);
  for (size_t i = 0; i < l.count; ++i) {
    const std::byte* node = l.data + i * l.stride;
    int64_t left = load_le<int64_t>(node + l.left), right = load_le<int64_t>(node + l.right);
    if (i > 0 && !parents[i]) nodes.refuse("sklearn-tree", "node {} is reached by no parent before it", i);
    if (left == -1) {
      leaf(forest, {values_of(i), static_cast<double>(load_le<int64_t>(node + l.samples)), depth[i]});
      continue;
    }
    int64_t feature = load_le<int64_t>(node + l.feature);
    int64_t count = static_cast<int64_t>(l.count);
    // scikit-learn numbers children after their parent, which excludes cycles.
    if (left <= static_cast<int64_t>(i) || right <= static_cast<int64_t>(i) || left >= count ||
        right >= count || left == right) {
      nodes.refuse("sklearn-tree", "node {} has children {} and {} of {} nodes", i, left, right, count);
    }
    if (feature < 0 || feature >= feature_limit) {
      nodes.refuse("sklearn-tree", "node {} tests feature {} of {}", i, feature, feature_limit);
    }
    for (int64_t child : {left, right}) {
      size_t c = static_cast<size_t>(child);
      if (parents[c]) nodes.refuse("sklearn-tree", "node {} has two parents", child);
      parents[c] = 1;
      depth[c] = depth[i] + 1;
    }
    if (!features.empty()) {
      if (static_cast<size_t>(feature) >= features.size()) {
        nodes.refuse("sklearn-tree", "node {} tests feature {} of a subset of {}", i, feature,
                     features.size());
      }
      feature = features[static_cast<size_t>(feature)];
    }
    bool missing_left = l.missing != SIZE_MAX && load_le<uint8_t>(node + l.missing) != 0;
    double threshold = load_le<double>(node + l.threshold);
    if (std::isnan(threshold)) nodes.refuse("sklearn-tree", "node {} compares with NaN", i);
    forest.add_node(NodeMode::leq, static_cast<uint32_t>(feature), threshold,
                    static_cast<uint32_t>(base + static_cast<size_t>(left)),
                    static_cast<uint32_t>(base + static_cast<size_t>(right)), missing_left);
  }
}

std::span<const EstimatorRow> tree_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
