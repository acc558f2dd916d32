#pragma once
// Files as the public functions open them.
#include <string>

#include "api/panmodel.h"
#include "base/bytes.h"
#include "formats/format.h"

namespace panmodel {

// By name, else by content, else by the extension of `path`; fails "format-unknown".
const Format& input_format(const Bytes& bytes, const std::string& path, const std::string& name);
ReadOptions read_options(const std::string& path, const LoadOptions& options);

}  // namespace panmodel
