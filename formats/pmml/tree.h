#pragma once
// Trees before they are nodes of the graph, so that many of them become one forest.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "formats/pmml/model.h"
#include "ir/ops/decision_tree.h"
#include "ir/ops/tree.h"

namespace panmodel::pmml {

struct Tree {
  ml::DecisionTree op;          // nodes in the order of the document
  std::vector<ValueId> inputs;  // its columns
  std::vector<uint8_t> text;    // per column: 1 = text
  std::vector<Element> nodes;   // per node of op
  std::vector<double> scores;   // likewise, of a regression; NaN = see the node
  // Nodes that have a model of their own, a Regression or DecisionTree, and this model.
  std::vector<std::pair<size_t, Element>> models;
};
Tree read_tree_nodes(const Element& model, Scope& scope);

// The class labels that a tree of `target` tells apart, and what each node says of them.
struct TreeClasses {
  std::vector<int64_t> winner;  // per node: index of the class that it predicts, -1 = none
  // Per node one value per class; NaN where the node says nothing. Empty = no node has any.
  std::vector<double> probabilities, confidences;
};
// Classes of the target come first; labels that it does not declare are appended to `classes`.
TreeClasses read_tree_classes(const Tree& tree, std::vector<std::string>& classes);
// The number that each node predicts, NaN for one without a score.
std::vector<double> read_tree_scores(const Tree& tree);

// Trees as one ml.TreeEnsemble. Text columns are compared by the index of the category.
class ForestBuilder {
 public:
  // Appends a tree, leaf weights being `targets` values per node of the tree. Returns false, with
  // the forest unchanged, when a binary forest cannot hold the tree: predicates made of predicates,
  // blended results, penalties, and default children behind tests of several fields.
  bool add(const Tree& tree, size_t targets, const std::vector<double>& weights);
  // Whether a row may end without a prediction, its weights being NaN then.
  bool has_gaps() const { return gaps_; }
  Forest take() { return std::move(forest_); }
  // Makes room for `trees` in all, as large as those so far; no more than a document of `bytes` can have.
  void reserve(size_t trees, size_t bytes);
  // The matrix [N,F] that the forest reads: f32 when all its columns are, else f64.
  ValueId matrix(Builder& builder) const;

 private:
  // Where the number of a node is to be written.
  struct Slot {
    enum Kind : uint8_t { root, yes, no } kind;
    uint32_t node;
  };
  class Adder;
  struct Feature {
    ValueId value;
    std::map<std::string, double, std::less<>> codes;  // of the categories of a text column
  };
  uint32_t feature_of(ValueId value);

  Forest forest_;
  std::vector<Feature> features_;
  std::map<ValueId, uint32_t> index_;
  bool gaps_ = false;
};

// The target field of a model as its own MiningSchema names it, or of the models around it.
struct TargetField {
  std::string name;
  expr::Scalar type = expr::Scalar::string;
  std::vector<std::string> values;
  bool ordinal = false;
};
TargetField target_of(const Element& model, const Scope& scope);

}  // namespace panmodel::pmml
