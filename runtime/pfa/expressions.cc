// re: regular expressions, in texts (indexes count code points) and in bytes.
#include <memory>

#include "runtime/pfa/library.h"
#include "runtime/pfa/regex.h"
#include "runtime/pfa/text.h"

namespace panmodel::pfa {
namespace {

// The matches of argument 1 in argument 0.
class Search {
 public:
  // `code`: of a bad pattern.
  Search(const Call& call, int code) : call_(call), text_(call.text(0)), utf8_(call[0].is(Kind::string)) {
    const Kept& kept = call.once<Kept>([] { return Kept(); });
    const std::string& pattern = call.text(1);
    if (!kept.regex || kept.pattern != pattern) {
      kept.regex = Regex::compile(pattern, utf8_);
      kept.pattern = pattern;
    }
    if (!kept.regex) call.fail(code, "bad pattern");
    regex_ = kept.regex.get();
  }

  // Moves to the next match, from left to right; false when there is none. An empty one is followed by
  // one at a later place.
  bool next() {
    if (at_ > text_.size()) return false;
    call_.steps(1 + (text_.size() - at_) / 64);
    switch (regex_->find(text_, at_, parts_)) {
      case Regex::Outcome::none: return false;
      case Regex::Outcome::too_long: call_.steps(UINT64_MAX); return false;
      case Regex::Outcome::found: break;
    }
    at_ = parts_[0].end;
    if (parts_[0].begin == parts_[0].end) {
      if (at_ == text_.size()) ++at_;
      else if (utf8_) take_code_point(text_, at_);
      else ++at_;
    }
    return true;
  }
  MatchedPart whole() const { return parts_[0]; }
  std::string_view text() const { return text_; }

  Value piece(size_t begin, size_t end) const { return piece(text_.substr(begin, end - begin)); }
  Value piece(std::string_view bytes) const {
    return utf8_ ? Value::string(std::string(bytes)) : Value::bytes(std::string(bytes));
  }
  Value match() const { return piece(parts_[0].begin, parts_[0].end); }
  Value indexes(MatchedPart part) const {
    Array pair;
    for (size_t at : {part.begin, part.end}) {
      size_t index = utf8_ ? count_code_points(text_.substr(0, at)) : at;
      pair.push_back(Value::int32(static_cast<int32_t>(index)));
    }
    return Value::array(std::move(pair));
  }
  Value indexes() const { return indexes(parts_[0]); }
  // The whole match and its groups, those that took part, each by `make`.
  template <class Make>
  Value groups(Make&& make) const {
    Array out;
    for (MatchedPart part : parts_) {
      if (part.begin != MatchedPart::kNone) out.push_back(make(part));
    }
    return Value::array(std::move(out));
  }
  Value group_indexes() const {
    return groups([&](MatchedPart part) { return indexes(part); });
  }
  Value group_texts() const {
    return groups([&](MatchedPart part) { return piece(part.begin, part.end); });
  }

 private:
  struct Kept {  // the last pattern of this place of the document
    mutable std::string pattern;
    mutable std::unique_ptr<const Regex> regex;
  };
  const Call& call_;
  std::string_view text_;
  bool utf8_;
  const Regex* regex_ = nullptr;
  size_t at_ = 0;
  std::vector<MatchedPart> parts_;
};

Value empty() { return Value::array({}); }

Value contains(const Call& call) { return Value::boolean(Search(call, 35010).next()); }
Value count(const Call& call) {
  Search search(call, 35020);
  int32_t n = 0;
  while (search.next()) ++n;
  return Value::int32(n);
}
Value index(const Call& call) {
  Search search(call, 35000);
  return search.next() ? search.indexes() : empty();
}
Value last_index(const Call& call) {
  Search search(call, 35030);
  Value last = empty();
  while (search.next()) last = search.indexes();
  return last;
}
Value groups(const Call& call) {
  Search search(call, 35040);
  return search.next() ? search.group_indexes() : empty();
}
Value find_first(const Call& call) {
  Search search(call, 35070);
  return search.next() ? search.match() : Value::null();
}
Value find_groups_first(const Call& call) {
  Search search(call, 35080);
  return search.next() ? search.group_texts() : empty();
}

// Of every match, what `Make` makes.
template <auto Make, int Code>
Value each(const Call& call) {
  Search search(call, Code);
  Array out;
  while (search.next()) out.push_back((search.*Make)());
  return Value::array(std::move(out));
}

Value replaced(const Search& search, const Call& call, size_t begin, size_t end) {
  std::string out = text_of_size(search.text().size() + call.text(2).size());
  out.append(search.text().substr(0, begin)).append(call.text(2)).append(search.text().substr(end));
  return search.piece(out);
}
Value replace_first(const Call& call) {
  Search search(call, 35110);
  if (!search.next()) return call.take(0);
  return replaced(search, call, search.whole().begin, search.whole().end);
}
Value replace_last(const Call& call) {
  Search search(call, 35120);
  MatchedPart last;
  while (search.next()) last = search.whole();
  return last.begin == MatchedPart::kNone ? call.take(0) : replaced(search, call, last.begin, last.end);
}
Value replace_all(const Call& call) {
  Search search(call, 35140);
  std::string out;
  size_t at = 0;
  while (search.next()) {
    out.append(search.text().substr(at, search.whole().begin - at)).append(call.text(2));
    at = search.whole().end;
    allow_bytes(out.size());
  }
  return search.piece(out.append(search.text().substr(at)));
}
// An empty piece before a match at the start, and one behind a match at the end, are left out.
Value split(const Call& call) {
  Search search(call, 35130);
  Array out;
  size_t at = 0;
  bool found = false;
  for (; search.next(); found = true) {
    MatchedPart match = search.whole();
    if (found || match.begin > 0) out.push_back(search.piece(at, match.begin));
    at = match.end;
  }
  if (!found || at < search.text().size()) out.push_back(search.piece(at, search.text().size()));
  return Value::array(std::move(out));
}

constexpr LibraryRow kRows[] = {
    {"re.contains", contains},
    {"re.count", count},
    {"re.findall", each<&Search::match, 35060>},
    {"re.findfirst", find_first},
    {"re.findgroupsall", each<&Search::group_texts, 35090>},
    {"re.findgroupsfirst", find_groups_first},
    {"re.groups", groups},
    {"re.groupsall", each<&Search::group_indexes, 35100>},
    {"re.index", index},
    {"re.indexall", each<static_cast<Value (Search::*)() const>(&Search::indexes), 35050>},
    {"re.replaceall", replace_all},
    {"re.replacefirst", replace_first},
    {"re.replacelast", replace_last},
    {"re.rindex", last_index},
    {"re.split", split},
};

}  // namespace

std::span<const LibraryRow> regex_library() { return kRows; }

}  // namespace panmodel::pfa
