#include "runtime/pfa/regex.h"

#include <re2/re2.h>
#include <unicode/regex.h>

#include <algorithm>

#include "runtime/pfa/text.h"

namespace panmodel::pfa {
namespace {

class LinearRegex : public Regex {
 public:
  LinearRegex(std::string_view pattern, bool utf8) : expression_(re2::StringPiece(pattern.data(), pattern.size()), options(utf8)) {}
  bool ok() const { return expression_.ok(); }

  Outcome find(std::string_view text, size_t start, std::vector<MatchedPart>& parts) const override {
    size_t n = static_cast<size_t>(expression_.NumberOfCapturingGroups()) + 1;
    std::vector<re2::StringPiece> found(n);
    if (!expression_.Match(re2::StringPiece(text.data(), text.size()), start, text.size(), RE2::UNANCHORED,
                           found.data(), static_cast<int>(n))) {
      return Outcome::none;
    }
    parts.assign(n, {});
    for (size_t i = 0; i < n; ++i) {
      if (!found[i].data()) continue;
      size_t begin = static_cast<size_t>(found[i].data() - text.data());
      parts[i] = {begin, begin + found[i].size()};
    }
    return Outcome::found;
  }

 private:
  static RE2::Options options(bool utf8) {
    RE2::Options options;
    options.set_encoding(utf8 ? RE2::Options::EncodingUTF8 : RE2::Options::EncodingLatin1);
    options.set_posix_syntax(true);
    options.set_longest_match(true);
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_one_line(true);  // ^ and $ are the ends of the text
    options.set_perl_classes(true);
    options.set_word_boundary(true);
    return options;
  }
  RE2 expression_;
};

class BackReferenceRegex : public Regex {
 public:
  BackReferenceRegex(std::string_view pattern, bool utf8) : utf8_(utf8) {
    UErrorCode error = U_ZERO_ERROR;
    UParseError place;
    expression_.reset(icu::RegexPattern::compile(wide(pattern), UREGEX_DOTALL, place, error));
    if (U_FAILURE(error)) expression_.reset();
  }
  bool ok() const { return expression_ != nullptr; }

  Outcome find(std::string_view text, size_t start, std::vector<MatchedPart>& parts) const override {
    constexpr int32_t kSteps = 1000, kStack = 8 << 20;  // of ICU, about a millisecond each; bytes
    UErrorCode error = U_ZERO_ERROR;
    icu::UnicodeString subject = wide(text);
    std::unique_ptr<icu::RegexMatcher> matcher(expression_->matcher(subject, error));
    if (U_FAILURE(error)) return Outcome::too_long;
    matcher->setTimeLimit(kSteps, error);
    matcher->setStackLimit(kStack, error);
    int32_t from = wide(text.substr(0, start)).length();
    bool found = matcher->find(from, error);
    if (U_FAILURE(error)) return Outcome::too_long;
    if (!found) return Outcome::none;
    parts.assign(static_cast<size_t>(matcher->groupCount()) + 1, {});
    for (size_t i = 0; i < parts.size(); ++i) {
      int32_t group = static_cast<int32_t>(i), begin = matcher->start(group, error);
      if (begin >= 0) parts[i] = {bytes_of(subject, begin), bytes_of(subject, matcher->end(group, error))};
    }
    return Outcome::found;
  }

 private:
  icu::UnicodeString wide(std::string_view text) const {
    std::string latin1;
    if (!utf8_) text = latin1 = from_latin1(text);
    return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  }
  // Bytes of the text before a unit of UTF-16.
  size_t bytes_of(const icu::UnicodeString& subject, int32_t unit) const {
    if (!utf8_) return static_cast<size_t>(unit);
    std::string before;
    return subject.tempSubString(0, unit).toUTF8String(before).size();
  }
  bool utf8_;
  std::unique_ptr<icu::RegexPattern> expression_;
};

// Whether the pattern refers to a group, "\1", outside of brackets.
bool has_back_reference(std::string_view pattern) {
  bool bracket = false;
  for (size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (bracket) {
      bracket = pattern[i] != ']';
    } else if (pattern[i] == '[') {
      bracket = true;
      if (pattern[i + 1] == '^') ++i;
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') ++i;  // stands for itself
    } else if (pattern[i] == '\\') {
      if (pattern[++i] >= '1' && pattern[i] <= '9') return true;
    }
  }
  return false;
}

template <class Kind>
std::unique_ptr<const Regex> made(std::string_view pattern, bool utf8) {
  auto regex = std::make_unique<const Kind>(pattern, utf8);
  if (!regex->ok()) return nullptr;
  return regex;
}

}  // namespace

std::unique_ptr<const Regex> Regex::compile(std::string_view pattern, bool utf8) {
  return has_back_reference(pattern) ? made<BackReferenceRegex>(pattern, utf8) : made<LinearRegex>(pattern, utf8);
}

}  // namespace panmodel::pfa
