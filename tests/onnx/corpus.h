#pragma once
// The official cases of ONNX, as each part of the test sees them.
#include <filesystem>
#include <vector>

namespace panmodel::onnx {

// Every .onnx file beneath the folders of the corpus, sorted.
std::vector<std::filesystem::path> models_in(const std::filesystem::path& corpus,
                                             std::vector<const char*> folders);

// Each prints its counts and every failure; returns the number of failures.
size_t run_node_cases(const std::filesystem::path& corpus);
size_t check_models(const std::filesystem::path& corpus);
size_t round_trip_models(const std::filesystem::path& corpus);

}  // namespace panmodel::onnx
