#include "formats/pmml/xml.h"

#include <algorithm>
#include <cstring>

#include "base/number.h"
#include "base/text.h"

namespace panmodel::pmml {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

namespace {

std::string_view local(std::string_view name) {
  const size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// "Node[3]" where there are several of the name among the siblings.
std::string step_of(pugi::xml_node node) {
  size_t before = 0;
  bool after = false;
  for (auto s = node.previous_sibling(); s; s = s.previous_sibling()) {
    before += std::strcmp(s.name(), node.name()) == 0 ? 1 : 0;
  }
  for (auto s = node.next_sibling(); s && !after; s = s.next_sibling()) {
    after = std::strcmp(s.name(), node.name()) == 0;
  }
  std::string name(local(node.name()));
  return before > 0 || after ? fmt::format("{}[{}]", name, before) : name;
}

constexpr size_t kMaxSteps = 24;  // of a printed path

}  // namespace

std::shared_ptr<const Document> Document::parse(const Bytes& bytes, const std::string& file) {
  auto document = std::make_shared<Document>();
  document->source_ = bytes;
  document->file_ = file;
  const pugi::xml_parse_result result =
      document->tree_.load_buffer(bytes.begin(), bytes.size(),
                                  pugi::parse_default | pugi::parse_doctype);
  // pugixml counts in the text as converted to UTF-8: of other encodings no line is known.
  document->utf8_ = result.encoding == pugi::encoding_utf8;
  if (!result) {
    Location place;
    if (document->utf8_) place = document->position(static_cast<size_t>(result.offset));
    place.file = file;
    if (result.status == pugi::status_out_of_memory) {
      fail(place, "limit-memory", "out of memory for the XML tree");
    }
    fail(place, "pmml-xml", "not well-formed XML: {}", result.description());
  }
  for (pugi::xml_node node : document->tree_) {
    if (node.type() == pugi::node_doctype && std::strchr(node.value(), '[') != nullptr) {
      Location place;
      if (document->utf8_) {
        // The value begins behind the key word.
        const auto value = static_cast<size_t>(node.offset_debug());
        place = document->position(bytes.text().rfind("<!DOCTYPE", value));
      }
      place.file = file;
      fail_help(place, "pmml-doctype",
                "the document declares a document type with entities of its own, which are never expanded",
                "write the text where the entities stand and remove <!DOCTYPE ...>");
    }
    if (node.type() == pugi::node_element && !document->root_) document->root_ = node;
  }
  return document;
}

// Line and column, both from 1, of a byte offset.
TextLoc Document::position(size_t offset) const {
  const std::string_view text = source_.text();
  if (line_ends_.empty()) {
    for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
      line_ends_.push_back(at);
    }
    line_ends_.push_back(text.size());
  }
  const auto line = std::lower_bound(line_ends_.begin(), line_ends_.end(), offset);
  const size_t start = line == line_ends_.begin() ? 0 : *(line - 1) + 1;
  return {static_cast<uint32_t>(line - line_ends_.begin() + 1),
          static_cast<uint32_t>(offset - std::min(offset, start) + 1)};
}

Location Document::place(pugi::xml_node node) const {
  XmlLoc at;
  size_t steps = 0;
  for (pugi::xml_node n = node; n && n.type() == pugi::node_element; n = n.parent()) {
    if (++steps <= kMaxSteps) at.path = step_of(n) + (at.path.empty() ? "" : "/") + at.path;
  }
  if (steps > kMaxSteps) at.path = ".../" + at.path;
  const ptrdiff_t offset = node.offset_debug();
  if (utf8_ && offset > 0) {
    // The offset is that of the name; the tag begins one byte before.
    const TextLoc text = position(static_cast<size_t>(offset) - 1);
    at.line = text.line;
    at.column = text.column;
  }
  Location place = std::move(at);
  place.file = file_;
  return place;
}

std::string_view Element::name() const { return local(node_.name()); }

namespace {

pugi::xml_node element_from(pugi::xml_node node) {
  while (node && (node.type() != pugi::node_element || local(node.name()) == "Extension")) {
    node = node.next_sibling();
  }
  return node;
}

}  // namespace

Element Element::first() const { return {*document_, element_from(node_.first_child())}; }
Element Element::next() const { return {*document_, element_from(node_.next_sibling())}; }

std::vector<Element> Element::children() const {
  std::vector<Element> out;
  for (Element e = first(); e; e = e.next()) out.push_back(e);
  return out;
}

std::vector<Element> Element::children(std::string_view name) const {
  std::vector<Element> out;
  for (Element e = first(); e; e = e.next()) {
    if (e.is(name)) out.push_back(e);
  }
  return out;
}

Element Element::child(std::string_view name) const {
  Element e = first();
  while (e && !e.is(name)) e = e.next();
  return e;
}

Element Element::require(std::string_view name) const {
  Element e = child(name);
  if (!e) refuse("pmml-element", "no <{}> in it", name);
  return e;
}

std::optional<std::string_view> Element::extension(std::string_view name) const {
  for (pugi::xml_node node : node_.children()) {
    if (local(node.name()) == "Extension" && std::string_view(node.attribute("extender").value()) == "panmodel" &&
        node.attribute("name").value() == name) {
      return node.attribute("value").value();
    }
  }
  return std::nullopt;
}

std::string Element::text() const {
  std::string out;
  for (pugi::xml_node n : node_) {
    if (n.type() == pugi::node_pcdata || n.type() == pugi::node_cdata) out += n.value();
  }
  return out;
}

std::optional<std::string_view> Element::find(std::string_view attribute) const {
  for (pugi::xml_attribute a : node_.attributes()) {
    if (local(a.name()) == attribute) return std::string_view(a.value());
  }
  return std::nullopt;
}

std::vector<std::string_view> Element::attributes() const {
  std::vector<std::string_view> names;
  for (pugi::xml_attribute a : node_.attributes()) names.push_back(local(a.name()));
  return names;
}

std::string_view Element::attribute(std::string_view name) const {
  auto found = find(name);
  if (!found) refuse("pmml-attribute", "the attribute '{}' is missing", name);
  return *found;
}

std::optional<double> Element::find_real(std::string_view attribute) const {
  auto text = find(attribute);
  if (!text) return std::nullopt;
  auto value = parse_real(trim(*text));
  // XML Schema spells the infinities INF and -INF.
  if (!value) refuse("pmml-attribute", "{}=\"{}\", expected a number", attribute, *text);
  return value;
}

std::optional<int64_t> Element::find_int(std::string_view attribute) const {
  auto text = find(attribute);
  if (!text) return std::nullopt;
  auto value = parse_int(trim(*text));
  if (!value) refuse("pmml-attribute", "{}=\"{}\", expected an integer", attribute, *text);
  return value;
}

double Element::real(std::string_view attribute) const {
  this->attribute(attribute);
  return *find_real(attribute);
}

double Element::real(std::string_view attribute, double absent) const {
  return find_real(attribute).value_or(absent);
}

bool Element::boolean(std::string_view attribute, bool absent) const {
  auto text = find(attribute);
  if (!text) return absent;
  if (*text == "true" || *text == "1") return true;
  if (*text == "false" || *text == "0") return false;
  refuse("pmml-attribute", "{}=\"{}\", expected true or false", attribute, *text);
}

size_t Element::choice(std::string_view attribute, std::span<const std::string_view> names,
                       size_t absent) const {
  auto text = find(attribute);
  if (!text) return absent;
  auto found = std::find(names.begin(), names.end(), *text);
  if (found == names.end()) {
    refuse("pmml-attribute", "{}=\"{}\", expected one of {}", attribute, *text,
           fmt::join(names, ", "));
  }
  return static_cast<size_t>(found - names.begin());
}

std::vector<std::string> array_items(const Element& array) {
  const std::string text = array.text();
  std::vector<std::string> items;
  for (size_t i = 0; i < text.size();) {
    if (std::strchr(" \t\r\n", text[i]) != nullptr) {
      ++i;
      continue;
    }
    std::string item;
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
        item += text[i];
      }
      if (i == text.size()) array.refuse("pmml-array", "an item has an opening quote and no closing one");
      ++i;
    } else {
      for (; i < text.size() && std::strchr(" \t\r\n", text[i]) == nullptr; ++i) item += text[i];
    }
    items.push_back(std::move(item));
  }
  if (auto n = array.find_int("n"); n && *n != static_cast<int64_t>(items.size())) {
    array.refuse("pmml-array", "{} items, expected n=\"{}\"", items.size(), *n);
  }
  return items;
}

}  // namespace panmodel::pmml
