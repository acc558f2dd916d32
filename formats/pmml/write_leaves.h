#pragma once
// Nodes of trees: what their leaves say and how they test.
#include <string>
#include <vector>

#include "formats/pmml/write_graph.h"
#include "ir/ops/encode.h"

namespace panmodel::pmml {

// A column that trees test.
struct Tested {
  NamedField field;
  const ml::LabelMap* codes = nullptr;  // categories by the numbers that the tests name
};
std::vector<Tested> tested_columns(ModelScope& scope, ValueId matrix);

// A constant of a predicate in the type of the field.
std::string operand_text(const NamedField& field, double value);
void write_simple_predicate(pugi::xml_node parent, const std::string& field, const char* operation,
                            const std::string& value);

// What the nodes of a tree say, by their number, from the tables that are picked by it.
class NodeTables {
 public:
  explicit NodeTables(ModelFrame& frame);
  // Sets score and id, before the predicate is appended. `number`: a node of the tree.
  void begin(pugi::xml_node element, size_t number);
  // The id of a node that is none of the source's.
  void name_inner(pugi::xml_node element);
  // Appends the distribution or the model of the node, behind the predicate.
  void end(pugi::xml_node element, size_t number) const;
  // Whether the node predicts something.
  bool says(size_t number) const;

 private:
  bool only_number() const {
    return prediction_.value.valid() && prediction_.value == prediction_.node;
  }

  ModelFrame& frame_;
  const Prediction& prediction_;
  std::set<size_t> used_;  // nodes whose ids are given
  size_t inner_ = 0;
  std::vector<int64_t> winner_;
  Tensor scores_, probabilities_, confidences_, ids_;  // empty = none
};
// Appends ScoreDistributions of a row of probabilities (and of confidences, or null).
void write_distribution(pugi::xml_node element, const Tensor& classes, const double* probabilities,
                        const double* confidences);

}  // namespace panmodel::pmml
