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
#include <vector>

#include "base/bytes.h"
#include "base/diagnostic.h"

namespace panmodel::pmml {

struct Limits {
  uint32_t depth = 512;  // of elements whose readers call themselves: models in models, predicates
};

// A parsed document. Elements point into it.
class Document {
 public:
  // Fails "pmml-xml" with line and column for text that is no well-formed XML, and "pmml-doctype" for
  // a document type with entities of its own, which are never expanded.
  static std::shared_ptr<const Document> parse(const Bytes& bytes, const std::string& file);
  pugi::xml_node root() const { return root_; }
  // Place of a node of this document.
  Location place(pugi::xml_node node) const;

 private:
  TextLoc position(size_t offset) const;

  Bytes source_;
  std::string file_;
  bool utf8_ = true;  // offsets are those of the source
  mutable std::vector<size_t> line_ends_;  // made when the first place is asked for
  pugi::xml_document tree_;
  pugi::xml_node root_;
};

// An element of a document, or none. Cheap to copy; valid while the document lives.
class Element {
 public:
  Element() = default;
  Element(const Document& document, pugi::xml_node node) : document_(&document), node_(node) {}
  explicit operator bool() const { return !node_.empty(); }
  bool operator==(const Element& o) const { return node_ == o.node_; }

  std::string_view name() const;  // without prefix
  bool is(std::string_view name) const { return this->name() == name; }
  Location place() const { return document_->place(node_); }
  // Identity of the element within its document.
  size_t id() const { return node_.hash_value(); }

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

  // Attributes, by name without prefix. An attribute of only white space is present.
  std::optional<std::string_view> find(std::string_view attribute) const;
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

  template <class... A>
  [[noreturn]] void refuse(Code code, fmt::format_string<A...> f, A&&... args) const {
    fail(place(), code, "{}: {}", name(), fmt::format(f, std::forward<A>(args)...));
  }

 private:
  const Document* document_ = nullptr;
  pugi::xml_node node_;
};

// Without the white space of XML at both ends.
std::string_view trim(std::string_view text);
// The white-space separated items of an <Array>, where "..." and \" quote one with spaces.
std::vector<std::string> array_items(const Element& array);

}  // namespace panmodel::pmml
