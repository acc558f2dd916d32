// Operators of the tensor dialect: random models.
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"
#include "tests/ops/sample.h"

namespace panmodel::random {
namespace {

// Any of the types that most operators move.
DType any_type(Rng& rng) {
  return rng.pick({DType::f64, DType::f32, DType::i64, DType::string, DType::boolean});
}
DType number_type(Rng& rng) { return rng.pick({DType::f64, DType::f32, DType::i64}); }

ValueId ints(Builder& b, std::vector<int64_t> values) {
  return b.constant(Tensor::vector(std::move(values)));
}

// An axis of a matrix other than the rows; counted from either end.
int64_t column_axis(Rng& rng) { return rng.coin() ? 1 : -1; }

}  // namespace

template <>
void sample<tensor::Unary>(Rng& rng, Builder& b) {
  tensor::Unary op{rng.any<tensor::UnaryFn>()};
  DType dtype = op.fn == tensor::UnaryFn::logical_not ? DType::boolean : real_type(rng);
  outputs(b, {b.add(op, {matrix(b, dtype, rng.between(1, 3))})});
}

template <>
void sample<tensor::Binary>(Rng& rng, Builder& b) {
  tensor::Binary op{rng.any<tensor::BinaryFn>()};
  using enum tensor::BinaryFn;
  DType dtype = number_type(rng);
  if (op.fn >= logical_and && op.fn <= logical_xor) dtype = DType::boolean;
  if (op.fn >= bit_and || op.fn == mod) dtype = DType::i64;
  if (op.fn == pow || op.fn == fmod) dtype = real_type(rng);
  if (op.fn == equal && rng.coin()) dtype = DType::string;
  int64_t columns = rng.between(1, 3);
  ValueId x = matrix(b, dtype, columns);
  if (dtype == DType::i64 && (op.fn == div || op.fn == mod)) {
    outputs(b, {b.add(op, {x, ints(b, {rng.between(1, 4)})})});
    return;
  }
  ValueId y = rng.coin() ? matrix(b, dtype, columns) : b.constant(random_tensor(rng, dtype, {columns}));
  outputs(b, {b.add(op, {x, y})});
}

template <>
void sample<tensor::Variadic>(Rng& rng, Builder& b) {
  DType dtype = real_type(rng);
  int64_t columns = rng.between(1, 3);
  std::vector<ValueId> all;
  for (int64_t i = rng.between(1, 4); i > 0; --i) all.push_back(matrix(b, dtype, columns));
  outputs(b, {b.add(tensor::Variadic{rng.any<tensor::VariadicFn>()}, all)});
}

template <>
void sample<tensor::Where>(Rng& rng, Builder& b) {
  DType dtype = any_type(rng);
  int64_t columns = rng.between(1, 3);
  ValueId test = matrix(b, DType::boolean, rng.coin() ? columns : 1);
  ValueId yes = matrix(b, dtype, columns);
  outputs(b, {b.add(tensor::Where{}, {test, yes, b.constant(random_tensor(rng, dtype, {columns}))})});
}

template <>
void sample<tensor::Clip>(Rng& rng, Builder& b) {
  DType dtype = number_type(rng);
  ValueId x = matrix(b, dtype, rng.between(1, 3));
  ValueId none;
  ValueId low = rng.coin() ? b.constant(random_tensor(rng, dtype, {})) : none;
  ValueId high = rng.coin() ? b.constant(random_tensor(rng, dtype, {})) : none;
  std::vector<ValueId> inputs = {x};
  if (low.valid() || high.valid()) inputs.push_back(low);
  if (high.valid()) inputs.push_back(high);
  outputs(b, {b.add(tensor::Clip{}, inputs)});
}

template <>
void sample<tensor::Cast>(Rng& rng, Builder& b) {
  DType from = rng.pick({DType::f64, DType::f32, DType::i64, DType::boolean});
  DType to = rng.pick({DType::f64, DType::f32, DType::i64, DType::i32, DType::boolean});
  outputs(b, {b.add(tensor::Cast{to, true}, {matrix(b, from, rng.between(1, 3))})});
}

template <>
void sample<tensor::MatMul>(Rng& rng, Builder& b) {
  DType dtype = real_type(rng);
  int64_t inner = rng.between(1, 4), columns = rng.between(1, 3);
  ValueId x = matrix(b, dtype, inner);
  outputs(b, {b.add(tensor::MatMul{}, {x, b.constant(random_tensor(rng, dtype, {inner, columns}))})});
}

template <>
void sample<tensor::Gemm>(Rng& rng, Builder& b) {
  DType dtype = real_type(rng);
  int64_t inner = rng.between(1, 4), columns = rng.between(1, 3);
  tensor::Gemm op{rng.coin() ? 1 : 0.5, rng.coin() ? 1 : -2.0, false, rng.coin()};
  ValueId x = matrix(b, dtype, inner);
  Shape shape = op.trans_b ? Shape{columns, inner} : Shape{inner, columns};
  std::vector<ValueId> inputs = {x, b.constant(random_tensor(rng, dtype, shape))};
  if (rng.coin()) inputs.push_back(b.constant(random_tensor(rng, dtype, {columns})));
  outputs(b, {b.add(op, inputs)});
}

template <>
void sample<tensor::Reduce>(Rng& rng, Builder& b) {
  tensor::Reduce op{rng.any<tensor::ReduceFn>(), {}, true, false};
  if (rng.coin()) op.axes = {column_axis(rng)};
  if (!op.axes.empty()) op.keep_dims = rng.coin();
  op.noop_with_empty_axes = op.axes.empty() && rng.coin();
  outputs(b, {b.add(op, {matrix(b, real_type(rng), rng.between(1, 4))})});
}

template <>
void sample<tensor::ArgReduce>(Rng& rng, Builder& b) {
  tensor::ArgReduce op{rng.coin(), column_axis(rng), rng.coin(), rng.coin()};
  outputs(b, {b.add(op, {matrix(b, number_type(rng), rng.between(1, 4))})});
}

template <>
void sample<tensor::CumSum>(Rng& rng, Builder& b) {
  ValueId x = matrix(b, number_type(rng), rng.between(1, 4));
  ValueId axis = b.constant(Tensor::scalar(column_axis(rng)));
  outputs(b, {b.add(tensor::CumSum{rng.coin(), rng.coin()}, {x, axis})});
}

template <>
void sample<tensor::TopK>(Rng& rng, Builder& b) {
  int64_t columns = rng.between(2, 5);
  ValueId x = matrix(b, number_type(rng), columns);
  auto made = b.add_all(tensor::TopK{column_axis(rng), rng.coin(), true},
                        {x, ints(b, {rng.between(1, columns)})});
  outputs(b, {made[0], made[1]});
}

template <>
void sample<tensor::Softmax>(Rng& rng, Builder& b) {
  tensor::Softmax op{column_axis(rng), rng.coin(), rng.between(0, 3) == 0};
  outputs(b, {b.add(op, {matrix(b, real_type(rng), rng.between(1, 4))})});
}

template <>
void sample<tensor::Constant>(Rng& rng, Builder& b) {
  DType dtype = any_type(rng);
  Shape shape;
  for (int64_t rank = rng.between(0, 3); rank > 0; --rank) shape.push_back(rng.between(0, 3));
  matrix(b, DType::f64, 1);
  outputs(b, {b.constant(random_tensor(rng, dtype, shape))});
}

template <>
void sample<tensor::Identity>(Rng& rng, Builder& b) {
  outputs(b, {b.add(tensor::Identity{}, {matrix(b, any_type(rng), rng.between(1, 3))})});
}

template <>
void sample<tensor::Concat>(Rng& rng, Builder& b) {
  DType dtype = any_type(rng);
  std::vector<ValueId> parts;
  for (int64_t i = rng.between(1, 3); i > 0; --i) parts.push_back(matrix(b, dtype, rng.between(1, 3)));
  outputs(b, {b.add(tensor::Concat{column_axis(rng)}, parts)});
}

template <>
void sample<tensor::Split>(Rng& rng, Builder& b) {
  int64_t first = rng.between(1, 3), second = rng.between(1, 2);
  ValueId x = matrix(b, any_type(rng), first + second);
  auto made = b.add_all(tensor::Split{column_axis(rng), {first, second}}, {x});
  outputs(b, {made[0], made[1]});
}

template <>
void sample<tensor::Gather>(Rng& rng, Builder& b) {
  int64_t columns = rng.between(1, 4);
  ValueId x = matrix(b, any_type(rng), columns);
  ValueId index = ints(b, rng.integers(rng.between(1, 5), -columns, columns - 1));
  outputs(b, {b.add(tensor::Gather{column_axis(rng)}, {x, index})});
}

template <>
void sample<tensor::GatherElements>(Rng& rng, Builder& b) {
  ValueId x = matrix(b, any_type(rng), 6);
  outputs(b, {b.add(tensor::GatherElements{column_axis(rng)}, {x, matrix(b, DType::i64, rng.between(1, 3))})});
}

template <>
void sample<tensor::GatherNd>(Rng& rng, Builder& b) {
  // Indices into a constant matrix, so that the rows cannot leave it.
  ValueId x = b.constant(random_tensor(rng, any_type(rng), {6, 6}));
  outputs(b, {b.add(tensor::GatherNd{0}, {x, matrix(b, DType::i64, rng.between(1, 2))})});
}

template <>
void sample<tensor::ScatterElements>(Rng& rng, Builder& b) {
  DType dtype = real_type(rng);
  tensor::ScatterElements op{column_axis(rng), rng.pick<std::string>({"none", "add", "mul", "min", "max"})};
  ValueId x = matrix(b, dtype, 6);
  ValueId index = matrix(b, DType::i64, 1);
  outputs(b, {b.add(std::move(op), {x, index, matrix(b, dtype, 1)})});
}

template <>
void sample<tensor::Reshape>(Rng& rng, Builder& b) {
  ValueId x = matrix(b, any_type(rng), 4);
  ValueId shape = rng.coin() ? ints(b, {0, 2, -1}) : ints(b, {-1, 2});
  outputs(b, {b.add(tensor::Reshape{false}, {x, shape})});
}

template <>
void sample<tensor::Flatten>(Rng& rng, Builder& b) {
  outputs(b, {b.add(tensor::Flatten{rng.between(-1, 2)}, {matrix(b, any_type(rng), 3)})});
}

template <>
void sample<tensor::Squeeze>(Rng& rng, Builder& b) {
  tensor::Squeeze op{{column_axis(rng)}};
  outputs(b, {b.add(std::move(op), {matrix(b, any_type(rng), 1)})});
}

template <>
void sample<tensor::Unsqueeze>(Rng& rng, Builder& b) {
  tensor::Unsqueeze op{{rng.between(1, 2)}};
  outputs(b, {b.add(std::move(op), {matrix(b, any_type(rng), rng.between(1, 3))})});
}

template <>
void sample<tensor::Transpose>(Rng& rng, Builder& b) {
  tensor::Transpose op;
  if (rng.coin()) op.perm = rng.coin() ? std::vector<int64_t>{0, 1} : std::vector<int64_t>{1, 0};
  outputs(b, {b.add(std::move(op), {matrix(b, any_type(rng), rng.between(1, 3))})});
}

template <>
void sample<tensor::Slice>(Rng& rng, Builder& b) {
  int64_t columns = rng.between(2, 6), step = rng.pick<int64_t>({1, 1, 2, -1});
  ValueId x = matrix(b, any_type(rng), columns);
  int64_t from = rng.between(-columns, columns), to = rng.between(-columns - 1, columns + 2);
  std::vector<ValueId> inputs = {x, ints(b, {from}), ints(b, {to}), ints(b, {column_axis(rng)})};
  if (step != 1) inputs.push_back(ints(b, {step}));
  outputs(b, {b.add(tensor::Slice{}, inputs)});
}

template <>
void sample<tensor::Shape>(Rng& rng, Builder& b) {
  tensor::Shape op{rng.between(0, 1), rng.coin() ? INT64_MAX : 2};
  outputs(b, {b.add(op, {matrix(b, any_type(rng), 2)})});
}

template <>
void sample<tensor::ConstantOfShape>(Rng& rng, Builder& b) {
  ValueId shape = b.add(tensor::Shape{}, {matrix(b, DType::f64, 2)});
  tensor::ConstantOfShape op{random_tensor(rng, rng.pick({DType::f64, DType::f32, DType::i64}), {1})};
  outputs(b, {b.add(std::move(op), {shape})});
}

template <>
void sample<tensor::Expand>(Rng& rng, Builder& b) {
  ValueId x = matrix(b, any_type(rng), 1);
  outputs(b, {b.add(tensor::Expand{}, {x, ints(b, {1, rng.between(1, 4)})})});
}

template <>
void sample<tensor::Tile>(Rng& rng, Builder& b) {
  ValueId x = matrix(b, any_type(rng), 2);
  outputs(b, {b.add(tensor::Tile{}, {x, ints(b, {1, rng.between(1, 3)})})});
}

template <>
void sample<tensor::Range>(Rng& rng, Builder& b) {
  DType dtype = number_type(rng);
  matrix(b, DType::f64, 1);
  auto scalar = [&](double v) {
    if (dtype == DType::i64) return b.constant(Tensor::scalar(static_cast<int64_t>(v)));
    if (dtype == DType::f32) return b.constant(Tensor::scalar(static_cast<float>(v)));
    return b.constant(Tensor::scalar(v));
  };
  double start = static_cast<double>(rng.between(-3, 3)), delta = rng.coin() ? 1 : 2;
  ValueId from = scalar(start), to = scalar(start + static_cast<double>(rng.between(0, 6)));
  outputs(b, {b.add(tensor::Range{}, {from, to, scalar(delta)})});
}

template <>
void sample<tensor::OneHot>(Rng& rng, Builder& b) {
  DType dtype = real_type(rng);
  ValueId index = matrix(b, DType::i64, 1);
  ValueId depth = b.constant(Tensor::scalar(rng.between(1, 6)));
  ValueId values = b.constant(random_tensor(rng, dtype, {2}));
  outputs(b, {b.add(tensor::OneHot{-1}, {index, depth, values})});
}

}  // namespace panmodel::random
