#include "runtime/kernels/tree_known.h"

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "runtime/kernels/tree_flat.h"

namespace panmodel::runtime {
namespace {

// What the tests on the way to a node say of the features, lower < x <= upper, with a way back.
template <class X>
class Bounds {
 public:
  explicit Bounds(size_t features)
      : lower_(features, std::numeric_limits<X>::quiet_NaN()),
        upper_(features, std::numeric_limits<X>::infinity()) {}

  // The outcome of "x <= threshold", if it is certain.
  std::optional<bool> outcome(uint32_t feature, X threshold) const {
    if (threshold >= upper_[feature]) return true;
    // NaN as the lower bound is none at all, since x may be minus infinity.
    if (std::isnan(threshold) || threshold <= lower_[feature]) return false;
    return std::nullopt;
  }
  // Precondition: the outcome was open.
  void assume(uint32_t feature, X threshold, bool yes) {
    X& bound = (yes ? upper_ : lower_)[feature];
    trail_.push_back({&bound, bound});
    bound = threshold;
  }
  size_t assumed() const { return trail_.size(); }
  void undo(size_t assumed) {
    for (; trail_.size() > assumed; trail_.pop_back()) *trail_.back().bound = trail_.back().before;
  }

 private:
  struct Step {
    X* bound;
    X before;
  };
  std::vector<X> lower_, upper_;
  std::vector<Step> trail_;
};

}  // namespace

template <class X>
Forest without_missing(const Forest& forest) {
  uint32_t features = 0;
  for (uint32_t f : forest.feature) features = std::max(features, f + 1);
  struct Work {
    uint32_t node, parent;
    bool yes, root;        // the side of the parent; or a root
    size_t assumed;
    std::optional<bool> comparison;  // outcome of the parent's test in its canonical form
  };
  Bounds<X> bounds(features);
  Forest out;
  std::vector<Work> work;
  for (uint32_t root : forest.roots) {
    work.push_back({root, 0, false, true, 0, {}});
    while (!work.empty()) {
      Work w = work.back();
      work.pop_back();
      bounds.undo(w.assumed);
      if (w.comparison) {
        bounds.assume(out.feature[w.parent], canonical_test<X>(out, w.parent).threshold, *w.comparison);
      }
      uint32_t node = w.node;
      bool compares = false;
      while (!forest.is_leaf(node)) {
        const NodeMode mode = forest.node_mode(node);
        compares = mode == NodeMode::leq || mode == NodeMode::lt || mode == NodeMode::geq || mode == NodeMode::gt;
        if (!compares) break;
        const CanonicalTest<X> test = canonical_test<X>(forest, node);
        auto outcome = bounds.outcome(forest.feature[node], test.threshold);
        if (!outcome) break;
        node = *outcome != test.swapped ? forest.yes[node] : forest.no[node];
      }
      const bool leaf = forest.is_leaf(node);
      const uint32_t at = out.add_node(forest.node_mode(node), forest.feature[node], forest.threshold[node],
                                       leaf ? forest.yes[node] : 0, 0, forest.missing_yes(node));
      if (w.root) {
        out.roots.push_back(at);
      } else {
        (w.yes ? out.yes : out.no)[w.parent] = at;
      }
      if (leaf) continue;
      for (bool yes : {false, true}) {
        Work next{yes ? forest.yes[node] : forest.no[node], at, yes, false, bounds.assumed(), {}};
        if (compares) next.comparison = yes != canonical_test<X>(forest, node).swapped;
        work.push_back(next);
      }
    }
  }
  out.set_begin = forest.set_begin;
  out.set_value = forest.set_value;
  return out;
}

template Forest without_missing<float>(const Forest&);
template Forest without_missing<double>(const Forest&);

}  // namespace panmodel::runtime
