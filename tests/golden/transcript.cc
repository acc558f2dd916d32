#include "tests/golden/transcript.h"

namespace panmodel::golden {

std::string parse_transcript(std::string_view document, Transcript& result) {
  bool console = false;
  result.texts.assign(1, "");
  while (!document.empty()) {
    const size_t end = document.find('\n');
    const std::string_view line = document.substr(0, end);
    document.remove_prefix(end == std::string_view::npos ? document.size() : end + 1);
    const bool fence = line.substr(0, 3) == "```";
    if (console && line.substr(0, 2) == "$ ") {
      result.commands.runs.push_back({{}, std::string(line.substr(2)), 0, {}, {}});
      result.texts.emplace_back();
      continue;
    }
    const bool inside = console && !fence && result.texts.size() > 1;
    // Output belongs to its command; everything else is text.
    if (inside && result.texts.back().empty()) {
      result.commands.runs.back().out.append(line).push_back('\n');
      continue;
    }
    if (fence) console = !console && line == "```console";
    result.texts.back().append(line).push_back('\n');
  }
  if (console) return "a block is not closed";
  return result.commands.runs.empty() ? "there is no command in a ```console block" : "";
}

std::string print_transcript(const Transcript& transcript) {
  std::string document = transcript.texts[0];
  for (size_t i = 0; i < transcript.commands.runs.size(); ++i) {
    const Run& run = transcript.commands.runs[i];
    document += "$ " + run.command + "\n" + run.out;
    document += transcript.texts[i + 1];
  }
  return document;
}

}  // namespace panmodel::golden
