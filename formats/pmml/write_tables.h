#pragma once
// Elements with a table of values: NormContinuous, Discretize, MapValues, TextIndex, Array.
#include <string>
#include <vector>

#include "formats/pmml/write_expression.h"

namespace panmodel::pmml {

// Whether calls of the function are elements of their own, not Apply.
bool writes_table(expr::Function function);
// Appends the element of such a call.
void write_table_call(pugi::xml_node parent, const expr::Expr& e, const ExpressionFrame& frame);

// Rows of a table with columns: texts by column.
void write_inline_table(pugi::xml_node parent, const std::vector<std::string>& columns,
                        const std::vector<std::vector<std::string>>& texts);
// Appends a SimpleSetPredicate.
void write_set_predicate(pugi::xml_node parent, const NamedField& field, bool in,
                         const std::vector<std::string>& items);

}  // namespace panmodel::pmml
