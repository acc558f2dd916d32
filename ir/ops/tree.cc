#include "ir/ops/tree.h"

namespace panmodel::ml {

bool one_tree_per_target(const TreeEnsemble& op) {
  const Forest& f = op.forest;
  std::vector<uint32_t> owner(static_cast<size_t>(op.targets), UINT32_MAX);
  std::vector<uint32_t> seen(f.nodes(), UINT32_MAX);  // the last tree that came by
  std::vector<uint32_t> stack;
  for (uint32_t tree = 0; tree < f.roots.size(); ++tree) {
    stack.assign(1, f.roots[tree]);
    while (!stack.empty()) {
      uint32_t node = stack.back();
      stack.pop_back();
      if (seen[node] == tree) continue;
      if (seen[node] != UINT32_MAX) return false;
      seen[node] = tree;
      if (!f.is_leaf(node)) {
        stack.insert(stack.end(), {f.yes[node], f.no[node]});
        continue;
      }
      uint32_t leaf = f.yes[node];
      uint32_t begin = f.leaf_begin.empty() ? leaf : f.leaf_begin[leaf];
      uint32_t end = f.leaf_begin.empty() ? leaf + 1 : f.leaf_begin[leaf + 1];
      if (end - begin > 1) return false;
      if (begin == end) continue;
      uint32_t& owned = owner[f.leaf_target.empty() ? 0 : f.leaf_target[begin]];
      if (owned != UINT32_MAX && owned != tree) return false;
      owned = tree;
    }
  }
  return true;
}

}  // namespace panmodel::ml
