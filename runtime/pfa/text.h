#pragma once
// Texts of values, UTF-8, by code points; and room for texts that a document makes as large as it
// likes.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace panmodel::pfa {

size_t count_code_points(std::string_view text);
// Byte at which code point `index` starts; the end when there are no more.
size_t byte_of(std::string_view text, size_t index);
// The bytes of the code point at `at`, and moves behind it. Precondition: at < text.size().
std::string_view take_code_point(std::string_view text, size_t& at);
// The code point that the bytes of one spell. Precondition: they are UTF-8.
char32_t code_point(std::string_view bytes);
void append_code_point(std::string& text, char32_t c);
// `text` is ISO 8859-1.
std::string from_latin1(std::string_view text);

// A range of Python: an index below zero counts from the end; cut to what is there, start <= end.
std::pair<size_t, size_t> clip_range(size_t size, int64_t start, int64_t end);

// Fails "limit-memory" when the limit does not allow so many bytes more.
void allow_bytes(size_t bytes);
// An empty text for `bytes` bytes. Fails "limit-memory".
std::string text_of_size(size_t bytes);
// `text` padded with blanks to `width` code points: before it, behind it when width is below zero.
std::string pad(std::string text, int64_t width);
// A whole number padded with zeros behind its sign.
std::string pad_zeros(std::string number, int64_t width);

}  // namespace panmodel::pfa
