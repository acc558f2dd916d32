// Kernels on values computed by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ir/ops/all.h"
#include "tests/ops/run_op.h"

namespace panmodel::runtime {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

template <class Op>
std::string code_of(const Op& op, const std::vector<Value>& inputs) {
  try {
    run_op(op, inputs);
  } catch (const Failure& f) {
    return std::string(f.diagnostic.code);
  }
  return "";
}

Tensor f64(Shape shape, std::vector<double> v) { return Tensor::of(std::move(shape), std::move(v)); }
Tensor f32(Shape shape, std::vector<float> v) { return Tensor::of(std::move(shape), std::move(v)); }
Tensor i64(Shape shape, std::vector<int64_t> v) { return Tensor::of(std::move(shape), std::move(v)); }

template <class T>
std::vector<T> list(const Tensor& t) {
  auto all = t.as<T>();
  return {all.begin(), all.end()};
}

TEST(Kernels, LinearAddsInFeatureOrderThenIntercept) {
  ml::Linear op{f64({2, 2}, {1, 2, 3, 4}), f64({2}, {0.5, -1})};
  auto ran = run_op(op, {f64({1, 2}, {10, 100})});
  EXPECT_EQ(list<double>(ran.tensor()), (std::vector<double>{210.5, 429}));
  // 1e8 + 1 - 1e8 in f32 loses the 1 only in this order.
  ml::Linear order{f64({1, 3}, {1, 1, 1}), f64({1}, {0})};
  std::vector<float> rows;
  for (int i = 0; i < 9; ++i) rows.insert(rows.end(), {1e8f, 1.0f, -1e8f});
  EXPECT_EQ(list<float>(run_op(order, {f32({9, 3}, rows)}).tensor()), std::vector<float>(9, 0.0f));
  EXPECT_EQ(code_of(op, {f64({1, 3}, {1, 2, 3})}), "run-shape");
}

TEST(Kernels, ScalerKeepsItsForm) {
  ml::Scaler op{ml::ScaleForm::subtract_divide, {1}, {3, 0.5}};
  EXPECT_EQ(list<double>(run_op(op, {f64({1, 2}, {2, 2})}).tensor()),
            (std::vector<double>{1.0 / 3, 2}));
  ml::Scaler add{ml::ScaleForm::multiply_add, {1}, {2}};
  EXPECT_EQ(list<float>(run_op(add, {f32({1, 2}, {3, 4})}).tensor()), (std::vector<float>{7, 9}));
}

TEST(Kernels, NormalizeLeavesZeroRows) {
  ml::Normalize op{ml::Norm::l2};
  EXPECT_EQ(list<double>(run_op(op, {f64({2, 2}, {3, 4, 0, 0})}).tensor()),
            (std::vector<double>{0.6, 0.8, 0, 0}));
  op.norm = ml::Norm::max;
  EXPECT_EQ(list<double>(run_op(op, {f64({1, 2}, {-4, 2})}).tensor()), (std::vector<double>{-1, 0.5}));
  op.smallest = 0.5;
  EXPECT_EQ(list<double>(run_op(op, {f64({3, 2}, {-0.5, 0.25, 0.375, 0.25, 0, 0})}).tensor()),
            (std::vector<double>{-1, 0.5, 0.375, 0.25, 0, 0}));
}

TEST(Kernels, DiscretizePutsNanInTheLastBin) {
  ml::Discretize op{{1, 2, 5}, {2, 1}};
  auto ran = run_op(op, {f64({3, 2}, {1, 4.9, 0.5, 5, kNan, kNan})});
  EXPECT_EQ(list<double>(ran.tensor()), (std::vector<double>{1, 0, 0, 1, 2, 1}));
}

TEST(Kernels, PolynomialAndBinarize) {
  ml::Polynomial op{{{}, {0}, {0, 1}, {1, 1}}};
  EXPECT_EQ(list<double>(run_op(op, {f64({1, 2}, {3, 5})}).tensor()),
            (std::vector<double>{1, 3, 15, 25}));
  ml::Binarize b{0.5};
  EXPECT_EQ(list<double>(run_op(b, {f64({3}, {0.5, 0.6, kNan})}).tensor()),
            (std::vector<double>{0, 1, 0}));
}

TEST(Kernels, ImputeByMarkerNanAndValidity) {
  ml::Impute op{std::nullopt, f64({2}, {7, 8})};
  EXPECT_EQ(list<double>(run_op(op, {f64({2, 2}, {kNan, 1, 2, kNan})}).tensor()),
            (std::vector<double>{7, 1, 2, 8}));
  ml::Impute marked{Tensor::scalar(-1.0), f64({1}, {9})};
  EXPECT_EQ(list<double>(run_op(marked, {f64({2, 1}, {-1, 3})}).tensor()), (std::vector<double>{9, 3}));
  ml::Impute text{std::nullopt, Tensor::vector(std::vector<std::string>{"x"})};
  Value column(Tensor::of({2, 1}, std::vector<std::string>{"", "a"}));
  column.valid = std::make_shared<const std::vector<uint8_t>>(std::vector<uint8_t>{0, 1});
  EXPECT_EQ(list<std::string>(run_op(text, {column}).tensor()), (std::vector<std::string>{"x", "a"}));
}

TEST(Kernels, LabelMapFindsNanAndRefusesUnknown) {
  ml::LabelMap op{f64({3}, {1, kNan, 0}), i64({3}, {10, 20, 30}), std::nullopt, std::nullopt};
  auto ran = run_op(op, {f64({4, 1}, {kNan, -0.0, 1, 5})});
  ASSERT_EQ(ran.errors.size(), 1u);
  EXPECT_EQ(ran.errors[0].row, 3u);
  EXPECT_EQ(ran.errors[0].code, "row-unknown-category");
  EXPECT_EQ(ran.tensor().integer(0), 20);
  EXPECT_EQ(ran.tensor().integer(1), 30);
  op.fallback = Tensor::scalar(int64_t{-1});
  EXPECT_EQ(list<int64_t>(run_op(op, {f64({2, 1}, {5, 1})}).tensor()), (std::vector<int64_t>{-1, 10}));
}

TEST(Kernels, OneHotIgnoresWhatIsOutOfRange) {
  ml::OneHot op{2, DType::f64};
  EXPECT_EQ(list<double>(run_op(op, {i64({3}, {1, -1, 2})}).tensor()),
            (std::vector<double>{0, 1, 0, 0, 0, 0}));
}

TEST(Kernels, LabelsTakeTheFirstMaximumAndNan) {
  ml::Labels op{Tensor::vector(std::vector<std::string>{"a", "b", "c"})};
  auto ran = run_op(op, {f64({3, 3}, {1, 2, 2, 0, kNan, 9, -kInf, -kInf, -kInf})});
  EXPECT_EQ(list<std::string>(ran.tensor()), (std::vector<std::string>{"b", "b", "a"}));
  ml::Labels above{i64({2}, {5, 6}), ml::LabelRule::above, 0};
  EXPECT_EQ(list<int64_t>(run_op(above, {f64({2, 1}, {0, 0.1})}).tensor()), (std::vector<int64_t>{5, 6}));
}

TEST(Kernels, MapsFromRowsAndBack) {
  ml::ZipMap zip{i64({2}, {7, 3})};
  Value maps = run_op(zip, {f32({2, 2}, {1, 2, 3, 4})}).outputs[0];
  ml::DictVectorizer dict{i64({3}, {3, 5, 7})};
  EXPECT_EQ(list<float>(run_op(dict, {maps}).tensor()), (std::vector<float>{2, 0, 1, 4, 0, 3}));
  ml::CastMap dense{DType::f32, false, 1};
  EXPECT_EQ(list<float>(run_op(dense, {maps}).tensor()), (std::vector<float>{2, 1, 4, 3}));
  ml::CastMap sparse{DType::i64, true, 5};
  EXPECT_EQ(list<int64_t>(run_op(sparse, {maps}).tensor()),
            (std::vector<int64_t>{0, 0, 0, 2, 0, 0, 0, 0, 4, 0}));
}

TEST(Kernels, SvmRegressorAndOneClass) {
  ml::SvmRegressor op;
  op.kernel = ml::SvmKernel::rbf;
  op.gamma = 0.5;
  op.support_vectors = f64({2, 1}, {0, 2});
  op.coefficients = {1, -1};
  op.rho = 0.25;
  double expected = 1 - std::exp(-2.0) + 0.25;
  EXPECT_DOUBLE_EQ(run_op(op, {f64({1, 1}, {0})}).tensor().real(0), expected);
  op.one_class = true;
  EXPECT_EQ(list<double>(run_op(op, {f64({2, 1}, {0, 2})}).tensor()), (std::vector<double>{1, -1}));
}

TEST(Kernels, SvmClassifierPairsAndProbabilities) {
  ml::SvmClassifier op;
  op.support_vectors = f64({2, 1}, {1, -1});
  op.coefficients = f64({1, 2}, {1, -1});
  op.rho = {0};
  op.vectors_per_class = {1, 1};
  EXPECT_EQ(run_op(op, {f64({1, 1}, {3})}).tensor().real(0), 6.0);
  op.proba_a = {-1};
  op.proba_b = {0};
  Tensor p = run_op(op, {f64({1, 1}, {3})}).tensor();
  EXPECT_NEAR(p.real(0), 1 / (1 + std::exp(-6.0)), 3e-3);
  EXPECT_NEAR(p.real(0) + p.real(1), 1, 1e-12);
}

TEST(Kernels, AssembleMarksMissingNumbers) {
  Value column(i64({2, 1}, {4, 0}));
  column.valid = std::make_shared<const std::vector<uint8_t>>(std::vector<uint8_t>{1, 0});
  table::Assemble op{DType::f64};
  Tensor t = run_op(op, {column, f64({2, 1}, {1, 2})}).tensor();
  EXPECT_EQ(t.real(0), 4);
  EXPECT_EQ(t.real(1), 1);
  EXPECT_TRUE(std::isnan(t.real(2)));
  op.dtype = DType::i64;
  EXPECT_EQ(run_op(op, {column}).errors.at(0).code, "row-missing");
  EXPECT_EQ(list<uint8_t>(run_op(table::IsMissing{}, {column}).tensor()), (std::vector<uint8_t>{0, 1}));
}

TEST(Kernels, BinaryBroadcastsAndWraps) {
  tensor::Binary add{tensor::BinaryFn::add};
  EXPECT_EQ(list<double>(run_op(add, {f64({2, 1}, {1, 2}), f64({3}, {10, 20, 30})}).tensor()),
            (std::vector<double>{11, 21, 31, 12, 22, 32}));
  EXPECT_EQ(code_of(add, {f64({2}, {1, 2}), f64({3}, {1, 2, 3})}), "run-shape");
  EXPECT_EQ(list<int64_t>(run_op(add, {i64({1}, {INT64_MAX}), i64({1}, {1})}).tensor()),
            (std::vector<int64_t>{INT64_MIN}));
  tensor::Binary div{tensor::BinaryFn::div};
  EXPECT_EQ(list<int64_t>(run_op(div, {i64({2}, {-7, INT64_MIN}), i64({2}, {2, -1})}).tensor()),
            (std::vector<int64_t>{-3, INT64_MIN}));
  EXPECT_EQ(run_op(div, {i64({1}, {1}), i64({1}, {0})}).errors.size(), 1u);
  tensor::Binary mod{tensor::BinaryFn::mod};
  EXPECT_EQ(list<int64_t>(run_op(mod, {i64({2}, {-7, 7}), i64({1}, {3})}).tensor()),
            (std::vector<int64_t>{2, 1}));
  tensor::Binary equal{tensor::BinaryFn::equal};
  EXPECT_EQ(list<uint8_t>(run_op(equal, {Tensor::vector(std::vector<std::string>{"a", "b"}),
                                         Tensor::vector(std::vector<std::string>{"b"})}).tensor()),
            (std::vector<uint8_t>{0, 1}));
  tensor::Binary mul{tensor::BinaryFn::mul};
  EXPECT_EQ(list<float>(run_op(mul, {f32({1}, {0.1f}), f32({1}, {3.0f})}).tensor()),
            (std::vector<float>{0.1f * 3.0f}));
}

TEST(Kernels, UnaryFunctions) {
  auto one = [](tensor::UnaryFn fn, double x) {
    return run_op(tensor::Unary{fn}, {Tensor::scalar(x)}).tensor().real(0);
  };
  using enum tensor::UnaryFn;
  EXPECT_EQ(one(round, 2.5), 2);
  EXPECT_EQ(one(round, -1.5), -2);
  EXPECT_EQ(one(sigmoid, 0), 0.5);
  EXPECT_EQ(one(sigmoid, -1000), 0);
  EXPECT_EQ(one(expm1, 1e-20), 1e-20);
  EXPECT_EQ(one(relu, -3), 0);
  EXPECT_TRUE(std::isnan(one(sign, kNan)));
  EXPECT_EQ(one(is_inf, -kInf), 1);
  EXPECT_DOUBLE_EQ(one(softplus, 0), std::log(2.0));
}

TEST(Kernels, CastRules) {
  auto cast = [](Tensor t, DType to) { return run_op(tensor::Cast{to}, {std::move(t)}).tensor(); };
  EXPECT_EQ(list<int64_t>(cast(f64({3}, {-1.9, 2.9, kNan}), DType::i64)),
            (std::vector<int64_t>{-1, 2, INT64_MIN}));
  EXPECT_EQ(list<std::string>(cast(f64({3}, {0.1, 2, -kInf}), DType::string)),
            (std::vector<std::string>{"0.1", "2", "-INF"}));
  EXPECT_EQ(list<uint8_t>(cast(f64({2}, {0, kNan}), DType::boolean)), (std::vector<uint8_t>{0, 1}));
  EXPECT_EQ(cast(Tensor::vector(std::vector<std::string>{"1e3"}), DType::f32).real(0), 1000);
  // A double just above the middle of two halves must not be rounded twice.
  EXPECT_EQ(cast(f64({1}, {1 + 0x1p-11 + 0x1p-40}), DType::f16).real(0), 1 + 0x1p-10);
  EXPECT_EQ(run_op(tensor::Cast{DType::f64}, {Tensor::vector(std::vector<std::string>{"x"})})
                .errors.at(0).code,
            "row-value");
}

TEST(Kernels, ShapesAndIndices) {
  Tensor x = f64({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(list<double>(run_op(tensor::Transpose{}, {x}).tensor()),
            (std::vector<double>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(list<double>(run_op(tensor::Gather{1}, {x, i64({2}, {-1, 0})}).tensor()),
            (std::vector<double>{3, 1, 6, 4}));
  EXPECT_EQ(code_of(tensor::Gather{1}, {x, i64({1}, {3})}), "run-index");
  EXPECT_EQ(list<double>(run_op(tensor::Slice{}, {x, i64({1}, {-1}), i64({1}, {INT64_MIN}),
                                                  i64({1}, {1}), i64({1}, {-2})}).tensor()),
            (std::vector<double>{3, 1, 6, 4}));
  EXPECT_EQ(run_op(tensor::Reshape{}, {x, i64({2}, {3, -1})}).tensor().shape(), (Shape{3, 2}));
  EXPECT_EQ(code_of(tensor::Reshape{}, {x, i64({1}, {7})}), "run-shape");
  EXPECT_EQ(list<double>(run_op(tensor::Concat{1}, {x, f64({2, 1}, {7, 8})}).tensor()),
            (std::vector<double>{1, 2, 3, 7, 4, 5, 6, 8}));
  EXPECT_EQ(list<double>(run_op(tensor::Tile{}, {f64({2}, {1, 2}), i64({1}, {2})}).tensor()),
            (std::vector<double>{1, 2, 1, 2}));
  EXPECT_EQ(list<double>(run_op(tensor::GatherNd{}, {x, i64({1, 2}, {1, 1})}).tensor()),
            (std::vector<double>{5}));
  EXPECT_EQ(code_of(tensor::Expand{}, {x, i64({4}, {1 << 20, 1 << 20, 2, 3})}), "limit-memory");
  auto pieces = run_op(tensor::Split{1, {1, 2}}, {x}, 2);
  EXPECT_EQ(list<double>(pieces.tensor(1)), (std::vector<double>{2, 3, 5, 6}));
  EXPECT_EQ(list<int64_t>(run_op(tensor::Range{}, {Tensor::scalar(int64_t{1}), Tensor::scalar(int64_t{6}),
                                                   Tensor::scalar(int64_t{2})}).tensor()),
            (std::vector<int64_t>{1, 3, 5}));
}

TEST(Kernels, ReductionsAlongAxes) {
  Tensor x = f64({2, 3}, {1, 5, 3, 4, 2, 6});
  tensor::Reduce sum{tensor::ReduceFn::sum, {0}, false, false};
  EXPECT_EQ(list<double>(run_op(sum, {x}).tensor()), (std::vector<double>{5, 7, 9}));
  tensor::ArgReduce arg{true, 1, false, false};
  EXPECT_EQ(list<int64_t>(run_op(arg, {x}).tensor()), (std::vector<int64_t>{1, 2}));
  auto top = run_op(tensor::TopK{}, {x, i64({1}, {2})}, 2);
  EXPECT_EQ(list<double>(top.tensor()), (std::vector<double>{5, 3, 6, 4}));
  EXPECT_EQ(list<int64_t>(top.tensor(1)), (std::vector<int64_t>{1, 2, 2, 0}));
  EXPECT_EQ(list<double>(run_op(tensor::CumSum{}, {x, Tensor::scalar(int64_t{1})}).tensor()),
            (std::vector<double>{1, 6, 9, 4, 6, 12}));
  Tensor soft = run_op(tensor::Softmax{}, {f64({1, 2}, {1000, 1000})}).tensor();
  EXPECT_EQ(list<double>(soft), (std::vector<double>{0.5, 0.5}));
}

TEST(Kernels, Products) {
  Tensor a = f64({2, 2}, {1, 2, 3, 4}), b = f64({2, 1}, {5, 6});
  EXPECT_EQ(list<double>(run_op(tensor::MatMul{}, {a, b}).tensor()), (std::vector<double>{17, 39}));
  tensor::Gemm gemm{2, 1, true, false};
  EXPECT_EQ(list<double>(run_op(gemm, {a, b, f64({1}, {1})}).tensor()), (std::vector<double>{47, 69}));
  EXPECT_EQ(code_of(tensor::MatMul{}, {a, f64({3, 1}, {1, 2, 3})}), "run-shape");
}

}  // namespace
}  // namespace panmodel::runtime
