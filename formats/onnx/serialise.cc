// Messages -> bytes: a pass that measures every message, then one that writes.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "base/fail.h"
#include "formats/onnx/document.h"
#include "formats/onnx/wire.h"

namespace panmodel::onnx {
namespace {

using wire::put_varint;
using wire::tag_value;
using wire::varint_size;

// Negative int32 and enumerations are written as 64-bit varints, as protobuf does.
template <class T>
uint64_t as_varint(T value) {
  if constexpr (std::is_signed_v<T>) return static_cast<uint64_t>(int64_t{value});
  return value;
}

template <Kind kind, class T>
size_t number_size(T value) {
  if constexpr (kind == Kind::real32) return 4;
  if constexpr (kind == Kind::real64) return 8;
  if constexpr (kind != Kind::real32 && kind != Kind::real64) return varint_size(as_varint(value));
}

template <Kind kind, class T>
char* put_number(char* at, T value) {
  if constexpr (kind == Kind::real32 || kind == Kind::real64) {
    std::memcpy(at, &value, sizeof(T));
    return at + sizeof(T);
  } else {
    return put_varint(at, as_varint(value));
  }
}

// Sizes of the messages in the order in which the writer meets them.
class Sizes {
 public:
  template <class M>
  uint64_t message(const M& m) {
    size_t slot = list_.size();
    list_.push_back(0);
    uint64_t size = fields(m) + m.unknown.size();
    list_[slot] = size;
    return size;
  }
  uint64_t next() { return list_[at_++]; }
  uint64_t total() const { return list_.front(); }

 private:
  static uint64_t block(uint64_t tag, uint64_t size) {
    return varint_size(tag) + varint_size(size) + size;
  }
  template <Kind kind, class T>
    requires std::is_arithmetic_v<T>
  uint64_t of(uint32_t n, const std::optional<T>& v) {
    return v ? varint_size(tag_value(n, wire_type(kind))) + number_size<kind>(*v) : 0;
  }
  template <Kind kind>
  uint64_t of(uint32_t n, const Text& v) {
    return v.present() ? block(tag_value(n, WireType::length), v.size()) : 0;
  }
  template <Kind kind>
  uint64_t of(uint32_t n, const std::optional<Bytes>& v) {
    return v ? block(tag_value(n, WireType::length), v->size()) : 0;
  }
  template <Kind kind, class M>
  uint64_t of(uint32_t n, const Box<M>& v) {
    return v ? block(tag_value(n, WireType::length), message(*v)) : 0;
  }
  template <Kind kind, class T>
  uint64_t of(uint32_t n, const std::vector<T>& v) {
    uint64_t size = 0;
    for (const T& item : v) {
      if constexpr (kind == Kind::message) {
        size += block(tag_value(n, WireType::length), message(item));
      } else if constexpr (std::is_same_v<T, Text>) {
        size += block(tag_value(n, WireType::length), item.size());
      } else {
        size += varint_size(tag_value(n, wire_type(kind))) + number_size<kind>(item);
      }
    }
    return size;
  }
  template <Kind kind, class T>
  uint64_t of(uint32_t n, const Packed<T>& v) {
    if (v.empty()) return 0;
    uint64_t size = v.wire().size();
    for (T item : v.decoded()) size += number_size<kind>(item);
    list_.push_back(size);
    return block(tag_value(n, WireType::length), size);
  }

#define PANMODEL_ONNX_BEGIN(Struct, message) \
  uint64_t fields([[maybe_unused]] const Struct& m) { \
    uint64_t size = 0;
#define PANMODEL_ONNX_FIELD(Struct, number, name, label, kind, type) \
    size += of<Kind::kind>(number, m.name);
#define PANMODEL_ONNX_END(Struct) \
    return size;                  \
  }
#include "formats/onnx/schema.def"
#undef PANMODEL_ONNX_BEGIN
#undef PANMODEL_ONNX_FIELD
#undef PANMODEL_ONNX_END

  std::vector<uint64_t> list_;
  size_t at_ = 0;
};

// Writes into memory of the measured size.
class Writer {
 public:
  Writer(char* at, Sizes& sizes) : at_(at), sizes_(sizes) {}
  template <class M>
  void message(const M& m) {
    fields(m);
    put_bytes(m.unknown.get());
  }
  const char* at() const { return at_; }

 private:
  void put_bytes(std::string_view text) { at_ = std::copy(text.begin(), text.end(), at_); }
  void put_tag(uint32_t n, WireType type) { at_ = put_varint(at_, tag_value(n, type)); }
  void put_block(uint32_t n, std::string_view text) {
    put_tag(n, WireType::length);
    at_ = put_varint(at_, text.size());
    put_bytes(text);
  }
  template <Kind kind, class T>
    requires std::is_arithmetic_v<T>
  void put(uint32_t n, const std::optional<T>& v) {
    if (!v) return;
    put_tag(n, wire_type(kind));
    at_ = put_number<kind>(at_, *v);
  }
  template <Kind kind>
  void put(uint32_t n, const Text& v) {
    if (v.present()) put_block(n, v);
  }
  template <Kind kind>
  void put(uint32_t n, const std::optional<Bytes>& v) {
    if (v) put_block(n, v->text());
  }
  template <class M>
  void put_message(uint32_t n, const M& m) {
    put_tag(n, WireType::length);
    at_ = put_varint(at_, sizes_.next());
    message(m);
  }
  template <Kind kind, class M>
  void put(uint32_t n, const Box<M>& v) {
    if (v) put_message(n, *v);
  }
  template <Kind kind, class T>
  void put(uint32_t n, const std::vector<T>& v) {
    for (const T& item : v) {
      if constexpr (kind == Kind::message) {
        put_message(n, item);
      } else if constexpr (std::is_same_v<T, Text>) {
        put_block(n, item);
      } else {
        put_tag(n, wire_type(kind));
        at_ = put_number<kind>(at_, item);
      }
    }
  }
  template <Kind kind, class T>
  void put(uint32_t n, const Packed<T>& v) {
    if (v.empty()) return;
    put_tag(n, WireType::length);
    at_ = put_varint(at_, sizes_.next());
    put_bytes(v.wire().text());
    for (T item : v.decoded()) at_ = put_number<kind>(at_, item);
  }

#define PANMODEL_ONNX_BEGIN(Struct, message) void fields([[maybe_unused]] const Struct& m) {
#define PANMODEL_ONNX_FIELD(Struct, number, name, label, kind, type) \
  put<Kind::kind>(number, m.name);
#define PANMODEL_ONNX_END(Struct) }
#include "formats/onnx/schema.def"
#undef PANMODEL_ONNX_BEGIN
#undef PANMODEL_ONNX_FIELD
#undef PANMODEL_ONNX_END

  char* at_;
  Sizes& sizes_;
};

}  // namespace

template <class Message>
uint64_t serialised_size(const Message& message) {
  return Sizes().message(message);
}

template <class Message>
std::string serialise(const Message& message) {
  Sizes sizes;
  uint64_t total = sizes.message(message);
  if (total > kMaxMessageBytes) {
    fail_help({}, "onnx-too-large",
              fmt::format("the model takes {} bytes, a protobuf message at most {}", total,
                          kMaxMessageBytes),
              "write the tensors as external data");
  }
  std::string out(total, '\0');
  sizes.next();
  Writer writer(out.data(), sizes);
  writer.message(message);
  if (writer.at() != out.data() + total) fail({}, "internal", "a message has another size than measured");
  return out;
}

#define PANMODEL_ONNX_BEGIN(Struct, message)               \
  template uint64_t serialised_size<Struct>(const Struct&); \
  template std::string serialise<Struct>(const Struct&);
#define PANMODEL_ONNX_FIELD(Struct, number, name, label, kind, type)
#define PANMODEL_ONNX_END(Struct)
#include "formats/onnx/schema.def"
#undef PANMODEL_ONNX_BEGIN
#undef PANMODEL_ONNX_FIELD
#undef PANMODEL_ONNX_END

}  // namespace panmodel::onnx
