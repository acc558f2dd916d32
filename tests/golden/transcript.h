#pragma once
// A document with console transcripts: in every block fenced as ```console, a line "$ command" is
// run and the lines up to the next one are what it prints (tests/golden/README.md).
#include <string>
#include <string_view>
#include <vector>

#include "tests/golden/case.h"

namespace panmodel::golden {

// The document cut into text that is kept and commands, in turn: text[0] run[0] text[1] ...
struct Transcript {
  std::vector<std::string> texts;
  Case commands;
};

// On a malformed document returns a message, else empty.
std::string parse_transcript(std::string_view document, Transcript& result);
std::string print_transcript(const Transcript& transcript);

}  // namespace panmodel::golden
