#pragma once
// Runs cases in child processes: a crash, a hang or an appetite for memory ends one case, is counted
// with its name, and the next one follows.
#include <cstddef>
#include <functional>
#include <string>

namespace panmodel::fuzz {

struct Limits {
  int seconds = 2;              // of processor time per case
  size_t megabytes = 512;       // of resident memory; 0 = not watched
};
// As the tests hold every command: stretched, and memory not watched, where sanitizers run.
Limits default_limits();

// Calls body(i) for i < count in children of this process. Prints a line per case that crashed, took
// too long or too much ("FINDING name: ..."), and returns their number.
size_t run_isolated(size_t count, const Limits& limits, const std::function<void(size_t)>& body,
                    const std::function<std::string(size_t)>& name);

}  // namespace panmodel::fuzz
