#pragma once
// Values at run time.
#include <cstdint>
#include <memory>
#include <vector>

#include "ir/tensor.h"

namespace panmodel::runtime {

// A sequence of maps that share their keys: row i maps keys[j] to values[i,j].
struct MapRows {
  Tensor keys;    // [K]
  Tensor values;  // [N,K]
};

// A tensor; a column (tensor [N,1] with a validity byte per row); or rows of maps.
struct Value {
  Tensor tensor;
  std::shared_ptr<const std::vector<uint8_t>> valid;  // null = every cell is valid
  std::shared_ptr<const MapRows> maps;                // set for ZipMap-like values only

  Value() = default;
  Value(Tensor t) : tensor(std::move(t)) {}  // NOLINT: a tensor is a value
  bool is_valid(size_t row) const { return !valid || (*valid)[row] != 0; }
};

}  // namespace panmodel::runtime
