#pragma once
// A forest laid out for scoring. Every test is brought to "x <= t" in the type of X by directed
// rounding of thresholds and exchange of children, so that all trees run one branch-free loop; the
// leaf that a row reaches, and so every bit of the sums, are those of the reference walk.
#include <cstdint>
#include <memory>
#include <vector>

#include "ir/ops/tree.h"

namespace panmodel::runtime {

// A test in canonical form: yes when x <= threshold; `swapped` = the source's yes is this test's no.
template <class X>
struct CanonicalTest {
  X threshold;  // NaN = never
  bool swapped = false;
  bool missing_yes = false;  // in the canonical sense
};
// Precondition: the mode of node i is leq, lt, geq, gt, eq or neq. For eq and neq the test is
// "x == threshold" instead.
template <class X>
CanonicalTest<X> canonical_test(const Forest& forest, size_t i);

template <class X>
class FlatForest {
 public:
  static constexpr size_t kBlockRows = 256;  // rows that meet one tree before the next; they stay in L2
  // Of `trees`, with the leaves and weights of op.forest. Null when two parents share a node; such a
  // forest has no flat layout.
  static std::unique_ptr<const FlatForest> make(const ml::TreeEnsemble& op, const Forest& trees);
  // Of at most kBlockRows rows, between TreeSum::start and finish, which the caller calls. `whole`: no x is NaN.
  template <class A>
  void add(const ml::TreeEnsemble& op, const X* x, size_t rows, size_t features, bool whole, A* out) const;
  bool dense() const { return dense_; }

 private:
  struct Node {
    X threshold;
    uint32_t feature;  // 0 for a leaf
    uint32_t child;    // of "no"; "yes" is the next one. A leaf names itself
  };
  struct Tree {
    uint32_t root, depth;
  };
  enum Flag : uint8_t { kMissingYes = 1, kEqual = 2, kMember = 4 };

  bool add_tree(const Forest& trees, const std::vector<double>& weights, uint32_t root,
                std::vector<uint8_t>& visited);
  bool yes(uint32_t slot, X x) const;
  template <bool kPlain>
  void descend(const X* const* rows, uint32_t* at, uint32_t depth) const;
  template <bool kPlain, class Add>
  void walk(const X* x, size_t rows, size_t features, const Add& add) const;

  std::vector<Node> nodes_;  // breadth first, tree after tree
  std::vector<uint8_t> flags_;
  std::vector<uint32_t> leaf_;   // per slot: leaf index; unless single_
  std::vector<double> weight_;   // per slot: the leaf's only weight; if single_
  std::vector<Tree> trees_;
  std::vector<std::vector<double>> sets_;  // sorted, without NaN
  bool single_ = false;  // one target, one weight per leaf
  bool dense_ = false;   // a sum or mean, and each leaf has one weight per target, in order
  bool special_ = false; // some test is an equality or a membership
};

}  // namespace panmodel::runtime
