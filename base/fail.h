#pragma once
// Raising diagnostics: messages built from templates of text. Apart from base/diagnostic.h, because
// the public headers lead there and need no fmt.
#include <fmt/format.h>

#include <type_traits>
#include <utility>

#include "base/diagnostic.h"

namespace panmodel {

template <class... A>
struct MessageFormat {
  template <class Text>
  consteval MessageFormat(const Text& text) : format(text) {}  // NOLINT: a literal is a format
  MessageFormat(fmt::format_string<A...> checked) : format(checked) {}  // NOLINT
  fmt::format_string<A...> format;
};

template <class... A>
Diagnostic& Diagnostics::report(Severity severity, const Location& loc, Code code,
                                std::type_identity_t<MessageFormat<A...>> f, A&&... args) {
  list_.push_back({severity, code.name(), code.kind(),
                   fmt::format(f.format, std::forward<A>(args)...), loc, {}});
  return list_.back();
}

// Stops the current job: throws Failure with an error diagnostic.
template <class... A>
[[noreturn]] void fail(const Location& loc, Code code, fmt::format_string<A...> f, A&&... args) {
  throw Failure({Severity::error, code.name(), code.kind(),
                 fmt::format(f, std::forward<A>(args)...), loc, {}});
}
// The same with a help line that says what to do.
[[noreturn]] void fail_help(const Location& loc, Code code, std::string message, std::string help);

}  // namespace panmodel
