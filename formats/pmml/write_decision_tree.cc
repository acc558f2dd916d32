// TreeModel of an ml.decision_tree, with its predicates and strategies.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "base/number.h"
#include "formats/pmml/write_leaves.h"
#include "formats/pmml/write_nodes.h"
#include "formats/pmml/write_tables.h"
#include "formats/pmml/write_xml.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

using ml::TreeTest;
using ml::UnknownSplit;

constexpr const char* kStrategies[] = {"none",         "lastPrediction",     "nullPrediction",
                                       "defaultChild", "weightedConfidence", "aggregateNodes"};
constexpr const char* kTests[] = {"",
                                  "",
                                  "equal",
                                  "notEqual",
                                  "lessThan",
                                  "lessOrEqual",
                                  "greaterThan",
                                  "greaterOrEqual",
                                  "isMissing",
                                  "isNotMissing",
                                  "isIn",
                                  "isNotIn",
                                  "and",
                                  "or",
                                  "xor",
                                  "surrogate"};

class TreeWriter {
 public:
  TreeWriter(ModelFrame& frame, const Node& node)
      : frame_(frame),
        d_(frame.document()),
        p_(frame.prediction),
        node_(node),
        op_(*node.as<ml::DecisionTree>()),
        tables_(frame) {}

  ModelElement write(pugi::xml_node parent) {
    ModelElement model(parent, "TreeModel", p_.classification());
    if (op_.unknown != UnknownSplit::none) {
      set(model.element, "missingValueStrategy", kStrategies[static_cast<size_t>(op_.unknown)]);
    }
    if (op_.last_if_none) set(model.element, "noTrueChildStrategy", "returnLastPrediction");
    if (op_.penalty != 1) set(model.element, "missingValuePenalty", xml_real(op_.penalty));
    std::vector<std::pair<size_t, pugi::xml_node>> open{{0, model.element}};
    while (!open.empty()) {
      const auto [number, above] = open.back();
      open.pop_back();
      pugi::xml_node element = add(above, "Node");
      node(element, number);
      for (auto k = op_.child_begin[number + 1]; k-- > op_.child_begin[number];) {
        open.emplace_back(static_cast<size_t>(op_.children[static_cast<size_t>(k)]), element);
      }
    }
    return model;
  }

 private:
  void node(pugi::xml_node element, size_t number) {
    tables_.begin(element, number);
    const int64_t chosen = op_.default_child.empty() ? -1 : op_.default_child[number];
    if (op_.unknown == UnknownSplit::default_child && !element.attribute("id"))
      set(element, "id", std::to_string(number));
    if (chosen >= 0) set(element, "defaultChild", id_of(static_cast<size_t>(chosen)));
    if (op_.blends()) set(element, "recordCount", xml_real(op_.records[number]));
    predicate(element, static_cast<size_t>(op_.predicate[number]));
    if (op_.blends()) {
      blended(element, number);
    } else {
      tables_.end(element, number);
    }
  }
  std::string id_of(size_t number) const {
    const auto* ids = p_.entity.valid() ? d_.op<table::Pick>(p_.entity) : nullptr;
    return ids != nullptr ? ids->values.text(number) : std::to_string(number);
  }

  // The distribution of the blending forms: of probabilities, or of confidences.
  void blended(pugi::xml_node element, size_t number) const {
    const size_t count = p_.classes.size();
    const bool weighted = op_.unknown == UnknownSplit::weighted_confidence;
    for (size_t k = 0; k < count; ++k) {
      const double x = op_.distribution.real(number * count + k);
      if (std::isnan(x)) return;
      pugi::xml_node share = add(element, "ScoreDistribution");
      set(share, "value", text_at(p_.classes, k));
      set(share, "recordCount", xml_real(x));
      if (weighted) set(share, "confidence", xml_real(x));
      if (!weighted) set(share, "probability", xml_real(x));
    }
  }

  const NamedField& field(size_t input) {
    if (fields_.size() <= input) fields_.resize(input + 1);
    if (!fields_[input]) fields_[input] = frame_.scope.field(node_.inputs.at(input));
    return *fields_[input];
  }

  void predicate(pugi::xml_node parent, size_t number) {
    const auto test = static_cast<TreeTest>(op_.test[number]);
    const auto begin = static_cast<size_t>(op_.operand_begin[number]);
    const auto end = static_cast<size_t>(op_.operand_end[number]);
    if (test == TreeTest::always || test == TreeTest::never) {
      add(parent, test == TreeTest::always ? "True" : "False");
      return;
    }
    const char* name = kTests[static_cast<size_t>(test)];
    if (test >= TreeTest::all_of) {
      pugi::xml_node element = add(parent, "CompoundPredicate");
      set(element, "booleanOperator", name);
      for (size_t i = begin; i < end; ++i) predicate(element, static_cast<size_t>(op_.operands[i]));
      return;
    }
    const NamedField& tested = field(static_cast<size_t>(op_.input[number]));
    std::vector<std::string> operands;
    for (size_t i = begin; i < end; ++i) {
      operands.push_back(tested.type == expr::Scalar::string
                             ? op_.texts.at(i)
                             : operand_text(tested, op_.numbers.at(i)));
    }
    if (test == TreeTest::in || test == TreeTest::not_in) {
      return write_set_predicate(parent, tested, test == TreeTest::in, operands);
    }
    pugi::xml_node element = add(parent, "SimplePredicate");
    set(element, "field", tested.name);
    set(element, "operator", name);
    if (!operands.empty()) set(element, "value", operands[0]);
  }

  ModelFrame& frame_;
  const GraphDocument& d_;
  const Prediction& p_;
  const Node& node_;
  const ml::DecisionTree& op_;
  NodeTables tables_;
  std::vector<std::optional<NamedField>> fields_;
};

}  // namespace

ModelElement write_tree(pugi::xml_node parent, ModelFrame& frame) {
  const ValueId node = frame.prediction.node;
  const Node* maker = frame.document().producer(node);
  return maker->as<ml::DecisionTree>() != nullptr ? TreeWriter(frame, *maker).write(parent)
                                                  : write_forest(parent, frame, node, 1);
}

}  // namespace panmodel::pmml
