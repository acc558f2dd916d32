#pragma once
// ONNX to IR.
#include "formats/format.h"

namespace panmodel::onnx {

Model read_to_ir(const Bytes& bytes, const ReadOptions& options, Diagnostics& out);

}  // namespace panmodel::onnx
