#pragma once
// PMML 3.0 to 4.4 (Data Mining Group), told by the root element, whatever its namespace.
#include "formats/format.h"

namespace panmodel::pmml {

const Format& format();

}  // namespace panmodel::pmml
