#pragma once
// What the kernel of a scalar function sees: its arguments, and what was prepared for the call.
// A function is one row of ir/expr/functions.def and one kernel here, `Datum name(Call&)`; without
// the kernel the link fails.
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/fail.h"
#include "runtime/expr_eval.h"

namespace panmodel::runtime {

class Call {
 public:
  Call(const expr::FunctionInfo& info, std::span<Datum> arguments, const void* prepared)
      : info_(info), arguments_(arguments), prepared_(prepared) {}

  size_t size() const { return arguments_.size(); }
  Datum& operator[](size_t i) { return arguments_[i]; }
  std::span<Datum> all() { return arguments_; }
  double real(size_t i) const { return arguments_[i].number(); }
  const std::string& text(size_t i) const { return arguments_[i].text; }
  // What prepare_call() returned.
  template <class T>
  const T& prepared() const {
    return *static_cast<const T*>(prepared_);
  }
  bool is_prepared() const { return prepared_ != nullptr; }

  // The widest type of the arguments that are not missing; booleans count as i64.
  expr::Scalar common() const;
  // Results. What is no number, or no 32-bit integer, is invalid.
  Datum result(double v) const;   // f64
  Datum numeric(double v) const;  // of the arguments' common type; an integer is truncated
  Datum mean(double v) const;     // f32 when that is the common type, else f64
  Datum whole(double v) const;    // i64, truncated
  Datum integer(int64_t v) const;
  // There is no result; the call's InvalidTreatment says what it becomes.
  Datum invalid(double v = 0) const { return {Datum::State::invalid, expr::Scalar::f64, v, 0, {}}; }
  template <class... A>
  Datum refuse(fmt::format_string<A...> f, A&&... args) const {
    return Datum::refuse(fmt::format("{}: {}", info_.name, fmt::format(f, std::forward<A>(args)...)));
  }

 private:
  const expr::FunctionInfo& info_;
  std::span<Datum> arguments_;
  const void* prepared_;
};

namespace scalar {
#define PANMODEL_FUNCTION(name, ...) Datum name(Call& c);
#include "ir/expr/functions.def"
#undef PANMODEL_FUNCTION
}  // namespace scalar

// Work done once per call of an expression: a constant pattern compiled, a table indexed. Null when
// there is none. Fails "expr-pattern".
std::shared_ptr<const void> prepare_text(const expr::Expr& e);
std::shared_ptr<const void> prepare_table(const expr::Expr& e);
std::shared_ptr<const void> prepare_text_index(const expr::Expr& e);

}  // namespace panmodel::runtime
