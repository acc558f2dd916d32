// Tree ensembles of tensor graphs as TreeModel and MiningModel.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "formats/pmml/write_models.h"
#include "formats/pmml/write_nodes.h"

namespace panmodel::pmml {
namespace {

class EnsembleWriter {
 public:
  EnsembleWriter(const Trees& trees, const std::string& target, Fields& fields)
      : trees_(trees), forest_(trees.ensemble->forest), target_(target), fields_(fields) {
    std::vector<Tested> columns;
    for (const Feature& f : trees.features) {
      columns.push_back({{fields[f.field].name, fields[f.field].type}, f.single});
    }
    nodes_ = std::make_shared<NodesWriter>(forest_, std::move(columns), *trees.place);
    std::vector<std::string> classes;
    for (const std::string& c : trees.classes) classes.push_back(escaped(c));
    const auto kind = classification() ? WeightLeaves::Kind::shares : WeightLeaves::Kind::number;
    leaves_ = std::make_shared<WeightLeaves>(forest_, kind, std::move(classes), trees.target);
    const ml::TreeEnsemble& ensemble = *trees.ensemble;
    if (ensemble.accumulate != DType::f64) {
      fail(*trees.place, "pmml-write", "trees summed in single precision");
    }
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
    if (!mean_ && base == 0 && divisor_ == static_cast<double>(roots_.size()) &&
        roots_.size() == forest_.roots.size()) {
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
      } else if (leaf_weight(forest_, node, trees_.target) != 0) {
        return true;
      }
    }
    return false;
  }

  void tree(OpenModel& model, uint32_t root) {
    for (uint32_t column : nodes_->used(root)) model.used.insert(trees_.features[column].field);
    add_mark(model.element, fields_.marked(),
             [nodes = nodes_, leaves = leaves_, root](std::string& out) {
               nodes->write(root, *leaves, out);
             });
  }

  const Trees& trees_;
  const Forest& forest_;
  const std::string& target_;
  Fields& fields_;
  std::shared_ptr<const NodesWriter> nodes_;
  std::shared_ptr<WeightLeaves> leaves_;
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
      const double w = leaf_weight(forest, node, c);
      if (w < 0) return false;
      sum += w;
    }
    if (std::abs(sum - 1) > 1e-9) return false;
  }
  return true;
}

OpenModel write_trees(pugi::xml_node parent, const Trees& trees, const std::string& target,
                      Fields& fields) {
  return EnsembleWriter(trees, target, fields).write(parent);
}

}  // namespace panmodel::pmml
