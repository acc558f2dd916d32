#pragma once
// Reductions and their kin, with the semantics of the ai.onnx operators of the same name (21).
#include "ir/op.h"

namespace panmodel::tensor {

enum class ReduceFn { sum, mean, max, min, prod, l1, l2, sum_square, log_sum, log_sum_exp };
std::span<const std::string_view> enum_names(ReduceFn);

// axes as the second input when `axes` is empty and it is given.
struct Reduce {
  ReduceFn fn = ReduceFn::sum;
  std::vector<int64_t> axes;
  bool keep_dims = true;
  bool noop_with_empty_axes = false;
  static constexpr OpMeta meta{"tensor.reduce", "Sum, mean, extreme, product or norm along axes.", Accuracy::rounded};
  static constexpr auto fields() {
    return std::tuple{field("fn", &Reduce::fn, "which function"),
                      field("axes", &Reduce::axes, "axes; empty = second input, or all"),
                      field("keep_dims", &Reduce::keep_dims, "keep reduced axes with size 1"),
                      field("noop_with_empty_axes", &Reduce::noop_with_empty_axes, "no axes: return X unchanged")};
  }
  static Types infer(const Reduce&, InferContext&);
};

struct ArgReduce {
  bool largest = true;
  int64_t axis = 0;
  bool keep_dims = true;
  bool select_last = false;
  static constexpr OpMeta meta{"tensor.arg_reduce", "Index of the largest or smallest element along an axis."};
  static constexpr auto fields() {
    return std::tuple{field("largest", &ArgReduce::largest, "largest, else smallest"),
                      field("axis", &ArgReduce::axis, "axis"),
                      field("keep_dims", &ArgReduce::keep_dims, "keep the axis with size 1"),
                      field("select_last", &ArgReduce::select_last, "last of equal elements instead of the first")};
  }
  static Types infer(const ArgReduce&, InferContext&);
};

struct CumSum {
  bool exclusive = false;
  bool reverse = false;
  static constexpr OpMeta meta{"tensor.cum_sum", "Running sums along the axis given by the second input.", Accuracy::rounded};
  static constexpr auto fields() {
    return std::tuple{field("exclusive", &CumSum::exclusive, "leave the element itself out"),
                      field("reverse", &CumSum::reverse, "from the end")};
  }
  static Types infer(const CumSum&, InferContext&);
};

// Inputs: X, k. Outputs: values, indices (i64); ties: the lower index first.
struct TopK {
  int64_t axis = -1;
  bool largest = true;
  bool sorted = true;
  static constexpr OpMeta meta{"tensor.top_k", "The k largest or smallest elements along an axis, and their indices."};
  static constexpr auto fields() {
    return std::tuple{field("axis", &TopK::axis, "axis"),
                      field("largest", &TopK::largest, "largest, else smallest"),
                      field("sorted", &TopK::sorted, "results in order")};
  }
  static Types infer(const TopK&, InferContext&);
};

// flatten: opset < 13 semantics, all dimensions from the axis on form one group.
struct Softmax {
  int64_t axis = -1;
  bool log = false;
  bool flatten = false;
  static constexpr OpMeta meta{"tensor.softmax", "exp(x - max) / sum, or its logarithm, along an axis.", Accuracy::transcendental};
  static constexpr auto fields() {
    return std::tuple{field("axis", &Softmax::axis, "axis"),
                      field("log", &Softmax::log, "log of the softmax"),
                      field("flatten", &Softmax::flatten, "normalise over all dimensions from the axis on")};
  }
  static Types infer(const Softmax&, InferContext&);
};

}  // namespace panmodel::tensor
