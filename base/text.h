#pragma once
// Small text helpers: quoting, edit distance, nearest name.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace panmodel {

// "..." with C escapes for control characters, quotes and backslash; UTF-8 passes through, bytes
// that are not UTF-8 become \xNN.
std::string quote(std::string_view text);
// The inverse: takes a quoted text from the front of `text` and moves `text` behind it. nullopt when
// none stands there or an escape is unknown; `text` is then left at the offending character.
std::optional<std::string> take_quoted(std::string_view& text);
// A name for a message: at most `limit` bytes, control characters escaped, no quotes added.
std::string printable(std::string_view text, size_t limit = 200);
bool is_utf8(std::string_view text);

// Levenshtein distance.
size_t edit_distance(std::string_view a, std::string_view b);
// The candidate nearest to `word`, or empty when none is near enough to suggest.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace panmodel
