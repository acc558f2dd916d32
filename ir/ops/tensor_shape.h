#pragma once
// Operators that make, move or select elements, with the semantics of the ai.onnx operators of the
// same name (version 21).
#include "ir/op.h"

namespace panmodel::tensor {

// A constant.
struct Constant {
  Tensor value;
  static constexpr OpMeta meta{"tensor.constant", "A constant of the model."};
  static constexpr auto fields() {
    return std::tuple{field("value", &Constant::value, "the value")};
  }
  static Types infer(const Constant&, InferContext&);
};

struct Identity {
  static constexpr OpMeta meta{"tensor.identity", "The input itself; any type."};
  static constexpr auto fields() { return std::tuple{}; }
  static Types infer(const Identity&, InferContext&);
};

// Inputs of equal rank joined along an axis.
struct Concat {
  int64_t axis = 0;
  static constexpr OpMeta meta{"tensor.concat", "Tensors joined along an axis."};
  static constexpr auto fields() {
    return std::tuple{field("axis", &Concat::axis, "axis, negative counts from the end")};
  }
  static Types infer(const Concat&, InferContext&);
};

// X -> pieces along an axis, one output per entry of `sizes`.
struct Split {
  int64_t axis = 0;
  std::vector<int64_t> sizes;
  static constexpr OpMeta meta{"tensor.split", "Pieces of a tensor along an axis."};
  static constexpr auto fields() {
    return std::tuple{field("axis", &Split::axis, "axis"),
                      field("sizes", &Split::sizes, "length of each piece")};
  }
  static Types infer(const Split&, InferContext&);
};

// Inputs: X, indices.
struct Gather {
  int64_t axis = 0;
  static constexpr OpMeta meta{"tensor.gather", "Slices of X along an axis, by index; negative indices count from the end."};
  static constexpr auto fields() {
    return std::tuple{field("axis", &Gather::axis, "axis")};
  }
  static Types infer(const Gather&, InferContext&);
};

struct GatherElements {
  int64_t axis = 0;
  static constexpr OpMeta meta{"tensor.gather_elements", "Elements of X along an axis, by an index tensor of the rank of X."};
  static constexpr auto fields() {
    return std::tuple{field("axis", &GatherElements::axis, "axis")};
  }
  static Types infer(const GatherElements&, InferContext&);
};

struct GatherNd {
  int64_t batch_dims = 0;
  static constexpr OpMeta meta{"tensor.gather_nd", "Slices of X addressed by index tuples."};
  static constexpr auto fields() {
    return std::tuple{field("batch_dims", &GatherNd::batch_dims, "leading dimensions shared by X and indices")};
  }
  static Types infer(const GatherNd&, InferContext&);
};

// Inputs: X, indices, updates. reduction: none, add, mul, min, max.
struct ScatterElements {
  int64_t axis = 0;
  std::string reduction = "none";
  static constexpr OpMeta meta{"tensor.scatter_elements", "X with elements along an axis replaced or combined by index."};
  static constexpr auto fields() {
    return std::tuple{field("axis", &ScatterElements::axis, "axis"),
                      field("reduction", &ScatterElements::reduction, "none, add, mul, min or max")};
  }
  static Types infer(const ScatterElements&, InferContext&);
};

// Inputs: X, shape (i64 vector; -1 = inferred, 0 = copied unless allow_zero).
struct Reshape {
  bool allow_zero = false;
  static constexpr OpMeta meta{"tensor.reshape", "The same elements under another shape."};
  static constexpr auto fields() {
    return std::tuple{field("allow_zero", &Reshape::allow_zero, "0 means an empty dimension")};
  }
  static Types infer(const Reshape&, InferContext&);
};

struct Flatten {
  int64_t axis = 1;
  static constexpr OpMeta meta{"tensor.flatten", "X as a matrix: dimensions before the axis times those from it."};
  static constexpr auto fields() {
    return std::tuple{field("axis", &Flatten::axis, "axis")};
  }
  static Types infer(const Flatten&, InferContext&);
};

// axes as the second input when `axes` is empty and it is given; none at all: every dimension of size 1.
struct Squeeze {
  std::vector<int64_t> axes;
  static constexpr OpMeta meta{"tensor.squeeze", "X without some dimensions of size 1."};
  static constexpr auto fields() {
    return std::tuple{field("axes", &Squeeze::axes, "dimensions to drop; empty = second input, or all of size 1")};
  }
  static Types infer(const Squeeze&, InferContext&);
};

struct Unsqueeze {
  std::vector<int64_t> axes;
  static constexpr OpMeta meta{"tensor.unsqueeze", "X with new dimensions of size 1."};
  static constexpr auto fields() {
    return std::tuple{field("axes", &Unsqueeze::axes, "places in the result; empty = second input")};
  }
  static Types infer(const Unsqueeze&, InferContext&);
};

struct Transpose {
  std::vector<int64_t> perm;
  static constexpr OpMeta meta{"tensor.transpose", "X with its dimensions permuted."};
  static constexpr auto fields() {
    return std::tuple{field("perm", &Transpose::perm, "source dimension of each result dimension; empty = reversed")};
  }
  static Types infer(const Transpose&, InferContext&);
};

// Inputs: X, starts, ends, optional axes, optional steps (i64 or i32 vectors).
struct Slice {
  static constexpr OpMeta meta{"tensor.slice", "A strided part of X."};
  static constexpr auto fields() { return std::tuple{}; }
  static Types infer(const Slice&, InferContext&);
};

struct Shape {
  int64_t start = 0;
  int64_t end = INT64_MAX;
  static constexpr OpMeta meta{"tensor.shape", "The shape of X as an i64 vector."};
  static constexpr auto fields() {
    return std::tuple{field("start", &Shape::start, "first dimension"),
                      field("end", &Shape::end, "dimension after the last")};
  }
  static Types infer(const Shape&, InferContext&);
};

// Input: shape (i64 vector).
struct ConstantOfShape {
  Tensor value;
  static constexpr OpMeta meta{"tensor.constant_of_shape", "A tensor of one repeated value."};
  static constexpr auto fields() {
    return std::tuple{field("value", &ConstantOfShape::value, "one element")};
  }
  static Types infer(const ConstantOfShape&, InferContext&);
};

// Inputs: X, shape.
struct Expand {
  static constexpr OpMeta meta{"tensor.expand", "X broadcast to a shape."};
  static constexpr auto fields() { return std::tuple{}; }
  static Types infer(const Expand&, InferContext&);
};

// Inputs: X, repeats.
struct Tile {
  static constexpr OpMeta meta{"tensor.tile", "X repeated along each dimension."};
  static constexpr auto fields() { return std::tuple{}; }
  static Types infer(const Tile&, InferContext&);
};

// Inputs: start, limit, delta (scalars).
struct Range {
  static constexpr OpMeta meta{"tensor.range", "Numbers from start up to limit by delta."};
  static constexpr auto fields() { return std::tuple{}; }
  static Types infer(const Range&, InferContext&);
};

// Inputs: indices, depth (scalar), values [off, on].
struct OneHot {
  int64_t axis = -1;
  static constexpr OpMeta meta{"tensor.one_hot", "ONNX OneHot: a new axis of `depth` places, on where the index says."};
  static constexpr auto fields() {
    return std::tuple{field("axis", &OneHot::axis, "place of the new axis")};
  }
  static Types infer(const OneHot&, InferContext&);
};

}  // namespace panmodel::tensor
