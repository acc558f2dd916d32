#pragma once
// Columns of a table and the step from columns to tensors.
#include "ir/op.h"

namespace panmodel::table {

// Columns (or [N,k] tensors) side by side as one tensor [N,F]. A missing numeric cell becomes NaN;
// a missing cell of another type fails the row.
struct Assemble {
  DType dtype = DType::f64;
  static constexpr OpMeta meta{"table.assemble", "Columns side by side as one matrix [N,F]; a missing number becomes NaN."};
  static constexpr auto fields() {
    return std::tuple{field("dtype", &Assemble::dtype, "element type of the matrix")};
  }
  static Types infer(const Assemble&, InferContext&);
};

// Column or tensor -> bool tensor of its shape: the cell is missing (validity bit) or NaN.
struct IsMissing {
  static constexpr OpMeta meta{"table.is_missing", "True where a cell is missing or NaN."};
  static constexpr auto fields() { return std::tuple{}; }
  static Types infer(const IsMissing&, InferContext&);
};

// Input 0 unchanged. A row with a missing cell (validity bit, or NaN) in any of the other inputs is
// refused; the input itself is checked when it is given twice. A column comes out as a tensor.
struct Require {
  static constexpr OpMeta meta{"table.require", "Input 0 unchanged, where all the other inputs have a value; other rows are refused."};
  static constexpr auto fields() { return std::tuple{}; }
  static Types infer(const Require&, InferContext&);
};

}  // namespace panmodel::table
