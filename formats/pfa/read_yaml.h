#pragma once
// A PFA document in YAML as the JSON tree that it stands for.
#include <string>
#include <string_view>

#include "base/json.h"

namespace panmodel::pfa {

// Plain scalars are null, booleans (yes, no, on, off too), integers and reals as the reference engine
// resolves them, quoted ones are strings; keys are strings; anchors and several documents are refused.
// Fails "pfa-yaml" with line and column, "limit-depth".
json::Document read_yaml(std::string_view text, const std::string& file);

}  // namespace panmodel::pfa
