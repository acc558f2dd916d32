#pragma once
// Results of several models as one, and what a combined or looked-up result chooses.
#include "ir/op.h"

namespace panmodel::ml {

enum class CombineMethod {
  sum,
  average,
  median,       // of an even count the mean of the middle two
  max,          // of several columns: the row of the part with the largest element, the first wins
  vote,         // parts are labels: share of the votes per class
  first,        // the first part
};
std::span<const std::string_view> enum_names(CombineMethod);

enum class MissingPart {
  propagate,  // the result is missing
  skip,       // the part does not count; see `threshold`
  as_class,   // vote only: missing is one more class, and the result is missing when it has most votes
};
std::span<const std::string_view> enum_names(MissingPart);

// Inputs: P parts, then with `masked` P boolean columns; a part whose mask is not true takes no part.
// Parts are real tensors [N,K] or columns (a row with a NaN or an invalid cell is missing), for vote
// label columns, for first any values of one type. Sums run in the order of the parts, rounded to
// `dtype`. With weights: sum of w x, average = sum of w x / sum of w, the weighted median (the first
// part in order of value at which the weights reach half of their sum), and votes that count w. Result: real [N,K] of `dtype`, NaN where missing; for first
// a column or tensor like the parts.
struct Combine {
  CombineMethod method = CombineMethod::sum;
  bool masked = false;
  MissingPart missing = MissingPart::propagate;
  double threshold = 1;         // skip: missing when more than this share of the weights is missing
  std::vector<double> weights;  // one per part; empty = all 1
  std::optional<Tensor> classes;  // vote: the labels in column order
  DType dtype = DType::f64;
  static constexpr OpMeta meta{"ml.combine", "Sum, average, median, maximum, votes or the first of the results of several models.", Accuracy::rounded};
  static constexpr auto fields() {
    return std::tuple{field("method", &Combine::method, "how the parts become one"),
                      field("masked", &Combine::masked, "a boolean column per part follows the parts"),
                      field("missing", &Combine::missing, "what a part without a result does"),
                      field("threshold", &Combine::threshold, "largest share of weights of missing parts"),
                      field("weights", &Combine::weights, "per part; empty = all 1"),
                      field("classes", &Combine::classes, "labels that votes are for"),
                      field("dtype", &Combine::dtype, "f32 or f64: type of every step and of the result")};
  }
  static Types infer(const Combine&, InferContext&);
};

// Scores [N,K] -> column of the class with the largest score, the first of equals; missing where a
// score of the row is NaN.
struct Winner {
  Tensor classes;  // [K]
  static constexpr OpMeta meta{"ml.winner", "The class with the largest score, missing where a score is missing."};
  static constexpr auto fields() {
    return std::tuple{field("classes", &Winner::classes, "class labels in column order")};
  }
  static Types infer(const Winner&, InferContext&);
};

}  // namespace panmodel::ml

namespace panmodel::table {

// Index [N,1] or column (integer or real) -> the value of that index: a column, or for values [M,K]
// of reals a tensor [N,K]. A missing or NaN index, and one whose row is -1, give a missing cell or
// a row of NaN; an index outside the table fails the row.
struct Pick {
  std::vector<int64_t> rows;  // index -> row of values; empty = the index itself
  Tensor values;              // [M] or [M,K]
  static constexpr OpMeta meta{"table.pick", "The value, or row of values, that an index names."};
  static constexpr auto fields() {
    return std::tuple{field("rows", &Pick::rows, "row of the values per index, -1 = missing; empty = the index itself"),
                      field("values", &Pick::values, "[M], or reals [M,K]")};
  }
  static Types infer(const Pick&, InferContext&);
};

}  // namespace panmodel::table
