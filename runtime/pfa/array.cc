// Module a of the library: operations on arrays (PFA 0.8.1 function library, "Arrays").
#include "runtime/pfa/array.h"

#include <vector>

namespace panmodel::pfa {

std::span<const LibraryRow> array_library() {
  static const std::vector<LibraryRow> rows = [] {
    std::vector<LibraryRow> all;
    for (auto part : {array_access(), array_search(), array_order(), array_reduce(), array_set(),
                      array_functional(), array_shape()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return rows;
}

}  // namespace panmodel::pfa
