#pragma once
// Values in Avro's binary encoding (Avro 1.7.6, "Binary Encoding"), without a schema.
#include <string>

#include "ir/pfa/value.h"

namespace panmodel::pfa {

// Precondition: `value` is of `type`. A float is rounded to one.
std::string encode_avro(const Value& value, const Type& type);

}  // namespace panmodel::pfa
