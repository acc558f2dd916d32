// Entry of libFuzzer for the reader that PANMODEL_FUZZ_READER names.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const panmodel::fuzz::Run run = panmodel::fuzz::find_reader(PANMODEL_FUZZ_READER)->run;
  run({data, size});
  return 0;
}
