#include "runtime/pfa/text.h"

#include <algorithm>

#include "ir/pfa/value.h"

namespace panmodel::pfa {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

size_t count_code_points(std::string_view text) {
  return text.size() - static_cast<size_t>(std::count_if(text.begin(), text.end(), continues));
}

size_t byte_of(std::string_view text, size_t index) {
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) take_code_point(text, at);
  return at;
}

std::string_view take_code_point(std::string_view text, size_t& at) {
  size_t start = at++;
  while (at < text.size() && continues(text[at])) ++at;
  return text.substr(start, at - start);
}

char32_t code_point(std::string_view bytes) {
  auto first = static_cast<unsigned char>(bytes[0]);
  if (bytes.size() == 1) return first;
  char32_t c = first & (0x7fu >> bytes.size());
  for (char next : bytes.substr(1)) c = c << 6 | (static_cast<unsigned char>(next) & 0x3f);
  return c;
}
void append_code_point(std::string& text, char32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
    return;
  }
  int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  text += static_cast<char>((0xf0u << (3 - more) & 0xff) | c >> (6 * more));
  while (more-- > 0) text += static_cast<char>(0x80 | (c >> (6 * more) & 0x3f));
}
std::string from_latin1(std::string_view text) {
  std::string out;
  for (char c : text) append_code_point(out, static_cast<unsigned char>(c));
  return out;
}

std::pair<size_t, size_t> clip_range(size_t size, int64_t start, int64_t end) {
  auto clip = [&](int64_t i) {
    int64_t n = static_cast<int64_t>(size);
    return static_cast<size_t>(std::clamp<int64_t>(i < 0 ? i + n : i, 0, n));
  };
  size_t from = clip(start);
  return {from, std::max(from, clip(end))};
}

void allow_bytes(size_t bytes) {
  meter().add(bytes);
  meter().remove(bytes);
}
std::string text_of_size(size_t bytes) {
  allow_bytes(bytes);
  std::string out;
  out.reserve(bytes);
  return out;
}

std::string pad(std::string text, int64_t width) {
  size_t have = count_code_points(text), want = static_cast<size_t>(width < 0 ? -width : width);
  if (have >= want) return text;
  std::string out = text_of_size(text.size() + want - have);
  if (width < 0) out += text;
  out.append(want - have, ' ');
  if (width > 0) out += text;
  return out;
}

std::string pad_zeros(std::string number, int64_t width) {
  if (width <= static_cast<int64_t>(number.size())) return number;
  std::string out = text_of_size(static_cast<size_t>(width));
  size_t sign = number.starts_with('-');
  out.append(number, 0, sign);
  out.append(static_cast<size_t>(width) - number.size(), '0');
  out.append(number, sign, std::string::npos);
  return out;
}

}  // namespace panmodel::pfa
