#pragma once
// Decompression of whole files by the system's libraries, with limits.
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"

namespace panmodel {

enum class Codec : uint8_t { zlib, gzip, bz2, xz, lzma, lz4 };

struct InflateLimits {
  uint64_t max_output = uint64_t{4} << 30;
  uint64_t max_ratio = 250;                 // output over input ...
  uint64_t free_output = uint64_t{16} << 20;  // ... once the output is longer than this
};

enum class InflateError : uint8_t { none, broken, truncated, too_large, stopped };

struct Inflated {
  InflateError error = InflateError::none;
  std::string data;
  uint64_t consumed = 0;  // bytes of input that the stream took
};

// Inflates one stream. `look` sees the first block of output and may stop by returning false.
Inflated inflate(Codec codec, std::span<const std::byte> input, const InflateLimits& limits,
                 const std::function<bool(std::string_view)>& look);

}  // namespace panmodel
