// Prints docs/errors.md from the table of codes.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <vector>

#include "base/diagnostic.h"
#include "base/fail.h"

namespace {

std::string_view kind_name(panmodel::CodeKind kind) {
  using enum panmodel::CodeKind;
  switch (kind) {
    case ok: return "none";
    case differ: return "findings";
    case usage: return "usage";
    case input: return "input";
    case unsupported: return "unsupported";
    case io: return "input or output";
    case limit: return "limit";
    case internal: return "internal";
  }
  return "";
}

// A '|' would end the cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

}  // namespace

int main() {
  using panmodel::CodeInfo;
  const auto table = panmodel::codes();
  std::vector<CodeInfo> codes(table.begin(), table.end());
  std::sort(codes.begin(), codes.end(),
            [](const CodeInfo& a, const CodeInfo& b) { return a.name < b.name; });
  std::string text =
      "# Diagnostic codes\n\n"
      "Every message of panmodel ends in its code: `place: error: sentence [code]`. Codes are stable;\n"
      "scripts may rely on them and on the exit code. This page is generated from `base/codes/*.def`\n"
      "(`cmake --build build/release --target docs`).\n\n"
      "| exit | meaning |\n|---|---|\n"
      "| 0 | good |\n"
      "| 1 | predictions differ, or findings |\n"
      "| 2 | wrong use of the command line |\n"
      "| 3 | the input cannot be read or is malformed |\n"
      "| 4 | the target cannot express the model |\n"
      "| 5 | reading or writing a file failed |\n"
      "| 6 | a limit was hit |\n"
      "| 70 | an error of panmodel itself |\n\n"
      "| code | kind | exit | meaning |\n|---|---|---|---|\n";
  for (const CodeInfo& code : codes) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", code.name, kind_name(code.kind),
                        panmodel::exit_code(code.kind), cell(code.doc));
  }
  return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}
