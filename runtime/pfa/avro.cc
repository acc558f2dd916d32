#include "runtime/pfa/avro.h"

#include <bit>

#include "base/diagnostic.h"
#include "base/number.h"
#include "base/fail.h"
#include "base/stack.h"

namespace panmodel::pfa {
namespace {

class Encoder {
 public:
  std::string out;

  void put(const Value& value, const Type& type) {
    if (stack_low()) fail({}, "limit-depth", "a value is nested too deep to be encoded");
    switch (type.kind) {
      case Kind::boolean: out += value.truth() ? '\1' : '\0'; break;
      case Kind::int32:
      case Kind::int64: put_long(value.whole()); break;
      case Kind::float32: put_bits(std::bit_cast<uint32_t>(round_nearest(value.real()))); break;
      case Kind::float64: put_bits(std::bit_cast<uint64_t>(value.real())); break;
      case Kind::bytes:
      case Kind::string: put_text(value.text()); break;
      case Kind::fixed: out += value.text(); break;
      case Kind::enumeration: put_long(value.symbol()); break;
      case Kind::record:
        for (size_t i = 0; i < type.fields.size(); ++i) put(value.items()[i], *type.fields[i].type);
        break;
      case Kind::array:
        if (!value.items().empty()) put_long(static_cast<int64_t>(value.items().size()));
        for (const Value& item : value.items()) put(item, *type.element);
        put_long(0);
        break;
      case Kind::map:
        if (!value.members().empty()) put_long(static_cast<int64_t>(value.members().size()));
        for (const auto& [key, member] : value.members()) {
          put_text(key);
          put(member, *type.element);
        }
        put_long(0);
        break;
      case Kind::alternatives: put_member(value, type); break;
      default: break;  // null has no bytes; functions are no values
    }
  }

 private:
  // Zigzag, seven bits a byte, the lowest first.
  void put_long(int64_t v) {
    uint64_t rest = (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
    for (; rest > 0x7f; rest >>= 7) out += static_cast<char>((rest & 0x7f) | 0x80);
    out += static_cast<char>(rest);
  }
  template <class Bits>
  void put_bits(Bits bits) {
    for (size_t i = 0; i < sizeof bits; ++i) out += static_cast<char>(bits >> (8 * i) & 0xff);
  }
  void put_text(const std::string& text) {
    put_long(static_cast<int64_t>(text.size()));
    out += text;
  }
  void put_member(const Value& value, const Type& type) {
    for (size_t i = 0; i < type.members.size(); ++i) {
      const Type& member = *type.members[i];
      if (member.kind != value.kind() || (member.named() && &member != value.type())) continue;
      put_long(static_cast<int64_t>(i));
      return put(value, member);
    }
  }
};

}  // namespace

std::string encode_avro(const Value& value, const Type& type) {
  Encoder encoder;
  encoder.put(value, type);
  return std::move(encoder.out);
}

}  // namespace panmodel::pfa
