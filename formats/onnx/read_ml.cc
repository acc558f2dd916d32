// Encoders, maps and per-feature operators of ai.onnx.ml.
#include <cmath>
#include <limits>

#include "formats/onnx/read_ml.h"
#include "ir/ops/encode.h"
#include "ir/ops/impute.h"
#include "ir/ops/scale.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::onnx {
namespace {

ValueId integers_constant(NodeReader& r, std::vector<int64_t> v) {
  return r.builder.constant(Tensor::vector(std::move(v)));
}

Values read_array_feature_extractor(NodeReader& r) {
  ValueId x = r.in(0), index = r.in(1);
  if (auto known = r.constant_integers(1)) {
    for (int64_t i : *known) {
      if (i < 0) fail(r.loc, "onnx-node", "index {}, expected 0 or more", i);
    }
  }
  index = r.builder.add(tensor::Reshape{}, {index, integers_constant(r, {-1})});
  ValueId y = r.builder.add(tensor::Gather{-1}, {x, index});
  const TensorType* t = r.builder.type(x).tensor();
  bool vector = t != nullptr && t->dims && t->dims->size() == 1;
  return {vector ? r.builder.add(tensor::Unsqueeze{{0}}, {y}) : y};
}

Values read_binarizer(NodeReader& r) {
  return {r.builder.add(ml::Binarize{r.real("threshold", 0)}, {r.in(0)})};
}

Values read_cast_map(NodeReader& r) {
  ml::CastMap op;
  std::string to = r.text("cast_to", "TO_FLOAT"), form = r.text("map_form", "DENSE");
  if (to == "TO_STRING") {
    op.to = DType::string;
  } else if (to == "TO_INT64") {
    op.to = DType::i64;
  } else if (to != "TO_FLOAT") {
    r.refuse("cast_to", "TO_FLOAT, TO_STRING or TO_INT64", to);
  }
  if (form != "DENSE" && form != "SPARSE") r.refuse("map_form", "DENSE or SPARSE", form);
  op.sparse = form == "SPARSE";
  op.max_map = r.integer("max_map", 1);
  return {r.builder.add(op, {r.in(0)})};
}

bool is_text(const NodeReader& r, ValueId v) {
  const TensorType* t = r.builder.type(v).tensor();
  return t != nullptr && t->dtype == DType::string;
}

// A table between texts and numbers, in the direction that the input chooses.
Values text_number_map(NodeReader& r, Tensor texts, Tensor numbers, std::string_view unused) {
  if (texts.size() != numbers.size()) {
    fail(r.loc, "onnx-node", "{} texts for {} numbers", texts.size(), numbers.size());
  }
  ml::LabelMap op;
  if (is_text(r, r.in(0))) {
    op.keys = std::move(texts), op.values = std::move(numbers);
    op.fallback = Tensor::scalar(r.integer("default_int64", -1));
  } else {
    op.keys = std::move(numbers), op.values = std::move(texts);
    op.fallback = Tensor::scalar(r.text("default_string", unused));
  }
  return {r.builder.add(std::move(op), {r.in(0)})};
}

Values read_category_mapper(NodeReader& r) {
  Tensor texts = text_list(r, "cats_strings").value_or(Tensor::vector(std::vector<std::string>{}));
  return text_number_map(r, std::move(texts), Tensor::vector(r.integers("cats_int64s")), "_Unused");
}

Values read_dict_vectorizer(NodeReader& r) {
  auto texts = text_list(r, "string_vocabulary");
  auto numbers = integer_list(r, "int64_vocabulary");
  if (texts.has_value() == numbers.has_value()) {
    fail(r.loc, "onnx-node", "DictVectorizer needs one of string_vocabulary and int64_vocabulary");
  }
  return {r.builder.add(ml::DictVectorizer{texts ? *texts : *numbers}, {r.in(0)})};
}

// The first `width` columns of x, with columns of 0 behind it when it has fewer.
ValueId exact_width(NodeReader& r, ValueId x, int64_t width) {
  const TensorType& t = *r.builder.type(x).tensor();
  bool known = t.dims && t.dims->size() == 2 && t.dims->back().fixed();
  int64_t found = known ? t.dims->back().size : -1;
  if (found == width) return x;
  if (found < width) {
    ValueId rows = r.builder.add(tensor::Shape{0, 1}, {x});
    ValueId shape = r.builder.add(tensor::Concat{0}, {rows, integers_constant(r, {width})});
    Tensor zero = Tensor::vector(std::vector<float>{0});
    ValueId zeros = r.builder.add(tensor::ConstantOfShape{zero}, {shape});
    x = r.builder.add(tensor::Concat{1}, {x, zeros});
  }
  return r.builder.add(tensor::Slice{}, {x, integers_constant(r, {0}), integers_constant(r, {width}),
                                         integers_constant(r, {1})});
}

Values read_feature_vectorizer(NodeReader& r) {
  std::vector<int64_t> widths = r.integers("inputdimensions");
  if (widths.size() != r.inputs.size()) {
    fail(r.loc, "onnx-node", "{} inputdimensions for {} inputs", widths.size(), r.inputs.size());
  }
  std::vector<ValueId> parts;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] < 1 || widths[i] > INT32_MAX) r.refuse("inputdimensions", "1 or more each", widths[i]);
    ValueId x = r.in(i);
    const TensorType* t = r.builder.type(x).tensor();
    if (t == nullptr) fail(r.loc, "onnx-node", "input {} is no tensor", i);
    if (t->dtype != DType::f32) x = r.builder.add(tensor::Cast{DType::f32}, {x});
    if (t->dims && t->dims->size() == 1) {
      x = r.builder.add(tensor::Reshape{}, {x, integers_constant(r, {1, -1})});
    }
    parts.push_back(exact_width(r, x, widths[i]));
  }
  return {r.builder.add(table::Assemble{DType::f32}, std::move(parts))};
}

Values read_imputer(NodeReader& r) {
  const TensorType* t = r.builder.type(r.in(0)).tensor();
  if (t == nullptr) fail(r.loc, "onnx-node", "Imputer takes a tensor");
  ml::Impute op;
  if (is_integer(t->dtype)) {
    std::vector<int64_t> fill = r.integers("imputed_value_int64s");
    if (fill.empty()) fail(r.loc, "onnx-node", "Imputer of integers lacks imputed_value_int64s");
    int64_t marker = r.integer("replaced_value_int64", 0);
    if (t->dtype == DType::i32) r.unsupported("an Imputer of 32-bit integers");
    op.fill = Tensor::vector(std::move(fill));
    op.missing = Tensor::scalar(marker);
    return {r.builder.add(std::move(op), {r.in(0)})};
  }
  std::vector<double> fill = r.reals("imputed_value_floats");
  if (fill.empty()) fail(r.loc, "onnx-node", "Imputer lacks imputed_value_floats");
  double marker = r.real("replaced_value_float", 0);
  if (t->dtype == DType::f64) {
    op.fill = Tensor::vector(std::move(fill));
    op.missing = Tensor::scalar(marker);
  } else {
    op.fill = Tensor::vector(std::vector<float>(fill.begin(), fill.end()));
    op.missing = Tensor::scalar(static_cast<float>(marker));
  }
  return {r.builder.add(std::move(op), {r.in(0)})};
}

// keys_tensor or keys_strings / keys_int64s / keys_floats; likewise values.
Tensor label_list(NodeReader& r, std::string_view what) {
  std::string name(what);
  if (auto t = r.tensor(name + "_tensor")) return t->reshaped({static_cast<int64_t>(t->size())});
  if (auto texts = text_list(r, name + "_strings")) return *texts;
  if (auto numbers = integer_list(r, name + "_int64s")) return *numbers;
  if (const auto* a = find_attribute(r.proto, name + "_floats")) return Tensor::vector(a->floats);
  fail(r.loc, "onnx-node", "LabelEncoder lacks its {}", what);
}

// Without the keys that are NaN, and their values.
void drop_nan_keys(ml::LabelMap& op) {
  std::vector<int64_t> kept;
  for (size_t i = 0; i < op.keys.size(); ++i) {
    if (!std::isnan(op.keys.real(i))) kept.push_back(static_cast<int64_t>(i));
  }
  op.keys = select(op.keys, kept);
  op.values = select(op.values, kept);
}

// Version 1: the place of a text in a list, or the text at a place.
Values read_label_places(NodeReader& r) {
  auto texts = text_list(r, "classes_strings");
  if (!texts) fail(r.loc, "onnx-node", "LabelEncoder lacks its classes_strings");
  std::vector<int64_t> places(texts->size());
  for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<int64_t>(i);
  return text_number_map(r, *texts, Tensor::vector(std::move(places)), "_Unused");
}

Values read_label_encoder(NodeReader& r) {
  if (r.version < 2) return read_label_places(r);
  ml::LabelMap op;
  op.keys = label_list(r, "keys");
  op.values = label_list(r, "values");
  // Before version 4 no NaN is found in onnxruntime.
  if (r.version < 4 && is_floating(op.keys.dtype()) && op.keys.size() == op.values.size()) {
    drop_nan_keys(op);
  }
  if (auto t = r.tensor("default_tensor"); t && t->size() == 1) {
    op.fallback = t->reshaped({});
  } else if (op.values.dtype() == DType::string) {
    op.fallback = Tensor::scalar(r.text("default_string", "_Unused"));
  } else if (op.values.dtype() == DType::i64) {
    op.fallback = Tensor::scalar(r.integer("default_int64", -1));
  } else if (op.values.dtype() == DType::f32) {
    op.fallback = Tensor::scalar(static_cast<float>(r.real("default_float", -0.0)));
  } else {
    op.fallback = Tensor::scalar(-0.0);
  }
  return {r.builder.add(std::move(op), {r.in(0)})};
}

Values read_normalizer(NodeReader& r) {
  ValueId x = float_matrix(r);
  std::string norm = r.text("norm", "MAX");
  if (norm == "L1") return {r.builder.add(ml::Normalize{.norm = ml::Norm::l1}, {x})};
  if (norm == "L2") return {r.builder.add(ml::Normalize{.norm = ml::Norm::l2}, {x})};
  if (norm != "MAX") r.refuse("norm", "MAX, L1 or L2", norm);
  // The largest value, not the largest magnitude; onnxruntime passes over NaN.
  ValueId nan = r.builder.add(tensor::Unary{tensor::UnaryFn::is_nan}, {x});
  ValueId least = number_like(r, -std::numeric_limits<double>::infinity(), x);
  ValueId numbers = r.builder.add(tensor::Where{}, {nan, least, x});
  ValueId top = r.builder.add(tensor::Reduce{tensor::ReduceFn::max, {1}, true}, {numbers});
  ValueId zero = r.builder.add(tensor::Binary{tensor::BinaryFn::equal}, {top, number_like(r, 0, top)});
  ValueId by = r.builder.add(tensor::Where{}, {zero, number_like(r, 1, top), top});
  return {r.builder.add(tensor::Binary{tensor::BinaryFn::div}, {x, by})};
}

Values read_one_hot_encoder(NodeReader& r) {
  ValueId x = r.in(0);
  auto texts = text_list(r, "cats_strings");
  auto numbers = integer_list(r, "cats_int64s");
  if (texts.has_value() == numbers.has_value()) {
    fail(r.loc, "onnx-node", "OneHotEncoder needs one of cats_strings and cats_int64s");
  }
  const TensorType* t = r.builder.type(x).tensor();
  if (t == nullptr || is_text(r, x) != texts.has_value()) {
    fail(r.loc, "onnx-node", "an input of type {} for categories that are {}",
         to_string(r.builder.type(x)), texts ? "texts" : "integers");
  }
  if (!texts && t->dtype != DType::i64) x = r.builder.add(tensor::Cast{DType::i64}, {x});
  ml::LabelMap op;
  op.keys = texts ? *texts : *numbers;
  int64_t width = static_cast<int64_t>(op.keys.size());
  std::vector<int64_t> places(op.keys.size());
  for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<int64_t>(i);
  op.values = Tensor::vector(std::move(places));
  // An unknown category has zeros everywhere, or is refused.
  if (r.integer("zeros", 1) != 0) op.fallback = Tensor::scalar(width);
  ValueId place = r.builder.add(std::move(op), {x});
  ValueId depth = r.builder.constant(Tensor::scalar(width));
  ValueId off_on = r.builder.constant(Tensor::vector(std::vector<float>{0, 1}));
  return {r.builder.add(tensor::OneHot{-1}, {place, depth, off_on})};
}

Values read_scaler(NodeReader& r) {
  ValueId x = float_matrix(r);
  ml::Scaler op{ml::ScaleForm::subtract_multiply, r.reals("offset"), r.reals("scale")};
  if (op.offset.empty() || op.scale.empty()) fail(r.loc, "onnx-node", "Scaler lacks its offset or scale");
  return {r.builder.add(std::move(op), {x})};
}

Values read_zip_map(NodeReader& r) {
  return {r.builder.add(ml::ZipMap{class_labels(r, "classlabels_int64s")}, {r.in(0)})};
}

constexpr ReadRow kRows[] = {
    {"ai.onnx.ml", "ArrayFeatureExtractor", 1, read_array_feature_extractor},
    {"ai.onnx.ml", "Binarizer", 1, read_binarizer},
    {"ai.onnx.ml", "CastMap", 1, read_cast_map},
    {"ai.onnx.ml", "CategoryMapper", 1, read_category_mapper},
    {"ai.onnx.ml", "DictVectorizer", 1, read_dict_vectorizer},
    {"ai.onnx.ml", "FeatureVectorizer", 1, read_feature_vectorizer},
    {"ai.onnx.ml", "Imputer", 1, read_imputer},
    {"ai.onnx.ml", "LabelEncoder", 1, read_label_encoder},
    {"ai.onnx.ml", "LinearClassifier", 1, read_linear_classifier},
    {"ai.onnx.ml", "LinearRegressor", 1, read_linear_regressor},
    {"ai.onnx.ml", "Normalizer", 1, read_normalizer},
    {"ai.onnx.ml", "OneHotEncoder", 1, read_one_hot_encoder},
    {"ai.onnx.ml", "SVMClassifier", 1, read_svm_classifier},
    {"ai.onnx.ml", "SVMRegressor", 1, read_svm_regressor},
    {"ai.onnx.ml", "Scaler", 1, read_scaler},
    {"ai.onnx.ml", "TreeEnsemble", 5, read_trees},
    {"ai.onnx.ml", "TreeEnsembleClassifier", 1, read_tree_classifier},
    {"ai.onnx.ml", "TreeEnsembleRegressor", 1, read_tree_regressor},
    {"ai.onnx.ml", "ZipMap", 1, read_zip_map},
};

}  // namespace

std::span<const ReadRow> ml_read_rows() { return kRows; }

}  // namespace panmodel::onnx
