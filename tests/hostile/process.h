#pragma once
// The built panmodel as a user runs it, with what it cost.
#include <functional>
#include <string>
#include <vector>

namespace panmodel::hostile {

struct Outcome {
  int exit = -1;      // -1: ended by a signal
  int signal = 0;
  double seconds = 0;  // wall clock
  size_t megabytes = 0;  // peak resident memory
  std::string out;     // standard output and error, as they came
};
struct Setting {
  std::function<void()> in_child = nullptr;  // before the binary starts: limits, user, environment
  std::string input = "/dev/null";           // standard input
  int kill_after_us = -1;                    // sends SIGTERM after this time
};
// Runs `binary` with these arguments; killed after 60 s.
Outcome run(const std::string& binary, const std::vector<std::string>& arguments,
            const Setting& setting = {});

// True where memory of a process says nothing, because sanitizers keep freed blocks.
bool sanitized();

}  // namespace panmodel::hostile
