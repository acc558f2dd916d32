#pragma once
// What a model makes of the cells of one input column before it uses them.
#include <limits>

#include "ir/op.h"

namespace panmodel::table {

// A cell outside the domain.
enum class InvalidCell { refuse, as_is, as_missing, as_value };
std::span<const std::string_view> enum_names(InvalidCell);
// A valid number below `low` or above `high`.
enum class OutlierCell { as_is, as_missing, as_extreme };
std::span<const std::string_view> enum_names(OutlierCell);

// Column (or tensor [N,1]) of f64, f32, i64, boolean or string -> column of the same elements. A cell
// is missing when it has no value, is NaN, or is one of `missing`; else invalid when it is one of
// `invalid`, or when there are `valid` values or intervals and it is in none of them; else valid.
// Invalid cells are treated first, then outliers among the valid ones, and missing cells last, those
// that the other two made included. (PMML 4.4, MiningSchema and DataDictionary.)
struct Prepare {
  Tensor valid, invalid, missing;   // [K] of the column's element type; empty = none
  std::vector<double> lower, upper;  // intervals of valid numbers; infinite = open to that side
  std::vector<int64_t> closed;       // per interval: 1 = lower bound belongs to it, 2 = upper, 3 = both
  InvalidCell invalid_cell = InvalidCell::refuse;
  std::optional<Tensor> invalid_value;  // of as_value
  OutlierCell outlier = OutlierCell::as_is;
  double low = -kInfinity, high = kInfinity;
  std::optional<Tensor> missing_value;  // stands for a missing cell; none = it stays missing
  bool refuse_missing = false;          // a missing cell refuses the row
  std::string field;                    // name for messages
  bool masked = false;  // a boolean column follows; other rows give missing and are never refused
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static constexpr OpMeta meta{"table.prepare", "A column with its invalid, outlying and missing cells treated as the model says."};
  static constexpr auto fields() {
    return std::tuple{
        panmodel::field("valid", &Prepare::valid, "valid values; empty = any"),
        panmodel::field("invalid", &Prepare::invalid, "values that are invalid"),
        panmodel::field("missing", &Prepare::missing, "values that mean missing"),
        panmodel::field("lower", &Prepare::lower, "per interval of valid numbers: lower bound"),
        panmodel::field("upper", &Prepare::upper, "upper bound"),
        panmodel::field("closed", &Prepare::closed, "1 = the lower bound belongs to it, 2 = the upper, 3 = both"),
        panmodel::field("invalid_cell", &Prepare::invalid_cell, "what an invalid cell becomes"),
        panmodel::field("invalid_value", &Prepare::invalid_value, "its stand-in, with as_value"),
        panmodel::field("outlier", &Prepare::outlier, "what a number outside low .. high becomes"),
        panmodel::field("low", &Prepare::low, "least number that is no outlier"),
        panmodel::field("high", &Prepare::high, "largest number that is no outlier"),
        panmodel::field("missing_value", &Prepare::missing_value, "stands for a missing cell"),
        panmodel::field("refuse_missing", &Prepare::refuse_missing, "a missing cell refuses the row"),
        panmodel::field("field", &Prepare::field, "name of the column for messages"),
        panmodel::field("masked", &Prepare::masked, "the last input says which rows count")};
  }
  static Types infer(const Prepare&, InferContext&);
};

}  // namespace panmodel::table
