#pragma once
// Nodes of a model as JSON, for inspect_json. Not installed.
#include "api/json.h"
#include "ir/model.h"

namespace panmodel {

// An array of objects: operator, name, inputs, results with their types, attributes. Arrays are cut
// after their first elements; "elements" tells how many there are.
void write_nodes(json::Writer& writer, const Model& model);

}  // namespace panmodel
