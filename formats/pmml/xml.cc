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

constexpr unsigned kOptions = pugi::parse_default | pugi::parse_doctype;

bool name_char(char c) {
  return !(c == '<' || c == '>' || c == '/' || c == '=' || c == '"' || c == '\'' || c == ' ' || c == '\t' ||
           c == '\r' || c == '\n');
}

constexpr size_t kLeastPart = 512;  // bytes of a segment that it pays to parse apart

// What looks like the text of a Segment with no Segment in it. `name` is where its tag has its name.
struct Innermost {
  size_t name, begin, end;
};

// A light scan: comments and quotes may hold such tags too, which is found out when the parts are
// parsed. Empty when the tags do not even pair up.
std::vector<Innermost> innermost_segments(std::string_view text) {
  constexpr std::string_view kName = "Segment";
  struct Open {
    Innermost segment;
    bool has_inner;
  };
  std::vector<Innermost> found;
  std::vector<Open> open;
  const char* end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    at = static_cast<const char*>(memmem(at, static_cast<size_t>(end - at), kName.data(), kName.size()));
    if (at == nullptr) break;
    const char* name = at;
    at += kName.size();
    if (at == end || name_char(*at)) continue;  // Segmentation
    const char* tag = name;
    if (tag > text.data() && tag[-1] == ':') {
      while (tag > text.data() && name_char(tag[-1])) --tag;
    }
    const bool closes = tag - text.data() >= 2 && tag[-1] == '/' && tag[-2] == '<';
    if (!closes && !(tag > text.data() && tag[-1] == '<')) continue;
    if (closes) {
      if (open.empty()) return {};
      Open last = open.back();
      open.pop_back();
      last.segment.end = static_cast<size_t>(tag - 2 - text.data());
      const bool worth = last.segment.end - last.segment.begin >= kLeastPart;
      if (!last.has_inner && worth) found.push_back(last.segment);
      continue;
    }
    if (open.size() == Limits().depth) return {};
    char quote = 0;
    for (; at < end && (quote != 0 || *at != '>'); ++at) {
      if (quote == 0 && (*at == '"' || *at == '\'')) {
        quote = *at;
      } else if (*at == quote) {
        quote = 0;
      }
    }
    if (at == end) return {};
    ++at;
    if (at[-2] == '/') continue;
    if (!open.empty()) open.back().has_inner = true;
    open.push_back({{static_cast<size_t>(tag - text.data()), static_cast<size_t>(at - text.data()), 0}, false});
  }
  return open.empty() ? std::move(found) : std::vector<Innermost>();
}

// Of a segment; throws Whole when it is not the content of an element.
void parse_content(const Bytes& text, pugi::xml_document& tree) {
  constexpr unsigned kContent = kOptions | pugi::parse_fragment | pugi::parse_declaration;
  if (!tree.load_buffer(text.begin(), text.size(), kContent, pugi::encoding_utf8)) throw Document::Whole();
  for (pugi::xml_node node : tree) {
    // Only the start of a document may have these.
    if (node.type() == pugi::node_doctype || node.type() == pugi::node_declaration) throw Document::Whole();
  }
}

pugi::xml_node next_in_document(pugi::xml_node node) {
  if (node.first_child()) return node.first_child();
  while (node && !node.next_sibling()) node = node.parent();
  return node.next_sibling();
}

}  // namespace

// Leaves the tags of the segments and takes out what is between them. That this is the document is
// known when the tags are elements of the rest (below) and every part is the content of an element
// (content()): an XML parser that is between the same tags does the same with either.
bool Document::cut(std::string_view text) {
  const std::vector<Innermost> found = innermost_segments(text);
  if (found.empty()) return false;
  std::vector<size_t> names;
  std::string rest;
  size_t kept = 0, removed = 0;
  for (const Innermost& segment : found) {
    rest += text.substr(kept, segment.begin - kept);
    kept = segment.end;
    parts_.push_back({segment.begin, segment.end, removed, nullptr, false});
    removed += segment.end - segment.begin;
    names.push_back(segment.name);
  }
  rest += text.substr(kept);
  const pugi::xml_parse_result result = tree_.load_buffer(rest.data(), rest.size(), kOptions);
  size_t part = 0;
  if (result && result.encoding == pugi::encoding_utf8) {
    for (pugi::xml_node node = tree_.first_child(); node && part < parts_.size(); node = next_in_document(node)) {
      if (node.type() != pugi::node_element || source_offset(node.offset_debug()) != names[part]) continue;
      if (node.first_child()) break;
      part_index_.emplace(node.hash_value(), part++);
    }
  }
  if (part == parts_.size()) return true;
  parts_.clear();
  part_index_.clear();
  tree_.reset();
  return false;
}

std::shared_ptr<const Document> Document::parse(const Bytes& bytes, const std::string& file, size_t large) {
  auto document = std::make_shared<Document>();
  document->source_ = bytes;
  document->file_ = file;
  if (bytes.size() < large || !document->cut(bytes.text())) {
    const pugi::xml_parse_result result = document->tree_.load_buffer(bytes.begin(), bytes.size(), kOptions);
    // pugixml counts in the text as converted to UTF-8: of other encodings no line is known.
    document->utf8_ = result.encoding == pugi::encoding_utf8;
    document->refuse_malformed(result);
  }
  for (pugi::xml_node node : document->tree_) {
    if (node.type() == pugi::node_doctype && std::strchr(node.value(), '[') != nullptr) {
      Location place;
      if (document->utf8_) {
        // The value begins behind the key word.
        const size_t value = document->source_offset(node.offset_debug());
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

void Document::refuse_malformed(const pugi::xml_parse_result& result) const {
  if (result) return;
  Location place;
  if (utf8_) place = position(static_cast<size_t>(result.offset));
  place.file = file_;
  if (result.status == pugi::status_out_of_memory) {
    fail(place, "limit-memory", "out of memory for the XML tree");
  }
  fail(place, "pmml-xml", "not well-formed XML: {}", result.description());
}

Document::Part* Document::part_of(pugi::xml_node segment) const {
  if (part_index_.empty()) return nullptr;
  auto found = part_index_.find(segment.hash_value());
  return found == part_index_.end() ? nullptr : &parts_[found->second];
}

const Document* Document::content(pugi::xml_node segment) const {
  Part* part = part_of(segment);
  if (part == nullptr || part->content) return part == nullptr ? nullptr : part->content.get();
  auto inner = std::make_unique<Document>();
  inner->source_ = source_.slice(part->begin, part->end - part->begin);
  inner->outer_ = this;
  inner->segment_ = segment;
  inner->begin_ = part->begin;
  inner->prefixed_ = inner->source_.text().find(':') != std::string_view::npos;
  parse_content(inner->source_, inner->tree_);
  inner->root_ = inner->tree_;
  part->parsed = true;
  part->content = std::move(inner);
  return part->content.get();
}

void Document::close(pugi::xml_node segment) const {
  if (Part* part = part_of(segment)) part->content.reset();
}

bool Document::mentions(pugi::xml_node segment, std::string_view word) const {
  const Part* part = part_of(segment);
  if (part == nullptr) return true;
  return memmem(source_.begin() + part->begin, part->end - part->begin, word.data(), word.size()) != nullptr;
}

void Document::check_unread() const {
  for (const auto& [node, index] : part_index_) {
    if (parts_[index].parsed) continue;
    pugi::xml_document unread;
    parse_content(source_.slice(parts_[index].begin, parts_[index].end - parts_[index].begin), unread);
  }
}

// Of a byte of the text that was parsed: where it is in the source of the whole document.
size_t Document::source_offset(ptrdiff_t offset) const {
  size_t at = begin_ + static_cast<size_t>(offset);
  if (parts_.empty()) return at;
  // The text taken out before the part with number n, and with it the place of the part in the rest.
  size_t low = 0, high = parts_.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (parts_[middle].begin - parts_[middle].removed <= at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return at;
  const Part& last = parts_[low - 1];
  return at + last.removed + (last.end - last.begin);
}

// Line and column, both from 1, of a byte offset of the source of the whole document.
TextLoc Document::position(size_t offset) const {
  const std::string_view text = source_.text();
  const size_t until = std::min(offset + 1, text.size());
  for (; lines_known_ < until;) {
    const size_t end = std::min(text.find('\n', lines_known_), text.size());
    line_ends_.push_back(end);
    lines_known_ = end + 1;
  }
  const auto line = std::lower_bound(line_ends_.begin(), line_ends_.end(), offset);
  const size_t start = line == line_ends_.begin() ? 0 : *(line - 1) + 1;
  return {static_cast<uint32_t>(line - line_ends_.begin() + 1),
          static_cast<uint32_t>(offset - std::min(offset, start) + 1)};
}

Location Document::place(pugi::xml_node node) const {
  const Document& whole = outer_ != nullptr ? *outer_ : *this;
  XmlLoc at;
  size_t steps = 0;
  const auto add_steps = [&](pugi::xml_node n) {
    for (; n && n.type() == pugi::node_element; n = n.parent()) {
      if (++steps <= kMaxSteps) at.path = step_of(n) + (at.path.empty() ? "" : "/") + at.path;
    }
  };
  add_steps(node);
  if (outer_ != nullptr) add_steps(segment_);
  if (steps > kMaxSteps) at.path = ".../" + at.path;
  const ptrdiff_t offset = node.offset_debug();
  if (whole.utf8_ && offset > 0) {
    // The offset is that of the name; the tag begins one byte before.
    const TextLoc text = whole.position(source_offset(offset) - 1);
    at.line = text.line;
    at.column = text.column;
  }
  Location place = std::move(at);
  place.file = whole.file_;
  return place;
}

std::string_view Element::name() const { return local(node_.name()); }

namespace {

// Whether `full`, with a prefix or without, is this name.
bool is_name(const char* full, std::string_view name, bool prefixed) {
  if (prefixed) return local(full) == name;
  for (char c : name) {
    if (*full++ != c) return false;
  }
  return *full == 0;
}

pugi::xml_node element_from(pugi::xml_node node, bool prefixed) {
  while (node && (node.type() != pugi::node_element || is_name(node.name(), "Extension", prefixed))) {
    node = node.next_sibling();
  }
  return node;
}

}  // namespace

bool Element::is(std::string_view name) const { return is_name(node_.name(), name, document_->prefixed()); }

pugi::xml_node Element::inside() const {
  const Document* content = document_->content(node_);
  return content != nullptr ? content->root() : node_;
}

Element Element::first() const {
  if (const Document* content = document_->content(node_)) {
    return {*content, element_from(content->root().first_child(), content->prefixed())};
  }
  return {*document_, element_from(node_.first_child(), document_->prefixed())};
}
Element Element::next() const {
  return {*document_, element_from(node_.next_sibling(), document_->prefixed())};
}

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
  for (pugi::xml_node node : inside()) {
    if (local(node.name()) == "Extension" && std::string_view(node.attribute("extender").value()) == "panmodel" &&
        node.attribute("name").value() == name) {
      return node.attribute("value").value();
    }
  }
  return std::nullopt;
}

std::string Element::text() const {
  std::string out;
  for (pugi::xml_node n : inside()) {
    if (n.type() == pugi::node_pcdata || n.type() == pugi::node_cdata) out += n.value();
  }
  return out;
}

std::string Element::markup() const {
  struct Text : pugi::xml_writer {
    std::string text;
    void write(const void* data, size_t size) override { text.append(static_cast<const char*>(data), size); }
  } out;
  node_.print(out, "", pugi::format_raw);
  return std::move(out.text);
}

std::optional<std::string_view> Element::find(std::string_view attribute) const {
  const bool prefixed = document_->prefixed();
  for (pugi::xml_attribute a = node_.first_attribute(); a; a = a.next_attribute()) {
    if (is_name(a.name(), attribute, prefixed)) return std::string_view(a.value());
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
