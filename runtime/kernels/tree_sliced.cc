#include "runtime/kernels/tree_sliced.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "runtime/kernels/tree_flat.h"

// The scoring loops use vectors that not every x86-64 has. Each function has to say so: the attribute
// does not reach the ones that it calls.
#if defined(__x86_64__)
#define PANMODEL_VECTOR __attribute__((target("avx2")))
#else
#define PANMODEL_VECTOR
#endif
#define PANMODEL_INLINE PANMODEL_VECTOR inline __attribute__((always_inline))

namespace panmodel::runtime {
namespace {

constexpr size_t kMost = 255;  // thresholds of a feature, so that a rank is a byte
constexpr size_t kGroups = 8;  // bits of a byte: row 32 * g + i is bit g of byte i of a mask

// 32 bytes at a time, in whatever registers the machine has.
using Mask = uint8_t __attribute__((vector_size(32)));
using Ranks = int8_t __attribute__((vector_size(32)));
using Words = uint64_t __attribute__((vector_size(32)));
// A vector type as a template argument would lose its alignment.
struct alignas(sizeof(Mask)) Stored {
  Mask mask;
};

bool compares(const Forest& f, size_t node) {
  switch (f.node_mode(node)) {
    case NodeMode::leq: case NodeMode::lt: case NodeMode::geq: case NodeMode::gt: return true;
    default: return false;
  }
}

// Grows with x, so that a bucket holds all values between its least and its greatest.
template <class X>
inline X bucket_place(X x, X low, X scale, X last) {
  X place = (x - low) * scale;
  place = place > 0 ? place : 0;  // also for NaN
  return place < last ? place : last;
}

uint32_t depth_of(const Forest& trees, uint32_t root, uint32_t most) {
  struct Item {
    uint32_t node, depth;
  };
  uint32_t depth = 0;
  std::vector<Item> open{{root, 0}};
  while (!open.empty() && depth <= most) {
    auto [node, at] = open.back();
    open.pop_back();
    depth = std::max(depth, at);
    if (trees.is_leaf(node)) continue;
    open.push_back({trees.yes[node], at + 1});
    open.push_back({trees.no[node], at + 1});
  }
  return depth;
}

}  // namespace

template <class X>
std::unique_ptr<const SlicedForest<X>> SlicedForest<X>::make(const ml::TreeEnsemble& op,
                                                             const Forest& trees) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) return nullptr;
#endif
  constexpr size_t kPadding = 4;  // places of complete trees per node
  size_t places = 0;
  for (uint32_t root : trees.roots) {
    const uint32_t depth = depth_of(trees, root, kDepth);
    if (depth > kDepth) return nullptr;
    places += size_t{1} << depth;
  }
  if (trees.roots.empty() || places > kPadding * trees.nodes()) return nullptr;
  auto sliced = std::make_unique<SlicedForest>();
  if (!sliced->add_features(trees)) return nullptr;
  for (uint32_t root : trees.roots) {
    if (!sliced->add_tree(trees, root)) return nullptr;
  }
  if (op.targets == 1) {
    for (uint32_t leaf : sliced->leaves_) {
      if (op.accumulate == DType::f32) {
        sliced->weights32_.push_back(static_cast<float>(op.forest.leaf_weight[leaf]));
      } else {
        sliced->weights64_.push_back(op.forest.leaf_weight[leaf]);
      }
    }
  }
  return sliced;
}

template <class X>
bool SlicedForest<X>::add_features(const Forest& trees) {
  std::vector<std::vector<X>> thresholds;
  for (size_t n = 0; n < trees.nodes(); ++n) {
    if (trees.is_leaf(n)) continue;
    const X t = compares(trees, n) ? canonical_test<X>(trees, n).threshold
                                      : std::numeric_limits<X>::infinity();
    if (!std::isfinite(t)) return false;
    if (thresholds.size() <= trees.feature[n]) thresholds.resize(trees.feature[n] + 1);
    thresholds[trees.feature[n]].push_back(t);
  }
  for (size_t column = 0; column < thresholds.size(); ++column) {
    std::vector<X>& all = thresholds[column];
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    for (size_t from = 0; from < all.size(); from += kMost) {
      add_feature(static_cast<uint32_t>(column), all.data() + from, std::min(kMost, all.size() - from));
    }
  }
  return true;
}

template <class X>
void SlicedForest<X>::add_feature(uint32_t column, const X* thresholds, size_t count) {
  constexpr X kLast = kBuckets - 1;
  Feature f{column, static_cast<uint32_t>(count), 0, static_cast<uint32_t>(thresholds_.size()),
            static_cast<uint32_t>(buckets_.size()), masks_, thresholds[0], 0};
  const X scale = kBuckets / (thresholds[count - 1] - thresholds[0]);
  if (std::isfinite(scale)) f.scale = scale;
  std::vector<uint32_t> filled(kBuckets, 0);
  for (size_t i = 0; i < count; ++i) {
    ++filled[static_cast<size_t>(bucket_place(thresholds[i], f.low, f.scale, kLast))];
  }
  uint32_t below = 0;
  for (uint32_t in : filled) {
    buckets_.push_back(static_cast<uint8_t>(below));
    below += in;
    f.scan = std::max(f.scan, in);
  }
  thresholds_.insert(thresholds_.end(), thresholds, thresholds + count);
  // A scan and a binary search may look behind the last threshold.
  thresholds_.insert(thresholds_.end(), kMost + 1 - count + kScan, std::numeric_limits<X>::infinity());
  masks_ += f.count;
  features_.push_back(f);
}

template <class X>
uint32_t SlicedForest<X>::mask_of(uint32_t column, X threshold) const {
  auto f = std::lower_bound(features_.begin(), features_.end(), column,
                            [](const Feature& a, uint32_t c) { return a.column < c; });
  auto end = thresholds_.begin();
  for (;; ++f) {
    auto first = thresholds_.begin() + f->threshold;
    end = first + f->count;
    auto found = std::lower_bound(first, end, threshold);
    if (found != end) return f->mask + static_cast<uint32_t>(found - first);
  }
}

// In heap order, "yes" first; below a leaf of less than full depth stands the leaf again, and any test.
template <class X>
bool SlicedForest<X>::add_tree(const Forest& trees, uint32_t root) {
  Tree tree{depth_of(trees, root, kDepth), static_cast<uint32_t>(tests_.size()),
            static_cast<uint32_t>(leaves_.size())};
  std::vector<uint32_t> level{root}, next;
  for (uint32_t d = 0; d < tree.depth; ++d) {
    next.clear();
    for (uint32_t node : level) {
      if (trees.is_leaf(node)) {
        tests_.push_back(0);
        next.insert(next.end(), 2, node);
        continue;
      }
      const CanonicalTest<X> test = canonical_test<X>(trees, node);
      tests_.push_back(mask_of(trees.feature[node], test.threshold));
      next.push_back(test.swapped ? trees.no[node] : trees.yes[node]);
      next.push_back(test.swapped ? trees.yes[node] : trees.no[node]);
    }
    level.swap(next);
  }
  for (uint32_t node : level) leaves_.push_back(trees.yes[node]);
  trees_.push_back(tree);
  return true;
}

template <class X>
struct SlicedForest<X>::Scratch {
  explicit Scratch(size_t count) : masks(std::make_unique_for_overwrite<Stored[]>(count)) {}
  std::unique_ptr<Stored[]> masks;
  alignas(32) X column[kRows] = {};
  alignas(32) int32_t bucket[kRows] = {};
  alignas(32) uint8_t rank[kRows] = {};
  alignas(32) uint8_t leaf[kGroup][kRows] = {};
};

// The loops.
template <class X>
struct SlicedForest<X>::Body {
  const SlicedForest& f;
  Scratch& s;

  // Of one column; false when a value is missing.
  PANMODEL_INLINE bool load(const TreeRows<X>& rows, uint32_t column, size_t from, size_t count) {
    int missing = 0;
    if (rows.columns.empty()) {
      const X* x = rows.matrix + from * rows.features + column;
      for (size_t r = 0; r < count; ++r) s.column[r] = x[r * rows.features];
    } else {
      const typename TreeRows<X>::Column& source = rows.columns[column];
      std::memcpy(s.column, source.cells + from, count * sizeof(X));
      for (size_t r = 0; source.valid != nullptr && r < count; ++r) missing |= source.valid[from + r] == 0 ? 1 : 0;
    }
    for (size_t r = 0; r < count; ++r) missing |= s.column[r] != s.column[r] ? 1 : 0;
    return missing == 0;
  }

  // The number of thresholds below each value.
  PANMODEL_INLINE void rank(const Feature& feature) {
    const X* t = f.thresholds_.data() + feature.threshold;
    if (feature.scan > kScan) {
      for (size_t r = 0; r < kRows; ++r) {
        uint32_t at = 0;
        for (uint32_t step = (kMost + 1) / 2; step > 0; step /= 2) {
          at += t[at + step - 1] < s.column[r] ? step : 0;
        }
        s.rank[r] = static_cast<uint8_t>(at);
      }
      return;
    }
    constexpr X kLast = kBuckets - 1;
    for (size_t r = 0; r < kRows; ++r) {
      s.bucket[r] = static_cast<int32_t>(bucket_place(s.column[r], feature.low, feature.scale, kLast));
    }
    switch (feature.scan) {
      case 1: return scan<1>(feature, t);
      case 2: return scan<2>(feature, t);
      case 3: return scan<3>(feature, t);
      case 4: return scan<4>(feature, t);
      default: return scan<kScan>(feature, t);
    }
  }
  template <uint32_t kCount>
  PANMODEL_INLINE void scan(const Feature& feature, const X* t) {
    const uint8_t* first = f.buckets_.data() + feature.bucket;
    for (size_t r = 0; r < kRows; ++r) {
      const uint32_t base = first[s.bucket[r]];
      uint32_t at = base;
      for (uint32_t i = 0; i < kCount; ++i) at += t[base + i] < s.column[r] ? 1 : 0;
      s.rank[r] = static_cast<uint8_t>(at);
    }
  }

  // Per threshold the rows of greater rank than its place.
  PANMODEL_INLINE void make_masks(const Feature& feature) {
    // Bytes compare as signed numbers at less cost: both sides move by 128.
    constexpr int8_t kLeast = -128;
    Ranks rank[kGroups];
    std::memcpy(rank, s.rank, sizeof rank);
    for (Ranks& r : rank) r ^= kLeast;
    Ranks place = Ranks{} + kLeast;
    for (uint32_t j = 0; j < feature.count; ++j, place += 1) {
      Mask mask{};  // of unsigned bytes, which may lose their highest bit
      for (size_t g = kGroups; g-- > 0;) mask = mask + mask - reinterpret_cast<Mask>(rank[g] > place);
      s.masks[feature.mask + j].mask = mask;
    }
  }

  // Bit `level` of the path of each row, below `node` of that level.
  template <uint32_t kLevel, uint32_t kAt>
  PANMODEL_INLINE Mask choose(const uint32_t* tests, const Mask* path, uint32_t node) {
    if constexpr (kAt == kLevel) {
      return s.masks[tests[(1U << kLevel) - 1 + node]].mask;
    } else {
      const Mask yes = choose<kLevel, kAt + 1>(tests, path, 2 * node);
      const Mask no = choose<kLevel, kAt + 1>(tests, path, 2 * node + 1);
      return yes ^ ((yes ^ no) & path[kAt]);
    }
  }

  // The leaf index of each row.
  template <uint32_t kTreeDepth>
  PANMODEL_INLINE void descend(const uint32_t* tests, uint8_t* leaf) {
    // The first test is the highest bit: byte g of the transposed bits is that of the rows of group g.
    Words bits[kGroups];
    for (uint32_t b = kTreeDepth; b < kGroups; ++b) bits[b] = Words{};
    if constexpr (kTreeDepth > 0) {
      Mask path[kTreeDepth];
      path[0] = choose<0, 0>(tests, path, 0);
      if constexpr (kTreeDepth > 1) path[1] = choose<1, 0>(tests, path, 0);
      if constexpr (kTreeDepth > 2) path[2] = choose<2, 0>(tests, path, 0);
      if constexpr (kTreeDepth > 3) path[3] = choose<3, 0>(tests, path, 0);
      if constexpr (kTreeDepth > 4) path[4] = choose<4, 0>(tests, path, 0);
      if constexpr (kTreeDepth > 5) path[5] = choose<5, 0>(tests, path, 0);
      if constexpr (kTreeDepth > 6) path[6] = choose<6, 0>(tests, path, 0);
      if constexpr (kTreeDepth > 7) path[7] = choose<7, 0>(tests, path, 0);
      for (uint32_t d = 0; d < kTreeDepth; ++d) bits[kTreeDepth - 1 - d] = reinterpret_cast<Words>(path[d]);
    }
    swap<4, 0x0f0f0f0f0f0f0f0f>(bits);
    swap<2, 0x3333333333333333>(bits);
    swap<1, 0x5555555555555555>(bits);
    std::memcpy(leaf, bits, sizeof bits);
  }
  PANMODEL_VECTOR void descend(const Tree& tree, uint8_t* leaf) {
    const uint32_t* tests = f.tests_.data() + tree.test;
    switch (tree.depth) {
      case 0: return descend<0>(tests, leaf);
      case 1: return descend<1>(tests, leaf);
      case 2: return descend<2>(tests, leaf);
      case 3: return descend<3>(tests, leaf);
      case 4: return descend<4>(tests, leaf);
      case 5: return descend<5>(tests, leaf);
      case 6: return descend<6>(tests, leaf);
      case 7: return descend<7>(tests, leaf);
      default: return descend<8>(tests, leaf);
    }
  }
  // A step of the transposition of 8 x 8 bits: exchanges bits of words that are kStep apart.
  template <uint32_t kStep, uint64_t kLow>
  PANMODEL_INLINE void swap(Words* bits) {
    for (uint32_t i = 0; i < kGroups; ++i) {
      if ((i & kStep) != 0) continue;
      const Words moved = ((bits[i] >> kStep) ^ bits[i + kStep]) & kLow;
      bits[i + kStep] ^= moved;
      bits[i] ^= moved << kStep;
    }
  }

  template <class A>
  PANMODEL_INLINE void add_single(const A* weights, size_t tree, size_t trees, size_t rows, A* out) {
    constexpr size_t kLanes = 8;
    const A* from[kGroup];
    for (size_t t = 0; t < trees; ++t) from[t] = weights + f.trees_[tree + t].leaf;
    size_t r = 0;
    for (; r + kLanes <= rows; r += kLanes) {
      A sum[kLanes];
      std::memcpy(sum, out + r, sizeof sum);
      for (size_t t = 0; t < trees; ++t) {
        const A* of_tree = from[t];
        for (size_t lane = 0; lane < kLanes; ++lane) sum[lane] += of_tree[s.leaf[t][r + lane]];
      }
      std::memcpy(out + r, sum, sizeof sum);
    }
    for (; r < rows; ++r) {
      for (size_t t = 0; t < trees; ++t) out[r] += from[t][s.leaf[t][r]];
    }
  }
  template <class A>
  PANMODEL_INLINE void add_row(const ml::TreeEnsemble& op, size_t tree, size_t trees, size_t rows, A* out) {
    const size_t targets = static_cast<size_t>(op.targets);
    for (size_t r = 0; r < rows; ++r) {
      for (size_t t = 0; t < trees; ++t) {
        const uint32_t leaf = f.leaves_[f.trees_[tree + t].leaf + s.leaf[t][r]];
        const double* weight = op.forest.leaf_weight.data() + leaf * targets;
        for (size_t k = 0; k < targets; ++k) out[r * targets + k] += static_cast<A>(weight[k]);
      }
    }
  }

  template <class A>
  PANMODEL_VECTOR bool run(const ml::TreeEnsemble& op, const TreeRows<X>& rows, size_t from, size_t count,
                           A* out) {
    uint32_t loaded = UINT32_MAX;
    for (const Feature& feature : f.features_) {
      if (feature.column != loaded && !load(rows, feature.column, from, count)) return false;
      loaded = feature.column;
      rank(feature);
      make_masks(feature);
    }
    for (size_t tree = 0; tree < f.trees_.size(); tree += kGroup) {
      const size_t trees = std::min(kGroup, f.trees_.size() - tree);
      for (size_t t = 0; t < trees; ++t) descend(f.trees_[tree + t], s.leaf[t]);
      if (op.targets != 1) {
        add_row(op, tree, trees, count, out);
      } else if constexpr (std::is_same_v<A, float>) {
        add_single(f.weights32_.data(), tree, trees, count, out);
      } else {
        add_single(f.weights64_.data(), tree, trees, count, out);
      }
    }
    return true;
  }
};

template <class X>
SlicedForest<X>::Workspace::Workspace(const SlicedForest& forest)
    : scratch_(std::make_unique<Scratch>(forest.masks_)) {}
template <class X>
SlicedForest<X>::Workspace::~Workspace() = default;

template <class X>
template <class A>
bool SlicedForest<X>::add(const ml::TreeEnsemble& op, Workspace& workspace, const TreeRows<X>& rows,
                          size_t from, size_t count, A* out) const {
  return Body{*this, *workspace.scratch_}.run(op, rows, from, count, out);
}

template class SlicedForest<float>;
template class SlicedForest<double>;
#define PANMODEL_ADD(X, A)                                                                     \
  template bool SlicedForest<X>::add(const ml::TreeEnsemble&, Workspace&, const TreeRows<X>&, \
                                     size_t, size_t, A*) const;
PANMODEL_ADD(float, float)
PANMODEL_ADD(float, double)
PANMODEL_ADD(double, float)
PANMODEL_ADD(double, double)
#undef PANMODEL_ADD

}  // namespace panmodel::runtime
