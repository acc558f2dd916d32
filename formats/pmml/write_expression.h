#pragma once
// Expressions of the graph as elements of PMML's transformation language: the inverse of
// expression.cc.
#include <functional>
#include <pugixml.hpp>
#include <set>
#include <span>
#include <string>

#include "base/location.h"
#include "ir/expr/expr.h"

namespace panmodel::pmml {

// A field that an expression may name, of this type in PMML.
struct NamedField {
  std::string name;
  expr::Scalar type = expr::Scalar::f64;
};

// dataType and optype of a field.
const char* data_type_of(expr::Scalar type);
const char* optype_of(expr::Scalar type);
// Of the elements of a column or a tensor.
expr::Scalar scalar_of_dtype(DType dtype);
// The text of a constant that is not missing. Fails "pmml-write" for a NaN.
std::string text_of(const expr::Constant& constant);
// The same of an element, where a NaN may stand.
std::string text_at(const Tensor& values, size_t i);

// Conversions that expressions call: PMML has no function for them, a function of the document
// whose result has the type is one.
class Conversions {
 public:
  std::string name(expr::Scalar type);  // of the function that converts to `type`
  // Appends the DefineFunctions that were named.
  void write(pugi::xml_node transformation_dictionary) const;
  bool empty() const { return used_.empty(); }

 private:
  std::set<expr::Scalar> used_;
};

// What the writer of an expression needs of the document around it.
struct ExpressionFrame {
  std::span<const NamedField> inputs;  // of the node
  Conversions& conversions;
  // A field of `type` that has the value of the expression, for elements that only take fields.
  std::function<NamedField(const expr::Expr&, expr::Scalar)> derive;
  const Location& place;  // of the node, for messages
};

// Appends the expression to `parent`. Fails "pmml-write", naming what PMML cannot say.
void write_expression(pugi::xml_node parent, const expr::Expr& e, const ExpressionFrame& frame);
// Appends a predicate that is true where `e` is true, and not where it is false or missing.
void write_predicate(pugi::xml_node parent, const expr::Expr& e, const ExpressionFrame& frame);

}  // namespace panmodel::pmml
