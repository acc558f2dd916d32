#pragma once
// The protobuf wire format: reading numbers and tags from bytes with bounds, writing them. Private
// to formats/onnx.
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "formats/onnx/schema.h"

namespace panmodel::onnx::wire {

// Where in the message tree the parser is: frames on the stack of the parser, turned into text only
// when something is wrong.
struct Frame {
  const Frame* up = nullptr;
  std::string_view field;
  int64_t index = -1;  // in a repeated field
};

// "graph.node[3].attribute[0].floats".
std::string path_of(const Frame* frame);

struct Tag {
  uint32_t number = 0;
  uint32_t wire = 0;
};

// A position in bytes. `base` is the first byte of the file, for offsets in messages.
class Cursor {
 public:
  Cursor(const char* base, const char* begin, const char* end, const std::string* file)
      : base_(base), at_(begin), end_(end), file_(file) {}
  bool done() const { return at_ == end_; }
  const char* at() const { return at_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  uint64_t offset() const { return static_cast<uint64_t>(at_ - base_); }

  Tag tag(const Frame* frame);
  // Steps over one byte when it is this one.
  bool take(char byte) {
    if (at_ == end_ || *at_ != byte) return false;
    ++at_;
    return true;
  }
  uint64_t varint(const Frame* frame);
  uint32_t fixed32(const Frame* frame);
  uint64_t fixed64(const Frame* frame);
  // The bytes of a length-delimited field.
  std::string_view block(const Frame* frame);
  // Steps over the value of a field that the schema does not know.
  void skip(Tag tag, const Frame* frame);
  Cursor inside(std::string_view block) const {
    return {base_, block.data(), block.data() + block.size(), file_};
  }
  Location location(const Frame* frame) const { return location(frame, at_); }
  Location location(const Frame* frame, const char* at) const;

 private:
  const char* base_;
  const char* at_;
  const char* end_;
  const std::string* file_;
};

// Sizes and bytes of what is written: seven bits per byte. put_varint writes varint_size(value) bytes
// and returns the place behind them.
constexpr size_t varint_size(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}
inline char* put_varint(char* at, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}
constexpr uint64_t tag_value(uint32_t number, WireType type) {
  return (uint64_t{number} << 3) | static_cast<uint64_t>(type);
}

}  // namespace panmodel::onnx::wire
