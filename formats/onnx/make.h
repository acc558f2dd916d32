#pragma once
// Making messages: what writers and tests use.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "formats/onnx/document.h"

namespace panmodel::onnx {

// Attributes, with `type` set. Strings are copied.
AttributeProto make_attribute(std::string_view name, float value);
AttributeProto make_attribute(std::string_view name, int64_t value);
AttributeProto make_attribute(std::string_view name, std::string_view value);
AttributeProto make_attribute(std::string_view name, const char* value);
AttributeProto make_attribute(std::string_view name, TensorProto value);
AttributeProto make_attribute(std::string_view name, GraphProto value);
AttributeProto make_attribute(std::string_view name, std::vector<float> values);
AttributeProto make_attribute(std::string_view name, std::vector<int64_t> values);
AttributeProto make_attribute(std::string_view name, std::vector<Text> values);

NodeProto make_node(std::string_view op_type, std::vector<Text> inputs, std::vector<Text> outputs,
                    std::string_view name = {}, std::string_view domain = {});

// Tensors with raw_data (string_data for strings); the numbers are copied. Precondition: the number
// of values is the product of dims.
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::span<const float> v);
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::span<const double> v);
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::span<const int64_t> v);
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::span<const int32_t> v);
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::span<const uint8_t> v);
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::vector<Text> strings);
// Elements in the flat form of TensorData.
TensorProto make_tensor(std::string_view name, DataType type, std::vector<int64_t> dims, Bytes data);

// Dimensions: a number, a symbol, or unknown (empty symbol).
DimensionProto dim(int64_t value);
DimensionProto dim(std::string_view symbol);
TypeProto tensor_type(DataType type, std::vector<DimensionProto> dims);
TypeProto tensor_type(DataType type);  // unknown rank
TypeProto sequence_type(TypeProto element);
TypeProto map_type(DataType key, TypeProto value);
ValueInfoProto make_value(std::string_view name, TypeProto type);

}  // namespace panmodel::onnx
