#include "formats/onnx/read_nodes.h"

#include "formats/onnx/names.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::onnx {
namespace {

using Values = std::vector<ValueId>;

Values read_elementwise(NodeReader& r) {
  std::string_view type = r.proto.op_type;
  Builder& b = r.builder;
  if (const auto* row = row_of(kUnary, type)) {
    if (row->fn == UnaryFn::is_inf &&
        (r.integer("detect_negative", 1) == 0 || r.integer("detect_positive", 1) == 0)) {
      fail(r.loc, "onnx-node", "IsInf of one sign only is not supported");
    }
    return {b.add(tensor::Unary{row->fn}, {r.in(0)})};
  }
  if (const auto* row = row_of(kBinary, type)) {
    return {b.add(tensor::Binary{row->fn}, {r.in(0), r.in(1)})};
  }
  return {b.add(tensor::Variadic{row_of(kVariadic, type)->fn}, r.inputs)};
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

template <class Op>
Values read_axes(NodeReader& r) {
  std::vector<int64_t> axes = r.integers("axes");
  Values in{r.in(0)};
  if (r.has(1)) {
    if (auto constant = r.constant_integers(1)) {
      axes = *constant;
    } else {
      in.push_back(r.in(1));
    }
  }
  return {r.builder.add(Op{std::move(axes)}, std::move(in))};
}

Values read_clip(NodeReader& r) {
  Builder& b = r.builder;
  if (r.version >= 11) return {b.add(tensor::Clip{}, r.inputs)};
  ValueId low = b.constant(Tensor::scalar(static_cast<float>(r.real("min", -3.4028234663852886e38))));
  ValueId high = b.constant(Tensor::scalar(static_cast<float>(r.real("max", 3.4028234663852886e38))));
  return {b.add(tensor::Clip{}, {r.in(0), low, high})};
}

Values read_softmax(NodeReader& r) {
  bool modern = r.version >= 13;
  tensor::Softmax op{r.integer("axis", modern ? -1 : 1), r.proto.op_type == "LogSoftmax", !modern};
  return {r.builder.add(op, {r.in(0)})};
}

Values read_constant(NodeReader& r) {
  if (auto t = r.tensor("value")) return {r.builder.constant(*t)};
  const AttributeProto* a = nullptr;
  if ((a = find_attribute(r.proto, "value_int")) != nullptr) {
    return {r.builder.constant(Tensor::scalar(a->i.value_or(0)))};
  }
  if ((a = find_attribute(r.proto, "value_ints")) != nullptr) {
    return {r.builder.constant(Tensor::vector(a->ints))};
  }
  if ((a = find_attribute(r.proto, "value_float")) != nullptr) {
    return {r.builder.constant(Tensor::scalar(a->f.value_or(0)))};
  }
  if ((a = find_attribute(r.proto, "value_floats")) != nullptr) {
    return {r.builder.constant(Tensor::vector(a->floats))};
  }
  if ((a = find_attribute(r.proto, "value_string")) != nullptr) {
    return {r.builder.constant(Tensor::scalar(a->s.str()))};
  }
  fail(r.loc, "onnx-node", "a Constant without a value that is supported");
}

template <class Op>
Values read_axis(NodeReader& r, int64_t fallback) {
  return {r.builder.add(Op{r.integer("axis", fallback)}, r.inputs)};
}

#define ELEMENTWISE(name, since) {"", name, since, read_elementwise}
const ReadRow kRows[] = {
    ELEMENTWISE("Abs", 1), ELEMENTWISE("Neg", 1), ELEMENTWISE("Sign", 9), ELEMENTWISE("Ceil", 1),
    ELEMENTWISE("Floor", 1), ELEMENTWISE("Round", 11), ELEMENTWISE("Exp", 1), ELEMENTWISE("Log", 1),
    ELEMENTWISE("Sqrt", 1), ELEMENTWISE("Reciprocal", 1), ELEMENTWISE("Sigmoid", 1),
    ELEMENTWISE("Tanh", 1), ELEMENTWISE("Sin", 7), ELEMENTWISE("Cos", 7), ELEMENTWISE("Erf", 9),
    ELEMENTWISE("Relu", 1), ELEMENTWISE("Softplus", 1), ELEMENTWISE("Not", 1),
    ELEMENTWISE("IsNaN", 9), ELEMENTWISE("IsInf", 10), ELEMENTWISE("Add", 7), ELEMENTWISE("Sub", 7),
    ELEMENTWISE("Mul", 7), ELEMENTWISE("Div", 7), ELEMENTWISE("Pow", 7), ELEMENTWISE("Equal", 7),
    ELEMENTWISE("Less", 7), ELEMENTWISE("LessOrEqual", 12), ELEMENTWISE("Greater", 7),
    ELEMENTWISE("GreaterOrEqual", 12), ELEMENTWISE("And", 7), ELEMENTWISE("Or", 7),
    ELEMENTWISE("Xor", 7), ELEMENTWISE("Min", 8), ELEMENTWISE("Max", 8), ELEMENTWISE("Sum", 8),
    ELEMENTWISE("Mean", 8),
    {"", "ReduceSum", 1, read_reduce}, {"", "ReduceMean", 1, read_reduce},
    {"", "ReduceMax", 1, read_reduce}, {"", "ReduceMin", 1, read_reduce},
    {"", "ReduceProd", 1, read_reduce}, {"", "ReduceL1", 1, read_reduce},
    {"", "ReduceL2", 1, read_reduce}, {"", "ReduceSumSquare", 1, read_reduce},
    {"", "ReduceLogSum", 1, read_reduce}, {"", "ReduceLogSumExp", 1, read_reduce},
    {"", "ArgMax", 1,
     [](NodeReader& r) -> Values {
       return {r.builder.add(tensor::ArgReduce{true, r.integer("axis", 0), r.integer("keepdims", 1) != 0,
                                               r.integer("select_last_index", 0) != 0},
                             {r.in(0)})};
     }},
    {"", "ArgMin", 1,
     [](NodeReader& r) -> Values {
       return {r.builder.add(tensor::ArgReduce{false, r.integer("axis", 0), r.integer("keepdims", 1) != 0,
                                               r.integer("select_last_index", 0) != 0},
                             {r.in(0)})};
     }},
    {"", "Cast", 6,
     [](NodeReader& r) -> Values {
       DType to = dtype_of(static_cast<int32_t>(r.integer("to", 0)), r.loc);
       return {r.builder.add(tensor::Cast{to, r.integer("saturate", 1) != 0}, {r.in(0)})};
     }},
    {"", "Clip", 6, read_clip},
    {"", "Concat", 4, [](NodeReader& r) { return read_axis<tensor::Concat>(r, 1); }},
    {"", "Constant", 1, read_constant},
    {"", "ConstantOfShape", 9,
     [](NodeReader& r) -> Values {
       Tensor value = r.tensor("value").value_or(Tensor::vector(std::vector<float>{0}));
       return {r.builder.add(tensor::ConstantOfShape{value}, {r.in(0)})};
     }},
    {"", "Expand", 8, [](NodeReader& r) -> Values { return {r.builder.add(tensor::Expand{}, r.inputs)}; }},
    {"", "Flatten", 1, [](NodeReader& r) { return read_axis<tensor::Flatten>(r, 1); }},
    {"", "Gather", 1, [](NodeReader& r) { return read_axis<tensor::Gather>(r, 0); }},
    {"", "GatherElements", 11, [](NodeReader& r) { return read_axis<tensor::GatherElements>(r, 0); }},
    {"", "Gemm", 7,
     [](NodeReader& r) -> Values {
       return {r.builder.add(tensor::Gemm{r.real("alpha", 1), r.real("beta", 1),
                                          r.integer("transA", 0) != 0, r.integer("transB", 0) != 0},
                             r.inputs)};
     }},
    {"", "Identity", 1, [](NodeReader& r) -> Values { return {r.builder.add(tensor::Identity{}, {r.in(0)})}; }},
    {"", "LogSoftmax", 1, read_softmax},
    {"", "MatMul", 1, [](NodeReader& r) -> Values { return {r.builder.add(tensor::MatMul{}, r.inputs)}; }},
    {"", "Reshape", 5,
     [](NodeReader& r) -> Values {
       return {r.builder.add(tensor::Reshape{r.integer("allowzero", 0) != 0}, r.inputs)};
     }},
    {"", "Shape", 1,
     [](NodeReader& r) -> Values {
       return {r.builder.add(tensor::Shape{r.integer("start", 0), r.integer("end", INT64_MAX)}, {r.in(0)})};
     }},
    {"", "Slice", 10, [](NodeReader& r) -> Values { return {r.builder.add(tensor::Slice{}, r.inputs)}; }},
    {"", "Softmax", 1, read_softmax},
    {"", "Squeeze", 1, read_axes<tensor::Squeeze>},
    {"", "Tile", 6, [](NodeReader& r) -> Values { return {r.builder.add(tensor::Tile{}, r.inputs)}; }},
    {"", "Transpose", 1,
     [](NodeReader& r) -> Values {
       return {r.builder.add(tensor::Transpose{r.integers("perm")}, {r.in(0)})};
     }},
    {"", "Unsqueeze", 1, read_axes<tensor::Unsqueeze>},
    {"", "Where", 9, [](NodeReader& r) -> Values { return {r.builder.add(tensor::Where{}, r.inputs)}; }},
};

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
std::vector<int64_t> NodeReader::integers(std::string_view name) const {
  const AttributeProto* a = find_attribute(proto, name);
  return a ? a->ints : std::vector<int64_t>();
}
std::optional<Tensor> NodeReader::tensor(std::string_view name) const {
  const AttributeProto* a = find_attribute(proto, name);
  if (a == nullptr || !a->t) return std::nullopt;
  return to_tensor(*a->t, decode, loc);
}
std::optional<std::vector<int64_t>> NodeReader::constant_integers(size_t i) const {
  const Tensor* t = has(i) ? builder.constant_value(inputs[i]) : nullptr;
  if (t == nullptr || !is_integer(t->dtype())) return std::nullopt;
  return t->integers();
}

const ReadRow* read_row(std::string_view domain, std::string_view op_type, int64_t version) {
  std::span<const ReadRow> rows = domain.empty() ? std::span<const ReadRow>(kRows) : ml_read_rows();
  for (const ReadRow& row : rows) {
    if (row.domain == domain && row.op_type == op_type && version >= row.since) return &row;
  }
  return nullptr;
}

}  // namespace panmodel::onnx
