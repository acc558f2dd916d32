#pragma once
// Dense products, with the semantics of the ai.onnx operators of the same name (21).
#include "ir/op.h"

namespace panmodel::tensor {

struct MatMul {
  static constexpr OpMeta meta{"tensor.mat_mul", "Matrix product with numpy's batch rules.", Accuracy::rounded};
  static constexpr auto fields() { return std::tuple{}; }
  static Types infer(const MatMul&, InferContext&);
};

// Inputs: A, B, optional C.
struct Gemm {
  double alpha = 1;
  double beta = 1;
  bool trans_a = false;
  bool trans_b = false;
  static constexpr OpMeta meta{"tensor.gemm", "alpha A B + beta C, A and B optionally transposed.", Accuracy::rounded};
  static constexpr auto fields() {
    return std::tuple{field("alpha", &Gemm::alpha, "factor of the product"),
                      field("beta", &Gemm::beta, "factor of C"),
                      field("trans_a", &Gemm::trans_a, "transpose A"),
                      field("trans_b", &Gemm::trans_b, "transpose B")};
  }
  static Types infer(const Gemm&, InferContext&);
};

}  // namespace panmodel::tensor
