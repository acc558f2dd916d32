#include "base/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/fail.h"

namespace panmodel::json {
namespace {

constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag |
                            rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;
constexpr uint32_t kMaxNodes = std::numeric_limits<uint32_t>::max();

// Line and column, from 1, of a byte offset.
TextLoc line_and_column(std::string_view text, size_t offset) {
  std::string_view before = text.substr(0, std::min(offset, text.size()));
  size_t newline = before.rfind('\n');
  size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  return {static_cast<uint32_t>(std::count(before.begin(), before.end(), '\n') + 1),
          static_cast<uint32_t>(before.size() - start + 1)};
}

struct Number {
  Kind kind;
  int64_t whole = 0;
  double real = 0;
};
// A number that RapidJSON has recognised, by its text.
Number number_of(std::string_view text) {
  Number n{Kind::integer};
  const char* end = text.data() + text.size();
  if (text.find_first_of(".eEnN") == std::string_view::npos) {  // n: NaN, Infinity
    if (std::from_chars(text.data(), end, n.whole).ec == std::errc()) return n;
    n.kind = Kind::big;
  } else {
    n.kind = Kind::real;
  }
  auto [stop, error] = std::from_chars(text.data(), end, n.real);
  if (error == std::errc::result_out_of_range) {  // the value is left as it was
    bool small = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos ||
                 text.starts_with("0.") || text.starts_with("-0.");
    n.real = small ? 0 : std::numeric_limits<double>::infinity();
    if (text.front() == '-') n.real = -n.real;
  }
  return n;
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::null: return "null";
    case Kind::boolean: return "a boolean";
    case Kind::integer: return "an integer";
    case Kind::real: return "a number with a fraction";
    case Kind::string: return "a string";
    case Kind::array: return "an array";
    case Kind::object: return "an object";
    case Kind::big: return "an integer beyond 64 bits";
  }
  return "";
}

// Receives RapidJSON's events.
struct Events {
  Document& document;
  uint32_t max_depth;
  bool non_finite;
  std::vector<uint32_t> open = {};
  const char* refusal = nullptr;

  Node* push(Kind kind) {
    if (document.nodes_.size() >= kMaxNodes) {
      refusal = "more than 4,294,967,295 values";
      return nullptr;
    }
    Node& node = document.nodes_.emplace_back();
    node.kind = kind;
    return &node;
  }
  bool Null() { return push(Kind::null) != nullptr; }
  bool Bool(bool v) {
    Node* node = push(Kind::boolean);
    if (node) node->whole = v;
    return node;
  }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    Number n = number_of({text, length});
    Node* node = push(n.kind);
    if (!node) return false;
    if (n.kind == Kind::integer) {
      node->whole = n.whole;
    } else {
      node->real = n.real;
      bool word = std::string_view(text, length).find_first_of("nN") != std::string_view::npos;
      if (word && !document.non_finite_) document.non_finite_ = static_cast<uint32_t>(document.nodes_.size() - 1);
    }
    return true;
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    Node* node = push(Kind::string);
    if (!node) return false;
    node->size = length;
    node->text = text;
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType length, bool copy) { return String(text, length, copy); }
  bool start(Kind kind) {
    if (open.size() >= max_depth) {
      refusal = "depth";
      return false;
    }
    open.push_back(static_cast<uint32_t>(document.nodes_.size()));
    return push(kind) != nullptr;
  }
  bool stop(rapidjson::SizeType size) {
    Node& node = document.nodes_[open.back()];
    open.pop_back();
    node.size = size;
    node.end = static_cast<uint32_t>(document.nodes_.size());
    return true;
  }
  bool StartObject() { return start(Kind::object); }
  bool EndObject(rapidjson::SizeType size) { return stop(size); }
  bool StartArray() { return start(Kind::array); }
  bool EndArray(rapidjson::SizeType size) { return stop(size); }
  // Numbers come as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }
};

namespace {

// Counts nodes until the wanted one starts; the position of the text is then at its end.
struct Counter {
  uint32_t wanted;
  uint32_t seen = 0;
  bool one() { return seen++ != wanted; }
  bool Null() { return one(); }
  bool Bool(bool) { return one(); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return one(); }
  bool String(const char*, rapidjson::SizeType, bool) { return one(); }
  bool Key(const char*, rapidjson::SizeType, bool) { return one(); }
  bool StartObject() { return one(); }
  bool EndObject(rapidjson::SizeType) { return true; }
  bool StartArray() { return one(); }
  bool EndArray(rapidjson::SizeType) { return true; }
  bool Int(int) { return one(); }
  bool Uint(unsigned) { return one(); }
  bool Int64(int64_t) { return one(); }
  bool Uint64(uint64_t) { return one(); }
  bool Double(double) { return one(); }
};

}  // namespace

Document Document::parse(std::string_view text, const ParseOptions& options) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  Document document;
  document.file_ = options.file;
  document.source_ = text;
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  auto at = [&](size_t offset) {
    Location place(line_and_column(document.source_, offset + document.source_.size() - text.size()));
    place.file = options.file;
    return place;
  };
  if (size_t zero = text.find('\0'); zero != std::string_view::npos) {
    fail(at(zero), "json-syntax", "a zero byte stands in the text");
  }
  document.text_ = std::make_unique<std::string>(text);
  document.nodes_.reserve(text.size() / 12 + 16);
  Events events{document, options.max_depth, options.non_finite};
  rapidjson::Reader reader;
  rapidjson::InsituStringStream stream(document.text_->data());
  rapidjson::ParseResult result =
      options.non_finite ? reader.Parse<kFlags | rapidjson::kParseNanAndInfFlag>(stream, events)
                         : reader.Parse<kFlags>(stream, events);
  if (result.IsError()) {
    if (events.refusal && std::string_view(events.refusal) == "depth") {
      fail(at(result.Offset()), "limit-depth", "values are nested more than {} deep", options.max_depth);
    }
    if (events.refusal) fail(at(result.Offset()), "limit-memory", "the document has {}", events.refusal);
    if (result.Code() == rapidjson::kParseErrorDocumentRootNotSingular) {
      fail(at(result.Offset()), "json-syntax", "text stands behind the value, expected the end of the document");
    }
    std::string why = rapidjson::GetParseError_En(result.Code());
    fail(at(result.Offset()), "json-syntax", "not JSON: {}", std::string_view(why).substr(0, why.find_last_not_of('.') + 1));
  }
  document.nodes_.shrink_to_fit();
  return document;
}

std::optional<Ref> Document::first_non_finite() const {
  if (!non_finite_) return std::nullopt;
  return Ref(*this, *non_finite_);
}

Location Document::place(uint32_t node) const {
  JsonLoc loc;
  auto append = [&](std::string_view token) {
    loc.pointer += '/';
    for (char c : token) {
      if (c == '~') loc.pointer += "~0";
      else if (c == '/') loc.pointer += "~1";
      else loc.pointer += c;
    }
  };
  for (Ref at = root(); at.index() != node;) {
    Ref inside = at;
    if (at.is(Kind::array)) {
      uint32_t i = 0;
      for (Ref item : at.items()) {
        if (node < item.end()) {
          append(std::to_string(i));
          inside = item;
          break;
        }
        ++i;
      }
    } else if (at.is(Kind::object)) {
      for (auto [key, value] : at.members()) {
        if (node < value.end()) {
          append(key.text());
          inside = node == key.index() ? key : value;
          break;
        }
      }
    }
    if (inside.index() == at.index()) break;
    at = inside;
  }
  if (!places_.empty()) {
    loc.line = places_[node].line;
    loc.column = places_[node].column;
  } else {
    // The text was changed while it was parsed: the source says where its nodes stand.
    Counter counter{node};
    rapidjson::Reader reader;
    rapidjson::MemoryStream stream(source_.data(), source_.size());
    size_t skip = source_.starts_with("\xef\xbb\xbf") ? 3 : 0;
    for (size_t i = 0; i < skip; ++i) stream.Take();
    constexpr unsigned kCount = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag |
                                rapidjson::kParseNanAndInfFlag;
    reader.Parse<kCount>(stream, counter);
    size_t stop = stream.Tell();
    // Back from the end of the token to its start.
    Kind kind = nodes_[node].kind;
    if (kind == Kind::string) {
      size_t i = stop > 1 ? stop - 2 : 0;  // before the closing quote
      auto escaped = [&](size_t quote) {
        size_t n = 0;
        while (quote > n && source_[quote - n - 1] == '\\') ++n;
        return n % 2 == 1;
      };
      while (i > 0 && (source_[i] != '"' || escaped(i))) --i;
      stop = i;
    } else if (kind != Kind::array && kind != Kind::object) {  // these are told before they are read
      while (stop > 0 && std::string_view(" \t\r\n,:[").find(source_[stop - 1]) == std::string_view::npos) --stop;
    }
    TextLoc at = line_and_column(source_, stop);
    loc.line = at.line;
    loc.column = at.column;
  }
  Location place(std::move(loc));
  place.file = file_;
  return place;
}

std::optional<Ref> Ref::find(std::string_view key) const {
  std::optional<Ref> found;
  for (auto [name, value] : members()) {
    if (name.text() == key) found = value;
  }
  return found;
}

Document::Builder::Builder(std::string file) : document_(new Document) {
  document_->file_ = std::move(file);
}

Node& Document::Builder::push(Kind kind, TextLoc at) {
  document_->places_.push_back(at);
  Node& node = document_->nodes_.emplace_back();
  node.kind = kind;
  return node;
}
void Document::Builder::null(TextLoc at) { push(Kind::null, at); }
void Document::Builder::boolean(bool v, TextLoc at) { push(Kind::boolean, at).whole = v; }
void Document::Builder::integer(int64_t v, TextLoc at) { push(Kind::integer, at).whole = v; }
void Document::Builder::real(double v, TextLoc at, bool big) {
  push(big ? Kind::big : Kind::real, at).real = v;
}
void Document::Builder::string(std::string_view v, TextLoc at) {
  auto& kept = document_->pieces_.emplace_back(std::make_unique<std::string>(v));
  Node& node = push(Kind::string, at);
  node.text = kept->data();
  node.size = static_cast<uint32_t>(kept->size());
}
void Document::Builder::begin(Kind container, TextLoc at) {
  open_.push_back(static_cast<uint32_t>(document_->nodes_.size()));
  push(container, at);
}
void Document::Builder::end() {
  uint32_t index = open_.back();
  open_.pop_back();
  Node& node = document_->nodes_[index];
  node.end = static_cast<uint32_t>(document_->nodes_.size());
  Ref container(*document_, index);
  uint32_t size = 0;
  if (node.kind == Kind::array) {
    for ([[maybe_unused]] Ref item : container.items()) ++size;
  } else {
    for ([[maybe_unused]] Member member : container.members()) ++size;
  }
  document_->nodes_[index].size = size;
}
Document Document::Builder::finish() { return std::move(*document_); }

}  // namespace panmodel::json
