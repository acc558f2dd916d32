#pragma once
// Element types, tensors and types between ONNX and the IR.
#include "formats/onnx/document.h"
#include "formats/onnx/tensor_data.h"
#include "ir/tensor.h"
#include "ir/type.h"

namespace panmodel::onnx {

DataType data_type_of(DType dtype);
// Fails "onnx-tensor-type" for an element type that the IR does not know.
DType dtype_of(int32_t data_type, const Location& loc);
TensorProto to_proto(std::string_view name, const Tensor& tensor);
Tensor to_tensor(const TensorProto& proto, const DecodeOptions& options, const Location& loc);
TypeProto to_proto(const Type& type);
Type to_type(const TypeProto& proto, const Location& loc);

}  // namespace panmodel::onnx
