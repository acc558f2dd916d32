#include "base/location.h"

#include <fmt/format.h>

#include "base/fail.h"

namespace panmodel {
namespace {

bool same(const std::shared_ptr<const Location>& a, const std::shared_ptr<const Location>& b) {
  return a == b || (a && b && *a == *b);
}

struct Print {
  std::string operator()(const NoLoc&) const { return {}; }
  std::string operator()(const BytesLoc& l) const { return fmt::format("byte 0x{:x}", l.offset); }
  std::string operator()(const TextLoc& l) const {
    return l.column ? fmt::format("line {}:{}", l.line, l.column) : fmt::format("line {}", l.line);
  }
  std::string operator()(const PickleLoc& l) const {
    std::string at = l.opcode.empty() ? fmt::format("pickle byte 0x{:x}", l.offset)
                                      : fmt::format("{} at pickle byte 0x{:x}", l.opcode, l.offset);
    return l.path.empty() ? at : fmt::format("{} ({})", l.path, at);
  }
  std::string operator()(const ProtoLoc& l) const {
    if (l.offset < 0) return l.path;
    if (l.path.empty()) return fmt::format("byte 0x{:x}", l.offset);
    return fmt::format("{} (byte 0x{:x})", l.path, l.offset);
  }
  std::string operator()(const XmlLoc& l) const {
    if (l.line == 0) return l.path;
    if (l.path.empty()) return fmt::format("line {}:{}", l.line, l.column);
    return fmt::format("{} (line {}:{})", l.path, l.line, l.column);
  }
  std::string operator()(const JsonLoc& l) const {
    if (l.line == 0) return l.pointer;
    if (l.pointer.empty()) return fmt::format("line {}:{}", l.line, l.column);
    return fmt::format("{} (line {}:{})", l.pointer, l.line, l.column);
  }
  std::string operator()(const MemberLoc& l) const {
    std::string inner = l.inner ? to_string(*l.inner) : std::string();
    return inner.empty() ? l.member : l.member + ": " + inner;
  }
  std::string operator()(const FusedLoc& l) const {
    return (l.a ? to_string(*l.a) : "") + " and " + (l.b ? to_string(*l.b) : "");
  }
};

}  // namespace

bool MemberLoc::operator==(const MemberLoc& o) const {
  return member == o.member && same(inner, o.inner);
}
bool FusedLoc::operator==(const FusedLoc& o) const { return same(a, o.a) && same(b, o.b); }

std::string to_string(const Location& loc) {
  std::string at = std::visit(Print{}, loc.at);
  if (loc.file.empty()) return at;
  if (const auto* text = std::get_if<TextLoc>(&loc.at)) {
    return text->column ? fmt::format("{}:{}:{}", loc.file, text->line, text->column)
                        : fmt::format("{}:{}", loc.file, text->line);
  }
  return at.empty() ? loc.file : loc.file + ": " + at;
}

int64_t offset_of(const Location& loc) {
  if (const auto* b = std::get_if<BytesLoc>(&loc.at)) return static_cast<int64_t>(b->offset);
  if (const auto* p = std::get_if<PickleLoc>(&loc.at)) return static_cast<int64_t>(p->offset);
  if (const auto* p = std::get_if<ProtoLoc>(&loc.at)) return p->offset;
  if (const auto* m = std::get_if<MemberLoc>(&loc.at)) return m->inner ? offset_of(*m->inner) : -1;
  return -1;
}

}  // namespace panmodel
