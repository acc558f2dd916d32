#pragma once
// The segments of a MiningModel.
#include <optional>
#include <string>
#include <vector>

#include "formats/pmml/model.h"
#include "ir/ops/combine.h"

namespace panmodel::pmml {

enum class SegmentMethod {
  majority_vote, weighted_majority_vote, average, weighted_average, median, weighted_median, max, sum,
  weighted_sum, select_first, select_all, model_chain, multi_model_chain
};

struct Segment {
  Element element;
  double weight = 1;
};
// What is in a segment, until element.close().
struct SegmentContent {
  Element predicate, model;
};
SegmentContent content_of(const Segment& segment);

struct Segmentation {
  Element element;
  SegmentMethod method = SegmentMethod::sum;
  std::vector<Segment> segments;
  ml::MissingPart missing = ml::MissingPart::propagate;
  double threshold = 1;
  bool weighted() const;
  bool votes() const {
    return method == SegmentMethod::majority_vote || method == SegmentMethod::weighted_majority_vote;
  }
  bool averages() const {
    return method == SegmentMethod::average || method == SegmentMethod::weighted_average;
  }
  bool sums() const { return method == SegmentMethod::sum || method == SegmentMethod::weighted_sum; }
  std::vector<double> weights() const;  // empty = all 1
};
Segmentation read_segmentation(const Element& model);

// The segments as one forest, when all of them are trees that count for every row and the method
// only adds up or counts; else nothing.
std::optional<Result> read_forest(const Element& model, const Segmentation& segmentation, Scope& scope);

}  // namespace panmodel::pmml
