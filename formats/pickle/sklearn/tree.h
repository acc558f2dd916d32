#pragma once
// sklearn.tree._tree.Tree as part of a Forest.
#include <functional>

#include "formats/pickle/sklearn/estimator.h"
#include "ir/forest.h"

namespace panmodel::pickle::sklearn {

// Appends a leaf to the forest: called with the leaf's values (all outputs and classes, C order), its
// number of training samples, and its depth.
struct LeafInfo {
  std::span<const double> values;
  double samples = 0;  // n_node_samples: bootstrapped samples count once
  size_t depth = 0;
};
using LeafFn = std::function<void(Forest&, const LeafInfo&)>;

// Place in a record of the field of that name, which must be a little-endian number of this kind
// (NumPy's letter) and width in bytes; else fails "sklearn-tree".
size_t record_field(const PyCursor& nodes, std::string_view name, char kind, size_t width);

// Fails unless the Tree was fitted on as many features as X has.
void check_width(const PyCursor& tree, const Features& x);

// X as scikit-learn's trees see it.
ValueId as_float32(Reader& reader, const Features& x);

// Appends one tree; `features` maps the tree's features to columns of X (empty = the same). Checks
// every node: a child out of range, a cycle or a shared node fails "sklearn-tree".
void append_tree(Forest& forest, const PyCursor& tree, std::span<const int64_t> features,
                 const LeafFn& leaf);

// Reports every malformed Tree of a pickle, wherever it is, whether or not an estimator uses it.
void check_trees(const PyCursor& root, Diagnostics& out);

}  // namespace panmodel::pickle::sklearn
