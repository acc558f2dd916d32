#pragma once
// What each value of the graph is for one row: a scalar or a list of scalars, as expressions.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/pfa/write_program.h"
#include "ir/model.h"
#include "ir/op.h"

namespace panmodel::pfa::writing {

// [N] and [N,1] are scalars, [N,K] vectors of K items. A constant is the same for every row.
struct Form {
  std::string type;            // of an item: double, long, int, boolean or string
  bool vector = false;
  size_t width = 1;            // of a vector; 0 = as many items as the row has, only with `whole`
  std::vector<Ast> items;      // an expression per item, or
  std::optional<Ast> whole;    // one that gives an array; of a vector with items once it was needed
  bool nullable = false;       // the items are null where a value is missing; only with `items`
  bool may_miss = false;       // an item may be null or NaN
  bool single = false;         // an item is to be rounded to single precision, which it is not yet
  std::optional<Tensor> constant;
  std::string name = {};       // for a symbol, where it needs one
};

class Values {
 public:
  Values(const Model& model, Program& program, Diagnostics& out);

  // Makes the form of each node's outputs, in the order of the graph.
  void add_nodes();
  const Model& model() const { return model_; }
  const Graph& graph() const { return model_.graph; }
  Program& program() { return program_; }
  Diagnostics& diagnostics() { return out_; }
  const Location& place(const Node& node) const { return model_.location(node.loc); }
  // Fails "pfa-write" with the operator's name and what of it cannot be said.
  [[noreturn]] void refuse(const Node& node, std::string_view what) const;

  Form& of(ValueId v) { return forms_.at(v.v); }
  void set(ValueId v, Form form);
  // How many nodes and outputs use the value.
  size_t uses(ValueId v) const { return uses_[v.v]; }
  // Whether a node that treats missing values in a way of its own reads the value.
  bool wants_missing(ValueId v) const { return wants_missing_[v.v] != 0; }

  // Expressions of the items, numbers rounded to their precision. A scalar has one. Where an item may
  // be null it is, unless `numbers`: then it is NaN.
  std::vector<Ast> items(ValueId v, bool numbers = true);
  Ast item(ValueId v, bool numbers = true) { return items(v, numbers).at(0); }
  // One that gives an array of all items, of a scalar too; missing numbers are NaN.
  Ast array(ValueId v);
  // The same as symbols, for what names them more than once.
  Ast array_symbol(ValueId v);
  Ast item_symbol(ValueId v);
  // A symbol for an expression, unless it is one.
  Ast symbol(Ast value, std::string_view name);

  // Whether the input record itself has these items in the order of its fields.
  bool is_input_record(const std::vector<Ast>& items) const;

  // The record (or array) that documents take: its schema, and the names of its fields.
  Ast input_type() const { return input_type_; }

 private:
  bool is_used(const Node& node) const;
  void add_inputs();
  void count_uses();

  const Model& model_;
  Program& program_;
  Diagnostics& out_;
  std::map<uint32_t, Form> forms_;
  std::vector<size_t> uses_;
  std::vector<uint8_t> wants_missing_;
  Ast input_type_;
  std::vector<std::string> fields_;  // of the input record
};

// Whether it is a choice of two that are one: the condition does not matter.
bool same_branches(const Node& node);
// The item type and width of a value; fails for more than two dimensions.
Form form_of(const Type& type, const Node& node, const Values& values);
Form scalar_form(std::string type, Ast e, std::string name = {});
Form vector_form(std::string type, size_t width, Ast whole, std::string name = {});
Form items_form(std::string type, std::vector<Ast> items, std::string name = {});

// The families of operators: whether the node is one of them; then its outputs are set.
bool write_shape(const Node& node, Values& values);        // write_shape.cc
bool write_elementwise(const Node& node, Values& values);  // write_elementwise.cc
bool write_reduce(const Node& node, Values& values);       // write_reduce.cc
bool write_linear(const Node& node, Values& values);       // write_linear.cc
bool write_scale(const Node& node, Values& values);        // write_scale.cc
bool write_encode(const Node& node, Values& values);       // write_encode.cc
bool write_trees(const Node& node, Values& values);        // write_trees.cc
bool write_columns(const Node& node, Values& values);      // write_columns.cc

}  // namespace panmodel::pfa::writing
