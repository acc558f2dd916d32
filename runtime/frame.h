#pragma once
// Rows of data: a table of text cells as a file holds them, and their binding to a model's inputs.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/diagnostic.h"
#include "ir/model.h"
#include "runtime/session.h"
#include "runtime/value.h"

namespace panmodel::runtime {

// Some rows of a table, cell by cell, by row. An absent cell is missing; "" is text.
struct Frame {
  std::vector<std::string> names;
  std::vector<std::optional<std::string>> cells;  // rows * names.size()
  std::vector<uint32_t> lines;                    // line of each row in the file
  std::string file;                               // for messages

  size_t rows() const { return lines.size(); }
  const std::optional<std::string>& cell(size_t row, size_t column) const {
    return cells[row * names.size() + column];
  }
  Location place(size_t row, size_t column) const;
};

struct CsvOptions {
  std::vector<std::string> missing = {};  // tokens that mean missing, beside the empty field
  std::string file;                       // for messages
};

// Streams a CSV text with a header line: calls `sink` with frames of at most `batch` rows. An
// unquoted empty field is missing, "" is the empty text. `next` gives pieces of the text and an
// empty one at the end. Fails "data-csv" with the line.
void read_csv(const std::function<std::string_view()>& next, const CsvOptions& options, size_t batch,
              const std::function<void(Frame)>& sink);
void read_csv(const Bytes& bytes, const CsvOptions& options, size_t batch,
              const std::function<void(Frame)>& sink);

struct BindOptions {
  bool strict = false;  // extra columns are an error
};
// Cells as the model's inputs (parallel to model.inputs): by name, or by position with a note when
// no name fits and the counts agree. A missing number is NaN in a matrix and an invalid cell in a
// column.
std::vector<Value> bind(const Model& model, const Frame& frame, const BindOptions& options,
                        Diagnostics& out);

// The values of a model's inputs as a table, which bind() reads back to the same bits; also feeds
// them to another model.
Frame frame_of(const Model& model, std::span<const Value> values);
// Header and rows as CSV.
std::string to_csv(const Frame& frame);

// One text per row and column of a prediction.
class PredictionTable {
 public:
  PredictionTable(std::span<const Output> outputs, const Prediction& prediction);
  const std::vector<std::string>& names() const { return names_; }
  size_t rows() const { return rows_; }
  // Of which output a column is, by its number.
  size_t output_of(size_t column) const { return columns_[column].output; }
  // CSV form of a cell; empty for a refused row and for a missing cell of a column.
  std::string cell(size_t row, size_t column) const;
  bool refused(size_t row) const { return refused_[row] != 0; }
  // The cell as a JSON value: null for a refused row and a missing cell; a NaN or an infinity is a string, because
  // JSON has no such numbers.
  std::string json_cell(size_t row, size_t column) const;

 private:
  struct Column {
    const Value* value;
    const Tensor* tensor;
    size_t width, at, output;
  };
  bool absent(size_t row, const Column& column) const {
    return refused(row) || !column.value->is_valid(row);
  }
  std::vector<std::string> names_;
  std::vector<Column> columns_;
  std::vector<uint8_t> refused_;
  size_t rows_ = 0;
};

// A field of a CSV file: quoted where it must be, and when it is the empty text.
std::string csv_field(std::string_view text);
// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);
// Text of one element: shortest reals, integers, true / false, text.
std::string element_text(const Tensor& tensor, size_t index);

}  // namespace panmodel::runtime
