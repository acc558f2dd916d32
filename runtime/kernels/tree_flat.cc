#include "runtime/kernels/tree_flat.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/number.h"
#include "runtime/kernels/tree_walk.h"

namespace panmodel::runtime {
namespace {

constexpr size_t kLanes = 16;        // walks in flight: hides the latency of their loads
constexpr uint32_t kStride = 4;      // levels between two looks whether all lanes have arrived

template <class X>
X down(double t) {
  if constexpr (std::is_same_v<X, float>) {
    return round_down(t);
  } else {
    return t;
  }
}
template <class X>
X up(double t) {
  if constexpr (std::is_same_v<X, float>) {
    return round_up(t);
  } else {
    return t;
  }
}

template <class X>
X set_slot(size_t set) {
  if constexpr (std::is_same_v<X, float>) {
    return std::bit_cast<float>(static_cast<uint32_t>(set));
  } else {
    return static_cast<double>(set);
  }
}
size_t set_of(float slot) { return std::bit_cast<uint32_t>(slot); }
size_t set_of(double slot) { return static_cast<size_t>(slot); }

}  // namespace

template <class X>
CanonicalTest<X> canonical_test(const Forest& forest, size_t i) {
  constexpr X kNever = std::numeric_limits<X>::quiet_NaN();
  double t = forest.threshold[i];
  NodeMode mode = forest.node_mode(i);
  CanonicalTest<X> test{kNever};
  if (mode == NodeMode::eq || mode == NodeMode::neq) {
    if (static_cast<double>(static_cast<X>(t)) == t) test.threshold = static_cast<X>(t);
    test.swapped = mode == NodeMode::neq;
  } else if (std::isnan(t)) {
    test.swapped = false;
  } else {
    // x < t is x <= the value before t; x >= t and x > t are the opposites, for no x is NaN here.
    bool inclusive = mode == NodeMode::leq || mode == NodeMode::gt;
    if (inclusive) {
      test.threshold = down<X>(t);
    } else if (X above = up<X>(t); above != -std::numeric_limits<X>::infinity()) {
      test.threshold = next_down(above);
    }
    test.swapped = mode == NodeMode::geq || mode == NodeMode::gt;
  }
  test.missing_yes = forest.missing_yes(i) != test.swapped;
  return test;
}

template <class X>
std::unique_ptr<const FlatForest<X>> FlatForest<X>::make(const ml::TreeEnsemble& op,
                                                         const Forest& trees) {
  const Forest& f = op.forest;
  auto flat = std::make_unique<FlatForest>();
  size_t targets = static_cast<size_t>(op.targets);
  bool sums = op.aggregate == ml::Aggregate::sum || op.aggregate == ml::Aggregate::mean;
  flat->dense_ = sums && (!f.leaf_target.empty() || targets == 1);
  for (size_t l = 0; l < f.leaves() && flat->dense_; ++l) {
    size_t begin = f.leaf_begin.empty() ? l : f.leaf_begin[l];
    size_t end = f.leaf_begin.empty() ? l + 1 : f.leaf_begin[l + 1];
    flat->dense_ = begin == l * targets && end == begin + targets;
    for (size_t w = begin; w < end && flat->dense_ && !f.leaf_target.empty(); ++w) {
      flat->dense_ = f.leaf_target[w] == w - begin;
    }
  }
  flat->single_ = flat->dense_ && targets == 1;
  for (size_t s = 0; s + 1 < f.set_begin.size(); ++s) {
    std::vector<double> set(f.set_value.begin() + f.set_begin[s],
                            f.set_value.begin() + f.set_begin[s + 1]);
    std::erase_if(set, [](double v) { return std::isnan(v); });
    std::sort(set.begin(), set.end());
    flat->sets_.push_back(std::move(set));
  }
  flat->nodes_.reserve(trees.nodes());
  flat->flags_.reserve(trees.nodes());
  (flat->single_ ? flat->weight_.reserve(trees.nodes()) : flat->leaf_.reserve(trees.nodes()));
  std::vector<uint8_t> visited(trees.nodes(), 0);
  for (uint32_t root : trees.roots) {
    if (!flat->add_tree(trees, f.leaf_weight, root, visited)) return nullptr;
  }
  return flat;
}

template <class X>
bool FlatForest<X>::add_tree(const Forest& f, const std::vector<double>& weights, uint32_t root,
                             std::vector<uint8_t>& visited) {
  size_t first = nodes_.size();
  std::vector<uint32_t> sources{root};  // of the slots from `first` on
  size_t level_end = 1;
  uint32_t depth = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    if (i == level_end) {
      level_end = sources.size();
      ++depth;
    }
    uint32_t source = sources[i];
    if (visited[source] != 0) return false;
    visited[source] = 1;
    size_t slot = first + i;
    bool leaf = f.is_leaf(source);
    NodeMode mode = f.node_mode(source);
    auto child = static_cast<uint32_t>(first + sources.size());
    if (leaf) {
      // Always "yes", which leads to the slot itself.
      nodes_.push_back({std::numeric_limits<X>::infinity(), 0, static_cast<uint32_t>(slot - 1)});
      flags_.push_back(kMissingYes);
    } else if (mode == NodeMode::member) {
      nodes_.push_back({set_slot<X>(static_cast<size_t>(f.threshold[source])), f.feature[source], child});
      flags_.push_back(kMember | (f.missing_yes(source) ? kMissingYes : 0));
      sources.push_back(f.no[source]);
      sources.push_back(f.yes[source]);
    } else {
      CanonicalTest<X> test = canonical_test<X>(f, source);
      bool equal = mode == NodeMode::eq || mode == NodeMode::neq;
      nodes_.push_back({test.threshold, f.feature[source], child});
      flags_.push_back(static_cast<uint8_t>((equal ? kEqual : 0) | (test.missing_yes ? kMissingYes : 0)));
      sources.push_back(test.swapped ? f.yes[source] : f.no[source]);
      sources.push_back(test.swapped ? f.no[source] : f.yes[source]);
    }
    special_ |= (flags_.back() & (kEqual | kMember)) != 0;
    if (single_) {
      weight_.push_back(leaf ? weights[f.yes[source]] : 0);
    } else {
      leaf_.push_back(leaf ? f.yes[source] : 0);
    }
  }
  trees_.push_back({static_cast<uint32_t>(first), depth});
  return true;
}

template <class X>
bool FlatForest<X>::yes(uint32_t slot, X x) const {
  const Node& node = nodes_[slot];
  uint8_t flags = flags_[slot];
  if (std::isnan(x)) return (flags & kMissingYes) != 0;
  if ((flags & kEqual) != 0) return x == node.threshold;
  if ((flags & kMember) != 0) {
    const std::vector<double>& set = sets_[set_of(node.threshold)];
    return std::binary_search(set.begin(), set.end(), static_cast<double>(x));
  }
  return x <= node.threshold;
}

// kLanes walks of at most `depth` levels from the slots `at`, each with a row of its own. kPlain:
// comparisons only, and no x is NaN.
template <class X>
template <bool kPlain>
void FlatForest<X>::descend(const X* const* rows, uint32_t* at, uint32_t depth) const {
  const Node* nodes = nodes_.data();
  auto step = [&](size_t lane) {
    uint32_t slot = at[lane];
    const Node& node = nodes[slot];
    X x = rows[lane][node.feature];
    bool go = kPlain ? x <= node.threshold : yes(slot, x);
    at[lane] = node.child + static_cast<uint32_t>(go);
  };
  while (depth > 0) {
    uint32_t levels = std::min(depth, kStride);
    depth -= levels;
    for (uint32_t level = 1; level < levels; ++level) {
      for (size_t lane = 0; lane < kLanes; ++lane) step(lane);
    }
    uint32_t moved = 0;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      uint32_t before = at[lane];
      step(lane);
      moved |= before ^ at[lane];
    }
    if (moved == 0) return;
  }
}

// Calls add(row, slot of the leaf) for every row and tree; for each row in the order of the trees.
template <class X>
template <bool kPlain, class Add>
void FlatForest<X>::walk(const X* x, size_t rows, size_t features, const Add& add) const {
  const X* lane_rows[kLanes];
  uint32_t at[kLanes];
  if (rows < kLanes) {
    // Few rows: the lanes are trees.
    for (size_t row = 0; row < rows; ++row) {
      std::fill_n(lane_rows, kLanes, x + row * features);
      for (size_t tree = 0; tree < trees_.size(); tree += kLanes) {
        size_t lanes = std::min(kLanes, trees_.size() - tree);
        uint32_t depth = 0;
        for (size_t lane = 0; lane < kLanes; ++lane) {
          const Tree& t = trees_[tree + std::min(lane, lanes - 1)];
          at[lane] = t.root;
          depth = std::max(depth, t.depth);
        }
        descend<kPlain>(lane_rows, at, depth);
        for (size_t lane = 0; lane < lanes; ++lane) add(row, at[lane]);
      }
    }
    return;
  }
  for (const Tree& tree : trees_) {
    for (size_t row = 0; row < rows; row += kLanes) {
      size_t lanes = std::min(kLanes, rows - row);
      for (size_t lane = 0; lane < kLanes; ++lane) {
        lane_rows[lane] = x + (row + std::min(lane, lanes - 1)) * features;
        at[lane] = tree.root;
      }
      descend<kPlain>(lane_rows, at, tree.depth);
      for (size_t lane = 0; lane < lanes; ++lane) add(row + lane, at[lane]);
    }
  }
}

template <class X>
template <class A>
void FlatForest<X>::add(const ml::TreeEnsemble& op, const X* x, size_t rows, size_t features, bool whole,
                        A* out) const {
  const Forest& f = op.forest;
  size_t targets = static_cast<size_t>(op.targets);
  bool plain = !special_ && whole;
  auto all = [&](const auto& add) {
    plain ? walk<true>(x, rows, features, add) : walk<false>(x, rows, features, add);
  };
  if (single_) {
    all([&](size_t row, uint32_t slot) { out[row] += static_cast<A>(weight_[slot]); });
  } else if (dense_) {
    all([&](size_t row, uint32_t slot) {
      const double* weight = f.leaf_weight.data() + leaf_[slot] * targets;
      for (size_t t = 0; t < targets; ++t) out[row * targets + t] += static_cast<A>(weight[t]);
    });
  } else {
    TreeSum<A> sum{op};
    std::vector<uint8_t> seen(rows * targets, 0);
    all([&](size_t row, uint32_t slot) {
      size_t leaf = leaf_[slot];
      size_t begin = f.leaf_begin.empty() ? leaf : f.leaf_begin[leaf];
      size_t end = f.leaf_begin.empty() ? leaf + 1 : f.leaf_begin[leaf + 1];
      for (size_t w = begin; w < end; ++w) {
        size_t i = row * targets + (f.leaf_target.empty() ? 0 : f.leaf_target[w]);
        out[i] = sum.combine(out[i], static_cast<A>(f.leaf_weight[w]), seen[i] == 0);
        seen[i] = 1;
      }
    });
  }
}

template CanonicalTest<float> canonical_test(const Forest&, size_t);
template CanonicalTest<double> canonical_test(const Forest&, size_t);
template class FlatForest<float>;
template class FlatForest<double>;
#define PANMODEL_ADD(X, A)                                                                    \
  template void FlatForest<X>::add(const ml::TreeEnsemble&, const X*, size_t, size_t, bool, A*) \
      const;
PANMODEL_ADD(float, float)
PANMODEL_ADD(float, double)
PANMODEL_ADD(double, float)
PANMODEL_ADD(double, double)
#undef PANMODEL_ADD

}  // namespace panmodel::runtime
