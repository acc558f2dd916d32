#pragma once
// What the lowerings of column operators share. A column has become a tensor [N,1] in which a missing
// number is NaN and a missing text empty; integers and booleans that may be missing are f64.
#include "converters/lower/lower.h"

namespace panmodel::converters {

// One element: text, f32 or f64 (integers and booleans too).
ValueId one_text(Builder& b, std::string text);
ValueId one_real(Builder& b, DType dtype, double value);
// A missing cell of `dtype`: NaN, or the empty text.
ValueId missing_cell(Builder& b, DType dtype);

inline ValueId where(Builder& b, ValueId condition, ValueId yes, ValueId no) {
  return b.add(tensor::Where{}, {condition, yes, no});
}
inline ValueId both(Builder& b, ValueId x, ValueId y) { return binary(b, tensor::BinaryFn::logical_and, x, y); }
inline ValueId either(Builder& b, ValueId x, ValueId y) { return binary(b, tensor::BinaryFn::logical_or, x, y); }
inline ValueId negated(Builder& b, ValueId x) { return unary(b, tensor::UnaryFn::logical_not, x); }
// Any of them; `conditions` may not be empty.
ValueId any_of(Builder& b, const std::vector<ValueId>& conditions);

// x [N,1] of reals or text -> boolean [N,1]: it is one of `values`.
ValueId is_one_of(Builder& b, ValueId x, const std::vector<double>& values);
ValueId is_one_of(Builder& b, ValueId x, const std::vector<std::string>& values);
// x [...,K] of reals -> boolean [...,1]: one of the K is NaN.
ValueId any_nan(Builder& b, ValueId x, int64_t width);
// True where a cell, a number or a text, is missing.
ValueId is_missing_cell(Builder& b, ValueId x);
// Whether input i is a column of texts, whose empty cells are missing, and no tensor of texts.
bool is_text_column(const PatternContext& c, size_t i);
// The rows that a mask (boolean, or f64 1, 0 and NaN) names.
ValueId as_condition(Builder& b, ValueId mask);
// x as reals: unchanged, or a cast to f64.
ValueId as_real(Builder& b, ValueId x);
// Integers and booleans as doubles, texts and reals as they are; with a missing cell at the end.
Tensor with_missing(const Tensor& values);

}  // namespace panmodel::converters
