#pragma once
// Graphs from columns to columns, as the reader of PMML makes them, as documents.
#include "formats/format.h"

namespace panmodel::pmml {

// Whether all inputs and outputs of the model are columns.
bool is_column_model(const Model& model);
// The document, of the version that the options name. Fails "pmml-write", naming what PMML cannot
// say.
void write_column_model(const Model& model, const WriteOptions& options, const Sink& to);

}  // namespace panmodel::pmml
