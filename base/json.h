#pragma once
// A JSON document as a flat tape of nodes in document order, read in one pass. Numbers keep their
// lexical class ("12" is an integer, "12.0" is not), and a place in the text is found when a
// message needs it, so that a node takes 16 bytes.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace panmodel::json {

enum class Kind : uint8_t {
  null, boolean, integer, real, string, array, object,
  big,  // an integer that 64 bits do not hold; its value as a double
};
std::string_view to_string(Kind kind);  // "an array", "null" ...

struct Node {
  Kind kind = Kind::null;
  uint32_t size = 0;  // bytes of a string; items of an array; members of an object
  union {
    int64_t whole;     // integer; boolean (0 or 1)
    double real;       // real, big
    const char* text;  // string; not terminated
    uint32_t end;      // array, object: index of the first node after it
  };
  Node() : whole(0) {}
};

struct ParseOptions {
  std::string file = {};           // for messages
  uint32_t max_depth = 10000;      // of nesting; more fails "limit-depth"
  bool non_finite = false;         // NaN, Infinity and -Infinity are reals, although JSON has no such
};

class Ref;

// Move-only: nodes point into it. The text that was parsed must outlive it, for place().
class Document {
 public:
  // Fails "json-syntax" with line and column.
  static Document parse(std::string_view text, const ParseOptions& options);

  Ref root() const;
  const std::vector<Node>& nodes() const { return nodes_; }
  // The first number that JSON does not allow (ParseOptions::non_finite), if there is one.
  std::optional<Ref> first_non_finite() const;
  // JSON pointer, line and column of a node.
  Location place(uint32_t node) const;

  // Builds a document from events in document order: of another syntax with the same tree. The
  // places are those given with the nodes.
  class Builder {
   public:
    explicit Builder(std::string file);
    void null(TextLoc at);
    void boolean(bool v, TextLoc at);
    void integer(int64_t v, TextLoc at);
    void real(double v, TextLoc at, bool big = false);
    void string(std::string_view v, TextLoc at);  // also the key of a member, before its value
    void begin(Kind container, TextLoc at);
    void end();  // of the innermost open container
    Document finish();

   private:
    Node& push(Kind kind, TextLoc at);
    std::unique_ptr<Document> document_;
    std::vector<uint32_t> open_;
  };

 private:
  friend class Builder;
  friend struct Events;
  std::string file_;
  std::string_view source_;            // the parsed text, for places
  std::unique_ptr<std::string> text_;  // a copy that parsing changed; strings point into it
  std::vector<std::unique_ptr<std::string>> pieces_;  // strings of a built document
  std::vector<Node> nodes_;
  std::vector<TextLoc> places_;        // of a built document
  std::optional<uint32_t> non_finite_;
};

// A node of a document, which must outlive it. A plain value.
class Ref {
 public:
  Ref() = default;
  Ref(const Document& document, uint32_t node) : document_(&document), node_(node) {}

  Kind kind() const { return node().kind; }
  bool is(Kind kind) const { return node().kind == kind; }
  bool is_number() const { return is(Kind::integer) || is(Kind::real) || is(Kind::big); }
  // Items of an array, members of an object, bytes of a string.
  uint32_t size() const { return node().size; }
  bool boolean() const { return node().whole != 0; }
  int64_t whole() const { return node().whole; }
  double number() const {
    return is(Kind::integer) ? static_cast<double>(node().whole) : node().real;
  }
  std::string_view text() const { return {node().text, node().size}; }

  // Items of an array, in order: `for (Ref item : array.items())`.
  class Items;
  Items items() const;
  // Members of an object, in order: `for (auto [key, value] : object.members())`.
  class Members;
  Members members() const;
  // The value of a member, the last one of several; linear.
  std::optional<Ref> find(std::string_view key) const;

  uint32_t index() const { return node_; }
  const Document& document() const { return *document_; }
  Location place() const { return document_->place(node_); }
  // Index of the node after this one and all that is in it.
  uint32_t end() const {
    return is(Kind::array) || is(Kind::object) ? node().end : node_ + 1;
  }

 private:
  const Node& node() const { return document_->nodes()[node_]; }
  const Document* document_ = nullptr;
  uint32_t node_ = 0;
};

struct Member {
  Ref key, value;
};

class Ref::Items {
 public:
  struct Iterator {
    Ref at;
    Ref operator*() const { return at; }
    Iterator& operator++() {
      at = Ref(at.document(), at.end());
      return *this;
    }
    bool operator!=(const Iterator& o) const { return at.index() != o.at.index(); }
  };
  explicit Items(Ref of) : of_(of) {}
  Iterator begin() const { return {Ref(of_.document(), of_.index() + 1)}; }
  Iterator end() const { return {Ref(of_.document(), of_.end())}; }

 private:
  Ref of_;
};

class Ref::Members {
 public:
  struct Iterator {
    Ref at;  // the key
    Member operator*() const { return {at, Ref(at.document(), at.index() + 1)}; }
    Iterator& operator++() {
      at = Ref(at.document(), Ref(at.document(), at.index() + 1).end());
      return *this;
    }
    bool operator!=(const Iterator& o) const { return at.index() != o.at.index(); }
  };
  explicit Members(Ref of) : of_(of) {}
  Iterator begin() const { return {Ref(of_.document(), of_.index() + 1)}; }
  Iterator end() const { return {Ref(of_.document(), of_.end())}; }

 private:
  Ref of_;
};

inline Ref Document::root() const { return Ref(*this, 0); }
inline Ref::Items Ref::items() const { return Items(*this); }
inline Ref::Members Ref::members() const { return Members(*this); }

}  // namespace panmodel::json
