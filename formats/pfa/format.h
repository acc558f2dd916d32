#pragma once
// PFA 0.8.1 (Portable Format for Analytics, Data Mining Group), as JSON or YAML.
#include "formats/format.h"

namespace panmodel::pfa {

const Format& format();

}  // namespace panmodel::pfa
