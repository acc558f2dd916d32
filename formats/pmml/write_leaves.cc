#include "formats/pmml/write_leaves.h"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "base/number.h"
#include "formats/pmml/write_xml.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {

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
      out.push_back({scope.field(d.input(part)), map});
    } else {
      out.push_back({scope.field(part), nullptr});
    }
  }
  return out;
}

std::string operand_text(const NamedField& field, double value) {
  switch (field.type) {
    case expr::Scalar::boolean:
      if (value == 0) return "false";
      if (value == 1) return "true";
      fail({}, "pmml-write", "the boolean field '{}' compared with {}", field.name,
           print_real(value));
    case expr::Scalar::i64:
      if (value == std::trunc(value) && std::abs(value) < 1e15)
        return std::to_string(static_cast<int64_t>(value));
      return xml_real(value);
    case expr::Scalar::f32:
      return print_real(static_cast<float>(value));
    // Evaluators order -0 below 0; a number compares with both alike.
    default:
      return xml_real(value == 0 ? 0.0 : value);
  }
}

void write_simple_predicate(pugi::xml_node parent, const std::string& field, const char* operation,
                            const std::string& value) {
  pugi::xml_node e = add(parent, "SimplePredicate");
  set(e, "field", field);
  set(e, "operator", operation);
  if (!value.empty()) set(e, "value", value);
}

void write_distribution(pugi::xml_node element, const Tensor& classes, const double* probabilities,
                        const double* confidences) {
  double total = 0;
  for (size_t k = 0; k < classes.size(); ++k) total += probabilities[k];
  for (size_t k = 0; k < classes.size(); ++k) {
    pugi::xml_node share = add(element, "ScoreDistribution");
    set(share, "value", text_at(classes, k));
    set(share, "recordCount", xml_real(probabilities[k]));
    // Shares of counts that do not add up to 1 exactly would differ in the last digit.
    if (total != 1) set(share, "probability", xml_real(probabilities[k]));
    if (confidences != nullptr && !std::isnan(confidences[k]))
      set(share, "confidence", xml_real(confidences[k]));
  }
}

NodeTables::NodeTables(ModelFrame& frame) : frame_(frame), prediction_(frame.prediction) {
  const GraphDocument& d = frame.document();
  const Prediction& p = prediction_;
  const auto table = [&](ValueId v, Tensor& to) {
    if (!v.valid()) return;
    const Node* node = d.producer(v);
    if (node->as<tensor::Binary>() != nullptr || node->as<tensor::Cast>() != nullptr)
      node = d.producer(node->inputs[0]);
    if (const auto* pick = node->as<table::Pick>()) to = pick->values;
  };
  for (const Node* user : d.users(p.node)) {
    const auto* pick = user->as<table::Pick>();
    if (pick == nullptr) continue;
    if (pick->values.rank() == 1 && !pick->rows.empty()) winner_ = pick->rows;
  }
  if (!p.classification() && !only_number()) table(p.value, scores_);
  table(p.scores, probabilities_);
  table(p.confidences, confidences_);
  table(p.entity, ids_);
}

bool NodeTables::says(size_t number) const {
  if (only_number()) return true;
  if (!prediction_.classification()) return !scores_.empty() && !std::isnan(scores_.real(number));
  if (!winner_.empty()) return winner_[number] >= 0;
  const size_t count = prediction_.classes.size();
  return !probabilities_.empty() && !std::isnan(probabilities_.real(number * count));
}

void NodeTables::begin(pugi::xml_node element, size_t number) {
  if (!ids_.empty()) {
    if (!used_.insert(number).second) {
      fail({}, "pmml-write", "the id '{}' of a node that several leaves stand for",
           ids_.text(number));
    }
    set(element, "id", ids_.text(number));
  }
  if (only_number()) return set(element, "score", std::to_string(number));
  if (!says(number)) return;
  if (!prediction_.classification()) {
    set(element, "score", xml_real(scores_.real(number)));
  } else if (!winner_.empty()) {
    set(element, "score", text_at(prediction_.classes, static_cast<size_t>(winner_[number])));
  } else {
    // Nothing asks for the label; a leaf has one all the same.
    const size_t count = prediction_.classes.size();
    size_t most = 0;
    for (size_t k = 1; k < count; ++k) {
      const double x = probabilities_.real(number * count + k);
      if (x > probabilities_.real(number * count + most)) most = k;
    }
    set(element, "score", text_at(prediction_.classes, most));
  }
}

void NodeTables::name_inner(pugi::xml_node element) {
  // Nodes without an id would get their number, which is the id of another.
  if (ids_.empty()) return;
  std::string id;
  do {
    id = fmt::format("split{}", ++inner_);
  } while (std::ranges::find(ids_.as<std::string>(), id) != ids_.as<std::string>().end());
  set(element, "id", id);
}

void NodeTables::end(pugi::xml_node element, size_t number) const {
  if (auto model = frame_.models.find(number); model != frame_.models.end()) {
    write_node_model(element, frame_, model->second);
  }
  const size_t count = prediction_.classes.size();
  if (probabilities_.empty() || std::isnan(probabilities_.real(number * count))) return;
  std::vector<double> p, c;
  for (size_t k = 0; k < count; ++k) {
    p.push_back(probabilities_.real(number * count + k));
    if (!confidences_.empty()) c.push_back(confidences_.real(number * count + k));
  }
  write_distribution(element, prediction_.classes, p.data(), c.empty() ? nullptr : c.data());
}

}  // namespace panmodel::pmml
