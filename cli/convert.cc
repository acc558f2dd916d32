#include "base/fail.h"
#include "base/text.h"
#include "cli/options.h"

namespace panmodel::cli {
namespace {

constexpr const char* kPhases[] = {"read", "boundary", "raise", "legalise", "cleanup"};

// "phase" or "phase=FILE".
struct Dump {
  std::string phase, file;
};

Dump parse_dump(const std::string& text) {
  size_t mark = text.find('=');
  Dump dump{text.substr(0, mark), mark == std::string::npos ? "" : text.substr(mark + 1)};
  for (const char* phase : kPhases) {
    if (dump.phase == phase) return dump;
  }
  throw CLI::ValidationError("--dump-after", "no phase is called " + quote(dump.phase) +
                                                 ", expected read, boundary, raise, legalise or cleanup");
}

// What a conversion said, wrote and found when it compared both files.
Section section_of(const ConvertRequest& request, const Diagnostics& out, const Result<Conversion>& result,
                   const Common& common) {
  Section section{request.input + " -> " + request.output, {}, findings_of(out, common)};
  if (!result) {
    section.findings.push_back(finding_of(result.error()));
    return section;
  }
  Finding written{"written", Verdict::passed, fmt::format("{} bytes", result->bytes), {}, {{"bytes", uint64_t{result->bytes}}}, {}};
  if (result->bytes == 0) written.verdict = Verdict::failed, written.summary = "nothing was written";
  section.findings.push_back(std::move(written));
  if (!result->checked) return section;
  for (Finding& f : comparison_section("", result->check).findings) {
    f.name = "self-check: " + f.name;
    // Losses that were allowed may move a prediction: then the file is written all the same.
    if (f.verdict == Verdict::failed && result->bytes > 0) f.verdict = Verdict::warned;
    section.findings.push_back(std::move(f));
  }
  return section;
}

}  // namespace

void add_convert(CLI::App& app, Common& common) {
  struct Options {
    ConvertRequest request;
    std::string precision = "exact", input_type;
    std::vector<std::string> dumps;
    bool trace = false, no_check = false, no_verification = false;
    ReportOptions report;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("convert", "convert a model, and check what was written");
  ConvertRequest& r = o->request;
  verb->add_option("input", r.input, "model file")->required();
  verb->add_option("output", r.output, "file to write")->required();
  verb->add_option("--from", r.from, "format of the input; default: by content");
  verb->add_option("--to", r.to, "format of the output; default: by extension");
  verb->add_option("--opset", r.opset, "ONNX: version of ai.onnx");
  verb->add_option("--precision", o->precision, "exact, or target: forms that lose precision too")
      ->check(CLI::IsMember({"exact", "target"}));
  verb->add_option("--input-type", o->input_type, "float, double or int64 numeric inputs")
      ->check(CLI::IsMember({"float", "double", "int64"}));
  verb->add_option("--inputs", r.inputs,
                   "columns: one input per column; matrix: one for all; default: as the model has them")
      ->check(CLI::IsMember({"columns", "matrix"}));
  verb->add_option("--output", r.outputs, "outputs of the source to keep, in this order (repeatable)");
  verb->add_flag("--zipmap", r.zip_map, "probabilities as a sequence of maps");
  verb->add_option("--pmml-version", r.pmml_version, "PMML: version of the specification")
      ->check(CLI::IsMember({"4.2", "4.3", "4.4"}));
  verb->add_flag("--no-verification", o->no_verification,
                 "PMML: no rows with the source's results in the document");
  verb->add_flag("--strict", r.load.strict, "PMML is read by the letter of its specification");
  verb->add_flag("--force", r.overwrite, "overwrite the output");
  verb->add_flag("--no-self-check", o->no_check, "do not compare what was written with the source");
  verb->add_option("--rows", r.rows, "probe rows of the self-check");
  verb->add_option("--seed", r.seed, "seed of the probe rows");
  verb->add_option("--jobs", r.jobs, "threads of the self-check; 0 = all cores");
  add_report_formats(verb, o->report);
  verb->add_option("--dump-after", o->dumps,
                   "PHASE[=FILE]: the model as .panir after read, boundary, raise, legalise or cleanup, "
                   "shortened on standard error or in full in the file (repeatable)");
  CLI::Option* phases = verb->add_option(
      "--check-phases", r.check_data,
      "evaluate after each phase on the rows of this CSV (default: probe rows) and name the first "
      "that changes a prediction");
  phases->expected(0, 1);
  verb->add_flag("--trace-legalize", o->trace, "print the tree of rewrites that were tried");
  verb->callback([o, phases, &common] {
    ConvertRequest& request = o->request;
    request.check_phases = phases->count() > 0;
    std::vector<Dump> dumps;
    for (const std::string& text : o->dumps) dumps.push_back(parse_dump(text));
    request.on_phase = [&dumps, &request, &common](std::string_view phase, const Model& model) {
      for (const Dump& dump : dumps) {
        if (dump.phase != phase) continue;
        if (!dump.file.empty()) {
          print(model_text(model, true), dump.file, request.overwrite, common);
        } else {
          std::fputs(model_text(model, false).c_str(), stderr);
        }
      }
    };
    request.load.memory_limit = common.memory_limit;
    request.exact = o->precision == "exact";
    request.self_check = !o->no_check;
    request.verification = !o->no_verification;
    request.refuse_losses = !common.fail_on.empty();
    if (o->input_type == "float") request.input_type = DType::f32;
    if (o->input_type == "double") request.input_type = DType::f64;
    if (o->input_type == "int64") request.input_type = DType::i64;
    std::string trace;
    if (o->trace) request.trace = &trace;
    Diagnostics out;
    auto result = convert_file(request, out);
    if (o->trace) std::fputs(trace.c_str(), stderr);
    say(out, common);
    if (!result) say(result.error(), common);
    std::string text;
    if (result && !common.quiet) {
      text = result->bytes == 0 ? fmt::format("{}: not written\n", request.output)
                                : fmt::format("{}: {} bytes\n", request.output, result->bytes);
      if (result->checked) text += "self-check: " + comparison_text(result->check);
    }
    const Report report{"convert", {section_of(request, out, result, common)}};
    o->report.force = request.overwrite;
    publish(o->report, common, [&](ReportFormat format) {
      return format == ReportFormat::text ? text : print_report(report, format);
    });
  });
}

}  // namespace panmodel::cli
