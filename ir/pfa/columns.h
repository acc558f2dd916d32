#pragma once
// The input and the output of a document as columns of a table.
#include <optional>
#include <string>
#include <vector>

#include "ir/model.h"
#include "ir/pfa/program.h"
#include "ir/type.h"

namespace panmodel::pfa {

// The other member of a union of null and one type; every other type itself.
const Type& value_type(const Type& type);

// One column. A value that is no single number, boolean or text (perhaps null) is JSON in Avro's encoding,
// or a row of numbers where the document's metadata says so.
struct TableColumn {
  std::string name;
  ColumnType type;
  const Type* avro = nullptr;  // of the value
  bool json = false;           // the cell is JSON text
  bool required = false;       // of an input: a row without it is refused
  bool matrix = false;         // a map or an array of numbers, as many in every row: f64 [N,K]
  Role role = Role::none;      // of an output
  Tensor keys = {};            // [K] of a matrix, or empty
  panmodel::Type type_of() const;
};

struct TableLayout {
  bool fields = false;  // a column per field of the record; else one column of the whole value
  std::vector<TableColumn> columns;
};

// A column per field of a record, else one called "input".
TableLayout input_layout(const Program& program);
// The same of the result, called "output"; what a method "emit" gives for a row is a JSON array. Roles and keys are
// those of the metadata "outputs", which panmodel writes: a JSON array of {"name", "role", "keys"}.
TableLayout output_layout(const Program& program);

}  // namespace panmodel::pfa
