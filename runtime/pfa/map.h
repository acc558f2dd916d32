#pragma once
// The parts of module map, and what they share.
#include "runtime/pfa/library.h"

namespace panmodel::pfa {

std::span<const LibraryRow> map_functional();  // functions applied to members

// Argument i, a map that is gone through once: its size is counted as steps.
inline const Map& scan_map(const Call& call, size_t i) {
  const Map& map = call.members(i);
  call.steps(map.size());
  return map;
}

// Whether `map` has all keys of `keys`.
bool has_keys(const Map& map, const Map& keys);

}  // namespace panmodel::pfa
