#include "formats/onnx/write_nodes.h"

#include <algorithm>

#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/names.h"
#include "formats/onnx/opsets.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::onnx {
namespace {

Support always(const Node&, const Graph&, int) { return Support::yes(); }

// What an operator needs that came later than `opset`.
Support from(int since, int opset, std::string_view what) {
  return opset >= since ? Support::yes()
                        : Support::no(fmt::format("{} needs opset {}", what, since));
}

DType dtype_at(const Node& n, const Graph& g, size_t input) {
  const TensorType* t = g.type(n.inputs[input]).tensor();
  return t ? t->dtype : DType::f64;
}

template <class Op, auto& Rows>
Support check_function(const Node& n, const Graph&, int opset) {
  const auto* row = row_of(Rows, n.as<Op>()->fn);
  if (row == nullptr) {
    return Support::no(fmt::format("ONNX has no operator '{}'",
                                   enum_names(n.as<Op>()->fn)[static_cast<size_t>(n.as<Op>()->fn)]));
  }
  return from(row->since, opset, row->op_type);
}

Support check_unary(const Node& n, const Graph& g, int opset) {
  UnaryFn fn = n.as<tensor::Unary>()->fn;
  bool wide = dtype_at(n, g, 0) == DType::f64;
  // onnxruntime 1.32 computes it as 1 / (1 + exp(-x)), which is 0 below -709; that of f32 is an
  // approximation cut off at 18.
  if (fn == UnaryFn::sigmoid) {
    return Support::no(wide ? "Sigmoid of f64 loses values below 1e-308 in onnxruntime"
                            : "Sigmoid of f32 loses values below 1e-8 in onnxruntime");
  }
  return check_function<tensor::Unary, kUnary>(n, g, opset);
}

bool is_modulo(const Node& n) {
  BinaryFn fn = n.as<tensor::Binary>()->fn;
  return fn == BinaryFn::mod || fn == BinaryFn::fmod;
}

// Whether a factor or a divisor is a constant that differs from 1, but not as f32.
bool near_one(const Node& n, const Graph& g) {
  const BinaryFn fn = n.as<tensor::Binary>()->fn;
  if (fn != BinaryFn::mul && fn != BinaryFn::div) return false;
  for (size_t i = fn == BinaryFn::mul ? 0 : 1; i < 2; ++i) {
    const Node* maker = g.producer(n.inputs[i]);
    const auto* constant = maker ? maker->as<tensor::Constant>() : nullptr;
    if (constant == nullptr || constant->value.dtype() != DType::f64 || constant->value.size() != 1) continue;
    const double value = constant->value.real(0);
    if (value != 1 && static_cast<float>(value) == 1.0F) return true;
  }
  return false;
}

Support check_binary(const Node& n, const Graph& g, int opset) {
  if (n.as<tensor::Binary>()->fn == BinaryFn::equal) {
    DType dtype = dtype_at(n, g, 0);
    if (dtype == DType::string) return from(19, opset, "Equal of text");
    if (is_floating(dtype)) return from(11, opset, "Equal of real numbers");
  }
  if (is_modulo(n)) return from(10, opset, "Mod");
  if (near_one(n, g)) return Support::no("onnxruntime takes a factor that is 1 as f32 for 1");
  return check_function<tensor::Binary, kBinary>(n, g, opset);
}

Support check_variadic(const Node& n, const Graph& g, int opset) {
  VariadicFn fn = n.as<tensor::Variadic>()->fn;
  if (is_integer(dtype_at(n, g, 0))) {
    if (fn == VariadicFn::sum || fn == VariadicFn::mean) return Support::no("a sum of integers");
    return from(12, opset, "Min and Max of integers");
  }
  return check_function<tensor::Variadic, kVariadic>(n, g, opset);
}

template <class Op, auto& Rows>
void write_function(NodeWriter& w, const Node& n) {
  w.node(row_of(Rows, n.as<Op>()->fn)->op_type, w.inputs(n), w.outputs(n));
}

void write_binary(NodeWriter& w, const Node& n) {
  if (!is_modulo(n)) return write_function<tensor::Binary, kBinary>(w, n);
  NodeProto& p = w.node("Mod", w.inputs(n), w.outputs(n));
  if (n.as<tensor::Binary>()->fn == BinaryFn::fmod) p.attribute.push_back(make_attribute("fmod", int64_t{1}));
}

// Older versions take the axes of a reduction as an attribute, which holds constant ones only.
Support check_reduce(const Node& n, const Graph&, int opset) {
  const auto& op = *n.as<tensor::Reduce>();
  const auto* row = row_of(kReduce, op.fn);
  if (opset >= row->since) return Support::yes();
  if (n.inputs.size() > 1) return from(row->since, opset, "axes that are computed");
  if (op.noop_with_empty_axes) return from(row->since, opset, "noop_with_empty_axes");
  return Support::yes();
}

// Constant elements of an input.
std::optional<std::vector<int64_t>> constant_input(const Node& n, const Graph& g, size_t input) {
  const Node* maker = input < n.inputs.size() && n.inputs[input].valid()
                          ? g.producer(n.inputs[input]) : nullptr;
  const auto* constant = maker ? maker->as<tensor::Constant>() : nullptr;
  if (constant == nullptr) return std::nullopt;
  return constant->value.integers();
}

template <class Op>
Support check_axes(const Node& n, const Graph&, int opset) {
  const auto& axes = n.as<Op>()->axes;
  if (n.inputs.size() > 1) return from(13, opset, "axes that are computed");
  bool negative = std::any_of(axes.begin(), axes.end(), [](int64_t a) { return a < 0; });
  return negative ? from(11, opset, "a negative axis") : Support::yes();
}

template <class Op>
void write_axes(NodeWriter& w, const Node& n, std::string_view op_type) {
  std::vector<Text> in = w.inputs(n);
  const auto& axes = n.as<Op>()->axes;
  if (!axes.empty() && w.opset() >= 13) {
    in.resize(1);
    in.emplace_back(w.constant(Tensor::vector(axes)));
  }
  NodeProto& p = w.node(op_type, std::move(in), w.outputs(n));
  if (!axes.empty() && w.opset() < 13) p.attribute.push_back(make_attribute("axes", axes));
}

// Before opset 10 the bounds of a slice are attributes.
Support check_slice(const Node& n, const Graph& g, int opset) {
  if (opset >= 10) return Support::yes();
  for (size_t i = 1; i < n.inputs.size(); ++i) {
    auto bounds = constant_input(n, g, i);
    bool steps = i == 4 && bounds && std::any_of(bounds->begin(), bounds->end(),
                                                 [](int64_t s) { return s != 1; });
    if (!bounds || steps) return from(10, opset, "a slice with steps or computed bounds");
  }
  return Support::yes();
}

void write_slice(NodeWriter& w, const Node& n) {
  if (w.opset() >= 10) {
    w.node("Slice", w.inputs(n), w.outputs(n));
    return;
  }
  NodeProto& p = w.node("Slice", {w.name(n.inputs[0])}, w.outputs(n));
  constexpr std::string_view kNames[] = {"starts", "ends", "axes"};
  for (size_t i = 1; i < std::min<size_t>(n.inputs.size(), 4); ++i) {
    p.attribute.push_back(make_attribute(kNames[i - 1], *constant_input(n, w.graph(), i)));
  }
}

// Before opset 13 all dimensions from the axis on form one group: the same for the last axis.
Support check_softmax(const Node& n, const Graph& g, int opset) {
  const auto& op = *n.as<tensor::Softmax>();
  const TensorType* t = g.type(n.inputs[0]).tensor();
  int64_t rank = t && t->dims ? static_cast<int64_t>(t->dims->size()) : -1;
  bool last = rank > 0 && (op.axis == -1 || op.axis == rank - 1);
  if (op.flatten) {
    return opset < 13 || last ? Support::yes() : Support::no("softmax over several dimensions");
  }
  return last ? Support::yes() : from(13, opset, "softmax along an inner axis");
}

void write_softmax(NodeWriter& w, const Node& n) {
  const auto& op = *n.as<tensor::Softmax>();
  const TensorType* t = w.graph().type(n.inputs[0]).tensor();
  NodeProto& p = w.node(op.log ? "LogSoftmax" : "Softmax", w.inputs(n), w.outputs(n));
  bool last = op.axis < 0 && t && t->dims;
  int64_t axis = last ? static_cast<int64_t>(t->dims->size()) + op.axis : op.axis;
  p.attribute.push_back(make_attribute("axis", axis));
}

void write_reduce(NodeWriter& w, const Node& n) {
  const auto& op = *n.as<tensor::Reduce>();
  const auto* row = row_of(kReduce, op.fn);
  bool as_input = w.opset() >= row->since;
  std::vector<Text> inputs = w.inputs(n);
  if (as_input && !op.axes.empty()) {
    inputs.resize(1);
    inputs.emplace_back(w.constant(Tensor::vector(op.axes)));
  }
  NodeProto& p = w.node(row->op_type, std::move(inputs), w.outputs(n));
  if (!as_input && !op.axes.empty()) p.attribute.push_back(make_attribute("axes", op.axes));
  p.attribute.push_back(make_attribute("keepdims", int64_t{op.keep_dims}));
  if (as_input && op.noop_with_empty_axes) {
    p.attribute.push_back(make_attribute("noop_with_empty_axes", int64_t{1}));
  }
}

template <class Op>
void write_plain(NodeWriter& w, const Node& n, std::string_view op_type) {
  w.node(op_type, w.inputs(n), w.outputs(n));
}

#define PLAIN(Op) \
  { OpId::tensor_##Op, always, [](NodeWriter& w, const Node& n) { write_plain<tensor::Op>(w, n, #Op); } }
// An operator whose only attribute is its axis.
#define WITH_AXIS(Op)                                                             \
  {                                                                               \
    OpId::tensor_##Op, always, [](NodeWriter& w, const Node& n) {                 \
      NodeProto& p = w.node(#Op, w.inputs(n), w.outputs(n));                      \
      p.attribute.push_back(make_attribute("axis", n.as<tensor::Op>()->axis));    \
    }                                                                             \
  }
#define WITH_AXES(Op)                                                          \
  {                                                                            \
    OpId::tensor_##Op, check_axes<tensor::Op>,                                 \
        [](NodeWriter& w, const Node& n) { write_axes<tensor::Op>(w, n, #Op); } \
  }

const WriteRow kRows[] = {
    {OpId::foreign_Op, check_foreign, write_foreign},
    {OpId::ml_LabelMap, check_label_map, write_label_map},
    {OpId::ml_TreeEnsemble, check_trees, write_trees},
    {OpId::ml_ZipMap, check_zip_map, write_zip_map},
    {OpId::tensor_ArgReduce,
     [](const Node& n, const Graph&, int opset) {
       return n.as<tensor::ArgReduce>()->select_last ? from(12, opset, "the last of equal elements")
                                                     : Support::yes();
     },
     [](NodeWriter& w, const Node& n) {
       const auto& op = *n.as<tensor::ArgReduce>();
       NodeProto& p = w.node(op.largest ? "ArgMax" : "ArgMin", w.inputs(n), w.outputs(n));
       p.attribute.push_back(make_attribute("axis", op.axis));
       p.attribute.push_back(make_attribute("keepdims", int64_t{op.keep_dims}));
       if (op.select_last) p.attribute.push_back(make_attribute("select_last_index", int64_t{1}));
     }},
    {OpId::tensor_Binary, check_binary, write_binary},
    {OpId::tensor_Cast, always,
     [](NodeWriter& w, const Node& n) {
       NodeProto& p = w.node("Cast", w.inputs(n), w.outputs(n));
       auto to = static_cast<int64_t>(data_type_of(n.as<tensor::Cast>()->to));
       p.attribute.push_back(make_attribute("to", to));
     }},
    {OpId::tensor_Clip,
     [](const Node& n, const Graph& g, int opset) {
       return from(dtype_at(n, g, 0) == DType::f32 ? 11 : 12, opset, "Clip of this type");
     },
     [](NodeWriter& w, const Node& n) { write_plain<tensor::Clip>(w, n, "Clip"); }},
    WITH_AXIS(Concat),
    {OpId::tensor_Constant, always,
     [](NodeWriter& w, const Node& n) {
       w.initialiser(n.outputs[0], n.as<tensor::Constant>()->value);
     }},
    {OpId::tensor_ConstantOfShape, always,
     [](NodeWriter& w, const Node& n) {
       NodeProto& p = w.node("ConstantOfShape", w.inputs(n), w.outputs(n));
       const Tensor& value = n.as<tensor::ConstantOfShape>()->value;
       p.attribute.push_back(make_attribute("value", to_proto("value", value.reshaped({1}))));
     }},
    PLAIN(Expand),
    WITH_AXIS(Flatten),
    WITH_AXIS(Gather),
    {OpId::tensor_CumSum,
     [](const Node&, const Graph&, int opset) { return from(11, opset, "CumSum"); },
     [](NodeWriter& w, const Node& n) {
       const auto& op = *n.as<tensor::CumSum>();
       NodeProto& p = w.node("CumSum", w.inputs(n), w.outputs(n));
       if (op.exclusive) p.attribute.push_back(make_attribute("exclusive", int64_t{1}));
       if (op.reverse) p.attribute.push_back(make_attribute("reverse", int64_t{1}));
     }},
    {OpId::tensor_GatherElements,
     [](const Node&, const Graph&, int opset) { return from(11, opset, "GatherElements"); },
     [](NodeWriter& w, const Node& n) {
       NodeProto& p = w.node("GatherElements", w.inputs(n), w.outputs(n));
       p.attribute.push_back(make_attribute("axis", n.as<tensor::GatherElements>()->axis));
     }},
    {OpId::tensor_Gemm,
     [](const Node& n, const Graph&, int opset) {
       return n.inputs.size() > 2 ? Support::yes() : from(11, opset, "Gemm without C");
     },
     [](NodeWriter& w, const Node& n) {
       const auto& op = *n.as<tensor::Gemm>();
       NodeProto& p = w.node("Gemm", w.inputs(n), w.outputs(n));
       p.attribute.push_back(make_attribute("alpha", static_cast<float>(op.alpha)));
       p.attribute.push_back(make_attribute("beta", static_cast<float>(op.beta)));
       p.attribute.push_back(make_attribute("transA", int64_t{op.trans_a}));
       p.attribute.push_back(make_attribute("transB", int64_t{op.trans_b}));
     }},
    PLAIN(Identity),
    PLAIN(MatMul),
    {OpId::tensor_Reduce, check_reduce, write_reduce},
    {OpId::tensor_Reshape,
     [](const Node& n, const Graph&, int opset) {
       return n.as<tensor::Reshape>()->allow_zero ? from(14, opset, "allowzero") : Support::yes();
     },
     [](NodeWriter& w, const Node& n) {
       NodeProto& p = w.node("Reshape", w.inputs(n), w.outputs(n));
       if (n.as<tensor::Reshape>()->allow_zero) {
         p.attribute.push_back(make_attribute("allowzero", int64_t{1}));
       }
     }},
    {OpId::tensor_Shape,
     [](const Node& n, const Graph&, int opset) {
       const auto& op = *n.as<tensor::Shape>();
       bool part = op.start != 0 || op.end != INT64_MAX;
       return part ? from(15, opset, "a part of a shape") : Support::yes();
     },
     [](NodeWriter& w, const Node& n) {
       const auto& op = *n.as<tensor::Shape>();
       NodeProto& p = w.node("Shape", w.inputs(n), w.outputs(n));
       if (op.start != 0) p.attribute.push_back(make_attribute("start", op.start));
       if (op.end != INT64_MAX) p.attribute.push_back(make_attribute("end", op.end));
     }},
    {OpId::tensor_Slice, check_slice, write_slice},
    {OpId::tensor_Softmax, check_softmax, write_softmax},
    WITH_AXES(Squeeze),
    PLAIN(Tile),
    {OpId::tensor_TopK,
     [](const Node&, const Graph&, int opset) { return from(11, opset, "TopK"); },
     [](NodeWriter& w, const Node& n) {
       const auto& op = *n.as<tensor::TopK>();
       NodeProto& p = w.node("TopK", w.inputs(n), w.outputs(n));
       p.attribute.push_back(make_attribute("axis", op.axis));
       p.attribute.push_back(make_attribute("largest", int64_t{op.largest}));
       p.attribute.push_back(make_attribute("sorted", int64_t{op.sorted}));
     }},
    {OpId::tensor_Transpose, always,
     [](NodeWriter& w, const Node& n) {
       NodeProto& p = w.node("Transpose", w.inputs(n), w.outputs(n));
       const auto& perm = n.as<tensor::Transpose>()->perm;
       if (!perm.empty()) p.attribute.push_back(make_attribute("perm", perm));
     }},
    {OpId::tensor_Unary, check_unary, write_function<tensor::Unary, kUnary>},
    WITH_AXES(Unsqueeze),
    {OpId::tensor_Variadic, check_variadic,
     write_function<tensor::Variadic, kVariadic>},
    PLAIN(Where),
};

}  // namespace

const WriteRow* write_row(OpId op) {
  for (const WriteRow& row : kRows) {
    if (row.op == op) return &row;
  }
  return nullptr;
}

std::string NodeWriter::name(ValueId v) {
  if (!v.valid()) return {};
  if (names_.size() < graph_.values.size()) names_.resize(graph_.values.size());
  std::string& n = names_[v.v];
  if (n.empty()) n = fresh(fmt::format("v{}", v.v));
  return n;
}

void NodeWriter::set_name(ValueId v, std::string name) {
  if (names_.size() < graph_.values.size()) names_.resize(graph_.values.size());
  reserve(name);
  names_[v.v] = std::move(name);
}

std::string NodeWriter::fresh(std::string name) const {
  while (reserved_.contains(name)) name += '_';
  return name;
}

NodeProto& NodeWriter::node(std::string_view op_type, std::vector<Text> in, std::vector<Text> out,
                            std::string_view domain) {
  domains[std::string(domain)] = domain.empty() ? opset_ : release_of(opset_).ai_onnx_ml;
  std::string label = fmt::format("{}_{}", op_type, nodes.size());
  nodes.push_back(make_node(op_type, std::move(in), std::move(out), label, domain));
  return nodes.back();
}

std::vector<Text> NodeWriter::inputs(const Node& n) {
  std::vector<Text> all;
  for (ValueId v : n.inputs) all.emplace_back(name(v));
  return all;
}

std::vector<Text> NodeWriter::outputs(const Node& n) {
  std::vector<Text> all;
  for (ValueId v : n.outputs) all.emplace_back(name(v));
  return all;
}

std::string NodeWriter::constant(const Tensor& value) {
  std::string name = fresh(fmt::format("c{}", next_constant_++));
  initialisers.push_back(to_proto(name, value));
  return name;
}

void NodeWriter::initialiser(ValueId v, const Tensor& value) {
  initialisers.push_back(to_proto(name(v), value));
}

}  // namespace panmodel::onnx
