#pragma once
// Room on the stack of the running thread, for code that recurses as deep as its input nests.

#include <cstddef>
#include <functional>

namespace panmodel {

// Whether less than a quarter of the thread's stack (at most 1 MB) is left.
bool stack_low();

// Runs `f` in a thread with a stack of `bytes`, of which only what is used takes memory, and waits for it; what
// it throws is thrown here. False: the system gives no such thread, and `f` has not run.
bool on_new_stack(size_t bytes, const std::function<void()>& f);

}  // namespace panmodel
