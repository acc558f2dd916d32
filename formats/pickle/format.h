#pragma once
#include "formats/format.h"

namespace panmodel::pickle {

const Format& format();

}  // namespace panmodel::pickle
