// Reading, converting, checking.
#include <algorithm>

#include "api/panmodel.h"
#include "base/text.h"
#include "converters/convert.h"
#include "formats/format.h"
#include "runtime/frame.h"
#include "runtime/probe.h"

namespace panmodel {
namespace {

const Format& named_format(const std::string& name) {
  if (const Format* f = find_format(name)) return *f;
  std::vector<std::string_view> names;
  for (const Format& f : formats()) names.push_back(f.name);
  std::string_view near = nearest(name, names);
  fail_help({}, "format-write", fmt::format("no format is called {}", quote(name)),
            near.empty() ? "see 'panmodel formats'" : fmt::format("did you mean '{}'?", near));
}

const Format& input_format(const Bytes& bytes, const std::string& path, const std::string& name) {
  if (!name.empty()) return named_format(name);
  if (const Format* f = sniff_format(bytes)) return *f;
  // Content that says nothing, such as a file cut after its first bytes, is what its name says: the
  // reader then tells what is wrong with it.
  if (const Format* f = format_of_path(path)) return *f;
  Location loc;
  loc.file = path;
  fail(loc, "format-unknown", "{}", bytes.empty() ? "the file is empty"
                                                  : "the content matches no known format");
}

ReadOptions read_options(const std::string& path, const LoadOptions& options) {
  return {path, options.memory_limit, options.allow_links};
}

Model load(const std::string& path, const LoadOptions& options, Diagnostics& out) {
  Bytes bytes = map_file(path, options.memory_limit);
  const Format& format = input_format(bytes, path, options.format);
  size_t known = out.list().size();
  try {
    Model model = format.read(bytes, read_options(path, options), out);
    for (Location& l : model.locations) l.file = path;
    for (size_t i = known; i < out.list().size(); ++i) {
      if (out.list()[i].location.file.empty()) out.list()[i].location.file = path;
    }
    return model;
  } catch (Failure& f) {
    if (f.diagnostic.location.file.empty()) f.diagnostic.location.file = path;
    throw;
  }
}

bool takes_text(const Model& model) {
  return std::any_of(model.inputs.begin(), model.inputs.end(), [&](const Input& input) {
    const ColumnType* column = model.graph.type(input.value).column();
    return column != nullptr && column->dtype == DType::string;
  });
}

runtime::Comparison self_check(const Model& source, const std::string& bytes, const Format& format,
                               const ConvertRequest& request, Diagnostics& out) {
  Diagnostics ignored;
  auto written = std::make_shared<Model>(
      format.read(Bytes::copy_of(bytes), read_options(request.output, request.load), ignored));
  auto original = std::make_shared<Model>(source);
  std::vector<runtime::Value> rows =
      runtime::probe_rows(*original, {request.rows, request.seed});
  runtime::SessionOptions chosen{.outputs = request.outputs};
  runtime::Session a(original, chosen), b(written, {});
  runtime::Frame frame = runtime::frame_of(*original, rows);
  runtime::Prediction of_b = b.run(runtime::bind(*written, frame, {}, ignored));
  // Both sides see the rows that the written model can be given.
  runtime::Prediction of_a = a.run(rows);
  bool narrows = request.input_type && *request.input_type != DType::f64;
  if (narrows || takes_text(*original)) {
    std::vector<runtime::Value> narrow = runtime::bind(*written, frame, {}, ignored);
    runtime::Frame seen = runtime::frame_of(*written, narrow);
    of_a = a.run(runtime::bind(*original, seen, {}, ignored));
  }
  runtime::CompareOptions options;
  options.allow_refusals = true;
  runtime::Comparison result = runtime::compare(a, of_a, b, of_b, options);
  if (!result.equal()) {
    bool losses = out.count(Severity::loss) > 0;
    Diagnostic& d = out.report(losses ? Severity::warning : Severity::error, {}, "self-check",
                               "the written model predicts otherwise: {} flips in {} rows",
                               result.flips.size(), result.rows);
    d.location.file = request.output;
  }
  return result;
}

}  // namespace

Result<std::shared_ptr<const Model>> read_model(const std::string& path, const LoadOptions& options,
                                                Diagnostics& out) {
  return guarded([&] { return std::make_shared<const Model>(load(path, options, out)); });
}

Result<Conversion> convert_file(const ConvertRequest& request, Diagnostics& out) {
  return guarded([&] {
    const Format* target = request.to.empty() ? format_of_path(request.output)
                                              : &named_format(request.to);
    Location place;
    place.file = request.output;
    if (target == nullptr) {
      fail_help(place, "format-write", "the extension names no format",
                "name one with --to; see 'panmodel formats'");
    }
    if (target->write == nullptr) {
      fail(place, "format-write", "panmodel does not write {}", target->title);
    }
    LoadOptions load_options = request.load;
    load_options.format = request.from;
    Model source = load(request.input, load_options, out);
    WriteOptions write{request.output, request.opset, request.zip_map};
    std::unique_ptr<Target> holds = target->make_target(write);
    converters::ConvertOptions options;
    options.precision = request.exact ? converters::Precision::exact : converters::Precision::target;
    options.input_type = request.input_type;
    options.outputs = request.outputs;
    options.zip_map = request.zip_map;
    options.on_phase = request.on_phase;
    options.trace = request.trace;
    Model legal = converters::convert(source, *holds, options, out);
    std::string bytes = target->write(legal, write, out);
    Conversion result{.bytes = bytes.size()};
    if (request.self_check) {
      result.check = self_check(source, bytes, *target, request, out);
      result.checked = true;
      if (out.count(Severity::error) > 0) return result;
    }
    write_file(request.output, std::as_bytes(std::span<const char>(bytes)),
               {.overwrite = request.overwrite});
    return result;
  });
}

Result<std::string> check_file(const std::string& path, const LoadOptions& options,
                               Diagnostics& out) {
  return guarded([&] {
    Bytes bytes = map_file(path, options.memory_limit);
    const Format& format = input_format(bytes, path, options.format);
    size_t known = out.list().size();
    format.check(bytes, read_options(path, options), out);
    for (size_t i = known; i < out.list().size(); ++i) {
      if (out.list()[i].location.file.empty()) out.list()[i].location.file = path;
    }
    return std::string(format.name);
  });
}

Result<std::vector<TargetLine>> analyse_target(const Model& model, const std::string& format,
                                               int opset, bool exact) {
  return guarded([&] {
    const Format& target = named_format(format);
    if (target.make_target == nullptr) {
      fail({}, "format-write", "panmodel does not write {}", target.title);
    }
    WriteOptions write;
    write.opset = opset;
    converters::ConvertOptions options;
    options.precision = exact ? converters::Precision::exact : converters::Precision::target;
    std::vector<TargetLine> lines;
    for (auto& v : converters::analyse(model, *target.make_target(write), options)) {
      lines.push_back({v.op, v.count, v.level != Support::Level::unsupported, v.how});
    }
    return lines;
  });
}

std::vector<FormatInfo> list_formats() {
  std::vector<FormatInfo> all;
  for (const Format& f : formats()) {
    std::string extensions;
    for (std::string_view e : f.extensions) extensions += (extensions.empty() ? "" : " ") + std::string(e);
    all.push_back({std::string(f.name), std::string(f.title), extensions, f.read != nullptr,
                   f.write != nullptr});
  }
  return all;
}

}  // namespace panmodel
