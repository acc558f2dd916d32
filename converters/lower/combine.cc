// ml.combine: the parts of a row as one tensor [P,N,K], reduced over P in the order of the parts.
#include <numeric>

#include "converters/lower/cells.h"
#include "ir/ops/combine.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::converters {
namespace {

using ml::Combine;
using ml::CombineMethod;
using ml::MissingPart;
using tensor::BinaryFn;
using tensor::ReduceFn;
using tensor::UnaryFn;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class Lowering {
 public:
  explicit Lowering(PatternContext& c)
      : b_(c.builder), op_(*c.node.as<Combine>()), parts_(op_.masked ? c.inputs.size() / 2 : c.inputs.size()),
        inputs_(c.inputs), dtype_(op_.dtype) {}

  std::string run(ValueId& result) {
    for (ValueId v : inputs_) {
      if (b_.type(v).column() != nullptr) return "a table column that is no tensor yet";
    }
    if (op_.method == CombineMethod::first) {
      result = first();
      return {};
    }
    width_ = op_.method == CombineMethod::vote ? 1 : width_of(b_, inputs_[0]);
    if (width_ < 0) return "an unknown number of columns";
    for (size_t p = 0; op_.masked && p < parts_; ++p) masks_.push_back(as_condition(b_, inputs_[parts_ + p]));
    result = op_.method == CombineMethod::vote ? votes() : numbers();
    return {};
  }

 private:
  ValueId real(double v) { return one_real(b_, dtype_, v); }
  ValueId cast(DType to, ValueId v) { return dtype_of(b_, v) == to ? v : b_.add(tensor::Cast{to}, {v}); }
  ValueId stack(const std::vector<ValueId>& parts) {
    std::vector<ValueId> rows;
    for (ValueId v : parts) rows.push_back(b_.add(tensor::Unsqueeze{{0}}, {v}));
    return rows.size() == 1 ? rows[0] : b_.add(tensor::Concat{0}, rows);
  }
  ValueId reduce(ReduceFn fn, ValueId v) { return b_.add(tensor::Reduce{fn, {0}, false}, {v}); }
  ValueId any(ValueId conditions) { return cast(DType::boolean, reduce(ReduceFn::max, cast(DType::f32, conditions))); }
  double weight(size_t p) const { return op_.weights.empty() ? 1 : op_.weights[p]; }
  ValueId weights(DType dtype) {
    std::vector<double> all;
    for (size_t p = 0; p < parts_; ++p) all.push_back(weight(p));
    return real_constant(b_, dtype, {static_cast<int64_t>(parts_), 1, 1}, all);
  }
  // Sum over the parts of the weights where `which` [P,N,1] is true.
  ValueId weight_of(ValueId which, DType dtype) {
    return reduce(ReduceFn::sum, where(b_, which, weights(dtype), one_real(b_, dtype, 0)));
  }

  // Which parts count, [P,N,1]; invalid = all of them in every row that has a result. `missing` says
  // which have no result of their own. Sets `without_` to the rows without a result.
  ValueId choose(ValueId missing) {
    ValueId taking = masks_.empty() ? ValueId() : stack(masks_), chosen = taking;
    ValueId lost = taking.valid() ? both(b_, taking, missing) : missing;
    if (op_.missing == MissingPart::propagate) {
      without_ = any(lost);
    } else if (op_.missing == MissingPart::skip) {
      ValueId there = negated(b_, missing);
      chosen = taking.valid() ? both(b_, taking, there) : there;
      if (op_.threshold < 1) {
        ValueId all = weight_of(taking.valid() ? taking : either(b_, missing, there), DType::f64);
        ValueId limit = binary(b_, BinaryFn::mul, one_real(b_, DType::f64, op_.threshold), all);
        without_ = binary(b_, BinaryFn::greater, weight_of(lost, DType::f64), limit);
      }
    }
    if (chosen.valid()) {
      ValueId none = negated(b_, any(chosen));
      without_ = without_.valid() ? either(b_, without_, none) : none;
    }
    return chosen;
  }

  ValueId numbers() {
    std::vector<ValueId> parts;
    for (size_t p = 0; p < parts_; ++p) parts.push_back(cast(dtype_, inputs_[p]));
    ValueId all = stack(parts), chosen = choose(any_nan(b_, all, width_)), result;
    switch (op_.method) {
      case CombineMethod::max: result = largest(all, chosen); break;
      case CombineMethod::median: result = median(all, chosen); break;
      default: result = sum(all, chosen);
    }
    return where(b_, without_, real(kNan), result);
  }

  ValueId sum(ValueId all, ValueId chosen) {
    ValueId terms = op_.weights.empty() ? all : binary(b_, BinaryFn::mul, weights(dtype_), all);
    if (chosen.valid()) terms = where(b_, chosen, terms, real(0));
    ValueId total = reduce(ReduceFn::sum, terms);
    if (op_.method == CombineMethod::sum) return total;
    if (chosen.valid()) return binary(b_, BinaryFn::div, total, weight_of(chosen, dtype_));
    double count = 0;
    for (size_t p = 0; p < parts_; ++p) {
      count += weight(p);
      if (dtype_ == DType::f32) count = static_cast<double>(static_cast<float>(count));
    }
    return binary(b_, BinaryFn::div, total, real(count));
  }

  // Elements of `from` [P,N,K] at places [1,N,1] or [1,N,K], as [N,K].
  ValueId at(ValueId from, ValueId place, bool per_column) {
    if (!per_column && width_ > 1) {
      Tensor zeros = Tensor::of({1, 1, width_}, std::vector<int64_t>(static_cast<size_t>(width_), 0));
      place = binary(b_, BinaryFn::add, place, b_.constant(zeros));
    }
    return b_.add(tensor::Squeeze{{0}}, {b_.add(tensor::GatherElements{0}, {from, place})});
  }

  ValueId largest(ValueId all, ValueId chosen) {
    ValueId top = b_.add(tensor::Reduce{ReduceFn::max, {2}, true}, {all});
    if (chosen.valid()) top = where(b_, chosen, top, real(-kInfinity));
    return at(all, b_.add(tensor::ArgReduce{true, 0, true}, {top}), false);
  }

  ValueId median(ValueId all, ValueId chosen) {
    if (chosen.valid()) all = where(b_, chosen, all, real(kInfinity));
    const auto count = static_cast<int64_t>(parts_);
    auto sorted = b_.add_all(tensor::TopK{0, false, true}, {all, int_constant(b_, {count})});
    if (!op_.weights.empty()) return weighted_median(sorted[0], sorted[1], chosen);
    ValueId lower = int_constant(b_, {(count - 1) / 2}), upper = int_constant(b_, {count / 2});
    auto middle = [&](ValueId place) {
      if (!chosen.valid()) return b_.add(tensor::Squeeze{{0}}, {b_.add(tensor::Gather{0}, {sorted[0], place})});
      return at(sorted[0], place, false);
    };
    if (chosen.valid()) {
      // Half of the parts that count, rounded down and up.
      ValueId n = b_.add(tensor::Unsqueeze{{0}}, {reduce(ReduceFn::sum, cast(DType::f64, chosen))});
      auto half = [&](double shift) {
        ValueId x = binary(b_, BinaryFn::add, n, one_real(b_, DType::f64, shift));
        x = unary(b_, UnaryFn::floor, binary(b_, BinaryFn::mul, x, one_real(b_, DType::f64, 0.5)));
        // Where no part counts any place will do.
        return cast(DType::i64, unary(b_, UnaryFn::relu, x));
      };
      // Of an odd count both are the same element.
      ValueId low = middle(half(-1)), high = middle(half(0));
      ValueId mean = binary(b_, BinaryFn::div, binary(b_, BinaryFn::add, low, high), real(2));
      return where(b_, binary(b_, BinaryFn::equal, low, high), high, mean);
    }
    if (count % 2 != 0) return middle(upper);
    return binary(b_, BinaryFn::div, binary(b_, BinaryFn::add, middle(lower), middle(upper)), real(2));
  }
  ValueId weighted_median(ValueId sorted, ValueId order, ValueId chosen) {
    std::vector<double> all;
    for (size_t p = 0; p < parts_; ++p) all.push_back(weight(p));
    ValueId by_part = real_constant(b_, DType::f64, {static_cast<int64_t>(parts_)}, all);
    ValueId weight = b_.add(tensor::Gather{0}, {by_part, order});
    ValueId half;
    if (chosen.valid()) {
      ValueId counts = binary(b_, BinaryFn::less, sorted, real(kInfinity));
      weight = where(b_, counts, weight, one_real(b_, DType::f64, 0));
      half = binary(b_, BinaryFn::mul, weight_of(chosen, DType::f64), one_real(b_, DType::f64, 0.5));
    } else {
      half = one_real(b_, DType::f64, std::accumulate(all.begin(), all.end(), 0.0) / 2);
    }
    ValueId so_far = b_.add(tensor::CumSum{}, {weight, b_.constant(Tensor::scalar(int64_t{0}))});
    ValueId reached = cast(DType::f32, binary(b_, BinaryFn::greater_or_equal, so_far, half));
    return at(sorted, b_.add(tensor::ArgReduce{true, 0, true}, {reached}), true);
  }

  // Votes: each label's place among the classes, one-hot, times the weight.
  ValueId votes() {
    const Tensor& classes = *op_.classes;
    const auto count = static_cast<int64_t>(classes.size());
    ml::LabelMap map;
    std::vector<int64_t> places(classes.size());
    std::iota(places.begin(), places.end(), int64_t{0});
    map.keys = classes;
    map.values = Tensor::vector(places);
    map.fallback = Tensor::scalar(int64_t{-1});
    std::vector<ValueId> parts;
    for (size_t p = 0; p < parts_; ++p) parts.push_back(inputs_[p]);
    ValueId place = b_.add(std::move(map), {stack(parts)});
    ValueId missing = binary(b_, BinaryFn::less, place, int_constant(b_, {0}));
    ValueId chosen = choose(missing);
    ValueId hit = binary(b_, BinaryFn::equal, place, int_constant(b_, places));
    if (chosen.valid()) hit = both(b_, hit, chosen);
    ValueId shares = reduce(ReduceFn::sum, where(b_, hit, weights(dtype_), real(0)));
    // A vote for no class counts with as_class only.
    ValueId counting = chosen.valid() ? chosen : either(b_, missing, negated(b_, missing));
    ValueId total = weight_of(counting, dtype_);
    auto without = [&](ValueId rows) { without_ = without_.valid() ? either(b_, without_, rows) : rows; };
    without(binary(b_, BinaryFn::equal, total, real(0)));
    if (op_.missing == MissingPart::as_class) {
      ValueId strangers = weight_of(both(b_, counting, missing), dtype_);
      ValueId most = b_.add(tensor::Reduce{ReduceFn::max, {1}, true}, {shares});
      without(binary(b_, BinaryFn::greater, strangers, most));
    }
    width_ = count;
    return where(b_, without_, real(kNan), binary(b_, BinaryFn::div, shares, total));
  }

  // From the last part to the first: a part that takes part stands before those behind it.
  ValueId first() {
    const DType dtype = dtype_of(b_, inputs_[0]);
    const bool text = dtype == DType::string;
    const int64_t width = text ? 1 : width_of(b_, inputs_[0]);
    const DType kind = text || is_floating(dtype) ? dtype : DType::f64;
    ValueId result = missing_cell(b_, kind);
    for (size_t p = parts_; p-- > 0;) {
      ValueId x = cast(kind, inputs_[p]);
      const bool skips = op_.missing == MissingPart::skip;
      if (skips || width > 1) {
        ValueId gap = text ? is_missing_cell(b_, x) : any_nan(b_, x, width);
        x = where(b_, gap, skips ? result : missing_cell(b_, kind), x);
      }
      result = op_.masked ? where(b_, as_condition(b_, inputs_[parts_ + p]), x, result) : x;
    }
    return result;
  }

  Builder& b_;
  const Combine& op_;
  size_t parts_;
  std::span<const ValueId> inputs_;
  DType dtype_;
  int64_t width_ = 1;
  std::vector<ValueId> masks_;
  ValueId without_;  // [N,1]: rows without a result
};

}  // namespace

std::string lower_combine(PatternContext& c, Results& results) {
  ValueId result;
  std::string why = Lowering(c).run(result);
  if (why.empty()) results = {result};
  return why;
}

}  // namespace panmodel::converters
