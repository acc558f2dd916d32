#include "ir/builder.h"

#include "ir/ops/tensor_shape.h"

namespace panmodel {
namespace {

const Tensor* constant_of(const Graph& graph, ValueId id) {
  const Node* node = graph.producer(id);
  const auto* constant = node ? node->as<tensor::Constant>() : nullptr;
  return constant ? &constant->value : nullptr;
}

}  // namespace

void Builder::at(const Location& loc) {
  if (loc_.valid() && model_.locations[loc_.v] == loc) return;
  loc_ = LocId{static_cast<uint32_t>(model_.locations.size())};
  model_.locations.push_back(loc);
}

ValueId Builder::input(std::string name, Type type, std::vector<std::string> features) {
  ValueId id{static_cast<uint32_t>(model_.graph.values.size())};
  model_.graph.values.push_back({std::move(type), name, {}, 0});
  model_.inputs.push_back({std::move(name), id, std::move(features)});
  return id;
}

void Builder::output(std::string name, ValueId value, Role role, Tensor keys) {
  model_.outputs.push_back({std::move(name), value, role, std::move(keys)});
}

std::vector<ValueId> Builder::add_erased(OpId op, std::shared_ptr<const void> payload,
                                         std::vector<ValueId> inputs, std::string name) {
  const OpInfo& info = op_info(op);
  std::vector<const Type*> types;
  std::vector<const Tensor*> constants;
  for (ValueId id : inputs) {
    if (id.valid() && id.v >= model_.graph.values.size()) {
      fail(model_.location(loc_), "ir-graph", "{} uses value {} before it is made", info.meta.name,
           id.v);
    }
    types.push_back(id.valid() ? &type(id) : nullptr);
    constants.push_back(id.valid() ? constant_value(id) : nullptr);
  }
  InferContext context(info.meta.name, std::move(types), std::move(constants),
                       model_.location(loc_));
  Types results = info.infer(payload.get(), context);
  return append(op, std::move(payload), std::move(inputs), std::move(name), std::move(results));
}

std::vector<ValueId> Builder::copy(const Node& node, const Graph& from,
                                   std::vector<ValueId> inputs) {
  bool same = inputs.size() == node.inputs.size();
  for (size_t i = 0; i < inputs.size() && same; ++i) {
    const ValueId then = node.inputs[i], now = inputs[i];
    same = then.valid() == now.valid() &&
           (!then.valid() || (now.v < graph().values.size() && from.type(then) == type(now) &&
                              constant_value(now) == nullptr && constant_of(from, then) == nullptr));
  }
  if (!same) return add_erased(node.op, node.payload, std::move(inputs), node.name);
  Types results;
  for (ValueId output : node.outputs) results.push_back(from.type(output));
  return append(node.op, node.payload, std::move(inputs), node.name, std::move(results));
}

std::vector<ValueId> Builder::append(OpId op, std::shared_ptr<const void> payload,
                                     std::vector<ValueId> inputs, std::string name,
                                     Types results) {
  NodeId node{static_cast<uint32_t>(model_.graph.nodes.size())};
  std::vector<ValueId> outputs;
  for (Type& result : results) {
    outputs.push_back({static_cast<uint32_t>(model_.graph.values.size())});
    model_.graph.values.push_back(
        {std::move(result), {}, node, static_cast<uint32_t>(outputs.size() - 1)});
  }
  model_.graph.nodes.push_back(
      {op, std::move(inputs), outputs, std::move(payload), loc_, std::move(name)});
  return outputs;
}

ValueId Builder::constant(Tensor value) {
  return add(tensor::Constant{std::move(value)}, {});
}

const Tensor* Builder::constant_value(ValueId id) const { return constant_of(graph(), id); }

}  // namespace panmodel
