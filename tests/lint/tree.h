#pragma once
// The project's own text files, read once, and what the rules say about them.
#include <string>
#include <string_view>
#include <vector>

namespace panmodel::lint {

struct Include {
  size_t line = 0;
  std::string path;
};

struct SourceFile {
  std::string path;  // from the root, with '/'
  std::vector<std::string> lines;
  std::vector<Include> includes;  // of C++ files

  bool is_cpp() const;
  bool is_header() const;
  bool in(std::string_view folder) const;  // folder ends in '/'
};

// Every text file of the tree in the order of their paths, without build folders, testdata and
// hidden folders other than .ci.
std::vector<SourceFile> read_tree(const std::string& root);

// What a rule found. A warning is shown and does not fail the test.
struct Finding {
  bool warning = false;
  std::string path;
  size_t line = 0;  // 0: the whole file
  std::string message;
};
using Findings = std::vector<Finding>;

// architecture.md section 2: base <- ir <- {formats/<x> | converters | runtime} <- api <- cli, bench.
void check_layers(const std::vector<SourceFile>& tree, Findings& findings);
// A third-party header only where the design allows it, and none behind api/*.h.
void check_third_party(const std::vector<SourceFile>& tree, Findings& findings);
// Length of files, #pragma once, using namespace in headers, paths of one machine.
void check_form(const std::vector<SourceFile>& tree, Findings& findings);
// Every diagnostic code is unique, used, and named by a test.
void check_codes(const std::vector<SourceFile>& tree, Findings& findings);

}  // namespace panmodel::lint
