// bytes, fixed, enum: values of bytes in and out of texts, symbols of enumerations.
#include <algorithm>
#include <optional>

#include "base/base64.h"
#include "base/text.h"
#include "runtime/pfa/library.h"
#include "runtime/pfa/text.h"

namespace panmodel::pfa {
namespace {

// --- encodings --------------------------------------------------------------------------------

enum class Encoding { ascii, latin1, utf8, utf16, utf16be, utf16le };

// Code points below `limit`, a byte each.
std::optional<std::string> encode_narrow(std::string_view text, char32_t limit) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    char32_t c = code_point(take_code_point(text, at));
    if (c >= limit) return std::nullopt;
    out += static_cast<char>(c);
  }
  return out;
}
std::string encode_utf16(std::string_view text, bool big_endian) {
  std::string out;
  auto put = [&](char32_t unit) {
    char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xff);
    out += big_endian ? high : low;
    out += big_endian ? low : high;
  };
  for (size_t at = 0; at < text.size();) {
    char32_t c = code_point(take_code_point(text, at));
    if (c >= 0x10000) put(0xd800 + ((c - 0x10000) >> 10));
    put(c >= 0x10000 ? 0xdc00 + (c & 0x3ff) : c);
  }
  return out;
}
// UTF-16 without a name of its byte order starts with the mark for little endian.
std::optional<std::string> encode(std::string_view text, Encoding encoding) {
  switch (encoding) {
    case Encoding::ascii: return encode_narrow(text, 0x80);
    case Encoding::latin1: return encode_narrow(text, 0x100);
    case Encoding::utf8: return std::string(text);
    case Encoding::utf16: return "\xff\xfe" + encode_utf16(text, false);
    default: return encode_utf16(text, encoding == Encoding::utf16be);
  }
}

std::optional<std::string> decode_utf16(std::string_view bytes, bool big_endian) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  std::string out;
  auto unit = [&](size_t at) {
    auto first = static_cast<unsigned char>(bytes[at]), second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<char32_t>(big_endian ? first << 8 | second : second << 8 | first);
  };
  for (size_t at = 0; at < bytes.size(); at += 2) {
    char32_t c = unit(at);
    if (c >= 0xd800 && c < 0xe000) {  // the first of a pair
      if (c >= 0xdc00 || at + 2 == bytes.size()) return std::nullopt;
      char32_t second = unit(at += 2);
      if (second < 0xdc00 || second >= 0xe000) return std::nullopt;
      c = 0x10000 + ((c & 0x3ff) << 10) + (second & 0x3ff);
    }
    append_code_point(out, c);
  }
  return out;
}
std::optional<std::string> decode(std::string_view bytes, Encoding encoding) {
  switch (encoding) {
    case Encoding::ascii:
      if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
        return std::nullopt;
      }
      return std::string(bytes);
    case Encoding::latin1: return from_latin1(bytes);
    case Encoding::utf8: return is_utf8(bytes) ? std::optional(std::string(bytes)) : std::nullopt;
    case Encoding::utf16:
      if (bytes.starts_with("\xfe\xff")) return decode_utf16(bytes.substr(2), true);
      return decode_utf16(bytes.starts_with("\xff\xfe") ? bytes.substr(2) : bytes, false);
    default: return decode_utf16(bytes, encoding == Encoding::utf16be);
  }
}

template <Encoding E>
Value is_encoded(const Call& call) {
  return Value::boolean((call[0].is(Kind::bytes) ? decode(call.text(0), E) : encode(call.text(0), E)).has_value());
}
template <Encoding E, int Code>
Value decode_bytes(const Call& call) {
  std::optional<std::string> text = decode(call.text(0), E);
  if (!text) call.fail(Code, "invalid bytes");
  return Value::string(*std::move(text));
}
template <Encoding E, int Code>
Value encode_text(const Call& call) {
  std::optional<std::string> bytes = encode(call.text(0), E);
  if (!bytes) call.fail(Code, "invalid string");
  return Value::bytes(*std::move(bytes));
}

Value encode_base64(const Call& call) { return Value::string(to_base64(call.text(0))); }
Value decode_base64(const Call& call) {
  std::optional<std::string> bytes = from_base64(call.text(0));
  if (!bytes) call.fail(16220, "invalid base64");
  return Value::bytes(*std::move(bytes));
}

// --- parts ------------------------------------------------------------------------------------

Value length(const Call& call) { return Value::int32(static_cast<int32_t>(call.text(0).size())); }
Value part(const Call& call) {
  auto [start, end] = clip_range(call.text(0).size(), call.whole(1), call.whole(2));
  return Value::bytes(call.text(0).substr(start, end - start));
}
Value replace_part(const Call& call) {
  auto [start, end] = clip_range(call.text(0).size(), call.whole(1), call.whole(2));
  std::string bytes = call.text(0);
  return Value::bytes(bytes.replace(start, end - start, call.text(3)));
}

Value fixed_to_bytes(const Call& call) { return Value::bytes(call.text(0)); }
// The first bytes replaced, by as many as fit.
Value fixed_from_bytes(const Call& call) {
  std::string bytes = call.text(0);
  size_t n = std::min(bytes.size(), call.text(1).size());
  return Value::fixed(call[0].type(), bytes.replace(0, n, call.text(1), 0, n));
}

Value symbol_text(const Call& call) { return Value::string(call[0].symbol_name()); }
Value symbol_index(const Call& call) { return Value::int32(static_cast<int32_t>(call[0].symbol())); }
Value count_symbols(const Call& call) { return Value::int32(static_cast<int32_t>(call[0].type()->symbols.size())); }

constexpr LibraryRow kRows[] = {
    {"bytes.decodeAscii", decode_bytes<Encoding::ascii, 16090>},
    {"bytes.decodeLatin1", decode_bytes<Encoding::latin1, 16100>},
    {"bytes.decodeUtf16", decode_bytes<Encoding::utf16, 16120>},
    {"bytes.decodeUtf16be", decode_bytes<Encoding::utf16be, 16130>},
    {"bytes.decodeUtf16le", decode_bytes<Encoding::utf16le, 16140>},
    {"bytes.decodeUtf8", decode_bytes<Encoding::utf8, 16110>},
    {"bytes.encodeAscii", encode_text<Encoding::ascii, 16150>},
    {"bytes.encodeLatin1", encode_text<Encoding::latin1, 16160>},
    {"bytes.encodeUtf16", encode_text<Encoding::utf16, 16180>},
    {"bytes.encodeUtf16be", encode_text<Encoding::utf16be, 16190>},
    {"bytes.encodeUtf16le", encode_text<Encoding::utf16le, 16200>},
    {"bytes.encodeUtf8", encode_text<Encoding::utf8, 16170>},
    {"bytes.fromBase64", decode_base64},
    {"bytes.isAscii", is_encoded<Encoding::ascii>},
    {"bytes.isLatin1", is_encoded<Encoding::latin1>},
    {"bytes.isUtf16", is_encoded<Encoding::utf16>},
    {"bytes.isUtf16be", is_encoded<Encoding::utf16be>},
    {"bytes.isUtf16le", is_encoded<Encoding::utf16le>},
    {"bytes.isUtf8", is_encoded<Encoding::utf8>},
    {"bytes.len", length},
    {"bytes.subseq", part},
    {"bytes.subseqto", replace_part},
    {"bytes.toBase64", encode_base64},
    {"enum.numSymbols", count_symbols},
    {"enum.toInt", symbol_index},
    {"enum.toString", symbol_text},
    {"fixed.fromBytes", fixed_from_bytes},
    {"fixed.toBytes", fixed_to_bytes},
};

}  // namespace

std::span<const LibraryRow> bytes_library() { return kRows; }

}  // namespace panmodel::pfa
