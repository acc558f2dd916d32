#include "base/stack.h"

#include <pthread.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>

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

struct Job {
  const std::function<void()>& f;
  std::exception_ptr thrown = nullptr;
};
void* run_job(void* pointer) {
  auto& job = *static_cast<Job*>(pointer);
  try {
    job.f();
  } catch (...) {
    job.thrown = std::current_exception();
  }
  return nullptr;
}

}  // namespace

bool stack_low() {
  thread_local const uintptr_t floor = floor_of_stack();
  // The address of the frame, not of a local: a sanitizer may keep locals elsewhere.
  return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < floor;
}

bool on_new_stack(size_t bytes, const std::function<void()>& f) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  Job job{f};
  pthread_t thread{};
  const bool made = pthread_attr_setstacksize(&attributes, bytes) == 0 &&
                    pthread_create(&thread, &attributes, run_job, &job) == 0;
  pthread_attr_destroy(&attributes);
  if (!made) return false;
  pthread_join(thread, nullptr);
  if (job.thrown) std::rethrow_exception(job.thrown);
  return true;
}

}  // namespace panmodel
