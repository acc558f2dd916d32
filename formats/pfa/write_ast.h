#pragma once
// Expressions and schemas of a PFA document as values: small ones in memory, large ones as streams.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/json_writer.h"

namespace panmodel::pfa::writing {

struct Ast {
  using Array = std::vector<Ast>;
  using Object = std::vector<std::pair<std::string, Ast>>;
  using Stream = std::function<void(JsonSink&)>;
  std::variant<std::nullptr_t, bool, int64_t, double, std::string, Array, Object, Stream> v = nullptr;

  Ast() = default;
  Ast(bool b) : v(b) {}                                 // NOLINT: literals are expressions
  Ast(int i) : v(int64_t{i}) {}                         // NOLINT
  Ast(int64_t i) : v(i) {}                              // NOLINT
  Ast(size_t i) : v(static_cast<int64_t>(i)) {}         // NOLINT
  Ast(double d) : v(d) {}                               // NOLINT
  Ast(const char* symbol) : v(std::string(symbol)) {}   // NOLINT: a symbol or the name of a type
  Ast(std::string symbol) : v(std::move(symbol)) {}     // NOLINT
  Ast(Array a) : v(std::move(a)) {}                     // NOLINT
  Ast(Object o) : v(std::move(o)) {}                    // NOLINT
  Ast(Stream s) : v(std::move(s)) {}                    // NOLINT
  bool is_symbol() const { return std::holds_alternative<std::string>(v); }
  const Array* array() const { return std::get_if<Array>(&v); }
};

using Asts = Ast::Array;
using Members = Ast::Object;

// Fails "pfa-write" for text that is not UTF-8 and for a number that JSON cannot say.
void write_ast(const Ast& ast, JsonSink& out);

// Types.
Ast array_of(Ast items);
Ast map_of(Ast values);
Ast nullable(Ast type);

// Expressions.
Ast call(std::string function, Asts arguments);
Ast literal(std::string text);  // of a string
Ast real(double value);         // of a double: infinities and NaN as quotients
Ast make_array(Asts items, Ast item_type);
// A text in brackets is a literal, except where a list of expressions may stand: there it has two.
Ast branch(Ast e);
Ast if_else(Ast condition, Ast yes, Ast no);
struct Parameter {
  std::string name;
  Ast type;
};
Ast function(std::vector<Parameter> parameters, Ast result, Asts body);
// Element `index` of an array or record that an expression gives.
Ast element(const Ast& of, Ast index);

}  // namespace panmodel::pfa::writing
