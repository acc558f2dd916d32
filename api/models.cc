// Reading, converting, checking.
#include <algorithm>
#include <cmath>

#include "api/evaluate.h"
#include "api/program.h"
#include "api/input.h"
#include "api/panmodel.h"
#include "base/number.h"
#include "base/text.h"
#include "converters/convert.h"
#include "formats/format.h"
#include "ir/verify.h"
#include "runtime/frame.h"
#include "runtime/probe.h"
#include "runtime/rows.h"

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

}  // namespace

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
  return {path, options.memory_limit, options.allow_links, options.outline, options.strict};
}

namespace {

// Places of what was said since `known` are in this file.
void name_file(Diagnostics& out, size_t known, const std::string& path) {
  for (size_t i = known; i < out.list().size(); ++i) {
    if (out.list()[i].location.file.empty()) out.list()[i].location.file = path;
  }
}

Model load(const std::string& path, const LoadOptions& options, Diagnostics& out) {
  Bytes bytes = map_file(path, options.memory_limit);
  const Format& format = input_format(bytes, path, options.format);
  if (format.read == nullptr) {
    Location place;
    place.file = path;
    fail(place, "format-unknown", "panmodel does not read {}", format.title);
  }
  size_t known = out.list().size();
  try {
    Model model = raised(format.read(bytes, read_options(path, options), out), out);
    Diagnostics wrong;
    verify(model, {}, wrong);
    if (!wrong.list().empty()) throw Failure(wrong.list().front());
    for (Location& l : model.locations) l.file = path;
    name_file(out, known, path);
    return model;
  } catch (Failure& f) {
    name_file(out, known, path);
    if (f.diagnostic.location.file.empty()) f.diagnostic.location.file = path;
    throw;
  }
}

converters::InputLayout layout_of(const std::string& name) {
  if (name.empty()) return converters::InputLayout::as_model;
  if (name == "columns") return converters::InputLayout::columns;
  if (name == "matrix") return converters::InputLayout::matrix;
  fail({}, "usage", "no layout of inputs is called {}, expected columns or matrix", quote(name));
}

bool takes_text(const Model& model) {
  return std::any_of(model.inputs.begin(), model.inputs.end(), [&](const Input& input) {
    const ColumnType* column = model.graph.type(input.value).column();
    return column != nullptr && column->dtype == DType::string;
  });
}

// Numbers of the rows as integers, for a model that takes nothing else.
void round_numbers(runtime::Frame& frame) {
  size_t width = frame.names.size();
  for (size_t column = 0; column < width; ++column) {
    auto real = [&](size_t row) { return parse_real(*frame.cell(row, column)); };
    bool numbers = true;
    for (size_t row = 0; row < frame.rows(); ++row) {
      numbers = numbers && (!frame.cell(row, column) || real(row));
    }
    for (size_t row = 0; numbers && row < frame.rows(); ++row) {
      double value = frame.cell(row, column) ? *real(row) : 0;
      double bounded = std::isnan(value) ? 0 : std::clamp(std::round(value), -9e15, 9e15);
      frame.cells[row * width + column] = std::to_string(static_cast<int64_t>(bounded));
    }
  }
}

// Reals in a column of integers or booleans of the source: a NaN is a missing cell there.
void drop_nans(const Model& source, runtime::Frame& frame) {
  if (frame.names.size() != source.inputs.size()) return;  // with a matrix no column is an integer
  for (size_t k = 0; k < source.inputs.size(); ++k) {
    const ColumnType* column = source.graph.type(source.inputs[k].value).column();
    const bool truth = column != nullptr && column->dtype == DType::boolean;
    if (column == nullptr || !column->optional || !(truth || is_integer(column->dtype))) continue;
    for (size_t row = 0; row < frame.rows(); ++row) {
      std::optional<std::string>& cell = frame.cells[row * frame.names.size() + k];
      if (cell == "nan") cell.reset();
      if (truth && cell) cell = parse_real(*cell) == 0.0 ? "false" : "true";
    }
  }
}

// Whether values of one model's inputs are values of the other's as they are.
bool same_inputs(const Model& a, const Model& b) {
  return std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(),
                    [&](const Input& x, const Input& y) {
                      return x.name == y.name && a.graph.type(x.value) == b.graph.type(y.value) &&
                             (x.features == y.features || y.features.empty());
                    });
}

// `other`, made from `source`, on rows of the source: those of a file, or probe rows.
runtime::Comparison against_source(std::shared_ptr<const Model> source,
                                   std::shared_ptr<const Model> other, const std::string& data,
                                   const ConvertRequest& request) {
  Diagnostics ignored;
  runtime::Session a(source, {.jobs = request.jobs, .outputs = request.outputs});
  runtime::Session b(other, {.jobs = request.jobs});
  const auto compare = [&](const runtime::Prediction& of_a, const runtime::Prediction& of_b) {
    return runtime::compare(a, of_a, b, of_b, {.allow_refusals = true});
  };
  runtime::Frame frame;
  if (data.empty()) {
    std::vector<runtime::Value> rows = runtime::probe_rows(*source, {request.rows, request.seed});
    if (same_inputs(*source, *other)) return compare(a.run(rows), b.run(rows));
    frame = runtime::frame_of(*source, rows);
  } else {
    runtime::read_rows(data, {}, SIZE_MAX, [&](runtime::Frame all) { frame = std::move(all); });
  }
  if (request.input_type == DType::i64) round_numbers(frame);
  std::vector<runtime::Value> inputs = runtime::bind(*other, frame, {}, ignored);
  runtime::Prediction of_b = b.run(inputs);
  // Both sides see the rows that the other model can be given.
  bool narrows = request.input_type && *request.input_type != DType::f64;
  if (narrows || takes_text(*source)) {
    frame = runtime::frame_of(*other, inputs);
    drop_nans(*source, frame);
  }
  return compare(a.run(runtime::bind(*source, frame, {}, ignored)), of_b);
}

// Fails "phase-check" when the model after a phase predicts otherwise than the source.
void check_phase(std::string_view phase, std::shared_ptr<const Model> source, const Model& model,
                 const ConvertRequest& request) {
  runtime::Comparison c = against_source(std::move(source), std::make_shared<Model>(model),
                                         request.check_data, request);
  if (c.equal()) return;
  std::string first;
  for (const auto& o : c.outputs) {
    if (o.differing == 0 && o.error.empty()) continue;
    first = o.error.empty() ? fmt::format("output '{}', row {}: {} of {} cells differ, max abs {:.3g}",
                                          o.name_a, o.worst_row, o.differing, o.compared, o.max_absolute)
                            : fmt::format("output '{}': {}", o.name_a, o.error);
    break;
  }
  fail_help({}, "phase-check",
            fmt::format("phase '{}' is the first that changes a prediction: {} flips in {} rows; {}",
                        phase, c.flips.size(), c.rows, first),
            fmt::format("--dump-after {} and --trace-legalize show what the phase did", phase));
}

// The file as written, read again and compared.
// Some of the probe rows with the source's results: those that it gives a result for, with numbers
// that every reader can read.
VerificationRows verification_rows(std::shared_ptr<const Model> source, const ConvertRequest& request) {
  constexpr size_t kRows = 20;
  runtime::Session session(source, {.jobs = request.jobs, .outputs = request.outputs});
  const std::vector<runtime::Value> inputs = runtime::probe_rows(*source, {request.rows, request.seed});
  const runtime::Prediction prediction = session.run(inputs);
  const runtime::PredictionTable results(session.outputs(), prediction);
  const runtime::Frame frame = runtime::frame_of(*source, inputs);
  std::vector<std::vector<std::optional<std::string>>> good;
  for (size_t row = 0; row < frame.rows(); ++row) {
    if (results.refused(row)) continue;
    std::vector<std::optional<std::string>> cells;
    bool usable = true;
    for (size_t c = 0; c < frame.names.size(); ++c) {
      std::optional<std::string> cell = frame.cell(row, c);
      if (cell == "nan") cell.reset();
      usable = usable && cell != "inf" && cell != "-inf" && cell != "";
      cells.push_back(std::move(cell));
    }
    for (size_t c = 0; c < results.names().size(); ++c) {
      std::string cell = results.cell(row, c);
      const std::optional<double> real = parse_real(cell);
      usable = usable && !cell.empty() && cell.front() != '"';
      // A tolerance is relative: what is nearly 0 has few digits that every evaluator agrees on.
      if (real) usable = usable && std::isfinite(*real) && (*real == 0 || std::abs(*real) > 1e-6);
      cells.emplace_back(std::move(cell));
    }
    if (usable) good.push_back(std::move(cells));
  }
  VerificationRows out;
  const size_t count = std::min(kRows, good.size());
  for (size_t k = 0; k < count; ++k) out.rows.push_back(std::move(good[k * good.size() / count]));
  return out;
}

runtime::Comparison self_check(std::shared_ptr<const Model> source, const Bytes& file, const Format& format,
                               const ConvertRequest& request, Diagnostics& out) {
  Diagnostics ignored;
  auto written = std::make_shared<Model>(
      raised(format.read(file, read_options(request.output, request.load), ignored), ignored));
  runtime::Comparison result =
      against_source(std::move(source), std::move(written), {}, request);
  if (result.rows > 0 && result.refused_both == result.rows) {
    out.report(Severity::warning, {}, "self-check", "every one of {} probe rows is refused: nothing was compared",
               result.rows).location.file = request.output;
  }
  if (!result.equal()) {
    // Losses that were allowed may move a prediction; what --precision exact wrote may not.
    Severity severity = request.exact ? Severity::error : Severity::warning;
    Diagnostic& d = out.report(severity, {}, "self-check",
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
    auto original = std::make_shared<const Model>(load(request.input, load_options, out));
    WriteOptions write{.path = request.output, .opset = request.opset, .zip_map = request.zip_map,
                       .pmml_version = request.pmml_version};
    std::unique_ptr<Target> holds = target->make_target(write);
    converters::ConvertOptions options;
    options.evaluate = evaluate;
    options.precision = request.exact ? converters::Precision::exact : converters::Precision::target;
    options.input_type = request.input_type;
    options.inputs = layout_of(request.inputs);
    options.outputs = request.outputs;
    options.zip_map = request.zip_map;
    options.on_phase = [&](std::string_view phase, const Model& model) {
      if (request.on_phase) request.on_phase(phase, model);
      if (request.check_phases && phase != "read") check_phase(phase, original, model, request);
    };
    options.trace = request.trace;
    FileWriter file(request.output, {.overwrite = request.overwrite});
    Conversion result;
    {
      const Model converted = converters::convert(*original, *holds, options, out);
      if (request.verification && target->read_embedded != nullptr) {
        write.verification = verification_rows(original, request);
      }
      target->write(converted, write, [&](std::string_view piece) {
        result.bytes += piece.size();
        file.write(std::as_bytes(std::span(piece)));
      }, out);
    }
    if (request.self_check && target->read != nullptr) {
      try {
        result.check = self_check(original, file.contents(), *target, request, out);
      } catch (Failure& f) {
        if (f.diagnostic.code == "run-foreign") {
          f.diagnostic.notes.push_back("--no-self-check converts without evaluating the model");
        }
        throw;
      }
      result.checked = true;
    }
    bool refused = request.refuse_losses && out.count(Severity::loss) > 0;
    if (refused || out.count(Severity::error) > 0) {
      result.bytes = 0;
      return result;
    }
    file.commit();
    return result;
  });
}

Result<std::string> check_file(const std::string& path, const LoadOptions& options,
                               Diagnostics& out) {
  return guarded([&] {
    Bytes bytes = map_file(path, options.memory_limit);
    const Format& format = input_format(bytes, path, options.format);
    if (format.check == nullptr) {
      Location place;
      place.file = path;
      fail(place, "format-unknown", "panmodel does not read {}", format.title);
    }
    size_t known = out.list().size();
    format.check(bytes, read_options(path, options), out);
    name_file(out, known, path);
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
    options.evaluate = evaluate;
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
