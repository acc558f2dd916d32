#pragma once
// The schema of ONNX as data: messages, field numbers, wire types, labels, names (onnx.proto of IR
// version 14, onnx-data.proto), and its element and attribute types.
#include <cstdint>
#include <span>
#include <string_view>

namespace panmodel::onnx {

enum class Label : uint8_t { optional, repeated, packed, oneof };
enum class Kind : uint8_t { int32, int64, uint64, real32, real64, string, bytes, enumeration, message };
// Wire types of the protobuf encoding; groups (3, 4) do not occur in ONNX.
enum class WireType : uint8_t { varint = 0, fixed64 = 1, length = 2, fixed32 = 5 };

constexpr WireType wire_type(Kind kind) {
  switch (kind) {
    case Kind::real32: return WireType::fixed32;
    case Kind::real64: return WireType::fixed64;
    case Kind::string:
    case Kind::bytes:
    case Kind::message: return WireType::length;
    default: return WireType::varint;
  }
}

struct FieldRow {
  std::string_view message;  // as the .proto file spells it: "TypeProto.Tensor"
  uint32_t number;
  std::string_view name;
  Label label;
  Kind kind;
  std::string_view type;  // message or enumeration; empty for scalars
};

inline constexpr FieldRow kFields[] = {
#define PANMODEL_ONNX_BEGIN(Struct, message)
#define PANMODEL_ONNX_FIELD(Struct, number, name, label, kind, type) \
  {#Struct, number, #name, Label::label, Kind::kind, type},
#define PANMODEL_ONNX_END(Struct)
#include "formats/onnx/schema.def"
#undef PANMODEL_ONNX_BEGIN
#undef PANMODEL_ONNX_FIELD
#undef PANMODEL_ONNX_END
};

struct MessageRow {
  std::string_view struct_name, message;
};
inline constexpr MessageRow kMessages[] = {
#define PANMODEL_ONNX_BEGIN(Struct, message) {#Struct, message},
#define PANMODEL_ONNX_FIELD(Struct, number, name, label, kind, type)
#define PANMODEL_ONNX_END(Struct)
#include "formats/onnx/schema.def"
#undef PANMODEL_ONNX_BEGIN
#undef PANMODEL_ONNX_FIELD
#undef PANMODEL_ONNX_END
};

// Newest versions that this schema knows.
inline constexpr int64_t kMaxIrVersion = 14;

// Which field of TensorProto holds the elements when raw_data does not.
enum class ValueField : uint8_t { none, float_data, int32_data, int64_data, uint64_data, double_data, string_data };

// TensorProto.DataType: enumerator, number, name in the .proto, bits per element in raw_data,
// typed field.
#define PANMODEL_ONNX_DATA_TYPES(X)                       \
  X(undefined, 0, "UNDEFINED", 0, none)                   \
  X(f32, 1, "FLOAT", 32, float_data)                      \
  X(u8, 2, "UINT8", 8, int32_data)                        \
  X(i8, 3, "INT8", 8, int32_data)                         \
  X(u16, 4, "UINT16", 16, int32_data)                     \
  X(i16, 5, "INT16", 16, int32_data)                      \
  X(i32, 6, "INT32", 32, int32_data)                      \
  X(i64, 7, "INT64", 64, int64_data)                      \
  X(string, 8, "STRING", 0, string_data)                  \
  X(boolean, 9, "BOOL", 8, int32_data)                    \
  X(f16, 10, "FLOAT16", 16, int32_data)                   \
  X(f64, 11, "DOUBLE", 64, double_data)                   \
  X(u32, 12, "UINT32", 32, uint64_data)                   \
  X(u64, 13, "UINT64", 64, uint64_data)                   \
  X(c64, 14, "COMPLEX64", 64, float_data)                 \
  X(c128, 15, "COMPLEX128", 128, double_data)             \
  X(bf16, 16, "BFLOAT16", 16, int32_data)                 \
  X(f8e4m3fn, 17, "FLOAT8E4M3FN", 8, int32_data)          \
  X(f8e4m3fnuz, 18, "FLOAT8E4M3FNUZ", 8, int32_data)      \
  X(f8e5m2, 19, "FLOAT8E5M2", 8, int32_data)              \
  X(f8e5m2fnuz, 20, "FLOAT8E5M2FNUZ", 8, int32_data)      \
  X(u4, 21, "UINT4", 4, int32_data)                       \
  X(i4, 22, "INT4", 4, int32_data)                        \
  X(f4e2m1, 23, "FLOAT4E2M1", 4, int32_data)              \
  X(f8e8m0, 24, "FLOAT8E8M0", 8, int32_data)              \
  X(u2, 25, "UINT2", 2, int32_data)                       \
  X(i2, 26, "INT2", 2, int32_data)                        \
  X(f6e2m3, 27, "FLOAT6E2M3", 6, int32_data)              \
  X(f6e3m2, 28, "FLOAT6E3M2", 6, int32_data)

enum class DataType : int32_t {
#define PANMODEL_X(id, number, name, bits, field) id = number,
  PANMODEL_ONNX_DATA_TYPES(PANMODEL_X)
#undef PANMODEL_X
};

struct DataTypeRow {
  DataType type;
  std::string_view name;
  uint32_t bits;  // of one element in raw_data; 0 for STRING
  ValueField field;
};
inline constexpr DataTypeRow kDataTypes[] = {
#define PANMODEL_X(id, number, name, bits, field) {DataType::id, name, bits, ValueField::field},
    PANMODEL_ONNX_DATA_TYPES(PANMODEL_X)
#undef PANMODEL_X
};

// The row of a stored number, or nullptr when the number is no element type (UNDEFINED included).
constexpr const DataTypeRow* data_type_row(int64_t number) {
  if (number < 1 || number >= static_cast<int64_t>(std::size(kDataTypes))) return nullptr;
  return &kDataTypes[number];
}

// AttributeProto.AttributeType.
#define PANMODEL_ONNX_ATTRIBUTE_TYPES(X) \
  X(undefined, 0, "UNDEFINED")           \
  X(real, 1, "FLOAT")                    \
  X(integer, 2, "INT")                   \
  X(string, 3, "STRING")                 \
  X(tensor, 4, "TENSOR")                 \
  X(graph, 5, "GRAPH")                   \
  X(reals, 6, "FLOATS")                  \
  X(integers, 7, "INTS")                 \
  X(strings, 8, "STRINGS")               \
  X(tensors, 9, "TENSORS")               \
  X(graphs, 10, "GRAPHS")                \
  X(sparse_tensor, 11, "SPARSE_TENSOR")  \
  X(sparse_tensors, 12, "SPARSE_TENSORS") \
  X(type_proto, 13, "TYPE_PROTO")        \
  X(type_protos, 14, "TYPE_PROTOS")

enum class AttributeType : int32_t {
#define PANMODEL_X(id, number, name) id = number,
  PANMODEL_ONNX_ATTRIBUTE_TYPES(PANMODEL_X)
#undef PANMODEL_X
};
inline constexpr std::string_view kAttributeTypeNames[] = {
#define PANMODEL_X(id, number, name) name,
    PANMODEL_ONNX_ATTRIBUTE_TYPES(PANMODEL_X)
#undef PANMODEL_X
};
// "FLOATS"; "unknown" for a number that is no attribute type.
constexpr std::string_view attribute_type_name(int64_t number) {
  if (number < 0 || number >= static_cast<int64_t>(std::size(kAttributeTypeNames))) return "unknown";
  return kAttributeTypeNames[number];
}

// TensorProto.DataLocation.
enum class DataLocation : int32_t { embedded = 0, external = 1 };

}  // namespace panmodel::onnx
