#include "converters/phases.h"

namespace panmodel::converters {

Model drop_dead(const Model& model) {
  const Graph& from = model.graph;
  std::vector<uint8_t> needed(from.values.size(), 0);
  std::vector<uint8_t> keep(from.nodes.size(), 0);
  for (const Output& o : model.outputs) needed[o.value.v] = 1;
  for (size_t i = from.nodes.size(); i-- > 0;) {
    for (ValueId v : from.nodes[i].outputs) keep[i] = keep[i] || needed[v.v];
    if (!keep[i]) continue;
    for (ValueId v : from.nodes[i].inputs) {
      if (v.valid()) needed[v.v] = 1;
    }
  }
  Model result = without_graph(model);
  std::vector<ValueId> map(from.values.size());
  auto copy_value = [&](ValueId v, NodeId producer) {
    map[v.v] = ValueId{static_cast<uint32_t>(result.graph.values.size())};
    Value value = from.values[v.v];
    value.producer = producer;
    result.graph.values.push_back(std::move(value));
    return map[v.v];
  };
  for (Input input : model.inputs) {
    input.value = copy_value(input.value, {});
    result.inputs.push_back(std::move(input));
  }
  for (size_t i = 0; i < from.nodes.size(); ++i) {
    if (!keep[i]) continue;
    Node node = from.nodes[i];
    NodeId id{static_cast<uint32_t>(result.graph.nodes.size())};
    for (ValueId& v : node.inputs) {
      if (v.valid()) v = map[v.v];
    }
    for (ValueId& v : node.outputs) v = copy_value(v, id);
    result.graph.nodes.push_back(std::move(node));
  }
  for (Output output : model.outputs) {
    output.value = map[output.value.v];
    result.outputs.push_back(std::move(output));
  }
  return result;
}

}  // namespace panmodel::converters
