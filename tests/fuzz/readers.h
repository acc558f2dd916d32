#pragma once
// What is done with arbitrary bytes, one function per reader. The same functions serve libFuzzer
// (fuzzer.cc) and the sweeps that CTest runs (sweep.cc).
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace panmodel::fuzz {

// Every command that a user could give for such a file: detect, check, read, inspect, score,
// convert. A refusal is a good outcome; what must not happen is a crash, an endless run, an
// unbounded allocation, or an exception that is none of ours.
using Run = void (*)(std::span<const uint8_t> data);
struct Reader {
  std::string_view name;
  Run run;
};
std::span<const Reader> readers();
// Null when there is none of that name.
const Reader* find_reader(std::string_view name);

// Budget of the values of one model, bytes.
inline constexpr uint64_t kMemoryLimit = uint64_t{256} << 20;

}  // namespace panmodel::fuzz
