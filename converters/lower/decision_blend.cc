// The blending forms of ml.decision_tree. Of each node the share of the row that comes to it: all of it by
// a predicate that is true; where one is unknown it is divided among the children from there on that are
// not false, by their records.
#include "converters/lower/decision_tree.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::converters {

using ml::UnknownSplit;
using tensor::BinaryFn;

namespace {

struct Truths {
  ValueId yes, no, unknown;  // f64 [N,1], 1 or 0
};

class Blend {
 public:
  Blend(Builder& b, const ml::DecisionTree& op, const std::function<ValueId(size_t)>& outcome)
      : b_(b), op_(op), outcome_(outcome), shares_(op.predicate.size()), zero_(real(0)), one_(real(1)),
        divided_(zero_) {}

  Blended run() {
    shares_[0] = binary(b_, BinaryFn::sub, one_, truths_of(0).no);
    for (size_t n = 0; n < shares_.size(); ++n) {
      ValueId left = descend(n);
      if (op_.child_begin[n] != op_.child_begin[n + 1] && !op_.last_if_none) continue;
      ends_.push_back(left);
      end_nodes_.push_back(n);
    }
    return mixed();
  }

 private:
  ValueId real(double v) { return one_real(b_, DType::f64, v); }
  ValueId times(ValueId x, ValueId y) { return binary(b_, BinaryFn::mul, x, y); }
  void add_to(ValueId& sum, ValueId term) { sum = sum.valid() ? binary(b_, BinaryFn::add, sum, term) : term; }

  Truths truths_of(size_t node) {
    ValueId outcome = outcome_(static_cast<size_t>(op_.predicate[node]));
    const auto is = [&](Outcome o) {
      return b_.add(tensor::Cast{DType::f64}, {binary(b_, BinaryFn::equal, outcome, real(o))});
    };
    return {is(kYes), is(kNo), is(kUnknown)};
  }

  // Gives the children their shares of the node's; returns what is left where none is true.
  ValueId descend(size_t node) {
    ValueId left = shares_[node];
    std::vector<size_t> children;
    for (auto k = op_.child_begin[node]; k < op_.child_begin[node + 1]; ++k) {
      children.push_back(static_cast<size_t>(op_.children[static_cast<size_t>(k)]));
    }
    std::vector<Truths> truths;
    for (size_t child : children) truths.push_back(truths_of(child));
    for (size_t k = 0; k < children.size(); ++k) {
      ValueId share = times(left, truths[k].unknown), records;
      std::vector<ValueId> open;
      for (size_t j = k; j < children.size(); ++j) {
        open.push_back(times(binary(b_, BinaryFn::sub, one_, truths[j].no), real(op_.records[children[j]])));
        add_to(records, open.back());
      }
      ValueId any = binary(b_, BinaryFn::greater, share, zero_);
      for (size_t j = k; j < children.size(); ++j) {
        ValueId part = times(share, binary(b_, BinaryFn::div, open[j - k], records));
        add_to(shares_[children[j]], where(b_, any, part, zero_));
      }
      add_to(divided_, share);
      add_to(shares_[children[k]], times(left, truths[k].yes));
      left = times(left, truths[k].no);
    }
    return left;
  }

  Blended mixed() {
    const auto width = static_cast<int64_t>(ends_.size()), classes = op_.distribution.shape()[1];
    std::vector<double> numbers, records, rows;
    for (size_t n : end_nodes_) {
      numbers.push_back(static_cast<double>(n));
      records.push_back(op_.records[n]);
      const double* row = op_.distribution.as<double>().data() + n * static_cast<size_t>(classes);
      rows.insert(rows.end(), row, row + classes);
    }
    const bool aggregates = op_.unknown == UnknownSplit::aggregate_nodes;
    ValueId reached = b_.add(tensor::Concat{1}, ends_), weights = reached;
    if (aggregates) {
      ValueId counts = binary(b_, BinaryFn::greater, reached, zero_);
      weights = where(b_, counts, real_constant(b_, DType::f64, {width}, records), zero_);
    }
    ValueId total = b_.add(tensor::Reduce{tensor::ReduceFn::sum, {1}, true}, {weights});
    ValueId mixed = b_.add(tensor::MatMul{}, {weights, real_constant(b_, DType::f64, {width, classes}, rows)});
    if (aggregates) mixed = binary(b_, BinaryFn::div, mixed, total);
    ValueId nowhere = binary(b_, BinaryFn::equal, total, zero_), gap = missing_cell(b_, DType::f64);
    ValueId node = b_.add(tensor::MatMul{}, {reached, real_constant(b_, DType::f64, {width, 1}, numbers)});
    ValueId none = either(b_, nowhere, binary(b_, BinaryFn::greater, divided_, zero_));
    return {where(b_, none, gap, node), where(b_, nowhere, gap, mixed)};
  }

  Builder& b_;
  const ml::DecisionTree& op_;
  const std::function<ValueId(size_t)>& outcome_;
  std::vector<ValueId> shares_, ends_;
  std::vector<size_t> end_nodes_;
  ValueId zero_, one_, divided_;  // divided_: above 0 where an unknown predicate was met
};

}  // namespace

Blended blended(Builder& b, const ml::DecisionTree& op, const std::function<ValueId(size_t predicate)>& outcome) {
  return Blend(b, op, outcome).run();
}

}  // namespace panmodel::converters
