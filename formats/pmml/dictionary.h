#pragma once
// DataDictionary and MiningSchema: the columns of the data, and what a model makes of them.
#include <map>
#include <string>

#include "formats/pmml/scope.h"
#include "ir/ops/prepare.h"

namespace panmodel::pmml {

// What is valid of a field whose invalid cells stay in the column.
struct Domain {
  ValueId cells;         // as they came
  table::Prepare rules;  // valid, invalid and missing values, intervals
  ValueId invalid;       // of invalid_cells(), once it was asked for
};
// A boolean column: cells that are there and are not valid.
ValueId invalid_cells(Domain& domain, Builder& builder);

struct DataField {
  Element element;
  Field field;  // without a value
  // Values as text, by property.
  std::vector<std::string> valid, invalid, missing;
  std::vector<double> lower, upper;
  std::vector<int64_t> closed;
  std::map<std::string, std::string> display;  // displayValue by value
};

struct Dictionary {
  std::map<std::string, DataField, std::less<>> fields;
  std::map<std::string, Element, std::less<>> functions;  // DefineFunction by name
  const DataField* find(std::string_view name) const;
};
// Of the whole document. Fails "pmml-duplicate" for two fields or functions of one name.
Dictionary read_dictionary(const Element& pmml);

// Constants of `texts` in the elements of a column of `type`; fails "pmml-value" at `at` for text
// that is none.
Tensor values_of(const Element& at, const std::vector<std::string>& texts, expr::Scalar type);

struct Schema {
  std::vector<Element> targets;  // MiningFields of usageType target or predicted
};
// The fields of a MiningSchema into `scope`. At the top (`inputs`) they become inputs of the model;
// in a segment they are fields of the model around it, treated again where the schema says so.
Schema read_schema(const Element& model, Scope& scope, bool inputs);

}  // namespace panmodel::pmml
