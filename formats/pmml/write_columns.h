#pragma once
// Values of the graph as columns over the fields of a document.
#include <map>
#include <string>
#include <vector>

#include "formats/pmml/write_fields.h"
#include "ir/model.h"

namespace panmodel::pmml {

// One column of a value: a field, a constant, or an expression that is small or used once.
struct Column {
  expr::Expr body;
  // Rounded to single precision: trees can say so, and fields of that type are so.
  bool single = false;
  bool is_field() const { return body.kind == expr::Expr::Kind::input; }
};

// Writes the models inside the graph whose results later parts read (segments of a chain).
class Segments {
 public:
  virtual ~Segments() = default;
  // A field per column of the node's result; the node is ml.Linear or ml.TreeEnsemble.
  virtual std::vector<FieldId> results(const Node& node) = 0;
};

class Columns {
 public:
  // Makes a field of every input column.
  Columns(const Model& model, Fields& fields, Segments& segments);
  // Fails "pmml-write", naming the operator and its place, for a value that is no table of columns.
  const std::vector<Column>& of(ValueId value);
  // The same as fields, derived where they are expressions. Columns in single precision are
  // refused.
  std::vector<FieldId> fields_of(ValueId value);
  FieldId field(const Column& column, const std::string& name, const Location& place);

  const Model& model() const { return model_; }
  Fields& fields() { return fields_; }
  const Location& place(const Node& node) const { return model_.location(node.loc); }
  // The maker of a value when it is such a node, else null.
  template <class Op>
  const Op* op(ValueId value) const {
    const Node* maker = model_.graph.producer(value);
    return maker == nullptr ? nullptr : maker->as<Op>();
  }
  [[noreturn]] void refuse(const Node& node, std::string_view what) const;

 private:
  std::vector<Column> make(const Node& node);
  // Columns that exist already, in another order or under another shape.
  std::vector<Column> moved(const Node& node);

  const Model& model_;
  Fields& fields_;
  Segments& segments_;
  std::map<ValueId, std::vector<Column>> known_;
  std::vector<uint32_t> uses_;  // per value
};

// Rules, by family: the columns of a node, empty for an operator of another family. They take and
// make fields with names that say what they are.
std::vector<Column> scale_columns(const Node& node, Columns& columns);    // write_scale.cc
std::vector<Column> encode_columns(const Node& node, Columns& columns);   // write_encode.cc
std::vector<Column> tensor_columns(const Node& node, Columns& columns,
                                   bool once);  // write_elementwise.cc

// Fails "pmml-write" for an integer that evaluators of PMML, whose integers have 32 bits, cannot
// hold.
void refuse_wide(const Tensor& values, const Location& place);
// A boolean expression that is false where an argument is missing, for which it would refuse the
// row.
expr::Expr false_where_missing(expr::Expr test, const Fields& fields);
// `e`, missing where an argument is missing, for which it would refuse the row.
expr::Expr missing_where_missing(expr::Expr e, const Fields& fields);

}  // namespace panmodel::pmml
