#pragma once
// Shallow trees without a walk: 256 rows at a time, one bit per row. Every value becomes its rank among
// the thresholds of its feature, every test a mask of the rows that fail it, and a tree the choice
// among its masks that gives the bits of each row's leaf index. Same leaves as the reference walk, and
// so the same bits of the sums.
#include <cstdint>
#include <memory>
#include <vector>

#include "ir/ops/tree.h"
#include "runtime/kernels/tree_rows.h"

namespace panmodel::runtime {

template <class X>
class SlicedForest {
 public:
  static constexpr size_t kRows = 256;
  // `trees`: those of op.forest for rows without NaN (without_missing). Null unless all of them are
  // comparisons, at most 8 deep and about complete; nor on a processor without the vectors for it.
  // Precondition: each leaf has one weight per target, in order.
  static std::unique_ptr<const SlicedForest> make(const ml::TreeEnsemble& op, const Forest& trees);
  // What a thread needs to score with it, block after block.
  class Workspace;
  // Adds the leaf weights of rows [from, from + count) to out[count, targets], tree after tree. False,
  // with nothing added, when a value that counts is missing. Precondition: count <= kRows.
  template <class A>
  bool add(const ml::TreeEnsemble& op, Workspace& workspace, const TreeRows<X>& rows, size_t from,
           size_t count, A* out) const;

 private:
  static constexpr size_t kGroup = 16;     // trees whose leaf indices are kept at a time
  static constexpr size_t kDepth = 8;      // a leaf index is a byte
  static constexpr size_t kBuckets = 1024;
  static constexpr uint32_t kScan = 8;     // thresholds of one bucket that are tried one by one

  // At most 255 thresholds of one column; more are several features.
  struct Feature {
    uint32_t column, count;
    uint32_t scan;         // thresholds in the fullest bucket; more than kScan = binary search
    uint32_t threshold;    // of the first in thresholds_, which end in infinities
    uint32_t bucket;       // of the first in buckets_
    uint32_t mask;         // of the first threshold
    X low, scale;          // value -> bucket, monotonous
  };
  struct Tree {
    uint32_t depth;
    uint32_t test, leaf;  // of the first in tests_ and leaves_
  };
  struct Scratch;
  struct Body;

  bool add_features(const Forest& trees);
  void add_feature(uint32_t column, const X* thresholds, size_t count);
  bool add_tree(const Forest& trees, uint32_t root);
  uint32_t mask_of(uint32_t column, X threshold) const;

  std::vector<Feature> features_;         // by column, then by threshold
  std::vector<X> thresholds_;
  std::vector<uint8_t> buckets_;          // rank of the smallest value of each bucket
  std::vector<Tree> trees_;
  std::vector<uint32_t> tests_;           // masks, per tree in heap order
  std::vector<uint32_t> leaves_;          // leaf indices, per tree from all "yes" to all "no"
  std::vector<float> weights32_;          // parallel to leaves_; with one target, in the type of the sums
  std::vector<double> weights64_;
  uint32_t masks_ = 0;
};

template <class X>
class SlicedForest<X>::Workspace {
 public:
  explicit Workspace(const SlicedForest& forest);
  ~Workspace();

 private:
  friend class SlicedForest;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace panmodel::runtime
