// Tree ensembles as TreeModel and MiningModel.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/diagnostic.h"
#include "base/number.h"
#include "formats/pmml/write_models.h"
#include "formats/pmml/write_tables.h"

namespace panmodel::pmml {
namespace {

const char* operator_of(NodeMode mode) {
  switch (mode) {
    case NodeMode::leq: return "lessOrEqual";
    case NodeMode::lt: return "lessThan";
    case NodeMode::geq: return "greaterOrEqual";
    case NodeMode::gt: return "greaterThan";
    case NodeMode::eq: return "equal";
    case NodeMode::neq: return "notEqual";
    case NodeMode::leaf:
    case NodeMode::member: break;
  }
  return nullptr;
}

NodeMode opposite(NodeMode mode) {
  switch (mode) {
    case NodeMode::leq: return NodeMode::gt;
    case NodeMode::lt: return NodeMode::geq;
    case NodeMode::geq: return NodeMode::lt;
    case NodeMode::gt: return NodeMode::leq;
    case NodeMode::eq: return NodeMode::neq;
    case NodeMode::neq: return NodeMode::eq;
    case NodeMode::leaf:
    case NodeMode::member: break;
  }
  return mode;
}

std::string node_id(uint32_t root, uint32_t node) { return std::to_string(node - root); }

// Sum of the weights of a leaf for a target.
double weight(const Forest& forest, uint32_t leaf, size_t target) {
  const uint32_t index = forest.yes[leaf];
  const bool one = forest.leaf_begin.empty();
  const size_t begin = one ? index : forest.leaf_begin[index];
  const size_t end = one ? begin + 1 : forest.leaf_begin[index + 1];
  double sum = 0;
  for (size_t w = begin; w < end; ++w) {
    if ((forest.leaf_target.empty() ? 0 : forest.leaf_target[w]) == target) sum += forest.leaf_weight[w];
  }
  return sum;
}

class EnsembleWriter {
 public:
  EnsembleWriter(const Trees& trees, const std::string& target, Fields& fields)
      : trees_(trees), forest_(trees.ensemble->forest), target_(target), fields_(fields) {
    const ml::TreeEnsemble& ensemble = *trees.ensemble;
    if (ensemble.accumulate != DType::f64) fail(*trees.place, "pmml-write", "trees summed in single precision");
    if (ensemble.aggregate != ml::Aggregate::sum && ensemble.aggregate != ml::Aggregate::mean) {
      fail(*trees.place, "pmml-write", "the least or the largest of several trees");
    }
    for (uint32_t root : forest_.roots) {
      if (classification() || ensemble.targets == 1 || has_target(root)) roots_.push_back(root);
    }
    if (roots_.empty()) fail(*trees.place, "pmml-write", "an ensemble without trees");
    mean_ = ensemble.aggregate == ml::Aggregate::mean;
    divisor_ = trees.divisor;
    const double base = classification() || ensemble.base.empty() ? 0 : ensemble.base[trees.target];
    if (mean_ && roots_.size() != forest_.roots.size()) {
      fail(*trees.place, "pmml-write", "the mean of trees of several targets");
    }
    if (!mean_ && base == 0 && divisor_ == static_cast<double>(roots_.size()) && roots_.size() == forest_.roots.size()) {
      mean_ = true;
      divisor_ = 1;
    }
    constant_ = base / divisor_;
  }

  OpenModel write(pugi::xml_node parent) {
    const bool one = roots_.size() == 1;
    OpenModel model = begin_model(parent, one ? "TreeModel" : "MiningModel", function());
    model.target = target_;
    if (constant_ != 0 || divisor_ != 1) {
      pugi::xml_node rescaled = add(model.targets, "Target");
      if (!target_.empty()) set(rescaled, "field", target_);
      if (constant_ != 0) set(rescaled, "rescaleConstant", xml_real(constant_));
      if (divisor_ != 1) set(rescaled, "rescaleFactor", xml_real(1 / divisor_));
    }
    if (one) {
      tree(model, roots_[0]);
      return model;
    }
    pugi::xml_node segmentation = add(model.element, "Segmentation");
    set(segmentation, "multipleModelMethod", mean_ ? "average" : "sum");
    for (size_t i = 0; i < roots_.size(); ++i) {
      pugi::xml_node segment = add(segmentation, "Segment");
      set(segment, "id", std::to_string(i + 1));
      add(segment, "True");
      OpenModel inner = begin_model(segment, "TreeModel", function());
      if (classification()) inner.target = target_;
      tree(inner, roots_[i]);
      model.used.insert(inner.used.begin(), inner.used.end());
      finish_model(inner, fields_, &model.used);
    }
    return model;
  }

 private:
  bool classification() const { return !trees_.classes.empty(); }
  const char* function() const { return classification() ? "classification" : "regression"; }

  bool has_target(uint32_t root) const {
    std::vector<uint32_t> open{root};
    while (!open.empty()) {
      const uint32_t node = open.back();
      open.pop_back();
      if (!forest_.is_leaf(node)) {
        open.push_back(forest_.yes[node]);
        open.push_back(forest_.no[node]);
      } else if (weight(forest_, node, trees_.target) != 0) {
        return true;
      }
    }
    return false;
  }

  std::string best_class(uint32_t leaf) const {
    size_t best = 0;
    for (size_t c = 1; c < trees_.classes.size(); ++c) {
      if (weight(forest_, leaf, c) > weight(forest_, leaf, best)) best = c;
    }
    return trees_.classes[best];
  }

  void predicate(OpenModel& model, pugi::xml_node node, uint32_t split, bool yes) {
    const Feature& feature = trees_.features.at(forest_.feature[split]);
    const std::string& name = model.use(fields_, feature.field);
    NodeMode mode = forest_.node_mode(split);
    double threshold = forest_.threshold[split];
    if (mode == NodeMode::member) {
      if (feature.single) fail(*trees_.place, "pmml-write", "a set of numbers in single precision");
      const auto set = static_cast<size_t>(threshold);
      std::vector<std::string> items;
      for (size_t i = forest_.set_begin[set]; i < forest_.set_begin[set + 1]; ++i) {
        items.push_back(xml_real(forest_.set_value[i]));
      }
      write_set_predicate(node, {name, fields_[feature.field].type}, yes, items);
      return;
    }
    if (feature.single) {
      // The feature is rounded to single precision before it is compared: the same rows are below
      // the last double that rounds to the largest float that passes.
      float last = round_down(threshold);
      if (mode == NodeMode::lt || mode == NodeMode::geq) {
        if (static_cast<double>(last) == threshold) last = std::nextafter(last, -std::numeric_limits<float>::infinity());
        mode = mode == NodeMode::lt ? NodeMode::leq : NodeMode::gt;
      }
      if (mode != NodeMode::leq && mode != NodeMode::gt) {
        fail(*trees_.place, "pmml-write", "'{}' in single precision", operator_of(mode));
      }
      // A threshold of a field of that precision is read as a float itself.
      const bool typed = fields_[feature.field].type == expr::Scalar::f32;
      threshold = typed ? static_cast<double>(last) : last_double_rounding_to_at_most(last);
    }
    if (threshold == std::numeric_limits<double>::infinity() && mode == NodeMode::leq) {
      // Every number is below: only a missing value may go the other way.
      if (forest_.missing_yes(split)) {
        add(node, yes ? "True" : "False");
        return;
      }
      pugi::xml_node e = add(node, "SimplePredicate");
      set(e, "field", name);
      set(e, "operator", yes ? "isNotMissing" : "isMissing");
      return;
    }
    pugi::xml_node e = add(node, "SimplePredicate");
    set(e, "field", name);
    set(e, "operator", operator_of(yes ? mode : opposite(mode)));
    // Evaluators order -0 below 0; a number compares with both alike.
    set(e, "value", xml_real(threshold == 0 ? 0.0 : threshold));
  }

  void tree(OpenModel& model, uint32_t root) {
    set(model.element, "missingValueStrategy", "defaultChild");
    set(model.element, "splitCharacteristic", "binarySplit");
    struct Open {
      uint32_t node;
      pugi::xml_node parent;
      uint32_t split;  // the node above
      bool yes;
    };
    std::vector<Open> open{{root, model.element, root, true}};
    while (!open.empty()) {
      const Open at = open.back();
      open.pop_back();
      pugi::xml_node node = add(at.parent, "Node");
      set(node, "id", node_id(root, at.node));
      const bool leaf = forest_.is_leaf(at.node);
      if (!leaf) {
        set(node, "defaultChild", node_id(root, forest_.missing_yes(at.node) ? forest_.yes[at.node]
                                                                             : forest_.no[at.node]));
      } else {
        set(node, "score", classification() ? best_class(at.node)
                                            : xml_real(weight(forest_, at.node, trees_.target)));
      }
      if (at.node == root) {
        add(node, "True");
      } else {
        predicate(model, node, at.split, at.yes);
      }
      if (!leaf) {
        open.push_back({forest_.no[at.node], node, at.node, false});
        open.push_back({forest_.yes[at.node], node, at.node, true});
        continue;
      }
      for (size_t c = 0; c < trees_.classes.size(); ++c) {
        pugi::xml_node share = add(node, "ScoreDistribution");
        set(share, "value", trees_.classes[c]);
        set(share, "recordCount", xml_real(weight(forest_, at.node, c)));
      }
    }
  }

  const Trees& trees_;
  const Forest& forest_;
  const std::string& target_;
  Fields& fields_;
  std::vector<uint32_t> roots_;
  bool mean_ = false;
  double divisor_ = 1, constant_ = 0;
};

}  // namespace

std::vector<Feature> features_of(ValueId value, Columns& columns, const Location& place) {
  const std::vector<Column> from = columns.of(value);
  std::vector<Feature> out;
  for (size_t k = 0; k < from.size(); ++k) {
    const Column unrounded{from[k].body};
    out.push_back({columns.field(unrounded, fmt::format("feature:{}", k), place), from[k].single});
  }
  return out;
}

bool is_distribution(const Trees& trees) {
  const ml::TreeEnsemble& ensemble = *trees.ensemble;
  const Forest& forest = ensemble.forest;
  const double count = static_cast<double>(forest.roots.size());
  const bool mean = ensemble.aggregate == ml::Aggregate::mean ? trees.divisor == 1
                    : ensemble.aggregate == ml::Aggregate::sum && trees.divisor == count;
  if (!mean || !ensemble.base.empty()) return false;
  for (uint32_t node = 0; node < forest.nodes(); ++node) {
    if (!forest.is_leaf(node)) continue;
    double sum = 0;
    for (size_t c = 0; c < static_cast<size_t>(ensemble.targets); ++c) {
      const double w = weight(forest, node, c);
      if (w < 0) return false;
      sum += w;
    }
    if (std::abs(sum - 1) > 1e-9) return false;
  }
  return true;
}

OpenModel write_trees(pugi::xml_node parent, const Trees& trees, const std::string& target, Fields& fields) {
  return EnsembleWriter(trees, target, fields).write(parent);
}

}  // namespace panmodel::pmml
