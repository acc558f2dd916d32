// Expressions in the text form: add(x0, 1.5)[missing=0.0].
#include "base/number.h"
#include "ir/text/fields.h"
#include "ir/text/literal.h"

namespace panmodel::text {
namespace {

using expr::Constant;
using expr::Expr;
using expr::Scalar;

constexpr std::string_view kWhat =
    "an expression: a number, a quoted text, true, false, missing(type), type(number), an input such "
    "as x0, or function(arguments)";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "1.5", "-inf", "nan:7ff8..." or "3".
Constant read_number(Lexer& lexer) {
  size_t start = lexer.offset();
  std::string_view token = lexer.token("a number");
  if (token.find_first_of(".enE") == std::string_view::npos) {
    if (auto whole = parse_int(token)) return *whole;
  }
  double value = 0;
  if (!parse_real_bits(token, &value)) lexer.expected_at(start, "a number");
  return value;
}

Scalar read_scalar(Lexer& lexer) {
  size_t start = lexer.offset();
  std::optional<Scalar> type = expr::parse_scalar(lexer.word());
  if (!type) lexer.expected_at(start, "a type: f64, f32, i64, boolean, string, date, time, date_time");
  return *type;
}

// What stands in the parentheses of f32(0.1), date(12143).
Constant read_typed(Lexer& lexer, Scalar type) {
  size_t start = lexer.offset();
  if (type == Scalar::f32) {
    std::string_view token = lexer.token("a number");
    double value = 0;
    if (token.starts_with("nan")) {
      if (!parse_real_bits(token, &value)) lexer.expected_at(start, "a number");
    } else if (auto number = parse_float(token)) {
      value = static_cast<double>(*number);
    } else {
      lexer.expected_at(start, "a number");
    }
    return {type, value};
  }
  if (expr::dtype_of(type) != DType::i64) {
    lexer.fail_at(start, "constants of type {} are written without their type", to_string(type));
  }
  return {type, lexer.integer<int64_t>("an integer")};
}

// nullopt, with the lexer where it was, when no constant comes next.
std::optional<Constant> take_constant(Lexer& lexer, Budget& budget) {
  char c = lexer.peek();
  if (c == '"') {
    std::string text = lexer.quoted("a quoted text");
    budget.take(text.size());
    return Constant(std::move(text));
  }
  if (is_digit(c) || c == '-') return read_number(lexer);
  size_t start = lexer.offset();
  std::string_view word = lexer.word();
  if (word == "true") return Constant(true);
  if (word == "false") return Constant(false);
  if (word == "inf" || word == "nan") {
    lexer.rewind(start);
    return read_number(lexer);
  }
  std::optional<Scalar> type = expr::parse_scalar(word);
  if (word != "missing" && !type) {
    lexer.rewind(start);
    return std::nullopt;
  }
  lexer.expect("(");
  Constant value = type ? read_typed(lexer, *type) : Constant::missing(read_scalar(lexer));
  lexer.expect(")");
  return value;
}

void read_options(Lexer& lexer, Budget& budget, Expr& e) {
  if (!lexer.eat("[")) return;
  do {
    size_t start = lexer.offset();
    std::string_view word = lexer.word();
    bool call = e.kind == Expr::Kind::call;
    if (word == "missing") {
      lexer.expect("=");
      e.map_missing_to = read_constant(lexer, budget);
    } else if (word == "default" && call) {
      lexer.expect("=");
      e.default_value = read_constant(lexer, budget);
    } else if (word == "invalid" && call) {
      lexer.expect("=");
      bool missing = lexer.eat_word("missing");
      if (!missing && !lexer.eat_word("as_is")) lexer.expected("'missing' or 'as_is'");
      e.invalid = missing ? expr::InvalidTreatment::as_missing : expr::InvalidTreatment::as_is;
    } else if (word == "unknown" && call) {
      e.unknown = true;
    } else {
      lexer.expected_at(start, call ? "missing=, default=, invalid= or unknown" : "missing=");
    }
  } while (lexer.eat(","));
  lexer.expect("]");
}

Expr read_at(Lexer& lexer, Budget& budget, uint32_t depth) {
  size_t start = lexer.offset();
  if (depth > expr::kMaxDepth) {
    lexer.fail_at(start, "an expression is nested deeper than {} calls", expr::kMaxDepth);
  }
  budget.take(sizeof(Expr));
  if (auto value = take_constant(lexer, budget)) return expr::constant(std::move(*value));
  std::string_view word = lexer.word();
  Expr e;
  if (word.size() > 1 && word[0] == 'x' && word.find_first_not_of("0123456789", 1) == word.npos) {
    auto index = parse_uint(word.substr(1));
    if (!index || *index > UINT32_MAX) lexer.expected_at(start, "the index of an input");
    e = expr::input(static_cast<uint32_t>(*index));
    read_options(lexer, budget, e);
    return e;
  }
  const expr::FunctionInfo* function = expr::find_function(word);
  if (function == nullptr) lexer.expected_at(start, kWhat);
  e.kind = Expr::Kind::call;
  e.function = function->id;
  lexer.expect("(");
  if (!lexer.eat(")")) {
    do {
      e.arguments.push_back(read_at(lexer, budget, depth + 1));
    } while (lexer.eat(","));
    if (lexer.eat(";")) {
      auto table = std::make_shared<expr::Table>();
      do {
        std::string name(lexer.word());
        lexer.expect("=");
        table->parameters.emplace_back(std::move(name), read_tensor(lexer, budget));
      } while (lexer.eat(","));
      e.table = std::move(table);
    }
    if (!lexer.eat(")")) lexer.expected("',', ';' or ')'");
  }
  read_options(lexer, budget, e);
  return e;
}

}  // namespace

expr::Constant read_constant(Lexer& lexer, Budget& budget) {
  auto value = take_constant(lexer, budget);
  if (!value) lexer.expected("a constant");
  return std::move(*value);
}

expr::Expr read_expression(Lexer& lexer, Budget& budget) { return read_at(lexer, budget, 1); }

}  // namespace panmodel::text
