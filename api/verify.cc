// The rows that a file carries to verify itself.
#include <algorithm>
#include <cmath>

#include "api/input.h"
#include "api/panmodel.h"
#include "api/refused.h"
#include "base/fail.h"
#include "base/number.h"
#include "formats/format.h"
#include "ir/verify.h"
#include "runtime/frame.h"

namespace panmodel {
namespace {

// Equal within the producer's own tolerance: both count as 0, or the relative difference is small.
bool acceptable(const std::string& found, const std::string& wanted, const Embedded::Expected& rule,
                ColumnValidation& result) {
  if (found == wanted) return true;
  auto x = parse_real(found), y = parse_real(wanted);
  if (!x || !y) {
    ++result.label_flips;
    return false;
  }
  if (*x == *y || (std::isnan(*x) && std::isnan(*y))) return true;
  if (std::abs(*x) <= rule.zero && std::abs(*y) <= rule.zero) return true;
  const double relative = std::abs(*x - *y) / std::abs(*y);
  result.max_relative = std::max(result.max_relative, relative);
  result.needed_relative = std::max(result.needed_relative, relative);
  return relative <= rule.precision;
}

runtime::Frame frame_of(const Embedded& embedded) {
  runtime::Frame frame;
  frame.names = embedded.inputs;
  for (size_t r = 0; r < embedded.rows.size(); ++r) {
    const auto& row = embedded.rows[r];
    frame.cells.insert(frame.cells.end(), row.begin(),
                       row.begin() + static_cast<ptrdiff_t>(embedded.inputs.size()));
    frame.lines.push_back(static_cast<uint32_t>(r + 1));
  }
  frame.file = to_string(embedded.place);
  return frame;
}

void verify_rows(const Embedded& embedded, OnError on_error, Validation& result, Diagnostics& out) {
  if (embedded.rows.empty() || embedded.expected.empty()) return;
  runtime::Session session(embedded.model, {});
  const runtime::Frame frame = frame_of(embedded);
  const auto prediction = session.run(runtime::bind(*embedded.model, frame, {}, out));
  say_refused(prediction.errors, frame, frame.file, on_error, out);
  const runtime::PredictionTable table(session.outputs(), prediction);
  result.rows += embedded.rows.size();
  for (size_t r = 0; r < table.rows(); ++r) result.refused += table.refused(r);
  for (size_t e = 0; e < embedded.expected.size(); ++e) {
    const Embedded::Expected& rule = embedded.expected[e];
    const auto at = std::find(table.names().begin(), table.names().end(), rule.name);
    if (at == table.names().end()) {
      fail(embedded.place, "data-column", "the model predicts no '{}'", rule.name);
    }
    const auto column = static_cast<size_t>(at - table.names().begin());
    ColumnValidation& compared = result.columns.emplace_back();
    compared.name = rule.name;
    compared.tolerance = {rule.precision, rule.zero};
    for (size_t r = 0; r < embedded.rows.size(); ++r) {
      const std::string found = table.cell(r, column);
      const std::string wanted =
          runtime::csv_field(embedded.rows[r][embedded.inputs.size() + e].value_or(""));
      ++compared.cells;
      if (acceptable(found, wanted, rule, compared)) continue;
      if (compared.differing++ == 0) compared.first = embedded.place;
      if (compared.examples.size() < 10) {
        compared.examples.push_back(fmt::format(
            "{}: row {}: {} is {}, expected {}", to_string(embedded.place), r, rule.name,
            table.refused(r) ? "refused" : found.empty() ? "missing" : found, wanted.empty() ? "missing" : wanted));
      }
    }
  }
}

}  // namespace

Result<Validation> verify_file(const std::string& path, const LoadOptions& options, Diagnostics& out,
                               OnError on_error) {
  return guarded([&] {
    const Bytes bytes = map_file(path, options.memory_limit);
    const Format& format = input_format(bytes, path, options.format);
    Location place;
    place.file = path;
    std::vector<Embedded> all;
    if (format.read_embedded != nullptr) all = format.read_embedded(bytes, read_options(path, options), out);
    if (all.empty()) {
      fail_help(place, "usage", "the file carries no rows to verify itself with",
                "name rows with --data and their predictions with --expect");
    }
    Validation result;
    for (const Embedded& embedded : all) {
      Diagnostics wrong;
      verify(*embedded.model, {}, wrong);
      if (!wrong.list().empty()) throw Failure(wrong.list().front());
      verify_rows(embedded, on_error, result, out);
    }
    return result;
  });
}

}  // namespace panmodel
