// Releases of onnx that brought a version of ai.onnx (docs/Versioning.md and onnx/helper.py,
// VERSION_TABLE).
#include <array>

#include "formats/onnx/opsets.h"

namespace panmodel::onnx {
namespace {

constexpr std::array<Release, 28> kReleases = {{
    {"1.0", 3, 1, 1},     {"1.1", 3, 2, 1},     {"1.1", 3, 3, 1},     {"1.1", 3, 4, 1},
    {"1.1", 3, 5, 1},     {"1.1.2", 3, 6, 1},   {"1.2", 3, 7, 1},     {"1.3", 3, 8, 1},
    {"1.4.1", 4, 9, 1},   {"1.5.0", 5, 10, 1},  {"1.6.0", 6, 11, 2},  {"1.7.0", 7, 12, 2},
    {"1.8.0", 7, 13, 2},  {"1.9.0", 7, 14, 2},  {"1.10.0", 8, 15, 2}, {"1.11.0", 8, 16, 3},
    {"1.12.0", 8, 17, 3}, {"1.13.0", 8, 18, 3}, {"1.14.0", 9, 19, 3}, {"1.15.0", 9, 20, 4},
    {"1.16.0", 10, 21, 5}, {"1.17.0", 10, 22, 5}, {"1.18.0", 11, 23, 5}, {"1.19.0", 12, 24, 5},
    {"1.20.0", 13, 25, 5}, {"1.21.0", 13, 26, 5}, {"1.22.0", 13, 27, 5}, {"1.23.0", 14, 28, 5},
}};

}  // namespace

std::span<const Release> releases() { return kReleases; }

const Release& release_of(int64_t ai_onnx) {
  for (const Release& r : kReleases) {
    if (r.ai_onnx >= ai_onnx) return r;
  }
  return kReleases.back();
}

}  // namespace panmodel::onnx
