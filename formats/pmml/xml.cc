#include "formats/pmml/xml.h"

#include <algorithm>
#include <cstring>

#include "base/mapping.h"
#include "base/number.h"
#include "base/text.h"
#include "formats/pmml/segment_scan.h"

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

constexpr size_t kMaxSteps = 24;  // of a printed path

constexpr unsigned kOptions = pugi::parse_default | pugi::parse_doctype;

// Of a segment; throws Whole when it is not the content of an element. The tree lies in `buffer`.
void parse_content(std::string_view text, std::vector<char>& buffer, pugi::xml_document& tree) {
  constexpr unsigned kContent = kOptions | pugi::parse_fragment | pugi::parse_declaration;
  buffer.clear();
  buffer.reserve(text.size() + 1);
  buffer.insert(buffer.end(), text.begin(), text.end());
  buffer.push_back(0);
  if (!tree.load_buffer_inplace(buffer.data(), buffer.size(), kContent, pugi::encoding_utf8)) {
    throw Document::Whole();
  }
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
bool Document::cut() {
  const std::string_view text = source_.text();
  const std::vector<ScannedSegment> found = scan_segments(source_, Limits().depth);
  if (found.empty()) return false;
  std::vector<size_t> names;
  std::string rest;
  size_t kept = 0, removed = 0, largest = 0;
  for (const ScannedSegment& segment : found) {
    rest += text.substr(kept, segment.begin - kept);
    kept = segment.end;
    parts_.push_back({segment.begin, segment.end, removed, segment.names_model, nullptr, false});
    removed += segment.end - segment.begin;
    largest = std::max(largest, segment.end - segment.begin);
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
  if (part == parts_.size()) {
    spare_.reserve(largest + 1);
    return true;
  }
  parts_.clear();
  part_index_.clear();
  tree_.reset();
  return false;
}

std::shared_ptr<const Document> Document::parse(const Bytes& bytes, const std::string& file, size_t large) {
  auto document = std::make_shared<Document>();
  document->source_ = bytes;
  document->file_ = file;
  if (bytes.size() < large || !document->cut()) {
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
  inner->buffer_ = std::move(spare_);
  parse_content(inner->source_.text(), inner->buffer_, inner->tree_);
  inner->root_ = inner->tree_;
  part->parsed = true;
  part->content = std::move(inner);
  return part->content.get();
}

void Document::close(pugi::xml_node segment) const {
  Part* part = part_of(segment);
  if (part == nullptr || !part->content) return;
  spare_ = std::move(part->content->buffer_);
  release_pages(part->content->source_);
  part->content.reset();
}

bool Document::mentions(pugi::xml_node segment, std::string_view word) const {
  const Part* part = part_of(segment);
  if (part == nullptr) return true;
  return part->names_model &&
         memmem(source_.begin() + part->begin, part->end - part->begin, word.data(), word.size()) != nullptr;
}

void Document::check_unread() const {
  for (const auto& [node, index] : part_index_) {
    if (parts_[index].parsed) continue;
    const Part& part = parts_[index];
    pugi::xml_document unread;
    parse_content(source_.text().substr(part.begin, part.end - part.begin), spare_, unread);
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

// "Node[3]" where there are several of the name among the siblings. Places are asked for in the order of
// the document mostly: counting goes back to the node that was the last one of its level.
std::string Document::step_of(pugi::xml_node node, size_t level) const {
  steps_.resize(kMaxSteps);
  Step& last = steps_[level % kMaxSteps];
  size_t before = last.node == node ? last.before : 0;
  for (auto s = node.previous_sibling(); s && last.node != node; s = s.previous_sibling()) {
    if (std::strcmp(s.name(), node.name()) != 0) continue;
    ++before;
    if (s != last.node) continue;
    before += last.before;
    break;
  }
  last = {node, before};
  bool several = before > 0;
  for (auto s = node.next_sibling(); s && !several; s = s.next_sibling()) {
    several = std::strcmp(s.name(), node.name()) == 0;
  }
  std::string name(local(node.name()));
  return several ? fmt::format("{}[{}]", name, before) : name;
}

Location Document::place(pugi::xml_node node) const {
  const Document& whole = outer_ != nullptr ? *outer_ : *this;
  XmlLoc at;
  size_t steps = 0;
  const auto add_steps = [&](const Document& document, pugi::xml_node n) {
    size_t level = 0;
    for (auto up = n; up.type() == pugi::node_element; up = up.parent()) ++level;
    for (; level > 0; n = n.parent(), --level) {
      if (++steps > kMaxSteps) continue;
      at.path = document.step_of(n, level) + (at.path.empty() ? "" : "/") + at.path;
    }
  };
  add_steps(*this, node);
  if (outer_ != nullptr) add_steps(*outer_, segment_);
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

std::string_view Element::name() const {
  return document_->prefixed() ? local(node_.name()) : std::string_view(node_.name());
}

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
  for (;; node = node.next_sibling()) {
    const pugi::xml_node_type type = node.type();
    if (type == pugi::node_null) return node;
    if (type == pugi::node_element && !is_name(node.name(), "Extension", prefixed)) return node;
  }
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

void Element::find(std::span<const std::string_view> names,
                   std::span<std::optional<std::string_view>> values) const {
  const bool prefixed = document_->prefixed();
  pugi::xml_attribute a = node_.first_attribute();
  // Only the attribute behind the last one has no name.
  for (const char* name = a.name(); *name != 0; a = a.next_attribute(), name = a.name()) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (values[i] || !is_name(name, names[i], prefixed)) continue;
      values[i] = a.value();
      break;
    }
  }
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
  return choice(attribute, find(attribute), names, absent);
}

size_t Element::choice(std::string_view attribute, std::optional<std::string_view> text,
                       std::span<const std::string_view> names, size_t absent) const {
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
