#pragma once
// Helpers of the lowering patterns, and the patterns themselves (one file per family).
#include <string>
#include <vector>

#include "converters/pattern.h"
#include "ir/forest.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::converters {

using Results = std::vector<ValueId>;

// A constant of `dtype` (f64 or f32, rounded to nearest) with this shape.
ValueId real_constant(Builder& b, DType dtype, Shape shape, const std::vector<double>& values);
ValueId int_constant(Builder& b, std::vector<int64_t> values);
inline ValueId binary(Builder& b, tensor::BinaryFn fn, ValueId x, ValueId y) {
  return b.add(tensor::Binary{fn}, {x, y});
}
inline ValueId unary(Builder& b, tensor::UnaryFn fn, ValueId x) {
  return b.add(tensor::Unary{fn}, {x});
}
// Element type and, for a matrix, the number of columns (-1 when unknown).
DType dtype_of(const Builder& b, ValueId v);
int64_t width_of(const Builder& b, ValueId v);
// Whether some of the values are not exactly of `dtype`.
bool rounds(DType dtype, const std::vector<double>& values);
// Rounds the thresholds to f32 so that no f32 feature is told otherwise (x <= t iff x <= t
// rounded down, x < t iff x < t rounded up ...); false where no f32 says the same.
bool narrow_thresholds(Forest& forest);

std::string lower_assemble(PatternContext& c, Results& results);
std::string lower_is_missing(PatternContext& c, Results& results);
std::string lower_require(PatternContext& c, Results& results);
std::string lower_impute(PatternContext& c, Results& results);
std::string lower_prepare(PatternContext& c, Results& results);
std::string lower_map(PatternContext& c, Results& results);
std::string lower_decision_tree(PatternContext& c, Results& results);
std::string lower_combine(PatternContext& c, Results& results);
std::string lower_winner(PatternContext& c, Results& results);
std::string lower_pick(PatternContext& c, Results& results);
std::string lower_scaler(PatternContext& c, Results& results);
std::string lower_normalize(PatternContext& c, Results& results);
std::string lower_binarize(PatternContext& c, Results& results);
std::string lower_discretize(PatternContext& c, Results& results);
std::string lower_interpolate(PatternContext& c, Results& results);
std::string lower_polynomial(PatternContext& c, Results& results);
std::string lower_linear(PatternContext& c, Results& results);
std::string lower_labels(PatternContext& c, Results& results);
std::string lower_one_hot(PatternContext& c, Results& results);
std::string total_label_map(PatternContext& c, Results& results);
std::string label_map_by_place(PatternContext& c, Results& results);
std::string label_map_by_comparison(PatternContext& c, Results& results);
std::string label_map_to_equal(PatternContext& c, Results& results);
std::string lower_special_function(PatternContext& c, Results& results);
std::string factor_near_one(PatternContext& c, Results& results);
std::string negate_comparison(PatternContext& c, Results& results);
std::string text_equal_by_table(PatternContext& c, Results& results);
std::string clip_to_where(PatternContext& c, Results& results);
std::string infinity_by_comparison(PatternContext& c, Results& results);
std::string shape_by_gather(PatternContext& c, Results& results);
std::string leaf_table(PatternContext& c, Results& results);
std::string leaf_table_of_many(PatternContext& c, Results& results);
std::string narrow_leaves(PatternContext& c, Results& results);
std::string split_mean(PatternContext& c, Results& results);
std::string promote_tree(PatternContext& c, Results& results);
std::string base_after_trees(PatternContext& c, Results& results);
std::string float_trees(PatternContext& c, Results& results);

}  // namespace panmodel::converters
