#include <algorithm>
#include <cmath>

#include "ir/ops/encode.h"
#include "ir/ops/foreign.h"
#include "ir/ops/impute.h"
#include "ir/ops/infer_util.h"
#include "ir/ops/linear.h"
#include "ir/ops/scale.h"
#include "ir/ops/svm.h"
#include "ir/ops/table.h"
#include "ir/ops/tree.h"

namespace panmodel {

#define PANMODEL_ENUM_NAMES(E, ...)                        \
  std::span<const std::string_view> enum_names(E) {        \
    static constexpr std::string_view names[] = {__VA_ARGS__}; \
    return names;                                          \
  }

namespace foreign {
Types Op::infer(const Op& op, InferContext& c) {
  Types out;
  for (const std::string& text : op.types) {
    std::optional<Type> type = parse_type(text);
    c.expect_attribute(type.has_value(), "types", "types as text, found " + text);
    out.push_back(std::move(*type));
  }
  return out;
}
}  // namespace foreign

namespace table {

Types Assemble::infer(const Assemble& op, InferContext& c) {
  c.expect_attribute(op.dtype != DType::c64 && op.dtype != DType::c128, "dtype", "real or string");
  if (c.size() == 0) c.fail_type("no inputs, expected at least one column");
  int64_t width = 0;
  for (size_t i = 0; i < c.size(); ++i) {
    int64_t columns = columns_of(c, i);
    bool text = c.tensor(i).dtype == DType::string;
    if (text != (op.dtype == DType::string)) {
      c.fail_type("input {} has type {}, expected elements that fit {}", i, to_string(c.in(i)),
                  to_string(op.dtype));
    }
    width = width < 0 || columns < 0 ? -1 : width + columns;
  }
  return {tensor_type(op.dtype, {rows_of(c, 0), width < 0 ? Dim() : Dim(width)})};
}

Types IsMissing::infer(const IsMissing&, InferContext& c) {
  c.expect_inputs(1, 1);
  TensorType t = c.tensor(0);
  t.dtype = DType::boolean;
  return {t};
}

Types Require::infer(const Require&, InferContext& c) {
  c.expect_inputs(2, SIZE_MAX);
  return {c.tensor(0)};
}

}  // namespace table

namespace ml {

PANMODEL_ENUM_NAMES(Aggregate, "sum", "mean", "min", "max")
PANMODEL_ENUM_NAMES(SvmKernel, "linear", "poly", "rbf", "sigmoid")
PANMODEL_ENUM_NAMES(ScaleForm, "subtract_divide", "subtract_multiply", "multiply_add")
PANMODEL_ENUM_NAMES(Norm, "l1", "l2", "max")
PANMODEL_ENUM_NAMES(Outside, "clamp", "nan", "fail")
PANMODEL_ENUM_NAMES(LabelRule, "argmax", "above", "at_least")

namespace {

Types rows_by(const InferContext& c, DType dtype, Dim width) {
  return {tensor_type(dtype, {rows_of(c, 0), std::move(width)})};
}
bool is_real_matrix(const Tensor& t) { return t.dtype() == DType::f64 && t.rank() == 2; }
int64_t length(const std::vector<double>& v) { return static_cast<int64_t>(v.size()); }
bool is_scalar(const std::optional<Tensor>& t, DType dtype) {
  return !t || (t->size() == 1 && t->dtype() == dtype);
}

}  // namespace

Types TreeEnsemble::infer(const TreeEnsemble& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_dtype(0, {DType::f64, DType::f32});
  c.expect_attribute(op.accumulate == DType::f64 || op.accumulate == DType::f32, "accumulate",
                     "f64 or f32");
  c.expect_attribute(op.targets >= 1 && op.targets <= INT32_MAX, "targets", "1 or more");
  c.expect_attribute(op.base.empty() || length(op.base) == op.targets, "base",
                     "empty or one value per target");
  int64_t features = columns_of(c, 0);
  ForestLimits limits;
  if (features >= 0) limits.features = static_cast<uint64_t>(features);
  limits.targets = static_cast<uint64_t>(op.targets);
  limits.allow_shared = true;
  validate(op.forest, limits, c.loc());
  return rows_by(c, op.accumulate, op.targets);
}

Types Linear::infer(const Linear& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_dtype(0, {DType::f64, DType::f32});
  c.expect_attribute(op.coef.dtype() == DType::f64 && op.coef.rank() == 2, "coef", "f64 [K,F]");
  c.expect_attribute(op.intercept.dtype() == DType::f64 && op.intercept.rank() == 1 &&
                         op.intercept.shape()[0] == op.coef.shape()[0],
                     "intercept", "f64 [K]");
  expect_columns(c, 0, op.coef.shape()[1]);
  return rows_by(c, c.tensor(0).dtype, op.coef.shape()[0]);
}

Types SvmClassifier::infer(const SvmClassifier& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_attribute(op.classes >= 1, "classes", "1 or more");
  c.expect_attribute(is_real_matrix(op.support_vectors), "support_vectors", "f64 [V,F]");
  c.expect_attribute(is_real_matrix(op.coefficients), "coefficients", "an f64 matrix");
  expect_columns(c, 0, op.support_vectors.shape()[1]);
  int64_t vectors = op.support_vectors.shape()[0];
  if (vectors == 0) {
    c.expect_attribute(op.coefficients.shape() == Shape({op.classes, op.support_vectors.shape()[1]}),
                       "coefficients", "[classes,F] in linear form");
    c.expect_attribute(!op.rho.empty(), "rho", "not empty");
  } else {
    size_t k = static_cast<size_t>(op.classes), pairs = k * (k - 1) / 2;
    int64_t total = 0;
    for (int64_t n : op.vectors_per_class) {
      c.expect_attribute(n >= 0 && n <= vectors, "vectors_per_class", "0 or more each");
      total += n;
    }
    c.expect_attribute(op.vectors_per_class.size() == k && total == vectors, "vectors_per_class",
                       "one count per class, in sum the number of vectors");
    c.expect_attribute(op.coefficients.shape() == Shape({op.classes - 1, vectors}), "coefficients",
                       "[classes-1,V]");
    c.expect_attribute(op.rho.size() == pairs, "rho", "one per pair of classes");
    c.expect_attribute(op.proba_a.size() == op.proba_b.size() &&
                           (op.proba_a.empty() || op.proba_a.size() == pairs),
                       "proba_a", "empty or one per pair of classes");
  }
  bool votes = vectors > 0 && op.proba_a.empty();
  int64_t width = votes && op.classes > 2 ? op.classes * (op.classes - 1) / 2 : op.classes;
  if (votes && op.classes == 2) width = 1;
  return rows_by(c, c.tensor(0).dtype == DType::f64 ? DType::f64 : DType::f32, width);
}

Types SvmRegressor::infer(const SvmRegressor& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_attribute(is_real_matrix(op.support_vectors), "support_vectors", "f64 [V,F]");
  expect_columns(c, 0, op.support_vectors.shape()[1]);
  int64_t expected = op.support_vectors.shape()[op.support_vectors.shape()[0] == 0 ? 1 : 0];
  c.expect_attribute(length(op.coefficients) == expected, "coefficients",
                     "one per support vector, or per feature in linear form");
  return rows_by(c, c.tensor(0).dtype == DType::f64 ? DType::f64 : DType::f32, 1);
}

Types Scaler::infer(const Scaler& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_dtype(0, {DType::f64, DType::f32});
  for (const auto* v : {&op.offset, &op.scale}) {
    if (v->size() > 1) expect_columns(c, 0, length(*v));
  }
  return {c.tensor(0)};
}

Types Normalize::infer(const Normalize&, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_dtype(0, {DType::f64, DType::f32});
  return {c.tensor(0)};
}

Types Binarize::infer(const Binarize& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_attribute(!std::isnan(op.threshold), "threshold", "a number");
  if (c.tensor(0).dtype == DType::string) c.fail_type("input 0 is text, expected numbers");
  return {c.tensor(0)};
}

Types Discretize::infer(const Discretize& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_dtype(0, {DType::f64, DType::f32});
  expect_columns(c, 0, static_cast<int64_t>(op.counts.size()));
  size_t at = 0;
  for (int64_t n : op.counts) {
    c.expect_attribute(n >= 0 && static_cast<size_t>(n) <= op.edges.size() - at, "counts",
                       "in sum the number of edges");
    auto begin = op.edges.begin() + static_cast<ptrdiff_t>(at);
    c.expect_attribute(std::is_sorted(begin, begin + static_cast<ptrdiff_t>(n)), "edges",
                       "ascending within a feature");
    at += static_cast<size_t>(n);
  }
  c.expect_attribute(at == op.edges.size(), "counts", "in sum the number of edges");
  return rows_by(c, DType::f64, static_cast<int64_t>(op.counts.size()));
}

Types Interpolate::infer(const Interpolate& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_dtype(0, {DType::f64, DType::f32});
  expect_columns(c, 0, 1);
  c.expect_attribute(!op.x.empty(), "x", "one or more knots");
  c.expect_attribute(op.y.size() == op.x.size(), "y", "one value per knot");
  // In the type of X, where neighbours may become one knot and a slope infinite.
  auto check = [&]<class T>() {
    for (size_t k = 0; k < op.x.size(); ++k) {
      T x = static_cast<T>(op.x[k]), y = static_cast<T>(op.y[k]);
      c.expect_attribute(std::isfinite(x), "x", "finite in the type of the input");
      c.expect_attribute(std::isfinite(y), "y", "finite in the type of the input");
      if (k == 0) continue;
      T x0 = static_cast<T>(op.x[k - 1]), y0 = static_cast<T>(op.y[k - 1]);
      c.expect_attribute(x0 < x, "x", "ascending without repetition in the type of the input");
      c.expect_attribute(std::isfinite((y - y0) / (x - x0)), "y", "finite slopes between knots");
    }
  };
  DType dtype = c.tensor(0).dtype;
  dtype == DType::f32 ? check.template operator()<float>() : check.template operator()<double>();
  return rows_by(c, dtype, 1);
}

Types Polynomial::infer(const Polynomial& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_dtype(0, {DType::f64, DType::f32});
  int64_t features = columns_of(c, 0);
  for (const auto& term : op.terms) {
    for (int64_t f : term) {
      c.expect_attribute(f >= 0 && (features < 0 || f < features), "terms", "indices of features");
    }
  }
  return rows_by(c, c.tensor(0).dtype, static_cast<int64_t>(op.terms.size()));
}

Types Impute::infer(const Impute& op, InferContext& c) {
  c.expect_inputs(1, 1);
  TensorType t = c.tensor(0);
  c.expect_attribute(op.fill.dtype() == t.dtype && op.fill.rank() <= 1 && op.fill.size() >= 1,
                     "fill", "values of the element type of the input");
  c.expect_attribute(is_scalar(op.missing, t.dtype), "missing", "one value of the element type");
  if (op.fill.size() > 1) expect_columns(c, 0, static_cast<int64_t>(op.fill.size()));
  return {t};
}

Types LabelMap::infer(const LabelMap& op, InferContext& c) {
  c.expect_inputs(1, 1);
  TensorType t = c.tensor(0);
  c.expect_attribute(op.keys.dtype() == t.dtype && op.keys.rank() == 1, "keys",
                     "a vector of the element type of the input");
  c.expect_attribute(op.values.shape() == op.keys.shape(), "values", "one per key");
  c.expect_attribute(is_scalar(op.fallback, op.values.dtype()), "fallback", "one value");
  c.expect_attribute(is_scalar(op.missing_value, op.values.dtype()), "missing_value", "one value");
  t.dtype = op.values.dtype();
  return {t};
}

Types OneHot::infer(const OneHot& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_attribute(op.width >= 0 && op.width <= INT32_MAX, "width", "0 or more");
  TensorType t = c.tensor(0);
  if (t.dtype == DType::string) c.fail_type("input 0 is text, expected indices");
  if (t.dims && t.dims->size() != 1) expect_columns(c, 0, 1);
  return rows_by(c, op.dtype, op.width);
}

Types Labels::infer(const Labels& op, InferContext& c) {
  c.expect_inputs(1, 1);
  int64_t expected = op.rule == LabelRule::argmax ? static_cast<int64_t>(op.classes.size()) : 1;
  expect_columns(c, 0, expected);
  c.expect_attribute(op.classes.rank() == 1 &&
                         (op.rule == LabelRule::argmax ? !op.classes.empty() : op.classes.size() == 2),
                     "classes", "one label per column, two for the one-column rules");
  return {tensor_type(op.classes.dtype(), {rows_of(c, 0)})};
}

Types ZipMap::infer(const ZipMap& op, InferContext& c) {
  c.expect_inputs(1, 1);
  expect_columns(c, 0, static_cast<int64_t>(op.keys.size()));
  c.expect_attribute(op.keys.dtype() == DType::i64 || op.keys.dtype() == DType::string, "keys",
                     "i64 or string");
  auto value = std::make_shared<const Type>(tensor_type(c.tensor(0).dtype, {}));
  return {SeqType{std::make_shared<const Type>(MapType{op.keys.dtype(), std::move(value)})}};
}

Types DictVectorizer::infer(const DictVectorizer& op, InferContext& c) {
  c.expect_inputs(1, 1);
  const auto* map = std::get_if<MapType>(&c.in(0).v);
  if (map == nullptr) c.fail_type("input 0 has type {}, expected a map", to_string(c.in(0)));
  c.expect_attribute(op.vocabulary.dtype() == map->key, "vocabulary", "keys of the map's key type");
  const TensorType* value = map->value ? map->value->tensor() : nullptr;
  if (value == nullptr) c.fail_type("input 0 has type {}", to_string(c.in(0)));
  return {tensor_type(value->dtype, {1, static_cast<int64_t>(op.vocabulary.size())})};
}

Types CastMap::infer(const CastMap& op, InferContext& c) {
  c.expect_inputs(1, 1);
  const auto* map = std::get_if<MapType>(&c.in(0).v);
  if (map == nullptr) c.fail_type("input 0 has type {}, expected a map", to_string(c.in(0)));
  c.expect_attribute(op.max_map >= 1, "max_map", "1 or more");
  return {tensor_type(op.to, {1, op.sparse ? Dim(op.max_map) : Dim()})};
}

}  // namespace ml
}  // namespace panmodel
