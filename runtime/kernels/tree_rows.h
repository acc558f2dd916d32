#pragma once
// The rows that a forest scores: a matrix, or columns that nobody has put together to one.
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace panmodel::runtime {

template <class X>
struct TreeRows {
  struct Column {
    const X* cells;
    const uint8_t* valid;  // 0 = missing; null = none is
  };
  size_t rows = 0, features = 0;
  const X* matrix = nullptr;     // row by row; null without rows, and beside columns
  std::vector<Column> columns;

  // Rows [from, from + count) as a matrix, in `made` when they are not one already. Missing = NaN.
  const X* block(size_t from, size_t count, std::vector<X>& made) const {
    if (columns.empty()) return matrix + from * features;
    made.resize(count * features);
    for (size_t c = 0; c < features; ++c) {
      const Column& column = columns[c];
      for (size_t r = 0; r < count; ++r) {
        const bool missing = column.valid != nullptr && column.valid[from + r] == 0;
        made[r * features + c] = missing ? std::numeric_limits<X>::quiet_NaN() : column.cells[from + r];
      }
    }
    return made.data();
  }
};

}  // namespace panmodel::runtime
