#pragma once
// Steps that all writers of elements share.
#include <pugixml.hpp>
#include <string>

#include "base/fail.h"

namespace panmodel::pmml {

// Text that XML 1.0 can hold; fails "pmml-write" for control characters.
const std::string& xml_text(const std::string& text);
// A finite number as text; fails "pmml-write" for others.
std::string xml_real(double value);
// Appends an element.
pugi::xml_node add(pugi::xml_node parent, const char* name);
void set(pugi::xml_node element, const char* attribute, const std::string& value);
// The element as text; without `indent` on one line.
std::string printed(pugi::xml_node element, const char* indent = nullptr);
// A text as the value of an attribute.
std::string escaped(const std::string& text);

}  // namespace panmodel::pmml
