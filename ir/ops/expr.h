#pragma once
// Scalar expressions over the cells of a row.
#include "ir/expr/expr.h"
#include "ir/op.h"

namespace panmodel::expr {

// k inputs, each a column or a tensor [N,1] or [N] of f64, f32, i64, i32, boolean or string -> a column of
// `type`, in which a missing result is an invalid cell. A missing cell and a NaN are missing values
// for `body`. With `masked` the last input is a boolean column that the body does not see: a row
// where it is not true gives a missing cell and is never refused.
struct Map {
  Scalar type = Scalar::f64;
  Expr body;
  bool masked = false;
  static constexpr OpMeta meta{"expr.map", "A column computed row by row by an expression (docs/functions.md).", Accuracy::transcendental};
  static constexpr auto fields() {
    return std::tuple{field("type", &Map::type, "type of the result"),
                      field("body", &Map::body, "expression over the inputs x0, x1 ..."),
                      field("masked", &Map::masked, "the last input says which rows count")};
  }
  static Types infer(const Map&, InferContext&);
};

}  // namespace panmodel::expr
