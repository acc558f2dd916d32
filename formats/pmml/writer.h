#pragma once
// Models as PMML 4.4 documents.
#include "formats/format.h"

namespace panmodel::pmml {

// Which operators have a form in PMML. How they may follow each other the writer says itself.
std::unique_ptr<Target> make_target(const WriteOptions& options);
// Fails "pmml-write", naming the operator or the output that PMML cannot say.
void write_model(const Model& model, const WriteOptions& options, const Sink& to, Diagnostics& out);

}  // namespace panmodel::pmml
