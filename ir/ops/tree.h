#pragma once
// Tree ensembles.
#include "ir/op.h"

namespace panmodel::ml {

enum class Aggregate { sum, mean, min, max };
std::span<const std::string_view> enum_names(Aggregate);

// X [N,F] (f32 or f64) -> [N,targets] of type `accumulate`. A NaN feature takes the branch that the
// node names; a feature compares in double, which is exact for f32 values too. Per target: start
// from base (0 when empty), add the leaf weights in tree order, every sum rounded to `accumulate`;
// mean divides by the number of trees at the end.
struct TreeEnsemble {
  Forest forest;
  int64_t targets = 1;
  Aggregate aggregate = Aggregate::sum;
  DType accumulate = DType::f64;
  std::vector<double> base;
  bool base_last = false;
  static constexpr OpMeta meta{"ml.tree_ensemble", "Sum, mean, min or max of the leaf weights that a row reaches, per target, in tree order.", Accuracy::rounded};
  static constexpr auto fields() {
    return std::tuple{field("forest", &TreeEnsemble::forest, "the trees"),
                      field("targets", &TreeEnsemble::targets, "number of output columns"),
                      field("aggregate", &TreeEnsemble::aggregate, "how the trees are combined"),
                      field("accumulate", &TreeEnsemble::accumulate, "f32 or f64: type of every running sum and of the result"),
                      field("base", &TreeEnsemble::base, "start value per target; empty = 0"),
                      field("base_last", &TreeEnsemble::base_last, "add base after the trees instead of before")};
  }
  static Types infer(const TreeEnsemble&, InferContext&);
};

// Whether no target adds weights of two trees and no leaf has two weights: there is nothing to sum.
bool one_tree_per_target(const TreeEnsemble&);

}  // namespace panmodel::ml
