#pragma once
// What the nodes of one tree say, where tables are picked by the number of the node.
#include <string>
#include <vector>

#include "formats/pmml/write_graph.h"

namespace panmodel::pmml {

// What the nodes of a tree say, by their number, from the tables that are picked by it.
class NodeTables {
 public:
  explicit NodeTables(ModelFrame& frame);
  // Sets score and id, before the predicate is appended. `number`: a node of the tree.
  void begin(pugi::xml_node element, size_t number);
  // The id of a node that is none of the source's; empty where nodes have none.
  std::string inner_id();
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
  std::vector<std::string> classes_;  // as values of attributes
};

}  // namespace panmodel::pmml
