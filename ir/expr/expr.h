#pragma once
// Scalar expressions: trees of constants, inputs and function calls that make one cell of a row from
// other cells of it. They carry what PMML's transformation language can say; every function is a row
// of functions.def (docs/functions.md).
//
// A value is missing, or a scalar of one of the types below. Evaluation is dynamic: the type of a
// call follows from its arguments by the function's type rule. A call may refuse the row (a missing
// argument where the function takes none, a result that is no number).
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/location.h"
#include "ir/tensor.h"

namespace panmodel::expr {

// date: days since 1970-01-01; time: seconds since midnight; date_time: seconds since 1970-01-01
// 00:00:00, without a time zone. These three are kept as i64.
enum class Scalar : uint8_t { f64, f32, i64, boolean, string, date, time, date_time };
std::span<const std::string_view> enum_names(Scalar);
std::string_view to_string(Scalar type);
std::optional<Scalar> parse_scalar(std::string_view name);
// Element type of a column that holds such values.
DType dtype_of(Scalar type);

struct Constant {
  Scalar type = Scalar::f64;
  // monostate = missing. double: f64 and f32 (a float then), int64_t: i64 and the three dates.
  std::variant<std::monostate, double, int64_t, bool, std::string> value;

  Constant() = default;
  Constant(double v) : value(v) {}                                        // NOLINT: f64
  Constant(int64_t v) : type(Scalar::i64), value(v) {}                    // NOLINT
  Constant(bool v) : type(Scalar::boolean), value(v) {}                   // NOLINT
  Constant(std::string v) : type(Scalar::string), value(std::move(v)) {}  // NOLINT
  Constant(const char* v) : Constant(std::string(v)) {}                   // NOLINT
  template <class V>
  Constant(Scalar t, V v) : type(t), value(std::move(v)) {}
  static Constant missing(Scalar type) { return {type, std::monostate{}}; }

  bool is_missing() const { return std::holds_alternative<std::monostate>(value); }
  bool operator==(const Constant&) const;  // compares bits of the reals
};

enum class Function : uint16_t {
#define PANMODEL_FUNCTION(name, ...) name,
#include "ir/expr/functions.def"
#undef PANMODEL_FUNCTION
};

// How the type of a result follows from the arguments.
enum class TypeRule : uint8_t {
  numeric,   // of numbers: the widest type among them, i64 < f32 < f64
  mean,      // of numbers: f32 when that is their widest type, else f64
  real,      // f64; texts that are numbers, and booleans, are taken too
  whole,     // i64 of 32 bits, from what `real` takes
  f64,       // f64 from values of any type
  boolean, integer, string,
  argument,  // the type of the argument that is chosen
  cast,      // the type in the function's name
  table,     // the type of the table's values
};

// What a missing argument does.
enum class MissingRule : uint8_t {
  refuse,     // the row is refused
  propagate,  // the result is missing
  skip,       // the argument is left out; with none left the result is missing
  answer,     // the function has an answer for it, said in its documentation
};

struct FunctionInfo {
  Function id;
  std::string_view name;                // in the text form
  std::string_view pmml;                // function of PMML's Apply, or the element; empty = neither
  uint32_t min_arguments, max_arguments;  // kAny = any number
  TypeRule type;
  MissingRule missing;
  std::string_view doc;
  std::string_view example, result;     // text form; executed by tests/unit/expr_test.cc
};
inline constexpr uint32_t kAny = UINT32_MAX;
std::span<const FunctionInfo> functions();  // in the order of functions.def
const FunctionInfo& info(Function function);
const FunctionInfo* find_function(std::string_view name);
// By the name that <Apply function="..."> uses; null when there is none.
const FunctionInfo* find_pmml_function(std::string_view name);
std::string_view to_string(TypeRule rule);
std::string_view to_string(MissingRule rule);

// Parameters of a call beside its arguments, by name: bins, lookup tables, options. Which ones a
// function takes is said in its documentation; vectors are [R], options have one element.
struct Table {
  std::vector<std::pair<std::string, Tensor>> parameters;
  const Tensor* find(std::string_view name) const;
  bool operator==(const Table&) const;  // compares bits
};

// What a result that does not exist becomes (the logarithm of -1, the integer 1 / 0, an integer
// overflow). as_is lets a NaN pass and refuses the rest. A refusal inside an argument stays one.
enum class InvalidTreatment : uint8_t { refuse, as_missing, as_is };
std::span<const std::string_view> enum_names(InvalidTreatment);

// A plain value. Whoever builds one keeps its depth at most kMaxDepth, so that recursion over it
// (copying, comparing, destroying) is bounded.
struct Expr {
  enum class Kind : uint8_t { constant, input, call };
  Kind kind = Kind::constant;
  InvalidTreatment invalid = InvalidTreatment::refuse;  // calls
  // Calls: three-valued logic. A missing argument of a function that would refuse it, or of is_in
  // and is_not_in, makes the result missing; and / or follow Kleene's tables. Predicates of models
  // work like this.
  bool unknown = false;
  Function function{};
  uint32_t input = 0;  // index into the inputs of the node
  Constant constant;
  std::vector<Expr> arguments;
  std::shared_ptr<const Table> table;
  std::optional<Constant> map_missing_to;  // input: for a missing cell; call: when an argument is missing
  // Call: for a missing result; of a table only where no argument is missing.
  std::optional<Constant> default_value;

  bool operator==(const Expr&) const;
};

Expr constant(Constant value);
Expr input(uint32_t index);
Expr call(Function function, std::vector<Expr> arguments, std::shared_ptr<const Table> table = nullptr);

inline constexpr uint32_t kMaxDepth = 1001;  // 1,000 calls around a leaf
inline constexpr uint64_t kMaxNodes = 1 << 20;
// 1 for a constant or an input. Recursive: the caller's expression is within kMaxDepth.
uint32_t depth(const Expr& e);
uint64_t count_nodes(const Expr& e);
// One more than the largest index of an input that is used, 0 without any.
uint32_t inputs_used(const Expr& e);

// Fails "ir-expression" at `loc` unless every call has the arguments and the parameters that its
// function takes, constants fit their types, inputs are below `inputs`, and depth and size are
// within the limits.
void validate(const Expr& e, uint32_t inputs, const Location& loc);

}  // namespace panmodel::expr
