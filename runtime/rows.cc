#include "runtime/rows.h"

#include <algorithm>

namespace panmodel::runtime {
namespace {

DataForm form_of(std::string_view start) {
  if (start.starts_with("\x93NUMPY")) return DataForm::npy;
  if (start.starts_with("PK\x03\x04")) return DataForm::npz;
  size_t first = start.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && start[first] == '{') return DataForm::json_lines;
  return DataForm::csv;
}

// The whole of a stream whose first piece was read already.
Bytes rest_of(std::string start, InputStream& stream) {
  for (std::string_view piece = stream.next(); !piece.empty(); piece = stream.next()) start += piece;
  return Bytes::copy_of(start);
}

Frame take(Frame& frame, size_t rows) {
  Frame part;
  part.names = frame.names;
  part.file = frame.file;
  size_t cells = rows * frame.names.size();
  auto from = frame.cells.begin();
  part.cells.assign(std::make_move_iterator(from),
                    std::make_move_iterator(from + static_cast<std::ptrdiff_t>(cells)));
  frame.cells.erase(from, from + static_cast<std::ptrdiff_t>(cells));
  part.lines.assign(frame.lines.begin(), frame.lines.begin() + static_cast<std::ptrdiff_t>(rows));
  frame.lines.erase(frame.lines.begin(), frame.lines.begin() + static_cast<std::ptrdiff_t>(rows));
  return part;
}

}  // namespace

bool parse_data_form(std::string_view name, DataForm* form) {
  constexpr std::pair<std::string_view, DataForm> kForms[] = {
      {"csv", DataForm::csv}, {"jsonl", DataForm::json_lines}, {"npy", DataForm::npy},
      {"npz", DataForm::npz}};
  for (auto [known, value] : kForms) {
    if (known != name) continue;
    *form = value;
    return true;
  }
  return false;
}

void read_rows(const std::string& path, const RowOptions& options, size_t batch,
               const std::function<void(Frame)>& sink) {
  std::string file = path == "-" ? "<stdin>" : path;
  InputStream stream(path);
  std::string start;
  // Enough to know the form; a pipe may give less at a time.
  while (start.size() < 8) {
    std::string_view piece = stream.next();
    if (piece.empty()) break;
    start += piece;
  }
  bool started = false;
  auto next = [&]() -> std::string_view {
    if (started) return stream.next();
    started = true;
    return start.empty() ? stream.next() : std::string_view(start);
  };
  DataForm form = options.form == DataForm::automatic ? form_of(start) : options.form;
  if (form == DataForm::csv) return read_csv(next, {options.missing, file}, batch, sink);
  if (form == DataForm::json_lines) return read_json_lines(next, options, file, batch, sink);
  Bytes bytes = rest_of(std::move(start), stream);
  Frame frame = form == DataForm::npy ? read_npy(bytes, file) : read_npz(bytes, file);
  while (frame.rows() > batch) sink(take(frame, batch));
  if (frame.rows() > 0) sink(std::move(frame));
}

}  // namespace panmodel::runtime
