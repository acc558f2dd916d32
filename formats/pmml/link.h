#pragma once
// The functions that turn linear predictors into means and probabilities.
#include <numbers>

#include "ir/builder.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pmml {

// In the order of PMML's normalizationMethod.
enum class Normalization { none, simplemax, softmax, logit, probit, cloglog, exp, loglog, cauchit };

// Nodes on real matrices of one type; a NaN stays NaN. Single precision is that of JPMML-Evaluator's
// x-mathContext="float" as measured: every step is rounded, and e is 2.7182817 unless `strict`.
class Link {
 public:
  Link(Builder& builder, DType dtype, bool strict = false)
      : builder_(builder), dtype_(dtype), e_(strict ? std::numbers::e : 2.7182817) {}

  ValueId scalar(double value);
  ValueId binary(tensor::BinaryFn fn, ValueId a, ValueId b) {
    return builder_.add(tensor::Binary{fn}, {a, b});
  }
  ValueId unary(tensor::UnaryFn fn, ValueId x) { return builder_.add(tensor::Unary{fn}, {x}); }
  // The mean that belongs to each element: F(y). Softmax of one number is logit; not for simplemax.
  ValueId inverse(Normalization method, ValueId y);
  // [N,2] -> F of the first (of none: y limited to [0, 1]) and its complement, or softmax, simplemax
  // over both; not for exp.
  ValueId binary_classes(Normalization method, ValueId y);
  // [N,K] -> softmax, simplemax, the shares of logit, or with none y and what is left of 1.
  ValueId many_classes(Normalization method, ValueId y, size_t count);
  // [N,K] -> the cumulated F of the first K-1 (of none: y limited to [0, 1]) and 1, each less the sum
  // of what stands before it; not for exp, softmax and simplemax.
  ValueId ordinal(Normalization method, ValueId y, size_t count);

 private:
  ValueId columns(ValueId x, int64_t begin, int64_t end);
  ValueId exponential(ValueId y);
  ValueId logistic(ValueId y);
  ValueId softmax(ValueId y);
  ValueId simplemax(ValueId y);
  // F of a cumulated probability.
  ValueId probability(Normalization method, ValueId y);

  Builder& builder_;
  DType dtype_;
  double e_;  // of single precision
};

}  // namespace panmodel::pmml
