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

// The integers of an attribute in the form that the file has, a quarter of the memory of a vector:
// for the lists of a tree ensemble.
class EncodedInts {
 public:
  explicit EncodedInts(size_t count) { bytes_.reserve(count * kUsual); }
  void push_back(uint32_t value);
  std::string take();

 private:
  static constexpr size_t kUsual = 4, kLongest = 6;  // bytes of a tag and a number
  std::string bytes_;
  char buffer_[4096];
  char* at_ = buffer_;
};
// `bytes` are those of EncodedInts::take.
AttributeProto make_encoded_attribute(std::string_view name, Text bytes);

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
