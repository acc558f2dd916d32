#include "formats/onnx/write_nodes.h"

#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/names.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::onnx {
namespace {

Support always(const Node&, const Graph&, int) { return Support::yes(); }

template <class Op, auto& Rows>
Support check_function(const Node& n, const Graph&, int opset) {
  const auto* row = row_of(Rows, n.as<Op>()->fn);
  if (row == nullptr) {
    return Support::no(fmt::format("ONNX has no operator '{}'",
                                   enum_names(n.as<Op>()->fn)[static_cast<size_t>(n.as<Op>()->fn)]));
  }
  // Reductions of older versions take their axes as an attribute, which is written then.
  if (opset < row->since && row->since != 18) {
    return Support::no(fmt::format("'{}' needs opset {}", row->op_type, row->since));
  }
  return Support::yes();
}

template <class Op, auto& Rows>
void write_function(NodeWriter& w, const Node& n) {
  w.node(row_of(Rows, n.as<Op>()->fn)->op_type, w.inputs(n), w.outputs(n));
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
// An operator whose axes are its second input since opset 13.
#define WITH_AXES(Op)                                                              \
  {                                                                                \
    OpId::tensor_##Op, always, [](NodeWriter& w, const Node& n) {                  \
      std::vector<Text> in = w.inputs(n);                                          \
      const auto& axes = n.as<tensor::Op>()->axes;                                 \
      if (!axes.empty()) {                                                         \
        in.resize(1);                                                              \
        in.emplace_back(w.constant(Tensor::vector(axes)));                         \
      }                                                                            \
      w.node(#Op, std::move(in), w.outputs(n));                                    \
    }                                                                              \
  }

const WriteRow kRows[] = {
    {OpId::ml_LabelMap, check_label_map, write_label_map},
    {OpId::ml_TreeEnsemble, check_trees, write_trees},
    {OpId::ml_ZipMap, check_zip_map, write_zip_map},
    {OpId::tensor_ArgReduce, always,
     [](NodeWriter& w, const Node& n) {
       const auto& op = *n.as<tensor::ArgReduce>();
       NodeProto& p = w.node(op.largest ? "ArgMax" : "ArgMin", w.inputs(n), w.outputs(n));
       p.attribute.push_back(make_attribute("axis", op.axis));
       p.attribute.push_back(make_attribute("keepdims", int64_t{op.keep_dims}));
       if (op.select_last) p.attribute.push_back(make_attribute("select_last_index", int64_t{1}));
     }},
    {OpId::tensor_Binary, check_function<tensor::Binary, kBinary>,
     write_function<tensor::Binary, kBinary>},
    {OpId::tensor_Cast, always,
     [](NodeWriter& w, const Node& n) {
       NodeProto& p = w.node("Cast", w.inputs(n), w.outputs(n));
       auto to = static_cast<int64_t>(data_type_of(n.as<tensor::Cast>()->to));
       p.attribute.push_back(make_attribute("to", to));
     }},
    PLAIN(Clip),
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
    WITH_AXIS(GatherElements),
    {OpId::tensor_Gemm, always,
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
    {OpId::tensor_Reduce, check_function<tensor::Reduce, kReduce>, write_reduce},
    PLAIN(Reshape),
    {OpId::tensor_Shape,
     [](const Node& n, const Graph&, int opset) {
       const auto& op = *n.as<tensor::Shape>();
       bool part = op.start != 0 || op.end != INT64_MAX;
       return part && opset < 15 ? Support::no("a part of a shape needs opset 15") : Support::yes();
     },
     [](NodeWriter& w, const Node& n) {
       const auto& op = *n.as<tensor::Shape>();
       NodeProto& p = w.node("Shape", w.inputs(n), w.outputs(n));
       if (op.start != 0) p.attribute.push_back(make_attribute("start", op.start));
       if (op.end != INT64_MAX) p.attribute.push_back(make_attribute("end", op.end));
     }},
    PLAIN(Slice),
    {OpId::tensor_Softmax,
     [](const Node& n, const Graph&, int) {
       return n.as<tensor::Softmax>()->flatten ? Support::no("softmax over several dimensions")
                                               : Support::yes();
     },
     [](NodeWriter& w, const Node& n) {
       const auto& op = *n.as<tensor::Softmax>();
       NodeProto& p = w.node(op.log ? "LogSoftmax" : "Softmax", w.inputs(n), w.outputs(n));
       p.attribute.push_back(make_attribute("axis", op.axis));
     }},
    WITH_AXES(Squeeze),
    PLAIN(Tile),
    {OpId::tensor_Transpose, always,
     [](NodeWriter& w, const Node& n) {
       NodeProto& p = w.node("Transpose", w.inputs(n), w.outputs(n));
       const auto& perm = n.as<tensor::Transpose>()->perm;
       if (!perm.empty()) p.attribute.push_back(make_attribute("perm", perm));
     }},
    {OpId::tensor_Unary,
     [](const Node& n, const Graph& g, int opset) {
       const TensorType* t = g.type(n.inputs[0]).tensor();
       bool wide = t != nullptr && t->dtype == DType::f64;
       // onnxruntime 1.32 computes it as 1 / (1 + exp(-x)), which is 0 below -709.
       if (wide && n.as<tensor::Unary>()->fn == UnaryFn::sigmoid) {
         return Support::no("Sigmoid of f64 loses values below 1e-308 in onnxruntime");
       }
       return check_function<tensor::Unary, kUnary>(n, g, opset);
     },
     write_function<tensor::Unary, kUnary>},
    WITH_AXES(Unsqueeze),
    {OpId::tensor_Variadic, check_function<tensor::Variadic, kVariadic>,
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
  if (n.empty()) n = fmt::format("v{}", v.v);
  return n;
}

void NodeWriter::set_name(ValueId v, std::string name) {
  if (names_.size() < graph_.values.size()) names_.resize(graph_.values.size());
  names_[v.v] = std::move(name);
}

NodeProto& NodeWriter::node(std::string_view op_type, std::vector<Text> in, std::vector<Text> out,
                            std::string_view domain) {
  domains.insert(std::string(domain));
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
  std::string name = fmt::format("c{}", next_constant_++);
  initialisers.push_back(to_proto(name, value));
  return name;
}

void NodeWriter::initialiser(ValueId v, const Tensor& value) {
  initialisers.push_back(to_proto(name(v), value));
}

}  // namespace panmodel::onnx
