#pragma once
#include "formats/format.h"

namespace panmodel::native {

// .panir: the intermediate representation itself.
const Format& format();

}  // namespace panmodel::native
