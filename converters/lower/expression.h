#pragma once
// Expressions of a row as tensor operators over all rows. Numbers, dates among them, are f64 with NaN
// for a missing value; booleans and texts have a second tensor that says where they are missing.
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "converters/lower/cells.h"
#include "ir/ops/expr.h"

namespace panmodel::converters {

// A subexpression. Where a boolean or text is missing its value is false or any text.
struct Cell {
  expr::Scalar type = expr::Scalar::f64;
  bool nothing = false;  // missing in every row, of no type
  bool varies = false;   // a number whose type depends on the row; `type` is the widest
  ValueId value;
  ValueId missing;  // boolean; invalid = in no row. Numbers: not used, NaN says it
  bool may_be_missing = false;
  const expr::Constant* constant = nullptr;
};

inline bool is_number(const Cell& c) { return c.type <= expr::Scalar::i64; }
inline bool is_date(const Cell& c) { return c.type >= expr::Scalar::date; }

// The constant as another type; absent where a row with it would be refused, or where it is not known
// how it is printed.
std::optional<expr::Constant> converted(const expr::Constant& c, expr::Scalar type);

class Expressions {
 public:
  Expressions(PatternContext& context, const expr::Map& op) : context_(context), b_(context.builder), op_(op) {}
  // Sets `result` to a tensor [N,1]; returns which functions have no form, or an empty string.
  std::string run(ValueId& result);

 private:
  using Expr = expr::Expr;
  using Function = expr::Function;
  using BinaryFn = tensor::BinaryFn;
  using UnaryFn = tensor::UnaryFn;
  using Cells = std::vector<Cell>;

  // expression.cc: leaves, missing values, types. `As` is the type that the result is converted to;
  // constants and the values of tables are converted now.
  using As = std::optional<expr::Scalar>;
  Cell lower(const Expr& e, As as = {});
  Cell leaf(uint32_t input);
  Cell of_constant(const expr::Constant& c, As as = {});
  Cell call(const Expr& e, As as);
  Cell choose(const Expr& e, As as);  // if_else
  Cell first_known(const Expr& e, As as);
  Cell apply(const Expr& e, Cells& arguments, As as);
  Cell select(ValueId condition, Cell yes, Cell no);
  Cell filled(Cell cell, const expr::Constant& stand_in, As as);
  Cell converted(Cell cell, expr::Scalar type);
  Cell text_of(const Cell& cell);
  ValueId column(ValueId value);    // [N,1] also for a constant
  ValueId missing_of(const Cell& cell);  // boolean
  ValueId any_missing(const Cells& cells);  // invalid = in no row
  Cell nothing();
  Cell number(expr::Scalar type, ValueId value, bool may_be_missing);
  Cell truth(ValueId value, ValueId missing);
  Cell text(ValueId value, ValueId missing);
  ValueId real(const Cell& cell);   // numbers and booleans; texts that are numbers
  ValueId real(double v);
  ValueId bit(bool v) { return b_.constant(Tensor::of_bools({1}, {v ? uint8_t{1} : uint8_t{0}})); }
  // value where `condition`, NaN elsewhere.
  ValueId only(ValueId condition, ValueId value) { return where(b_, condition, value, real(kNan)); }
  ValueId rounded(expr::Scalar type, ValueId value);  // to a float, or to 32 bits
  ValueId cast(DType to, ValueId v);
  ValueId bin(BinaryFn fn, ValueId x, ValueId y) { return binary(b_, fn, x, y); }
  ValueId un(UnaryFn fn, ValueId x) { return unary(b_, fn, x); }
  // Says that the function has no form; gives a cell to go on with.
  Cell blocked(std::string_view what);
  Cell blocked(const Expr& e, std::string_view why);
  void refuses(const Expr& e, std::string_view when);

  // expression_math.cc
  Cell arithmetic(const Expr& e, const Cells& a);
  Cell aggregate(const Expr& e, const Cells& a);
  Cell mathematics(const Expr& e, const Cells& a);
  ValueId function_of(const Expr& e, const Cells& a, const std::vector<ValueId>& x);
  // expression_logic.cc
  Cell comparison(const Expr& e, Cells& a);
  Cell logic(const Expr& e, Cells& a);
  Cell membership(const Expr& e, Cells& a);
  ValueId same(Cell x, Cell y);     // boolean; invalid = they have no common type
  bool comparable(Cell& x, Cell& y);
  Cell median(const Expr& e, const Cells& all);
  // expression_special.cc
  ValueId arc_tangent(ValueId x);
  ValueId arc_tangent(ValueId y, ValueId x);
  ValueId error_function(ValueId x);
  ValueId error_near_zero(ValueId x);
  ValueId complement(ValueId x);    // 1 - erf(x)
  ValueId normal_density(ValueId z);
  ValueId normal_share(ValueId z);  // below z
  ValueId polynomial(ValueId x, std::initializer_list<double> coefficients);  // the highest first
  // expression_tables.cc
  Cell norm_continuous(const Expr& e, const Cell& x);
  Cell discretize(const Expr& e, const Cell& x, As as);
  Cell map_values(const Expr& e, const Cells& a, As as);
  ValueId key_place(const Cell& x, const Tensor& keys);  // invalid = no form
  Cell taken(const Tensor& values, ValueId place, As as);  // the row behind the last is missing

  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  PatternContext& context_;
  Builder& b_;
  const expr::Map& op_;
  std::set<std::string, std::less<>> blocking_, refusing_;
  std::deque<expr::Constant> constants_;  // those that were converted
  std::map<uint32_t, Cell> leaves_;
  std::map<uint32_t, ValueId> missing_;  // of numbers
  std::map<uint64_t, ValueId> reals_;    // constants, by their bits
};

}  // namespace panmodel::converters
