#pragma once
// Graphs of tensors, as converters make them, as documents.
#include "formats/format.h"

namespace panmodel::pmml {

// The document, of the version that the options name. Fails "pmml-write", naming the operator or
// the output that PMML cannot say.
void write_tensor_model(const Model& model, const WriteOptions& options, const Sink& to,
                        Diagnostics& out);

}  // namespace panmodel::pmml
