// Per-feature arithmetic.
#include <cmath>

#include "converters/raise/raise.h"
#include "ir/ops/scale.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::converters {
namespace {

using tensor::BinaryFn;

const Tensor* single(const RaiseContext& c, ValueId v) {
  const Tensor* t = c.constant(v);
  return t != nullptr && t->size() == 1 && is_floating(t->dtype()) ? t : nullptr;
}

bool is_binary(const RaiseContext& c, ValueId v, BinaryFn fn, const Node** node) {
  const auto* op = c.maker<tensor::Binary>(v, node);
  return op != nullptr && op->fn == fn;
}

bool is_unary(const RaiseContext& c, ValueId v, tensor::UnaryFn fn, const Node** node) {
  const auto* op = c.maker<tensor::Unary>(v, node);
  return op != nullptr && op->fn == fn;
}

// The norm of the rows of `x` when `v` is one, as [N,1].
std::optional<ml::Norm> norm_of(const RaiseContext& c, ValueId v, ValueId x) {
  const Node* node = nullptr;
  const auto* reduce = c.maker<tensor::Reduce>(v, &node);
  if (reduce == nullptr || reduce->axes != std::vector<int64_t>{1} || !reduce->keep_dims) return std::nullopt;
  const ValueId over = node->inputs[0];
  const Node* magnitude = nullptr;
  if (reduce->fn == tensor::ReduceFn::max && is_unary(c, over, tensor::UnaryFn::abs, &magnitude)) {
    if (magnitude->inputs[0] == x) return ml::Norm::max;
  }
  if (over != x) return std::nullopt;
  if (reduce->fn == tensor::ReduceFn::l1) return ml::Norm::l1;
  if (reduce->fn == tensor::ReduceFn::l2) return ml::Norm::l2;
  return std::nullopt;
}

}  // namespace

// x / (norm == 0 ? 1 : norm), or with norm < smallest.
ValueId raise_normalize(const Node& node, RaiseContext& c) {
  const auto* divide = node.as<tensor::Binary>();
  if (divide == nullptr || divide->fn != BinaryFn::div || c.width(node.inputs[0]) < 0) return {};
  const Node *where = nullptr, *test = nullptr;
  if (c.maker<tensor::Where>(node.inputs[1], &where) == nullptr) return {};
  const Tensor* one = single(c, where->inputs[1]);
  const ValueId norm = where->inputs[2];
  const bool zero = is_binary(c, where->inputs[0], BinaryFn::equal, &test);
  if (!zero && !is_binary(c, where->inputs[0], BinaryFn::less, &test)) return {};
  const Tensor* limit = single(c, test->inputs[1]);
  const std::optional<ml::Norm> kind = norm_of(c, norm, node.inputs[0]);
  if (one == nullptr || one->real(0) != 1 || limit == nullptr || test->inputs[0] != norm || !kind) return {};
  if (zero ? limit->real(0) != 0 : !(limit->real(0) > 0)) return {};
  return c.builder.add(ml::Normalize{*kind, limit->real(0)}, {c.mapped(node.inputs[0])});
}

// The number of edges [F,E] that x is not below, where infinite edges fill up the rows and a minimum
// takes them out again.
ValueId raise_discretize(const Node& node, RaiseContext& c) {
  const Node* sum = &node;
  const Tensor* most = nullptr;
  if (const auto* least = node.as<tensor::Variadic>()) {
    if (least->fn != tensor::VariadicFn::min || node.inputs.size() != 2) return {};
    most = c.constant(node.inputs[1]);
    sum = c.from.producer(node.inputs[0]);
    if (most == nullptr || sum == nullptr) return {};
  }
  const auto* reduce = sum->as<tensor::Reduce>();
  if (reduce == nullptr || reduce->fn != tensor::ReduceFn::sum || reduce->keep_dims ||
      reduce->axes != std::vector<int64_t>{2}) {
    return {};
  }
  const Node *cast = nullptr, *negated = nullptr, *less = nullptr, *wide = nullptr;
  const auto* to = c.maker<tensor::Cast>(sum->inputs[0], &cast);
  if (to == nullptr || to->to != DType::f64 ||
      !is_unary(c, cast->inputs[0], tensor::UnaryFn::logical_not, &negated) ||
      !is_binary(c, negated->inputs[0], BinaryFn::less, &less)) {
    return {};
  }
  const auto* unsqueeze = c.maker<tensor::Unsqueeze>(less->inputs[0], &wide);
  const Tensor* edges = c.constant(less->inputs[1]);
  if (unsqueeze == nullptr || unsqueeze->axes != std::vector<int64_t>{2} || edges == nullptr ||
      edges->dtype() != DType::f64 || edges->rank() != 2 ||
      c.width(wide->inputs[0]) != edges->shape()[0]) {
    return {};
  }
  const auto features = static_cast<size_t>(edges->shape()[0]), length = static_cast<size_t>(edges->shape()[1]);
  if (most != nullptr && (most->size() != features || !is_floating(most->dtype()))) return {};
  ml::Discretize op;
  for (size_t f = 0; f < features; ++f) {
    const double kept = most != nullptr ? most->real(f) : static_cast<double>(length);
    if (!(kept >= 0 && kept <= static_cast<double>(length)) || kept != std::floor(kept)) return {};
    op.counts.push_back(static_cast<int64_t>(kept));
    for (size_t k = 0; k < length; ++k) {
      const double edge = edges->real(f * length + k);
      const bool inside = static_cast<double>(k) < kept;
      if (!inside && !(std::isinf(edge) && edge > 0)) return {};
      if (inside && k > 0 && !(edge >= edges->real(f * length + k - 1))) return {};
      if (inside) op.edges.push_back(edge);
    }
  }
  return c.builder.add(std::move(op), {c.mapped(wide->inputs[0])});
}

// Columns of ones for all rows of X: products of no feature.
ValueId raise_ones(const Node& node, RaiseContext& c) {
  const auto* fill = node.as<tensor::ConstantOfShape>();
  if (fill == nullptr || !is_floating(fill->value.dtype()) || fill->value.real(0) != 1) return {};
  const Node *concat = nullptr, *shape = nullptr;
  if (c.maker<tensor::Concat>(node.inputs[0], &concat) == nullptr || concat->inputs.size() != 2) return {};
  const auto* rows = c.maker<tensor::Shape>(concat->inputs[0], &shape);
  const Tensor* columns = c.constant(concat->inputs[1]);
  if (rows == nullptr || rows->start != 0 || rows->end != 1 || columns == nullptr || columns->size() != 1) {
    return {};
  }
  const ValueId x = shape->inputs[0];
  const int64_t count = columns->integer(0);
  if (c.width(x) < 0 || c.dtype(x) != fill->value.dtype() || count < 1 || count > 1024) return {};
  return c.builder.add(ml::Polynomial{std::vector<std::vector<int64_t>>(static_cast<size_t>(count))},
                       {c.mapped(x)});
}

}  // namespace panmodel::converters
