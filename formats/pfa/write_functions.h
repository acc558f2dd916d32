#pragma once
// User functions that documents share: what PFA's library lacks, or computes otherwise.
#include <span>
#include <string_view>

#include "formats/pfa/write_ast.h"

namespace panmodel::pfa::writing {

struct UserFunction {
  std::string_view name;
  Ast (*declaration)();
  std::vector<std::string_view> uses;  // other user functions that it calls
};

// Precondition: there is such a function.
const UserFunction& user_function_info(std::string_view name);

}  // namespace panmodel::pfa::writing
