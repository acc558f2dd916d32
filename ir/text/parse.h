#pragma once
// Reads the text form of the intermediate representation (docs/panir.md).
#include <cstdint>
#include <string_view>

#include "base/diagnostic.h"
#include "ir/model.h"

namespace panmodel {

namespace expr {
struct Expr;  // ir/expr/expr.h
}

struct ParseOptions {
  uint64_t memory_limit = uint64_t{4} << 30;  // of the elements that the text holds
};

// Malformed text fails "ir-parse" at its line and column (in bytes, from 1), saying what was
// expected. What is well formed but no valid model (an attribute out of range, a type that does not
// follow, a missing value) is reported to `out` as errors, all of them; the model is then unusable.
// A node without a place of origin gets its place in the text.
Model parse_model(std::string_view text, const ParseOptions& options, Diagnostics& out);

// The inverse of print_expression(); fails "ir-parse". The caller validates it.
expr::Expr parse_expression(std::string_view text);

}  // namespace panmodel
