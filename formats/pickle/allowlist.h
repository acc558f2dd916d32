#pragma once
// The names that a pickle may use.
#include <optional>
#include <string_view>

#include "formats/pickle/value.h"

namespace panmodel::pickle {

// Role of an exact pair, or nullopt: the pair is refused.
std::optional<Role> find_allowed(std::string_view module, std::string_view name);

}  // namespace panmodel::pickle
