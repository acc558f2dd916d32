#include "runtime/frame.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"

namespace panmodel::runtime {
namespace {

// 1 or 0 for the spellings of true and false, also where a number is wanted: tables of numbers hold
// columns of truth values.
std::optional<double> truth_of(std::string_view cell) {
  for (std::string_view yes : {"true", "True", "TRUE", "1"}) {
    if (cell == yes) return 1;
  }
  for (std::string_view no : {"false", "False", "FALSE", "0"}) {
    if (cell == no) return 0;
  }
  return std::nullopt;
}

// Where each column that the model wants stands in the data.
class Columns {
 public:
  Columns(const Model& model, const Frame& frame, const BindOptions& options, Diagnostics& out)
      : frame_(frame) {
    for (size_t i = 0; i < frame.names.size(); ++i) by_name_.emplace(frame.names[i], i);
    std::vector<std::string> wanted;
    for (const Input& input : model.inputs) {
      size_t width = width_of(model, input, frame);
      for (size_t k = 0; k < width; ++k) {
        if (takes_all(model, input)) {
          wanted.push_back(frame.names[k]);
        } else if (input.features.size() == width) {
          wanted.push_back(input.features[k]);
        } else {
          wanted.push_back(width == 1 ? input.name : fmt::format("{}:{}", input.name, k));
        }
      }
    }
    size_t found = 0;
    for (const std::string& name : wanted) found += by_name_.contains(name);
    Location place;
    place.file = frame.file;
    if (found == 0 && wanted.size() == frame.names.size()) {
      for (size_t i = 0; i < wanted.size(); ++i) places_.push_back(i);
      if (!wanted.empty()) {
        out.report(Severity::note, place, "data-position",
                   "the columns are taken by position: no name of the data is one of the model's");
      }
      return;
    }
    for (const std::string& name : wanted) {
      auto at = by_name_.find(name);
      if (at == by_name_.end()) {
        std::vector<std::string_view> names(frame.names.begin(), frame.names.end());
        std::string_view near = nearest(name, names);
        fail_help(place, "data-column", fmt::format("no column {} in the data", quote(name)),
                  near.empty() ? fmt::format("the model needs {} columns, the data has {}",
                                             wanted.size(), frame.names.size())
                               : fmt::format("did you mean {}?", quote(near)));
      }
      places_.push_back(at->second);
    }
    if (options.strict && frame.names.size() > wanted.size()) {
      for (const std::string& name : frame.names) {
        if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) {
          fail(place, "data-column", "column {} is none of the model's", quote(name));
        }
      }
    }
  }

  // The only input of a model, a matrix of no fixed width: it is fed all columns.
  static bool takes_all(const Model& model, const Input& input) {
    const TensorType* t = model.graph.type(input.value).tensor();
    return model.inputs.size() == 1 && t && t->dims && t->dims->size() == 2 &&
           !t->dims->back().fixed() && input.features.empty();
  }

  static size_t width_of(const Model& model, const Input& input, const Frame& frame) {
    if (takes_all(model, input)) return frame.names.size();
    const Type& type = model.graph.type(input.value);
    if (type.column() != nullptr) return 1;
    const TensorType* t = type.tensor();
    if (t == nullptr) {
      fail({}, "run-shape", "input '{}' has type {}; rows of a table cannot feed it", input.name,
           to_string(type));
    }
    if (t->dims && t->dims->size() == 2 && t->dims->back().fixed()) {
      return static_cast<size_t>(t->dims->back().size);
    }
    if (t->dims && t->dims->size() == 1) return 1;
    if (!input.features.empty()) return input.features.size();
    fail({}, "run-shape", "input '{}' has type {}; rows of a table cannot feed it", input.name,
         to_string(type));
  }

  size_t operator[](size_t wanted) const { return places_[wanted]; }

 private:
  const Frame& frame_;
  std::map<std::string, size_t> by_name_;
  std::vector<size_t> places_;
};

class Binder {
 public:
  Binder(const Frame& frame, std::vector<size_t> columns)
      : frame_(frame), columns_(std::move(columns)) {}

  Value value(DType dtype, Shape shape, bool keep_validity) {
    std::vector<uint8_t> valid(frame_.rows() * columns_.size(), 1);
    bool all_valid = true;
    auto missing = [&](size_t row, size_t column, size_t at) {
      if (!keep_validity) {
        fail(frame_.place(row, column), "data-missing",
             "column {} is empty, expected a value of type {}", quote(frame_.names[column]),
             to_string(dtype));
      }
      valid[at] = 0;
      all_valid = false;
    };
    Tensor tensor;
    switch (dtype) {
      case DType::string: tensor = texts(shape, missing); break;
      case DType::f64: tensor = reals<double>(shape, missing, keep_validity); break;
      case DType::f32: tensor = reals<float>(shape, missing, keep_validity); break;
      case DType::i64: tensor = integers<int64_t>(shape, missing); break;
      case DType::i32: tensor = integers<int32_t>(shape, missing); break;
      case DType::boolean: tensor = bools(shape, missing); break;
      default:
        fail({}, "run-shape", "an input of type {} cannot be fed from text", to_string(dtype));
    }
    Value v(std::move(tensor));
    if (!all_valid) v.valid = std::make_shared<const std::vector<uint8_t>>(std::move(valid));
    return v;
  }

 private:
  template <class F>
  void each(F&& f) {
    size_t at = 0;
    for (size_t row = 0; row < frame_.rows(); ++row) {
      for (size_t column : columns_) f(row, column, frame_.cell(row, column), at++);
    }
  }
  [[noreturn]] void not_a(std::string_view what, size_t row, size_t column) {
    fail(frame_.place(row, column), "data-number", "column {} holds {}, expected {}",
         quote(frame_.names[column]), quote(printable(*frame_.cell(row, column), 60)), what);
  }
  template <class M>
  Tensor texts(const Shape& shape, M&& missing) {
    std::vector<std::string> out(frame_.rows() * columns_.size());
    each([&](size_t row, size_t column, const auto& cell, size_t at) {
      if (cell) {
        out[at] = *cell;
      } else {
        missing(row, column, at);
      }
    });
    return Tensor::of(shape, std::move(out));
  }
  template <class T, class M>
  Tensor reals(const Shape& shape, M&& missing, bool keep_validity) {
    std::vector<T> out(frame_.rows() * columns_.size());
    each([&](size_t row, size_t column, const auto& cell, size_t at) {
      out[at] = std::numeric_limits<T>::quiet_NaN();
      if (!cell) {
        if (keep_validity) missing(row, column, at);
        return;
      }
      std::optional<double> number = parse_real(*cell);
      if (!number) number = truth_of(*cell);
      if (!number) not_a("a number", row, column);
      out[at] = static_cast<T>(*number);
    });
    return Tensor::of(shape, std::move(out));
  }
  template <class T, class M>
  Tensor integers(const Shape& shape, M&& missing) {
    std::vector<T> out(frame_.rows() * columns_.size());
    each([&](size_t row, size_t column, const auto& cell, size_t at) {
      if (!cell) return missing(row, column, at);
      std::optional<int64_t> number = parse_int(*cell);
      if (!number) {
        std::optional<double> real = parse_real(*cell);
        bool whole = real && *real == static_cast<double>(static_cast<int64_t>(
                                          std::clamp(*real, -9.0e18, 9.0e18)));
        if (!whole) not_a("an integer", row, column);
        number = static_cast<int64_t>(*real);
      }
      if (!std::in_range<T>(*number)) not_a("an integer in range", row, column);
      out[at] = static_cast<T>(*number);
    });
    return Tensor::of(shape, std::move(out));
  }
  template <class M>
  Tensor bools(const Shape& shape, M&& missing) {
    std::vector<uint8_t> out(frame_.rows() * columns_.size());
    each([&](size_t row, size_t column, const auto& cell, size_t at) {
      if (!cell) return missing(row, column, at);
      std::optional<double> truth = truth_of(*cell);
      if (!truth) not_a("true or false", row, column);
      out[at] = *truth != 0;
    });
    return Tensor::of_bools(shape, std::move(out));
  }

  const Frame& frame_;
  std::vector<size_t> columns_;
};

}  // namespace

Location Frame::place(size_t row, size_t column) const {
  Location loc = TextLoc{row < lines.size() ? lines[row] : 0, static_cast<uint32_t>(column + 1)};
  loc.file = file;
  return loc;
}

std::vector<Value> bind(const Model& model, const Frame& frame, const BindOptions& options,
                        Diagnostics& out) {
  Columns columns(model, frame, options, out);
  std::vector<Value> values;
  size_t next = 0;
  for (const Input& input : model.inputs) {
    size_t width = Columns::width_of(model, input, frame);
    std::vector<size_t> places;
    for (size_t k = 0; k < width; ++k) places.push_back(columns[next++]);
    const Type& type = model.graph.type(input.value);
    Binder binder(frame, std::move(places));
    int64_t rows = static_cast<int64_t>(frame.rows());
    if (const ColumnType* column = type.column()) {
      values.push_back(binder.value(column->dtype, {rows, 1}, column->optional));
      continue;
    }
    const TensorType& t = *type.tensor();
    Shape shape{rows, static_cast<int64_t>(width)};
    if (t.dims && t.dims->size() == 1) shape = {rows};
    // A tensor of text has no validity: the empty text stands for a missing cell.
    Value value = binder.value(t.dtype, shape, t.dtype == DType::string);
    value.valid = nullptr;
    values.push_back(std::move(value));
  }
  return values;
}

std::string element_text(const Tensor& tensor, size_t index) {
  switch (tensor.dtype()) {
    case DType::string: return tensor.text(index);
    case DType::f64: return print_real(tensor.as<double>()[index]);
    case DType::f32: return print_real(tensor.as<float>()[index]);
    case DType::boolean: return tensor.as<uint8_t>()[index] ? "true" : "false";
    case DType::u64: return std::to_string(tensor.as<uint64_t>()[index]);
    default: break;
  }
  return is_floating(tensor.dtype()) ? print_real(tensor.real(index))
                                     : std::to_string(tensor.integer(index));
}

PredictionTable::PredictionTable(std::span<const Output> outputs, const Prediction& prediction) {
  bool first = true;
  for (size_t o = 0; o < outputs.size(); ++o) {
    const Value& value = prediction.outputs[o];
    const Tensor& tensor = value.maps ? value.maps->values : value.tensor;
    const Tensor& keys = value.maps ? value.maps->keys : outputs[o].keys;
    size_t rows = tensor.rank() == 0 ? 1 : static_cast<size_t>(tensor.shape()[0]);
    if (first) rows_ = rows;
    if (rows != rows_) {
      fail({}, "run-shape", "output '{}' has {} rows, another one {}", outputs[o].name, rows, rows_);
    }
    first = false;
    size_t width = 1;
    for (size_t d = 1; d < tensor.rank(); ++d) width *= static_cast<size_t>(tensor.shape()[d]);
    // A table column has a name of its own, a column of a matrix one of its key.
    bool scalar = tensor.rank() < 2 || (width == 1 && (keys.size() != 1 || value.valid));
    for (size_t k = 0; k < width; ++k) {
      std::string key = keys.size() == width ? element_text(keys, k) : std::to_string(k);
      names_.push_back(scalar ? outputs[o].name : outputs[o].name + ":" + key);
      columns_.push_back({&value, &tensor, width, k, o});
    }
  }
  refused_.assign(rows_, 0);
  for (const RowError& e : prediction.errors) {
    if (e.row < rows_) refused_[e.row] = 1;
  }
}

std::string PredictionTable::json_cell(size_t row, size_t column) const {
  const Column& c = columns_[column];
  if (absent(row, c)) return "null";
  size_t index = row * c.width + c.at;
  std::string text = element_text(*c.tensor, index);
  DType dtype = c.tensor->dtype();
  bool number = is_integer(dtype) || dtype == DType::boolean ||
                (is_floating(dtype) && std::isfinite(c.tensor->real(index)));
  return number ? text : json_string(text);
}

std::string PredictionTable::cell(size_t row, size_t column) const {
  const Column& c = columns_[column];
  if (absent(row, c)) return {};
  std::string text = element_text(*c.tensor, row * c.width + c.at);
  return c.tensor->dtype() == DType::string ? csv_field(text) : text;
}

}  // namespace panmodel::runtime
