// Segments that are trees as one ml.TreeEnsemble.
#include <algorithm>

#include "formats/pmml/link.h"
#include "formats/pmml/segments.h"
#include "formats/pmml/tree.h"

namespace panmodel::pmml {
namespace {

bool plain_tree(const SegmentContent& s, std::string_view function) {
  return s.predicate.is("True") && s.model.is("TreeModel") && !s.model.child("Output") &&
         !s.model.child("Targets") && s.model.boolean("isScorable", true) &&
         s.model.attribute("functionName") == function;
}

Tree read_segment_tree(const SegmentContent& segment, Scope& scope) {
  Scope own(scope.reader(), &scope, scope.mask());
  read_schema(segment.model, own, false);
  if (Element local = segment.model.child("LocalTransformations")) {
    for (const Element& field : local.children("DerivedField")) own.define(field);
  }
  return read_tree_nodes(segment.model, own);
}

// What the leaves of a tree add per class; empty when the tree has no probabilities to add.
std::vector<double> class_weights(const Segmentation& s, const TreeClasses& said, size_t count) {
  if (!s.votes()) return said.probabilities;
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> all(said.winner.size() * count);
  for (size_t n = 0; n < said.winner.size(); ++n) {
    if (said.winner[n] < 0) std::fill_n(all.begin() + static_cast<ptrdiff_t>(n * count), count, kNan);
    if (said.winner[n] >= 0) all[n * count + static_cast<size_t>(said.winner[n])] = 1;
  }
  return all;
}

// Appends all trees; false when one of them does not fit.
bool add_trees(const Segmentation& s, Scope& scope, bool classes, std::vector<std::string>& labels,
               ForestBuilder& forest) {
  for (const Segment& segment : s.segments) {
    const SegmentContent content = content_of(segment);
    if (!plain_tree(content, classes ? "classification" : "regression")) return false;
    Tree tree = read_segment_tree(content, scope);
    if (!tree.models.empty()) return false;
    std::vector<double> weights;
    if (classes) {
      // The labels of the tree are counted once it has been read.
      const TreeClasses said = read_tree_classes(tree, labels);
      weights = class_weights(s, said, labels.size());
    } else {
      weights = read_tree_scores(tree);
    }
    if (s.weighted()) {
      for (double& w : weights) w *= segment.weight;
    }
    if (weights.empty() || !forest.add(tree, classes ? labels.size() : 1, weights)) return false;
    segment.element.close();
    if (&segment == &s.segments.front()) forest.reserve(s.segments.size(), segment.element.document_bytes());
  }
  return !(forest.has_gaps() && s.missing != ml::MissingPart::propagate);
}

}  // namespace

std::optional<Result> read_forest(const Element& model, const Segmentation& s, Scope& scope) {
  bool classes = model.attribute("functionName") == "classification";
  bool additive = s.averages() || (classes ? s.votes() : s.sums());
  if (!additive) return std::nullopt;
  TargetField target = target_of(model, scope);
  std::vector<std::string> labels = target.values;
  size_t known = labels.size();
  ForestBuilder forest;
  if (!add_trees(s, scope, classes, labels, forest)) return std::nullopt;
  if (labels.size() != known) {
    // Labels that no field declares: now all of them are known.
    forest = {};
    if (!add_trees(s, scope, classes, labels, forest)) return std::nullopt;
  }
  Builder& builder = scope.reader().builder;
  builder.at(s.element.place());
  ml::TreeEnsemble op;
  op.targets = classes ? static_cast<int64_t>(labels.size()) : 1;
  op.accumulate = float_math(model) ? DType::f32 : DType::f64;
  bool divided = s.averages() || s.votes();
  op.aggregate = divided && !s.weighted() ? ml::Aggregate::mean : ml::Aggregate::sum;
  Link link(builder, op.accumulate);
  ValueId matrix = forest.matrix(builder);
  op.forest = forest.take();
  ValueId value = builder.add(std::move(op), {matrix});
  if (divided && s.weighted()) {
    double total = 0;
    for (const Segment& segment : s.segments) total += segment.weight;
    value = link.binary(tensor::BinaryFn::div, value, link.scalar(total));
  }
  Result result;
  if (!classes) {
    result.value = value;
    return result;
  }
  if (float_math(model)) value = builder.add(tensor::Cast{DType::f64}, {value});
  result.classes = values_of(model, labels, target.type);
  result.probabilities = value;
  result.label = builder.add(ml::Winner{result.classes}, {value});
  return result;
}

}  // namespace panmodel::pmml
