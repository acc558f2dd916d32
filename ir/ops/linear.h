#pragma once
// Linear predictors.
#include "ir/op.h"

namespace panmodel::ml {

// X [N,F] (f32 or f64) -> X coefᵀ + intercept, [N,K], in the type of X; products are summed in
// feature order, the intercept is added last.
struct Linear {
  Tensor coef;       // f64 [K,F]
  Tensor intercept;  // f64 [K]
  static constexpr OpMeta meta{"ml.linear", "y = X coef^T + intercept, in the type of X.", Accuracy::rounded};
  static constexpr auto fields() {
    return std::tuple{field("coef", &Linear::coef, "f64 [K,F]"),
                      field("intercept", &Linear::intercept, "f64 [K]")};
  }
  static Types infer(const Linear&, InferContext&);
};

}  // namespace panmodel::ml
