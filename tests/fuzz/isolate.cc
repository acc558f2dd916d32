#include "tests/fuzz/isolate.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace panmodel::fuzz {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

constexpr int kTooMuchMemory = 99;

void child(size_t from, size_t count, const Limits& limits, const std::function<void(size_t)>& body,
           volatile size_t* at) {
  for (size_t i = from; i < count; ++i) {
    *at = i;
    // SIGPROF ends the child.
    const itimerval timer{{0, 0}, {limits.seconds, 0}};
    setitimer(ITIMER_PROF, &timer, nullptr);
    body(i);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    if (limits.megabytes != 0 && static_cast<size_t>(usage.ru_maxrss) / 1024 > limits.megabytes) {
      _exit(kTooMuchMemory);
    }
  }
  *at = count;
  std::fflush(nullptr);
  _exit(0);
}

}  // namespace

Limits default_limits() {
  return kSanitized ? Limits{.seconds = 20, .megabytes = 0} : Limits{};
}

size_t run_isolated(size_t count, const Limits& limits, const std::function<void(size_t)>& body,
                    const std::function<std::string(size_t)>& name) {
  void* page = mmap(nullptr, sizeof(size_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) std::abort();
  auto* at = static_cast<volatile size_t*>(page);
  size_t findings = 0;
  for (size_t from = 0; from < count;) {
    *at = from;
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid < 0) std::abort();
    if (pid == 0) child(from, count, limits, body, at);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && *at == count) break;
    ++findings;
    std::string how = WIFEXITED(status) ? "exit " + std::to_string(WEXITSTATUS(status))
                                        : "signal " + std::to_string(WTERMSIG(status));
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF) {
      how = "more than " + std::to_string(limits.seconds) + " s";
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == kTooMuchMemory) {
      how = "more than " + std::to_string(limits.megabytes) + " MB";
    }
    std::printf("FINDING %s: %s\n", name(*at).c_str(), how.c_str());
    from = *at + 1;
  }
  munmap(page, sizeof(size_t));
  return findings;
}

}  // namespace panmodel::fuzz
