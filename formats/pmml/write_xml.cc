#include "formats/pmml/write_xml.h"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "base/number.h"

namespace panmodel::pmml {

const std::string& xml_text(const std::string& text) {
  const bool bad = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
  if (bad) fail({}, "pmml-write", "a name or value has a control character, which XML cannot hold");
  return text;
}

std::string xml_real(double value) {
  if (!std::isfinite(value))
    fail({}, "pmml-write", "{} has no form in a PMML model", print_real(value));
  return print_real(value);
}

pugi::xml_node add(pugi::xml_node parent, const char* name) {
  return parent.append_child(name);
}

void set(pugi::xml_node element, const char* attribute, const std::string& value) {
  element.append_attribute(attribute).set_value(xml_text(value).c_str());
}

std::string printed(pugi::xml_node element, const char* indent) {
  struct Text : pugi::xml_writer {
    std::string text;
    void write(const void* data, size_t size) override {
      text.append(static_cast<const char*>(data), size);
    }
  } out;
  element.print(out, indent != nullptr ? indent : "",
                indent != nullptr ? pugi::format_default : pugi::format_raw, pugi::encoding_utf8);
  return std::move(out.text);
}

std::string escaped(const std::string& text) {
  pugi::xml_document document;
  pugi::xml_node node = add(document, "a");
  set(node, "b", text);
  const std::string all = printed(node);  // <a b="..."/>
  const size_t begin = all.find('"') + 1;
  return all.substr(begin, all.rfind('"') - begin);
}

}  // namespace panmodel::pmml
