#include "formats/pmml/write_document.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/diagnostic.h"
#include "base/number.h"
#include "formats/pmml/write_xml.h"

namespace panmodel::pmml {
namespace {

// A name of an element that has only plain letters; `taken` by other columns of the table.
std::string element_name(const std::string& field, std::set<std::string>& taken) {
  std::string name;
  for (char c : field) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
    name += plain && static_cast<unsigned char>(c) < 0x80 ? c : '_';
  }
  const char first = name.empty() ? '_' : name.front();
  if (std::isalpha(static_cast<unsigned char>(first)) == 0) name = "f" + name;
  // No name may begin with these three letters.
  if (name.size() >= 3 && (name[0] | 32) == 'x' && (name[1] | 32) == 'm' && (name[2] | 32) == 'l')
    name = "f_" + name;
  std::string out = name;
  for (int i = 2; !taken.insert(out).second; ++i) out = fmt::format("{}_{}", name, i);
  return out;
}

constexpr const char* kMark = "panmodel-text";  // a processing instruction: no text looks like one

// What a version of the specification brought. `value`: of the attribute; empty = any.
struct Since {
  int minor;
  std::string_view element, attribute, value;
};
constexpr Since kSince[] = {
    {3, "Apply", "function", "erf"},        {3, "Apply", "function", "normalCDF"},
    {3, "Apply", "function", "normalIDF"},  {3, "Apply", "function", "normalPDF"},
    {3, "Apply", "function", "stdNormalCDF"}, {3, "Apply", "function", "stdNormalIDF"},
    {3, "Apply", "function", "stdNormalPDF"},
    {4, "Apply", "function", "acos"},       {4, "Apply", "function", "asin"},
    {4, "Apply", "function", "atan"},       {4, "Apply", "function", "cos"},
    {4, "Apply", "function", "cosh"},       {4, "Apply", "function", "expm1"},
    {4, "Apply", "function", "hypot"},      {4, "Apply", "function", "isNotValid"},
    {4, "Apply", "function", "isValid"},    {4, "Apply", "function", "ln1p"},
    {4, "Apply", "function", "modulo"},     {4, "Apply", "function", "rint"},
    {4, "Apply", "function", "sin"},        {4, "Apply", "function", "sinh"},
    {4, "Apply", "function", "tan"},        {4, "Apply", "function", "tanh"},
    {4, "Constant", "missing", ""},         {4, "MiningField", "invalidValueReplacement", ""},
    {4, "MiningField", "invalidValueTreatment", "asValue"},
    {4, "MiningField", "missingValueTreatment", "returnInvalid"},
    {4, "Segmentation", "missingPredictionTreatment", ""},
    {4, "Segmentation", "missingThreshold", ""},
};

[[noreturn]] void refuse(pugi::xml_node at, std::string_view what, int minor,
                         const std::string& version) {
  pugi::xml_node named = at;
  while (named && !named.attribute("name")) named = named.parent();
  const std::string where = named ? fmt::format(", in '{}'", named.attribute("name").value()) : "";
  fail({}, "pmml-version", "{} {}{} needs PMML 4.{}, the document is to be {}", at.name(), what,
       where, minor, version);
}

}  // namespace

pugi::xml_node add_root(pugi::xml_node parent, const Metadata& metadata) {
  pugi::xml_node pmml = add(parent, "PMML");
  pugi::xml_node header = add(pmml, "Header");
  if (!metadata.doc.empty()) set(header, "description", metadata.doc);
  pugi::xml_node application = add(header, "Application");
  set(application, "name", "panmodel");
  set(application, "version", "0.1.0");
  return pmml;
}

void add_mark(pugi::xml_node parent, std::vector<Marked>& all, Marked text) {
  pugi::xml_node mark = parent.append_child(pugi::node_pi);
  mark.set_name(kMark);
  mark.set_value(std::to_string(all.size()).c_str());
  all.push_back(std::move(text));
}

void print_document(pugi::xml_node pmml, const std::vector<Marked>& all, const Sink& to) {
  constexpr size_t kPiece = size_t{1} << 20;  // bytes that are handed on at once
  const std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + printed(pmml, "  ");
  const std::string begin = fmt::format("<?{} ", kMark), end = "?>";
  std::string out;
  size_t kept = 0;
  for (size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, kept)) {
    out.append(text, kept, text.rfind('\n', at) + 1 - kept);
    const size_t number = at + begin.size(), after = text.find(end, number);
    const auto mark = parse_uint(std::string_view(text).substr(number, after - number));
    all.at(*mark)(out);
    kept = after + end.size();
    if (out.size() < kPiece) continue;
    to(out);
    out.clear();
  }
  out.append(text, kept);
  to(out);
}

void write_verification(pugi::xml_node model, std::span<const VerifiedField> fields,
                        const VerificationRows& rows) {
  if (rows.rows.empty() ||
      std::none_of(fields.begin(), fields.end(), [](const VerifiedField& f) { return f.result; })) {
    return;
  }
  pugi::xml_node verification = add(model, "ModelVerification");
  set(verification, "recordCount", std::to_string(rows.rows.size()));
  set(verification, "fieldCount", std::to_string(fields.size()));
  pugi::xml_node declared = add(verification, "VerificationFields");
  std::set<std::string> taken{"row"};
  std::vector<std::string> names;
  for (const VerifiedField& f : fields) {
    names.push_back(element_name(f.name, taken));
    pugi::xml_node field = add(declared, "VerificationField");
    set(field, "field", f.name);
    set(field, "column", names.back());
    if (!f.result) continue;
    set(field, "precision", "1e-9");
    set(field, "zeroThreshold", "1e-12");
  }
  pugi::xml_node table = add(verification, "InlineTable");
  for (const auto& cells : rows.rows) {
    pugi::xml_node row = add(table, "row");
    for (size_t i = 0; i < fields.size(); ++i) {
      const std::optional<std::string>& cell = cells.at(fields[i].column);
      if (cell) add(row, names[i].c_str()).text().set(xml_text(*cell).c_str());
    }
  }
}

void set_version(pugi::xml_node pmml, const std::string& version) {
  const int minor = version.back() - '0';
  set(pmml, "xmlns", fmt::format("http://www.dmg.org/PMML-4_{}", minor));
  set(pmml, "version", version);
  if (minor == 4) return;
  std::set<std::string_view> derived;
  std::vector<pugi::xml_node> open{pmml};
  while (!open.empty()) {
    const pugi::xml_node at = open.back();
    open.pop_back();
    const std::string_view name = at.name();
    // An order of names that need no look-up: the forests of large documents are Nodes.
    if (name == "Node") continue;
    for (pugi::xml_node child : at.children()) open.push_back(child);
    for (const Since& s : kSince) {
      if (s.minor <= minor || name != s.element) continue;
      const pugi::xml_attribute attribute = at.attribute(s.attribute.data());
      if (!attribute || (!s.value.empty() && s.value != attribute.value())) continue;
      refuse(at, fmt::format("{}=\"{}\"", s.attribute, attribute.value()), s.minor, version);
    }
    if (minor > 2 || name != "OutputField") continue;
    // Every result of a segment is shown, where that cannot be said.
    pugi::xml_node(at).remove_attribute("isFinalResult");
    const std::string_view feature = at.attribute("feature").value();
    pugi::xml_node model = at.parent().parent();
    for (pugi::xml_node field : at.children("FieldRef")) {
      if (feature == "transformedValue" &&
          model.child("LocalTransformations")
              .find_child_by_attribute("name", field.attribute("field").value())) {
        refuse(at, "of a derived field", 3, version);
      }
    }
  }
}

}  // namespace panmodel::pmml
