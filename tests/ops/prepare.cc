// table.prepare: random models, and cells treated by hand.
#include "ir/ops/prepare.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/ops/run_op.h"
#include "tests/ops/sample.h"

namespace panmodel::random {

template <>
void sample<table::Prepare>(Rng& rng, Builder& b) {
  const DType dtype = rng.pick({DType::f64, DType::f32, DType::i64, DType::boolean, DType::string});
  table::Prepare op;
  const auto values = [&] {
    return rng.coin() ? Tensor() : random_tensor(rng, dtype, {rng.between(1, 4)});
  };
  op.valid = values();
  op.invalid = values();
  op.missing = values();
  op.field = "c";
  op.invalid_cell = rng.any<table::InvalidCell>();
  if (op.invalid_cell == table::InvalidCell::as_value) op.invalid_value = random_tensor(rng, dtype, {});
  if (rng.coin()) op.missing_value = random_tensor(rng, dtype, {});
  op.refuse_missing = rng.coin();
  if (dtype != DType::string && dtype != DType::boolean) {
    for (int64_t i = rng.between(0, 2); i > 0; --i) {
      op.lower.push_back(rng.real());
      op.upper.push_back(rng.coin() ? table::Prepare::kInfinity : rng.real());
      op.closed.push_back(rng.between(0, 3));
    }
    op.outlier = rng.any<table::OutlierCell>();
    if (op.outlier != table::OutlierCell::as_is) {
      op.low = -2;
      op.high = 3;
    }
  }
  op.masked = rng.coin();
  std::vector<ValueId> inputs{b.input("c", ColumnType{dtype, true})};
  if (op.masked) inputs.push_back(b.input("mask", ColumnType{DType::boolean, true}));
  b.output("out", b.add(std::move(op), inputs), Role::none);
}

}  // namespace panmodel::random

namespace panmodel::runtime {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> treated(table::Prepare op, std::vector<double> cells) {
  const auto rows = static_cast<int64_t>(cells.size());
  op.field = "x";
  Tensor x = Tensor::of({rows, 1}, std::move(cells));
  const Ran ran = run_op(op, {Value(x)});
  std::vector<std::string> out;
  for (size_t r = 0; r < x.size(); ++r) {
    out.push_back(ran.outputs[0].is_valid(r) ? fmt::format("{}", ran.outputs[0].tensor.real(r)) : "missing");
  }
  for (const RowError& e : ran.errors) out[e.row] = fmt::format("{}: {}", e.code, e.message);
  return out;
}

TEST(Prepare, IntervalsAndTheirEnds) {
  table::Prepare op;
  op.lower = {0, 5};
  op.upper = {1, table::Prepare::kInfinity};
  op.closed = {1, 0};
  op.invalid_cell = table::InvalidCell::as_missing;
  EXPECT_EQ(treated(op, {0, 0.5, 1, 5, 6, -1, kNan}),
            (std::vector<std::string>{"0", "0.5", "missing", "missing", "6", "missing", "missing"}));
  op.invalid_cell = table::InvalidCell::refuse;
  EXPECT_EQ(treated(op, {1})[0],
            "row-value: the field 'x' is 1, expected a number in [0, 1) or (5, inf)");
}

TEST(Prepare, MissingComesLast) {
  table::Prepare op;
  op.missing = Tensor::vector(std::vector<double>{-999});
  op.invalid = Tensor::vector(std::vector<double>{7});
  op.invalid_cell = table::InvalidCell::as_missing;
  op.outlier = table::OutlierCell::as_missing;
  op.low = -10;
  op.high = 10;
  op.missing_value = Tensor::scalar(3.0);
  EXPECT_EQ(treated(op, {-999, 7, 11, 10, kNan, 1}),
            (std::vector<std::string>{"3", "3", "3", "10", "3", "1"}));
  op.outlier = table::OutlierCell::as_extreme;
  EXPECT_EQ(treated(op, {11, -11}), (std::vector<std::string>{"10", "-10"}));
  op.missing_value.reset();
  op.refuse_missing = true;
  EXPECT_EQ(treated(op, {kNan})[0], "row-missing: the field 'x' is missing, expected a value");
}

}  // namespace
}  // namespace panmodel::runtime
