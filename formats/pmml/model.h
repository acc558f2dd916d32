#pragma once
// A model element: what its reader returns, and what its frame makes of it.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/pmml/dictionary.h"

namespace panmodel::pmml {

// What a model says of every row. Absent members are invalid.
struct Result {
  // Classification (and clustering): the predicted class, a column; a missing cell = no prediction.
  ValueId label;
  Tensor classes;          // class labels in column order, of the type of the target; may be empty
  ValueId probabilities;   // f64 [N,K], parallel to classes; NaN where there is no prediction
  ValueId confidences;     // f64 [N,K], likewise
  // Regression: the predicted value, f64 or f32 [N,1]; NaN = no prediction. It has no label.
  ValueId value;
  ValueId entity_id;       // string column
  bool classification() const { return label.valid(); }

  // Output fields of the model, and of models inside it whose results are this model's (modelChain).
  struct Named {
    std::string name;
    Field field;
    Role role = Role::none;
    std::string key;     // class of a probability
    bool final = true;   // isFinalResult
    bool target = false; // a target of its own beside the last one
  };
  std::vector<Named> outputs;
  std::string target;      // name of the target field; empty without one
  std::map<std::string, std::string> display;  // displayValue of its TargetValues
  // Of a MiningModel whose Output names segments: their results by id.
  std::map<std::string, std::shared_ptr<const Result>, std::less<>> segments;
};

// Reads TreeModel, RegressionModel, MiningModel ... with its MiningSchema, transformations, Targets
// and Output. `outer`: fields of the model around it, null at the top. Rows where `mask` (a boolean
// column, or invalid) is not true get no result and are never refused.
Result read_model(const Element& model, Reader& reader, Scope* outer, ValueId mask);
// Whether an element is a model, supported or not.
bool is_model(const Element& element);
// The models of a document that have this part, each before those within it.
std::vector<Element> models_with(const Element& pmml, std::string_view part);
// The model among the children of `parent`, or none.
Element model_in(const Element& parent);

// The readers of model elements: the bare prediction, before Targets and Output.
Result read_tree(const Element& model, Scope& scope);
Result read_regression(const Element& model, Scope& scope);
Result read_mining(const Element& model, Scope& scope);
// A Regression or DecisionTree of PMML 4.0 and before within another model: one without a schema.
Result read_inner_model(const Element& model, Scope& scope, ValueId mask);

// x-mathContext="float": arithmetic in single precision (an extension of JPMML's).
bool float_math(const Element& model);

// Targets of the model: rescaling, clipping and casting of a value, defaults of a missing prediction.
void apply_targets(const Element& model, const Schema& schema, Scope& scope, Result& result);
// Output of the model: appends to result.outputs, and makes the fields visible in `scope`.
void read_output(const Element& model, Scope& scope, Result& result);
// The same for the ResultFields of a model without a schema.
void read_result_fields(const Element& model, Scope& scope, Result& result);
// Whether an OutputField asks for the ids of nodes and segments; whether one names a segment.
bool asks_for_entity(const Element& model);
bool asks_for_segment(const Element& model);

}  // namespace panmodel::pmml
