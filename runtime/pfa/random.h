#pragma once
#include "runtime/pfa/library.h"

namespace panmodel::pfa {

// A whole number in [0, n), each as likely. Precondition: n > 0.
uint64_t random_below(const Call& call, uint64_t n);
// In [0, 1), 53 bits.
double random_unit(const Call& call);

}  // namespace panmodel::pfa
