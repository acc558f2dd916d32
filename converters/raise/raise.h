#pragma once
// Raising: tensor operators that together are one operator of the ml dialect, found by what they compute.
// Each is the inverse of a lowering (converters/lower), or another way in which exporters write it.
#include <vector>

#include "ir/builder.h"

namespace panmodel::converters {

struct RaiseContext {
  const Graph& from;
  Builder& builder;                  // the new graph
  const std::vector<ValueId>& map;   // of values of `from` to the new graph

  ValueId mapped(ValueId v) const { return map[v.v]; }
  // The maker of a value when it is such a node, else null.
  template <class Op>
  const Op* maker(ValueId v, const Node** node = nullptr) const {
    const Node* made = from.producer(v);
    if (made == nullptr) return nullptr;
    if (node != nullptr) *node = made;
    return made->as<Op>();
  }
  const Tensor* constant(ValueId v) const;
  // Of a matrix [N,K] the width as the new graph knows it, -1 when unknown or no matrix.
  int64_t width(ValueId v) const;
  DType dtype(ValueId v) const;
};

// Appends the operator of which `node` gives the result and returns its value; invalid when the node is
// not the last one of such a group. What it appends beside is dropped when nobody uses it.
using Raise = ValueId (*)(const Node& node, RaiseContext& context);

ValueId raise_linear(const Node& node, RaiseContext& context);      // linear.cc
ValueId raise_labels(const Node& node, RaiseContext& context);      // labels.cc
ValueId raise_trees(const Node& node, RaiseContext& context);       // leaf_table.cc
ValueId raise_normalize(const Node& node, RaiseContext& context);   // scale.cc
ValueId raise_discretize(const Node& node, RaiseContext& context);
ValueId raise_ones(const Node& node, RaiseContext& context);

}  // namespace panmodel::converters
