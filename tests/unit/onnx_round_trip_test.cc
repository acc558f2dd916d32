// Bytes -> message -> bytes is the identity, for each field of schema.def and for unknown ones.
#include <gtest/gtest.h>

#include "formats/onnx/document.h"

namespace panmodel::onnx {
namespace {

void put_varint(std::string& out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) out += static_cast<char>((v & 0x7f) | 0x80);
  out += static_cast<char>(v);
}
void put_block(std::string& out, std::string_view block) {
  put_varint(out, block.size());
  out += block;
}
template <class T>
std::string bits(T v) {
  return {reinterpret_cast<const char*>(&v), sizeof(v)};
}

// A value of the kind as it stands behind its tag, without the length of a block.
std::string value(Kind kind) {
  std::string out;
  switch (kind) {
    case Kind::real32: return bits(1.5f);
    case Kind::real64: return bits(-0.0);
    case Kind::string: return "text";
    case Kind::bytes: return std::string("\0\xff", 2);
    case Kind::message: return "";
    case Kind::enumeration: put_varint(out, 77); return out;
    case Kind::uint64: put_varint(out, UINT64_MAX); return out;
    default: put_varint(out, static_cast<uint64_t>(int64_t{-3})); return out;
  }
}

std::string field(const FieldRow& row) {
  std::string out;
  const bool packed = row.label == Label::packed;
  const bool block = packed || wire_type(row.kind) == WireType::length;
  const int times = row.label == Label::repeated ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    const WireType wire = block ? WireType::length : wire_type(row.kind);
    put_varint(out, row.number << 3 | static_cast<uint32_t>(wire));
    std::string one = value(row.kind);
    if (packed) one += one;
    if (block) {
      put_block(out, one);
    } else {
      out += one;
    }
  }
  return out;
}

std::string unknown() {
  std::string out;
  put_varint(out, 1000 << 3 | 2);
  put_block(out, "of a later schema");
  put_varint(out, 1001 << 3);
  put_varint(out, 12345);
  return out;
}

template <class Message>
std::string again(const std::string& bytes) {
  Bytes kept = Bytes::copy_of(bytes);
  return serialise(parse<Message>(kept));
}

template <class Message>
void round_trip(std::string_view name, size_t* fields) {
  std::string all;
  for (const FieldRow& row : kFields) {
    if (row.message != name) continue;
    ++*fields;
    EXPECT_EQ(again<Message>(field(row)), field(row)) << name << "." << row.name;
    // Of the members of a oneof the last one stays; alone above.
    if (row.label != Label::oneof) all += field(row);
  }
  all += unknown();
  EXPECT_EQ(again<Message>(all), all) << name;
}

TEST(OnnxRoundTrip, EveryField) {
  size_t fields = 0;
#define PANMODEL_ONNX_BEGIN(Struct, message) round_trip<Struct>(#Struct, &fields);
#define PANMODEL_ONNX_FIELD(Struct, number, name, label, kind, type)
#define PANMODEL_ONNX_END(Struct)
#include "formats/onnx/schema.def"
#undef PANMODEL_ONNX_BEGIN
#undef PANMODEL_ONNX_FIELD
#undef PANMODEL_ONNX_END
  EXPECT_EQ(fields, std::size(kFields));
}

}  // namespace
}  // namespace panmodel::onnx
