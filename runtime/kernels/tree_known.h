#pragma once
// A forest for rows in which nothing is missing.
#include "ir/forest.h"

namespace panmodel::runtime {

// The trees of `forest` without the tests whose outcome the tests before them decide for every row of
// X that has no NaN: the second test of "x <= 3" and "x > 3", which is there for missing values, and
// those that no value gets to. Leaves keep their indices and have no weights here: those of `forest`
// hold. Precondition: no node has two parents.
template <class X>
Forest without_missing(const Forest& forest);

}  // namespace panmodel::runtime
