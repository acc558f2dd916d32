// Scoring, comparing and validating on rows of data.
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "api/panmodel.h"
#include "api/refused.h"
#include "base/fail.h"
#include "base/number.h"
#include "base/text.h"
#include "formats/format.h"
#include "runtime/frame.h"
#include "runtime/probe.h"
#include "runtime/rows.h"

namespace panmodel {
namespace {

constexpr size_t kBatch = 8192;

runtime::Session session_of(std::shared_ptr<const Model> model, const DataOptions& options) {
  return runtime::Session(std::move(model),
                          {.jobs = options.jobs, .outputs = options.outputs});
}

runtime::RowOptions row_options(const DataOptions& options) {
  runtime::RowOptions rows{options.missing, runtime::DataForm::automatic};
  if (!options.format.empty() && !runtime::parse_data_form(options.format, &rows.form)) {
    fail({}, "usage", "no form of data is called {}, expected csv, jsonl, npy or npz",
         quote(options.format));
  }
  return rows;
}

runtime::Frame whole(const std::string& path, const DataOptions& options) {
  runtime::Frame all;
  runtime::read_rows(path, row_options(options), SIZE_MAX,
                     [&](runtime::Frame frame) { all = std::move(frame); });
  return all;
}

// Rows of another model's inputs after those of the first: columns by name where the names are the
// same, by position where none is; otherwise the two cannot share rows and `more` is left out.
void append_rows(runtime::Frame& frame, runtime::Frame more) {
  size_t width = frame.names.size(), known = 0;
  std::vector<size_t> from(width);
  for (size_t c = 0; c < width; ++c) {
    auto at = std::find(more.names.begin(), more.names.end(), frame.names[c]);
    known += at != more.names.end();
    from[c] = at != more.names.end() ? static_cast<size_t>(at - more.names.begin()) : c;
  }
  if (more.names.size() != width || (known != 0 && known != width)) return;
  for (size_t r = 0; r < more.rows(); ++r) {
    for (size_t c = 0; c < width; ++c) frame.cells.push_back(more.cell(r, from[c]));
    frame.lines.push_back(static_cast<uint32_t>(frame.lines.size() + 2));
  }
}

bool is_directory(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

TestVectors vectors_in(const std::string& directory, const Model& model) {
  const Format* format = find_format(model.metadata.format);
  if (format == nullptr || format->read_vectors == nullptr) {
    Location place;
    place.file = directory;
    fail_help(place, "file-open", "is a directory, expected a file of rows",
              "a directory of test data goes with an ONNX model");
  }
  return format->read_vectors(directory, model);
}

std::vector<runtime::Value> values_of(std::vector<Tensor> tensors) {
  std::vector<runtime::Value> values;
  for (Tensor& t : tensors) values.emplace_back(std::move(t));
  return values;
}

// Writes predictions as they come, the header first.
class TableWriter {
 public:
  TableWriter(bool json_lines, const std::function<void(std::string_view)>& write)
      : json_lines_(json_lines), write_(write) {}

  void add(const runtime::PredictionTable& table) {
    std::string text;
    const auto& names = table.names();
    if (!json_lines_ && !started_) {
      for (size_t c = 0; c < names.size(); ++c) text += (c ? "," : "") + runtime::csv_field(names[c]);
      text += '\n';
    }
    started_ = true;
    std::vector<std::string> keys;
    if (json_lines_) {
      for (const std::string& name : names) keys.push_back(runtime::json_string(name) + ":");
    }
    for (size_t r = 0; r < table.rows(); ++r) {
      if (json_lines_) text += '{';
      for (size_t c = 0; c < names.size(); ++c) {
        if (c) text += ',';
        text += json_lines_ ? keys[c] + table.json_cell(r, c) : table.cell(r, c);
      }
      text += json_lines_ ? "}\n" : "\n";
    }
    write_(text);
  }

 private:
  bool json_lines_, started_ = false;
  const std::function<void(std::string_view)>& write_;
};

// Both sides of one cell: whether they are equal, and how far from it. Labels differ or do not.
bool same_cell(const std::string& found, const std::string& wanted, Role role, ColumnValidation& column) {
  if (found == wanted || found == runtime::csv_field(wanted)) return true;
  auto x = parse_real(found), y = parse_real(wanted);
  if (x && y) {
    if (*x == *y || (std::isnan(*x) && std::isnan(*y))) return true;
    if (role != Role::label) {
      const double difference = std::abs(*x - *y), scale = std::max(std::abs(*x), std::abs(*y));
      const bool finite = std::isfinite(difference);
      const double infinity = std::numeric_limits<double>::infinity();
      const double needed = std::max(0.0, difference - column.tolerance.absolute) / scale;
      column.max_relative = std::max(column.max_relative, finite ? difference / scale : infinity);
      column.needed_relative = std::max(column.needed_relative, finite ? needed : infinity);
      return finite && difference <= column.tolerance.absolute + column.tolerance.relative * scale;
    }
  }
  if (!found.empty()) ++column.label_flips;
  return false;
}

void compare_cell(const std::string& found, const std::string& wanted, Role role, const std::string& shown_place,
                  const Location& place, ColumnValidation& column) {
  ++column.cells;
  if (same_cell(found, wanted, role, column)) return;
  if (column.differing++ == 0) column.first = place;
  if (column.examples.size() < 10) {
    column.examples.push_back(fmt::format("{}: {} is {}, expected {}", shown_place, column.name,
                                          found.empty() ? "refused" : found, wanted));
  }
}

// The column with the tolerance that is asked for it, else for its output, else for all.
ColumnValidation column_of(const std::string& name, const std::string& output, const ValidateRequest& request) {
  ColumnValidation column;
  column.name = name;
  column.tolerance = {request.relative, request.absolute};
  for (const std::string* key : {&output, &name}) {
    const auto own = request.outputs.find(*key);
    if (own == request.outputs.end()) continue;
    if (own->second.relative >= 0) column.tolerance.relative = own->second.relative;
    if (own->second.absolute >= 0) column.tolerance.absolute = own->second.absolute;
  }
  return column;
}

// Fails "usage" when a limit is for a name that is none of `names`.
template <class Limit>
void check_names(const std::map<std::string, Limit>& asked, const std::vector<std::string>& names,
                 std::string_view what) {
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (const auto& [name, limit] : asked) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string_view near = nearest(name, known);
    fail_help({}, "usage", fmt::format("a limit is given for {}, but {} of this name", quote(name), what),
              near.empty() ? "outputs are named as 'panmodel inspect' names them" : fmt::format("did you mean {}?", quote(near)));
  }
}

Validation validate_vectors(const runtime::Session& session, const ValidateRequest& request) {
  TestVectors vectors = vectors_in(request.data, session.model());
  runtime::Prediction prediction = session.run(values_of(std::move(vectors.inputs)));
  Validation result;
  std::vector<std::string> names;
  for (const Output& o : session.outputs()) names.push_back(o.name);
  check_names(request.outputs, names, "the model has no output");
  for (size_t o = 0; o < session.outputs().size() && o < vectors.outputs.size(); ++o) {
    const std::string& name = session.outputs()[o].name;
    const runtime::Value& value = prediction.outputs[o];
    if (!vectors.outputs[o]) continue;
    const Tensor& found = value.maps ? value.maps->values : value.tensor;
    const Tensor& wanted = *vectors.outputs[o];
    if (found.shape() != wanted.shape() || found.dtype() != wanted.dtype()) {
      Location place;
      place.file = request.data;
      fail(place, "run-shape", "output '{}' is {} with {} elements, expected {} with {}", name,
           to_string(found.dtype()), found.size(), to_string(wanted.dtype()), wanted.size());
    }
    ColumnValidation& column = result.columns.emplace_back(column_of(name, name, request));
    Location place;
    place.file = request.data;
    for (size_t i = 0; i < found.size(); ++i) {
      compare_cell(runtime::element_text(found, i), runtime::element_text(wanted, i), session.outputs()[o].role,
                   fmt::format("{}: element {}", request.data, i), place, column);
    }
    if (wanted.rank() > 0) result.rows = static_cast<uint64_t>(wanted.shape()[0]);
  }
  return result;
}

Validation validate_rows(const runtime::Session& session, const ValidateRequest& request,
                         Diagnostics& out) {
  runtime::Frame data = whole(request.data, request.options);
  DataOptions expect_options = request.options;
  expect_options.format.clear();
  runtime::Frame expected = whole(request.expected, expect_options);
  Location place;
  place.file = request.expected;
  if (data.rows() != expected.rows()) {
    fail(place, "run-shape", "{} rows of expected predictions for {} rows of data", expected.rows(),
         data.rows());
  }
  auto prediction =
      session.run(runtime::bind(session.model(), data, {request.options.strict}, out));
  say_refused(prediction.errors, data, request.data, request.options.on_error, out);
  runtime::PredictionTable table(session.outputs(), prediction);
  std::map<std::string, size_t> places;
  for (size_t c = 0; c < table.names().size(); ++c) places[table.names()[c]] = c;
  Validation result;
  result.rows = data.rows();
  for (size_t r = 0; r < table.rows(); ++r) result.refused += table.refused(r);
  const std::vector<std::string_view> names(table.names().begin(), table.names().end());
  std::vector<std::string> all_names = table.names();
  for (const Output& o : session.outputs()) all_names.push_back(o.name);
  check_names(request.outputs, all_names, "the model has no output and no column");
  for (size_t e = 0; e < expected.names.size(); ++e) {
    const std::string& name = expected.names[e];
    auto at = places.find(name);
    if (at == places.end()) {
      std::string_view near = nearest(name, names);
      fail_help(place, "data-column", fmt::format("the model predicts no {}", quote(name)),
                near.empty() ? "columns are named as 'panmodel predict' names them"
                             : fmt::format("did you mean {}?", quote(near)));
    }
    const Output& output = session.outputs()[table.output_of(at->second)];
    ColumnValidation& column = result.columns.emplace_back(column_of(name, output.name, request));
    for (size_t r = 0; r < data.rows(); ++r) {
      Location row = TextLoc{data.lines[r], 0};
      row.file = request.data;
      compare_cell(table.cell(r, at->second), expected.cell(r, e).value_or(""), output.role,
                   fmt::format("{}:{}", request.data, data.lines[r]), row, column);
    }
  }
  return result;
}

}  // namespace

Result<std::vector<runtime::RowError>> predict_rows(
    std::shared_ptr<const Model> model, const PredictRequest& request, Diagnostics& out,
    const std::function<void(std::string_view)>& write) {
  return guarded([&] {
    runtime::Session session = session_of(model, request.options);
    TableWriter writer(request.json_lines, write);
    std::vector<runtime::RowError> refused;
    if (is_directory(request.data)) {
      auto p = session.run(values_of(vectors_in(request.data, *model).inputs));
      writer.add(runtime::PredictionTable(session.outputs(), p));
      return std::move(p.errors);
    }
    uint64_t done = 0;
    runtime::read_rows(request.data, row_options(request.options), kBatch, [&](runtime::Frame frame) {
      Diagnostics repeated;
      auto inputs = runtime::bind(*model, frame, {request.options.strict}, done ? repeated : out);
      runtime::Prediction p = session.run(inputs);
      for (const runtime::RowError& e : p.errors) {
        runtime::RowError& error = refused.emplace_back(e);
        error.line = frame.lines[e.row];
        error.row += done;
        if (request.options.on_error == OnError::stop) throw Failure(refusal(error, request.data));
      }
      writer.add(runtime::PredictionTable(session.outputs(), p));
      done += frame.rows();
    });
    return refused;
  });
}

Result<runtime::Comparison> compare_models(std::shared_ptr<const Model> a,
                                           std::shared_ptr<const Model> b,
                                           const CompareRequest& request, Diagnostics& out) {
  return guarded([&] {
    runtime::Session left = session_of(a, request.options), right = session_of(b, {});
    runtime::Frame frame;
    if (request.data.empty()) {
      // Rows from both models, so that a boundary of either is met.
      frame = runtime::frame_of(*a, runtime::probe_rows(*a, {request.rows, request.seed}));
      runtime::Frame more =
          runtime::frame_of(*b, runtime::probe_rows(*b, {request.rows, request.seed}));
      append_rows(frame, std::move(more));
    } else {
      frame = whole(request.data, request.options);
    }
    if (request.rows_csv != nullptr) *request.rows_csv = runtime::to_csv(frame);
    auto of_a = left.run(runtime::bind(*a, frame, {request.options.strict}, out));
    auto of_b = right.run(runtime::bind(*b, frame, {request.options.strict}, out));
    if (!request.data.empty() || request.options.on_error == OnError::stop) {
      for (const auto* p : {&of_a, &of_b}) {
        say_refused(p->errors, frame, request.data, request.options.on_error, out);
      }
    }
    runtime::Comparison result = runtime::compare(left, of_a, right, of_b, request.tolerance);
    std::vector<std::string> names;
    for (const auto& o : result.outputs) names.insert(names.end(), {o.name_a, o.name_b});
    check_names(request.tolerance.outputs, names, "the models have no common output");
    check_names(request.gate.max_differences, names, "the models have no common output");
    return result;
  });
}

Result<std::string> probe_csv(const Model& model, size_t rows, uint64_t seed) {
  return guarded([&] {
    return runtime::to_csv(runtime::frame_of(model, runtime::probe_rows(model, {rows, seed})));
  });
}

Result<Validation> validate_model(std::shared_ptr<const Model> model, const ValidateRequest& request,
                                  Diagnostics& out) {
  return guarded([&] {
    runtime::Session session = session_of(model, request.options);
    if (is_directory(request.data)) return validate_vectors(session, request);
    if (request.expected.empty()) {
      fail_help({}, "usage", "no expected predictions", "name their file with --expect");
    }
    return validate_rows(session, request, out);
  });
}

}  // namespace panmodel
