#include "base/json_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/fail.h"
#include "base/number.h"

namespace panmodel {
namespace {

constexpr size_t kWidth = 96;       // of a line, where its tokens allow: some characters may follow
constexpr size_t kMostIndent = 24;  // deep lines would be mostly spaces
constexpr size_t kShort = 32;       // of a member of an object that shares its line with others

}  // namespace

void append_json_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void JsonWriter::new_line(size_t indent) {
  if (!out_.empty() && out_.back() == ' ') out_.pop_back();
  out_ += '\n';
  line_before_ = line_;
  line_ = out_.size();
  out_.append(std::min(indent, kMostIndent), ' ');
  member_ = out_.size();
}

// Breaks outer containers while the line is too long and one of its containers is on one line.
void JsonWriter::keep_short() {
  while (out_.size() - line_ > kWidth && broken_ < open_.size()) {
    const size_t at = broken_++;
    Open& c = open_[at];
    c.broken = true;
    const size_t outside = at == 0 ? 0 : open_[at - 1].indent;
    const bool child = at + 1 < open_.size();
    c.hugged = c.object && c.sole && child;
    c.indent = c.hugged ? outside : outside + 2;
    if (c.hugged) continue;
    // An array of scalars goes on as it stands, below its bracket.
    if (!c.object && !child) c.breaks.resize(1);
    const std::string pad = "\n" + std::string(std::min(c.indent, kMostIndent), ' ');
    for (size_t i = c.breaks.size(); i-- > 0;) {
      const size_t from = c.breaks[i];
      const size_t space = out_[from - 1] == ' ' ? 1 : 0;
      out_.replace(from - space, space, pad);
      for (size_t inner = at + 1; inner < open_.size(); ++inner) {
        for (size_t& b : open_[inner].breaks) b += pad.size() - space;
      }
    }
    line_ = out_.rfind('\n') + 1;
    c.short_last = false;
    c.breaks.clear();
  }
}

void JsonWriter::begin_member() {
  if (open_.empty()) return;
  Open& c = open_.back();
  if (c.members++ > 0) out_ += ", ";
  if (c.broken) {
    new_line(c.indent);
  } else {
    c.breaks.push_back(out_.size());
  }
}

// Puts the last member, a short scalar, behind the one before when that is one too.
void JsonWriter::join_line() {
  if (open_.empty()) return;
  Open& c = open_.back();
  if (!c.broken) return;
  const size_t size = out_.size() - member_;
  const bool is_short = !c.object || size <= kShort;
  const size_t before = line_ - 1;  // of the line feed
  if (is_short && c.short_last && before - line_before_ + 1 + size <= kWidth) {
    out_.replace(before, member_ - before, " ");
    line_ = line_before_;
    member_ = before + 1;
  }
  c.short_last = is_short;
}

void JsonWriter::open(char bracket, bool sole) {
  if (!after_key_) begin_member();
  after_key_ = false;
  if (!open_.empty()) open_.back().short_last = false;
  out_ += bracket;
  open_.push_back({bracket == '{', sole});
  keep_short();
}

void JsonWriter::close(char bracket) {
  keep_short();
  const Open c = std::move(open_.back());
  open_.pop_back();
  if (c.broken) {
    --broken_;
    if (!c.hugged && c.members > 0) new_line(c.indent - 2);
  }
  out_ += bracket;
}

void JsonWriter::scalar(std::string_view printed) {
  if (!after_key_) begin_member();
  after_key_ = false;
  out_ += printed;
  keep_short();
  join_line();
}

void JsonWriter::key(std::string_view name) {
  begin_member();
  append_json_quoted(name, out_);
  out_ += ": ";
  after_key_ = true;
}

void JsonWriter::text(std::string_view value) {
  std::string quoted;
  append_json_quoted(value, quoted);
  scalar(quoted);
}
void JsonWriter::integer(int64_t value) { scalar(fmt::format_int(value).c_str()); }
void JsonWriter::real(double value) { scalar(print_real(value)); }

std::string JsonWriter::take() {
  out_ += '\n';
  std::string text = std::move(out_);
  *this = JsonWriter();
  return text;
}

}  // namespace panmodel
