// Histogram gradient boosting: trees on X in double, with missing values and categorical splits.
// Raw values start from _baseline_prediction; the learning rate is in the leaves already.
#include <algorithm>
#include <cmath>
#include <set>

#include "formats/pickle/sklearn/families.h"
#include "formats/pickle/sklearn/tree.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tree.h"

namespace panmodel::pickle::sklearn {
namespace {

enum class Link { identity, log, logit, multinomial };

struct LossRow {
  std::string_view name;
  Link link;
};
constexpr LossRow kLosses[] = {
    {"AbsoluteError", Link::identity},
    {"BinaryCrossEntropy", Link::logit},
    {"CategoricalCrossEntropy", Link::multinomial},
    {"HalfBinomialLoss", Link::logit},
    {"HalfGammaLoss", Link::log},
    {"HalfMultinomialLoss", Link::multinomial},
    {"HalfPoissonLoss", Link::log},
    {"HalfSquaredError", Link::identity},
    {"HalfTweedieLoss", Link::log},
    {"HalfTweedieLossIdentity", Link::identity},
    {"HuberLoss", Link::identity},
    {"LeastAbsoluteDeviation", Link::identity},
    {"LeastSquares", Link::identity},
    {"PinballLoss", Link::identity},
    {"Poisson", Link::log},
};

Link link_of(const PyCursor& self, bool classifier) {
  auto found = self.find("_loss");
  PyCursor loss = found ? *found : self.attr("loss_");  // before 0.23
  std::string name = loss.class_name();
  const auto* row = std::find_if(std::begin(kLosses), std::end(kLosses), [&](const LossRow& l) {
    return name == fmt::format("sklearn._loss.loss.{}", l.name) ||
           name == fmt::format("sklearn.ensemble._hist_gradient_boosting.loss.{}", l.name);
  });
  if (row == std::end(kLosses) ||
      classifier != (row->link == Link::logit || row->link == Link::multinomial)) {
    loss.refuse("sklearn-option", "a loss of class '{}'", name);
  }
  return row->link;
}

// The categories that a column may hold; nothing for a numeric column.
using Known = std::vector<std::optional<std::set<int64_t>>>;

Known known_categories(const PyCursor& self, int64_t width) {
  Known known(static_cast<size_t>(width));
  auto mapper = self.find("_bin_mapper");  // since 0.23
  auto flags = mapper ? mapper->find_some("is_categorical_") : std::nullopt;
  if (!flags) return known;
  PyCursor bins = mapper->attr("bin_thresholds_");
  std::vector<int64_t> categorical = flags->as_ints();
  if (categorical.size() != known.size() || bins.size() != known.size()) {
    mapper->refuse("sklearn-value", "{} columns, expected {}", categorical.size(), width);
  }
  for (size_t i = 0; i < known.size(); ++i) {
    if (categorical[i] == 0) continue;
    known[i].emplace();
    for (int64_t c : bins.at(i).as_ints()) {
      if (c < 0 || c > 255) bins.at(i).refuse("sklearn-value", "category {}, expected 0 to 255", c);
      known[i]->insert(c);
    }
  }
  return known;
}

// Record layout: 47 bytes in 0.21 to 0.23, 52 to 1.2, 56 since 1.3; fields are found by name.
struct NodeLayout {
  size_t value, feature, threshold, missing, left, right, is_leaf;
  size_t is_categorical = SIZE_MAX, bitset = SIZE_MAX;
  bool wide_feature;
};

NodeLayout layout_of(const PyCursor& nodes) {
  const Array& a = nodes.array();
  if (nodes.dtype_kind() != 'V' || a.shape.size() != 1 || a.count == 0 || a.count > UINT32_MAX / 2) {
    nodes.refuse("sklearn-tree", "the nodes are {}, expected records", nodes.describe());
  }
  NodeLayout l{};
  l.value = record_field(nodes, "value", 'f', 8);
  const Field* feature = a.dtype->field("feature_idx");
  l.wide_feature = feature != nullptr && feature->dtype->kind == 'i';
  l.feature = l.wide_feature ? record_field(nodes, "feature_idx", 'i', 8)
                             : record_field(nodes, "feature_idx", 'u', 4);
  bool old = nodes.has_field("threshold");
  l.threshold = record_field(nodes, old ? "threshold" : "num_threshold", 'f', 8);
  l.missing = record_field(nodes, "missing_go_to_left", 'u', 1);
  l.left = record_field(nodes, "left", 'u', 4);
  l.right = record_field(nodes, "right", 'u', 4);
  l.is_leaf = record_field(nodes, "is_leaf", 'u', 1);
  if (nodes.has_field("is_categorical")) {
    l.is_categorical = record_field(nodes, "is_categorical", 'u', 1);
    l.bitset = record_field(nodes, "bitset_idx", 'u', 4);
  }
  return l;
}

// One TreePredictor in the making.
class Predictor {
 public:
  Predictor(Forest& forest, const PyCursor& tree, const Known& known)
      : forest_(forest), tree_(tree), nodes_(tree.attr("nodes")), l_(layout_of(nodes_)), known_(known) {}

  void append(uint32_t target) {
    size_t count = nodes_.array().count;
    base_ = forest_.nodes();
    if (base_ + count > UINT32_MAX / 2) nodes_.refuse("sklearn-tree", "too many nodes");
    forest_.roots.push_back(static_cast<uint32_t>(base_));
    std::vector<uint8_t> parents(count, 0);
    for (size_t i = 0; i < count; ++i) {
      const std::byte* node = nodes_.array().data.data() + i * nodes_.array().dtype->itemsize;
      if (i > 0 && !parents[i]) {
        nodes_.refuse("sklearn-tree", "node {} is reached by no parent before it", i);
      }
      if (load_le<uint8_t>(node + l_.is_leaf) != 0) {
        forest_.add_leaf();
        forest_.add_weight(target, load_le<double>(node + l_.value));
        continue;
      }
      uint32_t left = load_le<uint32_t>(node + l_.left), right = load_le<uint32_t>(node + l_.right);
      // scikit-learn numbers children after their parent, which excludes cycles.
      if (left <= i || right <= i || left >= count || right >= count || left == right ||
          parents[left] || parents[right]) {
        nodes_.refuse("sklearn-tree", "node {} has children {} and {} of {} nodes", i, left, right, count);
      }
      parents[left] = parents[right] = 1;
      split(i, node, static_cast<uint32_t>(base_ + left), static_cast<uint32_t>(base_ + right));
    }
  }

 private:
  void split(size_t i, const std::byte* node, uint32_t left, uint32_t right) {
    int64_t feature = l_.wide_feature ? load_le<int64_t>(node + l_.feature)
                                      : int64_t{load_le<uint32_t>(node + l_.feature)};
    if (feature < 0 || feature >= static_cast<int64_t>(known_.size())) {
      nodes_.refuse("sklearn-tree", "node {} tests feature {} of {}", i, feature, known_.size());
    }
    uint32_t column = static_cast<uint32_t>(feature);
    bool missing_left = load_le<uint8_t>(node + l_.missing) != 0;
    bool categorical = l_.is_categorical != SIZE_MAX && load_le<uint8_t>(node + l_.is_categorical) != 0;
    if (!categorical) {
      double threshold = load_le<double>(node + l_.threshold);
      if (std::isnan(threshold)) nodes_.refuse("sklearn-tree", "node {} compares with NaN", i);
      forest_.add_node(NodeMode::leq, column, threshold, left, right, missing_left);
      return;
    }
    const auto& known = known_[column];
    if (!known) nodes_.refuse("sklearn-tree", "node {} splits categories of a numeric feature", i);
    std::set<int64_t> to_left = bitset(i, load_le<uint32_t>(node + l_.bitset));
    // What is not a known category goes where missing values go, so the test names the other side.
    std::set<int64_t> named = to_left;
    if (missing_left) {
      named = *known;
      for (int64_t c : to_left) named.erase(c);
    }
    if (named.empty()) nodes_.refuse("sklearn-tree", "node {} sends every category to one side", i);
    if (forest_.set_begin.empty()) forest_.set_begin.push_back(0);
    double set = static_cast<double>(forest_.set_begin.size() - 1);
    for (int64_t c : named) forest_.set_value.push_back(static_cast<double>(c));
    forest_.set_begin.push_back(static_cast<uint32_t>(forest_.set_value.size()));
    forest_.add_node(NodeMode::member, column, set, missing_left ? right : left,
                     missing_left ? left : right, false);
  }

  // Row of raw_left_cat_bitsets: category c is bit c % 32 of word c / 32.
  std::set<int64_t> bitset(size_t node, uint32_t row) {
    if (words_.empty()) {
      PyCursor all = tree_.attr("raw_left_cat_bitsets");
      std::vector<size_t> shape = all.shape();
      if (shape.size() != 2 || shape[1] != 8 || !all.is_array() || all.dtype_kind() != 'u') {
        all.refuse("sklearn-tree", "the category sets are {}, expected 8 words each", all.describe());
      }
      words_ = all.as_ints();
    }
    if (row >= words_.size() / 8) {
      nodes_.refuse("sklearn-tree", "node {} names category set {} of {}", node, row, words_.size() / 8);
    }
    std::set<int64_t> members;
    for (int64_t c = 0; c < 256; ++c) {
      if ((words_[row * 8 + static_cast<size_t>(c / 32)] >> (c % 32)) & 1) members.insert(c);
    }
    return members;
  }

  Forest& forest_;
  const PyCursor& tree_;
  PyCursor nodes_;
  NodeLayout l_;
  const Known& known_;
  size_t base_ = 0;
  std::vector<int64_t> words_;
};

std::vector<bool> categorical_columns(const PyCursor& self, int64_t width) {
  std::vector<bool> flags = self.attr("is_categorical_").as_bools();
  if (static_cast<int64_t>(flags.size()) != width) {
    self.attr("is_categorical_").refuse("sklearn-value", "{} flags for {} features", flags.size(), width);
  }
  return flags;
}

// The fitted OrdinalEncoder inside the ColumnTransformer `_preprocessor` (since 1.4).
std::optional<PyCursor> encoder_of(const PyCursor& self) {
  auto preprocessor = self.find_some("_preprocessor");
  if (!preprocessor) return std::nullopt;
  PyCursor list = preprocessor->attr("transformers_");
  bool shaped = list.size() == 2 || (list.size() == 3 && list.at(2).at(1).is_text("drop"));
  if (!shaped || !list.at(0).at(0).is_text("encoder") ||
      !list.at(0).at(1).is_object("sklearn.preprocessing._encoders.OrdinalEncoder") ||
      !list.at(1).at(0).is_text("numerical")) {
    list.refuse("sklearn-option", "a preprocessor other than an encoder beside numbers");
  }
  return list.at(0).at(1);
}

// Columns by kind: categorical first, as the preprocessor puts them.
std::pair<std::vector<int64_t>, std::vector<int64_t>> by_kind(const std::vector<bool>& categorical) {
  std::pair<std::vector<int64_t>, std::vector<int64_t>> columns;
  for (size_t i = 0; i < categorical.size(); ++i) {
    (categorical[i] ? columns.first : columns.second).push_back(static_cast<int64_t>(i));
  }
  return columns;
}

// X as the trees see it.
ValueId prepare(Reader& r, const PyCursor& self, const Features& x, const Known& known) {
  if (auto encoder = encoder_of(self)) {
    auto [categories, numbers] = by_kind(categorical_columns(self, x.width()));
    Features all[] = {read_transform(r, *encoder, select(r, x, categories)), select(r, x, numbers)};
    return as_matrix(r, join(all));
  }
  ValueId matrix = as_matrix(r, x);
  std::vector<uint8_t> mask;
  for (const auto& k : known) mask.push_back(k.has_value());
  if (std::find(mask.begin(), mask.end(), 1) == mask.end()) return matrix;
  // Without an encoder a category is an unsigned 8-bit integer: the C cast drops the fraction of
  // values from 0 to 255. C leaves the cast of others undefined; here they are unknown.
  ValueId whole = r.builder.add(tensor::Unary{tensor::UnaryFn::floor}, {matrix});
  Shape shape{1, x.width()};
  ValueId categorical = r.builder.constant(Tensor::of_bools(shape, std::move(mask)));
  return r.builder.add(tensor::Where{}, {categorical, whole, matrix});
}

// Raw values [N,columns].
ValueId read_raw(Reader& r, const PyCursor& self, const Features& x, size_t columns) {
  Known known = known_categories(self, x.width());
  ml::TreeEnsemble op;
  op.targets = static_cast<int64_t>(columns);
  PyCursor baseline = self.attr("_baseline_prediction");
  op.base = baseline.is_array() ? baseline.as_reals() : std::vector<double>{baseline.as_real()};
  if (op.base.size() != columns) {
    baseline.refuse("sklearn-value", "{} start values, expected {}", op.base.size(), columns);
  }
  PyCursor stages = self.attr("_predictors");
  for (size_t i = 0; i < stages.size(); ++i) {
    PyCursor stage = stages.at(i);
    if (stage.size() != columns) {
      stage.refuse("sklearn-value", "{} trees in a stage, expected {}", stage.size(), columns);
    }
    for (size_t k = 0; k < columns; ++k) {
      Predictor(op.forest, stage.at(k), known).append(static_cast<uint32_t>(k));
    }
  }
  return r.builder.add(std::move(op), {prepare(r, self, x, known)});
}

Estimate read_regressor(Reader& r, const PyCursor& self, const Features& x) {
  Link link = link_of(self, false);
  Estimate e;
  e.role = Role::value;
  e.predict = read_raw(r, self, x, 1);
  if (link == Link::log) e.predict = r.builder.add(tensor::Unary{tensor::UnaryFn::exp}, {e.predict});
  return e;
}

Estimate read_classifier(Reader& r, const PyCursor& self, const Features& x) {
  bool multi = link_of(self, true) == Link::multinomial;
  Estimate e;
  e.role = Role::label;
  e.classes = labels_of(self.attr("classes_"));
  if (multi ? e.classes.size() < 3 : e.classes.size() != 2) {
    self.attr("classes_").refuse("sklearn-value", "{} classes for this loss", e.classes.size());
  }
  e.decision = read_raw(r, self, x, multi ? e.classes.size() : 1);
  e.proba = multi ? r.builder.add(tensor::Softmax{1}, {e.decision})
                  : both_classes(r, sigmoid(r, e.decision));
  // Before 1.5 the label was chosen by probability, where near ties of raw are ties.
  bool by_proba = r.version < Version{1, 5};
  ml::LabelRule rule = multi || by_proba ? ml::LabelRule::argmax : ml::LabelRule::above;
  e.predict = r.builder.add(ml::Labels{e.classes, rule, 0}, {by_proba ? e.proba : e.decision});
  return e;
}

void demand(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  auto encoder = encoder_of(self);
  std::vector<bool> categorical(columns.size(), false);
  if (encoder) categorical = categorical_columns(self, static_cast<int64_t>(columns.size()));
  ColumnIds encoded;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (categorical[i]) {
      encoded.push_back(columns[i]);
    } else {
      demands.want(columns[i], DType::f64);
    }
  }
  if (encoder) demand_of(*encoder, encoded, demands);
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
     read_classifier, demand},
    {"sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
     read_regressor, demand},
};

}  // namespace

std::span<const EstimatorRow> hist_boosting_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
