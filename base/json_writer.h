#pragma once
// JSON as a stream of events, and its text: objects and arrays that are short stand on one line, longer
// ones have a member a line, and numbers that follow each other fill lines.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace panmodel {

// Receives a document. An object may be said to have one
// member, and an array to hold scalars only: they may share lines. Precondition: the events are those of one value, every member of an object
// begins with its key, and texts are UTF-8.
class JsonSink {
 public:
  virtual ~JsonSink() = default;
  virtual void begin_object(bool sole = false) = 0;
  virtual void end_object() = 0;
  virtual void begin_array(bool scalars = false) = 0;
  virtual void end_array() = 0;
  virtual void key(std::string_view name) = 0;
  virtual void text(std::string_view value) = 0;
  virtual void integer(int64_t value) = 0;
  virtual void real(double value) = 0;  // finite; with all its digits, and a point or an exponent
  virtual void boolean(bool value) = 0;
  virtual void null() = 0;
};

class JsonWriter : public JsonSink {
 public:
  void begin_object(bool sole = false) override { open('{', sole); }
  void end_object() override { close('}'); }
  void begin_array(bool = false) override { open('[', false); }
  void end_array() override { close(']'); }
  void key(std::string_view name) override;
  void text(std::string_view value) override;
  void integer(int64_t value) override;
  void real(double value) override;
  void boolean(bool value) override { scalar(value ? "true" : "false"); }
  void null() override { scalar("null"); }
  // What was written, with a line feed at its end; the writer is empty then.
  std::string take();

 private:
  // An object or array that has not ended.
  struct Open {
    bool object, sole;
    bool broken = false;
    bool hugged = false;      // broken, but its only member, which is broken too, stands on its line
    bool short_last = false;  // its last member is a scalar that may share a line
    size_t members = 0;
    size_t indent = 0;        // of its members, in spaces, once broken
    std::vector<size_t> breaks;  // offsets of its members while it is on one line
  };
  void open(char bracket, bool sole);
  void close(char bracket);
  void scalar(std::string_view printed);
  void begin_member();
  void join_line();
  void new_line(size_t indent);
  void keep_short();

  std::string out_;
  size_t line_ = 0;         // offset of the current line
  size_t member_ = 0;       // offset of the last member's text, where it begins a line of its own
  size_t line_before_ = 0;  // offset of the line before that
  std::vector<Open> open_;
  size_t broken_ = 0;       // containers that are broken: the outer ones
  bool after_key_ = false;
};

// Text between quotes, escaped.
void append_json_quoted(std::string_view text, std::string& out);

}  // namespace panmodel
