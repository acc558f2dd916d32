#pragma once
// Values of the graph as fields of the PMML document that is being written.
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "formats/pmml/write_document.h"
#include "formats/pmml/write_expression.h"
#include "ir/model.h"
#include "ir/ops/combine.h"
#include "ir/ops/expr.h"
#include "ir/ops/prepare.h"

namespace panmodel::pmml {

// One column of a value: for a column or a matrix [N,1] column 0.
struct Cell {
  ValueId value;
  size_t column = 0;
  auto operator<=>(const Cell&) const = default;
};

// A result that is to have a name.
struct Wanted {
  std::string name;
  Cell cell;
  bool final = true;
};

// A predicted field. That of the document comes first; models within it that tell other classes
// apart have targets of their own.
struct DocumentTarget {
  std::string field;
  expr::Scalar type = expr::Scalar::f64;
  std::vector<std::string> classes;  // empty = a number
  bool ordinal = false;              // the order of the classes means something
};

// What all models of a document share: the graph and how it is used, and names.
class GraphDocument {
 public:
  explicit GraphDocument(const Model& model);

  const Model& model() const { return model_; }
  const Node* producer(ValueId v) const { return model_.graph.producer(v); }
  template <class Op>
  const Op* op(ValueId v) const {
    const Node* maker = producer(v);
    return maker == nullptr ? nullptr : maker->as<Op>();
  }
  ValueId input(ValueId v, size_t i = 0) const { return producer(v)->inputs.at(i); }
  // The value of a tensor.constant, else null.
  const Tensor* constant(ValueId v) const;
  const std::vector<const Node*>& users(ValueId v) const { return users_[v.v]; }
  DType dtype(ValueId v) const;
  expr::Scalar scalar(ValueId v) const { return scalar_of_dtype(dtype(v)); }
  const Location& place(ValueId v) const;
  [[noreturn]] void refuse(ValueId v, std::string_view what) const;

  // The cell that a value of one column is, behind the steps that change nothing in PMML.
  Cell cell(ValueId v) const;
  // Column `k` of a matrix, behind a change of the order of columns.
  Cell column(ValueId v, int64_t k) const;
  // What the source called a cell, or empty.
  std::string name_of(const Cell& cell) const;
  // Whether a value comes from the result of a model.
  bool predicted(ValueId v) const { return predicted_[v.v]; }
  // Whether a step on the way to a value leaves out the rows outside of a segment.
  bool masked(ValueId v) const { return masked_[v.v]; }

  // A name that no field has, `wanted` when it is free.
  std::string unique(const std::string& wanted);
  // An element that is moved to its place later.
  pugi::xml_node scratch() { return tree.append_child("scratch"); }

  pugi::xml_document tree;
  std::vector<Marked> marked;
  Conversions conversions;
  std::deque<DocumentTarget> targets;
  std::map<ValueId, ValueId> invalid_cells;  // boolean column: invalid cells of this input

 private:
  const Model& model_;
  std::vector<std::vector<const Node*>> users_;
  std::vector<bool> predicted_, masked_;
  std::set<std::string> names_;
  std::map<Cell, std::string> given_names_;
};

// A model element that is being written, or the chain of models that it is the last of. A chain
// sees the scopes around it, a model the chain around it. Fields come from there or are made: a
// DerivedField for what is computed, a model earlier in the chain for what is predicted.
struct Prediction;

class ModelScope {
 public:
  // `chain`: this is a chain; its outer scope is a model, or null for that of the document.
  ModelScope(GraphDocument& document, ModelScope* outer, bool chain, ValueId mask);

  GraphDocument& document() const { return document_; }
  // The boolean column that says for which rows this model counts, or invalid.
  ValueId mask() const { return mask_; }

  // The field of a value. Fails "pmml-write" for one that has no form.
  NamedField field(ValueId v) { return field(document_.cell(v)); }
  NamedField field(const Cell& cell);
  void define(const Cell& cell, NamedField field) { known_[cell] = std::move(field); }
  // Appends an expression over `inputs` to an element that this scope sees.
  void write_expression(pugi::xml_node parent, const expr::Expr& e,
                        const std::vector<ValueId>& inputs, const Location& place);
  void write_predicate(pugi::xml_node parent, const expr::Expr& e,
                       const std::vector<ValueId>& inputs, const Location& place);

  // A segment of this chain: what it predicts, and the Output that has the fields of it.
  struct Chained {
    std::shared_ptr<const Prediction> prediction;
    pugi::xml_node output;
  };
  std::vector<Chained>& chained() { return chained_; }
  // The segments of a chain before its last one, and the DerivedFields; empty elements without any.
  pugi::xml_node segments() const { return segments_; }
  pugi::xml_node derived() const { return derived_; }
  // Fields of the scopes around it that it names, in order of their use.
  const std::vector<std::string>& used() const { return used_; }
  // Names a field in an expression that is written by other means.
  ExpressionFrame frame(std::span<const NamedField> inputs, const Location& place);

 private:
  const NamedField* known(const Cell& cell);
  std::vector<NamedField> fields(const std::vector<ValueId>& values, size_t count);
  // Where the field of a node is defined: here when a result of a model is in it.
  ModelScope& home_of(const Node& node);
  void make(const Cell& cell);
  void mapped(const Node& node, const expr::Map& map);
  void converted(const Node& node, expr::Scalar type);
  void prepared(const Node& node, const table::Prepare& prepare);
  void looked_up(const Node& node, const Node& map_node, const table::Pick* pick);
  void modelled(const Cell& cell);
  pugi::xml_node derive(const std::string& name, expr::Scalar type);
  void derive(const std::string& name, expr::Scalar type, const expr::Expr& e,
              std::span<const NamedField> inputs, const Location& place);

  GraphDocument& document_;
  ModelScope* outer_;
  bool chain_;
  ValueId mask_;
  std::map<Cell, NamedField> known_;
  std::vector<Chained> chained_;
  pugi::xml_node derived_, segments_;
  std::vector<std::string> used_;
};

}  // namespace panmodel::pmml
