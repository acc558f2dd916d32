#pragma once
// Parts of a document that do not depend on how its models were made.
#include <pugixml.hpp>
#include <span>
#include <string>
#include <vector>

#include "formats/format.h"

namespace panmodel::pmml {

// A field that ModelVerification records: column of its cells in VerificationRows.
struct VerifiedField {
  std::string name;
  size_t column;
  bool result;  // of the model, else an input
};

// Appends ModelVerification to a model element; nothing without rows.
void write_verification(pugi::xml_node model, std::span<const VerifiedField> fields, const VerificationRows& rows);

// Sets the version of a document that was made for PMML 4.4. Fails "pmml-version", naming the element
// and the version that it needs, when this one lacks it.
void set_version(pugi::xml_node pmml, const std::string& version);

}  // namespace panmodel::pmml
