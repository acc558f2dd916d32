#pragma once
// Evaluates scalar expressions (ir/expr/expr.h) row by row. Semantics are those measured on the
// reference engine of PMML (docs/functions.md); a row that an expression refuses is a value of its
// own, so that no exception is thrown per row.
#include <memory>
#include <span>
#include <string>

#include "ir/expr/expr.h"

namespace panmodel::runtime {

// A scalar of a row: missing, a value, or the refusal of the row. `invalid` is what a function has
// for a result that does not exist, before the treatment that its call asks for.
struct Datum {
  enum class State : uint8_t { missing, value, refused, invalid };
  State state = State::missing;
  expr::Scalar type = expr::Scalar::f64;
  double real = 0;    // f64, f32
  int64_t whole = 0;  // i64, boolean (0 or 1), date, time, date_time
  std::string text;   // string; why the row is refused

  bool missing() const { return state == State::missing; }
  bool refused() const { return state == State::refused; }
  bool is_number() const { return type <= expr::Scalar::i64; }
  // The value of a number or a boolean as a double.
  double number() const { return type <= expr::Scalar::f32 ? real : static_cast<double>(whole); }

  static Datum of(double v) { return {State::value, expr::Scalar::f64, v, 0, {}}; }
  static Datum of_float(double v);  // rounded to a float
  static Datum of(int64_t v, expr::Scalar type = expr::Scalar::i64) { return {State::value, type, 0, v, {}}; }
  static Datum of(bool v) { return {State::value, expr::Scalar::boolean, 0, v ? 1 : 0, {}}; }
  static Datum of(std::string v) { return {State::value, expr::Scalar::string, 0, 0, std::move(v)}; }
  static Datum of(const expr::Constant& c);
  static Datum none(expr::Scalar type) { return {State::missing, type, 0, 0, {}}; }
  static Datum refuse(std::string why) { return {State::refused, expr::Scalar::f64, 0, 0, std::move(why)}; }
};

// A value as another type, as an assignment to a typed field converts it; a missing one stays
// missing. Refused where there is no such value ("abc" as a number, 1.5 as an integer).
Datum convert(Datum value, expr::Scalar type);
// The value as text: shortest digits of a real ("1.0E10" from 1e7 on and below 1e-3), ISO dates.
std::string to_text(const Datum& value);
// -1, 0, 1; numbers by value, a text read as the type of the other. nullopt when the two cannot be
// compared (a text that is no such value). A NaN is above all numbers and equals itself.
std::optional<int> compare(const Datum& a, const Datum& b);

// An expression made ready: patterns compiled, tables indexed. Many threads may run it at once.
class Program {
 public:
  // Precondition: expr::validate(). Fails "expr-pattern" for a pattern that cannot be compiled.
  explicit Program(const expr::Expr& e);
  ~Program();
  // `inputs` are the row's cells.
  Datum run(std::span<const Datum> inputs) const;

 private:
  struct Node;
  static Node compile(const expr::Expr& e);
  static Datum run(const Node& node, std::span<const Datum> inputs);
  std::unique_ptr<const Node> root_;
};

}  // namespace panmodel::runtime
