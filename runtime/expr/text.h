#pragma once
// Shared by the functions of text.
#include <memory>
#include <string>
#include <string_view>

#include "runtime/expr/pattern.h"

namespace panmodel::runtime {

// By the mappings of Unicode, whatever the locale.
std::string lower_case(std::string_view s);
std::string upper_case(std::string_view s);

// Fails "expr-pattern".
std::shared_ptr<const Pattern> compile_pattern(std::string_view text, bool case_sensitive);

}  // namespace panmodel::runtime
