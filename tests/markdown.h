#pragma once
// Generated documents.
#include <string>
#include <string_view>

namespace panmodel {

// Text in a cell of a table, where a '|' would end the cell.
inline std::string markdown_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace panmodel
