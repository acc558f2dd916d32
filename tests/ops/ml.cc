// Operators of the table, ml and foreign dialects: random models, and kernels on values computed by
// hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/ops/encode.h"
#include "ir/ops/foreign.h"
#include "ir/ops/impute.h"
#include "ir/ops/linear.h"
#include "ir/ops/scale.h"
#include "ir/ops/svm.h"
#include "ir/ops/table.h"
#include "ir/ops/tree.h"
#include "tests/ops/run_op.h"
#include "tests/ops/sample.h"

namespace panmodel::random {
namespace {

DType key_type(Rng& rng) { return rng.pick({DType::string, DType::i64, DType::f64}); }

std::optional<Tensor> maybe(Rng& rng, DType dtype) {
  if (rng.coin()) return std::nullopt;
  return random_tensor(rng, dtype, {});
}

// A tree of at most `depth` levels; thresholds are values that the rows often hit.
uint32_t grow(Rng& rng, Forest& f, int64_t features, int64_t targets, int depth) {
  if (depth == 0 || rng.between(0, 4) == 0) {
    uint32_t leaf = f.add_leaf();
    for (int64_t t = 0; t < targets; ++t) f.add_weight(static_cast<uint32_t>(t), rng.real());
    return leaf;
  }
  auto mode = rng.pick({NodeMode::leq, NodeMode::leq, NodeMode::lt, NodeMode::gt, NodeMode::geq});
  double threshold = static_cast<double>(static_cast<float>(rng.real()));
  uint32_t node = f.add_node(mode, static_cast<uint32_t>(rng.between(0, features - 1)), threshold,
                             0, 0, rng.coin());
  uint32_t yes = grow(rng, f, features, targets, depth - 1);
  uint32_t no = grow(rng, f, features, targets, depth - 1);
  f.yes[node] = yes;
  f.no[node] = no;
  return node;
}

}  // namespace

template <>
void sample<foreign::Op>(Rng& rng, Builder& b) {
  ValueId x = matrix(b, DType::f64, rng.between(1, 3));
  std::string payload;
  for (int64_t i = rng.between(0, 99); i > 0; --i) payload += static_cast<char>(rng.between(0, 255));
  foreign::Op op{"onnx", rng.coin() ? "ai.onnx" : "com.example", "Odd", rng.between(1, 30), payload,
                 {"f64[N,1]", "seq<map<string,f32[]>>"}};
  auto made = b.add_all(std::move(op), {x, ValueId{}});
  outputs(b, {made[0], made[1]});
}

template <>
void sample<table::Assemble>(Rng& rng, Builder& b) {
  DType dtype = rng.pick({DType::f64, DType::f32, DType::string});
  std::vector<ValueId> parts;
  for (int64_t i = rng.between(1, 3); i > 0; --i) {
    std::string name = "c" + std::to_string(i);
    DType own = dtype == DType::string ? dtype : rng.pick({DType::f64, DType::i64});
    bool optional = own == DType::f64 && rng.coin();
    parts.push_back(b.input(name, ColumnType{own, optional}));
  }
  outputs(b, {b.add(table::Assemble{dtype}, parts)});
}

template <>
void sample<table::IsMissing>(Rng& rng, Builder& b) {
  DType dtype = rng.pick({DType::f64, DType::f32, DType::string});
  ValueId x = rng.coin() ? b.input("c", ColumnType{dtype, true}) : matrix(b, real_type(rng), 2);
  outputs(b, {b.add(table::IsMissing{}, {x})});
}

template <>
void sample<table::Require>(Rng& rng, Builder& b) {
  DType dtype = rng.pick({DType::f64, DType::f32});
  ValueId x = b.input("c", ColumnType{dtype, true});
  ValueId other = b.input("d", ColumnType{DType::f64, true});
  outputs(b, {b.add(table::Require{}, {x, rng.coin() ? x : other})});
}

template <>
void sample<ml::Binarize>(Rng& rng, Builder& b) {
  outputs(b, {b.add(ml::Binarize{rng.real()}, {matrix(b, real_type(rng), rng.between(1, 4))})});
}

template <>
void sample<ml::CastMap>(Rng& rng, Builder& b) {
  auto value = std::make_shared<const Type>(tensor_type(DType::f32, {}));
  ValueId x = b.input("m", MapType{DType::i64, value});
  bool sparse = rng.coin();
  outputs(b, {b.add(ml::CastMap{rng.pick({DType::f32, DType::i64}), sparse, rng.between(8, 12)}, {x})});
}

template <>
void sample<ml::DictVectorizer>(Rng& rng, Builder& b) {
  DType key = rng.pick({DType::string, DType::i64});
  auto value = std::make_shared<const Type>(tensor_type(real_type(rng), {}));
  ValueId x = b.input("m", MapType{key, value});
  outputs(b, {b.add(ml::DictVectorizer{distinct_keys(rng, key, rng.between(1, 5))}, {x})});
}

template <>
void sample<ml::Discretize>(Rng& rng, Builder& b) {
  ml::Discretize op;
  int64_t features = rng.between(1, 3);
  for (int64_t f = 0; f < features; ++f) {
    std::vector<double> edges = rng.reals(rng.between(1, 5));
    for (double& e : edges) e = static_cast<double>(static_cast<float>(e));
    std::sort(edges.begin(), edges.end());
    op.edges.insert(op.edges.end(), edges.begin(), edges.end());
    op.counts.push_back(static_cast<int64_t>(edges.size()));
  }
  outputs(b, {b.add(std::move(op), {matrix(b, real_type(rng), features)})});
}

template <>
void sample<ml::Impute>(Rng& rng, Builder& b) {
  DType dtype = rng.pick({DType::f64, DType::f32, DType::string});
  int64_t columns = rng.between(1, 3);
  bool column = dtype == DType::string || rng.coin();
  if (column) columns = 1;
  ValueId x = column ? b.input("c", ColumnType{dtype, true}) : matrix(b, dtype, columns);
  ml::Impute op{maybe(rng, dtype), random_tensor(rng, dtype, {rng.coin() ? 1 : columns})};
  outputs(b, {b.add(std::move(op), {x})});
}

template <>
void sample<ml::Interpolate>(Rng& rng, Builder& b) {
  ml::Interpolate op;
  // Steps from one knot to the next, so that none repeats.
  double at = rng.real();
  for (int64_t i = rng.between(1, 6); i > 0; --i) {
    op.x.push_back(static_cast<double>(static_cast<float>(at)));
    op.y.push_back(static_cast<double>(static_cast<float>(rng.real())));
    at += 0.125 * static_cast<double>(rng.between(1, 12));
  }
  op.outside = rng.any<ml::Outside>();
  op.upper_closed = rng.coin();
  outputs(b, {b.add(std::move(op), {matrix(b, real_type(rng), 1)})});
}

template <>
void sample<ml::LabelMap>(Rng& rng, Builder& b) {
  DType from = key_type(rng), to = key_type(rng);
  int64_t count = rng.between(1, 6);
  ml::LabelMap op{distinct_keys(rng, from, count), random_tensor(rng, to, {count}), maybe(rng, to),
                  std::nullopt};
  bool column = rng.coin();
  ValueId x = column ? b.input("c", ColumnType{from, from != DType::i64 && rng.coin()})
                     : matrix(b, from, rng.between(1, 3));
  if (column) op.missing_value = maybe(rng, to);
  outputs(b, {b.add(std::move(op), {x})});
}

template <>
void sample<ml::Labels>(Rng& rng, Builder& b) {
  ml::Labels op;
  op.rule = rng.any<ml::LabelRule>();
  int64_t classes = op.rule == ml::LabelRule::argmax ? rng.between(1, 4) : 2;
  op.classes = distinct_keys(rng, key_type(rng), classes);
  if (op.rule != ml::LabelRule::argmax) op.threshold = static_cast<double>(rng.between(-1, 1)) / 2;
  int64_t columns = op.rule == ml::LabelRule::argmax ? classes : 1;
  outputs(b, {b.add(std::move(op), {matrix(b, real_type(rng), columns)})});
}

template <>
void sample<ml::Linear>(Rng& rng, Builder& b) {
  int64_t k = rng.between(1, 3), f = rng.between(1, 5);
  // Coefficients that are floats, so that a model of floats holds them too.
  auto floats = [&](int64_t count) {
    std::vector<double> v = rng.reals(count);
    for (double& x : v) x = static_cast<double>(static_cast<float>(x));
    return v;
  };
  ml::Linear op{Tensor::of({k, f}, floats(k * f)), Tensor::vector(floats(k))};
  outputs(b, {b.add(std::move(op), {matrix(b, real_type(rng), f)})});
}

template <>
void sample<ml::Normalize>(Rng& rng, Builder& b) {
  outputs(b, {b.add(ml::Normalize{rng.any<ml::Norm>(), rng.coin() ? 0 : 0.75}, {matrix(b, real_type(rng), rng.between(1, 4))})});
}

template <>
void sample<ml::OneHot>(Rng& rng, Builder& b) {
  DType from = rng.pick({DType::i64, DType::f64, DType::f32});
  ml::OneHot op{rng.between(1, 6), rng.pick({DType::f64, DType::f32, DType::i64})};
  outputs(b, {b.add(op, {matrix(b, from, 1)})});
}

template <>
void sample<ml::Polynomial>(Rng& rng, Builder& b) {
  ml::Polynomial op;
  for (int64_t i = rng.between(1, 6); i > 0; --i) {
    std::vector<int64_t> term = rng.integers(rng.between(0, 3), 0, 2);
    std::sort(term.begin(), term.end());
    op.terms.push_back(std::move(term));
  }
  outputs(b, {b.add(std::move(op), {matrix(b, real_type(rng), 3)})});
}

template <>
void sample<ml::Scaler>(Rng& rng, Builder& b) {
  int64_t f = rng.between(1, 4);
  ml::Scaler op{rng.any<ml::ScaleForm>(), {}, {}};
  auto fill = [&](std::vector<double>& v, double zero) {
    if (rng.between(0, 3) == 0) return;
    v = rng.reals(rng.coin() ? f : 1);
    for (double& x : v) x = x == 0 ? zero : static_cast<double>(static_cast<float>(x));
  };
  fill(op.offset, -0.0);
  fill(op.scale, 1);
  outputs(b, {b.add(std::move(op), {matrix(b, real_type(rng), f)})});
}

template <>
void sample<ml::SvmClassifier>(Rng& rng, Builder& b) {
  ml::SvmClassifier op;
  op.kernel = rng.any<ml::SvmKernel>();
  op.gamma = 0.125 * static_cast<double>(rng.between(1, 8));
  op.coef0 = rng.real();
  op.degree = static_cast<double>(rng.between(1, 3));
  op.classes = rng.between(2, 4);
  int64_t f = rng.between(1, 3);
  if (rng.coin()) {
    for (int64_t c = 0; c < op.classes; ++c) op.vectors_per_class.push_back(rng.between(1, 2));
    int64_t total = 0;
    for (int64_t n : op.vectors_per_class) total += n;
    int64_t pairs = op.classes * (op.classes - 1) / 2;
    op.support_vectors = random_tensor(rng, DType::f64, {total, f});
    op.coefficients = random_tensor(rng, DType::f64, {op.classes - 1, total});
    op.rho = rng.reals(pairs);
    if (rng.coin()) {
      op.proba_a = rng.reals(pairs);
      op.proba_b = rng.reals(pairs);
    }
  } else {
    op.support_vectors = Tensor::of({0, f}, std::vector<double>{});
    op.coefficients = random_tensor(rng, DType::f64, {op.classes, f});
    op.rho = rng.reals(op.classes);
  }
  outputs(b, {b.add(std::move(op), {matrix(b, real_type(rng), f)})});
}

template <>
void sample<ml::SvmRegressor>(Rng& rng, Builder& b) {
  ml::SvmRegressor op;
  op.kernel = rng.any<ml::SvmKernel>();
  op.gamma = 0.125 * static_cast<double>(rng.between(1, 8));
  op.coef0 = rng.real();
  op.degree = static_cast<double>(rng.between(1, 3));
  int64_t f = rng.between(1, 3), vectors = rng.between(0, 3);
  op.support_vectors = random_tensor(rng, DType::f64, {vectors, f});
  op.coefficients = rng.reals(vectors == 0 ? f : vectors);
  op.rho = rng.real();
  op.one_class = rng.between(0, 3) == 0;
  outputs(b, {b.add(std::move(op), {matrix(b, real_type(rng), f)})});
}

template <>
void sample<ml::TreeEnsemble>(Rng& rng, Builder& b) {
  ml::TreeEnsemble op;
  int64_t features = rng.between(1, 4);
  op.targets = rng.between(1, 3);
  op.aggregate = rng.any<ml::Aggregate>();
  for (int64_t t = rng.between(1, 5); t > 0; --t) {
    uint32_t root = grow(rng, op.forest, features, op.targets, 4);
    op.forest.roots.push_back(root);
  }
  DType dtype = real_type(rng);
  op.accumulate = rng.coin() ? DType::f64 : dtype;
  if (op.accumulate == DType::f32) {
    for (double& w : op.forest.leaf_weight) w = static_cast<double>(static_cast<float>(w));
  }
  if (rng.between(0, 2) == 0) {
    for (double v : rng.reals(op.targets)) op.base.push_back(static_cast<double>(static_cast<float>(v)));
    op.base_last = rng.coin();
  }
  outputs(b, {b.add(std::move(op), {matrix(b, dtype, features)})});
}

template <>
void sample<ml::ZipMap>(Rng& rng, Builder& b) {
  DType key = rng.pick({DType::string, DType::i64});
  int64_t count = rng.between(1, 5);
  outputs(b, {b.add(ml::ZipMap{distinct_keys(rng, key, count)}, {matrix(b, DType::f32, count)})});
}

}  // namespace panmodel::random

namespace panmodel::runtime {
namespace {

TEST(Interpolate, BetweenAtAndOutsideKnots) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ml::Interpolate op{{0, 1, 3}, {10, 20, 0}};
  Tensor x = Tensor::of({7, 1}, std::vector<double>{-1, 0, 0.5, 1, 2, 3, 9});
  EXPECT_EQ(run_op(op, {x}).tensor().reals(), (std::vector<double>{10, 10, 15, 20, 10, 0, 0}));
  op.outside = ml::Outside::fail;
  auto ran = run_op(op, {x});
  ASSERT_EQ(ran.errors.size(), 2u);
  EXPECT_EQ(ran.errors[0].row, 0u);
  EXPECT_EQ(ran.errors[1].row, 6u);
  EXPECT_EQ(ran.errors[0].message, "-1 is outside the knots, 0 to 3");
  op.outside = ml::Outside::nan;
  std::vector<double> values = run_op(op, {x}).tensor().reals();
  EXPECT_TRUE(std::isnan(values[0]) && std::isnan(values[6]));
  EXPECT_EQ(values[1], 10);
  op = {{5}, {7}};
  values = run_op(op, {Tensor::of({3, 1}, std::vector<double>{4, 5, nan})}).tensor().reals();
  EXPECT_EQ(values[0], 7);
  EXPECT_EQ(values[1], 7);
  EXPECT_TRUE(std::isnan(values[2]));
}

// 0.1f / 1.5f * 1.5f is not 0.1f: which segment a knot belongs to shows in its last bit.
TEST(Interpolate, KnotBelongsToOneSegment) {
  ml::Interpolate op{{0, 1.5f, 2}, {0, 0.1f, 0.7f}};
  Tensor knots = Tensor::of({3, 1}, std::vector<float>{0, 1.5f, 2});
  Tensor lower = run_op(op, {knots}).tensor();
  EXPECT_EQ(lower.as<float>()[1], 0.1f);
  EXPECT_EQ(lower.as<float>()[2], 0.7f);
  op.upper_closed = true;
  Tensor upper = run_op(op, {knots}).tensor();
  EXPECT_EQ(upper.as<float>()[1], 0.1f / 1.5f * 1.5f);
  EXPECT_NE(upper.as<float>()[1], 0.1f);
  EXPECT_EQ(upper.as<float>()[0], 0);
}

}  // namespace
}  // namespace panmodel::runtime
