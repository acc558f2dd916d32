#include <csv.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "runtime/frame.h"

namespace panmodel::runtime {
namespace {

constexpr size_t kMaxField = size_t{1} << 28;
constexpr size_t kChunk = size_t{1} << 16;

Location line_of(const std::string& file, uint32_t line) {
  Location loc = TextLoc{line, 0};
  loc.file = file;
  return loc;
}

// libcsv calls back from C: a failure is kept and thrown once the parser has returned.
class Parser {
 public:
  Parser(const CsvOptions& options, size_t batch, const std::function<void(Frame)>& sink)
      : options_(options), batch_(batch), sink_(sink) {
    unsigned char flags = CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL | CSV_APPEND_NULL |
                          CSV_REPALL_NL;
    if (csv_init(&parser_, flags) != 0) throw std::bad_alloc();
    csv_set_space_func(&parser_, [](unsigned char) { return 0; });
    frame_.file = options.file;
  }
  ~Parser() { csv_free(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  void run(const std::function<std::string_view()>& next) {
    std::string start;  // until it is clear whether a byte order mark comes first
    bool started = false;
    for (std::string_view piece = next(); !piece.empty(); piece = next()) {
      if (started) {
        feed(piece);
        continue;
      }
      start += piece;
      if (start.size() < 3) continue;
      started = true;
      feed(std::string_view(start).substr(start.starts_with("\xef\xbb\xbf") ? 3 : 0));
    }
    if (!started) feed(start);
    if (csv_fini(&parser_, on_field, on_row, this) != 0) {
      fail(line_of(options_.file, line_), "data-csv", "a quoted field is not closed");
    }
    if (failure_) throw Failure(*failure_);
    if (!header_done_) fail(line_of(options_.file, 1), "data-csv", "no header line");
    // A header alone is a table without rows.
    if (frame_.rows() > 0 || !delivered_) sink_(std::move(frame_));
  }

 private:
  void feed(std::string_view text) {
    while (!text.empty()) {
      std::string_view chunk = text.substr(0, kChunk);
      text.remove_prefix(chunk.size());
      size_t used = csv_parse(&parser_, chunk.data(), chunk.size(), on_field, on_row, this);
      if (failure_) throw Failure(*failure_);
      if (used != chunk.size()) {
        fail(line_of(options_.file, line_), "data-csv", "{}", csv_strerror(csv_error(&parser_)));
      }
      if (chunk.find('\0') != std::string_view::npos) {
        fail(line_of(options_.file, line_), "data-csv", "a NUL byte in the text");
      }
    }
  }

  static void on_field(void* data, size_t size, void* self) {
    auto& p = *static_cast<Parser*>(self);
    if (p.failure_) return;
    if (size > kMaxField) return p.refuse("a field is longer than 256 MiB");
    std::optional<std::string> cell;
    if (data != nullptr) {
      cell.emplace(static_cast<const char*>(data), size);
      p.line_ += static_cast<uint32_t>(std::count(cell->begin(), cell->end(), '\n'));
      const auto& missing = p.options_.missing;
      if (p.header_done_ && std::find(missing.begin(), missing.end(), *cell) != missing.end()) {
        cell.reset();
      }
    }
    p.row_.push_back(std::move(cell));
  }
  // `end` is the character that ends the line, -1 at the end of the text. The line feed of CR LF
  // comes as an empty line of its own.
  static void on_row(int end, void* self) {
    auto& p = *static_cast<Parser*>(self);
    if (p.failure_) return;
    bool second_half = p.row_.empty() && end == '\n' && p.last_end_ == '\r';
    p.last_end_ = end;
    if (second_half) return;
    // An empty line says nothing, but in a table of one column it is a row with a missing cell.
    if (p.row_.empty() && p.header_done_ && p.frame_.names.size() == 1) p.row_.emplace_back();
    if (!p.row_.empty()) p.end_row();
    ++p.line_;
  }

  void refuse(std::string message) {
    failure_ = Diagnostic{Severity::error, Code("data-csv").name(), CodeKind::input,
                          std::move(message), line_of(options_.file, line_), {}};
  }

  void end_row() {
    if (!header_done_) {
      std::set<std::string> seen;
      for (auto& cell : row_) {
        frame_.names.push_back(cell ? *cell : "");
        if (!seen.insert(frame_.names.back()).second) {
          return refuse(fmt::format("the header names column {} twice", quote(frame_.names.back())));
        }
      }
      header_done_ = true;
    } else {
      if (row_.size() != frame_.names.size()) {
        return refuse(fmt::format("{} fields, the header has {}", row_.size(), frame_.names.size()));
      }
      for (auto& cell : row_) frame_.cells.push_back(std::move(cell));
      frame_.lines.push_back(line_);
      if (frame_.rows() >= batch_) {
        Frame next;
        next.names = frame_.names;
        next.file = frame_.file;
        delivered_ = true;
        try {
          sink_(std::move(frame_));
        } catch (const Failure& f) {
          failure_ = f.diagnostic;
        }
        frame_ = std::move(next);
      }
    }
    row_.clear();
  }

  const CsvOptions& options_;
  size_t batch_;
  const std::function<void(Frame)>& sink_;
  csv_parser parser_{};
  Frame frame_;
  std::vector<std::optional<std::string>> row_;
  std::optional<Diagnostic> failure_;
  bool header_done_ = false, delivered_ = false;
  int last_end_ = -1;
  uint32_t line_ = 1;
};

}  // namespace

void read_csv(const std::function<std::string_view()>& next, const CsvOptions& options, size_t batch,
              const std::function<void(Frame)>& sink) {
  Parser(options, batch, sink).run(next);
}

void read_csv(const Bytes& bytes, const CsvOptions& options, size_t batch,
              const std::function<void(Frame)>& sink) {
  std::string_view text = bytes.text();
  read_csv([&text] { return std::exchange(text, std::string_view()); }, options, batch, sink);
}

std::string csv_field(std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    return std::string(text);
  }
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace panmodel::runtime
