#pragma once
// What the values of a graph say together: the results of one model element.
#include <optional>
#include <string>
#include <vector>

#include "formats/pmml/link.h"
#include "formats/pmml/write_scope.h"

namespace panmodel::pmml {

// Results of one model. Absent members are invalid.
struct Prediction {
  ValueId value;          // regression, after its Targets
  ValueId label;          // classification
  ValueId scores;         // f64 [N,K]: probabilities as the model gives them ...
  ValueId probabilities;  // ... and after the priors that stand for missing ones
  ValueId confidences;
  ValueId entity;  // text that names the node
  ValueId node;    // number of the node of a tree
  Tensor classes;  // in the order of the columns
  std::vector<double> priors;
  bool classification() const { return !value.valid(); }
};

// The model whose result `v` is. Fails "pmml-write" when there is none.
Prediction prediction_of(const GraphDocument& document, ValueId v);
// Whether two nodes take the first of the same segments.
bool same_segments(const Node& first, const Node& other);
// Whether a node only brings a number or an id that a model gives to another type, as the dataType
// of an OutputField does.
bool is_typed_result(const GraphDocument& document, const Node& node);
// Behind a change of the type of labels, or of the order of columns.
ValueId canonical(const GraphDocument& document, ValueId v);
// The feature of an OutputField that says a cell, and the class that it is for.
struct Feature {
  const char* name;
  size_t column;
  bool scores() const { return name[0] == 'p' ? name[3] == 'b' : name[0] == 'c'; }
};
std::optional<Feature> feature_of(const GraphDocument& document, const Prediction& prediction,
                                  const Cell& cell);

// Whether a node is a model of its own, whose result only an OutputField can name.
bool is_model_node(const Node& node);

// A mean F(y) of linear predictors, in any of the forms that Link gives it.
struct Mean {
  Normalization method = Normalization::none;
  ValueId linear;  // [N,K]
  bool ordinal = false;
};
std::optional<Mean> mean_of(const GraphDocument& document, ValueId v);
// The same of the probabilities of classes.
std::optional<Mean> class_means_of(const GraphDocument& document, ValueId v);

}  // namespace panmodel::pmml
