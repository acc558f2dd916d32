#pragma once
// Categories: value -> value maps, one-hot, class labels, and ONNX-ML's maps.
#include "ir/op.h"

namespace panmodel::ml {

// Each element looked up in `keys` (first match; NaN matches a NaN key) and replaced by the value
// of the same index. Not found: `fallback`; without a fallback the row fails. A missing cell of a
// column is mapped to `missing_value`; without one it counts as not found. Result: tensor of the
// input's shape and the dtype of `values`.
struct LabelMap {
  Tensor keys;    // [K]
  Tensor values;  // [K]
  std::optional<Tensor> fallback;       // scalar of the dtype of values
  std::optional<Tensor> missing_value;  // scalar of the dtype of values
  static constexpr OpMeta meta{"ml.label_map", "Each element replaced by the value that a table gives for it."};
  static constexpr auto fields() {
    return std::tuple{field("keys", &LabelMap::keys, "[K] values to look up"),
                      field("values", &LabelMap::values, "[K] results"),
                      field("fallback", &LabelMap::fallback, "result for what is not in keys; absent = the row fails"),
                      field("missing_value", &LabelMap::missing_value, "result for a missing cell; absent = not found")};
  }
  static Types infer(const LabelMap&, InferContext&);
};

// Index tensor [N,1] or [N] (any integer or real type) -> [N,width] of `dtype`: 1 in the column of
// the index, 0 elsewhere; an index outside [0,width) gives zeros.
struct OneHot {
  int64_t width = 0;
  DType dtype = DType::f64;
  static constexpr OpMeta meta{"ml.one_hot", "1 in the column that the index names, 0 elsewhere; an index out of range gives zeros."};
  static constexpr auto fields() {
    return std::tuple{field("width", &OneHot::width, "number of columns"),
                      field("dtype", &OneHot::dtype, "element type of the result")};
  }
  static Types infer(const OneHot&, InferContext&);
};

enum class LabelRule {
  argmax,         // first column with the largest score (a NaN counts as largest, as numpy does)
  above,          // one column: classes[1] when score > threshold, else classes[0]
  at_least,       // one column: classes[1] when score >= threshold, else classes[0]
};
std::span<const std::string_view> enum_names(LabelRule);

// Scores [N,K] -> class labels [N], of the dtype of `classes`.
struct Labels {
  Tensor classes;  // [K] (2 for the one-column rules)
  LabelRule rule = LabelRule::argmax;
  double threshold = 0;
  static constexpr OpMeta meta{"ml.labels", "The class label that the scores of a row choose."};
  static constexpr auto fields() {
    return std::tuple{field("classes", &Labels::classes, "class labels in column order"),
                      field("rule", &Labels::rule, "how scores choose"),
                      field("threshold", &Labels::threshold, "of the one-column rules")};
  }
  static Types infer(const Labels&, InferContext&);
};

// [N,K] -> sequence of N maps key -> value (ai.onnx.ml ZipMap).
struct ZipMap {
  Tensor keys;  // [K], i64 or string
  static constexpr OpMeta meta{"ml.zip_map", "Rows as maps from class label to value."};
  static constexpr auto fields() {
    return std::tuple{field("keys", &ZipMap::keys, "keys in column order")};
  }
  static Types infer(const ZipMap&, InferContext&);
};

// Map -> [1,K]: the values of the keys in vocabulary order, 0 where absent (ai.onnx.ml).
struct DictVectorizer {
  Tensor vocabulary;  // [K], i64 or string
  static constexpr OpMeta meta{"ml.dict_vectorizer", "Values of a map in the order of a vocabulary; 0 where a key is absent."};
  static constexpr auto fields() {
    return std::tuple{field("vocabulary", &DictVectorizer::vocabulary, "keys in column order")};
  }
  static Types infer(const DictVectorizer&, InferContext&);
};

// Map with i64 keys -> tensor (ai.onnx.ml CastMap): dense by key order, or sparse up to max_map.
struct CastMap {
  DType to = DType::f32;  // f32, string or i64
  bool sparse = false;
  int64_t max_map = 1;
  static constexpr OpMeta meta{"ml.cast_map", "A map with integer keys as a tensor."};
  static constexpr auto fields() {
    return std::tuple{field("to", &CastMap::to, "element type of the result"),
                      field("sparse", &CastMap::sparse, "place values by key, fill gaps with 0"),
                      field("max_map", &CastMap::max_map, "width of the sparse form")};
  }
  static Types infer(const CastMap&, InferContext&);
};

}  // namespace panmodel::ml
