#pragma once
// Regular expressions of PFA: POSIX extended ones, the longest of the leftmost matches, run by RE2, whose
// time is linear in the text. Back references, which RE2 does not have, are run by ICU: there the first
// alternative that matches counts, and the work is limited. Known to differ: a backslash within brackets
// escapes the character behind it.
#include <memory>
#include <string_view>
#include <vector>

namespace panmodel::pfa {

// Bytes of the text; of a group that took part in no match: kNone.
struct MatchedPart {
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t begin = kNone, end = kNone;
};

class Regex {
 public:
  enum class Outcome { found, none, too_long };
  virtual ~Regex() = default;
  // The first match at or after byte `start`: its parts, the whole first, then the groups. `too_long` when
  // the search was given up.
  virtual Outcome find(std::string_view text, size_t start, std::vector<MatchedPart>& parts) const = 0;
  // Null for what is no regular expression. Text is UTF-8, or else bytes.
  static std::unique_ptr<const Regex> compile(std::string_view pattern, bool utf8);
};

}  // namespace panmodel::pfa
