// predict, compare, validate.
#include "cli/verbs.h"

namespace panmodel::cli {
namespace {

void add_data_options(CLI::App* verb, DataOptions& options) {
  verb->add_option("--data-format", options.format, "csv, jsonl, npy or npz; default: by content")
      ->check(CLI::IsMember({"csv", "jsonl", "npy", "npz"}));
  verb->add_option("--missing", options.missing, "tokens that mean missing, beside the empty field");
  verb->add_flag("--strict", options.strict,
                 "extra columns are an error, and PMML is read by the letter of its specification");
  verb->add_option("--output", options.outputs, "outputs to compute, in this order (repeatable)");
  verb->add_option("--jobs", options.jobs, "threads; 0 = all cores");
  verb->add_option_function<std::string>(
          "--on-error",
          [&options](const std::string& name) { options.on_error = name == "stop" ? OnError::stop : OnError::row; },
          "when a model refuses a row: row, it has no predictions and the others go on (default); stop")
      ->check(CLI::IsMember({"row", "stop"}));
}

}  // namespace

void add_predict(CLI::App& app, Common& common) {
  struct Options {
    std::string model, output, format = "csv";
    PredictRequest request;
    bool force = false;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("predict", "score rows of data");
  verb->add_option("model", o->model, "model file")->required();
  verb->add_option("--data", o->request.data, "rows: CSV, JSON lines, .npy, .npz; - for standard input")
      ->required();
  verb->add_option("-o", o->output, "file to write; default: standard output");
  verb->add_option("--format", o->format, "of the predictions: csv or jsonl")
      ->check(CLI::IsMember({"csv", "jsonl"}));
  verb->add_flag("--force", o->force, "overwrite the output");
  add_data_options(verb, o->request.options);
  verb->callback([o, &common] {
    auto model = load(o->model, {.strict = o->request.options.strict}, common);
    if (!model) return;
    o->request.json_lines = o->format == "jsonl";
    Diagnostics out;
    bool to_file = !o->output.empty() && o->output != "-";
    auto refused = guarded([&] {
      std::optional<FileWriter> file;
      if (to_file) file.emplace(o->output, WriteFileOptions{.overwrite = o->force});
      auto rows = predict_rows(model, o->request, out, [&](std::string_view text) {
        if (file) {
          file->write(std::as_bytes(std::span(text)));
        } else {
          print(std::string(text), "", false, common);
        }
      });
      if (rows && file) file->commit();
      return rows;
    });
    say(out, common);
    if (!refused) return say(refused.error(), common);
    if (!*refused) return say(refused->error(), common);
    for (const auto& e : **refused) say(refusal(e, o->request.data), common);
  });
}

void add_compare(CLI::App& app, Common& common) {
  struct Options {
    std::string a, b, format = "text", output;
    CompareRequest request;
    std::string save_rows;
    bool force = false;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("compare", "two models on the same rows");
  verb->add_option("first", o->a, "model file")->required();
  verb->add_option("second", o->b, "model file")->required();
  verb->add_option("--data", o->request.data, "rows; default: made from both models");
  verb->add_option("--rows", o->request.rows, "number of rows made from each model");
  verb->add_option("--seed", o->request.seed, "seed of the rows");
  verb->add_option("--save-rows", o->save_rows, "write the rows to this file, as CSV");
  verb->add_option("--rtol", o->request.tolerance.relative, "relative tolerance; default: from the types");
  verb->add_option("--atol", o->request.tolerance.absolute, "absolute tolerance; default: from the types");
  verb->add_option("--format", o->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  verb->add_option("-o", o->output, "write the report to this file");
  verb->add_flag("--force", o->force, "overwrite the report and the rows");
  add_data_options(verb, o->request.options);
  verb->callback([o, &common] {
    const LoadOptions options{.strict = o->request.options.strict};
    auto a = load(o->a, options, common);
    auto b = a ? load(o->b, options, common) : nullptr;
    if (!b) return;
    Diagnostics out;
    std::string rows;
    if (!o->save_rows.empty()) o->request.rows_csv = &rows;
    auto result = compare_models(a, b, o->request, out);
    say(out, common);
    if (!o->save_rows.empty() && !rows.empty()) print(rows, o->save_rows, o->force, common);
    if (!result) return say(result.error(), common);
    print(o->format == "json" ? comparison_json(*result) : comparison_text(*result), o->output, o->force, common);
    if (!result->equal()) common.status = std::max(common.status, 1);
  });
}

void add_rows(CLI::App& app, Common& common) {
  struct Options {
    std::string model, output;
    size_t rows = 500;
    uint64_t seed = 1;
    bool force = false;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("rows", "rows made from a model: its thresholds and beside them");
  verb->add_option("model", o->model, "model file")->required();
  verb->add_option("--rows", o->rows, "how many");
  verb->add_option("--seed", o->seed, "seed of the rows");
  verb->add_option("-o", o->output, "file to write; default: standard output");
  verb->add_flag("--force", o->force, "overwrite the output");
  verb->callback([o, &common] {
    auto model = load(o->model, {}, common);
    if (!model) return;
    auto csv = probe_csv(*model, o->rows, o->seed);
    if (!csv) return say(csv.error(), common);
    print(*csv, o->output, o->force, common);
  });
}

void add_validate(CLI::App& app, Common& common) {
  struct Options {
    std::string model, format = "text", output;
    ValidateRequest request;
    bool force = false;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("validate", "a model against recorded predictions");
  verb->add_option("model", o->model, "model file")->required();
  verb->add_option("--data", o->request.data,
                   "rows, or a directory of ONNX test data; default: the rows within a PMML file");
  verb->add_option("--expect", o->request.expected, "predictions, columns as predict names them");
  verb->add_option("--rtol", o->request.relative, "relative tolerance");
  verb->add_option("--atol", o->request.absolute, "absolute tolerance");
  verb->add_option("--format", o->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  verb->add_option("-o", o->output, "write the report to this file");
  verb->add_flag("--force", o->force, "overwrite the report");
  add_data_options(verb, o->request.options);
  verb->callback([o, &common] {
    Diagnostics out;
    const auto validated = [&]() -> std::optional<Result<Validation>> {
      const LoadOptions options{.strict = o->request.options.strict};
      if (o->request.data.empty()) return verify_file(o->model, options, out, o->request.options.on_error);
      auto model = load(o->model, options, common);
      if (!model) return std::nullopt;
      return validate_model(model, o->request, out);
    };
    const auto outcome = validated();
    say(out, common);
    if (!outcome) return;
    const Result<Validation>& result = *outcome;
    if (!result) return say(result.error(), common);
    print(o->format == "json" ? validation_json(*result) : validation_text(*result), o->output,
          o->force, common);
    if (!result->equal()) common.status = std::max(common.status, 1);
  });
}

}  // namespace panmodel::cli
