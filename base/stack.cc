#include "base/stack.h"

#include <pthread.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace panmodel {
namespace {

// The lowest address that may still be used.
uintptr_t floor_of_stack() {
  pthread_attr_t attributes;
  void* lowest = nullptr;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
  }
  return reinterpret_cast<uintptr_t>(lowest) + std::min<size_t>(size / 4, size_t{1} << 20);
}

}  // namespace

bool stack_low() {
  thread_local const uintptr_t floor = floor_of_stack();
  // The address of the frame, not of a local: a sanitizer may keep locals elsewhere.
  return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < floor;
}

}  // namespace panmodel
