#pragma once
// Trees that share nodes, written out one by one.
#include "ir/forest.h"

namespace panmodel {

// Whether the trees can be written out one by one, each with a copy of the nodes that it shares. A few
// levels of shared nodes stand for more than any memory holds. Linear time.
bool can_unshare(const Forest& forest);

}  // namespace panmodel
