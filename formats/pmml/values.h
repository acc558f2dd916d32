#pragma once
// Small steps that the readers share.
#include <optional>
#include <string>
#include <string_view>

#include "ir/builder.h"

namespace panmodel::pmml {

// A constant of shape [1], f64 or f32.
ValueId real_constant(Builder& b, DType dtype, double value);
// One column of a matrix [N,K], as [N,1].
ValueId column_of(Builder& b, ValueId matrix, size_t column);
// Index of the class that `text` spells, among labels of any type; numbers compare as numbers.
std::optional<size_t> class_index(const Tensor& classes, std::string_view text);
std::string class_text(const Tensor& classes, size_t index);
// One class as a scalar.
Tensor class_at(const Tensor& classes, size_t index);

}  // namespace panmodel::pmml
