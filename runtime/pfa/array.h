#pragma once
// The parts of module a (array.cc joins them), and what they share.
#include "runtime/pfa/library.h"

namespace panmodel::pfa {

// By subject.
std::span<const LibraryRow> array_access();      // items, pieces and copies with changes
std::span<const LibraryRow> array_search();      // contains, count, index ...
std::span<const LibraryRow> array_order();       // sorting and extreme values
std::span<const LibraryRow> array_reduce();      // sums, means, quantiles
std::span<const LibraryRow> array_set();         // arrays as sets
std::span<const LibraryRow> array_functional();  // functions applied to items
std::span<const LibraryRow> array_shape();       // windows, combinations, groups

// Argument i, an array that is gone through once: its length is counted as steps.
inline const Array& scan(const Call& call, size_t i) {
  const Array& items = call.items(i);
  call.steps(items.size());
  return items;
}

inline Value index_value(size_t i) { return Value::int32(static_cast<int32_t>(i)); }

}  // namespace panmodel::pfa
