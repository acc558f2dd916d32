#pragma once
// The documents of a file: the whole model, and its parts that carry rows to verify them.
#include "formats/format.h"
#include "formats/pmml/xml.h"

namespace panmodel::pmml {

// The model of one element of the document, read as if it stood alone.
Model read_document(const Element& pmml, const Element& model, bool strict, Diagnostics& out);
// Every ModelVerification with its model.
std::vector<Embedded> read_embedded(const Element& pmml, bool strict, Diagnostics& out);

}  // namespace panmodel::pmml
