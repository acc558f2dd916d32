// s: texts, whose indexes count code points.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "runtime/expr/text.h"
#include "runtime/pfa/library.h"
#include "runtime/pfa/text.h"

namespace panmodel::pfa {
namespace {

Value length(const Call& call) { return Value::int32(static_cast<int32_t>(count_code_points(call.text(0)))); }

// Bytes of the code points from argument 1 to argument 2.
std::pair<size_t, size_t> byte_range(const Call& call) {
  const std::string& s = call.text(0);
  auto [start, end] = clip_range(count_code_points(s), call.whole(1), call.whole(2));
  return {byte_of(s, start), byte_of(s, end)};
}
Value part(const Call& call) {
  auto [start, end] = byte_range(call);
  return Value::string(call.text(0).substr(start, end - start));
}
Value replace_part(const Call& call) {
  auto [start, end] = byte_range(call);
  std::string s = call.text(0);
  return Value::string(s.replace(start, end - start, call.text(3)));
}

Value contains(const Call& call) { return Value::boolean(call.text(0).find(call.text(1)) != std::string::npos); }
Value starts_with(const Call& call) { return Value::boolean(call.text(0).starts_with(call.text(1))); }
Value ends_with(const Call& call) { return Value::boolean(call.text(0).ends_with(call.text(1))); }

size_t count_of(std::string_view text, std::string_view part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}
Value count(const Call& call) {
  return Value::int32(call.text(1).empty() ? 0 : static_cast<int32_t>(count_of(call.text(0), call.text(1))));
}

Value index_of_byte(const Call& call, size_t at) {
  if (at == std::string::npos) return Value::int32(-1);
  return Value::int32(static_cast<int32_t>(count_code_points(std::string_view(call.text(0)).substr(0, at))));
}
Value first_index(const Call& call) { return index_of_byte(call, call.text(0).find(call.text(1))); }
Value last_index(const Call& call) { return index_of_byte(call, call.text(0).rfind(call.text(1))); }

Value join(const Call& call) {
  const Array& parts = call.items(0);
  const std::string& between = call.text(1);
  size_t size = parts.empty() ? 0 : between.size() * (parts.size() - 1);
  for (const Value& part : parts) size += part.text().size();
  std::string out = text_of_size(size);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += between;
    out += parts[i].text();
  }
  return Value::string(std::move(out));
}
Value split(const Call& call) {
  const std::string& s = call.text(0);
  const std::string& between = call.text(1);
  Array parts;
  if (between.empty()) return Value::array(std::move(parts));
  size_t start = 0;
  for (size_t at = s.find(between); at != std::string::npos; at = s.find(between, start)) {
    parts.push_back(Value::string(s.substr(start, at - start)));
    start = at + between.size();
  }
  parts.push_back(Value::string(s.substr(start)));
  return Value::array(std::move(parts));
}

// --- numbers ----------------------------------------------------------------------------------

// Argument 0 to the given base; arguments 1 and 2, when there, are the width and whether zeros fill it.
// A width of zero leaves nothing.
Value whole_text(const Call& call, int base, int code) {
  char buffer[24];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, call.whole(0), base);
  std::string number(buffer, end);
  if (call.size() == 1) return Value::string(std::move(number));
  int64_t width = call.whole(1);
  bool zeros = call.truth(2);
  if (zeros && width < 0) call.fail(code, "negative width cannot be used with zero-padding");
  if (width == 0) return Value::string("");
  return Value::string(zeros ? pad_zeros(std::move(number), width) : pad(std::move(number), width));
}
Value hex(const Call& call) {
  if (call.whole(0) < 0) call.fail(39111, "negative number");
  return whole_text(call, 16, 39110);
}
Value decimal(const Call& call) { return whole_text(call, 10, 39240); }

// With exactly `precision` digits behind the point. No double has more than 1074.
std::string real_text(double x, bool fixed, int64_t precision) {
  constexpr int64_t kDigits = 1100;
  if (std::isnan(x)) return "nan";
  char buffer[kDigits + 400];
  int digits = static_cast<int>(std::min(precision, kDigits));
  auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, x, format, digits);
  std::string text(buffer, end);
  if (precision <= kDigits || !std::isfinite(x)) return text;
  size_t zeros = static_cast<size_t>(precision - kDigits), at = std::min(text.find('e'), text.size());
  return text_of_size(text.size() + zeros).append(text, 0, at).append(zeros, '0').append(text, at);
}

// Takes zeros from the end of the fraction, which keeps one digit; whether there were any.
bool drop_zeros(std::string& text) {
  size_t point = text.find('.');
  if (point == std::string::npos) return false;
  size_t end = std::min(text.find('e'), text.size()), last = end;
  while (last > point + 2 && text[last - 1] == '0') --last;
  text.erase(last, end - last);
  return last != end;
}

Value number(const Call& call) {
  if (call.parameter(0).kind == Kind::int64) return whole_text(call, 10, 39120);
  double x = call.real(0) == 0 ? 0 : call.real(0);
  bool free = call[2].is_null();
  if (!free && call.whole(2) < 0) call.fail(39121, "negative precision");
  double smallest = call.size() > 3 ? call.real(3) : 0.0001, largest = call.size() > 3 ? call.real(4) : 100000;
  double size = std::fabs(x);
  std::string text = real_text(x, size == 0 || (size >= smallest && size <= largest), free ? 6 : call.whole(2));
  bool shorter = free && drop_zeros(text);
  if (call[1].is_null()) return Value::string(std::move(text));
  if (call.whole(1) == 0 && shorter) return Value::string("");
  return Value::string(pad(std::move(text), call.whole(1)));
}

// --- texts from texts --------------------------------------------------------------------------

Value concatenate(const Call& call) {
  std::string out = text_of_size(call.text(0).size() + call.text(1).size());
  return Value::string(out.append(call.text(0)).append(call.text(1)));
}
Value repeat(const Call& call) {
  const std::string& s = call.text(0);
  size_t n = call.whole(1) < 0 ? 0 : static_cast<size_t>(call.whole(1));
  std::string out = text_of_size(s.size() * n);
  if (!s.empty()) {
    for (; n > 0; --n) out += s;
  }
  return Value::string(std::move(out));
}
Value lower(const Call& call) { return Value::string(runtime::lower_case(call.text(0))); }
Value upper(const Call& call) { return Value::string(runtime::upper_case(call.text(0))); }

template <bool Left, bool Right>
Value strip(const Call& call) {
  std::string_view s = call.text(0), chars = call.text(1);
  std::set<std::string_view> dropped;
  for (size_t at = 0; at < chars.size();) dropped.insert(take_code_point(chars, at));
  size_t start = 0, end = s.size();
  for (size_t at = 0; Left && at < s.size() && dropped.contains(take_code_point(s, at));) start = at;
  while (Right && end > start) {
    size_t last = end - 1;
    while (last > start && (static_cast<unsigned char>(s[last]) & 0xc0) == 0x80) --last;
    if (!dropped.contains(s.substr(last, end - last))) break;
    end = last;
  }
  return Value::string(std::string(s.substr(start, end - start)));
}

Value replace_all(const Call& call) {
  std::string_view s = call.text(0), old = call.text(1), by = call.text(2);
  if (old.empty()) {  // before, between and behind all code points
    std::string out = text_of_size(s.size() + by.size() * (count_code_points(s) + 1));
    out += by;
    for (size_t at = 0; at < s.size();) out.append(take_code_point(s, at)).append(by);
    return Value::string(std::move(out));
  }
  std::string out = text_of_size(s.size() + count_of(s, old) * by.size());
  size_t start = 0;
  for (size_t at = s.find(old); at != std::string_view::npos; at = s.find(old, start)) {
    out.append(s.substr(start, at - start)).append(by);
    start = at + old.size();
  }
  return Value::string(std::move(out.append(s.substr(start))));
}
Value replace_at(const Call& call, size_t at) {
  std::string s = call.text(0);
  return Value::string(at == std::string::npos ? s : s.replace(at, call.text(1).size(), call.text(2)));
}
Value replace_first(const Call& call) { return replace_at(call, call.text(0).find(call.text(1))); }
Value replace_last(const Call& call) { return replace_at(call, call.text(0).rfind(call.text(1))); }

// Each code point of argument 1 becomes the one of argument 2 in its place; those without one go.
Value translate(const Call& call) {
  std::string_view s = call.text(0), old = call.text(1), by = call.text(2);
  std::map<std::string_view, std::string_view> table;
  for (size_t from = 0, to = 0; from < old.size();) {
    std::string_view key = take_code_point(old, from);
    table.try_emplace(key, to < by.size() ? take_code_point(by, to) : std::string_view());
  }
  std::string out;
  for (size_t at = 0; at < s.size();) {
    std::string_view c = take_code_point(s, at);
    auto found = table.find(c);
    out += found == table.end() ? c : found->second;
  }
  return Value::string(std::move(out));
}

constexpr LibraryRow kRows[] = {
    {"s.concat", concatenate},
    {"s.contains", contains},
    {"s.count", count},
    {"s.endswith", ends_with},
    {"s.hex", hex},
    {"s.index", first_index},
    {"s.int", decimal},
    {"s.join", join},
    {"s.len", length},
    {"s.lower", lower},
    {"s.lstrip", strip<true, false>},
    {"s.number", number},
    {"s.repeat", repeat},
    {"s.replaceall", replace_all},
    {"s.replacefirst", replace_first},
    {"s.replacelast", replace_last},
    {"s.rindex", last_index},
    {"s.rstrip", strip<false, true>},
    {"s.split", split},
    {"s.startswith", starts_with},
    {"s.strip", strip<true, true>},
    {"s.substr", part},
    {"s.substrto", replace_part},
    {"s.translate", translate},
    {"s.upper", upper},
};

}  // namespace

std::span<const LibraryRow> string_library() { return kRows; }

}  // namespace panmodel::pfa
