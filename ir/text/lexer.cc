#include "ir/text/lexer.h"

#include <algorithm>

#include "base/text.h"

namespace panmodel::text {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word_char(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '.'; }

}  // namespace

void Lexer::skip() {
  while (at_ < text_.size()) {
    if (is_space(text_[at_])) {
      ++at_;
    } else if (text_.substr(at_).starts_with("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      return;
    }
  }
}

bool Lexer::at_end() { return skip(), at_ == text_.size(); }
char Lexer::peek() { return at_end() ? '\0' : text_[at_]; }
size_t Lexer::offset() { return skip(), at_; }
std::string_view Lexer::rest() { return skip(), text_.substr(at_); }

TextLoc Lexer::place(size_t offset) const {
  if (offset < line_start_) {
    line_start_ = 0;
    line_ = 1;
  }
  for (;;) {
    size_t end = text_.substr(0, offset).find('\n', line_start_);
    if (end == std::string_view::npos) break;
    line_start_ = end + 1;
    ++line_;
  }
  return {line_, static_cast<uint32_t>(offset - line_start_ + 1)};
}

bool Lexer::eat(std::string_view token) {
  skip();
  if (!text_.substr(at_).starts_with(token)) return false;
  at_ += token.size();
  return true;
}

void Lexer::expect(std::string_view token) {
  if (!eat(token)) expected("'" + std::string(token) + "'");
}

std::string_view Lexer::word() {
  skip();
  size_t end = at_;
  if (end < text_.size() && is_letter(text_[end])) {
    while (end < text_.size() && is_word_char(text_[end])) ++end;
  }
  std::string_view w = text_.substr(at_, end - at_);
  at_ = end;
  return w;
}

bool Lexer::eat_word(std::string_view keyword) {
  size_t start = offset();
  if (word() == keyword) return true;
  at_ = start;
  return false;
}

std::string Lexer::quoted(std::string_view what) {
  size_t start = offset();
  if (peek() != '"') expected(what);
  std::string_view left = rest();
  std::optional<std::string> value = take_quoted(left);
  resume(left);
  if (!value) {
    if (at_ < text_.size() && text_[at_] == '\\') {
      fail_at(at_, "unknown escape, expected one of \\n \\t \\r \\\" \\\\ \\xNN");
    }
    fail_at(start, "the quoted text does not end on its line");
  }
  // A text is shortened as "first characters" ... 90 more.
  if (peek() == '.') expected("more of the text");
  return std::move(*value);
}

std::string_view Lexer::token(std::string_view what) {
  skip();
  size_t end = at_;
  // ':' ends a token except in "nan:bits".
  while (end < text_.size() && !is_space(text_[end]) &&
         std::string_view(",;()[]{}").find(text_[end]) == std::string_view::npos &&
         (text_[end] != ':' || text_.substr(at_, end - at_) == "nan")) {
    ++end;
  }
  if (end == at_) expected(what);
  std::string_view t = text_.substr(at_, end - at_);
  at_ = end;
  return t;
}

void Lexer::expected_at(size_t offset, std::string_view what) const {
  std::string_view found = text_.substr(std::min(offset, text_.size()));
  if (found.starts_with("...")) {
    fail_help(Location(place(offset)), "ir-parse",
              fmt::format("expected {}, found '...': this text was shortened", what),
              "write it in full: 'panmodel inspect --format panir --full'");
  }
  if (found.empty()) fail_at(offset, "expected {}, found the end of the text", what);
  size_t end = 0;
  while (end < found.size() && is_word_char(found[end])) ++end;
  fail_at(offset, "expected {}, found '{}'", what,
          printable(found.substr(0, std::max<size_t>(end, 1)), 40));
}

}  // namespace panmodel::text
