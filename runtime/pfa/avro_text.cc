// Avro 1.7.6, "Binary Encoding".
#include "runtime/pfa/avro_text.h"

#include <bit>
#include <cstring>

#include "base/diagnostic.h"
#include "base/fail.h"
#include "base/stack.h"

namespace panmodel::pfa {
namespace {

void put_long(int64_t v, std::string& out) {
  uint64_t bits = (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
  for (; bits >= 0x80; bits >>= 7) out += static_cast<char>((bits & 0x7f) | 0x80);
  out += static_cast<char>(bits);
}

template <class Bits>
void put_little_endian(Bits bits, std::string& out) {
  for (size_t i = 0; i < sizeof(Bits); ++i) out += static_cast<char>(bits >> (8 * i) & 0xff);
}

void put_text(const std::string& text, std::string& out) {
  put_long(static_cast<int64_t>(text.size()), out);
  out += text;
}

bool is_member(const Value& value, const Type& type) {
  return type.kind == value.kind() && (!type.named() || type.name == value.type()->name);
}

void put(const Value& value, const Type& type, std::string& out) {
  if (stack_low()) fail({}, "limit-depth", "values are nested too deep to be encoded");
  switch (type.kind) {
    case Kind::boolean: out += value.truth() ? '\1' : '\0'; break;
    case Kind::int32:
    case Kind::int64: put_long(value.whole(), out); break;
    case Kind::float32:
      put_little_endian(std::bit_cast<uint32_t>(static_cast<float>(value.real())), out);
      break;
    case Kind::float64: put_little_endian(std::bit_cast<uint64_t>(value.real()), out); break;
    case Kind::bytes:
    case Kind::string: put_text(value.text(), out); break;
    case Kind::fixed: out += value.text(); break;
    case Kind::enumeration: put_long(value.symbol(), out); break;
    case Kind::record:
      for (size_t i = 0; i < type.fields.size(); ++i) {
        put(value.items()[i], *type.fields[i].type, out);
      }
      break;
    case Kind::array:  // one block, and an empty one as the end
      if (!value.items().empty()) put_long(static_cast<int64_t>(value.items().size()), out);
      for (const Value& item : value.items()) put(item, *type.element, out);
      put_long(0, out);
      break;
    case Kind::map:
      if (!value.members().empty()) put_long(static_cast<int64_t>(value.members().size()), out);
      for (const auto& [key, item] : value.members()) {
        put_text(key, out);
        put(item, *type.element, out);
      }
      put_long(0, out);
      break;
    case Kind::alternatives:
      for (size_t i = 0; i < type.members.size(); ++i) {
        if (!is_member(value, *type.members[i])) continue;
        put_long(static_cast<int64_t>(i), out);
        put(value, *type.members[i], out);
        break;
      }
      break;
    default: break;  // null has no bytes
  }
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

}  // namespace

std::string avro_text(const Value& value, const Type& type) {
  std::string bytes;
  put(value, type, bytes);
  return base64(bytes);
}

}  // namespace panmodel::pfa
