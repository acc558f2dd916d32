#include "formats/onnx/make.h"

#include <iterator>

#include "formats/onnx/wire.h"

namespace panmodel::onnx {
namespace {

AttributeProto named(std::string_view name, AttributeType type) {
  AttributeProto a;
  a.name = name;
  a.type = static_cast<int32_t>(type);
  return a;
}

template <class T>
TensorProto numbers(std::string_view name, DataType type, std::vector<int64_t> dims,
                    std::span<const T> v) {
  std::string_view bytes(reinterpret_cast<const char*>(v.data()), v.size_bytes());
  return make_tensor(name, type, std::move(dims), Bytes::copy_of(bytes));
}

}  // namespace

AttributeProto make_attribute(std::string_view name, float value) {
  AttributeProto a = named(name, AttributeType::real);
  a.f = value;
  return a;
}
AttributeProto make_attribute(std::string_view name, int64_t value) {
  AttributeProto a = named(name, AttributeType::integer);
  a.i = value;
  return a;
}
AttributeProto make_attribute(std::string_view name, std::string_view value) {
  AttributeProto a = named(name, AttributeType::string);
  a.s = value;
  return a;
}
AttributeProto make_attribute(std::string_view name, const char* value) {
  return make_attribute(name, std::string_view(value));
}
AttributeProto make_attribute(std::string_view name, TensorProto value) {
  AttributeProto a = named(name, AttributeType::tensor);
  a.t = std::move(value);
  return a;
}
AttributeProto make_attribute(std::string_view name, GraphProto value) {
  AttributeProto a = named(name, AttributeType::graph);
  a.g = std::move(value);
  return a;
}
AttributeProto make_attribute(std::string_view name, std::vector<float> values) {
  AttributeProto a = named(name, AttributeType::reals);
  a.floats = std::move(values);
  return a;
}
AttributeProto make_attribute(std::string_view name, std::vector<int64_t> values) {
  AttributeProto a = named(name, AttributeType::integers);
  a.ints = std::move(values);
  return a;
}
AttributeProto make_attribute(std::string_view name, std::vector<Text> values) {
  AttributeProto a = named(name, AttributeType::strings);
  a.strings = std::move(values);
  return a;
}

void EncodedInts::push_back(uint32_t value) {
  if (at_ > std::end(buffer_) - kLongest) {
    bytes_.append(buffer_, at_);
    at_ = buffer_;
  }
  constexpr uint32_t kInts = 8;  // AttributeProto.ints
  *at_++ = static_cast<char>(wire::tag_value(kInts, WireType::varint));
  at_ = wire::put_varint(at_, value);
}
std::string EncodedInts::take() {
  bytes_.append(buffer_, at_);
  at_ = buffer_;
  return std::move(bytes_);
}
AttributeProto make_encoded_attribute(std::string_view name, Text bytes) {
  AttributeProto a = named(name, AttributeType::integers);
  a.unknown = std::move(bytes);
  return a;
}

NodeProto make_node(std::string_view op_type, std::vector<Text> inputs, std::vector<Text> outputs,
                    std::string_view name, std::string_view domain) {
  NodeProto n;
  n.input = std::move(inputs);
  n.output = std::move(outputs);
  if (!name.empty()) n.name = name;
  n.op_type = op_type;
  if (!domain.empty()) n.domain = domain;
  return n;
}

TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::span<const float> v) {
  return numbers(name, DataType::f32, std::move(dims), v);
}
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::span<const double> v) {
  return numbers(name, DataType::f64, std::move(dims), v);
}
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::span<const int64_t> v) {
  return numbers(name, DataType::i64, std::move(dims), v);
}
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::span<const int32_t> v) {
  return numbers(name, DataType::i32, std::move(dims), v);
}
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::span<const uint8_t> v) {
  return numbers(name, DataType::u8, std::move(dims), v);
}
TensorProto make_tensor(std::string_view name, std::vector<int64_t> dims, std::vector<Text> strings) {
  TensorProto t;
  t.dims = std::move(dims);
  t.data_type = static_cast<int32_t>(DataType::string);
  t.string_data = std::move(strings);
  t.name = name;
  return t;
}
TensorProto make_tensor(std::string_view name, DataType type, std::vector<int64_t> dims, Bytes data) {
  TensorProto t;
  t.dims = std::move(dims);
  t.data_type = static_cast<int32_t>(type);
  t.name = name;
  t.raw_data = std::move(data);
  return t;
}

DimensionProto dim(int64_t value) {
  DimensionProto d;
  d.dim_value = value;
  return d;
}
DimensionProto dim(std::string_view symbol) {
  DimensionProto d;
  if (!symbol.empty()) d.dim_param = symbol;
  return d;
}
TypeProto tensor_type(DataType type, std::vector<DimensionProto> dims) {
  TypeProto t = tensor_type(type);
  t.tensor_type->shape.ensure().dim = std::move(dims);
  return t;
}
TypeProto tensor_type(DataType type) {
  TypeProto t;
  t.tensor_type.ensure().elem_type = static_cast<int32_t>(type);
  return t;
}
TypeProto sequence_type(TypeProto element) {
  TypeProto t;
  t.sequence_type.ensure().elem_type = std::move(element);
  return t;
}
TypeProto map_type(DataType key, TypeProto value) {
  TypeProto t;
  t.map_type.ensure().key_type = static_cast<int32_t>(key);
  t.map_type->value_type = std::move(value);
  return t;
}
ValueInfoProto make_value(std::string_view name, TypeProto type) {
  ValueInfoProto v;
  v.name = name;
  v.type = std::move(type);
  return v;
}

}  // namespace panmodel::onnx
