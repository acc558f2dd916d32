#include "formats/pmml/write_chain.h"

#include <algorithm>

#include "base/diagnostic.h"
#include "ir/op.h"

namespace panmodel::pmml {

OpenModel begin_regression(pugi::xml_node parent, const char* normalization, bool classification,
                           const std::string& target) {
  OpenModel model =
      begin_model(parent, "RegressionModel", classification ? "classification" : "regression");
  if (std::string_view(normalization) != "none") {
    set(model.element, "normalizationMethod", normalization);
  }
  model.target = target;
  return model;
}

pugi::xml_node add_output_field(OpenModel& model, const std::string& name, const char* feature,
                                expr::Scalar type) {
  pugi::xml_node field = add(model.output, "OutputField");
  set(field, "name", name);
  set(field, "optype", optype_of(type));
  set(field, "dataType", data_type_of(type));
  set(field, "feature", feature);
  return field;
}

Trees trees_of(const Node& node, double divisor, Columns& columns) {
  Trees trees;
  trees.ensemble = node.as<ml::TreeEnsemble>();
  trees.place = &columns.place(node);
  trees.features = features_of(node.inputs[0], columns, *trees.place);
  trees.divisor = divisor;
  return trees;
}

std::vector<FieldId> Chain::results(const Node& node) {
  if (frozen_) fail({}, "pmml-write", "a model of its own");
  if (const auto* linear = node.as<ml::Linear>()) return linear_results(node, *linear);
  Trees trees = trees_of(node, 1, columns_);
  const auto targets = static_cast<size_t>(trees.ensemble->targets);
  std::vector<FieldId> out;
  if (is_distribution(trees)) {
    trees.classes = classes_;
    if (targets != classes_.size()) {
      trees.classes.clear();
      for (size_t k = 0; k < targets; ++k) trees.classes.push_back(std::to_string(k));
    }
    OpenModel model = write_trees(begin_segment(), trees, "", fields_);
    for (const std::string& c : trees.classes) {
      out.push_back(fields_.result(fmt::format("share({})", c), expr::Scalar::f64));
      segments_.back().results.push_back(out.back());
      pugi::xml_node field = add_output_field(model, fields_[out.back()].name, "probability");
      set(field, "value", c);
      set(field, "isFinalResult", "false");
    }
    finish_segment(model);
    return out;
  }
  for (size_t k = 0; k < targets; ++k) {
    trees.target = k;
    OpenModel model = write_trees(begin_segment(), trees, "", fields_);
    out.push_back(result_of(model, score_name(k, targets)));
  }
  return out;
}

std::vector<FieldId> Chain::linear_results(const Node& node, const ml::Linear& linear) {
  const std::vector<FieldId> features = columns_.fields_of(node.inputs[0]);
  std::vector<FieldId> out;
  const size_t count = linear.intercept.size();
  for (size_t k = 0; k < count; ++k) {
    OpenModel model = begin_regression(begin_segment(), "none", false, "");
    const LinearForm form = linear_form(linear, k, features);
    write_table(model, form, "", fields_);
    out.push_back(result_of(model, score_name(k, count)));
    forms_.emplace(out.back(), form);
  }
  return out;
}

std::string Chain::score_name(size_t k, size_t count) const {
  if (count == classes_.size()) return fmt::format("score({})", classes_[k]);
  return count == 1 ? "score" : fmt::format("score({})", k);
}

FieldId Chain::result_of(OpenModel& model, const std::string& wanted) {
  const FieldId id = fields_.result(wanted, expr::Scalar::f64);
  segments_.back().results.push_back(id);
  pugi::xml_node field = add_output_field(model, fields_[id].name, "predictedValue");
  set(field, "isFinalResult", "false");
  finish_segment(model);
  return id;
}

LinearForm Chain::expanded(const LinearForm& form) const {
  LinearForm out{form.intercept, {}};
  for (const auto& [field, coefficient] : form.terms) {
    std::optional<LinearForm> inner;
    if (auto found = forms_.find(field); found != forms_.end()) {
      inner = found->second;
    } else if (fields_[field].local && fields_[field].origin == WrittenField::Origin::derived) {
      inner = linear_form(fields_[field].body);
      if (inner) inner = expanded(*inner);
    }
    if (!inner) {
      out.add(field, coefficient);
      continue;
    }
    out.intercept += coefficient * inner->intercept;
    for (const auto& [part, factor] : inner->terms) out.add(part, coefficient * factor);
  }
  return out;
}

pugi::xml_node Chain::begin_segment() {
  if (!scratch_) scratch_ = tree_.append_child("Segmentation");
  segments_.push_back({add(scratch_, "Segment"), {}, {}, {}});
  set(segments_.back().element, "id", "");
  add(segments_.back().element, "True");
  return segments_.back().element;
}

void Chain::finish_segment(OpenModel& model) {
  segments_.back().names = finish_model(model, fields_, &segments_.back().outer);
}

size_t Chain::move_segments(pugi::xml_node segmentation, size_t last, std::set<FieldId>& outer) {
  std::set<FieldId> named;
  std::vector<const Segment*> kept;
  for (size_t i = segments_.size(); i-- > 0;) {
    const Segment& s = segments_[i];
    const bool read = std::any_of(s.results.begin(), s.results.end(),
                                  [&](FieldId f) { return named.contains(f); });
    if (i + last < segments_.size() && !read) continue;
    named.insert(s.names.begin(), s.names.end());
    outer.insert(s.outer.begin(), s.outer.end());
    kept.push_back(&s);
  }
  for (size_t i = kept.size(); i-- > 0;) {
    pugi::xml_node moved = segmentation.append_move(kept[i]->element);
    moved.attribute("id").set_value(std::to_string(kept.size() - i).c_str());
  }
  return kept.size();
}

}  // namespace panmodel::pmml
