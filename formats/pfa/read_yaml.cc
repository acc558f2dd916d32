#include "formats/pfa/read_yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>
#include <yaml-cpp/exceptions.h>

#include <charconv>
#include <cmath>
#include <istream>
#include <optional>
#include <sstream>

#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"

namespace panmodel::pfa {
namespace {

constexpr size_t kMaxDepth = 1000;  // yaml-cpp recurses

TextLoc place(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

// An integer as Python's int() reads one: a sign, digits, single underscores between them.
std::optional<std::string> integer_text(std::string_view text) {
  std::string digits;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    if (text[0] == '-') digits += '-';
    text.remove_prefix(1);
  }
  bool after_digit = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] >= '0' && text[i] <= '9') {
      digits += text[i];
      after_digit = true;
    } else if (text[i] == '_' && after_digit && i + 1 < text.size()) {
      after_digit = false;
    } else {
      return std::nullopt;
    }
  }
  if (!after_digit) return std::nullopt;
  return digits;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::optional<double> real_of(std::string_view text) {
  std::string word = lower(text);
  bool minus = word.starts_with('-');
  if (minus || word.starts_with('+')) word.erase(0, 1);
  if (one_of(word, {"inf", "infinity"})) return minus ? -HUGE_VAL : HUGE_VAL;
  if (word == "nan") return std::nan("");
  if (word.empty() || word.find_first_not_of("0123456789.e+-") != std::string::npos) return std::nullopt;
  double value = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (end != word.data() + word.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) value = word.find("e-") != std::string::npos ? 0 : HUGE_VAL;
  else if (error != std::errc()) return std::nullopt;
  return minus ? -value : value;
}

class Handler : public YAML::EventHandler {
 public:
  explicit Handler(const std::string& file) : file_(file), builder_(file) {}
  json::Document finish() { return builder_.finish(); }
  bool any() const { return any_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    // yaml-cpp says null for "~" and for nothing; the reference engine reads both as texts.
    value(mark, [&](TextLoc at) { builder_.null(at); });
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "an alias stands here; aliases are not taken"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    no_anchor(mark, anchor);
    if (tag != "!" && tag != "?" && !tag.empty() && tag != "tag:yaml.org,2002:str") refuse(mark, "tag '" + printable(tag) + "' is not taken");
    bool plain = tag == "?" || tag.empty();
    if (expects_key()) {
      if (plain && (is_word(text) || number(text))) refuse(mark, "key '" + printable(text) + "' is no string; quotes would make it one");
      value(mark, [&](TextLoc at) { builder_.string(text, at); });
      return;
    }
    value(mark, [&](TextLoc at) {
      if (!plain) return builder_.string(text, at);
      scalar(text, at);
    });
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    start(mark, anchor, json::Kind::array);
  }
  void OnSequenceEnd() override { stop(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    start(mark, anchor, json::Kind::object);
  }
  void OnMapEnd() override { stop(); }

 private:
  struct Open {
    json::Kind kind;
    bool key = true;  // an object's next event is a key
  };
  [[noreturn]] void refuse(const YAML::Mark& mark, std::string_view why) const {
    Location at(place(mark));
    at.file = file_;
    fail(at, "pfa-yaml", "{}", why);
  }
  void no_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor != 0) refuse(mark, "an anchor stands here; anchors are not taken");
  }
  bool expects_key() const { return !open_.empty() && open_.back().kind == json::Kind::object && open_.back().key; }
  template <class F>
  void value(const YAML::Mark& mark, F&& add) {
    any_ = true;
    add(place(mark));
    if (!open_.empty()) open_.back().key = !open_.back().key;
  }
  void start(const YAML::Mark& mark, YAML::anchor_t anchor, json::Kind kind) {
    no_anchor(mark, anchor);
    if (expects_key()) refuse(mark, "a key is no string");
    if (open_.size() >= kMaxDepth) {
      Location at(place(mark));
      at.file = file_;
      fail(at, "limit-depth", "values are nested more than {} deep", kMaxDepth);
    }
    any_ = true;
    builder_.begin(kind, place(mark));
    open_.push_back({kind});
  }
  void stop() {
    builder_.end();
    open_.pop_back();
    if (!open_.empty()) open_.back().key = !open_.back().key;
  }
  static bool is_word(std::string_view text) {
    return one_of(text, {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "no", "No", "NO", "false",
                         "False", "FALSE", "off", "Off", "OFF", "null", "Null", "NULL"});
  }
  static bool number(std::string_view text) { return integer_text(text) || real_of(text); }
  void scalar(std::string_view text, TextLoc at) {
    if (one_of(text, {"null", "Null", "NULL"})) return builder_.null(at);
    if (is_word(text)) return builder_.boolean(one_of(lower(text), {"yes", "true", "on"}), at);
    if (std::optional<std::string> digits = integer_text(text)) {
      int64_t whole = 0;
      if (std::from_chars(digits->data(), digits->data() + digits->size(), whole).ec == std::errc()) return builder_.integer(whole, at);
      return builder_.real(real_of(*digits).value_or(0), at, true);
    }
    if (std::optional<double> real = real_of(text)) return builder_.real(*real, at);
    builder_.string(text, at);
  }

  const std::string& file_;
  json::Document::Builder builder_;
  std::vector<Open> open_;
  bool any_ = false;
};

}  // namespace

json::Document read_yaml(std::string_view text, const std::string& file) {
  Handler handler(file);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(handler) || !handler.any()) {
      Location at(TextLoc{1, 1});
      at.file = file;
      fail(at, "pfa-yaml", "the document is empty");
    }
  } catch (const YAML::Exception& e) {
    Location at(place(e.mark));
    at.file = file;
    fail(at, "pfa-yaml", "not YAML: {}", printable(e.msg));
  }
  return handler.finish();
}

}  // namespace panmodel::pfa
