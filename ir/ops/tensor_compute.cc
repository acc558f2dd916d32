// Type inference of the tensor operators that compute.
#include <algorithm>
#include <set>

#include "ir/ops/infer_util.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::tensor {

#define PANMODEL_ENUM_NAMES(E, ...)                            \
  std::span<const std::string_view> enum_names(E) {            \
    static constexpr std::string_view names[] = {__VA_ARGS__}; \
    return names;                                              \
  }

PANMODEL_ENUM_NAMES(UnaryFn, "abs", "neg", "sign", "ceil", "floor", "round", "exp", "expm1", "log",
                    "log1p", "sqrt", "reciprocal", "sigmoid", "tanh", "sin", "cos", "atan", "erf", "relu",
                    "softplus", "logical_not", "is_nan", "is_inf")
PANMODEL_ENUM_NAMES(BinaryFn, "add", "sub", "mul", "div", "pow", "mod", "fmod", "equal", "less",
                    "less_or_equal", "greater", "greater_or_equal", "logical_and", "logical_or",
                    "logical_xor", "bit_and", "bit_or", "bit_xor")
PANMODEL_ENUM_NAMES(VariadicFn, "min", "max", "sum", "mean")
PANMODEL_ENUM_NAMES(ReduceFn, "sum", "mean", "max", "min", "prod", "l1", "l2", "sum_square",
                    "log_sum", "log_sum_exp")

namespace {

void expect_same_dtype(const InferContext& c, size_t first, size_t second) {
  DType a = c.tensor(first).dtype, b = c.tensor(second).dtype;
  if (a != b) {
    c.fail_type("inputs {} and {} have element types {} and {}, expected the same", first, second,
                to_string(a), to_string(b));
  }
}

void expect_number(const InferContext& c, size_t i) {
  DType d = c.tensor(i).dtype;
  if (d == DType::string || d == DType::c64 || d == DType::c128) {
    c.fail_type("input {} has element type {}, expected numbers", i, to_string(d));
  }
}

}  // namespace

Types Unary::infer(const Unary& op, InferContext& c) {
  c.expect_inputs(1, 1);
  expect_number(c, 0);
  TensorType t = c.tensor(0);
  if (op.fn == UnaryFn::logical_not) c.expect_dtype(0, {DType::boolean});
  if (op.fn >= UnaryFn::logical_not) t.dtype = DType::boolean;
  return {t};
}

Types Binary::infer(const Binary& op, InferContext& c) {
  c.expect_inputs(2, 2);
  if (op.fn != BinaryFn::pow) expect_same_dtype(c, 0, 1);
  bool logical = op.fn >= BinaryFn::logical_and && op.fn <= BinaryFn::logical_xor;
  if (logical) c.expect_dtype(0, {DType::boolean});
  if (op.fn != BinaryFn::equal) expect_number(c, 0);
  TensorType t = c.tensor(0);
  t.dims = broadcast(c, t.dims, c.tensor(1).dims);
  bool compares = op.fn >= BinaryFn::equal && op.fn <= BinaryFn::greater_or_equal;
  if (compares) t.dtype = DType::boolean;
  return {t};
}

Types Variadic::infer(const Variadic&, InferContext& c) {
  c.expect_inputs(1, SIZE_MAX);
  TensorType t = c.tensor(0);
  for (size_t i = 0; i < c.size(); ++i) {
    expect_number(c, i);
    expect_same_dtype(c, 0, i);
    t.dims = broadcast(c, t.dims, c.tensor(i).dims);
  }
  return {t};
}

Types Where::infer(const Where&, InferContext& c) {
  c.expect_inputs(3, 3);
  c.expect_dtype(0, {DType::boolean});
  expect_same_dtype(c, 1, 2);
  TensorType t = c.tensor(1);
  t.dims = broadcast(c, broadcast(c, c.tensor(0).dims, t.dims), c.tensor(2).dims);
  return {t};
}

Types Clip::infer(const Clip&, InferContext& c) {
  c.expect_inputs(1, 3);
  for (size_t i = 0; i < c.size(); ++i) {
    if (!c.has(i)) continue;
    expect_number(c, i);
    expect_same_dtype(c, 0, i);
  }
  return {c.tensor(0)};
}

Types Cast::infer(const Cast& op, InferContext& c) {
  c.expect_inputs(1, 1);
  TensorType t = c.tensor(0);
  t.dtype = op.to;
  return {t};
}

Types MatMul::infer(const MatMul&, InferContext& c) {
  c.expect_inputs(2, 2);
  expect_number(c, 0);
  expect_same_dtype(c, 0, 1);
  TensorType a = c.tensor(0);
  Dims x = a.dims, y = c.tensor(1).dims;
  if (!x || !y) return {TensorType{a.dtype, std::nullopt}};
  if (x->empty() || y->empty()) c.fail_type("an input is a scalar, expected rank 1 or more");
  bool drop_row = x->size() == 1, drop_column = y->size() == 1;
  if (drop_row) x->insert(x->begin(), Dim(1));
  if (drop_column) y->push_back(Dim(1));
  const Dim& inner_x = x->back();
  const Dim& inner_y = (*y)[y->size() - 2];
  if (inner_x.fixed() && inner_y.fixed() && inner_x != inner_y) {
    c.fail_type("inner dimensions {} and {} differ", inner_x.size, inner_y.size);
  }
  Dim rows = (*x)[x->size() - 2], columns = y->back();
  Dims batch = broadcast(c, std::vector<Dim>(x->begin(), x->end() - 2),
                         std::vector<Dim>(y->begin(), y->end() - 2));
  if (!drop_row) batch->push_back(rows);
  if (!drop_column) batch->push_back(columns);
  return {TensorType{a.dtype, batch}};
}

Types Gemm::infer(const Gemm& op, InferContext& c) {
  c.expect_inputs(2, 3);
  expect_number(c, 0);
  expect_same_dtype(c, 0, 1);
  if (c.has(2)) expect_same_dtype(c, 0, 2);
  TensorType a = c.tensor(0), b = c.tensor(1);
  if (!a.dims || !b.dims) return {TensorType{a.dtype, std::vector<Dim>{Dim(), Dim()}}};
  if (a.dims->size() != 2 || b.dims->size() != 2) c.fail_type("A and B must be matrices");
  const Dim& inner_a = (*a.dims)[op.trans_a ? 0 : 1];
  const Dim& inner_b = (*b.dims)[op.trans_b ? 1 : 0];
  if (inner_a.fixed() && inner_b.fixed() && inner_a != inner_b) {
    c.fail_type("inner dimensions {} and {} differ", inner_a.size, inner_b.size);
  }
  return {TensorType{a.dtype, std::vector<Dim>{(*a.dims)[op.trans_a ? 1 : 0],
                                               (*b.dims)[op.trans_b ? 0 : 1]}}};
}

Types Reduce::infer(const Reduce& op, InferContext& c) {
  c.expect_inputs(1, 2);
  expect_number(c, 0);
  TensorType t = c.tensor(0);
  if (!t.dims) return {t};
  std::optional<std::vector<int64_t>> axes = op.axes;
  if (op.axes.empty() && c.has(1)) axes = constant_ints(c, 1);
  if (!axes) return {TensorType{t.dtype, std::nullopt}};
  if (axes->empty() && op.noop_with_empty_axes) return {t};
  std::set<size_t> reduced;
  for (int64_t a : *axes) reduced.insert(resolve_axis(c, a, t.dims->size()));
  std::vector<Dim> dims;
  for (size_t i = 0; i < t.dims->size(); ++i) {
    if (!axes->empty() && !reduced.contains(i)) {
      dims.push_back((*t.dims)[i]);
    } else if (op.keep_dims) {
      dims.push_back(Dim(1));
    }
  }
  return {TensorType{t.dtype, dims}};
}

Types ArgReduce::infer(const ArgReduce& op, InferContext& c) {
  c.expect_inputs(1, 1);
  expect_number(c, 0);
  TensorType t = c.tensor(0);
  t.dtype = DType::i64;
  if (!t.dims) return {t};
  size_t axis = resolve_axis(c, op.axis, t.dims->size());
  if (op.keep_dims) {
    (*t.dims)[axis] = Dim(1);
  } else {
    t.dims->erase(t.dims->begin() + static_cast<ptrdiff_t>(axis));
  }
  return {t};
}

Types CumSum::infer(const CumSum&, InferContext& c) {
  c.expect_inputs(2, 2);
  expect_number(c, 0);
  return {c.tensor(0)};
}

Types TopK::infer(const TopK& op, InferContext& c) {
  c.expect_inputs(2, 2);
  expect_number(c, 0);
  TensorType t = c.tensor(0);
  if (t.dims) {
    size_t axis = resolve_axis(c, op.axis, t.dims->size());
    auto k = constant_ints(c, 1);
    (*t.dims)[axis] = k && k->size() == 1 && (*k)[0] >= 0 ? Dim((*k)[0]) : Dim();
  }
  return {t, TensorType{DType::i64, t.dims}};
}

Types Softmax::infer(const Softmax& op, InferContext& c) {
  c.expect_inputs(1, 1);
  c.expect_dtype(0, {DType::f64, DType::f32, DType::f16, DType::bf16});
  TensorType t = c.tensor(0);
  if (t.dims && !(op.flatten && op.axis == static_cast<int64_t>(t.dims->size()))) {
    resolve_axis(c, op.axis, t.dims->size());
  }
  return {t};
}

}  // namespace panmodel::tensor
