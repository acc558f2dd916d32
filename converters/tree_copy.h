#pragma once
// Trees copied from one forest to another.
#include <functional>

#include "ir/forest.h"

namespace panmodel::converters {

// Appends a tree with its category sets; `add_leaf` gets the leaf index in `from`, appends the leaf to
// `to` and returns its node. Shared nodes are written one by one (see ir/unshare.h).
void copy_tree(const Forest& from, uint32_t root, Forest& to, const std::function<uint32_t(uint32_t leaf)>& add_leaf);

}  // namespace panmodel::converters
