// Binary forests of column graphs as TreeModel and MiningModel.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "formats/pmml/write_leaves.h"
#include "formats/pmml/write_nodes.h"
#include "formats/pmml/write_xml.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

// A leaf has the number of a node, which tables say more of.
class TableLeaves : public Leaves {
 public:
  TableLeaves(ModelFrame& frame, const Forest& forest) : forest_(forest), tables_(frame) {}
  bool empty(uint32_t leaf) const override {
    const std::span<const double> given = leaf_weights(forest_, leaf);
    return !given.empty() && (std::isnan(given[0]) || !tables_.says(static_cast<size_t>(given[0])));
  }
  void write(uint32_t leaf, std::string_view predicate, std::string& out) override {
    const auto number = static_cast<size_t>(leaf_weights(forest_, leaf)[0]);
    pugi::xml_document document;
    pugi::xml_node node = add(document, "Node");
    tables_.begin(node, number);
    node.append_buffer(predicate.data(), predicate.size());
    tables_.end(node, number);
    out += printed(node);
  }
  std::string inner_id() override { return tables_.inner_id(); }

 private:
  const Forest& forest_;
  NodeTables tables_;
};

std::vector<Tested> tested_columns(ModelScope& scope, ValueId matrix) {
  const GraphDocument& d = scope.document();
  const auto* assemble = d.op<table::Assemble>(matrix);
  if (assemble == nullptr) d.refuse(matrix, "before trees");
  std::vector<Tested> out;
  for (ValueId part : d.producer(matrix)->inputs) {
    // A column as it is, or in the wider type.
    if (assemble->dtype != DType::f64 && d.dtype(part) != assemble->dtype) {
      d.refuse(matrix, "of rounded columns before trees");
    }
    const auto* map = d.op<ml::LabelMap>(part);
    if (map != nullptr && map->keys.dtype() == DType::string && map->values.dtype() == DType::f64) {
      out.push_back({.field = scope.field(d.input(part)), .codes = map});
    } else {
      out.push_back({.field = scope.field(part)});
    }
  }
  return out;
}

class ForestWriter {
 public:
  ForestWriter(ModelFrame& frame, ValueId ensemble, double divisor)
      : frame_(frame),
        d_(frame.document()),
        p_(frame.prediction),
        op_(*d_.op<ml::TreeEnsemble>(ensemble)),
        forest_(op_.forest),
        place_(d_.place(ensemble)),
        divisor_(divisor),
        nodes_(std::make_shared<NodesWriter>(
            forest_, tested_columns(frame.scope, d_.input(ensemble)), place_)) {
    if (op_.aggregate != ml::Aggregate::sum && op_.aggregate != ml::Aggregate::mean) {
      fail(place_, "pmml-write", "the least or the largest of several trees");
    }
    if (!op_.base.empty()) fail(place_, "pmml-write", "a start value of trees");
    const auto width = p_.classification() && !p_.node.valid() ? p_.classes.size() : 1;
    if (static_cast<size_t>(op_.targets) != width) {
      fail(place_, "pmml-write", "{} results of an ensemble, expected {}", op_.targets, width);
    }
    if (p_.node.valid() || !p_.classification()) return;
    kind_ = votes() ? WeightLeaves::Kind::vote : WeightLeaves::Kind::shares;
    for (size_t k = 0; k < p_.classes.size(); ++k) {
      classes_.push_back(escaped(text_at(p_.classes, k)));
    }
  }

  ModelElement write(pugi::xml_node parent) {
    const bool one = forest_.roots.size() == 1 && divisor_ == 1;
    if (one) {
      ModelElement model = begin(parent, "TreeModel");
      tree(model.element, forest_.roots[0], 1);
      return model;
    }
    ModelElement model = begin(parent, "MiningModel");
    pugi::xml_node segmentation = add(model.element, "Segmentation");
    const bool weighted = divisor_ != 1;
    const bool mean = op_.aggregate == ml::Aggregate::mean;
    const bool votes = kind_ == WeightLeaves::Kind::vote;
    if (p_.classification() && !weighted && !mean && forest_.roots.size() > 1) {
      fail(place_, "pmml-write", "probabilities that are a sum over trees");
    }
    set(segmentation, "multipleModelMethod",
        votes                              ? (weighted ? "weightedMajorityVote" : "majorityVote")
        : !p_.classification() && weighted ? "weightedSum"
        : weighted                         ? "weightedAverage"
        : mean                             ? "average"
                                           : "sum");
    if (gaps_ && votes) set(segmentation, "missingPredictionTreatment", "returnMissing");
    for (size_t i = 0; i < forest_.roots.size(); ++i) segment(segmentation, i);
    return model;
  }

 private:
  ModelElement begin(pugi::xml_node parent, const char* name) {
    ModelElement model(parent, name, p_.classification());
    if (op_.accumulate == DType::f32) set(model.element, "x-mathContext", "float");
    return model;
  }

  void segment(pugi::xml_node segmentation, size_t number) {
    const uint32_t root = forest_.roots[number];
    pugi::xml_node segment = add(segmentation, "Segment");
    set(segment, "id", std::to_string(number + 1));
    double weight = 1;
    if (divisor_ != 1) {
      // Weights stand in the leaves: shares of classes add up to them, numbers keep them.
      weight = p_.classification() ? total(root) : 1 / divisor_;
      set(segment, "weight", xml_real(weight));
    }
    add(segment, "True");
    ModelElement model = begin(segment, "TreeModel");
    tree(model.element, root, p_.classification() ? weight : 1);
    std::vector<std::string> used;
    for (uint32_t column : nodes_->used(root)) {
      const std::string& name = nodes_->columns()[column].field.name;
      if (std::find(used.begin(), used.end(), name) == used.end()) used.push_back(name);
    }
    add_schema_fields(model.schema, used);
    if (p_.classification()) add_schema_target(model.schema, frame_.target());
    model.finish();
  }

  void tree(pugi::xml_node model, uint32_t root, double total) {
    if (!p_.node.valid()) {
      auto leaves = std::make_shared<WeightLeaves>(forest_, kind_, classes_);
      leaves->set_total(total);
      add_mark(model, d_.marked, [nodes = nodes_, leaves, root](std::string& out) {
        nodes->write(root, *leaves, out);
      });
      return;
    }
    // What tables say may name more fields, so that it is said before they are declared.
    TableLeaves leaves(frame_, forest_);
    std::string text;
    nodes_->write(root, leaves, text);
    add_mark(model, d_.marked, [text = std::move(text)](std::string& out) { out += text; });
  }

  std::vector<double> shares(uint32_t leaf) const {
    std::vector<double> out(static_cast<size_t>(op_.targets));
    leaf_weights_of(forest_, leaf, out);
    return out;
  }

  bool votes() {
    bool all = true;
    for (uint32_t node = 0; node < forest_.nodes(); ++node) {
      if (!forest_.is_leaf(node)) continue;
      const std::vector<double> s = shares(node);
      if (std::isnan(s[0])) {
        gaps_ = true;
        continue;
      }
      const auto used =
          static_cast<size_t>(std::count_if(s.begin(), s.end(), [](double x) { return x != 0; }));
      all = all && used == 1 && (divisor_ != 1 || *std::max_element(s.begin(), s.end()) == 1);
    }
    return all && (forest_.roots.size() > 1 || divisor_ != 1);
  }
  double total(uint32_t root) const {
    std::vector<uint32_t> open{root};
    while (!open.empty()) {
      const uint32_t node = open.back();
      open.pop_back();
      if (!forest_.is_leaf(node)) {
        open.push_back(forest_.yes[node]);
        open.push_back(forest_.no[node]);
      } else if (!std::isnan(leaf_weights(forest_, node)[0])) {
        double sum = 0;
        for (double w : shares(node)) sum += w;
        return sum;
      }
    }
    return 1;
  }

  ModelFrame& frame_;
  GraphDocument& d_;
  const Prediction& p_;
  const ml::TreeEnsemble& op_;
  const Forest& forest_;
  const Location& place_;
  double divisor_;
  std::shared_ptr<const NodesWriter> nodes_;
  WeightLeaves::Kind kind_ = WeightLeaves::Kind::number;
  std::vector<std::string> classes_;  // as values of attributes
  bool gaps_ = false;
};

}  // namespace

ModelElement write_forest(pugi::xml_node parent, ModelFrame& frame, ValueId ensemble,
                          double divisor) {
  return ForestWriter(frame, ensemble, divisor).write(parent);
}

}  // namespace panmodel::pmml
