#include "formats/pmml/write_leaves.h"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "formats/pmml/write_nodes.h"
#include "formats/pmml/write_xml.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {

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
  for (size_t k = 0; k < p.classes.size(); ++k) classes_.push_back(escaped(text_at(p.classes, k)));
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

std::string NodeTables::inner_id() {
  // Nodes without an id would get their number, which is the id of another.
  if (ids_.empty()) return {};
  std::string id;
  do {
    id = fmt::format("split{}", ++inner_);
  } while (std::ranges::find(ids_.as<std::string>(), id) != ids_.as<std::string>().end());
  return id;
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
  std::string shares;
  append_distribution(classes_, p.data(), c.empty() ? nullptr : c.data(), shares);
  element.append_buffer(shares.data(), shares.size());
}

}  // namespace panmodel::pmml
