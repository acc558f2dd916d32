#pragma once
// Where in a source file something was found. A tagged variant, nestable by container.
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace panmodel {

struct Location;

struct NoLoc {
  bool operator==(const NoLoc&) const = default;
};
// Byte offset from the start of the (decompressed) input.
struct BytesLoc {
  uint64_t offset = 0;
  bool operator==(const BytesLoc&) const = default;
};
// Line and column of a text file, both counted from 1; column 0 = whole line.
struct TextLoc {
  uint32_t line = 0, column = 0;
  bool operator==(const TextLoc&) const = default;
};
// Object path inside a pickled object ("steps[1].estimators_[3].tree_"), the opcode and its offset.
struct PickleLoc {
  std::string path;
  uint64_t offset = 0;
  std::string opcode;
  bool operator==(const PickleLoc&) const = default;
};
// Field path inside a protobuf message ("graph.node[3].attribute[0]"), byte offset when known.
struct ProtoLoc {
  std::string path;
  int64_t offset = -1;  // unknown
  bool operator==(const ProtoLoc&) const = default;
};
// Element path inside an XML document ("PMML/TreeModel/Node[2]"), line and column of its start tag,
// both counted from 1; 0 when unknown.
struct XmlLoc {
  std::string path;
  uint32_t line = 0, column = 0;
  bool operator==(const XmlLoc&) const = default;
};
// JSON pointer (RFC 6901) into a JSON or YAML document, line and column, both counted from 1; 0 when unknown.
struct JsonLoc {
  std::string pointer;  // empty = the whole document
  uint32_t line = 0, column = 0;
  bool operator==(const JsonLoc&) const = default;
};
// Place inside a member of an archive.
struct MemberLoc {
  std::string member;
  std::shared_ptr<const Location> inner;
  bool operator==(const MemberLoc& o) const;
};
// Two places whose parts were merged by a rewrite.
struct FusedLoc {
  std::shared_ptr<const Location> a, b;
  bool operator==(const FusedLoc& o) const;
};

struct Location {
  std::variant<NoLoc, BytesLoc, TextLoc, PickleLoc, ProtoLoc, XmlLoc, JsonLoc, MemberLoc, FusedLoc> at;
  std::string file;  // as the user named it; empty when unknown

  Location() = default;
  template <class T>
  Location(T loc) : at(std::move(loc)) {}  // NOLINT: a place is a Location
  bool known() const { return !std::holds_alternative<NoLoc>(at) || !file.empty(); }
  bool operator==(const Location&) const = default;
};

// "model.pkl: steps[1].tree_ (pickle byte 0x1f3a)"; empty when nothing is known.
std::string to_string(const Location& loc);
// The byte offset that the location carries, or -1.
int64_t offset_of(const Location& loc);

}  // namespace panmodel
