// Functions of one number that a target lacks.
#include <cmath>

#include "converters/lower/lower.h"

namespace panmodel::converters {

using tensor::BinaryFn;
using tensor::UnaryFn;

namespace {

// 1 / (1 + e) or e / (1 + e) with e = exp(-|x|): keeps the tiny values that 1 / (1 + exp(-x)) loses
// when exp(-x) overflows.
ValueId stable_sigmoid(Builder& b, DType dtype, ValueId x) {
  ValueId one = real_constant(b, dtype, {1}, {1});
  ValueId zero = real_constant(b, dtype, {1}, {0});
  ValueId e = unary(b, UnaryFn::exp, unary(b, UnaryFn::neg, unary(b, UnaryFn::abs, x)));
  ValueId positive = binary(b, BinaryFn::greater_or_equal, x, zero);
  ValueId above = b.add(tensor::Where{}, {positive, one, e});
  return binary(b, BinaryFn::div, above, binary(b, BinaryFn::add, one, e));
}

}  // namespace

// log1p(x) = x log(u) / (u - 1) with u = 1 + x, and x where u == 1: the rounding error of u cancels
// (Goldberg 1991, theorem 4; Kahan). expm1(x) = (u - 1) x / log(u) with u = exp(x) likewise.
std::string lower_special_function(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<tensor::Unary>();
  bool log1p = op.fn == UnaryFn::log1p;
  Builder& b = c.builder;
  ValueId x = c.inputs[0];
  DType dtype = dtype_of(b, x);
  if (dtype != DType::f64 && dtype != DType::f32) return "not f64 or f32";
  if (op.fn == UnaryFn::sigmoid) {
    // Of f32 in f64 and rounded: 1 - p keeps its digits.
    ValueId wide = dtype == DType::f64 ? x : b.add(tensor::Cast{DType::f64}, {x});
    ValueId p = stable_sigmoid(b, DType::f64, wide);
    results = {dtype == DType::f64 ? p : b.add(tensor::Cast{dtype}, {p})};
    return {};
  }
  if (!log1p && op.fn != UnaryFn::expm1) return "no form for it";
  ValueId one = real_constant(b, dtype, {1}, {1});
  ValueId u = log1p ? binary(b, BinaryFn::add, x, one) : unary(b, UnaryFn::exp, x);
  ValueId step = binary(b, BinaryFn::sub, u, one);
  ValueId log_u = unary(b, UnaryFn::log, u);
  ValueId value = log1p ? binary(b, BinaryFn::mul, log_u, binary(b, BinaryFn::div, x, step))
                        : binary(b, BinaryFn::mul, step, binary(b, BinaryFn::div, x, log_u));
  ValueId tiny = binary(b, BinaryFn::equal, u, one);
  value = b.add(tensor::Where{}, {tiny, x, value});
  // Where the quotient is no number although the function is: u infinite, or u = 0 for expm1.
  ValueId infinite = unary(b, UnaryFn::is_inf, u);
  ValueId at_infinity = log1p ? log_u : u;
  value = b.add(tensor::Where{}, {infinite, at_infinity, value});
  if (!log1p) {
    ValueId zero = real_constant(b, dtype, {1}, {0});
    ValueId vanished = binary(b, BinaryFn::equal, u, zero);
    value = b.add(tensor::Where{}, {vanished, real_constant(b, dtype, {1}, {-1}), value});
  }
  results = {value};
  return {};
}

// x c as x + x (c - 1) and x / c as x - x (c - 1) / c, where a target takes the constant c for 1.
std::string factor_near_one(PatternContext& c, Results& results) {
  const BinaryFn fn = c.node.as<tensor::Binary>()->fn;
  if (fn != BinaryFn::mul && fn != BinaryFn::div) return "no product";
  Builder& b = c.builder;
  const size_t side = fn == BinaryFn::mul && b.constant_value(c.inputs[0]) != nullptr ? 0 : 1;
  const Tensor* factor = b.constant_value(c.inputs[side]);
  if (factor == nullptr || factor->dtype() != DType::f64 || factor->size() != 1) return "no constant factor";
  const double value = factor->real(0), excess = value - 1;
  if (!(excess != 0 && std::abs(excess) < 1e-6)) return "a factor that is not near 1";
  ValueId x = c.inputs[1 - side];
  const double share = fn == BinaryFn::mul ? excess : -excess / value;
  Tensor shares = Tensor::of(factor->shape(), std::vector<double>{share});
  results = {binary(b, BinaryFn::add, x, binary(b, BinaryFn::mul, x, b.constant(shares)))};
  return {};
}

}  // namespace panmodel::converters
