#pragma once
// A directory in the layout of ONNX's backend tests: input_0.pb, output_0.pb ... (TensorProto).
#include <string>

#include "formats/format.h"

namespace panmodel::onnx {

// Fails file-open when an input of the model has no file, onnx-* when one is malformed.
TestVectors read_test_data(const std::string& directory, const Model& model);

}  // namespace panmodel::onnx
