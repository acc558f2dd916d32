// Tree ensembles: what a target can hold exactly, and what is lost where it cannot.
#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "converters/lower/lower.h"
#include "ir/ops/tree.h"

namespace panmodel::converters {

using tensor::BinaryFn;

bool narrow_thresholds(Forest& f) {
  for (size_t i = 0; i < f.nodes(); ++i) {
    double& t = f.threshold[i];
    switch (f.node_mode(i)) {
      case NodeMode::leq:
      case NodeMode::gt: t = static_cast<double>(round_down(t)); break;
      case NodeMode::lt:
      case NodeMode::geq: t = static_cast<double>(round_up(t)); break;
      case NodeMode::eq:
      case NodeMode::neq:
        if (!is_float(t)) return false;
        break;
      default: break;
    }
  }
  for (double v : f.set_value) {
    if (!is_float(v)) return false;
  }
  return true;
}

// mean = sum / number of trees.
std::string split_mean(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::TreeEnsemble>();
  if (op.aggregate != ml::Aggregate::mean) return "not a mean";
  if (!op.base.empty()) return "a mean with a base";
  ml::TreeEnsemble sum = op;
  sum.aggregate = ml::Aggregate::sum;
  ValueId total = c.builder.add(std::move(sum), {c.inputs[0]});
  double trees = static_cast<double>(op.forest.roots.size());
  ValueId count = real_constant(c.builder, op.accumulate, {1}, {trees});
  results = {binary(c.builder, BinaryFn::div, total, count)};
  return {};
}

// f32 features compare with f64 thresholds in f64; the cast is exact.
std::string promote_tree(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::TreeEnsemble>();
  if (dtype_of(c.builder, c.inputs[0]) == op.accumulate) return "X has the type of the sums";
  if (op.accumulate != DType::f64) return "sums are f32";
  ValueId wide = c.builder.add(tensor::Cast{DType::f64}, {c.inputs[0]});
  results = c.builder.add_erased(c.node.op, c.node.payload, {wide}, {});
  return {};
}

// The base is added to the finished sum. Exact when the source does so too; otherwise the last bits
// may differ, which only --precision target allows.
std::string base_after_trees(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::TreeEnsemble>();
  if (op.base.empty() || op.aggregate != ml::Aggregate::sum) return "no base of a sum";
  if (!op.base_last && c.precision == Precision::exact) return "its base comes before the trees";
  ml::TreeEnsemble trees = op;
  trees.base.clear();
  trees.base_last = false;
  ValueId sum = c.builder.add(std::move(trees), {c.inputs[0]});
  ValueId base = real_constant(c.builder, op.accumulate, {op.targets}, op.base);
  results = {binary(c.builder, BinaryFn::add, sum, base)};
  return {};
}

// Thresholds rounded so that no f32 row is routed otherwise, leaves rounded to f32 and summed in
// f32: n leaves lose at most n 2^-24 sum|leaf| to first order.
std::string float_trees(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::TreeEnsemble>();
  if (c.precision == Precision::exact) return "rounding leaves to f32 is not exact";
  if (op.accumulate != DType::f64) return "sums are f32 already";
  if (op.aggregate == ml::Aggregate::mean) return "a mean";
  Builder& b = c.builder;
  ml::TreeEnsemble narrow = op;
  narrow.accumulate = DType::f32;
  Forest& f = narrow.forest;
  if (!narrow_thresholds(f)) return "an equality test with a value that is no f32";
  double largest = 0;
  for (double& w : f.leaf_weight) {
    largest = std::max(largest, std::abs(w));
    w = static_cast<double>(round_nearest(w));
  }
  for (double& v : narrow.base) v = static_cast<double>(round_nearest(v));
  double trees = static_cast<double>(f.roots.size());
  DType found = dtype_of(b, c.inputs[0]);
  c.diagnostics.report(
      Severity::loss, {}, "convert-precision",
      "leaves are rounded to f32 and summed in f32: absolute error up to {:.3g} per row{}",
      trees * trees * largest * std::ldexp(1.0, -24),
      found == DType::f64 ? "; features are rounded to f32, which may route a row otherwise" : "");
  ValueId x = found == DType::f32 ? c.inputs[0] : b.add(tensor::Cast{DType::f32}, {c.inputs[0]});
  ValueId sum = b.add(std::move(narrow), {x});
  results = {b.add(tensor::Cast{DType::f64}, {sum})};
  return {};
}

}  // namespace panmodel::converters
