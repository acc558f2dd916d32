#pragma once
// Models as PFA documents (docs/pfa.md says in which forms).
#include "formats/format.h"

namespace panmodel::pfa {

// Which operators have a form in PFA. Which shapes and element types they may have the writer says itself.
std::unique_ptr<Target> make_target(const WriteOptions& options);
// Fails "pfa-write", naming the operator or the value that PFA cannot say.
void write_model(const Model& model, const WriteOptions& options, const Sink& to, Diagnostics& out);

}  // namespace panmodel::pfa
