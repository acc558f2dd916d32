#pragma once
// Forest: decision trees as a structure of arrays, all trees one after another.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/location.h"

namespace panmodel {

// How a node compares feature value x with its threshold t. `member` asks whether x is in a set.
enum class NodeMode : uint8_t { leaf, leq, lt, geq, gt, eq, neq, member };

struct ForestStats {
  size_t trees = 0, nodes = 0, leaves = 0, depth = 0;
};

struct Forest {
  static constexpr uint8_t kMissingYes = 0x80;  // NaN takes the `yes` branch whatever the mode says

  // One entry per node. `mode` is a NodeMode, or'ed with kMissingYes.
  std::vector<uint8_t> mode;
  std::vector<uint32_t> feature;    // column of X; 0 for a leaf
  std::vector<double> threshold;    // for `member`: index of the set; 0 for a leaf
  std::vector<uint32_t> yes, no;    // absolute node index; a leaf keeps its leaf index in `yes`
  std::vector<uint32_t> roots;      // one node per tree, in the order in which trees are summed
  // One entry per leaf plus one: range of its weights. Empty = leaf i has exactly weight i.
  std::vector<uint32_t> leaf_begin;
  std::vector<uint32_t> leaf_target;  // output column of each weight; empty = all 0
  std::vector<double> leaf_weight;
  // Sets of `member` nodes: set i is set_value[set_begin[i] .. set_begin[i+1]).
  std::vector<uint32_t> set_begin;
  std::vector<double> set_value;
  // In the outline of a model: what the file says of trees whose nodes were not read. A leaf without
  // weights stands for each of them, and only stats() counts them.
  ForestStats unread;

  size_t nodes() const { return mode.size(); }
  size_t leaves() const { return leaf_begin.empty() ? leaf_weight.size() : leaf_begin.size() - 1; }
  NodeMode node_mode(size_t i) const { return static_cast<NodeMode>(mode[i] & 0x7f); }
  bool is_leaf(size_t i) const { return mode[i] == 0; }
  bool missing_yes(size_t i) const { return (mode[i] & kMissingYes) != 0; }
  // Appends a node and returns its index. Children may be set later through yes / no.
  uint32_t add_node(NodeMode m, uint32_t f, double t, uint32_t yes_child, uint32_t no_child,
                    bool missing_to_yes) {
    const auto code = static_cast<uint8_t>(m);
    mode.push_back(missing_to_yes ? static_cast<uint8_t>(code | kMissingYes) : code);
    feature.push_back(f);
    threshold.push_back(t);
    yes.push_back(yes_child);
    no.push_back(no_child);
    return static_cast<uint32_t>(mode.size() - 1);
  }
  // Appends a leaf node without weights, to be followed by add_weight calls for it.
  uint32_t add_leaf();
  // Appends a leaf node with this weight for target 0, in a forest that has no other kind of leaf.
  uint32_t add_single_leaf(double weight) {
    leaf_weight.push_back(weight);
    return add_node(NodeMode::leaf, 0, 0, static_cast<uint32_t>(leaf_weight.size() - 1), 0, false);
  }
  void add_weight(uint32_t target, double weight);
  void reserve(size_t nodes, size_t weights);

  bool operator==(const Forest&) const;  // compares bits of the reals
};

struct ForestLimits {
  uint64_t features = UINT32_MAX;  // every feature index is below
  uint64_t targets = UINT32_MAX;   // every leaf target is below
  bool allow_shared = false;       // two parents for one node (legal in ONNX)
};
// Fails "ir-forest" at `loc` unless all arrays agree in length, every index is in range, every tree
// is finite (no cycle) and, unless allowed, no node has two parents. Iterative, linear time.
void validate(const Forest& forest, const ForestLimits& limits, const Location& loc);

ForestStats stats(const Forest& forest);

}  // namespace panmodel
