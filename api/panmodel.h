#pragma once
// The public interface of panmodel: read, inspect, convert, predict, compare, validate, check. Every
// function that can fail returns Result<T>; none throws. Paths may be "-" for standard input where a file is read.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/report.h"
#include "base/result.h"
#include "ir/model.h"
#include "runtime/compare.h"

namespace panmodel {

struct LoadOptions {
  std::string format;  // empty = by content
  uint64_t memory_limit = uint64_t{4} << 30;
  bool allow_links = false;  // follow symbolic links to external data
  // For inspection: the nodes of large forests may be counted without being read. Such a model has
  // its signature and operators, but does not predict.
  bool outline = false;
  // PMML is read by the letter of its specification where the reference engine differs from it.
  bool strict = false;
};

// Reads a model of any format. Losses and notes go to `out`. Never executes anything in the file.
Result<std::shared_ptr<const Model>> read_model(const std::string& path, const LoadOptions& options,
                                                Diagnostics& out);

struct ConvertRequest {
  std::string from, to;  // format names; empty = by content, by extension of `output`
  std::string input, output;
  LoadOptions load;
  bool overwrite = false;
  bool exact = true;  // false: forms that lose precision are allowed, and named
  int opset = 21;
  bool zip_map = false;
  std::string pmml_version = "4.4";
  bool verification = true;  // rows for a format that carries some, so that the file can check itself
  std::optional<DType> input_type;
  // "columns": one input per column; "matrix": one input of all columns; empty = as the model has them.
  std::string inputs;
  std::vector<std::string> outputs;  // empty = all
  bool self_check = true;
  bool refuse_losses = false;  // write nothing when a loss is said
  size_t rows = 500;  // probe rows of the self-check
  uint64_t seed = 1;
  unsigned jobs = 1;  // threads of the self-check; 0 = all cores
  // Called with the model as read and after each phase: "read", "boundary", "raise" (for targets made
  // of models), "legalise", "cleanup".
  std::function<void(std::string_view phase, const Model& model)> on_phase;
  // Evaluate after each phase and stop, as "phase-check", at the first that changes a prediction.
  bool check_phases = false;
  std::string check_data;  // CSV for it; empty = probe rows
  std::string* trace = nullptr;
};
struct Conversion {
  size_t bytes = 0;  // 0: nothing was written, the diagnostics say why
  bool checked = false;
  runtime::Comparison check;  // source against what was written and read again
};
// Converts a file; nothing is written unless everything succeeded.
Result<Conversion> convert_file(const ConvertRequest& request, Diagnostics& out);

// Rows come as CSV with a header line, JSON lines, .npy or .npz, told by content; "-" is standard
// input. A directory holds ONNX test data (input_0.pb ...).
enum class OnError {
  row,   // a row that a model refuses has no predictions; the other rows go on
  stop,  // the first one is an error, as "row-..."
};
struct DataOptions {
  std::string format;                // csv, jsonl, npy or npz; empty = by content
  std::vector<std::string> missing;  // tokens that mean missing, beside the empty field
  bool strict = false;               // extra columns are an error
  std::vector<std::string> outputs;
  unsigned jobs = 1;
  OnError on_error = OnError::row;
};
// A row that a model refuses, as an error at its line of the data.
Diagnostic refusal(const runtime::RowError& error, const std::string& data);
struct PredictRequest {
  std::string data;
  DataOptions options;
  bool json_lines = false;  // one JSON object per row instead of CSV
};
// Scores rows batch by batch, so memory does not grow with them; `write` receives pieces of text:
// for CSV the header and then one line per row. Returns the refused rows. With OnError::stop nothing
// of the batch of the first refused row is written.
Result<std::vector<runtime::RowError>> predict_rows(
    std::shared_ptr<const Model> model, const PredictRequest& request, Diagnostics& out,
    const std::function<void(std::string_view)>& write);

// Scoring in memory, for a program that embeds the evaluator. A session is planned once and may be
// used by several threads at once.
Result<runtime::Session> open_session(std::shared_ptr<const Model> model,
                                      const runtime::SessionOptions& options = {});
// `inputs` parallel to the model's, each of the type that its input states: a matrix [N,F], a column
// [N,1] with its validity. Fails "run-shape". Outputs are parallel to session.outputs(); rows that
// the model refuses are errors of the prediction, and their results mean nothing.
Result<runtime::Prediction> score(const runtime::Session& session, std::span<const runtime::Value> inputs);

// What a candidate may change of the model that it replaces.
struct Gate {
  // Share of the rows whose prediction may change: a label differs or, of models without labels, a
  // number is beyond its tolerance; a row that one side refuses has changed. Absent: no label may.
  std::optional<double> max_changed;
  // No number of any output, or of this one, may differ by more.
  std::optional<double> max_difference;
  std::map<std::string, double> max_differences;
  bool asked() const { return max_changed || max_difference || !max_differences.empty(); }
};

struct CompareRequest {
  std::string data;  // empty = rows made from both models
  size_t rows = 500;
  uint64_t seed = 1;
  DataOptions options;
  // Both fail "usage" for an output that neither model has.
  runtime::CompareOptions tolerance;
  Gate gate;  // judges nothing here: the reports do
  std::string* rows_csv = nullptr;  // receives the rows that were compared
};
// Refused rows of given data are notes in `out`, the first ten.
Result<runtime::Comparison> compare_models(std::shared_ptr<const Model> a,
                                           std::shared_ptr<const Model> b,
                                           const CompareRequest& request, Diagnostics& out);

// Rows made from a model (its thresholds and their neighbours, missing cells, unknown categories) as
// CSV; the same for the same seed.
Result<std::string> probe_csv(const Model& model, size_t rows, uint64_t seed);

// A model against recorded predictions, rows whose columns are named as predict names them. Where
// `data` is a directory of ONNX test data, its outputs are what is expected.
// Refused rows are notes in `out`, the first ten.
struct ValidateRequest {
  std::string data, expected;
  DataOptions options;
  double relative = 1e-9, absolute = 1e-12;
  // Instead of these, for an output or one of its columns. Negative = as for all.
  std::map<std::string, runtime::Tolerance> outputs;
};
struct ColumnValidation {
  std::string name;
  uint64_t cells = 0, differing = 0, label_flips = 0;
  double max_relative = 0;
  double needed_relative = 0;  // smallest relative tolerance that would pass at this absolute one
  runtime::Tolerance tolerance;
  std::vector<std::string> examples;  // the first differences, as text
  Location first;                     // where the first of them is
};
struct Validation {
  uint64_t rows = 0, refused = 0;
  std::vector<ColumnValidation> columns;  // that were compared
  bool equal() const;  // false when nothing was compared
};
Result<Validation> validate_model(std::shared_ptr<const Model> model, const ValidateRequest& request,
                                  Diagnostics& out);

// A plan of validations (docs/validation.md): models, data, what is expected of them, tolerances and
// waivers. Told by content; `path` is no plan when it cannot be read.
bool is_plan(const std::string& path);
struct PlanRequest {
  std::string path;
  std::string today;  // YYYY-MM-DD, against which waivers expire; empty = of the clock, UTC
  LoadOptions load;
  unsigned jobs = 1;
};
// Runs every entry, also after one fails; an entry that cannot be run is a failed one. Fails for a
// plan that is malformed, with file, line and column.
Result<Report> run_plan(const PlanRequest& request, Diagnostics& out);
// "0.01" or "1%": a share from 0 to 1.
std::optional<double> parse_share(std::string_view text);

// The rows that a file carries to verify itself (PMML's ModelVerification), of the model and of
// models within it, under the tolerances that the file states. Fails "usage" when it has none.
Result<Validation> verify_file(const std::string& path, const LoadOptions& options, Diagnostics& out,
                               OnError on_error = OnError::row);

// Structure and safety; every problem found is in `out`. Returns the name of the format.
Result<std::string> check_file(const std::string& path, const LoadOptions& options,
                               Diagnostics& out);

// How each operator of the model would reach a format: native, through which rewrite, or why not.
struct TargetLine {
  std::string op;
  size_t count = 0;
  bool possible = true;
  std::string how;
};
Result<std::vector<TargetLine>> analyse_target(const Model& model, const std::string& format,
                                               int opset, bool exact);

struct FormatInfo {
  std::string name, title, extensions;
  bool reads = false, writes = false;
};
std::vector<FormatInfo> list_formats();

// Reports (docs/reports.md). A section is for print_report, which knows every format.
std::string inspect_text(const Model& model);
std::string inspect_json(const Model& model);
// The model as text (docs/panir.md); not `full`: long arrays shortened, for reading only.
std::string model_text(const Model& model, bool full);
std::string comparison_text(const runtime::Comparison& comparison, const Gate& gate = {});
std::string comparison_json(const runtime::Comparison& comparison, const Gate& gate = {});
Section comparison_section(std::string name, const runtime::Comparison& comparison, const Gate& gate = {});
std::string validation_text(const Validation& validation);
std::string validation_json(const Validation& validation);
Section validation_section(std::string name, const Validation& validation);
// docs/ops.md
std::string ops_markdown();

}  // namespace panmodel
