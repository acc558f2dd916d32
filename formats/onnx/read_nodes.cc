// Operators of ai.onnx that compute. Those that move elements are in read_shape.cc.
#include "formats/onnx/read_nodes.h"

#include <algorithm>

#include "formats/onnx/names.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::onnx {
namespace {

using Values = std::vector<ValueId>;

Values read_elementwise(NodeReader& r) {
  std::string_view type = r.proto.op_type;
  if (const auto* row = row_of(kUnary, type)) {
    return {r.builder.add(tensor::Unary{row->fn}, {r.in(0)})};
  }
  if (const auto* row = row_of(kBinary, type)) {
    return {r.builder.add(tensor::Binary{row->fn}, {r.in(0), r.in(1)})};
  }
  return {r.builder.add(tensor::Variadic{row_of(kVariadic, type)->fn}, r.inputs)};
}

// A constant scalar of the element type of input 0.
ValueId scalar(NodeReader& r, double value) {
  DType dtype = r.dtype(0);
  ValueId wide = r.builder.constant(Tensor::scalar(value));
  return dtype == DType::f64 ? wide : r.builder.add(tensor::Cast{dtype}, {wide});
}

Values read_is_inf(NodeReader& r) {
  bool negative = r.integer("detect_negative", 1) != 0, positive = r.integer("detect_positive", 1) != 0;
  ValueId any = r.builder.add(tensor::Unary{UnaryFn::is_inf}, {r.in(0)});
  if (negative && positive) return {any};
  // Infinite and on the side asked for; no number is below and above 0 at once.
  BinaryFn side = positive ? BinaryFn::greater : BinaryFn::less;
  ValueId zero = scalar(r, 0);
  ValueId on_side = r.builder.add(tensor::Binary{side}, {r.in(0), zero});
  if (!negative && !positive) {
    ValueId below = r.builder.add(tensor::Binary{BinaryFn::greater}, {r.in(0), zero});
    on_side = r.builder.add(tensor::Binary{BinaryFn::logical_and}, {on_side, below});
  }
  return {r.builder.add(tensor::Binary{BinaryFn::logical_and}, {any, on_side})};
}

Values read_mod(NodeReader& r) {
  bool c_style = r.integer("fmod", 0) != 0;
  return {r.builder.add(tensor::Binary{c_style ? BinaryFn::fmod : BinaryFn::mod}, {r.in(0), r.in(1)})};
}

Values read_reduce(NodeReader& r) {
  const auto* row = row_of(kReduce, std::string_view(r.proto.op_type));
  tensor::Reduce op{row->fn, r.integers("axes"), r.integer("keepdims", 1) != 0,
                    r.integer("noop_with_empty_axes", 0) != 0};
  Values in{r.in(0)};
  if (r.has(1)) {
    if (auto axes = r.constant_integers(1); axes && !axes->empty()) {
      op.axes = *axes;
    } else {
      in.push_back(r.in(1));
    }
  }
  return {r.builder.add(std::move(op), std::move(in))};
}

Values read_arg_reduce(NodeReader& r) {
  tensor::ArgReduce op{r.proto.op_type == "ArgMax", r.integer("axis", 0), r.integer("keepdims", 1) != 0,
                       r.integer("select_last_index", 0) != 0};
  return {r.builder.add(op, {r.in(0)})};
}

Values read_cast(NodeReader& r) {
  DType to = r.proto.op_type == "CastLike" ? r.dtype(1)
                                           : dtype_of(static_cast<int32_t>(r.integer("to", 0)), r.loc);
  if (r.has_attribute("round_mode") && to == DType::f8e8m0 && r.text("round_mode", "up") != "up") {
    r.unsupported("the rounding mode '" + r.text("round_mode", "") + "'");
  }
  return {r.builder.add(tensor::Cast{to, r.integer("saturate", 1) != 0}, {r.in(0)})};
}

Values read_clip(NodeReader& r) {
  if (r.version >= 11) return {r.builder.add(tensor::Clip{}, r.inputs)};
  ValueId low = r.has_attribute("min") ? scalar(r, r.real("min", 0)) : ValueId{};
  ValueId high = r.has_attribute("max") ? scalar(r, r.real("max", 0)) : ValueId{};
  return {r.builder.add(tensor::Clip{}, {r.in(0), low, high})};
}

Values read_cum_sum(NodeReader& r) {
  tensor::CumSum op{r.integer("exclusive", 0) != 0, r.integer("reverse", 0) != 0};
  return {r.builder.add(op, {r.in(0), r.in(1)})};
}

Values read_gemm(NodeReader& r) {
  tensor::Gemm op{r.real("alpha", 1), r.real("beta", 1), r.integer("transA", 0) != 0,
                  r.integer("transB", 0) != 0};
  return {r.builder.add(op, r.inputs)};
}

// x divided by its norm along an axis; where the norm is 0, x stays.
Values read_lp_normalization(NodeReader& r) {
  int64_t p = r.integer("p", 2);
  if (p != 1 && p != 2) r.refuse("p", "1 or 2", p);
  auto fn = p == 1 ? tensor::ReduceFn::l1 : tensor::ReduceFn::l2;
  ValueId norm = r.builder.add(tensor::Reduce{fn, {r.integer("axis", -1)}, true}, {r.in(0)});
  ValueId empty = r.builder.add(tensor::Binary{BinaryFn::equal}, {norm, scalar(r, 0)});
  ValueId by = r.builder.add(tensor::Where{}, {empty, scalar(r, 1), norm});
  return {r.builder.add(tensor::Binary{BinaryFn::div}, {r.in(0), by})};
}

Values read_mat_mul(NodeReader& r) { return {r.builder.add(tensor::MatMul{}, {r.in(0), r.in(1)})}; }

Values read_softmax(NodeReader& r) {
  bool modern = r.version >= 13;
  tensor::Softmax op{r.integer("axis", modern ? -1 : 1), r.proto.op_type == "LogSoftmax", !modern};
  return {r.builder.add(op, {r.in(0)})};
}

Values read_top_k(NodeReader& r) {
  ValueId k = r.version >= 10 ? r.in(1)
                              : r.builder.constant(Tensor::vector(std::vector<int64_t>{r.integer("k", 0)}));
  tensor::TopK op{r.integer("axis", -1), r.integer("largest", 1) != 0, r.integer("sorted", 1) != 0};
  return r.builder.add_all(op, {r.in(0), k});
}

Values read_where(NodeReader& r) {
  return {r.builder.add(tensor::Where{}, {r.in(0), r.in(1), r.in(2)})};
}

#define ELEMENTWISE(name, since) {"", name, since, read_elementwise}
constexpr ReadRow kRows[] = {
    ELEMENTWISE("Abs", 1), ELEMENTWISE("Add", 7), ELEMENTWISE("And", 7),
    {"", "ArgMax", 1, read_arg_reduce}, {"", "ArgMin", 1, read_arg_reduce}, ELEMENTWISE("Atan", 7),
    ELEMENTWISE("BitwiseAnd", 18), ELEMENTWISE("BitwiseOr", 18), ELEMENTWISE("BitwiseXor", 18),
    {"", "Cast", 6, read_cast}, {"", "CastLike", 15, read_cast}, ELEMENTWISE("Ceil", 1),
    {"", "Clip", 6, read_clip}, ELEMENTWISE("Cos", 7), {"", "CumSum", 11, read_cum_sum},
    ELEMENTWISE("Div", 7), ELEMENTWISE("Equal", 7), ELEMENTWISE("Erf", 9), ELEMENTWISE("Exp", 1),
    ELEMENTWISE("Floor", 1), {"", "Gemm", 7, read_gemm}, ELEMENTWISE("Greater", 7),
    ELEMENTWISE("GreaterOrEqual", 12), {"", "IsInf", 10, read_is_inf}, ELEMENTWISE("IsNaN", 9),
    ELEMENTWISE("Less", 7), ELEMENTWISE("LessOrEqual", 12), ELEMENTWISE("Log", 1),
    {"", "LogSoftmax", 1, read_softmax}, {"", "LpNormalization", 1, read_lp_normalization},
    {"", "MatMul", 1, read_mat_mul}, ELEMENTWISE("Max", 8),
    ELEMENTWISE("Mean", 8), ELEMENTWISE("Min", 8), {"", "Mod", 10, read_mod}, ELEMENTWISE("Mul", 7),
    ELEMENTWISE("Neg", 1), ELEMENTWISE("Not", 1), ELEMENTWISE("Or", 7), ELEMENTWISE("Pow", 7),
    ELEMENTWISE("Reciprocal", 1), {"", "ReduceL1", 1, read_reduce}, {"", "ReduceL2", 1, read_reduce},
    {"", "ReduceLogSum", 1, read_reduce}, {"", "ReduceLogSumExp", 1, read_reduce},
    {"", "ReduceMax", 1, read_reduce}, {"", "ReduceMean", 1, read_reduce},
    {"", "ReduceMin", 1, read_reduce}, {"", "ReduceProd", 1, read_reduce},
    {"", "ReduceSum", 1, read_reduce}, {"", "ReduceSumSquare", 1, read_reduce},
    ELEMENTWISE("Relu", 1), ELEMENTWISE("Round", 11), ELEMENTWISE("Sigmoid", 1),
    ELEMENTWISE("Sign", 9), ELEMENTWISE("Sin", 7), {"", "Softmax", 1, read_softmax},
    ELEMENTWISE("Softplus", 1), ELEMENTWISE("Sqrt", 1), ELEMENTWISE("Sub", 7), ELEMENTWISE("Sum", 8),
    ELEMENTWISE("Tanh", 1), {"", "TopK", 1, read_top_k}, {"", "Where", 9, read_where},
    ELEMENTWISE("Xor", 7),
};
#undef ELEMENTWISE

}  // namespace

ValueId NodeReader::in(size_t i) const {
  if (!has(i)) fail(loc, "onnx-node", "{} lacks input {}", proto.op_type.str(), i);
  return inputs[i];
}

int64_t NodeReader::integer(std::string_view name, int64_t fallback) const {
  const AttributeProto* a = find_attribute(proto, name);
  return a ? a->i.value_or(0) : fallback;
}
double NodeReader::real(std::string_view name, double fallback) const {
  const AttributeProto* a = find_attribute(proto, name);
  return a ? static_cast<double>(a->f.value_or(0)) : fallback;
}
std::string NodeReader::text(std::string_view name, std::string_view fallback) const {
  const AttributeProto* a = find_attribute(proto, name);
  return a ? a->s.str() : std::string(fallback);
}
std::span<const int64_t> NodeReader::integer_view(std::string_view name) const {
  const AttributeProto* a = find_attribute(proto, name);
  return a ? std::span<const int64_t>(a->ints) : std::span<const int64_t>();
}
std::vector<int64_t> NodeReader::integers(std::string_view name) const {
  auto view = integer_view(name);
  return {view.begin(), view.end()};
}
std::optional<Tensor> NodeReader::tensor(std::string_view name) const {
  const AttributeProto* a = find_attribute(proto, name);
  if (a == nullptr || !a->t) return std::nullopt;
  return to_tensor(*a->t, decode, loc);
}
std::vector<double> NodeReader::reals(std::string_view name) const {
  if (auto t = tensor(std::string(name) + "_as_tensor")) return t->reals();
  const AttributeProto* a = find_attribute(proto, name);
  return a ? std::vector<double>(a->floats.begin(), a->floats.end()) : std::vector<double>();
}
std::optional<std::vector<int64_t>> NodeReader::constant_integers(size_t i) const {
  const Tensor* t = has(i) ? builder.constant_value(inputs[i]) : nullptr;
  if (t == nullptr || !is_integer(t->dtype())) return std::nullopt;
  return t->integers();
}
DType NodeReader::dtype(size_t i) const {
  const TensorType* t = builder.type(in(i)).tensor();
  if (t == nullptr) fail(loc, "onnx-node", "input {} of {} is no tensor", i, proto.op_type.str());
  return t->dtype;
}
void NodeReader::unsupported(std::string reason) const { throw UnsupportedForm{std::move(reason)}; }

const ReadRow* read_row(std::string_view domain, std::string_view op_type, int64_t version) {
  for (std::span<const ReadRow> rows : {std::span<const ReadRow>(kRows), shape_read_rows(), ml_read_rows()}) {
    for (const ReadRow& row : rows) {
      if (row.domain == domain && row.op_type == op_type && version >= row.since) return &row;
    }
  }
  return nullptr;
}

}  // namespace panmodel::onnx
