// Class labels taken from a table by the place of the largest score, or by a threshold.
#include "converters/raise/raise.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::converters {
namespace {

// Behind a reshape to one dimension.
ValueId unflattened(ValueId v, const RaiseContext& c) {
  const Node* node = nullptr;
  if (c.maker<tensor::Reshape>(v, &node) == nullptr) return v;
  const Tensor* shape = c.constant(node->inputs[1]);
  return shape != nullptr && shape->size() == 1 ? node->inputs[0] : v;
}

}  // namespace

ValueId raise_labels(const Node& node, RaiseContext& c) {
  const auto* gather = node.as<tensor::Gather>();
  if (gather == nullptr || gather->axis != 0) return {};
  const Tensor* classes = c.constant(node.inputs[0]);
  if (classes == nullptr || classes->rank() != 1) return {};
  const auto count = static_cast<int64_t>(classes->size());
  const Node* index = nullptr;
  if (const auto* best = c.maker<tensor::ArgReduce>(node.inputs[1], &index)) {
    const ValueId scores = index->inputs[0];
    const bool per_row = best->axis == 1 || best->axis == -1;
    if (!best->largest || !per_row || best->keep_dims || best->select_last) return {};
    if (c.width(scores) != count || !is_floating(c.dtype(scores))) return {};
    return c.builder.add(ml::Labels{*classes, ml::LabelRule::argmax, 0}, {c.mapped(scores)});
  }
  const auto* cast = c.maker<tensor::Cast>(node.inputs[1], &index);
  if (cast == nullptr || cast->to != DType::i64 || count != 2) return {};
  const Node* test = nullptr;
  const auto* compare = c.maker<tensor::Binary>(index->inputs[0], &test);
  if (compare == nullptr) return {};
  const bool closed = compare->fn == tensor::BinaryFn::greater_or_equal;
  if (!closed && compare->fn != tensor::BinaryFn::greater) return {};
  const Tensor* threshold = c.constant(test->inputs[1]);
  const ValueId score = unflattened(test->inputs[0], c);
  if (threshold == nullptr || threshold->size() != 1 || c.width(score) != 1) return {};
  if (!is_floating(c.dtype(score))) return {};
  ml::Labels labels{*classes, closed ? ml::LabelRule::at_least : ml::LabelRule::above, threshold->real(0)};
  return c.builder.add(std::move(labels), {c.mapped(score)});
}

}  // namespace panmodel::converters
