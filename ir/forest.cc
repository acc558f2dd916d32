#include "ir/forest.h"

#include <algorithm>
#include <cstring>

#include "base/diagnostic.h"
#include "base/fail.h"
#include "ir/unshare.h"

namespace panmodel {
namespace {

bool same_reals(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

void check_arrays(const Forest& f, const ForestLimits& limits, const Location& loc) {
  size_t n = f.mode.size();
  if (f.feature.size() != n || f.threshold.size() != n || f.yes.size() != n || f.no.size() != n) {
    fail(loc, "ir-forest", "the node arrays of the forest differ in length");
  }
  if (!f.leaf_target.empty() && f.leaf_target.size() != f.leaf_weight.size()) {
    fail(loc, "ir-forest", "{} leaf targets for {} leaf weights", f.leaf_target.size(),
         f.leaf_weight.size());
  }
  auto ranges = [&](const std::vector<uint32_t>& begin, size_t total, const char* what) {
    if (begin.empty()) return;
    if (begin.front() != 0 || begin.back() != total || !std::is_sorted(begin.begin(), begin.end()))
      fail(loc, "ir-forest", "the ranges of the {} are malformed", what);
  };
  ranges(f.leaf_begin, f.leaf_weight.size(), "leaf weights");
  ranges(f.set_begin, f.set_value.size(), "category sets");
  for (uint32_t t : f.leaf_target) {
    if (t >= limits.targets) {
      fail(loc, "ir-forest", "leaf target {}, expected less than {}", t, limits.targets);
    }
  }
}

// Whether the threshold of a node is the index of a category set.
bool names_set(const Forest& f, size_t i) {
  double sets = f.set_begin.empty() ? 0 : static_cast<double>(f.set_begin.size() - 1);
  return f.threshold[i] >= 0 && f.threshold[i] < sets;
}

void check_node(const Forest& f, size_t i, const ForestLimits& limits, const Location& loc) {
  NodeMode mode = f.node_mode(i);
  if (mode > NodeMode::member) fail(loc, "ir-forest", "node {} has mode {}", i, f.mode[i]);
  if (mode == NodeMode::leaf) {
    if (f.mode[i] != 0 || f.yes[i] >= f.leaves()) {
      fail(loc, "ir-forest", "node {} names leaf {}, expected less than {}", i, f.yes[i],
           f.leaves());
    }
    return;
  }
  if (f.feature[i] >= limits.features) {
    fail(loc, "ir-forest", "node {} tests feature {}, expected less than {}", i, f.feature[i],
         limits.features);
  }
  if (f.yes[i] >= f.nodes() || f.no[i] >= f.nodes()) {
    fail(loc, "ir-forest", "node {} has child {}, expected less than {}", i,
         std::max(f.yes[i], f.no[i]), f.nodes());
  }
  if (mode == NodeMode::member && !names_set(f, i)) {
    fail(loc, "ir-forest", "node {} names a category set that does not exist", i);
  }
}

}  // namespace

uint32_t Forest::add_leaf() {
  if (leaf_begin.empty()) leaf_begin.push_back(0);
  uint32_t leaf = static_cast<uint32_t>(leaf_begin.size() - 1);
  leaf_begin.push_back(static_cast<uint32_t>(leaf_weight.size()));
  return add_node(NodeMode::leaf, 0, 0, leaf, 0, false);
}

void Forest::add_weight(uint32_t target, double weight) {
  leaf_target.push_back(target);
  leaf_weight.push_back(weight);
  leaf_begin.back() = static_cast<uint32_t>(leaf_weight.size());
}

void Forest::reserve(size_t nodes, size_t weights) {
  mode.reserve(nodes);
  feature.reserve(nodes);
  threshold.reserve(nodes);
  yes.reserve(nodes);
  no.reserve(nodes);
  leaf_begin.reserve(nodes / 2 + 2);
  leaf_target.reserve(weights);
  leaf_weight.reserve(weights);
}

bool Forest::operator==(const Forest& o) const {
  return mode == o.mode && feature == o.feature && same_reals(threshold, o.threshold) &&
         yes == o.yes && no == o.no && roots == o.roots && leaf_begin == o.leaf_begin &&
         leaf_target == o.leaf_target && same_reals(leaf_weight, o.leaf_weight) &&
         set_begin == o.set_begin && same_reals(set_value, o.set_value);
}

namespace {

// The usual form: all nodes are as check_node wants them, each child stands behind its parent, which
// leaves no room for a cycle, and no node has two parents or is also a root. One pass sees what else
// takes a check of every node and a walk; few branches, for nothing predicts where the leaves are.
bool is_plain(const Forest& f, const ForestLimits& limits) {
  if (f.nodes() > UINT32_MAX) return false;
  const auto n = static_cast<uint32_t>(f.nodes());
  const uint64_t leaves = f.leaves(), features = limits.features;
  const uint8_t* mode = f.mode.data();
  const uint32_t *feature = f.feature.data(), *yes = f.yes.data(), *no = f.no.data();
  std::vector<uint8_t> marks(n, 0);
  uint8_t* parents = marks.data();
  for (uint32_t root : f.roots) {
    if (root >= n || parents[root]++ != 0) return false;
  }
  for (uint32_t i = 0; i < n; ++i) {
    const bool inner = mode[i] != 0;
    const uint32_t behind = n - 1 - i, a = yes[i] - i - 1, b = no[i] - i - 1;
    const bool leaf_fits = yes[i] < leaves;
    const bool split_fits = (a < behind) & (b < behind) & (a != b) & (feature[i] < features);
    if (!(inner ? split_fits : leaf_fits)) return false;
    if (inner & ((mode[i] & 0x7f) - 1U >= static_cast<uint32_t>(NodeMode::member) - 1)) {
      if (f.node_mode(i) != NodeMode::member || !names_set(f, i)) return false;
    }
    // A leaf marks itself: whoever names it later does not stand before it, which is wrong anyway.
    const uint32_t y = inner ? yes[i] : i, z = inner ? no[i] : i;
    if (inner & ((parents[y] | parents[z]) != 0)) return false;
    parents[y] = parents[z] = 1;
  }
  return true;
}

}  // namespace

void validate(const Forest& f, const ForestLimits& limits, const Location& loc) {
  check_arrays(f, limits, loc);
  if (is_plain(f, limits)) return;
  for (size_t i = 0; i < f.nodes(); ++i) check_node(f, i, limits, loc);
  // Depth-first walk with three colours: an open node met again closes a cycle, a finished one is
  // shared.
  enum : uint8_t { fresh, open, done };
  std::vector<uint8_t> colour(f.nodes(), fresh);
  std::vector<uint32_t> stack;
  for (uint32_t root : f.roots) {
    if (root >= f.nodes()) {
      fail(loc, "ir-forest", "root {} of a tree, expected less than {}", root, f.nodes());
    }
    stack.push_back(root);
    while (!stack.empty()) {
      uint32_t i = stack.back();
      if (colour[i] == open) {
        colour[i] = done;
        stack.pop_back();
        continue;
      }
      if (colour[i] == done) {
        if (!limits.allow_shared) fail(loc, "ir-forest", "node {} has two parents", i);
        stack.pop_back();
        continue;
      }
      if (f.is_leaf(i)) {
        colour[i] = done;
        stack.pop_back();
        continue;
      }
      colour[i] = open;
      for (uint32_t child : {f.no[i], f.yes[i]}) {
        if (colour[child] == open) fail(loc, "ir-forest", "node {} is its own descendant", child);
        stack.push_back(child);
      }
    }
  }
}

namespace {

constexpr uint64_t kMaxCopies = uint64_t{1} << 22;

// Of the whole forest: edges on the longest path from a root to a leaf, and nodes when every parent has
// children of its own (at most UINT64_MAX).
struct Extent {
  uint32_t depth = 0;
  uint64_t copies = 0;
};

Extent extent_of(const Forest& f) {
  const auto sum = [](uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; };
  std::vector<Extent> below(f.nodes());  // no copies: not known yet
  std::vector<uint32_t> stack;
  Extent all;
  for (uint32_t root : f.roots) {
    stack.push_back(root);
    while (!stack.empty()) {
      uint32_t i = stack.back();
      if (below[i].copies > 0) {
        stack.pop_back();
        continue;
      }
      if (f.is_leaf(i)) {
        below[i].copies = 1;
        continue;
      }
      const Extent& yes = below[f.yes[i]];
      const Extent& no = below[f.no[i]];
      if (yes.copies > 0 && no.copies > 0) {
        below[i] = {std::max(yes.depth, no.depth) + 1, sum(1, sum(yes.copies, no.copies))};
        continue;
      }
      if (yes.copies == 0) stack.push_back(f.yes[i]);
      if (no.copies == 0) stack.push_back(f.no[i]);
    }
    all = {std::max(all.depth, below[root].depth), sum(all.copies, below[root].copies)};
  }
  return all;
}

// Edges on the longest path of a plain forest, where children stand behind their parents.
uint32_t depth_of_plain(const Forest& f) {
  std::vector<uint32_t> below(f.nodes(), 0);
  for (size_t i = f.nodes(); i-- > 0;) {
    if (!f.is_leaf(i)) below[i] = std::max(below[f.yes[i]], below[f.no[i]]) + 1;
  }
  uint32_t depth = 0;
  for (uint32_t root : f.roots) depth = std::max(depth, below[root]);
  return depth;
}

}  // namespace

ForestStats stats(const Forest& f) {
  const uint32_t depth = is_plain(f, {}) ? depth_of_plain(f) : extent_of(f).depth;
  ForestStats s{f.roots.size(), f.nodes() + f.unread.nodes, f.unread.leaves,
                std::max<size_t>(f.unread.depth, depth)};
  for (uint8_t m : f.mode) s.leaves += m == 0;
  s.nodes -= f.unread.trees;
  s.leaves -= f.unread.trees;
  return s;
}

bool can_unshare(const Forest& f) {
  return is_plain(f, {}) || extent_of(f).copies <= std::max<uint64_t>(f.nodes(), kMaxCopies);
}

}  // namespace panmodel
