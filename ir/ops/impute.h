#pragma once
// Replacing missing values.
#include "ir/op.h"

namespace panmodel::ml {

// Where a cell is missing, its column's fill value. Missing = validity bit off, or NaN when
// `missing` is NaN, or equal to `missing`. Columns and tensors [N,F]; the result is a tensor of the
// same element type without missing cells.
struct Impute {
  std::optional<Tensor> missing;  // scalar; absent = NaN and invalid cells only
  Tensor fill;                    // [F] or [1], of the element type of X
  static constexpr OpMeta meta{"ml.impute", "The column's fill value where a cell is missing."};
  static constexpr auto fields() {
    return std::tuple{field("missing", &Impute::missing, "value that marks a missing cell; absent = NaN or invalid"),
                      field("fill", &Impute::fill, "fill value per column")};
  }
  static Types infer(const Impute&, InferContext&);
};

}  // namespace panmodel::ml
