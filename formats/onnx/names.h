#pragma once
// Operators of ai.onnx that are one function of panmodel's elementwise and reducing operators:
// read and written by the same rows.
#include <string_view>

#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::onnx {

template <class Fn>
struct FunctionRow {
  std::string_view op_type;
  Fn fn;
  int since;  // opset of the form that is written
};

using tensor::BinaryFn;
using tensor::ReduceFn;
using tensor::UnaryFn;
using tensor::VariadicFn;

inline constexpr FunctionRow<UnaryFn> kUnary[] = {
    {"Abs", UnaryFn::abs, 6},          {"Neg", UnaryFn::neg, 6},
    {"Sign", UnaryFn::sign, 9},        {"Ceil", UnaryFn::ceil, 6},
    {"Floor", UnaryFn::floor, 6},      {"Round", UnaryFn::round, 11},
    {"Exp", UnaryFn::exp, 6},          {"Log", UnaryFn::log, 6},
    {"Sqrt", UnaryFn::sqrt, 6},        {"Reciprocal", UnaryFn::reciprocal, 6},
    {"Sigmoid", UnaryFn::sigmoid, 6},  {"Tanh", UnaryFn::tanh, 6},
    {"Sin", UnaryFn::sin, 7},          {"Cos", UnaryFn::cos, 7},
    {"Atan", UnaryFn::atan, 7},        {"Erf", UnaryFn::erf, 9},
    {"Relu", UnaryFn::relu, 6},        {"Softplus", UnaryFn::softplus, 1},
    {"Not", UnaryFn::logical_not, 1},
    {"IsNaN", UnaryFn::is_nan, 9},     {"IsInf", UnaryFn::is_inf, 10},
};
inline constexpr FunctionRow<BinaryFn> kBinary[] = {
    {"Add", BinaryFn::add, 7},           {"Sub", BinaryFn::sub, 7},
    {"Mul", BinaryFn::mul, 7},           {"Div", BinaryFn::div, 7},
    {"Pow", BinaryFn::pow, 7},           {"Equal", BinaryFn::equal, 7},
    {"Less", BinaryFn::less, 7},         {"LessOrEqual", BinaryFn::less_or_equal, 12},
    {"Greater", BinaryFn::greater, 7},   {"GreaterOrEqual", BinaryFn::greater_or_equal, 12},
    {"And", BinaryFn::logical_and, 7},   {"Or", BinaryFn::logical_or, 7},
    {"Xor", BinaryFn::logical_xor, 7},   {"BitwiseAnd", BinaryFn::bit_and, 18},
    {"BitwiseOr", BinaryFn::bit_or, 18}, {"BitwiseXor", BinaryFn::bit_xor, 18},
};
inline constexpr FunctionRow<VariadicFn> kVariadic[] = {
    {"Min", VariadicFn::min, 8}, {"Max", VariadicFn::max, 8},
    {"Sum", VariadicFn::sum, 8}, {"Mean", VariadicFn::mean, 8},
};
inline constexpr FunctionRow<ReduceFn> kReduce[] = {
    {"ReduceSum", ReduceFn::sum, 13},          {"ReduceMean", ReduceFn::mean, 18},
    {"ReduceMax", ReduceFn::max, 18},          {"ReduceMin", ReduceFn::min, 18},
    {"ReduceProd", ReduceFn::prod, 18},        {"ReduceL1", ReduceFn::l1, 18},
    {"ReduceL2", ReduceFn::l2, 18},            {"ReduceSumSquare", ReduceFn::sum_square, 18},
    {"ReduceLogSum", ReduceFn::log_sum, 18},   {"ReduceLogSumExp", ReduceFn::log_sum_exp, 18},
};

template <class Fn, size_t N>
const FunctionRow<Fn>* row_of(const FunctionRow<Fn> (&rows)[N], Fn fn) {
  for (const auto& row : rows) {
    if (row.fn == fn) return &row;
  }
  return nullptr;
}
template <class Fn, size_t N>
const FunctionRow<Fn>* row_of(const FunctionRow<Fn> (&rows)[N], std::string_view op_type) {
  for (const auto& row : rows) {
    if (row.op_type == op_type) return &row;
  }
  return nullptr;
}

}  // namespace panmodel::onnx
