#pragma once
#include "formats/format.h"

namespace panmodel::onnx {

const Format& format();

}  // namespace panmodel::onnx
