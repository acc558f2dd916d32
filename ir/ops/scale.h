#pragma once
// Per-feature arithmetic: scaling, normalising, thresholds, bins, products.
#include "ir/op.h"

namespace panmodel::ml {

// How Scaler combines offset and scale. scikit-learn divides where ONNX Scaler multiplies by a
// reciprocal; one ulp decides a tree, so the forms are kept apart.
enum class ScaleForm { subtract_divide, subtract_multiply, multiply_add };
std::span<const std::string_view> enum_names(ScaleForm);

// X [N,F] (f32 or f64), in the type of X: (x - offset) / scale, (x - offset) * scale or
// x * scale + offset. An empty offset or scale skips its step.
struct Scaler {
  ScaleForm form = ScaleForm::subtract_divide;
  std::vector<double> offset, scale;
  static constexpr OpMeta meta{"ml.scaler", "(x - offset) / scale, (x - offset) * scale or x * scale + offset, per feature.", Accuracy::exact};
  static constexpr auto fields() {
    return std::tuple{field("form", &Scaler::form, "which formula"),
                      field("offset", &Scaler::offset, "per feature, or one for all; empty = skip"),
                      field("scale", &Scaler::scale, "per feature, or one for all; empty = skip")};
  }
  static Types infer(const Scaler&, InferContext&);
};

enum class Norm { l1, l2, max };
std::span<const std::string_view> enum_names(Norm);

// Each row divided by its norm; a row whose norm is 0 or below `smallest` stays as it is.
struct Normalize {
  Norm norm = Norm::l2;
  double smallest = 0;
  static constexpr OpMeta meta{"ml.normalize", "Each row divided by its norm (l1, l2, largest magnitude); a zero row stays.", Accuracy::rounded};
  static constexpr auto fields() {
    return std::tuple{field("norm", &Normalize::norm, "which norm"),
                      field("smallest", &Normalize::smallest, "the smallest norm that divides: rows below it stay too")};
  }
  static Types infer(const Normalize&, InferContext&);
};

// 1 where x > threshold, else 0, in the type of X.
struct Binarize {
  double threshold = 0;
  static constexpr OpMeta meta{"ml.binarize", "1 where x > threshold, else 0."};
  static constexpr auto fields() {
    return std::tuple{field("threshold", &Binarize::threshold, "the threshold")};
  }
  static Types infer(const Binarize&, InferContext&);
};

// Bin index per feature as f64: the number of inner edges e with e <= x (NaN counts as above all).
struct Discretize {
  std::vector<double> edges;    // inner edges of all features, ascending within a feature
  std::vector<int64_t> counts;  // number of inner edges per feature; [F]
  static constexpr OpMeta meta{"ml.discretize", "Index of the bin that holds x: the number of inner edges e with e <= x, per feature."};
  static constexpr auto fields() {
    return std::tuple{field("edges", &Discretize::edges, "inner edges of all features"),
                      field("counts", &Discretize::counts, "number of inner edges per feature")};
  }
  static Types infer(const Discretize&, InferContext&);
};

// What Interpolate gives outside its knots: the value at the nearest one, NaN, or the row fails
// "row-value".
enum class Outside { clamp, nan, fail };
std::span<const std::string_view> enum_names(Outside);

// X [N,1] (f32 or f64) -> [N,1] in the type of X: the line through neighbouring knots (x0, y0) and
// (x1, y1) at x, slope * (x - x0) + y0 with slope = (y1 - y0) / (x1 - x0), each step in the type of
// X. A segment is x0 <= x < x1, where the last knot gives its y, or x0 < x <= x1 with
// `upper_closed`, where the first knot belongs to the first segment: the two may round differently
// at a knot. One knot is a constant. A NaN stays NaN. (The first is numpy.interp, the second
// scipy.interpolate.interp1d for f32.)
struct Interpolate {
  std::vector<double> x, y;
  Outside outside = Outside::clamp;
  bool upper_closed = false;
  static constexpr OpMeta meta{"ml.interpolate", "slope * (x - x0) + y0 on the segment of x between knots.", Accuracy::exact};
  static constexpr auto fields() {
    return std::tuple{field("x", &Interpolate::x, "knots, finite and ascending without repetition, at least one"),
                      field("y", &Interpolate::y, "finite value at each knot"),
                      field("outside", &Interpolate::outside, "the result outside the knots"),
                      field("upper_closed", &Interpolate::upper_closed, "a segment holds its upper knot, not its lower")};
  }
  static Types infer(const Interpolate&, InferContext&);
};

// Products of features: column j = product of x[f] for f in terms[j], left to right; 1 when empty.
struct Polynomial {
  std::vector<std::vector<int64_t>> terms;
  static constexpr OpMeta meta{"ml.polynomial", "Products of features; the empty product is 1.", Accuracy::rounded};
  static constexpr auto fields() {
    return std::tuple{field("terms", &Polynomial::terms, "feature indices of each product in the order of multiplication, repeated for powers")};
  }
  static Types infer(const Polynomial&, InferContext&);
};

}  // namespace panmodel::ml
