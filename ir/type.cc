#include "ir/type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"

namespace panmodel {
namespace {

constexpr std::array<std::string_view, kDTypeCount> kNames = {
    "f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u64", "u32", "u16", "u8", "bool",
    "string", "c64", "c128", "f8e4m3fn", "f8e4m3fnuz", "f8e5m2", "f8e5m2fnuz", "f8e8m0", "f4e2m1",
    "i4", "u4", "i2", "u2"};
constexpr std::array<uint8_t, kDTypeCount> kSizes = {8, 4, 2, 2, 8, 4,  2, 1, 8, 4, 2, 1, 1,
                                                     0, 8, 16, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
constexpr int kMaxDepth = 32;

bool same(const std::shared_ptr<const Type>& a, const std::shared_ptr<const Type>& b) {
  return a == b || (a && b && *a == *b);
}

std::shared_ptr<const Type> boxed(Type type) {
  return std::make_shared<const Type>(std::move(type));
}

// Letters, digits and '_', no digit first: what a symbol is without quotes.
bool is_word(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9');
  });
}

struct TypeParser {
  std::string_view rest;

  bool eat(std::string_view token) {
    if (!rest.starts_with(token)) return false;
    rest.remove_prefix(token.size());
    return true;
  }
  std::string_view word() {
    size_t n = 0;
    while (n < rest.size() && (std::isalnum(static_cast<unsigned char>(rest[n])) || rest[n] == '_'))
      ++n;
    std::string_view w = rest.substr(0, n);
    rest.remove_prefix(n);
    return w;
  }
  std::optional<Type> wrapped(int depth) {
    std::optional<Type> inner = type(depth + 1);
    if (!inner || !eat(">")) return std::nullopt;
    return inner;
  }
  std::optional<Type> type(int depth) {
    if (depth > kMaxDepth) return std::nullopt;
    if (eat("column<")) {
      std::optional<DType> dtype = parse_dtype(word());
      bool optional = eat("?");
      if (!dtype || !eat(">")) return std::nullopt;
      return Type(ColumnType{*dtype, optional});
    }
    if (eat("seq<")) {
      std::optional<Type> t = wrapped(depth);
      if (!t) return std::nullopt;
      return Type(SeqType{boxed(std::move(*t))});
    }
    if (eat("optional<")) {
      std::optional<Type> t = wrapped(depth);
      if (!t) return std::nullopt;
      return Type(OptionalType{boxed(std::move(*t))});
    }
    if (eat("map<")) {
      std::optional<DType> key = parse_dtype(word());
      if (!key || !eat(",")) return std::nullopt;
      std::optional<Type> t = wrapped(depth);
      if (!t) return std::nullopt;
      return Type(MapType{*key, boxed(std::move(*t))});
    }
    return tensor();
  }
  std::optional<Type> tensor() {
    std::optional<DType> dtype = parse_dtype(word());
    if (!dtype || !eat("[")) return std::nullopt;
    if (eat("*]")) return Type(TensorType{*dtype, std::nullopt});
    std::vector<Dim> dims;
    if (eat("]")) return Type(TensorType{*dtype, dims});
    do {
      if (eat("?")) {
        dims.emplace_back();
        continue;
      }
      if (rest.starts_with('"')) {
        std::optional<std::string> symbol = take_quoted(rest);
        if (!symbol || symbol->empty()) return std::nullopt;
        dims.emplace_back(std::move(*symbol));
        continue;
      }
      size_t end = rest.find_first_of(",]");
      if (end == std::string_view::npos || end == 0) return std::nullopt;
      std::string_view w = rest.substr(0, end);
      rest.remove_prefix(end);
      std::optional<int64_t> n = parse_int(w);
      if (n ? *n < 0 : !is_word(w)) return std::nullopt;
      dims.push_back(n ? Dim(*n) : Dim(std::string(w)));
    } while (eat(","));
    if (!eat("]")) return std::nullopt;
    return Type(TensorType{*dtype, std::move(dims)});
  }
};

}  // namespace

std::string_view to_string(DType dtype) { return kNames[static_cast<size_t>(dtype)]; }

std::optional<DType> parse_dtype(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

size_t byte_size(DType dtype) { return kSizes[static_cast<size_t>(dtype)]; }

bool is_floating(DType dtype) {
  return dtype <= DType::bf16 || (dtype >= DType::f8e4m3fn && dtype <= DType::f4e2m1);
}
bool is_integer(DType dtype) {
  return (dtype >= DType::i64 && dtype <= DType::u8) || dtype >= DType::i4;
}

bool SeqType::operator==(const SeqType& o) const { return same(element, o.element); }
bool MapType::operator==(const MapType& o) const { return key == o.key && same(value, o.value); }
bool OptionalType::operator==(const OptionalType& o) const { return same(element, o.element); }

std::string to_string(const Type& type) {
  struct Print {
    std::string operator()(const TensorType& t) const {
      std::string out(to_string(t.dtype));
      if (!t.dims) return out + "[*]";
      out += '[';
      for (size_t i = 0; i < t.dims->size(); ++i) {
        const Dim& d = (*t.dims)[i];
        if (i) out += ',';
        out += d.fixed()            ? std::to_string(d.size)
               : d.symbol.empty()   ? "?"
               : is_word(d.symbol) ? d.symbol
                                    : quote(d.symbol);
      }
      return out + ']';
    }
    std::string operator()(const ColumnType& t) const {
      return fmt::format("column<{}{}>", to_string(t.dtype), t.optional ? "?" : "");
    }
    std::string operator()(const SeqType& t) const {
      return "seq<" + (t.element ? to_string(*t.element) : "?") + ">";
    }
    std::string operator()(const MapType& t) const {
      return fmt::format("map<{},{}>", to_string(t.key), t.value ? to_string(*t.value) : "?");
    }
    std::string operator()(const OptionalType& t) const {
      return "optional<" + (t.element ? to_string(*t.element) : "?") + ">";
    }
  };
  return std::visit(Print{}, type.v);
}

std::optional<Type> take_type(std::string_view& text) {
  TypeParser parser{text};
  std::optional<Type> type = parser.type(0);
  text = parser.rest;
  return type;
}

std::optional<Type> parse_type(std::string_view text) {
  std::optional<Type> type = take_type(text);
  return text.empty() ? type : std::nullopt;
}

Type tensor_type(DType dtype, std::vector<Dim> dims) {
  return Type(TensorType{dtype, std::move(dims)});
}

}  // namespace panmodel
