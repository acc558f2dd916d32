#pragma once
// Which of many items are nearest, for the clusters and the neighbors.
#include <cstdint>
#include <span>
#include <vector>

#include "ir/pfa/value.h"
#include "runtime/pfa/library.h"

namespace panmodel::pfa {

// Sum of the squared differences of two vectors, as far as the shorter one goes.
double squared_distance(const Array& a, const Array& b);

// Positions of the n least distances, in rising order, the first of equal ones first. A NaN keeps its
// place: it is neither less than another distance nor greater.
std::vector<uint32_t> lowest(const Call& call, std::span<const double> distances, size_t n);

}  // namespace panmodel::pfa
