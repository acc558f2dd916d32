#pragma once
// The intermediate representation as text (.panir); docs/panir.md describes the form.
#include <string>

#include "ir/model.h"

namespace panmodel {

namespace expr {
struct Expr;  // ir/expr/expr.h
}

struct PrintOptions {
  // false: long arrays as their first elements and a hash, and no places of origin. For people and
  // for expectations of tests; such a text is not read back when an array was shortened.
  bool full = true;
};

// In full form parse_model() (ir/text/parse.h) reads it back to the same model, bit for bit, except
// for places within a text file, which are not printed. Precondition: verify() finds nothing.
std::string print_model(const Model& model, const PrintOptions& options = {});
// "add(x0, 1.5)": the form in which it stands as a field of an operator.
std::string print_expression(const expr::Expr& e, const PrintOptions& options = {});

}  // namespace panmodel
