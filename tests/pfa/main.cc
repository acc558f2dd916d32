// The PFA part of the corpus: panmodel_pfa_corpus part [list of expected misses] [--list]. The misses must be
// those of the list, no more and no less. --list prints what happened in each, --groups the counts of each
// function or folder.
#include <cstdio>
#include <cstdlib>
#include <set>

#include "tests/pfa/corpus.h"

namespace panmodel::pfa::corpus {
namespace {

struct Part {
  std::string_view name;
  Report (*run)(const fs::path& corpus);
};
constexpr Part kParts[] = {{"conformance", conformance}, {"unittests", unit_tests}, {"types", inference},
                           {"tutorial", tutorial},       {"aurelius", aurelius},    {"lren", lren}};

std::set<std::string> read_list(const std::string& file) {
  std::set<std::string> out;
  for (std::string line : read_lines(file)) {
    if (line[0] == '#') continue;
    out.insert(line.substr(0, line.find("  #")));
  }
  return out;
}

int run(std::string_view name, const std::string& list, bool verbose, bool groups, const fs::path& corpus) {
  for (const Part& part : kParts) {
    if (part.name != name) continue;
    Report report = part.run(corpus);
    Count all = report.total();
    if (groups) {
      for (const auto& [group, c] : report.groups) {
        std::printf("%-40s %5zu passed %5zu missed %5zu skipped\n", group.c_str(), c.passed, c.missed, c.skipped);
      }
    }
    std::set<std::string> expected = list.empty() ? std::set<std::string>() : read_list(list);
    bool exact = true;
    for (const auto& [miss, what] : report.misses) {
      bool known = expected.erase(miss) == 1;
      if (verbose || (!known && !list.empty())) {
        std::printf("%s%s  # %s\n", known || list.empty() ? "" : "not listed: ", miss.c_str(), what.substr(0, 400).c_str());
      }
      exact = exact && known;
    }
    for (const std::string& gone : expected) {
      std::printf("listed, but passes: %s\n", gone.c_str());
      exact = false;
    }
    std::printf("%s: %zu passed, %zu missed, %zu skipped\n", std::string(name).c_str(), all.passed, all.missed,
                all.skipped);
    return list.empty() || exact ? 0 : 1;
  }
  std::printf("usage: panmodel_pfa_corpus conformance|unittests|types|tutorial|aurelius|lren [misses.txt] [--list] [--groups]\n");
  return 2;
}

}  // namespace
}  // namespace panmodel::pfa::corpus

int main(int argc, char** argv) {
  using namespace panmodel::pfa::corpus;
  const char* root = std::getenv("PANMODEL_CORPUS");
  if (root == nullptr || !fs::is_directory(fs::path(root) / "pfa")) {
    std::printf("PANMODEL_CORPUS names no corpus with PFA documents: skipped\n");
    return 77;
  }
  std::string part, list;
  bool verbose = false, groups = false;
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "--list") verbose = true;
    else if (word == "--groups") groups = true;
    else (part.empty() ? part : list) = word;
  }
  return run(part, list, verbose, groups, fs::path(root) / "pfa");
}
