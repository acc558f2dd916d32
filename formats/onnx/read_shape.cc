// Operators of ai.onnx that make, move or select elements.
#include <algorithm>

#include "formats/onnx/read_nodes.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::onnx {
namespace {

using Values = std::vector<ValueId>;

// An operator without attributes.
template <class Op>
Values read_plain(NodeReader& r) {
  return {r.builder.add(Op{}, r.inputs)};
}

// An operator whose only attribute is its axis.
template <class Op, int64_t fallback>
Values read_axis(NodeReader& r) {
  return {r.builder.add(Op{r.integer("axis", fallback)}, r.inputs)};
}

// An operator whose axes are an attribute, and since opset 13 an input.
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

Values read_constant(NodeReader& r) {
  if (auto t = r.tensor("value")) return {r.builder.constant(*t)};
  auto one = [&](const AttributeProto& a) -> std::optional<Tensor> {
    if (a.name == "value_int") return Tensor::scalar(a.i.value_or(0));
    if (a.name == "value_ints") return Tensor::vector(a.ints);
    if (a.name == "value_float") return Tensor::scalar(a.f.value_or(0));
    if (a.name == "value_floats") return Tensor::vector(a.floats);
    if (a.name == "value_string") return Tensor::scalar(a.s.str());
    if (a.name != "value_strings") return std::nullopt;
    std::vector<std::string> texts;
    for (const Text& t : a.strings) texts.push_back(t.str());
    return Tensor::vector(std::move(texts));
  };
  for (const AttributeProto& a : r.proto.attribute) {
    if (auto value = one(a)) return {r.builder.constant(std::move(*value))};
  }
  if (r.has_attribute("sparse_value")) r.unsupported("a sparse constant");
  fail(r.loc, "onnx-node", "a Constant without a value");
}

Values read_constant_of_shape(NodeReader& r) {
  Tensor value = r.tensor("value").value_or(Tensor::vector(std::vector<float>{0}));
  return {r.builder.add(tensor::ConstantOfShape{value}, {r.in(0)})};
}

Values read_gather_nd(NodeReader& r) {
  return {r.builder.add(tensor::GatherNd{r.integer("batch_dims", 0)}, {r.in(0), r.in(1)})};
}

Values read_identity(NodeReader& r) { return {r.builder.add(tensor::Identity{}, {r.in(0)})}; }

Values read_reshape(NodeReader& r) {
  return {r.builder.add(tensor::Reshape{r.integer("allowzero", 0) != 0}, {r.in(0), r.in(1)})};
}

Values read_scatter_elements(NodeReader& r) {
  tensor::ScatterElements op{r.integer("axis", 0), r.text("reduction", "none")};
  return {r.builder.add(op, {r.in(0), r.in(1), r.in(2)})};
}

Values read_shape(NodeReader& r) {
  return {r.builder.add(tensor::Shape{r.integer("start", 0), r.integer("end", INT64_MAX)}, {r.in(0)})};
}

// Bounds are attributes before opset 10.
Values read_slice(NodeReader& r) {
  if (r.version >= 10) return {r.builder.add(tensor::Slice{}, r.inputs)};
  Values in{r.in(0)};
  for (const char* name : {"starts", "ends", "axes"}) {
    std::vector<int64_t> v = r.integers(name);
    if (v.empty()) break;
    in.push_back(r.builder.constant(Tensor::vector(std::move(v))));
  }
  return {r.builder.add(tensor::Slice{}, std::move(in))};
}

// The sizes are an attribute before opset 13, then an input; without them the pieces are equal, the
// last one smaller.
Values read_split(NodeReader& r) {
  tensor::Split op{r.integer("axis", 0), r.integers("split")};
  if (r.has(1)) {
    auto sizes = r.constant_integers(1);
    if (!sizes) r.unsupported("pieces whose sizes are computed");
    op.sizes = *sizes;
  }
  if (op.sizes.empty()) {
    const TensorType* t = r.builder.type(r.in(0)).tensor();
    int64_t rank = t && t->dims ? static_cast<int64_t>(t->dims->size()) : 0;
    int64_t axis = op.axis < 0 ? op.axis + rank : op.axis;
    bool known = axis >= 0 && axis < rank && (*t->dims)[static_cast<size_t>(axis)].fixed();
    if (!known) r.unsupported("equal pieces of a dimension whose size is not known");
    int64_t length = (*t->dims)[static_cast<size_t>(axis)].size;
    int64_t pieces = r.integer("num_outputs", static_cast<int64_t>(r.outputs()));
    if (pieces < 1 || pieces > INT32_MAX) r.refuse("num_outputs", "1 or more", pieces);
    int64_t each = (length + pieces - 1) / pieces;
    for (int64_t i = 0; i < pieces; ++i) op.sizes.push_back(std::clamp<int64_t>(length - i * each, 0, each));
  }
  return r.builder.add_all(std::move(op), {r.in(0)});
}

Values read_transpose(NodeReader& r) {
  return {r.builder.add(tensor::Transpose{r.integers("perm")}, {r.in(0)})};
}

constexpr ReadRow kRows[] = {
    {"", "Concat", 4, read_axis<tensor::Concat, 1>},
    {"", "Constant", 1, read_constant},
    {"", "ConstantOfShape", 9, read_constant_of_shape},
    {"", "Expand", 8, read_plain<tensor::Expand>},
    {"", "Flatten", 1, read_axis<tensor::Flatten, 1>},
    {"", "Gather", 1, read_axis<tensor::Gather, 0>},
    {"", "GatherElements", 11, read_axis<tensor::GatherElements, 0>},
    {"", "GatherND", 11, read_gather_nd},
    {"", "Identity", 1, read_identity},
    {"", "OneHot", 9, read_axis<tensor::OneHot, -1>},
    {"", "Range", 11, read_plain<tensor::Range>},
    {"", "Reshape", 5, read_reshape},
    {"", "Scatter", 9, read_scatter_elements},
    {"", "ScatterElements", 11, read_scatter_elements},
    {"", "Shape", 1, read_shape},
    {"", "Slice", 1, read_slice},
    {"", "Split", 2, read_split},
    {"", "Squeeze", 1, read_axes<tensor::Squeeze>},
    {"", "Tile", 6, read_plain<tensor::Tile>},
    {"", "Transpose", 1, read_transpose},
    {"", "Unsqueeze", 1, read_axes<tensor::Unsqueeze>},
};

}  // namespace

std::span<const ReadRow> shape_read_rows() { return kRows; }

}  // namespace panmodel::onnx
