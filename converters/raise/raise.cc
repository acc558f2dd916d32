#include "converters/raise/raise.h"

#include "converters/phases.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::converters {

const Tensor* RaiseContext::constant(ValueId v) const {
  const auto* made = maker<tensor::Constant>(v);
  return made != nullptr ? &made->value : nullptr;
}

int64_t RaiseContext::width(ValueId v) const {
  const TensorType* t = builder.type(mapped(v)).tensor();
  return t != nullptr && t->dims && t->dims->size() == 2 ? (*t->dims)[1].size : -1;
}

DType RaiseContext::dtype(ValueId v) const { return from.type(v).tensor()->dtype; }

namespace {

// Raised values know more of their shape than what they replace.
bool same_kind(const Type& a, const Type& b) {
  const TensorType *x = a.tensor(), *y = b.tensor();
  if (x == nullptr || y == nullptr || x->dtype != y->dtype) return false;
  return !x->dims || !y->dims || x->dims->size() == y->dims->size();
}

}  // namespace

Model raise(const Model& model, const Target& target) {
  constexpr Raise kAll[] = {raise_linear, raise_labels, raise_trees, raise_normalize, raise_discretize,
                            raise_ones};
  const Graph& from = model.graph;
  Model result = without_graph(model);
  Builder builder(result);
  std::vector<ValueId> map(from.values.size());
  for (const Input& input : model.inputs) {
    map[input.value.v] = builder.input(input.name, from.type(input.value), input.features);
  }
  RaiseContext context{from, builder, map};
  for (const Node& node : from.nodes) {
    std::vector<ValueId> inputs, made;
    for (ValueId v : node.inputs) inputs.push_back(v.valid() ? map[v.v] : v);
    builder.at(node.loc);
    const size_t nodes = result.graph.nodes.size(), values = result.graph.values.size();
    for (Raise raise : kAll) {
      const ValueId raised = raise(node, context);
      if (!raised.valid()) continue;
      const Node& maker = *result.graph.producer(raised);
      const bool held = target.check(maker, result.graph).level == Support::Level::native;
      if (held && same_kind(result.graph.type(raised), from.type(node.outputs[0]))) {
        made = {raised};
        break;
      }
      result.graph.nodes.resize(nodes);
      result.graph.values.resize(values);
    }
    if (made.empty()) made = builder.copy(node, from, inputs);
    for (size_t i = 0; i < made.size(); ++i) {
      map[node.outputs[i].v] = made[i];
      const std::string& name = from.value(node.outputs[i]).name;
      if (!name.empty()) builder.name_value(made[i], name);
    }
  }
  for (const Output& o : model.outputs) builder.output(o.name, map[o.value.v], o.role, o.keys);
  return result;
}

}  // namespace panmodel::converters
