#pragma once
// Rows of data as files hold them: CSV, JSON lines, .npy and .npz, streamed as frames.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/frame.h"

namespace panmodel::runtime {

// `automatic` looks at the content: '{' begins JSON lines, numpy's and zip's signatures say what
// they are, all else is CSV.
enum class DataForm { automatic, csv, json_lines, npy, npz };
// "csv", "jsonl", "npy", "npz"; false for another name.
bool parse_data_form(std::string_view name, DataForm* form);

struct RowOptions {
  std::vector<std::string> missing = {};  // tokens of text that mean missing
  DataForm form = DataForm::automatic;
};

// Calls `sink` with frames of at most `batch` rows. "-" is standard input. CSV and JSON lines are
// read in pieces, so memory does not grow with the file. Fails file-*, data-csv, data-json or
// data-npy with the line where there is one.
void read_rows(const std::string& path, const RowOptions& options, size_t batch,
               const std::function<void(Frame)>& sink);

// JSON lines: one object per line, whose keys are columns (null = missing; a list of scalars under
// key k stands for columns "k:0", "k:1" ...), or one list per line with columns by position. The
// first line has every column; a later line may leave some out, which are then missing. `next`
// gives pieces of the text and an empty one at the end.
void read_json_lines(const std::function<std::string_view()>& next, const RowOptions& options,
                     const std::string& file, size_t batch, const std::function<void(Frame)>& sink);

// Arrays as numpy saves them (format 1 to 3): [N] or [N,F] of numbers, booleans or text. The columns
// of a .npy file have no names; array `a` of a .npz file is column "a", or "a:0", "a:1" ...
Frame read_npy(const Bytes& bytes, const std::string& file);
Frame read_npz(const Bytes& bytes, const std::string& file);

}  // namespace panmodel::runtime
