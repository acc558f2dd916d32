#pragma once
// The functions that turn linear predictors into means and probabilities.
#include "ir/builder.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pmml {

// In the order of PMML's normalizationMethod.
enum class Normalization { none, simplemax, softmax, logit, probit, cloglog, exp, loglog, cauchit };

// Nodes on real matrices of one type; a NaN stays NaN.
class Link {
 public:
  Link(Builder& builder, DType dtype) : builder_(builder), dtype_(dtype) {}

  ValueId scalar(double value);
  ValueId binary(tensor::BinaryFn fn, ValueId a, ValueId b) {
    return builder_.add(tensor::Binary{fn}, {a, b});
  }
  ValueId unary(tensor::UnaryFn fn, ValueId x) { return builder_.add(tensor::Unary{fn}, {x}); }
  // The mean that belongs to each element: F(y). simplemax leaves it as it is, softmax of one
  // number is logit.
  ValueId inverse(Normalization method, ValueId y);
  // [N,2] -> F of the first and its complement, or softmax, simplemax over both.
  ValueId binary_classes(Normalization method, ValueId y);
  // [N,K] -> F of each, or softmax, simplemax over all.
  ValueId many_classes(Normalization method, ValueId y);
  // [N,K] -> differences of the cumulated F of the first K-1, and what is left of 1.
  ValueId ordinal(Normalization method, ValueId y, size_t count);

 private:
  ValueId columns(ValueId x, int64_t begin, int64_t end);
  ValueId simplemax(ValueId y);

  Builder& builder_;
  DType dtype_;
};

}  // namespace panmodel::pmml
