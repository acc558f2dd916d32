// The official cases of ONNX: panmodel_onnx_corpus check|node|round_trip.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/onnx/corpus.h"

namespace panmodel::onnx {

namespace fs = std::filesystem;

std::vector<fs::path> models_in(const fs::path& corpus, std::vector<const char*> folders) {
  std::vector<fs::path> all;
  for (const char* folder : folders) {
    if (!fs::is_directory(corpus / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(corpus / folder)) {
      if (entry.path().extension() == ".onnx") all.push_back(entry.path());
    }
  }
  std::ranges::sort(all);
  return all;
}

}  // namespace panmodel::onnx

int main(int argc, char** argv) {
  using namespace panmodel::onnx;
  const char* root = std::getenv("PANMODEL_CORPUS");
  if (root == nullptr || !fs::is_directory(fs::path(root) / "onnx")) {
    std::printf("PANMODEL_CORPUS names no corpus with ONNX cases: skipped\n");
    return 77;
  }
  const fs::path corpus = fs::path(root) / "onnx";
  const std::string_view part = argc == 2 ? argv[1] : "";
  size_t failures = 0;
  if (part == "node") {
    failures = run_node_cases(corpus);
  } else if (part == "check") {
    failures = check_models(corpus);
  } else if (part == "round_trip") {
    failures = round_trip_models(corpus);
  } else {
    std::printf("usage: panmodel_onnx_corpus check|node|round_trip\n");
    return 2;
  }
  return failures == 0 ? 0 : 1;
}
