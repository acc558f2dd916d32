// Comparisons, limits and shapes for targets whose versions of them hold fewer types.
#include <algorithm>
#include <limits>
#include <numeric>

#include "converters/lower/lower.h"
#include "ir/ops/encode.h"

namespace panmodel::converters {

using tensor::BinaryFn;
using tensor::UnaryFn;

namespace {

// Adds "or v is NaN" to a condition, where v may be one.
ValueId or_nan(Builder& b, ValueId condition, ValueId v) {
  if (!is_floating(dtype_of(b, v))) return condition;
  if (const Tensor* constant = b.constant_value(v)) {
    bool any = false;
    for (double x : constant->reals()) any = any || x != x;
    if (!any) return condition;
  }
  return binary(b, BinaryFn::logical_or, condition, unary(b, UnaryFn::is_nan, v));
}

}  // namespace

// x >= y as not (x < y or either is NaN); x == y likewise.
std::string negate_comparison(PatternContext& c, Results& results) {
  BinaryFn fn = c.node.as<tensor::Binary>()->fn;
  Builder& b = c.builder;
  ValueId x = c.inputs[0], y = c.inputs[1], otherwise;
  if (dtype_of(b, x) == DType::string || dtype_of(b, x) == DType::boolean) return "no numbers";
  switch (fn) {
    case BinaryFn::greater_or_equal: otherwise = binary(b, BinaryFn::less, x, y); break;
    case BinaryFn::less_or_equal: otherwise = binary(b, BinaryFn::greater, x, y); break;
    case BinaryFn::equal:
      otherwise = binary(b, BinaryFn::logical_or, binary(b, BinaryFn::less, x, y),
                         binary(b, BinaryFn::greater, x, y));
      break;
    default: return "no such comparison";
  }
  otherwise = or_nan(b, or_nan(b, otherwise, x), y);
  results = {unary(b, UnaryFn::logical_not, otherwise)};
  return {};
}

// Text compared with one constant, by a table of one key.
std::string text_equal_by_table(PatternContext& c, Results& results) {
  if (c.node.as<tensor::Binary>()->fn != BinaryFn::equal) return "no test of equality";
  Builder& b = c.builder;
  for (size_t side : {size_t{0}, size_t{1}}) {
    const Tensor* constant = b.constant_value(c.inputs[1 - side]);
    if (constant == nullptr || constant->dtype() != DType::string || constant->size() != 1) continue;
    ml::LabelMap map;
    map.keys = constant->reshaped({1});
    map.values = Tensor::vector(std::vector<int64_t>{0});
    map.fallback = Tensor::scalar(int64_t{1});
    ValueId place = b.add(std::move(map), {c.inputs[side]});
    results = {binary(b, BinaryFn::equal, place, int_constant(b, {0}))};
    return {};
  }
  return "no constant text";
}

// NaN stays, as in Clip.
std::string clip_to_where(PatternContext& c, Results& results) {
  Builder& b = c.builder;
  ValueId x = c.inputs[0];
  auto limit = [&](size_t input, BinaryFn beyond) {
    if (input >= c.inputs.size() || !c.inputs[input].valid()) return;
    ValueId out = binary(b, beyond, x, c.inputs[input]);
    x = b.add(tensor::Where{}, {out, c.inputs[input], x});
  };
  limit(1, BinaryFn::less);
  limit(2, BinaryFn::greater);
  results = {x == c.inputs[0] ? b.add(tensor::Identity{}, {x}) : x};
  return {};
}

std::string infinity_by_comparison(PatternContext& c, Results& results) {
  if (c.node.as<tensor::Unary>()->fn != UnaryFn::is_inf) return "not IsInf";
  Builder& b = c.builder;
  DType dtype = dtype_of(b, c.inputs[0]);
  if (dtype != DType::f64 && dtype != DType::f32) return "not f64 or f32";
  double largest = dtype == DType::f64 ? std::numeric_limits<double>::max()
                                       : double{std::numeric_limits<float>::max()};
  results = {binary(b, BinaryFn::greater, unary(b, UnaryFn::abs, c.inputs[0]),
                    real_constant(b, dtype, {1}, {largest}))};
  return {};
}

// Dimensions [start, end) taken from the whole shape.
std::string shape_by_gather(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<tensor::Shape>();
  if (op.start == 0 && op.end == INT64_MAX) return "the whole shape";
  Builder& b = c.builder;
  const TensorType* t = b.type(c.inputs[0]).tensor();
  if (t == nullptr || !t->dims) return "an unknown rank";
  int64_t rank = static_cast<int64_t>(t->dims->size());
  auto place = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  int64_t start = place(op.start), end = std::max(start, place(std::min(op.end, rank)));
  std::vector<int64_t> dims(static_cast<size_t>(end - start));
  std::iota(dims.begin(), dims.end(), start);
  ValueId shape = b.add(tensor::Shape{}, {c.inputs[0]});
  results = {b.add(tensor::Gather{0}, {shape, int_constant(b, std::move(dims))})};
  return {};
}

}  // namespace panmodel::converters
