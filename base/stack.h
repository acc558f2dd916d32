#pragma once
// Room on the stack of the running thread, for code that recurses as deep as its input nests.

namespace panmodel {

// Whether less than a quarter of the thread's stack (at most 1 MB) is left.
bool stack_low();

}  // namespace panmodel
