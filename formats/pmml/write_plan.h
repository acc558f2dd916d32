#pragma once
// What the outputs of a tensor graph are, as models of a document.
#include <string>
#include <vector>

#include "formats/pmml/write_chain.h"

namespace panmodel::pmml {

// What one model computes: a RegressionModel, a tree model, or a threshold on a score.
struct PlannedModel {
  enum class Kind { regression, trees, threshold } kind = Kind::regression;
  const char* normalization = "none";
  std::vector<LinearForm> tables;   // regression: in the order of the classes
  bool first_class_last = false;    // of two classes the table of the second comes first
  Trees trees;
  FieldId score = 0;                // threshold
  bool has_score = false;           // else there is one class
  double threshold = 0;
  bool closed = false;              // the score at the threshold is the second class
};

// A result of the source that no model gives: an OutputField with an expression.
struct Extra {
  const Output* output;
  size_t column;
  std::string name;
  FieldId field;
  std::string role, key;
};

struct Plan {
  std::vector<std::string> classes;      // of the target; empty = a regression
  std::vector<std::string> targets;      // target fields, one per model; "" = none
  std::string target_type;
  std::vector<PlannedModel> models;      // behind those of the chain
  const Output* probability = nullptr;   // given by the last model
  std::vector<Extra> extras;
  // Columns go in and come out, and nothing is predicted.
  bool transformer() const { return targets.size() == 1 && targets[0].empty(); }
  // Whether the models name results of segments, themselves or by what they are made of.
  bool reads_segments(const Fields& fields) const;
};

// Fails "pmml-write" for a prediction without a form; an output of another role without one is a
// loss.
Plan plan_of(const Model& model, Columns& columns, Chain& chain, Diagnostics& out);

}  // namespace panmodel::pmml
