#include "api/refused.h"

#include "base/fail.h"

namespace panmodel {

Diagnostic refusal(const runtime::RowError& error, const std::string& data) {
  Diagnostic d{Severity::error, error.code, CodeKind::differ,
               fmt::format("row {} is refused: {} ({})", error.row, error.message, error.where),
               {}, {}};
  if (error.line > 0) d.location = TextLoc{error.line, 0};
  d.location.file = data;
  return d;
}

void say_refused(std::vector<runtime::RowError> errors, const runtime::Frame& frame,
                 const std::string& data, OnError on_error, Diagnostics& out) {
  constexpr size_t kSaid = 10;
  for (size_t i = 0; i < errors.size(); ++i) {
    errors[i].line = frame.lines[errors[i].row];
    Diagnostic said = refusal(errors[i], data);
    if (on_error == OnError::stop) throw Failure(std::move(said));
    said.severity = Severity::note;
    if (i < kSaid) {
      out.add(std::move(said));
    } else {
      Location place;
      place.file = data;
      out.report(Severity::note, place, "row-value", "and {} more rows are refused",
                 errors.size() - kSaid);
      return;
    }
  }
}

}  // namespace panmodel
