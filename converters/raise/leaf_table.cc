// Trees that give the number of a leaf per column, and a table of what the leaves give.
#include <algorithm>
#include <cmath>

#include "converters/raise/raise.h"
#include "converters/tree_copy.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"
#include "ir/ops/tree.h"

namespace panmodel::converters {
namespace {

// Trees whose leaves number the rows of a table, [rows,targets].
struct Numbered {
  const ml::TreeEnsemble* trees = nullptr;
  const Tensor* table = nullptr;
  ValueId x;
};

// Gather of a table by the numbers [N,trees], which `reorder` has turned into the index.
template <class Reorder>
bool numbered(const RaiseContext& c, const Node& gather, Numbered& out) {
  const Node *reorder = nullptr, *cast = nullptr, *trees = nullptr;
  const auto* op = gather.as<tensor::Gather>();
  if (op == nullptr || op->axis != 0) return false;
  out.table = c.constant(gather.inputs[0]);
  if (out.table == nullptr || out.table->rank() != 2 || !is_floating(out.table->dtype())) return false;
  if (c.maker<Reorder>(gather.inputs[1], &reorder) == nullptr) return false;
  const auto* to = c.maker<tensor::Cast>(reorder->inputs[0], &cast);
  if (to == nullptr || to->to != DType::i64) return false;
  out.trees = c.maker<ml::TreeEnsemble>(cast->inputs[0], &trees);
  if (out.trees == nullptr || !out.trees->base.empty() || out.trees->aggregate != ml::Aggregate::sum) return false;
  out.x = trees->inputs[0];
  return static_cast<int64_t>(out.trees->forest.roots.size()) == out.trees->targets;
}

// Appends the trees with what their rows of the table say; false when a leaf is no row's number, or a
// tree gives another column than its own.
bool append(const Numbered& from, Forest& out) {
  const Forest& f = from.trees->forest;
  const auto rows = static_cast<double>(from.table->shape()[0]);
  const auto width = static_cast<size_t>(from.table->shape()[1]);
  bool good = true;
  for (uint32_t tree = 0; tree < f.roots.size(); ++tree) {
    copy_tree(f, f.roots[tree], out, [&](uint32_t leaf) {
      const uint32_t begin = f.leaf_begin.empty() ? leaf : f.leaf_begin[leaf];
      const uint32_t end = f.leaf_begin.empty() ? leaf + 1 : f.leaf_begin[leaf + 1];
      double row = 0;
      for (uint32_t w = begin; w < end; ++w) row += f.leaf_weight[w];
      const uint32_t target = begin == end || f.leaf_target.empty() ? 0 : f.leaf_target[begin];
      // No weight is row 0 of any column.
      good = good && end - begin <= 1 && (begin == end || target == tree) && row >= 0 && row < rows &&
             row == std::floor(row);
      const uint32_t node = out.add_leaf();
      if (!good) return node;
      const size_t first = static_cast<size_t>(row) * width;
      for (size_t k = 0; k < width; ++k) out.add_weight(static_cast<uint32_t>(k), from.table->real(first + k));
      return node;
    });
    if (!good) return false;
  }
  return true;
}

}  // namespace

ValueId raise_trees(const Node& node, RaiseContext& c) {
  // The groups of trees from the last to the first: each sum has the one before it as its first term.
  std::vector<Numbered> groups(1);
  if (const auto* reduce = node.as<tensor::Reduce>()) {
    for (const Node* sum = &node;;) {
      reduce = sum->as<tensor::Reduce>();
      if (reduce == nullptr || reduce->fn != tensor::ReduceFn::sum || reduce->keep_dims ||
          reduce->axes != std::vector<int64_t>{0}) {
        return {};
      }
      const Node *terms = c.from.producer(sum->inputs[0]), *before = nullptr;
      if (terms != nullptr && terms->as<tensor::Concat>() && terms->inputs.size() == 2) {
        const auto* lifted = c.maker<tensor::Unsqueeze>(terms->inputs[0], &before);
        if (lifted == nullptr || lifted->axes != std::vector<int64_t>{0}) return {};
        terms = c.from.producer(terms->inputs[1]);
      }
      if (terms == nullptr || !numbered<tensor::Transpose>(c, *terms, groups.back())) return {};
      if (before == nullptr) break;
      sum = c.from.producer(before->inputs[0]);
      if (sum == nullptr) return {};
      groups.emplace_back();
    }
  } else if (!numbered<tensor::Reshape>(c, node, groups[0]) || groups[0].trees->targets != 1) {
    return {};
  }
  const Numbered& last = groups.front();
  ml::TreeEnsemble op;
  op.targets = last.table->shape()[1];
  op.accumulate = last.table->dtype();
  for (auto group = groups.rbegin(); group != groups.rend(); ++group) {
    const bool alike = group->x == last.x && group->table->shape()[1] == op.targets &&
                       group->table->dtype() == op.accumulate;
    if (!alike || !append(*group, op.forest)) return {};
  }
  return c.builder.add(std::move(op), {c.mapped(last.x)});
}

}  // namespace panmodel::converters
