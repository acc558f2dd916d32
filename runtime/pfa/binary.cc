// The forms "pack" and "unpack". Integers that do not fit their bytes keep the low ones.
#include <bit>
#include <cmath>
#include <cstring>

#include "ir/pfa/binary.h"
#include "runtime/pfa/machine.h"

namespace panmodel::pfa {
namespace {

void put(uint64_t bits, const BinaryFormat& format, std::string& out) {
  for (uint32_t i = 0; i < format.size; ++i) {
    uint32_t byte = format.little_endian ? i : format.size - 1 - i;
    out.push_back(static_cast<char>(bits >> (8 * byte) & 0xff));
  }
}
uint64_t get(std::string_view bytes, const BinaryFormat& format) {
  uint64_t bits = 0;
  for (uint32_t i = 0; i < format.size; ++i) {
    uint32_t byte = format.little_endian ? format.size - 1 - i : i;
    bits = bits << 8 | static_cast<uint8_t>(bytes[byte]);
  }
  return bits;
}

uint64_t unsigned_of(double v) {
  v = std::trunc(v);
  if (!(v > 0)) return 0;
  return v >= 18446744073709551616.0 ? UINT64_MAX : static_cast<uint64_t>(v);
}

void pack(Machine& m, const Step& s, const BinaryFormat& format, const Value& value, std::string& out) {
  switch (format.kind) {
    case BinaryFormat::Kind::pad: out.push_back('\0'); break;
    case BinaryFormat::Kind::boolean: out.push_back(value.truth() ? '\1' : '\0'); break;
    case BinaryFormat::Kind::integer:
      put(format.type() == Kind::float64 ? unsigned_of(value.real()) : static_cast<uint64_t>(value.whole()), format, out);
      break;
    case BinaryFormat::Kind::real:
      put(format.size == 4 ? std::bit_cast<uint32_t>(static_cast<float>(value.real()))
                           : std::bit_cast<uint64_t>(value.real()),
          format, out);
      break;
    case BinaryFormat::Kind::raw:
      if (format.size != 0 && value.text().size() != format.size) {
        m.fail_at(*s.node, 3000, "raw bytes does not have specified size");
      }
      out += value.text();
      break;
    case BinaryFormat::Kind::to_null:
      out += value.text();
      out.push_back('\0');
      break;
    case BinaryFormat::Kind::prefixed:
      if (value.text().size() > 255) {
        m.fail_at(*s.node, 3001, "length prefixed bytes is larger than 255 bytes");
      }
      out.push_back(static_cast<char>(value.text().size()));
      out += value.text();
      break;
  }
}

// An integer of `size` bytes with its sign.
int64_t with_sign(uint64_t bits, uint32_t size) {
  uint32_t unused = 64 - 8 * size;
  return static_cast<int64_t>(bits << unused) >> unused;
}

// Takes one value from the front; false when the bytes do not have one.
bool unpack(const BinaryFormat& format, std::string_view& bytes, Value& out) {
  auto take = [&](size_t n) {
    std::string_view front = bytes.substr(0, n);
    bytes.remove_prefix(n);
    return front;
  };
  size_t size = format.kind == BinaryFormat::Kind::pad || format.kind == BinaryFormat::Kind::boolean ? 1 : format.size;
  if (bytes.size() < size) return false;
  switch (format.kind) {
    case BinaryFormat::Kind::pad:
      take(1);
      out = Value();
      return true;
    case BinaryFormat::Kind::boolean: out = Value::boolean(take(1)[0] != '\0'); return true;
    case BinaryFormat::Kind::integer: {
      uint64_t bits = get(take(size), format);
      Kind kind = format.type();
      if (kind == Kind::float64) {
        out = Value::float64(static_cast<double>(bits));
      } else {
        out = Value::number(kind, format.is_unsigned ? static_cast<int64_t>(bits) : with_sign(bits, format.size));
      }
      return true;
    }
    case BinaryFormat::Kind::real: {
      uint64_t bits = get(take(size), format);
      out = size == 4 ? Value::float32(static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits))))
                      : Value::float64(std::bit_cast<double>(bits));
      return true;
    }
    case BinaryFormat::Kind::raw: out = Value::bytes(std::string(take(size))); return true;
    case BinaryFormat::Kind::to_null: {
      size_t end = bytes.find('\0');
      if (end == std::string_view::npos) return false;
      out = Value::bytes(std::string(take(end)));
      take(1);
      return true;
    }
    case BinaryFormat::Kind::prefixed: {
      if (bytes.empty()) return false;
      size_t n = static_cast<uint8_t>(bytes[0]);
      if (bytes.size() < n + 1) return false;
      take(1);
      out = Value::bytes(std::string(take(n)));
      return true;
    }
  }
  return false;
}

}  // namespace

Value run_pack(Machine& m, const Step& s, Value* frame) {
  const std::vector<BinaryFormat>& formats = m.formats[s.slot];
  std::string out;
  for (size_t i = 0; i < formats.size(); ++i) pack(m, s, formats[i], m.eval(s.parts[i], frame), out);
  return Value::bytes(std::move(out));
}

Value run_unpack(Machine& m, const Step& s, Value* frame) {
  const std::vector<BinaryFormat>& formats = m.formats[s.slot];
  Value value = m.eval(s.parts[0], frame);
  std::string_view bytes = value.text();
  bool fits = true;
  for (size_t i = 0; fits && i < formats.size(); ++i) fits = unpack(formats[i], bytes, frame[s.node->slots[i]]);
  bool complete = s.parts.size() == 3;
  if (!fits || !bytes.empty()) return complete ? m.eval(s.parts[2], frame) : Value();
  Value out = m.eval(s.parts[1], frame);
  return complete ? out : Value();
}

}  // namespace panmodel::pfa
