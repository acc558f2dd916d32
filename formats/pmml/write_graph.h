#pragma once
// Graphs whose outputs are columns, as the reader of PMML makes them, as PMML models.
#include <string>
#include <vector>

#include "formats/pmml/write_prediction.h"

namespace panmodel::pmml {

// A model element whose children are filled in one by one; finish() takes out those left empty.
struct ModelElement {
  pugi::xml_node element, schema, output, targets, transformations;

  ModelElement(pugi::xml_node parent, const char* name, bool classification);
  void finish();
};
void add_schema_fields(pugi::xml_node schema, const std::vector<std::string>& names);
void add_schema_target(pugi::xml_node schema, const DocumentTarget* target);

// What the writers of model elements share.
struct ModelFrame {
  ModelScope& scope;
  const Prediction& prediction;
  std::vector<Wanted> outputs;
  std::map<Cell, NamedField> given;       // those that the body of the model has named
  std::map<size_t, ValueId> models = {};  // of a tree: values of the regressions in its nodes

  GraphDocument& document() const { return scope.document(); }
  // The target field that has the classes of this model, made when there is none; null for a number
  // that is not the document's target.
  DocumentTarget* target() const;
};

// Appends the model of a prediction to `parent`, as the last one of a chain when others come before
// it. `top`: it is the model of the document, whose inputs `chain` has; else `chain` is new.
// Returns the Output that names its results.
pugi::xml_node write_models(pugi::xml_node parent, ModelScope& chain, const Prediction& prediction,
                            std::vector<Wanted> outputs, bool top);
// A segment of the chain that gives the cell as an output field.
// The same by a segment that is there already.
std::optional<NamedField> add_chained_field(ModelScope& chain, const Prediction& prediction,
                                            const Cell& cell);
NamedField add_chained_model(ModelScope& chain, const Prediction& prediction, const Cell& cell);

// The bare models, each as one element.
ModelElement write_core(pugi::xml_node parent, ModelFrame& frame);
ModelElement write_regression(pugi::xml_node parent, ModelFrame& frame, const Mean& mean);
// An ensemble's sums over `divisor`.
ModelElement write_forest(pugi::xml_node parent, ModelFrame& frame, ValueId ensemble,
                          double divisor);
ModelElement write_tree(pugi::xml_node parent, ModelFrame& frame);
// Appends the regression of a node.
void write_node_model(pugi::xml_node node, ModelFrame& frame, ValueId value);
ModelElement write_segments(pugi::xml_node parent, ModelFrame& frame, const Node& combine);
pugi::xml_node add_output_field(pugi::xml_node output, const NamedField& field, const char* feature,
                                bool final);
// An OutputField for a result of the model, by its feature.
pugi::xml_node add_result_field(pugi::xml_node output, const NamedField& field,
                                const Prediction& prediction, const Feature& feature, bool final);
// The OutputFields of a model.
void write_output(ModelElement& model, ModelFrame& frame);

}  // namespace panmodel::pmml
