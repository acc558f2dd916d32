#pragma once
// Diagnostics: what is said to the user, where, and under which stable code.
#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/location.h"

namespace panmodel {

// What kind of problem a code names; it decides the exit code of the command line.
enum class CodeKind { ok, differ, usage, input, unsupported, io, limit, internal };

// Exit code of the command line for a problem of this kind (docs/errors.md).
int exit_code(CodeKind kind);

struct CodeInfo {
  std::string_view name;
  CodeKind kind;
  std::string_view doc;
};

inline constexpr CodeInfo kCodes[] = {
#define PANMODEL_CODE(name, kind, doc) {name, CodeKind::kind, doc},
#include "base/codes.def"
#undef PANMODEL_CODE
};

// A code known at compile time: `Code("file-open")`; an unknown name does not compile.
class Code {
 public:
  consteval Code(const char* name) : info_(find(name)) {}  // NOLINT: literals are codes
  std::string_view name() const { return info_->name; }
  CodeKind kind() const { return info_->kind; }

 private:
  static consteval const CodeInfo* find(std::string_view name) {
    for (const CodeInfo& info : kCodes) {
      if (info.name == name) return &info;
    }
    throw "unknown diagnostic code: add it to base/codes/*.def";
  }
  const CodeInfo* info_;
};

enum class Severity { note, loss, warning, error };
std::string_view to_string(Severity severity);

struct Diagnostic {
  Severity severity = Severity::error;
  std::string_view code;  // a name of kCodes: static storage
  CodeKind kind = CodeKind::input;
  std::string message;  // one sentence: what was found, what was expected
  Location location;
  std::vector<std::string> notes;  // what to do
};

// "model.pkl: steps[1] (pickle byte 0x1f): error: message [code]" and a "help: " line per note.
std::string to_string(const Diagnostic& d);

// Collects diagnostics in order. Passed by reference; never throws.
class Diagnostics {
 public:
  void add(Diagnostic d) { list_.push_back(std::move(d)); }
  template <class... A>
  Diagnostic& report(Severity severity, const Location& loc, Code code, fmt::format_string<A...> f,
                     A&&... args) {
    list_.push_back({severity, code.name(), code.kind(),
                     fmt::format(f, std::forward<A>(args)...), loc, {}});
    return list_.back();
  }
  const std::vector<Diagnostic>& list() const { return list_; }
  std::vector<Diagnostic>& list() { return list_; }
  size_t count(Severity severity) const;

 private:
  std::vector<Diagnostic> list_;
};

// Thrown inside the library where code cannot continue; caught by the public functions of api/ and
// turned into Result<T>. Never crosses the public interface.
class Failure : public std::exception {
 public:
  explicit Failure(Diagnostic d) : diagnostic(std::move(d)) {}
  const char* what() const noexcept override { return diagnostic.message.c_str(); }
  Diagnostic diagnostic;
};

// Stops the current job: throws Failure with an error diagnostic.
template <class... A>
[[noreturn]] void fail(const Location& loc, Code code, fmt::format_string<A...> f, A&&... args) {
  throw Failure({Severity::error, code.name(), code.kind(),
                 fmt::format(f, std::forward<A>(args)...), loc, {}});
}
// The same with a help line that says what to do.
[[noreturn]] void fail_help(const Location& loc, Code code, std::string message, std::string help);

}  // namespace panmodel
