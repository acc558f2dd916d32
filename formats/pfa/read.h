#pragma once
// PFA documents, JSON or YAML, as models of one node; the API raises them (converters/program).
#include "formats/format.h"

namespace panmodel::pfa {

// Whether the content is an object of JSON, or of YAML, with the keys that every document has.
bool sniff(const Bytes& bytes);
Model read(const Bytes& bytes, const ReadOptions& options, Diagnostics& out);
// Everything that read() refuses, and the initial values of cells and pools.
void check_document(const Bytes& bytes, const ReadOptions& options, Diagnostics& out);

}  // namespace panmodel::pfa
