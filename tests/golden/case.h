#pragma once
// A golden test file: its blocks, read and written (tests/golden/README.md).
#include <string>
#include <string_view>
#include <vector>

namespace panmodel::golden {

struct InputFile {
  std::string name;
  std::string content;
};

// One command with what it must print. Files stand before the command that reads them.
struct Run {
  std::vector<InputFile> files;
  std::string command;
  int exit = 0;
  std::string out;
  std::string err;
};

struct Case {
  std::string comment;  // text before the first directive, kept by --accept
  bool needs_corpus = false;
  std::vector<Run> runs;
};

// Reads the text of a test file. On a malformed one returns a message with the line, else empty.
std::string parse(std::string_view text, Case& result);

// The text that parse() reads back to the same case.
std::string print(const Case& test);

}  // namespace panmodel::golden
