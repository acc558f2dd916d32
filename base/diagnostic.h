#pragma once
// Diagnostics: what is said to the user, where, and under which stable code.
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
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

// Every code, in the order of base/codes.def. The table is not in this header, so that a new code
// does not rebuild everything; tests/lint finds names that are not in it.
std::span<const CodeInfo> codes();

// The name of a code: `Code("file-open")`. Literals only, so that the name has static storage.
class Code {
 public:
  consteval Code(const char* name) : name_(name) {}  // NOLINT: literals are codes
  std::string_view name() const { return name_; }
  CodeKind kind() const;  // internal for a name that is not in the table

 private:
  const char* name_;
};

enum class Severity { note, loss, warning, error };
std::string_view to_string(Severity severity);

struct Diagnostic {
  Severity severity = Severity::error;
  std::string_view code;  // a name of codes(): static storage
  CodeKind kind = CodeKind::input;
  std::string message;  // one sentence: what was found, what was expected
  Location location;
  std::vector<std::string> notes;  // what to do
};

// "model.pkl: steps[1] (pickle byte 0x1f): error: message [code]" and a "help: " line per note.
std::string to_string(const Diagnostic& d);

// A literal with places for values of these types; in base/fail.h with all that raises diagnostics.
template <class... A>
struct MessageFormat;

// Collects diagnostics in order. Passed by reference; never throws.
class Diagnostics {
 public:
  void add(Diagnostic d) { list_.push_back(std::move(d)); }
  template <class... A>
  Diagnostic& report(Severity severity, const Location& loc, Code code,
                     std::type_identity_t<MessageFormat<A...>> f, A&&... args);
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

}  // namespace panmodel
