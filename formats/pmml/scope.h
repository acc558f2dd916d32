#pragma once
// Which fields a model, its transformations and its segments see, by name.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/pmml/xml.h"
#include "ir/builder.h"
#include "ir/expr/expr.h"

namespace panmodel::pmml {

struct Dictionary;
struct Domain;

// A column that expressions and models may name.
struct Field {
  ValueId value;
  expr::Scalar type = expr::Scalar::f64;
  bool categorical = false;          // categorical or ordinal
  std::vector<std::string> values;   // the declared categories in order, empty = none declared
  std::shared_ptr<Domain> domain;    // of a field that may hold invalid cells, else null
};

// Visible while a document is read.
struct Reader {
  Builder& builder;
  Diagnostics& diagnostics;
  const Dictionary& dictionary;
  Element transformations;  // TransformationDictionary, or none
  bool strict = false;      // the letter of the specification where JPMML-Evaluator differs from it
  bool entities = false;  // trees give the ids of their nodes, asked or not
  uint32_t depth = 0;  // of models in models, and of fields whose expressions wait for others
};

// Counts one level of nesting; fails "pmml-depth" at `at` beyond Limits::depth.
class Nested {
 public:
  Nested(Reader& reader, const Element& at);
  ~Nested() { --reader_.depth; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  Reader& reader_;
};

// Fields of one model; what it does not define itself it sees in the model around it. A DerivedField
// becomes a node when it is asked for, once per mask: rows outside a segment must not be refused by
// an expression that only the segment uses.
class Scope {
 public:
  // `mask`: a boolean column, rows of which are true where this model counts; invalid = all rows.
  explicit Scope(Reader& reader, Scope* outer = nullptr, ValueId mask = {})
      : reader_(reader), outer_(outer), mask_(mask) {}

  Reader& reader() const { return reader_; }
  ValueId mask() const { return mask_; }
  // An existing name is hidden.
  void add(std::string_view name, Field field);
  // A field that is made when it is asked for; the same for all rows.
  void add(std::string_view name, const Element& at, std::function<Field()> make);
  void define(const Element& derived_field);
  // Null when there is no such field. Fails "pmml-cycle" for a field that needs itself.
  const Field* find(std::string_view name) { return find(name, mask_); }
  // Fails "pmml-field" at `at`, naming the nearest field, when there is none.
  const Field& require(std::string_view name, const Element& at);

 private:
  struct Entry {
    std::optional<Field> field;     // of add()
    std::function<Field()> make;    // likewise, until it is asked for
    Element definition;             // of define(), or where `make` comes from
    std::map<ValueId, Field> made;  // of define(), by mask
    bool open = false;
  };
  const Field* find(std::string_view name, ValueId mask);
  void names(std::vector<std::string_view>& out) const;

  Reader& reader_;
  Scope* outer_;
  ValueId mask_;
  std::map<std::string, Entry, std::less<>> entries_;
};

// Inputs of a node that is being made: fields by name, each once.
class Bindings {
 public:
  explicit Bindings(Scope& scope) : scope_(scope) {}
  // Index among inputs() of the field; fails as Scope::require does.
  uint32_t input_of(std::string_view name, const Element& at);
  uint32_t input_of(ValueId value);
  const Field& field_of(std::string_view name, const Element& at) { return scope_.require(name, at); }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  Scope& scope() const { return scope_; }

 private:
  Scope& scope_;
  std::vector<ValueId> inputs_;
};

// An expr.map node of `body` over the bound inputs and the scope's mask.
ValueId add_map(const Bindings& bindings, expr::Expr body, expr::Scalar type);

// "double", "integer", "string", "dateTime" ...; fails "pmml-type" for one that is not known.
expr::Scalar scalar_of(const Element& at, std::string_view data_type);
// dataType and optype of a DataField, DerivedField or OutputField; `absent` without a dataType.
Field described(const Element& element, expr::Scalar absent);

// The node of a DerivedField whose expression `scope` evaluates (mask: that of the scope).
Field read_derived_field(const Element& derived_field, Scope& scope);

}  // namespace panmodel::pmml
