#pragma once
// Parts of a document that do not depend on how its models were made.
#include <functional>
#include <pugixml.hpp>
#include <span>
#include <string>
#include <vector>

#include "formats/format.h"

namespace panmodel::pmml {

// Appends PMML with its Header.
pugi::xml_node add_root(pugi::xml_node parent, const Metadata& metadata);

// Text that is written in the place of a mark when the document is printed, since it may be large.
// It starts at the margin, and the next line does.
using Marked = std::function<void(std::string& out)>;
void add_mark(pugi::xml_node parent, std::vector<Marked>& all, Marked text);
// Prints a document with the texts of its marks.
void print_document(pugi::xml_node pmml, const std::vector<Marked>& all, const Sink& to);

// A field that ModelVerification records: column of its cells in VerificationRows.
struct VerifiedField {
  std::string name;
  size_t column;
  bool result;  // of the model, else an input
};

// Appends ModelVerification to a model element; nothing without rows.
void write_verification(pugi::xml_node model, std::span<const VerifiedField> fields,
                        const VerificationRows& rows);

// Sets the version of a document that was made for PMML 4.4. Fails "pmml-version", naming the
// element and the version that it needs, when this one lacks it.
void set_version(pugi::xml_node pmml, const std::string& version);

}  // namespace panmodel::pmml
