#pragma once
// Scalar expressions (ir/expr) as expressions of PFA.
#include <string>
#include <vector>

#include "formats/pfa/write_values.h"
#include "ir/expr/expr.h"

namespace panmodel::pfa::writing {

// An expression with PFA's type of its value; `nullable` = it is null where the value is missing.
struct Typed {
  Ast e;
  std::string type;
  bool nullable = false;
  bool single = false;  // a double that is one of single precision; results of such are rounded too

  bool number() const { return type == "double" || whole(); }
  bool whole() const { return type == "int" || type == "long"; }
};

// The expression with these inputs. Fails "pfa-write" where PFA has no function that computes the same.
Typed written(const expr::Expr& e, const std::vector<Typed>& inputs, const Node& node, Values& values);
Ast null_of(const std::string& type);
// A missing value replaced.
Typed defaulted(Typed value, Ast otherwise);
// "then" where all values are there; the symbols stand for them. Those that cannot be null stay as they are.
template <class Body>
Ast if_known(std::vector<Typed>& values, Program& program, const Body& then, Ast otherwise) {
  Members known;
  for (Typed& v : values) {
    if (!v.nullable) continue;
    const std::string name = program.symbol("v");
    known.emplace_back(name, std::move(v.e));
    v = {name, v.type, false};
  }
  Ast body = then(values);
  if (known.empty()) return body;
  return Members{{"ifnotnull", std::move(known)}, {"then", branch(std::move(body))}, {"else", branch(std::move(otherwise))}};
}

}  // namespace panmodel::pfa::writing
