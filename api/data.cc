// Scoring, comparing and validating on rows of data.
#include <cmath>
#include <map>

#include "api/panmodel.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/frame.h"
#include "runtime/probe.h"

namespace panmodel {
namespace {

constexpr size_t kBatch = 8192;

runtime::Session session_of(std::shared_ptr<const Model> model, const DataOptions& options) {
  return runtime::Session(std::move(model),
                          {.jobs = options.jobs, .outputs = options.outputs});
}

runtime::Frame whole_csv(const std::string& path, const DataOptions& options) {
  runtime::Frame all;
  Bytes bytes = map_file(path);
  runtime::read_csv(bytes, {options.missing, path}, SIZE_MAX,
                    [&](runtime::Frame frame) { all = std::move(frame); });
  return all;
}

}  // namespace

Result<std::vector<runtime::RowError>> predict_csv(
    std::shared_ptr<const Model> model, const std::string& data, const DataOptions& options,
    Diagnostics& out, const std::function<void(std::string_view)>& line) {
  return guarded([&] {
    runtime::Session session = session_of(model, options);
    std::vector<runtime::RowError> refused;
    uint64_t done = 0;
    bool header = false;
    Bytes bytes = map_file(data);
    runtime::read_csv(bytes, {options.missing, data}, kBatch, [&](runtime::Frame frame) {
      Diagnostics once;
      auto inputs = runtime::bind(*model, frame, {options.strict}, header ? once : out);
      runtime::Prediction p = session.run(inputs);
      runtime::PredictionTable table(session.outputs(), p);
      std::string text;
      if (!header) {
        for (const std::string& name : table.names()) {
          text += (text.empty() ? "" : ",") + runtime::csv_field(name);
        }
        line(text);
        header = true;
      }
      for (size_t r = 0; r < table.rows(); ++r) {
        text.clear();
        for (size_t c = 0; c < table.names().size(); ++c) {
          if (c) text += ',';
          text += table.cell(r, c);
        }
        line(text);
      }
      for (runtime::RowError& e : p.errors) {
        e.row += done;
        refused.push_back(std::move(e));
      }
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
      if (more.names.size() == frame.names.size()) {
        for (auto& cell : more.cells) frame.cells.push_back(std::move(cell));
        for (size_t r = 0; r < more.rows(); ++r) {
          frame.lines.push_back(static_cast<uint32_t>(frame.lines.size() + 2));
        }
      }
    } else {
      frame = whole_csv(request.data, request.options);
    }
    auto of_a = left.run(runtime::bind(*a, frame, {request.options.strict}, out));
    auto of_b = right.run(runtime::bind(*b, frame, {request.options.strict}, out));
    return runtime::compare(left, of_a, right, of_b, request.tolerance);
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
    runtime::Frame data = whole_csv(request.data, request.options);
    runtime::Frame expected = whole_csv(request.expected, request.options);
    if (data.rows() != expected.rows()) {
      fail({}, "run-shape", "{} rows of data, {} rows of expected predictions", data.rows(),
           expected.rows());
    }
    auto prediction = session.run(runtime::bind(*model, data, {request.options.strict}, out));
    runtime::PredictionTable table(session.outputs(), prediction);
    std::map<std::string, size_t> places;
    for (size_t c = 0; c < table.names().size(); ++c) places[table.names()[c]] = c;
    Validation result;
    result.rows = data.rows();
    std::vector<std::string_view> names(table.names().begin(), table.names().end());
    for (size_t e = 0; e < expected.names.size(); ++e) {
      const std::string& name = expected.names[e];
      auto place = places.find(name);
      if (place == places.end()) {
        std::string_view near = nearest(name, names);
        Location loc;
        loc.file = request.expected;
        fail_help(loc, "data-column", fmt::format("the model predicts no {}", quote(name)),
                  near.empty() ? "columns are named as 'panmodel predict' names them"
                               : fmt::format("did you mean {}?", quote(near)));
      }
      result.columns.push_back(name);
      for (size_t r = 0; r < data.rows(); ++r) {
        std::string found = table.cell(r, place->second);
        std::string wanted = expected.cell(r, e).value_or("");
        ++result.cells;
        if (found == wanted || found == runtime::csv_field(wanted)) continue;
        auto x = parse_real(found), y = parse_real(wanted);
        bool equal = false;
        if (x && y) {
          double difference = std::abs(*x - *y), scale = std::max(std::abs(*x), std::abs(*y));
          equal = (std::isnan(*x) && std::isnan(*y)) || *x == *y ||
                  difference <= request.absolute + request.relative * scale;
          if (scale > 0 && std::isfinite(difference)) {
            result.max_relative = std::max(result.max_relative, difference / scale);
          }
        }
        if (equal) continue;
        ++result.differing;
        if (name.find(':') == std::string::npos && !(x && y)) ++result.label_flips;
        if (result.examples.size() < 10) {
          result.examples.push_back(fmt::format("{}:{}: {} is {}, expected {}", request.data,
                                                data.lines[r], name,
                                                found.empty() ? "refused" : found, wanted));
        }
      }
    }
    return result;
  });
}

}  // namespace panmodel
