// compare, validate.
#include "cli/options.h"

namespace panmodel::cli {
namespace {

struct ToleranceOptions {
  LimitOptions relative, absolute;

  void add(CLI::App* verb, const char* rule) {
    relative.add(verb, "--rtol", rule);
    absolute.add(verb, "--atol", rule);
  }
  void apply(double& rtol, double& atol, std::map<std::string, runtime::Tolerance>& outputs) const {
    relative.apply([&](const std::string& output, double value) {
      (output.empty() ? rtol : own(outputs, output).relative) = value;
    });
    absolute.apply([&](const std::string& output, double value) {
      (output.empty() ? atol : own(outputs, output).absolute) = value;
    });
  }

 private:
  static runtime::Tolerance& own(std::map<std::string, runtime::Tolerance>& outputs, const std::string& name) {
    return outputs.try_emplace(name, runtime::Tolerance{-1, -1}).first->second;
  }
};

}  // namespace

void add_compare(CLI::App& app, Common& common) {
  struct Options {
    std::string a, b, max_changed;
    CompareRequest request;
    ToleranceOptions tolerance;
    LimitOptions max_difference;
    ReportOptions report;
    std::string save_rows;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("compare", "two models on the same rows");
  verb->add_option("first", o->a, "model file")->required();
  verb->add_option("second", o->b, "model file")->required();
  verb->add_option("--data", o->request.data, "rows; default: made from both models");
  verb->add_option("--rows", o->request.rows, "number of rows made from each model");
  verb->add_option("--seed", o->request.seed, "seed of the rows");
  verb->add_option("--save-rows", o->save_rows, "write the rows to this file, as CSV");
  o->tolerance.add(verb, "[OUTPUT:]NUMBER, of all outputs or of one (repeatable); default: from the types");
  verb->add_option("--max-changed", o->max_changed,
                   "gate: share of the rows whose prediction may change, such as 0.01 or 1%");
  o->max_difference.add(verb, "--max-difference",
                        "gate: [OUTPUT:]NUMBER, by which no number may differ (repeatable)");
  add_report_options(verb, o->report);
  add_data_options(verb, o->request.options);
  verb->callback([o, &common] {
    CompareRequest& request = o->request;
    o->tolerance.apply(request.tolerance.relative, request.tolerance.absolute, request.tolerance.outputs);
    if (!o->max_changed.empty()) {
      request.gate.max_changed = parse_share(o->max_changed);
      if (!request.gate.max_changed) {
        throw CLI::ValidationError("--max-changed", o->max_changed + " is no share, expected 0 to 1 or 0% to 100%");
      }
    }
    o->max_difference.apply([&](const std::string& output, double value) {
      if (output.empty()) {
        request.gate.max_difference = value;
      } else {
        request.gate.max_differences[output] = value;
      }
    });
    const std::string name = o->a + " / " + o->b;
    const LoadOptions options{.strict = request.options.strict};
    auto a = load(o->a, options, common);
    auto b = a ? load(o->b, options, common) : nullptr;
    if (!b) return publish_failure("compare", name, o->report, common);
    Diagnostics out;
    std::string rows;
    if (!o->save_rows.empty()) request.rows_csv = &rows;
    auto result = compare_models(a, b, request, out);
    say(out, common);
    if (!o->save_rows.empty() && !rows.empty()) print(rows, o->save_rows, o->report.force, common);
    if (!result) {
      say(result.error(), common);
      return publish_failure("compare", name, o->report, common);
    }
    Section section = comparison_section(name, *result, request.gate);
    Location place;
    place.file = o->b;
    for (Finding& f : section.findings) f.place = place;
    const bool passed = section.verdict() != Verdict::failed;
    const Report report{"compare", {std::move(section)}};
    publish(o->report, common, [&](ReportFormat format) {
      return format == ReportFormat::json   ? comparison_json(*result, request.gate)
             : format == ReportFormat::text ? comparison_text(*result, request.gate)
                                            : print_report(report, format);
    });
    if (!passed) common.status = std::max(common.status, 1);
  });
}

void add_validate(CLI::App& app, Common& common) {
  struct Options {
    std::string model, today;
    ValidateRequest request;
    ToleranceOptions tolerance;
    ReportOptions report;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("validate", "a model against recorded predictions, or a plan of validations");
  verb->add_option("model", o->model, "model file, or a plan (docs/validation.md)")->required();
  verb->add_option("--data", o->request.data,
                   "rows, or a directory of ONNX test data; default: the rows within a PMML file");
  verb->add_option("--expect", o->request.expected, "predictions, columns as predict names them");
  o->tolerance.add(verb, "[OUTPUT:]NUMBER, of all outputs or of one (repeatable)");
  verb->add_option("--today", o->today, "plan: the date against which waivers expire, YYYY-MM-DD; default: of the clock, UTC");
  add_report_options(verb, o->report);
  add_data_options(verb, o->request.options);
  verb->callback([o, verb, &common] {
    ValidateRequest& request = o->request;
    o->tolerance.apply(request.relative, request.absolute, request.outputs);
    Diagnostics out;
    if (is_plan(o->model)) {
      for (const char* name : {"--data", "--expect", "--rtol", "--atol", "--missing", "--strict", "--output",
                               "--on-error", "--data-format"}) {
        if (verb->count(name) > 0) throw CLI::ValidationError(name, "a plan says this itself, for each of its entries");
      }
      LoadOptions load{.memory_limit = common.memory_limit};
      auto report = run_plan({o->model, o->today, load, request.options.jobs}, out);
      say(out, common);
      if (!report) {
        say(report.error(), common);
        return publish_failure("validate", o->model, o->report, common);
      }
      publish(o->report, common, [&](ReportFormat format) { return print_report(*report, format); });
      if (!report->passed()) common.status = std::max(common.status, 1);
      return;
    }
    if (!o->today.empty()) throw CLI::ValidationError("--today", "goes with a plan, whose waivers expire");
    const auto validated = [&]() -> std::optional<Result<Validation>> {
      const LoadOptions options{.strict = request.options.strict};
      if (request.data.empty()) {
        if (o->tolerance.relative.given() || o->tolerance.absolute.given()) {
          throw CLI::ValidationError("--rtol", "the rows within a file have tolerances of their own; it goes with --data");
        }
        return verify_file(o->model, options, out, request.options.on_error);
      }
      auto model = load(o->model, options, common);
      if (!model) return std::nullopt;
      return validate_model(model, request, out);
    };
    const auto outcome = validated();
    say(out, common);
    if (!outcome || !*outcome) {
      if (outcome) say(outcome->error(), common);
      return publish_failure("validate", o->model, o->report, common);
    }
    const Validation& result = **outcome;
    const Report report{"validate", {validation_section(o->model, result)}};
    publish(o->report, common, [&](ReportFormat format) {
      return format == ReportFormat::json   ? validation_json(result)
             : format == ReportFormat::text ? validation_text(result)
                                            : print_report(report, format);
    });
    if (!result.equal()) common.status = std::max(common.status, 1);
  });
}

}  // namespace panmodel::cli
