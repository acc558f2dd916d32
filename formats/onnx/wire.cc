#include "formats/onnx/wire.h"

#include <protozero/varint.hpp>

#include "base/bytes.h"
#include "base/fail.h"
#include "formats/onnx/values.h"

namespace panmodel::onnx {
namespace wire {

std::string path_of(const Frame* frame) {
  std::string path;
  for (; frame && !frame->field.empty(); frame = frame->up) {
    std::string part(frame->field);
    if (frame->index >= 0) part += fmt::format("[{}]", frame->index);
    path = path.empty() ? part : part + "." + path;
  }
  return path;
}

Location Cursor::location(const Frame* frame, const char* at) const {
  Location loc = ProtoLoc{path_of(frame), static_cast<int64_t>(at - base_)};
  if (file_) loc.file = *file_;
  return loc;
}

uint64_t Cursor::varint(const Frame* frame) {
  if (at_ != end_ && static_cast<signed char>(*at_) >= 0) return static_cast<uint64_t>(*at_++);
  const char* begin = at_;
  try {
    return protozero::decode_varint(&at_, end_);
  } catch (const protozero::end_of_buffer_exception&) {
    fail(location(frame, begin), "onnx-wire-truncated", "the file ends inside a number");
  } catch (const protozero::varint_too_long_exception&) {
    fail(location(frame, begin), "onnx-wire-varint", "a number takes more than ten bytes");
  }
}

Tag Cursor::tag(const Frame* frame) {
  const char* begin = at_;
  uint64_t value = varint(frame);
  // Protobuf encoding: field numbers are 1 .. 2^29 - 1.
  if (value >> 32 != 0 || value >> 3 == 0) {
    fail(location(frame, begin), "onnx-wire-tag", "field number {} is not between 1 and 536870911",
         value >> 3);
  }
  return {static_cast<uint32_t>(value >> 3), static_cast<uint32_t>(value & 7)};
}

uint32_t Cursor::fixed32(const Frame* frame) {
  if (end_ - at_ < 4) {
    fail(location(frame), "onnx-wire-truncated", "4 bytes expected, {} left", end_ - at_);
  }
  auto value = load_le<uint32_t>(at_);
  at_ += 4;
  return value;
}

uint64_t Cursor::fixed64(const Frame* frame) {
  if (end_ - at_ < 8) {
    fail(location(frame), "onnx-wire-truncated", "8 bytes expected, {} left", end_ - at_);
  }
  auto value = load_le<uint64_t>(at_);
  at_ += 8;
  return value;
}

std::string_view Cursor::block(const Frame* frame) {
  const char* begin = at_;
  uint64_t length = varint(frame);
  auto left = static_cast<uint64_t>(end_ - at_);
  if (length > left) {
    fail(location(frame, begin), "onnx-wire-truncated", "a field of {} bytes expected, {} left",
         length, left);
  }
  std::string_view result(at_, length);
  at_ += length;
  return result;
}

void Cursor::skip(Tag tag, const Frame* frame) {
  switch (tag.wire) {
    case 0: varint(frame); return;
    case 1: fixed64(frame); return;
    case 2: block(frame); return;
    case 5: fixed32(frame); return;
    default:
      fail(location(frame), "onnx-wire-type", "field {} has wire type {}, which ONNX never uses",
           tag.number, tag.wire);
  }
}

}  // namespace wire

namespace {

template <class T>
constexpr bool kFixed = std::is_floating_point_v<T>;

}  // namespace

template <class T>
uint64_t Packed<T>::count() const {
  if (wire_.empty()) return values_.size();
  if constexpr (kFixed<T>) return (wire_.size() + sizeof(T) - 1) / sizeof(T);
  uint64_t ends = 0;
  for (std::byte b : wire_.data) ends += (b & std::byte{0x80}) == std::byte{0};
  return ends + ((wire_.data.back() & std::byte{0x80}) != std::byte{0});
}

template <class T>
std::vector<T> Packed<T>::values(const Location& loc) const {
  if (wire_.empty()) return values_;
  std::vector<T> out;
  if constexpr (kFixed<T>) {
    if (wire_.size() % sizeof(T) != 0) {
      fail(loc, "onnx-wire-truncated", "packed data of {} bytes is no multiple of {}",
           wire_.size(), sizeof(T));
    }
    out.resize(wire_.size() / sizeof(T));
    std::memcpy(out.data(), wire_.begin(), wire_.size());
  } else {
    out.reserve(count());
    std::string_view text = wire_.text();
    const char* at = text.data();
    const char* end = at + text.size();
    try {
      while (at != end) out.push_back(static_cast<T>(protozero::decode_varint(&at, end)));
    } catch (const protozero::end_of_buffer_exception&) {
      fail(loc, "onnx-wire-truncated", "packed data ends inside a number");
    } catch (const protozero::varint_too_long_exception&) {
      fail(loc, "onnx-wire-varint", "a number takes more than ten bytes");
    }
  }
  return out;
}

template class Packed<float>;
template class Packed<double>;
template class Packed<int32_t>;
template class Packed<int64_t>;
template class Packed<uint64_t>;

}  // namespace panmodel::onnx
