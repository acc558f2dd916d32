// Per-feature arithmetic as tensor operators, in the type of X.
#include <algorithm>
#include <cmath>
#include <limits>

#include "converters/lower/lower.h"
#include "ir/ops/linear.h"
#include "ir/ops/scale.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::converters {
namespace {

using tensor::BinaryFn;

ValueId row_constant(Builder& b, DType dtype, const std::vector<double>& values) {
  return real_constant(b, dtype, {static_cast<int64_t>(values.size())}, values);
}

// Slope of the segment that ends at knot k, in the arithmetic of `dtype`.
double slope_of(DType dtype, const ml::Interpolate& op, size_t k) {
  auto slope = [&]<class T>(T) {
    T rise = static_cast<T>(op.y[k]) - static_cast<T>(op.y[k - 1]);
    T run = static_cast<T>(op.x[k]) - static_cast<T>(op.x[k - 1]);
    return static_cast<double>(rise / run);
  };
  return dtype == DType::f32 ? slope(0.0f) : slope(0.0);
}

// The next number of `dtype`.
double next_above(DType dtype, double v) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  if (dtype != DType::f32) return std::nextafter(v, kInf);
  return static_cast<double>(std::nextafter(static_cast<float>(v), static_cast<float>(kInf)));
}

}  // namespace

std::string lower_scaler(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::Scaler>();
  Builder& b = c.builder;
  ValueId x = c.inputs[0];
  DType dtype = dtype_of(b, x);
  if (rounds(dtype, op.offset) || rounds(dtype, op.scale)) return "constants wider than f32";
  auto apply = [&](BinaryFn fn, const std::vector<double>& values) {
    if (!values.empty()) x = binary(b, fn, x, row_constant(b, dtype, values));
  };
  if (op.form == ml::ScaleForm::multiply_add) {
    apply(BinaryFn::mul, op.scale);
    apply(BinaryFn::add, op.offset);
  } else {
    apply(BinaryFn::sub, op.offset);
    apply(op.form == ml::ScaleForm::subtract_divide ? BinaryFn::div : BinaryFn::mul, op.scale);
  }
  results = {x == c.inputs[0] ? b.add(tensor::Identity{}, {x}) : x};
  return {};
}

std::string lower_normalize(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::Normalize>();
  Builder& b = c.builder;
  ValueId x = c.inputs[0], norm;
  DType dtype = dtype_of(b, x);
  if (rounds(dtype, {op.smallest})) return "a smallest norm wider than f32";
  if (op.norm == ml::Norm::max) {
    ValueId magnitude = unary(b, tensor::UnaryFn::abs, x);
    norm = b.add(tensor::Reduce{tensor::ReduceFn::max, {1}}, {magnitude});
  } else {
    auto fn = op.norm == ml::Norm::l1 ? tensor::ReduceFn::l1 : tensor::ReduceFn::l2;
    norm = b.add(tensor::Reduce{fn, {1}}, {x});
  }
  // Norms are not negative: none is below 0, so there the zero norm is asked for itself.
  BinaryFn test = op.smallest > 0 ? BinaryFn::less : BinaryFn::equal;
  ValueId stays = binary(b, test, norm, real_constant(b, dtype, {1}, {op.smallest}));
  ValueId divisor = b.add(tensor::Where{}, {stays, real_constant(b, dtype, {1}, {1}), norm});
  results = {binary(b, BinaryFn::div, x, divisor)};
  return {};
}

std::string lower_binarize(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::Binarize>();
  Builder& b = c.builder;
  DType dtype = dtype_of(b, c.inputs[0]);
  if (!is_floating(dtype)) return "not a real input";
  if (rounds(dtype, {op.threshold})) return "a threshold wider than f32";
  ValueId above = binary(b, BinaryFn::greater, c.inputs[0],
                         real_constant(b, dtype, {1}, {op.threshold}));
  results = {b.add(tensor::Cast{dtype}, {above})};
  return {};
}

std::string lower_discretize(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::Discretize>();
  Builder& b = c.builder;
  ValueId x = c.inputs[0];
  if (dtype_of(b, x) != DType::f64) x = b.add(tensor::Cast{DType::f64}, {x});
  int64_t most = 0;
  for (int64_t n : op.counts) most = std::max(most, n);
  int64_t features = static_cast<int64_t>(op.counts.size());
  if (most == 0) most = 1;
  // Edges as [F,most], padded with infinity. A NaN is not below any edge, and an infinite x not below
  // the padding either, so the sum is limited to the number of edges.
  std::vector<double> edges(static_cast<size_t>(features * most),
                            std::numeric_limits<double>::infinity());
  std::vector<double> counts;
  size_t at = 0;
  for (size_t f = 0; f < op.counts.size(); ++f) {
    counts.push_back(static_cast<double>(op.counts[f]));
    for (size_t k = 0; k < static_cast<size_t>(op.counts[f]); ++k) {
      edges[f * static_cast<size_t>(most) + k] = op.edges[at++];
    }
  }
  ValueId wide = b.add(tensor::Unsqueeze{{2}}, {x});
  ValueId below = binary(b, BinaryFn::less, wide,
                         real_constant(b, DType::f64, {features, most}, edges));
  ValueId reached = b.add(tensor::Cast{DType::f64}, {unary(b, tensor::UnaryFn::logical_not, below)});
  ValueId sum = b.add(tensor::Reduce{tensor::ReduceFn::sum, {2}, false}, {reached});
  bool padded = std::any_of(op.counts.begin(), op.counts.end(), [&](int64_t n) { return n < most; });
  if (padded) sum = b.add(tensor::Variadic{tensor::VariadicFn::min}, {sum, row_constant(b, DType::f64, counts)});
  results = {sum};
  return {};
}

// The number of the segment is that of a bin, and picks its slope and its first knot from tables.
std::string lower_interpolate(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::Interpolate>();
  Builder& b = c.builder;
  ValueId x = c.inputs[0];
  const DType dtype = dtype_of(b, x);
  if (rounds(dtype, op.x) || rounds(dtype, op.y)) return "knots wider than f32";
  const size_t knots = op.x.size();
  std::vector<double> slopes;
  for (size_t k = 1; k < knots; ++k) slopes.push_back(slope_of(dtype, op, k));
  // The last knot is a level segment of its own, unless its segment is the one that ends there.
  if (!op.upper_closed || knots == 1) slopes.push_back(0);
  std::vector<double> edges(op.x.begin() + 1, op.x.begin() + static_cast<ptrdiff_t>(slopes.size()));
  if (op.upper_closed) {
    for (double& e : edges) e = next_above(dtype, e);
  }
  ValueId first = row_constant(b, dtype, {op.x.front()}), last = row_constant(b, dtype, {op.x.back()});
  ValueId below = binary(b, BinaryFn::less, x, first), above = binary(b, BinaryFn::greater, x, last);
  if (op.outside == ml::Outside::clamp) {
    x = b.add(tensor::Where{}, {below, first, x});
    x = b.add(tensor::Where{}, {above, last, x});
  }
  ml::Discretize bins{edges, {static_cast<int64_t>(edges.size())}};
  ValueId segment = b.add(tensor::Cast{DType::i64}, {b.add(std::move(bins), {x})});
  auto of_segment = [&](std::vector<double> table) {
    table.resize(slopes.size());
    return b.add(tensor::Gather{0}, {row_constant(b, dtype, table), segment});
  };
  ValueId y = binary(b, BinaryFn::sub, x, of_segment(op.x));
  y = binary(b, BinaryFn::mul, of_segment(slopes), y);
  y = binary(b, BinaryFn::add, y, of_segment(op.y));
  if (op.outside != ml::Outside::clamp) {
    ValueId nan = row_constant(b, dtype, {std::numeric_limits<double>::quiet_NaN()});
    y = b.add(tensor::Where{}, {below, nan, y});
    y = b.add(tensor::Where{}, {above, nan, y});
  }
  if (op.outside == ml::Outside::fail) {
    c.diagnostics.report(Severity::loss, {}, "convert-refused-value",
                         "a value outside {} to {} is an error in the source; the target cannot refuse it "
                         "and gives NaN", op.x.front(), op.x.back());
  }
  results = {y};
  return {};
}

std::string lower_polynomial(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::Polynomial>();
  Builder& b = c.builder;
  ValueId x = c.inputs[0];
  DType dtype = dtype_of(b, x);
  size_t longest = 0;
  for (const auto& term : op.terms) longest = std::max(longest, term.size());
  std::vector<ValueId> blocks;
  std::vector<int64_t> place(op.terms.size());  // of each term among the blocks
  int64_t next = 0;
  for (size_t length = 0; length <= longest; ++length) {
    std::vector<std::vector<int64_t>> factors(length);
    int64_t count = 0;
    for (size_t t = 0; t < op.terms.size(); ++t) {
      if (op.terms[t].size() != length) continue;
      place[t] = next++;
      ++count;
      for (size_t k = 0; k < length; ++k) factors[k].push_back(op.terms[t][k]);
    }
    if (count == 0) continue;
    ValueId block;
    if (length == 0) {
      ValueId rows = b.add(tensor::Shape{0, 1}, {x});
      ValueId shape = b.add(tensor::Concat{0}, {rows, int_constant(b, {count})});
      Tensor one = dtype == DType::f64 ? Tensor::vector(std::vector<double>{1})
                                       : Tensor::vector(std::vector<float>{1});
      block = b.add(tensor::ConstantOfShape{one}, {shape});
    }
    for (size_t k = 0; k < length; ++k) {
      ValueId factor = b.add(tensor::Gather{1}, {x, int_constant(b, factors[k])});
      block = k == 0 ? factor : binary(b, BinaryFn::mul, block, factor);
    }
    blocks.push_back(block);
  }
  if (blocks.empty()) return "no terms";
  ValueId all = blocks.size() == 1 ? blocks[0] : b.add(tensor::Concat{1}, blocks);
  bool ordered = std::is_sorted(place.begin(), place.end());
  results = {ordered ? all : b.add(tensor::Gather{1}, {all, int_constant(b, place)})};
  return {};
}

std::string lower_linear(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::Linear>();
  Builder& b = c.builder;
  DType dtype = dtype_of(b, c.inputs[0]);
  int64_t k = op.coef.shape()[0], f = op.coef.shape()[1];
  std::vector<double> transposed(op.coef.size());
  auto coef = op.coef.as<double>();
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t j = 0; j < f; ++j) {
      transposed[static_cast<size_t>(j * k + i)] = coef[static_cast<size_t>(i * f + j)];
    }
  }
  std::vector<double> intercept = op.intercept.reals();
  if (rounds(dtype, transposed) || rounds(dtype, intercept)) return "coefficients wider than f32";
  ValueId product = b.add(tensor::MatMul{},
                          {c.inputs[0], real_constant(b, dtype, {f, k}, transposed)});
  results = {binary(b, BinaryFn::add, product, row_constant(b, dtype, intercept))};
  return {};
}

}  // namespace panmodel::converters
