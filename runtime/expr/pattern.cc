#include "runtime/expr/pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace panmodel::runtime {
namespace {

constexpr size_t kMaxPattern = 64 * 1024;
constexpr std::string_view kSpace = "\\t\\n\\x0b\\f\\r ";

// Java's names of the classes of POSIX.
constexpr std::pair<std::string_view, std::string_view> kPosix[] = {
    {"Lower", "lower"}, {"Upper", "upper"}, {"ASCII", "ascii"}, {"Alpha", "alpha"}, {"Digit", "digit"},
    {"Alnum", "alnum"}, {"Punct", "punct"}, {"Graph", "graph"}, {"Print", "print"}, {"Blank", "blank"},
    {"Cntrl", "cntrl"}, {"XDigit", "xdigit"}, {"Space", "space"}};

// From Java's notation to RE2's. What neither has is left to RE2's own errors.
class Translator {
 public:
  explicit Translator(std::string_view java) : in_(java) {}

  std::optional<std::string> run(std::string* why) {
    while (at_ < in_.size() && why_.empty()) {
      const char c = in_[at_];
      if (c == '\\') {
        escape();
      } else if (in_class_) {
        inside(c);
      } else if (c == '[') {
        in_class_ = true;
        out_ += in_[at_++];
        if (at_ < in_.size() && in_[at_] == '^') out_ += in_[at_++];
      } else if (in_.substr(at_).starts_with("(?")) {
        group();
      } else {
        out_ += in_[at_++];
      }
    }
    if (why_.empty()) return std::move(out_);
    *why = std::move(why_);
    return std::nullopt;
  }

 private:
  void inside(char c) {
    if (c == '[') return refuse("a class inside a class");
    if (in_.substr(at_).starts_with("&&")) return refuse("an intersection of classes");
    if (c == ']') in_class_ = false;
    out_ += in_[at_++];
  }

  void escape() {
    std::string_view rest = in_.substr(at_ + 1);
    if (rest.empty()) return refuse("a backslash at the end");
    switch (rest[0]) {
      case 's':
        out_ += in_class_ ? std::string(kSpace) : "[" + std::string(kSpace) + "]";
        at_ += 2;
        return;
      case 'S':
        if (in_class_) return refuse("\\S inside a class");
        out_ += "[^" + std::string(kSpace) + "]";
        at_ += 2;
        return;
      case 'u':
        out_ += "\\x{" + std::string(rest.substr(1, 4)) + "}";
        at_ += std::min<size_t>(6, in_.size() - at_);
        return;
      case '0': return refuse("an octal escape");
      case 'p':
      case 'P':
        if (posix(rest)) return;
        break;
      case 'Q': {
        // Quoted text goes over as it is.
        size_t end = in_.find("\\E", at_ + 2);
        if (in_class_) return refuse("\\Q inside a class");
        size_t stop = end == in_.npos ? in_.size() : end + 2;
        out_ += in_.substr(at_, stop - at_);
        at_ = stop;
        return;
      }
      default: break;
    }
    out_ += in_.substr(at_, 2);
    at_ += 2;
  }

  // \p{Alpha} as [[:alpha:]].
  bool posix(std::string_view rest) {
    for (auto [java, name] : kPosix) {
      std::string braces = "{" + std::string(java) + "}";
      if (!rest.substr(1).starts_with(braces)) continue;
      std::string set = (rest[0] == 'P' ? "[:^" : "[:") + std::string(name) + ":]";
      out_ += in_class_ ? set : "[" + set + "]";
      at_ += 2 + braces.size();
      return true;
    }
    return false;
  }

  void group() {
    std::string_view rest = in_.substr(at_ + 2);
    if (rest.starts_with("<") && !rest.starts_with("<=") && !rest.starts_with("<!")) {
      out_ += "(?P<";
      at_ += 3;
      return;
    }
    // Flags "(?im-s:" or "(?i)".
    size_t end = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
    if (end == 0 || end == rest.npos || (rest[end] != ')' && rest[end] != ':')) {
      out_ += in_.substr(at_, 2);
      at_ += 2;
      return;
    }
    std::string flags(rest.substr(0, end));
    if (flags.find_first_not_of("imsu-") != flags.npos) return refuse("the flags (?" + flags + ")");
    std::erase(flags, 'u');
    if (!flags.empty() && flags.back() == '-') flags.pop_back();
    at_ += 2 + end;
    if (!flags.empty()) {
      out_ += "(?" + flags + in_[at_++];
    } else if (in_[at_++] == ':') {
      out_ += "(?:";
    }
  }

  void refuse(std::string what) { why_ = std::move(what) + " in a regular expression is not supported"; }

  std::string_view in_;
  size_t at_ = 0;
  bool in_class_ = false;
  std::string out_, why_;
};

RE2::Options options_of(bool case_sensitive, bool literal) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(case_sensitive);
  options.set_literal(literal);
  return options;
}

size_t character_at(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  return end;
}

re2::StringPiece piece(std::string_view s) { return {s.data(), s.size()}; }

// A replacement taken apart: texts, and the groups between them (-1 = none).
struct Part {
  std::string text;
  int group = -1;
};

}  // namespace

struct Pattern::Impl {
  std::unique_ptr<RE2> re;
};

Pattern::Pattern() : impl_(std::make_unique<Impl>()) {}
Pattern::~Pattern() = default;

std::shared_ptr<const Pattern> Pattern::compile(std::string_view java, bool case_sensitive,
                                                std::string* why) {
  if (java.size() > kMaxPattern) {
    *why = "a regular expression is longer than 64 KiB";
    return nullptr;
  }
  std::optional<std::string> translated = Translator(java).run(why);
  if (!translated) return nullptr;
  auto pattern = std::make_shared<Pattern>();
  pattern->impl_->re = std::make_unique<RE2>(*translated, options_of(case_sensitive, false));
  if (pattern->impl_->re->ok()) return pattern;
  *why = pattern->impl_->re->error();
  return nullptr;
}

std::shared_ptr<const Pattern> Pattern::literal(std::string_view text, bool case_sensitive) {
  auto pattern = std::make_shared<Pattern>();
  pattern->impl_->re = std::make_unique<RE2>(piece(text), options_of(case_sensitive, true));
  return pattern;
}

bool Pattern::found_in(std::string_view text) const {
  return impl_->re->Match(piece(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

// An empty match may follow a match directly, as in Java; the next search then starts one character on.
template <class F>
void Pattern::each(std::string_view text, int groups, F&& f) const {
  std::vector<re2::StringPiece> found(static_cast<size_t>(groups) + 1);
  size_t from = 0;
  while (from <= text.size() && impl_->re->Match(piece(text), from, text.size(), RE2::UNANCHORED,
                                                 found.data(), groups + 1)) {
    size_t begin = static_cast<size_t>(found[0].data() - text.data()), end = begin + found[0].size();
    if (!f(begin, end, found)) return;
    from = end > begin ? end : end < text.size() ? character_at(text, end) : end + 1;
  }
}

bool Pattern::replace(std::string_view text, std::string_view replacement, size_t limit,
                      std::string* out, std::string* why) const {
  const int groups = impl_->re->NumberOfCapturingGroups();
  std::vector<Part> parts(1);
  for (size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c == '\\') {
      if (++i == replacement.size()) return *why = "a backslash ends the replacement", false;
      parts.back().text += replacement[i];
    } else if (c != '$') {
      parts.back().text += c;
    } else if (i + 1 < replacement.size() && replacement[i + 1] == '{') {
      size_t end = replacement.find('}', i);
      const auto& names = impl_->re->NamedCapturingGroups();
      auto at = end == replacement.npos ? names.end()
                                        : names.find(std::string(replacement.substr(i + 2, end - i - 2)));
      if (at == names.end()) return *why = "the replacement names an unknown group", false;
      parts.back().group = at->second;
      parts.emplace_back();
      i = end;
    } else {
      // As many digits as make the number of a group; the first must.
      int number = -1;
      while (i + 1 < replacement.size() && replacement[i + 1] >= '0' && replacement[i + 1] <= '9') {
        int next = std::max(number, 0) * 10 + (replacement[i + 1] - '0');
        if (next > groups) break;
        number = next;
        ++i;
      }
      if (number < 0) return *why = "the replacement names an unknown group", false;
      parts.back().group = number;
      parts.emplace_back();
    }
  }
  out->clear();
  size_t copied = 0;
  bool fits = true;
  each(text, groups, [&](size_t begin, size_t end, const std::vector<re2::StringPiece>& found) {
    out->append(text.substr(copied, begin - copied));
    for (const Part& part : parts) {
      out->append(part.text);
      if (part.group < 0) continue;
      const re2::StringPiece& group = found[static_cast<size_t>(part.group)];
      out->append(group.data() == nullptr ? "" : group.data(), group.size());
    }
    copied = end;
    return fits = out->size() <= limit;
  });
  if (!fits) return *why = "the result is too long", false;
  out->append(text.substr(copied));
  return true;
}

std::vector<std::string_view> Pattern::split(std::string_view text) const {
  std::vector<std::string_view> all;
  size_t start = 0;
  auto add = [&](size_t end) {
    if (end > start) all.push_back(text.substr(start, end - start));
  };
  each(text, 0, [&](size_t begin, size_t end, const auto&) {
    if (end > begin) {
      add(begin);
      start = end;
    }
    return true;
  });
  add(text.size());
  return all;
}

std::vector<std::string_view> Pattern::matches(std::string_view text) const {
  std::vector<std::string_view> all;
  each(text, 0, [&](size_t begin, size_t end, const auto&) {
    if (end > begin) all.push_back(text.substr(begin, end - begin));
    return true;
  });
  return all;
}

}  // namespace panmodel::runtime
