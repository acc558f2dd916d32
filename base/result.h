#pragma once
// Result<T>: a value, or the diagnostic that says why there is none. What public functions return.
#include <cassert>
#include <new>
#include <utility>
#include <variant>

#include "base/diagnostic.h"

namespace panmodel {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}            // NOLINT: a value is a result
  Result(Diagnostic error) : state_(std::move(error)) {}   // NOLINT: an error is a result
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  // Precondition: ok().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  // Precondition: !ok().
  const Diagnostic& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Diagnostic> state_;
};

// Runs `body` and turns Failure, bad_alloc and length_error into the error of a Result.
template <class F>
auto guarded(F&& body) -> Result<decltype(body())> {
  constexpr Code kMemory("limit-memory");
  try {
    return body();
  } catch (Failure& f) {
    return std::move(f.diagnostic);
  } catch (const std::bad_alloc&) {
    return Diagnostic{Severity::error, kMemory.name(), kMemory.kind(), "out of memory", {}, {}};
  } catch (const std::length_error&) {
    return Diagnostic{Severity::error, kMemory.name(), kMemory.kind(), "a size is too large", {}, {}};
  }
}

}  // namespace panmodel
