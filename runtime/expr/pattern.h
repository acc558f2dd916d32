#pragma once
// Regular expressions of model files: Java's notation, run by RE2, whose time is linear in the text
// whatever the pattern.
//
// Translated: \s with the vertical tab, \uXXXX, (?<name>...), \p{Alpha} and the other classes of
// POSIX, the flag u (letters fold by Unicode anyway). Refused: look-around, back references,
// possessive quantifiers, class intersections and nested classes, the flags d, x and U, and whatever
// else RE2 does not know. Known to differ: $ is the very end of the text only, and \b and (?i) go by
// RE2's rules outside of ASCII.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace panmodel::runtime {

class Pattern {
 public:
  // Null, with the reason in `why`, when the pattern cannot be compiled.
  static std::shared_ptr<const Pattern> compile(std::string_view java, bool case_sensitive,
                                                std::string* why);
  // A pattern that finds `text` itself.
  static std::shared_ptr<const Pattern> literal(std::string_view text, bool case_sensitive);
  // Implementation of the two; use compile() and literal().
  Pattern();
  ~Pattern();

  bool found_in(std::string_view text) const;
  // Every match replaced; in `replacement` $1 and ${name} are groups and \ takes the next character
  // as it is. False, with the reason in `why`, when it is malformed or names no group. The result
  // has at most `limit` bytes.
  bool replace(std::string_view text, std::string_view replacement, size_t limit, std::string* out,
               std::string* why) const;
  // The texts between matches, and the matches; both without empty ones.
  std::vector<std::string_view> split(std::string_view text) const;
  std::vector<std::string_view> matches(std::string_view text) const;

 private:
  struct Impl;
  // Calls f(begin, end, groups) for every match from left to right.
  template <class F>
  void each(std::string_view text, int groups, F&& f) const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panmodel::runtime
