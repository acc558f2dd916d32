#pragma once
// XML elements with places. Names are compared without their namespace prefix, because producers
// disagree about namespaces. pugixml parses; nothing outside the document is ever opened.
#include <cstdint>
#include <memory>
#include <optional>
#include <pugixml.hpp>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/fail.h"

namespace panmodel::pmml {

struct Limits {
  uint32_t depth = 512;  // of elements whose readers call themselves: models in models, predicates
};

// A document. Elements point into it. What stands in the Segments of a large one is parsed when it is
// asked for, segment by segment, so that only those in use are in memory as a tree.
class Document {
 public:
  // What becomes of a document whose text is not as its tags made it look; only seen by read_document.
  struct Whole {};
  static constexpr size_t kLarge = 1 << 20;  // bytes from which on segments are parsed apart

  // Fails "pmml-xml" with line and column for text that is no well-formed XML, and "pmml-doctype" for
  // a document type with entities of its own, which are never expanded. In a document of `large` bytes
  // or more the text of segments has not been looked at yet.
  static std::shared_ptr<const Document> parse(const Bytes& bytes, const std::string& file,
                                               size_t large = kLarge);
  pugi::xml_node root() const { return root_; }
  // Place of a node of this document.
  Location place(pugi::xml_node node) const;
  size_t bytes() const { return outer_ != nullptr ? outer_->bytes() : source_.size(); }
  // Whether a name may have a prefix.
  bool prefixed() const { return prefixed_; }

  // The segments that are parsed apart, by their element; null for any other node. Throws Whole when its
  // text is no content of an element: the document is to be parsed as a whole then.
  const Document* content(pugi::xml_node segment) const;
  // Forgets the content of a segment, whose elements are invalid from now on.
  void close(pugi::xml_node segment) const;
  // Whether an element in a segment, parsed or not, may have this name, which begins with "Model". True
  // for any other node.
  bool mentions(pugi::xml_node segment, std::string_view word) const;
  // Parses what nobody has asked for yet: a document is well-formed or it is not.
  void check_unread() const;

 private:
  struct Part {
    size_t begin, end;  // bytes of the source
    size_t removed;     // bytes of the parts before it
    bool names_model;   // some name in it may begin with "Model"
    std::unique_ptr<Document> content;
    bool parsed = false;  // once
  };
  bool cut();
  Part* part_of(pugi::xml_node segment) const;
  void refuse_malformed(const pugi::xml_parse_result& result) const;
  size_t source_offset(ptrdiff_t offset) const;
  TextLoc position(size_t offset) const;
  std::string step_of(pugi::xml_node node, size_t level) const;

  Bytes source_;
  std::string file_;
  bool utf8_ = true;  // offsets are those of the source
  bool prefixed_ = true;
  // Of the content of a segment: the document around it, the segment, and where it begins.
  const Document* outer_ = nullptr;
  pugi::xml_node segment_;
  size_t begin_ = 0;
  std::vector<char> buffer_;         // where its tree lies
  mutable std::vector<char> spare_;  // that of the last segment closed, for the next one
  mutable std::vector<Part> parts_;                     // in order
  std::unordered_map<size_t, size_t> part_index_;       // hash of the segment's node -> part
  struct Step {
    pugi::xml_node node;
    size_t before = 0;  // siblings of its name
  };
  mutable std::vector<Step> steps_;      // of the places asked for last, by level
  mutable std::vector<size_t> line_ends_;               // those before `lines_known_`
  mutable size_t lines_known_ = 0;
  pugi::xml_document tree_;
  pugi::xml_node root_;
};

// Calls read(document) with a document as Document::parse makes it, once more with all of it parsed
// when that turns out to be necessary.
template <class Read>
auto read_document_of(const Bytes& bytes, const std::string& file, size_t large, const Read& read) {
  try {
    auto document = Document::parse(bytes, file, large);
    auto result = read(*document);
    document->check_unread();
    return result;
  } catch (const Document::Whole&) {
    return read(*Document::parse(bytes, file, SIZE_MAX));
  }
}

// An element of a document, or none. Cheap to copy; valid while the document lives.
class Element {
 public:
  Element() = default;
  Element(const Document& document, pugi::xml_node node) : document_(&document), node_(node) {}
  explicit operator bool() const { return !node_.empty(); }
  bool operator==(const Element& o) const { return node_ == o.node_; }

  std::string_view name() const;  // without prefix
  bool is(std::string_view name) const;
  Location place() const { return document_->place(node_); }
  // Identity of the element within its document.
  size_t id() const { return node_.hash_value(); }

  // Of a Segment: its elements are not needed any more, and invalid; asked for again they are parsed
  // again. Nothing for any other element.
  void close() const { document_->close(node_); }
  // Size of the document.
  size_t document_bytes() const { return document_->bytes(); }
  // False only for a Segment in which no element has this name, which begins with "Model".
  bool mentions(std::string_view word) const { return document_->mentions(node_, word); }

  // Child elements; Extension elements are not among them, since they mean nothing to the model.
  Element first() const;
  Element next() const;  // sibling
  std::vector<Element> children() const;
  std::vector<Element> children(std::string_view name) const;
  Element child(std::string_view name) const;    // the first, or none
  Element require(std::string_view name) const;  // fails "pmml-element" when there is none
  // What an Extension of panmodel's own (extender="panmodel") says under this name.
  std::optional<std::string_view> extension(std::string_view name) const;
  // The text between the tags, of all text nodes.
  std::string text() const;

  // The element as it stands in the document, without the white space between tags.
  std::string markup() const;

  // Attributes, by name without prefix. An attribute of only white space is present.
  std::optional<std::string_view> find(std::string_view attribute) const;
  // The same for several different names at once, where `values` are absent before.
  void find(std::span<const std::string_view> names, std::span<std::optional<std::string_view>> values) const;
  std::vector<std::string_view> attributes() const;  // their names
  std::string_view attribute(std::string_view name) const;  // fails "pmml-attribute" when absent
  std::optional<double> find_real(std::string_view attribute) const;
  std::optional<int64_t> find_int(std::string_view attribute) const;
  double real(std::string_view attribute) const;
  double real(std::string_view attribute, double absent) const;
  bool boolean(std::string_view attribute, bool absent) const;  // true, false, 1, 0
  // Index of the value of an attribute among `names`; `absent` without the attribute. Fails
  // "pmml-attribute" for any other value.
  size_t choice(std::string_view attribute, std::span<const std::string_view> names, size_t absent) const;
  // The same of the value that find() has given.
  size_t choice(std::string_view attribute, std::optional<std::string_view> text,
                std::span<const std::string_view> names, size_t absent) const;

  template <class... A>
  [[noreturn]] void refuse(Code code, fmt::format_string<A...> f, A&&... args) const {
    fail(place(), code, "{}: {}", name(), fmt::format(f, std::forward<A>(args)...));
  }

 private:
  pugi::xml_node inside() const;  // whose children are those of the element

  const Document* document_ = nullptr;
  pugi::xml_node node_;
};

// Without the white space of XML at both ends.
std::string_view trim(std::string_view text);
// The white-space separated items of an <Array>, where "..." and \" quote one with spaces.
std::vector<std::string> array_items(const Element& array);

}  // namespace panmodel::pmml
