#pragma once
// Tokens of the text form. Every failure is "ir-parse" with line, column and what was expected.
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fail.h"

namespace panmodel::text {

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // Skips white space and comments ("//" to the end of the line).
  void skip();
  bool at_end();
  // The next character, 0 at the end.
  char peek();
  // Place of the next token.
  size_t offset();
  TextLoc place(size_t offset) const;
  TextLoc place() { return place(offset()); }

  // Takes `token` when it comes next.
  bool eat(std::string_view token);
  void expect(std::string_view token);
  // Letters, digits, '_' and '.', beginning with a letter or '_'; empty when none comes next.
  std::string_view word();
  // Takes `keyword` when it is the whole next word.
  bool eat_word(std::string_view keyword);
  std::string quoted(std::string_view what);
  // A number or another token up to white space or one of ",;()[]{}:".
  std::string_view token(std::string_view what);
  template <class T>
  T integer(std::string_view what) {
    size_t start = offset();
    std::string_view t = token(what);
    T value{};
    auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), value);
    if (error != std::errc() || end != t.data() + t.size()) expected_at(start, what);
    return value;
  }
  // What is left to read; take_type() and the like move it.
  std::string_view rest();
  void resume(std::string_view rest) { at_ = text_.size() - rest.size(); }
  void rewind(size_t offset) { at_ = offset; }

  // "expected a number, found 'x'"
  [[noreturn]] void expected(std::string_view what) { expected_at(offset(), what); }
  [[noreturn]] void expected_at(size_t offset, std::string_view what) const;
  template <class... A>
  [[noreturn]] void fail_at(size_t offset, fmt::format_string<A...> f, A&&... args) const {
    fail(Location(place(offset)), "ir-parse", f, std::forward<A>(args)...);
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
  // Start of a line at or before the last place asked for, so that asking stays linear.
  mutable size_t line_start_ = 0;
  mutable uint32_t line_ = 1;
};

}  // namespace panmodel::text
