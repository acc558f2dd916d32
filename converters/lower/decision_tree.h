#pragma once
// The parts of the lowering of ml.decision_tree.
#include <functional>

#include "converters/lower/cells.h"
#include "ir/ops/decision_tree.h"

namespace panmodel::converters {

// Of a predicate, as a number.
enum Outcome : uint8_t { kNo, kYes, kUnknown };

// The results of the blending forms: f64 [N,1] the node, NaN where there is none or several count, and
// f64 [N,K] the distribution. `outcome` gives the Outcome of a predicate as f64 [N,1].
struct Blended {
  ValueId node, distribution;
};
Blended blended(Builder& b, const ml::DecisionTree& op, const std::function<ValueId(size_t predicate)>& outcome);

}  // namespace panmodel::converters
