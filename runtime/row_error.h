#pragma once
// A row that a model refuses.
#include <cstdint>
#include <string>
#include <string_view>

namespace panmodel::runtime {

// The model refuses a row (an unknown category where the source raises). Other rows go on.
struct RowError {
  uint64_t row = 0;
  std::string_view code;
  std::string message;
  std::string where;  // place in the source model
  uint32_t line = 0;  // of the row in the file of data; 0 = unknown
};

}  // namespace panmodel::runtime
