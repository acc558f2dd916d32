#pragma once
// Formats of the forms "pack" and "unpack" (PFA 0.8.1 section 5, "pack").
#include <cstdint>
#include <optional>
#include <string_view>

#include "ir/pfa/type.h"

namespace panmodel::pfa {

struct BinaryFormat {
  enum class Kind : uint8_t {
    pad, boolean, integer, real,
    raw,       // bytes; `size` of them, or all of a value that is packed
    to_null,   // bytes and a zero byte
    prefixed,  // one byte with the count, then the bytes
  };
  Kind kind = Kind::pad;
  uint32_t size = 0;       // bytes
  bool is_unsigned = false;
  bool little_endian = false;

  // Of the value that is packed or unpacked: an unsigned integer has the next wider type, 8 bytes a double.
  pfa::Kind type() const;
};

// "int", "<unsigned int", "little Q", "raw 5" ...; nullopt for other words.
std::optional<BinaryFormat> parse_binary_format(std::string_view text);

}  // namespace panmodel::pfa
