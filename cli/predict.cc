// predict, rows.
#include "cli/options.h"
#include "cli/verbs.h"

namespace panmodel::cli {

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

}  // namespace panmodel::cli
