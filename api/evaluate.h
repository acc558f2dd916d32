#pragma once
// The runtime's evaluator, for converters.
#include <optional>
#include <vector>

#include "ir/ops/expr.h"

namespace panmodel {

// The result of the expression for each row of its inputs (without the mask), in its declared type;
// absent where it refuses the row.
std::vector<std::optional<expr::Constant>> evaluate(const expr::Map& map,
                                                    const std::vector<std::vector<expr::Constant>>& rows);

}  // namespace panmodel
