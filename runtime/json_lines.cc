#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <map>

#include "base/fail.h"
#include "base/text.h"
#include "runtime/rows.h"

namespace panmodel::runtime {
namespace {

constexpr size_t kMaxLine = size_t{1} << 28;

// Receives the parts of one line; numbers arrive as they are written, so no digit is lost.
struct LineHandler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, LineHandler> {
  std::vector<std::pair<std::string, std::optional<std::string>>> cells;
  std::string problem;  // why the line is no row
  std::string key;
  size_t list_at = 0;
  int depth = 0;
  bool list_row = false, in_list = false;

  bool refuse(std::string why) {
    problem = std::move(why);
    return false;
  }
  bool add(std::optional<std::string> cell) {
    if (depth == 0) return refuse("a single value, expected an object or a list");
    if (in_list) {
      std::string place = std::to_string(list_at++);
      cells.emplace_back(list_row ? place : key + ":" + place, std::move(cell));
    } else {
      cells.emplace_back(key, std::move(cell));
    }
    return true;
  }
  bool Null() { return add(std::nullopt); }
  bool Bool(bool b) { return add(b ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return add(std::string(text, size));
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return add(std::string(text, size));
  }
  bool StartObject() {
    if (depth++ > 0) return refuse("an object inside the row, expected scalars or lists of them");
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    key.assign(text, size);
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    --depth;
    return true;
  }
  bool StartArray() {
    if (in_list) return refuse("a list inside a list, expected scalars");
    list_row = depth == 0;
    in_list = true;
    list_at = 0;
    ++depth;
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    in_list = false;
    --depth;
    return true;
  }
};

class Parser {
 public:
  Parser(const RowOptions& options, const std::string& file, size_t batch,
         const std::function<void(Frame)>& sink)
      : options_(options), batch_(batch), sink_(sink) {
    frame_.file = file;
  }

  void run(const std::function<std::string_view()>& next) {
    std::string line;
    for (std::string_view piece = next(); !piece.empty(); piece = next()) {
      while (!piece.empty()) {
        size_t end = piece.find('\n');
        line += piece.substr(0, end);
        if (line.size() > kMaxLine) refuse("a line is longer than 256 MiB");
        if (end == std::string_view::npos) break;
        piece.remove_prefix(end + 1);
        add_line(line);
        line.clear();
      }
    }
    add_line(line);
    if (names_.empty()) refuse("no row");
    if (frame_.rows() > 0) sink_(std::move(frame_));
  }

 private:
  [[noreturn]] void refuse(const std::string& message) {
    Location loc = TextLoc{line_, 0};
    loc.file = frame_.file;
    fail(loc, "data-json", "{}", message);
  }

  void add_line(const std::string& line) {
    ++line_;
    if (line.find_first_not_of(" \t\r") == std::string::npos) return;
    LineHandler handler;
    rapidjson::MemoryStream text(line.data(), line.size());
    rapidjson::Reader reader;
    constexpr unsigned kFlags = rapidjson::kParseNumbersAsStringsFlag |
                                rapidjson::kParseNanAndInfFlag | rapidjson::kParseIterativeFlag |
                                rapidjson::kParseValidateEncodingFlag;
    auto result = reader.Parse<kFlags>(text, handler);
    if (!handler.problem.empty()) refuse(handler.problem);
    if (!result) {
      refuse(fmt::format("{} at column {}", rapidjson::GetParseError_En(result.Code()),
                         result.Offset() + 1));
    }
    add_row(handler.cells);
  }

  void add_row(std::vector<std::pair<std::string, std::optional<std::string>>>& cells) {
    if (names_.empty()) {
      for (const auto& [name, cell] : cells) {
        if (!names_.emplace(name, names_.size()).second) refuse("key " + quote(name) + " twice");
        frame_.names.push_back(name);
      }
      if (names_.empty()) refuse("a row without values");
    }
    std::vector<std::optional<std::string>> row(names_.size());
    std::vector<uint8_t> seen(names_.size(), 0);
    for (auto& [name, cell] : cells) {
      auto at = names_.find(name);
      if (at == names_.end()) {
        refuse(fmt::format("column {} is not in the first row, which must have every column "
                           "(null where it is missing)", quote(name)));
      }
      if (seen[at->second]++) refuse("key " + quote(name) + " twice");
      const auto& tokens = options_.missing;
      bool missing = cell && std::find(tokens.begin(), tokens.end(), *cell) != tokens.end();
      if (!missing) row[at->second] = std::move(cell);
    }
    for (auto& cell : row) frame_.cells.push_back(std::move(cell));
    frame_.lines.push_back(line_);
    if (frame_.rows() < batch_) return;
    Frame rest;
    rest.names = frame_.names;
    rest.file = frame_.file;
    std::swap(rest, frame_);
    sink_(std::move(rest));
  }

  const RowOptions& options_;
  size_t batch_;
  const std::function<void(Frame)>& sink_;
  Frame frame_;
  std::map<std::string, size_t> names_;
  uint32_t line_ = 0;
};

}  // namespace

void read_json_lines(const std::function<std::string_view()>& next, const RowOptions& options,
                     const std::string& file, size_t batch,
                     const std::function<void(Frame)>& sink) {
  Parser(options, file, batch, sink).run(next);
}

std::string json_string(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  std::string valid;
  if (!is_utf8(text)) {
    for (char c : text) valid += (static_cast<unsigned char>(c) < 0x80) ? std::string(1, c) : "\xef\xbf\xbd";
    text = valid;
  }
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return buffer.GetString();
}

}  // namespace panmodel::runtime
