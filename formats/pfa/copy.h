#pragma once
#include "base/json.h"
#include "base/json_writer.h"
#include "ir/model.h"

namespace panmodel::pfa {

// Says a part of a document to a sink of JSON or YAML.
void copy(json::Ref ref, JsonSink& sink);
// Says the document that a model is; false, and nothing said, when it is no document.
bool copy_document(const Model& model, JsonSink& sink);

}  // namespace panmodel::pfa
