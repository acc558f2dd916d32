#pragma once
// The dataflow graph. Nodes and values live in two vectors, addressed by strong indices;
// topological by construction. A pass reads one graph and builds another through Builder.
#include <cassert>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ir/op_fwd.h"
#include "ir/type.h"

namespace panmodel {

template <class Tag>
struct Index {
  uint32_t v = UINT32_MAX;
  bool valid() const { return v != UINT32_MAX; }
  auto operator<=>(const Index&) const = default;
};
using ValueId = Index<struct ValueTag>;  // an invalid id as a node's input = absent optional input
using NodeId = Index<struct NodeTag>;
using LocId = Index<struct LocTag>;

struct Value {
  Type type;
  std::string name;  // may be empty
  NodeId producer;   // invalid = input of the graph
  uint32_t output = 0;
};

struct Node {
  OpId op;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::shared_ptr<const void> payload;  // the operator struct; shared between graphs
  LocId loc;
  std::string name;

  // The operator struct, or null when the node is another operator.
  template <class Op>
  const Op* as() const {
    return op == OpIdOf<Op>::value ? static_cast<const Op*>(payload.get()) : nullptr;
  }
};

struct Graph {
  std::vector<Value> values;
  std::vector<Node> nodes;

  const Value& value(ValueId id) const { return values[id.v]; }
  const Node& node(NodeId id) const { return nodes[id.v]; }
  const Type& type(ValueId id) const { return values[id.v].type; }
  // The node that makes `id`, or null for an input of the graph.
  const Node* producer(ValueId id) const {
    NodeId p = values[id.v].producer;
    return p.valid() ? &nodes[p.v] : nullptr;
  }
};

}  // namespace panmodel
