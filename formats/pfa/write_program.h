#pragma once
// A PFA document while it is written: its cells, user functions, named types and steps.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "formats/pfa/write_ast.h"
#include "ir/tensor.h"

namespace panmodel::pfa::writing {

// A name that PFA allows: letters, digits and "_", none of them a digit at the start.
std::string word(std::string_view name);
// `wanted` as a word, with a number behind it where `taken` has it; `taken` has it then.
std::string unique_word(std::string_view wanted, std::set<std::string>& taken);

class Program {
 public:
  // A constant cell; `name` becomes its own. Gives the expression that reads it.
  Ast cell(std::string_view name, Ast type, Ast init);
  // A cell with the elements of a vector of numbers, or of an array of vectors. Equal ones are one cell.
  Ast numbers(std::string_view name, const std::vector<double>& values);
  Ast tensor(std::string_view name, const Tensor& values);

  // A step that binds a new symbol to the value of the expression; gives the symbol.
  std::string let(std::string_view name, Ast value);
  // A symbol of the action that nothing else has: of a parameter, since PFA allows no shadowing.
  std::string symbol(std::string_view name) { return unique_word(name, symbols_); }

  // A call of a user function, which is declared with the first one.
  Ast user_call(std::string_view function, Asts arguments);
  // A user function as an argument.
  Ast user_function(std::string_view function);

  // A new name of a record or enum.
  std::string type_name(std::string_view wanted) { return unique_word(wanted, types_); }

  // The steps so far, followed by the result; and the parts of the document.
  Ast action(Ast result) const;
  const Members& cells() const { return cells_; }
  Members functions() const;

 private:
  void declare(std::string_view function);

  Members cells_;
  std::vector<std::pair<Tensor, std::string>> constants_;  // with their cells
  std::set<std::string> cell_names_, symbols_{"input", "name", "instance", "version", "metadata", "actionsStarted", "actionsFinished"};
  std::set<std::string> types_{"Input", "Output"};
  Asts steps_;
  std::set<std::string> functions_;
};

// PFA's type of the elements of a tensor; empty when it has none.
std::string type_of(DType dtype);
// Element i as an expression of its type.
Ast element_of(const Tensor& values, size_t i);

}  // namespace panmodel::pfa::writing
