#include "ir/pfa/binary.h"

#include <charconv>

namespace panmodel::pfa {
namespace {

// Takes a word from the front, and the white space before it.
bool take(std::string_view& text, std::string_view word) {
  std::string_view rest = text;
  while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n')) rest.remove_prefix(1);
  if (!rest.starts_with(word)) return false;
  rest.remove_prefix(word.size());
  text = rest;
  return true;
}

struct Scalar {
  std::string_view name;
  BinaryFormat::Kind kind;
  uint32_t size;
};
// A longer name before its beginning.
constexpr Scalar kScalars[] = {
    {"boolean", BinaryFormat::Kind::boolean, 1}, {"byte", BinaryFormat::Kind::integer, 1},
    {"int8", BinaryFormat::Kind::integer, 1},    {"short", BinaryFormat::Kind::integer, 2},
    {"int16", BinaryFormat::Kind::integer, 2},   {"int32", BinaryFormat::Kind::integer, 4},
    {"int64", BinaryFormat::Kind::integer, 8},   {"int", BinaryFormat::Kind::integer, 4},
    {"long", BinaryFormat::Kind::integer, 8},    {"float32", BinaryFormat::Kind::real, 4},
    {"float64", BinaryFormat::Kind::real, 8},    {"float", BinaryFormat::Kind::real, 4},
    {"double", BinaryFormat::Kind::real, 8},
};

bool at_end(std::string_view text) { return text.find_first_not_of(" \t\n") == std::string_view::npos; }

}  // namespace

Kind BinaryFormat::type() const {
  switch (kind) {
    case Kind::pad: return pfa::Kind::null;
    case Kind::boolean: return pfa::Kind::boolean;
    case Kind::integer:
      if (size == 8) return is_unsigned ? pfa::Kind::float64 : pfa::Kind::int64;
      return size == 4 && is_unsigned ? pfa::Kind::int64 : pfa::Kind::int32;
    case Kind::real: return size == 4 ? pfa::Kind::float32 : pfa::Kind::float64;
    default: return pfa::Kind::bytes;
  }
}

std::optional<BinaryFormat> parse_binary_format(std::string_view text) {
  BinaryFormat format;
  if (take(text, "pad")) return at_end(text) ? std::optional(format) : std::nullopt;
  if (take(text, "raw")) {
    format.kind = BinaryFormat::Kind::raw;
    while (!text.empty() && text[0] == ' ') text.remove_prefix(1);
    if (at_end(text)) return format;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), format.size);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (error != std::errc() || !at_end(text)) return std::nullopt;
    return format;
  }
  if (take(text, "terminated") || (take(text, "null") && take(text, "terminated"))) {
    format.kind = BinaryFormat::Kind::to_null;
    return at_end(text) ? std::optional(format) : std::nullopt;
  }
  if (take(text, "prefixed") || (take(text, "length") && take(text, "prefixed"))) {
    format.kind = BinaryFormat::Kind::prefixed;
    return at_end(text) ? std::optional(format) : std::nullopt;
  }
  format.little_endian = take(text, "<") || take(text, "little");
  bool ordered = format.little_endian || take(text, ">") || take(text, "!") || take(text, "big") || take(text, "network");
  format.is_unsigned = take(text, "unsigned");
  for (const Scalar& s : kScalars) {
    if (!take(text, s.name)) continue;
    if (s.name == "long") take(text, "long");
    if (s.size == 1 && ordered) return std::nullopt;  // one byte has no order
    if (s.kind != BinaryFormat::Kind::integer && format.is_unsigned) return std::nullopt;
    format.kind = s.kind;
    format.size = s.size;
    return at_end(text) ? std::optional(format) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace panmodel::pfa
