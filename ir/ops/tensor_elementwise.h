#pragma once
// Elementwise operators on tensors, with the semantics of the ai.onnx operators of the same name
// (version 21): numpy broadcasting, results in the type of the inputs.
#include "ir/op.h"

namespace panmodel::tensor {

enum class UnaryFn { abs, neg, sign, ceil, floor, round, exp, expm1, log, log1p, sqrt, reciprocal, sigmoid, tanh, sin, cos, atan, erf, relu, softplus, logical_not, is_nan, is_inf };
std::span<const std::string_view> enum_names(UnaryFn);

// One input, elementwise. round = half to even; is_nan, is_inf and logical_not give bool; expm1 and
// log1p are exact near 0 (ONNX has no such operator).
struct Unary {
  UnaryFn fn = UnaryFn::abs;
  static constexpr OpMeta meta{"tensor.unary", "A function of one number, elementwise.", Accuracy::transcendental};
  static constexpr auto fields() {
    return std::tuple{field("fn", &Unary::fn, "which function")};
  }
  static Types infer(const Unary&, InferContext&);
};

enum class BinaryFn { add, sub, mul, div, pow, mod, fmod, equal, less, less_or_equal, greater, greater_or_equal, logical_and, logical_or, logical_xor, bit_and, bit_or, bit_xor };
std::span<const std::string_view> enum_names(BinaryFn);

// Two inputs, broadcast. Integer division truncates; mod takes the sign of the divisor, fmod that of
// the dividend; comparisons give bool; equal also takes strings.
struct Binary {
  BinaryFn fn = BinaryFn::add;
  static constexpr OpMeta meta{"tensor.binary", "A function of two numbers, elementwise with broadcasting.", Accuracy::rounded};
  static constexpr auto fields() {
    return std::tuple{field("fn", &Binary::fn, "which function")};
  }
  static Types infer(const Binary&, InferContext&);
};

enum class VariadicFn { min, max, sum, mean };
std::span<const std::string_view> enum_names(VariadicFn);

// One or more inputs, broadcast; sums run from left to right.
struct Variadic {
  VariadicFn fn = VariadicFn::sum;
  static constexpr OpMeta meta{"tensor.variadic", "Minimum, maximum, sum or mean of several tensors, elementwise.", Accuracy::rounded};
  static constexpr auto fields() {
    return std::tuple{field("fn", &Variadic::fn, "which function")};
  }
  static Types infer(const Variadic&, InferContext&);
};

// Inputs: condition (bool), then, else; broadcast.
struct Where {
  static constexpr OpMeta meta{"tensor.where", "The second input where the first is true, else the third."};
  static constexpr auto fields() { return std::tuple{}; }
  static Types infer(const Where&, InferContext&);
};

// Inputs: X, optional lower bound, optional upper bound (scalars).
struct Clip {
  static constexpr OpMeta meta{"tensor.clip", "x limited to [lower, upper]; NaN stays."};
  static constexpr auto fields() { return std::tuple{}; }
  static Types infer(const Clip&, InferContext&);
};

// Element type conversion with the rules of ONNX Cast: real to integer truncates, to bool is != 0,
// numbers to shortest text, text parsed.
struct Cast {
  DType to = DType::f64;
  bool saturate = true;
  static constexpr OpMeta meta{"tensor.cast", "Conversion to another element type."};
  static constexpr auto fields() {
    return std::tuple{field("to", &Cast::to, "the new element type"),
                      field("saturate", &Cast::saturate, "f8 targets: saturate instead of inf")};
  }
  static Types infer(const Cast&, InferContext&);
};

}  // namespace panmodel::tensor
