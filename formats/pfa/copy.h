#pragma once
#include "base/json.h"
#include "base/json_writer.h"

namespace panmodel::pfa {

// Says a part of a document to a sink of JSON or YAML.
void copy(json::Ref ref, JsonSink& sink);

}  // namespace panmodel::pfa
