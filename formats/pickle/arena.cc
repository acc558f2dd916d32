#include "formats/pickle/arena.h"

#include "base/diagnostic.h"
#include "base/fail.h"

namespace panmodel::pickle {

namespace {
constexpr uint64_t kChunk = 1 << 16;
}

void* Arena::allocate(uint64_t bytes) {
  if (bytes > limit_ || limit_ - used_ < bytes) {
    fail({}, "pickle-limit-memory", "the values need more than {} bytes of memory", limit_);
  }
  bytes = (bytes + 15) & ~uint64_t{15};
  used_ += bytes < limit_ - used_ ? bytes : limit_ - used_;
  if (bytes > kChunk / 4) {
    chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(bytes));
    return chunks_.back().get();
  }
  if (left_ < bytes) {
    chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kChunk));
    at_ = chunks_.back().get();
    left_ = kChunk;
  }
  void* result = at_;
  at_ += bytes;
  left_ -= bytes;
  return result;
}

}  // namespace panmodel::pickle
