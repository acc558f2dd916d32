#include "tests/lint/tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

namespace panmodel::lint {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_text(const std::string& path) {
  for (const char* end : {".h", ".cc", ".def", ".txt", ".cmake", ".md", ".sh", ".py", ".in", ".test",
                          ".panir", ".ci/run"}) {
    if (ends_with(path, end)) return true;
  }
  return false;
}

bool is_skipped_folder(const std::string& name) {
  return name == "testdata" || name.rfind("build", 0) == 0 || name == "__pycache__" ||
         (name.front() == '.' && name != ".ci");
}

// The path named by an #include line with quotes or angle brackets, or nothing.
std::string include_path(std::string_view line) {
  const size_t hash = line.find_first_not_of(" \t");
  if (hash == std::string_view::npos || line[hash] != '#') return {};
  const size_t word = line.find("include", hash + 1);
  if (word == std::string_view::npos ||
      line.substr(hash + 1, word - hash - 1).find_first_not_of(' ') != std::string_view::npos)
    return {};
  const size_t open = line.find_first_of("<\"", word);
  if (open == std::string_view::npos) return {};
  const size_t close = line.find(line[open] == '<' ? '>' : '"', open + 1);
  if (close == std::string_view::npos) return {};
  return std::string(line.substr(open + 1, close - open - 1));
}

}  // namespace

bool SourceFile::is_header() const { return ends_with(path, ".h"); }
bool SourceFile::is_cpp() const {
  return is_header() || ends_with(path, ".cc") || ends_with(path, ".def");
}
bool SourceFile::in(std::string_view folder) const {
  return std::string_view(path).substr(0, folder.size()) == folder;
}

std::vector<SourceFile> read_tree(const std::string& root) {
  std::vector<SourceFile> tree;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator();
       ++it) {
    if (it->is_directory()) {
      if (is_skipped_folder(it->path().filename().string())) it.disable_recursion_pending();
      continue;
    }
    SourceFile file;
    file.path = fs::relative(it->path(), root).generic_string();
    if (!it->is_regular_file() || !is_text(file.path)) continue;
    std::ifstream in(it->path());
    for (std::string line; std::getline(in, line);) {
      if (file.is_cpp()) {
        if (std::string path = include_path(line); !path.empty())
          file.includes.push_back({file.lines.size() + 1, std::move(path)});
      }
      file.lines.push_back(std::move(line));
    }
    tree.push_back(std::move(file));
  }
  std::sort(tree.begin(), tree.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return tree;
}

}  // namespace panmodel::lint
