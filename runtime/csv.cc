#include <csv.h>

#include <algorithm>
#include <exception>
#include <new>
#include <set>
#include <utility>

#include "base/fail.h"
#include "base/text.h"
#include "runtime/frame.h"

namespace panmodel::runtime {
namespace {

constexpr size_t kMaxField = size_t{1} << 26;
constexpr size_t kMaxColumns = size_t{1} << 20;
constexpr size_t kChunk = size_t{1} << 16;

Location line_of(const std::string& file, uint32_t line) {
  Location loc = TextLoc{line, 0};
  loc.file = file;
  return loc;
}

// libcsv calls back from C: an exception is kept and thrown once the parser has returned.
class Parser {
 public:
  Parser(const CsvOptions& options, size_t batch, const std::function<void(Frame)>& sink)
      : options_(options), batch_(batch), sink_(sink) {
    unsigned char flags = CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL | CSV_APPEND_NULL |
                          CSV_REPALL_NL;
    if (csv_init(&parser_, flags) != 0) throw std::bad_alloc();
    csv_set_space_func(&parser_, [](unsigned char) { return 0; });
    // Its buffer grows by a chunk at a time, not by 128 bytes.
    csv_set_blk_size(&parser_, kChunk);
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
      refuse("data-csv", "a quoted field is not closed");
    }
    if (pending_) std::rethrow_exception(pending_);
    if (!header_done_) fail(line_of(options_.file, 1), "data-csv", "no header line");
    // A header alone is a table without rows.
    if (frame_.rows() > 0 || !delivered_) sink_(std::move(frame_));
  }

 private:
  template <class... Args>
  [[noreturn]] void refuse(Code code, fmt::format_string<Args...> text, Args&&... args) const {
    fail(line_of(options_.file, line_), code, text, std::forward<Args>(args)...);
  }

  void feed(std::string_view text) {
    while (!text.empty()) {
      std::string_view chunk = text.substr(0, kChunk);
      text.remove_prefix(chunk.size());
      size_t nul = chunk.find('\0');
      parse(chunk.substr(0, nul));
      if (nul != std::string_view::npos) refuse("data-csv", "a NUL byte in the text");
      if (csv_get_buffer_size(&parser_) > kMaxField + 2 * kChunk) refuse_field();
    }
  }

  void parse(std::string_view chunk) {
    size_t used = csv_parse(&parser_, chunk.data(), chunk.size(), on_field, on_row, this);
    if (pending_) std::rethrow_exception(pending_);
    if (used == chunk.size()) return;
    if (csv_error(&parser_) == CSV_ENOMEM) throw std::bad_alloc();
    refuse("data-csv", "a quote within a field, or text behind a closing quote");
  }

  [[noreturn]] void refuse_field() const {
    refuse("limit-memory", "a field is longer than {} MiB", kMaxField >> 20);
  }

  static void on_field(void* data, size_t size, void* self) {
    static_cast<Parser*>(self)->keep(
        [&](Parser& p) { p.end_field(static_cast<const char*>(data), size); });
  }
  static void on_row(int end, void* self) {
    static_cast<Parser*>(self)->keep([&](Parser& p) { p.end_line(end); });
  }
  template <class Job>
  void keep(Job&& job) noexcept {
    if (pending_) return;
    try {
      job(*this);
    } catch (...) {
      pending_ = std::current_exception();
    }
  }

  void end_field(const char* data, size_t size) {
    if (size > kMaxField) refuse_field();
    if (row_.size() == kMaxColumns) refuse("limit-memory", "more than {} fields", kMaxColumns);
    std::optional<std::string> cell;
    if (data != nullptr) {
      cell.emplace(data, size);
      line_ += static_cast<uint32_t>(std::count(cell->begin(), cell->end(), '\n'));
      const auto& missing = options_.missing;
      if (header_done_ && std::find(missing.begin(), missing.end(), *cell) != missing.end()) {
        cell.reset();
      }
    }
    row_.push_back(std::move(cell));
  }

  // `end` is the character that ends the line, -1 at the end of the text. The line feed of CR LF
  // comes as an empty line of its own.
  void end_line(int end) {
    bool second_half = row_.empty() && end == '\n' && last_end_ == '\r';
    last_end_ = end;
    if (second_half) return;
    // An empty line says nothing, but in a table of one column it is a row with a missing cell.
    if (row_.empty() && header_done_ && frame_.names.size() == 1) row_.emplace_back();
    if (!row_.empty()) end_row();
    ++line_;
  }

  void end_row() {
    if (!header_done_) {
      std::set<std::string> seen;
      for (auto& cell : row_) {
        frame_.names.push_back(cell ? *cell : "");
        if (!seen.insert(frame_.names.back()).second) {
          refuse("data-csv", "the header names column {} twice", quote(frame_.names.back()));
        }
      }
      header_done_ = true;
    } else {
      if (row_.size() != frame_.names.size()) {
        refuse("data-csv", "{} fields, the header has {}", row_.size(), frame_.names.size());
      }
      for (auto& cell : row_) frame_.cells.push_back(std::move(cell));
      frame_.lines.push_back(line_);
      if (frame_.rows() >= batch_) {
        Frame next;
        next.names = frame_.names;
        next.file = frame_.file;
        delivered_ = true;
        sink_(std::move(frame_));
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
  std::exception_ptr pending_;
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
