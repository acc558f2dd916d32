#include "formats/pmml/model.h"

#include <algorithm>

namespace panmodel::pmml {
namespace {

struct Row {
  std::string_view name;
  Result (*read)(const Element& model, Scope& scope);
};

// Null: a model element that is not supported.
constexpr Row kModels[] = {
    {"AnomalyDetectionModel", nullptr},
    {"AssociationModel", nullptr},
    {"BaselineModel", nullptr},
    {"BayesianNetworkModel", nullptr},
    {"ClusteringModel", nullptr},
    {"GaussianProcessModel", nullptr},
    {"GeneralRegressionModel", nullptr},
    {"MiningModel", read_mining},
    {"NaiveBayesModel", nullptr},
    {"NearestNeighborModel", nullptr},
    {"NeuralNetwork", nullptr},
    {"RegressionModel", read_regression},
    {"RuleSetModel", nullptr},
    {"Scorecard", nullptr},
    {"SequenceModel", nullptr},
    {"SupportVectorMachineModel", nullptr},
    {"TextModel", nullptr},
    {"TimeSeriesModel", nullptr},
    {"TreeModel", read_tree},
};

const Row* row_of(const Element& element) {
  auto found = std::find_if(std::begin(kModels), std::end(kModels),
                            [&](const Row& row) { return row.name == element.name(); });
  return found == std::end(kModels) ? nullptr : found;
}

// The predicted field: of the schema, else the only one that Targets names.
std::string target_name(const Element& model, const Schema& schema) {
  if (!schema.targets.empty()) return std::string(schema.targets.front().attribute("name"));
  const Element targets = model.child("Targets");
  if (!targets) return {};
  const auto all = targets.children("Target");
  return all.size() == 1 ? std::string(all.front().find("field").value_or("")) : std::string();
}

}  // namespace

bool is_model(const Element& element) { return row_of(element) != nullptr; }

std::vector<Element> models_with(const Element& pmml, std::string_view part) {
  std::vector<Element> models, open{pmml};
  while (!open.empty()) {
    const Element e = open.back();
    open.pop_back();
    if (e.is("Segment") && !e.mentions(part)) continue;
    if (is_model(e) && e.child(part)) models.push_back(e);
    if (e.is("PMML") || is_model(e) || e.is("Segmentation") || e.is("Segment")) {
      for (const Element& inner : e.children()) open.push_back(inner);
    }
  }
  return models;
}

Element model_in(const Element& parent) {
  Element e = parent.first();
  while (e && !is_model(e)) e = e.next();
  return e;
}

bool float_math(const Element& model) {
  constexpr std::string_view kContexts[] = {"double", "float"};
  return model.choice("x-mathContext", kContexts, 0) == 1;
}

Result read_inner_model(const Element& model, Scope& scope, ValueId mask) {
  Nested level(scope.reader(), model);
  for (std::string_view part : {"Output", "Targets"}) {
    if (Element e = model.child(part)) {
      e.refuse("pmml-feature", "in a {} within a model", model.name());
    }
  }
  Scope own(scope.reader(), &scope, mask);
  if (Element local = model.child("LocalTransformations")) {
    for (const Element& field : local.children("DerivedField")) own.define(field);
  }
  scope.reader().builder.at(model.place());
  Result result = model.is("Regression") ? read_regression(model, own) : read_tree(model, own);
  read_result_fields(model, own, result);
  return result;
}

Result read_model(const Element& model, Reader& reader, Scope* outer, ValueId mask) {
  const Row* row = row_of(model);
  if (row == nullptr) model.refuse("pmml-element", "not a model element");
  if (row->read == nullptr) model.refuse("pmml-model", "models of this kind are not supported");
  if (!model.boolean("isScorable", true)) {
    model.refuse("pmml-feature", "the model says that it is not to be scored (isScorable)");
  }
  Nested level(reader, model);
  Scope scope(reader, outer, mask);
  Schema schema = read_schema(model, scope, outer == nullptr);
  if (outer == nullptr && reader.transformations) {
    for (const Element& field : reader.transformations.children("DerivedField")) scope.define(field);
  }
  if (Element local = model.child("LocalTransformations")) {
    for (const Element& field : local.children("DerivedField")) scope.define(field);
  }
  reader.builder.at(model.place());
  Result result = row->read(model, scope);
  result.target = target_name(model, schema);
  reader.builder.at(model.place());
  apply_targets(model, schema, scope, result);
  read_output(model, scope, result);
  return result;
}

}  // namespace panmodel::pmml
