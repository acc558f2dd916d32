#pragma once
// Values as keys of sets (map.add, map.toset, map.in): Avro's binary encoding in base64.
#include <string>

#include "ir/pfa/value.h"

namespace panmodel::pfa {

// Precondition: the value is of the type. Fails "limit-depth" for values nested too deep for the
// stack.
std::string avro_text(const Value& value, const Type& type);

}  // namespace panmodel::pfa
