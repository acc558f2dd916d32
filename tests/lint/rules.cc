// The rules of the architecture that a compiler does not check.
#include <algorithm>
#include <map>
#include <set>

#include "tests/lint/tree.h"

namespace panmodel::lint {
namespace {

bool begins(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::string first_folder(std::string_view path) {
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

// "formats/onnx" of a file of one format, "formats" of a file common to all.
std::string format_folder(std::string_view path) {
  const size_t slash = path.find('/', std::string_view("formats/").size());
  return slash == std::string_view::npos ? "formats" : std::string(path.substr(0, slash));
}

struct Layer {
  std::string_view name;
  std::vector<std::string_view> sees;
};

const std::vector<Layer>& layers() {
  static const std::vector<Layer> list = {
      {"base", {"base"}},
      {"ir", {"base", "ir"}},
      {"formats", {"base", "ir", "formats"}},
      {"converters", {"base", "ir", "converters"}},
      {"runtime", {"base", "ir", "runtime"}},
      {"api", {"base", "ir", "formats", "converters", "runtime", "api"}},
      {"cli", {"base", "api", "cli"}},
  };
  return list;
}

// Where a header that is neither of the project nor of the system may stand.
struct ThirdParty {
  std::string_view prefix;               // of the included path
  std::vector<std::string_view> places;  // prefixes of the including file
};

const std::vector<ThirdParty>& third_party() {
  static const std::vector<ThirdParty> list = {
      {"fmt/", {""}},
      {"protozero/", {"formats/onnx/"}},
      {"pugixml", {"formats/pmml/"}},
      {"rapidjson/", {"formats/pfa/", "formats/sparkml/", "formats/h2o/", "runtime/", "base/", "api/json.h"}},
      {"yaml-cpp/", {"formats/pfa/", "api/plan_read.cc"}},
      {"CLI/", {"cli/"}},
      {"csv.h", {"runtime/"}},
      {"unicode/basictz.h", {"runtime/pfa/time.cc"}},
      {"unicode/regex.h", {"runtime/pfa/regex.cc"}},
      {"re2/", {"runtime/expr/", "runtime/pfa/regex.cc"}},
      {"unicode/", {"runtime/expr/"}},
      {"boost/math/", {"runtime/pfa/distribution", "runtime/pfa/stat_test.cc"}},
      {"Eigen/", {"runtime/pfa/matrix.cc", "runtime/pfa/regression.cc"}},
      {"zlib.h", {"base/", "formats/pickle/"}},
      {"bzlib.h", {"base/", "formats/pickle/"}},
      {"lzma.h", {"base/", "formats/pickle/"}},
      {"lz4", {"base/", "formats/pickle/"}},
      {"zstd.h", {"base/", "formats/pickle/"}},
      {"zip.h", {"base/", "formats/pickle/", "runtime/"}},
      {"gtest/", {"tests/"}},
      {"gmock/", {"tests/"}},
  };
  return list;
}

// Headers of C++20, C and POSIX: no folder but these, or one lower-case word.
bool is_system(std::string_view path) {
  if (begins(path, "sys/") || begins(path, "linux/")) return true;
  return path.find('/') == std::string_view::npos;
}

const ThirdParty* find_third_party(std::string_view path) {
  for (const ThirdParty& rule : third_party()) {
    if (begins(path, rule.prefix)) return &rule;
  }
  return nullptr;
}

bool is_ours(std::string_view path) {
  const std::string folder = first_folder(path);
  return folder == "tests" || folder == "bench" ||
         std::any_of(layers().begin(), layers().end(),
                     [&](const Layer& layer) { return layer.name == folder; });
}

}  // namespace

void check_layers(const std::vector<SourceFile>& tree, Findings& findings) {
  for (const SourceFile& file : tree) {
    if (!file.is_cpp()) continue;
    const std::string folder = first_folder(file.path);
    const auto layer = std::find_if(layers().begin(), layers().end(),
                                    [&](const Layer& l) { return l.name == folder; });
    if (layer == layers().end()) continue;  // tests and bench see everything
    for (const Include& include : file.includes) {
      if (!is_ours(include.path)) continue;
      const std::string seen = first_folder(include.path);
      const auto& sees = layer->sees;
      if (std::find(sees.begin(), sees.end(), seen) == sees.end()) {
        findings.push_back({false, file.path, include.line,
                            folder + " must not include '" + include.path + "'"});
        continue;
      }
      if (folder != "formats" || seen != "formats") continue;
      const std::string own = format_folder(file.path);
      const std::string other = format_folder(include.path);
      if (own != other && own != "formats" && other != "formats") {
        findings.push_back({false, file.path, include.line,
                            "one format must not include another: '" + include.path + "'"});
      }
    }
  }
}

void check_third_party(const std::vector<SourceFile>& tree, Findings& findings) {
  std::map<std::string, const SourceFile*> by_path;
  for (const SourceFile& file : tree) {
    if (!file.is_cpp() || file.in("tests/consumer/project/") || file.in("examples/")) continue;
    by_path[file.path] = &file;
    for (const Include& include : file.includes) {
      if (is_ours(include.path)) continue;
      const ThirdParty* rule = find_third_party(include.path);
      if (rule == nullptr) {
        if (!is_system(include.path)) {
          findings.push_back({false, file.path, include.line,
                              "'" + include.path + "' is no header of a known library"});
        }
        continue;
      }
      const bool allowed =
          file.in("tests/") || file.in("bench/") ||
          std::any_of(rule->places.begin(), rule->places.end(),
                      [&](std::string_view place) { return begins(file.path, place); });
      if (!allowed) {
        findings.push_back({false, file.path, include.line,
                            "'" + include.path + "' is not allowed in this place"});
      }
    }
  }
  // Who includes the public headers needs no third-party header.
  std::set<std::string> seen;
  std::vector<std::string> open;
  for (const auto& [path, file] : by_path) {
    if (file->in("api/panmodel.h")) open.push_back(path);
  }
  while (!open.empty()) {
    const std::string path = open.back();
    open.pop_back();
    const auto file = by_path.find(path);
    if (file == by_path.end() || !seen.insert(path).second) continue;
    for (const Include& include : file->second->includes) {
      if (is_ours(include.path)) {
        open.push_back(include.path);
      } else if (find_third_party(include.path) != nullptr) {
        findings.push_back({false, path, include.line,
                            "a public header of api/ leads here and needs '" + include.path + "'"});
      }
    }
  }
}

void check_form(const std::vector<SourceFile>& tree, Findings& findings) {
  constexpr size_t kWanted = 500, kLimit = 900;
  // Spelled in two parts, so that this file does not find itself.
  const std::vector<std::string> machine = {std::string("/wor") + "k/", std::string("/roo") + "t/",
                                            std::string("/hom") + "e/"};
  for (const SourceFile& file : tree) {
    if (file.is_cpp() && file.lines.size() > kWanted) {
      findings.push_back({file.lines.size() <= kLimit, file.path, 0,
                          std::to_string(file.lines.size()) + " lines; one subject fits in " +
                              std::to_string(kWanted)});
    }
    if (file.is_header() &&
        std::find(file.lines.begin(), file.lines.end(), "#pragma once") == file.lines.end())
      findings.push_back({false, file.path, 0, "'#pragma once' is missing"});
    for (size_t k = 0; k < file.lines.size(); ++k) {
      const std::string& line = file.lines[k];
      if (file.is_header() && begins(line, "using namespace "))
        findings.push_back({false, file.path, k + 1, "'using namespace' in a header"});
      for (const std::string& place : machine) {
        const size_t at = line.find(place);
        // A path on a web site or inside an archive is none of this machine.
        if (at != std::string::npos && (at == 0 || !(isalnum(line[at - 1]) || line[at - 1] == '.')))
          findings.push_back({false, file.path, k + 1, "path of one machine: " + line});
      }
    }
  }
}

// Words of lower-case letters and digits with hyphens between them, as codes are written.
static bool like_a_code(const std::string& text) {
  return text.find('-') != std::string::npos && text.back() != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

void check_codes(const std::vector<SourceFile>& tree, Findings& findings) {
  const std::string start = "PANMODEL_CODE(\"";
  std::map<std::string, std::pair<std::string, size_t>> codes;
  for (const SourceFile& file : tree) {
    if (!file.in("base/codes/")) continue;
    for (size_t k = 0; k < file.lines.size(); ++k) {
      const std::string& line = file.lines[k];
      if (!begins(line, start)) continue;
      const std::string name = line.substr(start.size(), line.find('"', start.size()) - start.size());
      if (!codes.emplace(name, std::pair(file.path, k + 1)).second)
        findings.push_back({false, file.path, k + 1, "code '" + name + "' stands twice"});
    }
  }
  // A code starts with the word of its area ("onnx-"); what looks like one must be one.
  std::set<std::string> areas;
  for (const auto& [name, place] : codes) areas.insert(name.substr(0, name.find('-') + 1));
  std::set<std::string> used, tested;
  for (const SourceFile& file : tree) {
    if (file.in("base/codes") || file.in("docs/") || file.in("tests/lint/")) continue;
    const bool is_test = file.in("tests/");
    for (size_t k = 0; k < file.lines.size(); ++k) {
      const std::string& line = file.lines[k];
      for (size_t at = line.find_first_of("\"["); at != std::string::npos;
           at = line.find_first_of("\"[", at + 1)) {
        const size_t end = line.find_first_of("\"]", at + 1);
        if (end == std::string::npos) break;
        const std::string word = line.substr(at + 1, end - at - 1);
        (is_test ? tested : used).insert(word);
        if (!is_test && like_a_code(word) && areas.contains(word.substr(0, word.find('-') + 1)) &&
            !codes.contains(word))
          findings.push_back({false, file.path, k + 1, "code '" + word + "' is not in base/codes"});
      }
    }
  }
  for (const auto& [name, place] : codes) {
    if (!used.contains(name))
      findings.push_back({true, place.first, place.second, "code '" + name + "' is never used"});
    else if (!tested.contains(name))
      findings.push_back({true, place.first, place.second, "no test names code '" + name + "'"});
  }
}

}  // namespace panmodel::lint
