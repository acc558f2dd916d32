// Real models: the structural check finds no error in them, and writing what was read gives the
// bytes of the file.
#include <cstdio>

#include "formats/onnx/check.h"
#include "formats/onnx/document.h"
#include "tests/onnx/corpus.h"

namespace panmodel::onnx {
namespace {

const std::vector<const char*> kFolders = {"node", "node-history", "light", "simple", "real",
                                           "pytorch-converted", "pytorch-operator"};

}  // namespace

size_t check_models(const std::filesystem::path& corpus) {
  size_t files = 0, failures = 0, warnings = 0, notes = 0;
  for (const auto& path : models_in(corpus, kFolders)) {
    ++files;
    Diagnostics found;
    try {
      check(read_model(path), {}, found);
    } catch (const Failure& f) {
      found.add(f.diagnostic);
    }
    warnings += found.count(Severity::warning);
    notes += found.count(Severity::note);
    if (found.count(Severity::error) == 0) continue;
    ++failures;
    for (const Diagnostic& d : found.list()) std::printf("FAILED %s\n", to_string(d).c_str());
  }
  std::printf("%zu models checked: %zu with errors, %zu warnings, %zu notes\n", files, failures,
              warnings, notes);
  return files == 0 ? 1 : failures;
}

size_t round_trip_models(const std::filesystem::path& corpus) {
  size_t files = 0, failures = 0;
  for (const auto& path : models_in(corpus, kFolders)) {
    ++files;
    try {
      ModelProto model = read_model(path);
      const std::string bytes = serialise(model);
      if (bytes == model.storage.text()) continue;
      std::printf("FAILED %s: %zu bytes read, %zu other ones written\n", path.c_str(),
                  model.storage.size(), bytes.size());
    } catch (const Failure& f) {
      std::printf("FAILED %s: %s\n", path.c_str(), to_string(f.diagnostic).c_str());
    }
    ++failures;
  }
  std::printf("%zu models written as they were read, %zu not\n", files - failures, failures);
  return files == 0 ? 1 : failures;
}

}  // namespace panmodel::onnx
