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

}  // namespace panmodel::pmml
