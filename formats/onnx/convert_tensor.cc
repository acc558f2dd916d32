#include "formats/onnx/convert_tensor.h"

#include <array>

#include "base/diagnostic.h"
#include "base/fail.h"

#include "formats/onnx/make.h"

namespace panmodel::onnx {
namespace {

constexpr std::array<std::pair<DType, DataType>, kDTypeCount> kTypes = {{
    {DType::f64, DataType::f64},         {DType::f32, DataType::f32},
    {DType::f16, DataType::f16},         {DType::bf16, DataType::bf16},
    {DType::i64, DataType::i64},         {DType::i32, DataType::i32},
    {DType::i16, DataType::i16},         {DType::i8, DataType::i8},
    {DType::u64, DataType::u64},         {DType::u32, DataType::u32},
    {DType::u16, DataType::u16},         {DType::u8, DataType::u8},
    {DType::boolean, DataType::boolean}, {DType::string, DataType::string},
    {DType::c64, DataType::c64},         {DType::c128, DataType::c128},
    {DType::f8e4m3fn, DataType::f8e4m3fn},     {DType::f8e4m3fnuz, DataType::f8e4m3fnuz},
    {DType::f8e5m2, DataType::f8e5m2},         {DType::f8e5m2fnuz, DataType::f8e5m2fnuz},
    {DType::f8e8m0, DataType::f8e8m0},         {DType::f4e2m1, DataType::f4e2m1},
    {DType::i4, DataType::i4},                 {DType::u4, DataType::u4},
    {DType::i2, DataType::i2},                 {DType::u2, DataType::u2},
}};

constexpr int kMaxTypeDepth = 32;

Type type_at(const TypeProto& p, const Location& loc, int depth) {
  if (depth > kMaxTypeDepth) fail(loc, "onnx-depth", "a type nested more than {} deep", kMaxTypeDepth);
  auto boxed = [&](const Box<TypeProto>& inner) {
    if (!inner) fail(loc, "onnx-type", "a type without its element type");
    return std::make_shared<const Type>(type_at(*inner, loc, depth + 1));
  };
  if (p.sequence_type) return SeqType{boxed(p.sequence_type->elem_type)};
  if (p.optional_type) return OptionalType{boxed(p.optional_type->elem_type)};
  if (p.map_type) {
    return MapType{dtype_of(p.map_type->key_type.value_or(0), loc), boxed(p.map_type->value_type)};
  }
  if (!p.tensor_type) fail(loc, "onnx-type", "a value of a type that is no tensor, sequence or map");
  TensorType t{dtype_of(p.tensor_type->elem_type.value_or(0), loc), std::nullopt};
  if (p.tensor_type->shape) {
    t.dims.emplace();
    for (const DimensionProto& d : p.tensor_type->shape->dim) {
      if (d.dim_value && *d.dim_value >= 0) {
        t.dims->push_back(Dim(*d.dim_value));
      } else {
        t.dims->push_back(Dim(d.dim_param.str()));
      }
    }
  }
  return t;
}

}  // namespace

DataType data_type_of(DType dtype) {
  for (auto [ours, theirs] : kTypes) {
    if (ours == dtype) return theirs;
  }
  return DataType::undefined;
}

DType dtype_of(int32_t data_type, const Location& loc) {
  for (auto [ours, theirs] : kTypes) {
    if (static_cast<int32_t>(theirs) == data_type) return ours;
  }
  fail(loc, "onnx-type", "element type {} is not known", data_type);
}

TensorProto to_proto(std::string_view name, const Tensor& t) {
  if (t.dtype() == DType::string) {
    std::vector<Text> texts;
    for (const std::string& s : t.as<std::string>()) texts.emplace_back(s);
    return make_tensor(name, t.shape(), std::move(texts));
  }
  TensorData data;
  data.type = data_type_of(t.dtype());
  data.dims = t.shape();
  data.count = t.size();
  auto keep = std::make_shared<const Tensor>(t);
  data.data = Bytes(t.bytes(), keep);
  return encode_tensor(data, name);
}

Tensor to_tensor(const TensorProto& proto, const DecodeOptions& options, const Location& loc) {
  TensorData d = decode_tensor(proto, options, loc);
  DType dtype = dtype_of(static_cast<int32_t>(d.type), loc);
  if (dtype == DType::string) {
    std::vector<std::string> texts;
    for (const Text& t : d.strings) texts.push_back(t.str());
    return Tensor::of(d.dims, std::move(texts));
  }
  return Tensor::view(dtype, d.dims, d.data);
}

TypeProto to_proto(const Type& type) {
  if (const auto* seq = std::get_if<SeqType>(&type.v)) return sequence_type(to_proto(*seq->element));
  if (const auto* map = std::get_if<MapType>(&type.v)) {
    return map_type(data_type_of(map->key), to_proto(*map->value));
  }
  if (const auto* optional = std::get_if<OptionalType>(&type.v)) {
    TypeProto t;
    t.optional_type.ensure().elem_type = to_proto(*optional->element);
    return t;
  }
  if (const ColumnType* c = type.column()) {
    return tensor_type(data_type_of(c->dtype), {dim("N"), dim(int64_t{1})});
  }
  const TensorType& t = *type.tensor();
  if (!t.dims) return tensor_type(data_type_of(t.dtype));
  std::vector<DimensionProto> dims;
  for (const Dim& d : *t.dims) dims.push_back(d.fixed() ? dim(d.size) : dim(d.symbol));
  return tensor_type(data_type_of(t.dtype), std::move(dims));
}

Type to_type(const TypeProto& proto, const Location& loc) { return type_at(proto, loc, 0); }

}  // namespace panmodel::onnx
