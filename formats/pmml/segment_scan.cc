#include "formats/pmml/segment_scan.h"

#include <cstring>

#include "base/mapping.h"

namespace panmodel::pmml {
namespace {

constexpr size_t kLeastPart = 512;       // bytes of a segment that it pays to parse apart
constexpr ptrdiff_t kReleased = 1 << 22;  // bytes that are read before their memory is given back

bool name_char(char c) {
  return !(c == '<' || c == '>' || c == '/' || c == '=' || c == '"' || c == '\'' || c == ' ' || c == '\t' ||
           c == '\r' || c == '\n');
}

// Two bytes that are rare in the nodes of trees: those inside "Segment", and before and at the start
// of a name like "ModelStats".
bool in_segment(char a, char b) { return (a == 'g') & (b == 'm'); }
bool before_model(char a, char b) { return ((a == '<') | (a == ':')) & (b == 'M'); }

// The first place before `until` where such a pair begins, or `until`, where there must be a byte too.
const char* next_pair(const char* at, const char* until) {
  constexpr size_t kBlock = 128;
  const auto pair = [](const char* p) { return in_segment(p[0], p[1]) | before_model(p[0], p[1]); };
  while (static_cast<size_t>(until - at) >= kBlock) {
    unsigned char found = 0;
    for (size_t i = 0; i < kBlock; ++i) found |= static_cast<unsigned char>(pair(at + i));
    if (found != 0) break;
    at += kBlock;
  }
  while (at < until && !pair(at)) ++at;
  return at;
}

bool starts(const char* at, const char* end, std::string_view word) {
  return static_cast<size_t>(end - at) >= word.size() && std::memcmp(at, word.data(), word.size()) == 0;
}

}  // namespace

std::vector<ScannedSegment> scan_segments(const Bytes& bytes, size_t depth) {
  constexpr std::string_view kName = "Segment";
  constexpr ptrdiff_t kPair = 2;  // of its "gm"
  struct Open {
    ScannedSegment segment;
    bool has_inner;
  };
  const std::string_view text = bytes.text();
  if (text.size() < kName.size()) return {};
  std::vector<ScannedSegment> found;
  std::vector<Open> open;
  const char* const start = text.data();
  const char* const end = start + text.size();
  const auto offset = [&](const char* p) { return static_cast<size_t>(p - start); };
  const char* tag_end = start;  // of the last tag
  const char* released = start;
  for (const char* at = start; at < end - 1;) {
    if (at - released >= kReleased) {
      release_pages(bytes.slice(offset(released), static_cast<size_t>(at - released)));
      released = at;
    }
    const char* until = end - at > kReleased ? at + kReleased : end - 1;
    const char* pair = next_pair(at, until);
    at = pair == until ? until : pair + 1;
    if (pair == until) continue;
    if (!in_segment(pair[0], pair[1])) {
      if (!open.empty() && starts(pair + 1, end, "Model")) open.back().segment.names_model = true;
      continue;
    }
    const char* name = pair - kPair;
    if (pair - tag_end < kPair || !starts(name, end, kName)) continue;
    at = tag_end = name + kName.size();
    if (at == end || name_char(*at)) continue;  // Segmentation
    const char* tag = name;
    if (tag > start && tag[-1] == ':') {
      while (tag > start && name_char(tag[-1])) --tag;
    }
    const bool closes = tag - start >= 2 && tag[-1] == '/' && tag[-2] == '<';
    if (!closes && !(tag > start && tag[-1] == '<')) continue;
    if (closes) {
      if (open.empty()) return {};
      Open last = open.back();
      open.pop_back();
      last.segment.end = offset(tag - 2);
      const bool worth = last.segment.end - last.segment.begin >= kLeastPart;
      if (!last.has_inner && worth) found.push_back(last.segment);
      continue;
    }
    if (open.size() == depth) return {};
    char quote = 0;
    for (; at < end && (quote != 0 || *at != '>'); ++at) {
      if (quote == 0 && (*at == '"' || *at == '\'')) {
        quote = *at;
      } else if (*at == quote) {
        quote = 0;
      }
    }
    if (at == end) return {};
    tag_end = ++at;
    if (at[-2] == '/') continue;
    if (!open.empty()) open.back().has_inner = true;
    open.push_back({{offset(tag), offset(at), 0}, false});
  }
  return open.empty() ? std::move(found) : std::vector<ScannedSegment>();
}

}  // namespace panmodel::pmml
