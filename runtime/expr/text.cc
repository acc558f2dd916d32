// Functions of text.
#include "runtime/expr/text.h"

#include <unicode/ucasemap.h>

#include <algorithm>

#include "base/text.h"
#include "runtime/expr/call.h"

namespace panmodel::runtime {
namespace {

constexpr size_t kMaxText = size_t{1} << 24;  // bytes that replace() and concat() may make

bool is_ascii(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The mapping of Unicode without the rules of a language. Bytes that are not UTF-8 become U+FFFD.
template <class Map>
std::string map_case(std::string_view s, Map&& map) {
  UErrorCode error = U_ZERO_ERROR;
  std::unique_ptr<UCaseMap, decltype(&ucasemap_close)> rules(ucasemap_open("", 0, &error), ucasemap_close);
  if (U_FAILURE(error)) return std::string(s);
  // No letter grows by more than a factor of three.
  std::string out(s.size() * 3 + 1, '\0');
  int32_t length = map(rules.get(), out.data(), static_cast<int32_t>(out.size()), s.data(),
                       static_cast<int32_t>(s.size()), &error);
  if (U_FAILURE(error)) return std::string(s);
  out.resize(static_cast<size_t>(length));
  return out;
}

// Byte offset of character `index`, the end when there are fewer.
size_t byte_of(std::string_view s, int64_t index) {
  size_t at = 0;
  for (; index > 0 && at < s.size(); --index) {
    ++at;
    while (at < s.size() && (static_cast<unsigned char>(s[at]) & 0xc0) == 0x80) ++at;
  }
  return at;
}

}  // namespace

std::string lower_case(std::string_view s) {
  if (!is_ascii(s)) return map_case(s, ucasemap_utf8ToLower);
  std::string out(s);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::string upper_case(std::string_view s) {
  if (!is_ascii(s)) return map_case(s, ucasemap_utf8ToUpper);
  std::string out(s);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

std::shared_ptr<const Pattern> compile_pattern(std::string_view text, bool case_sensitive) {
  std::string why;
  auto pattern = Pattern::compile(text, case_sensitive, &why);
  if (!pattern) fail({}, "expr-pattern", "the pattern '{}': {}", printable(text, 60), why);
  return pattern;
}

std::shared_ptr<const void> prepare_text(const expr::Expr& e) {
  const expr::Expr& pattern = e.arguments[1];
  const auto* text = std::get_if<std::string>(&pattern.constant.value);
  if (pattern.kind != expr::Expr::Kind::constant || text == nullptr) return nullptr;
  return compile_pattern(*text, true);
}

namespace scalar {
namespace {

// The constant pattern made ready, or the one that this row has.
std::shared_ptr<const Pattern> pattern_of(Call& c, std::string* why) {
  if (c.is_prepared()) return {std::shared_ptr<void>(), &c.prepared<Pattern>()};
  return Pattern::compile(to_text(c[1]), true, why);
}

}  // namespace

Datum uppercase(Call& c) { return Datum::of(upper_case(to_text(c[0]))); }
Datum lowercase(Call& c) { return Datum::of(lower_case(to_text(c[0]))); }

Datum string_length(Call& c) {
  std::string s = to_text(c[0]);
  return Datum::of(static_cast<int64_t>(std::count_if(
      s.begin(), s.end(), [](char x) { return (static_cast<unsigned char>(x) & 0xc0) != 0x80; })));
}

Datum substring(Call& c) {
  Datum from = convert(c[1], expr::Scalar::i64), count = convert(c[2], expr::Scalar::i64);
  if (from.refused()) return from;
  if (count.refused()) return count;
  if (from.whole < 1) return c.refuse("position {} is below 1", from.whole);
  if (count.whole < 0) return c.refuse("length {} is negative", count.whole);
  std::string s = to_text(c[0]);
  std::string_view rest = std::string_view(s).substr(byte_of(s, from.whole - 1));
  return Datum::of(std::string(rest.substr(0, byte_of(rest, count.whole))));
}

Datum trim_blanks(Call& c) {
  std::string s = to_text(c[0]);
  auto blank = [](char x) { return static_cast<unsigned char>(x) <= ' '; };
  auto begin = std::find_if_not(s.begin(), s.end(), blank);
  auto end = std::find_if_not(s.rbegin(), std::make_reverse_iterator(begin), blank).base();
  return Datum::of(std::string(begin, end));
}

Datum concat(Call& c) {
  std::string out;
  for (const Datum& a : c.all()) {
    if (a.missing()) continue;
    out += to_text(a);
    if (out.size() > kMaxText) return c.refuse("the result is too long");
  }
  return Datum::of(std::move(out));
}

Datum replace(Call& c) {
  std::string why, out;
  auto pattern = pattern_of(c, &why);
  if (!pattern || !pattern->replace(to_text(c[0]), to_text(c[2]), kMaxText, &out, &why)) {
    return c.refuse("{}", why);
  }
  return Datum::of(std::move(out));
}

Datum matches(Call& c) {
  std::string why;
  auto pattern = pattern_of(c, &why);
  if (!pattern) return c.refuse("{}", why);
  return Datum::of(pattern->found_in(to_text(c[0])));
}

}  // namespace scalar
}  // namespace panmodel::runtime
