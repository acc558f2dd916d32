// inspect, check, formats, ops.
#include "base/fail.h"
#include "cli/options.h"

namespace panmodel::cli {

void add_inspect(CLI::App& app, Common& common) {
  struct Options {
    std::string path, format = "text", target, output;
    int opset = 21;
    bool lossy = false, force = false, full = false;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("inspect", "what a model file holds");
  verb->add_option("model", o->path, "model file")->required();
  verb->add_option("--format", o->format, "text, json, or panir: the intermediate representation itself")
      ->check(CLI::IsMember({"text", "json", "panir"}));
  verb->add_flag("--full", o->full, "panir: long arrays in full");
  verb->add_option("--target", o->target, "how each operator would reach this format");
  verb->add_option("--opset", o->opset, "version of ai.onnx for --target onnx");
  verb->add_flag("--lossy", o->lossy, "allow forms that lose precision for --target");
  verb->add_option("-o", o->output, "write the report to this file");
  verb->add_flag("--force", o->force, "overwrite the output");
  verb->callback([o, &common] {
    auto model = load(o->path, {.outline = o->target.empty() && o->format == "text"}, common);
    if (!model) return;
    if (o->target.empty()) {
      std::string report = o->format == "json"    ? inspect_json(*model)
                           : o->format == "panir" ? model_text(*model, o->full)
                                                  : inspect_text(*model);
      print(report, o->output, o->force, common);
      return;
    }
    auto lines = analyse_target(*model, o->target, o->opset, !o->lossy);
    if (!lines) return say(lines.error(), common);
    std::string text;
    for (const TargetLine& l : *lines) {
      text += fmt::format("{} {} x {}: {}\n", l.possible ? "yes" : "NO ", l.op, l.count, l.how);
    }
    print(text, o->output, o->force, common);
  });
}

void add_check(CLI::App& app, Common& common) {
  struct Options {
    std::vector<std::string> paths;
    LoadOptions load;
    ReportOptions report;
  };
  auto o = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("check", "structure and safety of files, without scoring");
  verb->add_option("model", o->paths, "model files")->required();
  verb->add_option("--from", o->load.format, "format of the files; default: by content");
  verb->add_flag("--allow-links", o->load.allow_links, "follow symbolic links to external data");
  add_report_options(verb, o->report);
  verb->callback([o, &common] {
    o->load.memory_limit = common.memory_limit;
    Report report{"check", {}};
    // What was found is on standard error: the text adds who is free of errors.
    std::string text;
    for (const std::string& path : o->paths) {
      Diagnostics out;
      auto result = check_file(path, o->load, out);
      say(out, common);
      if (!result) say(result.error(), common);
      Section section{path, {}, findings_of(out, common)};
      if (result) section.properties.push_back({"format", *result});
      if (!result) section.findings.push_back(finding_of(result.error()));
      if (section.findings.empty() || section.verdict() != Verdict::failed) {
        section.findings.push_back({"structure", Verdict::passed, "no errors", {}, {}, {}});
        const size_t warnings = out.count(Severity::warning);
        const std::string found = warnings == 0 ? "no problems" : fmt::format("no errors, warnings: {}", warnings);
        text += fmt::format("{}: {} ({})\n", path, found, *result);
      }
      report.sections.push_back(std::move(section));
    }
    publish(o->report, common, [&](ReportFormat format) {
      return format == ReportFormat::text ? text : print_report(report, format);
    });
  });
}

void add_lists(CLI::App& app, Common& common) {
  CLI::App* formats = app.add_subcommand("formats", "formats that are read and written");
  formats->callback([&common] {
    std::string text;
    for (const FormatInfo& f : list_formats()) {
      text += fmt::format("{:8} {}{}  {}  {}\n", f.name, f.reads ? "read" : "    ",
                          f.writes ? " write" : "      ", f.title, f.extensions);
    }
    print(text, "", false, common);
  });
  auto markdown = std::make_shared<bool>(false);
  CLI::App* ops = app.add_subcommand("ops", "operators of the intermediate representation");
  ops->add_flag("--markdown", *markdown, "as docs/ops.md (the only form)");
  ops->callback([&common] { print(ops_markdown(), "", false, common); });
}

}  // namespace panmodel::cli
