#pragma once
// Order of an array's elements in memory; inside of PyCursor.
#include <cstdint>
#include <vector>

#include "formats/pickle/value.h"

namespace panmodel::pickle {

// Storage index of every element, in C order.
std::vector<uint64_t> c_order(const Array& array);

}  // namespace panmodel::pickle
