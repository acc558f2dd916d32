// Memory runs out at the n-th allocation of a conversion, for every n until one succeeds: each time
// it is refused as such, and the old file is whole.
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <string>

#include "api/panmodel.h"

namespace {
long allocations_left = -1;  // negative: no limit
}

void* operator new(size_t size) {
  if (allocations_left >= 0 && allocations_left-- == 0) throw std::bad_alloc();
  void* block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }

namespace panmodel {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(Allocations, EveryOneMayFail) {
  std::string name = (fs::temp_directory_path() / "panmodel-alloc-XXXXXX").string();
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  const fs::path output = fs::path(name) / "out.onnx";
  std::ofstream(output) << "the old file";
  ConvertRequest request;
  request.input = PANMODEL_TESTDATA "/pickle/logistic.pkl";
  request.output = output.string();
  request.overwrite = true;
  request.rows = 1;
  long n = 0;
  for (bool done = false; !done; ++n) {
    ASSERT_LT(n, 1'000'000);
    Diagnostics out;
    allocations_left = n;
    const auto result = convert_file(request, out);
    allocations_left = -1;
    done = result.ok();
    if (done) break;
    ASSERT_EQ(result.error().code, "limit-memory") << n << ": " << to_string(result.error());
    ASSERT_EQ(content(output), "the old file") << n;
    ASSERT_EQ(std::distance(fs::directory_iterator(name), fs::directory_iterator()), 1) << n;
  }
  EXPECT_GT(n, 100);
  EXPECT_NE(content(output), "the old file");
  std::printf("%ld allocations\n", n);
  fs::remove_all(name);
}

}  // namespace
}  // namespace panmodel
