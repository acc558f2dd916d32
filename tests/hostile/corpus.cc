// The corpora of hostile, odd and real files (PANMODEL_CORPUS; skipped without):
//   manifest     hand-made attacks, each with the class and the offset that must be named
//   collections  malicious files of the peers' test suites: refused, in little time and memory
//   edges        files of joblib, numpy and other readers of pickles: read, or refused as expected
//   models       every real model: the machine reads all of them
//   documents    PMML that attacks its reader: read, or refused as expected with its place
#include <rapidjson/document.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/text.h"
#include "formats/pickle/machine.h"
#include "tests/hostile/process.h"

namespace panmodel::hostile {
namespace {

namespace fs = std::filesystem;

size_t failures = 0;
size_t checked = 0;

void expect(bool good, const std::string& file, const std::string& what) {
  ++checked;
  if (good) return;
  ++failures;
  std::printf("FAILED %s: %s\n", file.c_str(), what.c_str());
}

// Exit codes that a command may have on a file that is no good model.
void within_limits(const std::string& file, const char* verb, const Outcome& o) {
  expect(o.signal == 0, file, std::string(verb) + " ends with signal " + std::to_string(o.signal));
  expect(o.seconds < (sanitized() ? 20 : 2), file,
         std::string(verb) + " takes " + std::to_string(o.seconds) + " s");
  if (!sanitized()) {
    expect(o.megabytes < 512, file, std::string(verb) + " takes " + std::to_string(o.megabytes) + " MB");
  }
}

std::vector<fs::path> files_under(const fs::path& directory) {
  std::vector<fs::path> all;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) all.push_back(entry.path());
  }
  std::sort(all.begin(), all.end());
  return all;
}

bool is_data(const fs::path& path) {
  static constexpr const char* kNot[] = {".py", ".txt", ".md", ".csv", ".json", ".gitattributes"};
  const std::string name = path.filename().string();
  if (name.starts_with("LICENSE")) return false;
  return std::none_of(std::begin(kNot), std::end(kNot), [&](const char* e) { return name.ends_with(e); });
}

// ---- manifest

// The manifest's classes, and the codes that say the same. Empty: the pickle is sound.
const std::map<std::string, std::vector<std::string>>& codes_of_classes() {
  static const std::map<std::string, std::vector<std::string>> map = {
      {"refuse-global", {"pickle-global"}},
      {"refuse-opcode", {"pickle-opcode-refused"}},
      {"refuse-build", {"pickle-build"}},
      {"refuse-state", {"pickle-state"}},
      {"refuse-call", {"pickle-call"}},
      {"refuse-type", {"pickle-type"}},
      {"refuse-args", {"pickle-args"}},
      {"refuse-path", {"pickle-path"}},
      {"refuse-trailing", {"pickle-trailing"}},
      {"refuse-cycle", {"pickle-cycle"}},
      {"error-truncated", {"pickle-truncated"}},
      {"error-stack", {"pickle-stack"}},
      {"error-proto", {"pickle-proto"}},
      {"error-opcode", {"pickle-opcode"}},
      {"error-length", {"pickle-length"}},
      {"error-frame", {"pickle-frame"}},
      {"error-int", {"pickle-int"}},
      {"error-float", {"pickle-float"}},
      {"error-memo", {"pickle-memo"}},
      {"error-type", {"pickle-type"}},
      {"error-trailing", {"pickle-trailing"}},
      {"error-utf8", {"pickle-utf8"}},
      {"error-string", {"pickle-string"}},
      {"error-shape", {"pickle-shape"}},
      {"error-dtype", {"pickle-dtype"}},
      {"error-state", {"pickle-state"}},
      {"error-container", {"pickle-container"}},
      {"error-tree", {"sklearn-tree"}},
      {"limit-inflate", {"pickle-limit-inflate"}},
      {"limit-depth", {"pickle-limit-depth"}},
      {"limit-stack", {"pickle-limit-stack"}},
      {"ok", {""}},
      {"ok-or-error", {"", "pickle-float"}},
      {"ok-or-limit", {""}},
      {"ok-no-alloc", {""}},
      {"ok-cycle", {""}},
      {"ok-dag", {""}},
      {"ok-last-wins", {""}},
      // Values left at STOP and PROTO within a stream: what CPython accepts and its disassembler
      // refuses is refused.
      {"error-or-accept", {"pickle-stack", "pickle-proto"}},
      // The one file of this class leaves values at STOP beside its shared ones.
      {"limit-or-ok-dag", {"pickle-stack"}},
      // Lone surrogates are not UTF-8.
      {"error-or-wtf8", {"pickle-utf8"}},
  };
  return map;
}

uint64_t offset_of(const Diagnostic& d) {
  const auto* place = std::get_if<PickleLoc>(&d.location.at);
  return place == nullptr ? UINT64_MAX : place->offset;
}

void check_manifest_entry(const fs::path& directory, const rapidjson::Value& entry,
                          const std::string& binary) {
  const std::string name = entry["file"].GetString();
  const std::string path = (directory / name).string();
  const std::string wanted = entry["expect"].GetString();
  const auto codes = codes_of_classes().find(wanted);
  if (codes == codes_of_classes().end()) {
    expect(false, name, "class " + wanted + " is unknown to this test");
    return;
  }
  const bool tree = wanted == "error-tree";
  const pickle::Verdict verdict = pickle::judge(map_file(path));
  const std::string code(verdict.refusal ? verdict.refusal->code : "");
  const bool fits = tree ? code.empty()
                         : std::find(codes->second.begin(), codes->second.end(), code) != codes->second.end();
  expect(fits, name, "expected " + wanted + ", found '" + code + "'");
  if (!entry["offset"].IsNull() && verdict.refusal) {
    const uint64_t offset = entry["offset"].GetUint64();
    expect(offset_of(*verdict.refusal) == offset, name,
           "expected offset " + std::to_string(offset) + ", found " +
               std::to_string(offset_of(*verdict.refusal)));
  }
  if (wanted == "refuse-global" && entry.HasMember("global")) {
    const std::string global = entry["global"].GetString();
    const pickle::NamedGlobal& last = verdict.globals.back();
    expect(printable(last.module) + "." + printable(last.name) == global ||
               verdict.refusal->message.find(global) != std::string::npos,
           name, "the refusal does not name " + global);
  }
  for (const char* verb : {"check", "inspect"}) {
    const Outcome o = run(binary, {verb, path});
    within_limits(name, verb, o);
    // A bare Tree is no estimator: only check looks into it.
    if (tree && std::string(verb) == "inspect") continue;
    const std::string shown = tree ? "sklearn-tree" : code;
    const int exit = shown.empty() ? 4 : shown.find("limit") != std::string::npos ? 6 : 3;
    expect(o.exit == exit, name,
           std::string(verb) + " exits with " + std::to_string(o.exit) + ", expected " + std::to_string(exit));
    expect(shown.empty() || o.out.find("[" + shown + "]") != std::string::npos, name,
           std::string(verb) + " does not say " + shown + ": " + o.out);
  }
}

int check_manifest(const fs::path& corpus, const std::string& binary) {
  const fs::path directory = corpus / "pickle/crafted-hostile";
  std::ifstream in(directory / "MANIFEST.json");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  rapidjson::Document manifest;
  manifest.Parse(text.c_str());
  if (manifest.HasParseError() || !manifest.HasMember("files")) {
    std::puts("FAILED: no MANIFEST.json");
    return 1;
  }
  size_t found = 0, absent = 0;
  for (const auto& entry : manifest["files"].GetArray()) {
    if (!fs::exists(directory / entry["file"].GetString())) {
      ++absent;
      continue;
    }
    ++found;
    check_manifest_entry(directory, entry, binary);
  }
  std::printf("manifest: %zu files as expected, %zu not in this copy of the corpus; ", found, absent);
  return found > 0 ? 0 : 1;
}

// ---- collections

int check_collections(const fs::path& corpus, const std::string& binary) {
  std::map<std::string, size_t> codes;
  size_t files = 0;
  double slowest = 0;
  size_t largest = 0;
  for (const char* name : {"picklescan", "fickling", "modelscan", "modelaudit"}) {
    for (const fs::path& path : files_under(corpus / "pickle" / name)) {
      if (!is_data(path)) continue;
      ++files;
      const std::string file = path.filename().string();
      for (const char* verb : {"check", "inspect"}) {
        const Outcome o = run(binary, {verb, path.string()});
        within_limits(file, verb, o);
        slowest = std::max(slowest, o.seconds);
        largest = std::max(largest, o.megabytes);
        expect(o.exit == 3 || o.exit == 4 || o.exit == 6, file,
               std::string(verb) + " exits with " + std::to_string(o.exit));
        const size_t open = o.out.find(" ["), close = o.out.find(']', open);
        if (open != std::string::npos && close != std::string::npos && *verb == 'i') {
          ++codes[o.out.substr(open + 2, close - open - 2)];
        }
      }
    }
  }
  std::printf("collections: %zu files, none is taken for a model", files);
  for (const auto& [code, count] : codes) std::printf(", %zu %s", count, code.c_str());
  std::printf("; slowest %.2f s, largest %zu MB; ", slowest, largest);
  return files > 0 ? 0 : 1;
}

// ---- edges

// Files that the machine refuses, by the end of their name or of their directory, and why it must.
// Everything else in these collections is read, and that is checked too.
struct Edge {
  const char* part;
  const char* code;
};
constexpr Edge kEdges[] = {
    // Arrays in files of their own are not read (joblib before 0.10, uncompressed).
    {"joblib_0.9.2_pickle_", "pickle-companion"},
    {"cache_size_pickle_py35_np19.gz", "pickle-companion"},
    // Classes of the tests themselves.
    {"DATA0.pkl", "pickle-global"},
    {"DATA1.pkl", "pickle-global"},
    {"DATA2.pkl", "pickle-global"},
    {"DATA3.pkl", "pickle-global"},
    {"DATA4.pkl", "pickle-global"},
    {"DATA_COOKIE.pkl", "pickle-global"},
    {"DATA_UEERR.pkl", "pickle-global"},
    {"DATA_XRANGE.pkl", "pickle-global"},
    {"test_unresolvable_global.pickle", "pickle-global"},
    {"tests_py", "pickle-global"},
    // Archives of torch: judged, not read.
    {".pt", "pickle-torch"},
};

int check_edges(const fs::path& corpus, const std::string& binary) {
  size_t read = 0, refused = 0;
  for (const char* name : {"joblib", "numpy", "cpython", "serde-pickle", "irmen-pickle", "gopickle"}) {
    for (const fs::path& path : files_under(corpus / "pickle" / name)) {
      const std::string file = path.filename().string();
      // Arrays beside a pickle and arrays alone are no pickles.
      if (!is_data(path) || file.find(".npy") != std::string::npos || file.ends_with(".npz")) continue;
      const pickle::Verdict verdict = pickle::judge(map_file(path.string()));
      const auto* edge = std::find_if(std::begin(kEdges), std::end(kEdges), [&](const Edge& e) {
        return file.find(e.part) != std::string::npos;
      });
      const std::string code(verdict.refusal ? verdict.refusal->code : "");
      const std::string wanted = edge == std::end(kEdges) ? "" : edge->code;
      expect(code == wanted, file, "expected '" + wanted + "', found '" + code + "' " +
                                       (verdict.refusal ? verdict.refusal->message : ""));
      ++(code.empty() ? read : refused);
      for (const char* verb : {"check", "inspect"}) {
        const Outcome o = run(binary, {verb, path.string()});
        within_limits(file, verb, o);
        expect(o.exit == 3 || o.exit == 4, file, std::string(verb) + " exits with " + std::to_string(o.exit));
      }
    }
  }
  std::printf("edges: %zu files read, %zu refused as expected; ", read, refused);
  return read > 0 ? 0 : 1;
}

// ---- models

// What no allow-list may have: classes of the script that was run, and code that travels in the file.
bool may_be_refused(const pickle::Verdict& verdict) {
  if (verdict.refusal->code == "pickle-call") return true;  // a call of what a call of dill made
  if (verdict.refusal->code != "pickle-global") return false;
  const pickle::NamedGlobal& named = verdict.globals.back();
  return named.module == "__main__" || named.module.starts_with("dill.") ||
         (named.module == "builtins" && named.name == "getattr");
}

int check_models(const fs::path& corpus, const std::string&) {
  std::map<std::string, size_t> refused;
  for (const char* name : {"debian-sklearn-0.23", "debian-sklearn-1.2", "debian-sklearn-1.9",
                           "jpmml-sklearn", "jpmml-sklearn-history", "jpmml-statsmodels"}) {
    size_t files = 0, parsed = 0, carriers = 0;
    for (const fs::path& path : files_under(corpus / "pickle" / name)) {
      const std::string file = path.string();
      if (!is_data(path) || file.ends_with(".pmml") || file.ends_with(".R")) continue;
      const Bytes bytes = map_file(file);
      if (!pickle::looks_like_pickle(bytes.text().substr(0, pickle::kHead))) continue;
      ++files;
      const pickle::Verdict verdict = pickle::judge(bytes);
      parsed += verdict.allowed;
      if (verdict.allowed) continue;
      carriers += may_be_refused(verdict);
      const Diagnostic& d = *verdict.refusal;
      std::string what(d.code);
      if (d.code == "pickle-global") {
        what = verdict.globals.back().module + "." + verdict.globals.back().name;
      }
      ++refused[what];
      if (!may_be_refused(verdict)) std::printf("  %s: %s\n", file.c_str(), to_string(d).c_str());
    }
    std::printf("%s: %zu of %zu pickles read, %zu carry code or classes of their own\n", name, parsed,
                files, carriers);
    expect(files > 0 && parsed + carriers == files, name, "some are not read");
  }
  for (const auto& [what, count] : refused) std::printf("  %zu x %s\n", count, what.c_str());
  return 0;
}

// ---- documents

// Documents that must be refused, why, and what the message must name. Every other one is read.
struct HostileDocument {
  const char* file;
  const char* code;
  const char* named;
};
constexpr HostileDocument kRefusedDocuments[] = {
    {"XEEAttackTest.pmml", "pmml-doctype", "never expanded"},
    {"XXEAttackTest.pmml", "pmml-doctype", "never expanded"},
    {"apply_class_name.pmml", "pmml-expression", "java.lang.Runtime"},
    {"cyclic_derived.pmml", "pmml-cycle", ""},
    {"recursive_function.pmml", "pmml-cycle", ""},
    {"deep_apply_3000.pmml", "pmml-depth", ""},
    {"deep_apply_10000.pmml", "pmml-depth", ""},
    {"deep_apply_100000.pmml", "pmml-depth", ""},
};

void check_document(const fs::path& path, const std::string& binary) {
  const std::string file = path.filename().string();
  const auto* refused = std::find_if(std::begin(kRefusedDocuments), std::end(kRefusedDocuments),
                                     [&](const HostileDocument& d) { return file == d.file; });
  const bool good = refused == std::end(kRefusedDocuments);
  const std::string code = good ? "" : refused->code;
  const int exit = good ? 0 : code == "pmml-depth" ? 6 : code == "pmml-expression" ? 4 : 3;
  for (const char* verb : {"check", "inspect"}) {
    const Outcome o = run(binary, {verb, path.string()});
    within_limits(file, verb, o);
    expect(o.exit == exit, file,
           std::string(verb) + " exits with " + std::to_string(o.exit) + ": " + o.out.substr(0, 400));
    if (good) continue;
    expect(o.out.find("[" + code + "]") != std::string::npos &&
               o.out.find(refused->named) != std::string::npos,
           file, std::string(verb) + " does not say " + code + ": " + o.out.substr(0, 400));
    // "(line 3:1)" behind the path of an element, "name.pmml:3:1" in text that has none.
    const size_t colon = o.out.find(file + ":");
    const size_t digit = colon == std::string::npos ? colon : colon + file.size() + 1;
    expect(o.out.find("(line ") != std::string::npos ||
               (digit < o.out.size() && o.out[digit] >= '0' && o.out[digit] <= '9'),
           file, std::string(verb) + " names no place: " + o.out.substr(0, 400));
  }
}

int check_documents(const fs::path& corpus, const std::string& binary) {
  size_t files = 0;
  for (const fs::path& path : files_under(corpus / "pmml/adversarial")) {
    if (path.extension() != ".pmml") continue;
    ++files;
    check_document(path, binary);
  }
  std::printf("documents: %zu files; ", files);
  return files >= std::size(kRefusedDocuments) ? 0 : 1;
}

}  // namespace
}  // namespace panmodel::hostile

int main(int argc, char** argv) {
  using namespace panmodel::hostile;
  const char* corpus = std::getenv("PANMODEL_CORPUS");
  if (corpus == nullptr || *corpus == '\0') {
    std::puts("skipped: PANMODEL_CORPUS is not set");
    return 77;
  }
  const std::string mode = argc > 1 ? argv[1] : "";
  const std::map<std::string, int (*)(const std::filesystem::path&, const std::string&)> modes = {
      {"manifest", check_manifest},
      {"collections", check_collections},
      {"edges", check_edges},
      {"models", check_models},
      {"documents", check_documents}};
  const auto found = modes.find(mode);
  if (found == modes.end()) {
    std::fputs("usage: panmodel_hostile manifest|collections|edges|models|documents\n", stderr);
    return 2;
  }
  int status = 1;
  auto done = panmodel::guarded([&] { return status = found->second(corpus, PANMODEL_BINARY); });
  if (!done) std::printf("FAILED: %s\n", to_string(done.error()).c_str());
  std::printf("%zu checks, %zu failed\n", checked, failures);
  return !done || status != 0 || failures > 0 ? 1 : 0;
}
