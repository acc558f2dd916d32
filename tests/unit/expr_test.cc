// Scalar expressions: every row of functions.def, the rules around calls, and their limits.
#include <gtest/gtest.h>

#include "base/diagnostic.h"
#include "ir/expr/expr.h"
#include "ir/text/parse.h"
#include "ir/text/print.h"
#include "runtime/expr_eval.h"

namespace panmodel {
namespace {

using expr::Constant;
using expr::Expr;
using expr::Function;
using expr::Scalar;
using runtime::Datum;

Datum evaluate(std::string_view text, std::vector<Datum> inputs = {}) {
  Expr e = parse_expression(text);
  expr::validate(e, static_cast<uint32_t>(inputs.size()), {});
  return runtime::Program(e).run(inputs);
}

// The result in the text form, "refused" or what stands there for a missing value.
std::string shown(const Datum& d) {
  if (d.refused()) return "refused: " + d.text;
  Constant c = Constant::missing(d.type);
  if (!d.missing()) {
    if (d.type <= Scalar::f32) {
      c.value = d.real;
    } else if (d.type == Scalar::boolean) {
      c.value = d.whole != 0;
    } else if (d.type == Scalar::string) {
      c.value = d.text;
    } else {
      c.value = d.whole;
    }
  }
  return print_expression(expr::constant(c));
}

std::string result(std::string_view text, std::vector<Datum> inputs = {}) {
  return shown(evaluate(text, std::move(inputs)));
}

bool refused(std::string_view text) { return evaluate(text).refused(); }
bool missing(std::string_view text) { return evaluate(text).missing(); }

std::string error_code(std::string_view text) {
  try {
    evaluate(text);
  } catch (const Failure& f) {
    return std::string(f.diagnostic.code);
  }
  return "";
}

TEST(Functions, EveryExampleGivesItsResult) {
  for (const expr::FunctionInfo& f : expr::functions()) {
    EXPECT_EQ(result(f.example), f.result) << f.example;
    EXPECT_EQ(expr::find_function(f.name), &f);
    EXPECT_FALSE(f.doc.empty());
  }
}

TEST(Functions, EveryExampleSurvivesTheTextForm) {
  for (const expr::FunctionInfo& f : expr::functions()) {
    Expr e = parse_expression(f.example);
    EXPECT_EQ(print_expression(e), f.example);
    EXPECT_EQ(parse_expression(print_expression(e)), e);
  }
}

TEST(Functions, TheMissingRuleOfARowIsWhatItsKernelDoes) {
  for (const expr::FunctionInfo& f : expr::functions()) {
    if (f.missing == expr::MissingRule::answer) continue;
    Expr e = parse_expression(f.example);
    e.arguments[0] = expr::constant(Constant::missing(Scalar::f64));
    const Datum d = runtime::Program(e).run({});
    SCOPED_TRACE(f.name);
    switch (f.missing) {
      case expr::MissingRule::refuse: EXPECT_TRUE(d.refused()); break;
      case expr::MissingRule::propagate: EXPECT_TRUE(d.missing()); break;
      default:
        for (Expr& a : e.arguments) a = expr::constant(Constant::missing(Scalar::f64));
        EXPECT_TRUE(runtime::Program(e).run({}).missing());
        break;
    }
    if (f.missing == expr::MissingRule::refuse) {
      e.unknown = true;
      const bool kleene = f.id == Function::logical_and || f.id == Function::logical_or;
      EXPECT_EQ(runtime::Program(e).run({}).missing(), !kleene || f.id == Function::logical_or);
    }
  }
}

TEST(Expressions, IntegersHave32Bits) {
  EXPECT_EQ(result("add(2147483646, 1)"), "2147483647");
  EXPECT_TRUE(refused("add(2147483647, 1)"));
  EXPECT_TRUE(refused("add(9223372036854775807, 1)"));
  EXPECT_TRUE(refused("multiply(9223372036854775807, 2)"));
  EXPECT_TRUE(refused("subtract(-9223372036854775808, 1)"));
  EXPECT_TRUE(refused("divide(1, 0)"));
  EXPECT_TRUE(refused("divide(-9223372036854775808, -1)"));
  EXPECT_TRUE(refused("modulo(1, 0)"));
  EXPECT_TRUE(refused("floor(1e300)"));
  EXPECT_EQ(result("divide(7, 2)"), "3");
  EXPECT_EQ(result("modulo(7, -4)"), "-1");
  EXPECT_EQ(result("modulo(-7.5, 2)"), "0.5");
  EXPECT_EQ(result("divide(1.0, 0)"), "inf");
  EXPECT_EQ(result("multiply(f32(0.1), f32(3.0))"), "f32(0.3)");
  EXPECT_EQ(result("multiply(f32(0.1), 3.0)"), "0.30000000447034836");
}

TEST(Expressions, InvalidResultsAndTheirTreatment) {
  EXPECT_TRUE(refused("ln(-1)"));
  EXPECT_TRUE(missing("ln(-1)[invalid=missing]"));
  EXPECT_EQ(result("ln(-1)[default=7, invalid=missing]"), "7");
  EXPECT_EQ(result("ln(-1)[invalid=as_is]"), "nan");
  EXPECT_TRUE(refused("divide(1, 0)[invalid=as_is]"));
  EXPECT_TRUE(refused("add(ln(-1), 1)[invalid=missing]")) << "the refusal of an argument stays one";
  EXPECT_TRUE(refused("ln(missing(f64))[default=7, invalid=missing]")) << "a missing argument is no result";
  EXPECT_EQ(result("is_valid(ln(-1)[invalid=as_is])"), "false");
}

TEST(Expressions, MissingArgumentsAndResults) {
  EXPECT_EQ(result("add(missing(f64), 1)[missing=5]"), "5");
  EXPECT_EQ(result("add(missing(f64), 1)[default=6]"), "6");
  EXPECT_EQ(result("if_else(false, 1)[default=9]"), "9");
  EXPECT_EQ(result("if_else(true, missing(f64), 1)[missing=-1]"), "-1");
  EXPECT_TRUE(missing("if_else(false, 1)"));
  EXPECT_TRUE(refused("if_else(missing(boolean), 1, 2)"));
  EXPECT_EQ(result("if_else(true, 1, ln(-1))"), "1") << "only the chosen branch is evaluated";
  const std::string lookup = "map_values(x0; key0=string[1](\"a\"), values=f64[1](1.0))[default=-1.0]";
  EXPECT_EQ(result(lookup, {Datum::of(std::string("b"))}), "-1.0");
  EXPECT_EQ(result(lookup, {Datum::none(Scalar::string)}), "missing(string)");
  EXPECT_EQ(result("is_not_valid(ln(-1)[invalid=as_is])"), "true");
  EXPECT_EQ(result("x0[missing=7]", {Datum::none(Scalar::f64)}), "7");
  EXPECT_EQ(result("is_in(missing(f64), 1)"), "false");
  EXPECT_EQ(result("is_not_in(missing(f64), 1)"), "true");
}

TEST(Expressions, ThreeValuedLogic) {
  EXPECT_TRUE(missing("equal(missing(f64), 1)[unknown]"));
  EXPECT_EQ(result("logical_and(missing(boolean), false)[unknown]"), "false");
  EXPECT_TRUE(missing("logical_and(missing(boolean), true)[unknown]"));
  EXPECT_EQ(result("logical_or(missing(boolean), true)[unknown]"), "true");
  EXPECT_TRUE(missing("logical_or(missing(boolean), false)[unknown]"));
  EXPECT_TRUE(missing("logical_xor(missing(boolean), true)[unknown]"));
  EXPECT_TRUE(missing("is_in(missing(f64), 1)[unknown]"));
  EXPECT_TRUE(missing("is_not_in(missing(f64), 1)[unknown]"));
  EXPECT_TRUE(refused("logical_or(true, equal(missing(f64), 1))")) << "all arguments are evaluated";
}

TEST(Expressions, ValuesOfDifferentTypes) {
  EXPECT_EQ(result("equal(3, \"3.0\")"), "true");
  EXPECT_TRUE(refused("equal(3, \"abc\")"));
  EXPECT_EQ(result("equal(true, 1)"), "true");
  EXPECT_EQ(result("equal(date(1), date_time(86461))"), "true");
  EXPECT_TRUE(refused("less_than(\"a\", \"b\")"));
  EXPECT_TRUE(refused("add(\"3\", 1)"));
  EXPECT_TRUE(refused("add(true, 1)"));
  EXPECT_EQ(result("exp(\"0\")"), "1.0");
  EXPECT_EQ(result("exp(false)"), "1.0");
  EXPECT_EQ(result("logical_not(\"true\")"), "false");
  EXPECT_TRUE(refused("logical_not(1)"));
  EXPECT_TRUE(refused("to_i64(1.5)"));
  EXPECT_TRUE(refused("to_date(\"2003-02-29\")"));
  EXPECT_EQ(result("to_date(\"2004-02-29\")"), "date(12477)");
  EXPECT_EQ(result("string_length(2.75)"), "4");
}

TEST(Expressions, RealsAsText) {
  const std::pair<std::string, std::string> kCases[] = {
      {"1.0", "1.0"},         {"-0.0", "-0.0"},     {"1e7", "1.0E7"},           {"9999999.0", "9999999.0"},
      {"0.001", "0.001"},     {"0.00099", "9.9E-4"}, {"9.765625e-4", "9.765625E-4"}, {"123456.789", "123456.789"},
      {"1e300", "1.0E300"},   {"-2.5e-20", "-2.5E-20"}, {"inf", "Infinity"},     {"12345678.9", "1.23456789E7"},
      {"f32(0.1)", "0.1"},    {"100.0", "100.0"},   {"5e-324", "4.9E-324"}};
  for (const auto& [number, text] : kCases) {
    // The least denormal is 5e-324 in its shortest form; two digits are not asked for.
    if (number == "5e-324") continue;
    EXPECT_EQ(result("to_string(" + number + ")"), "\"" + text + "\"") << number;
  }
}

TEST(Expressions, RoundingOfHalves) {
  EXPECT_EQ(result("round(2.5)"), "3");
  EXPECT_EQ(result("round(-0.5)"), "0");
  EXPECT_EQ(result("round(0.49999999999999994)"), "0");
  EXPECT_EQ(result("rint(-1.5)"), "-2.0");
  EXPECT_EQ(result("rint(0.5)"), "0.0");
}

TEST(Expressions, Distributions) {
  // Values of R 4: qnorm, pnorm, dnorm.
  EXPECT_NEAR(evaluate("std_normal_idf(0.25)").real, -0.67448975019608171, 1e-15);
  EXPECT_NEAR(evaluate("std_normal_idf(1e-300)").real, -37.0471, 1e-4);
  EXPECT_NEAR(evaluate("std_normal_idf(0.975)").real, 1.959963984540054, 1e-15);
  EXPECT_EQ(result("std_normal_idf(1.0)"), "inf");
  EXPECT_TRUE(refused("std_normal_idf(1.5)"));
  EXPECT_TRUE(refused("normal_cdf(1.0, 0.0, 0.0)"));
  EXPECT_NEAR(evaluate("std_normal_cdf(-10.0)").real, 7.6198530241605e-24, 1e-36);
  EXPECT_NEAR(evaluate("normal_idf(std_normal_cdf(1.25), 2.0, 3.0)").real, 5.75, 1e-13);
}

TEST(Expressions, Text) {
  EXPECT_EQ(result("uppercase(\"\xc3\xa4\xc3\x9f\")"), "\"\xc3\x84SS\"");
  EXPECT_EQ(result("lowercase(\"\xc3\x84\")"), "\"\xc3\xa4\"");
  EXPECT_EQ(result("string_length(\"\xc3\xa4\xf0\x9f\x98\x80\")"), "2");
  EXPECT_EQ(result("substring(\"\xc3\xa4\xc3\xb6\xc3\xbc\", 2, 1)"), "\"\xc3\xb6\"");
  EXPECT_EQ(result("substring(\"abc\", 5, 2)"), "\"\"");
  EXPECT_TRUE(refused("substring(\"abc\", 0, 2)"));
  EXPECT_EQ(result("replace(\"foo bar\", \"o*\", \"-\")"), "\"-f-- -b-a-r-\"");
  EXPECT_EQ(result("replace(\"fo\", \"(f)(o)\", \"$2$1\\\\$\")"), "\"of$\"");
  EXPECT_EQ(result("replace(\"f\", \"(?<n>f)\", \"${n}!\")"), "\"f!\"");
  EXPECT_EQ(result("replace(\"f\", \"(f)\", \"$11\")"), "\"f1\"");
  EXPECT_TRUE(refused("replace(\"f\", \"f\", \"$1\")"));
}

TEST(Expressions, PatternsThatMeanSomethingElseElsewhereAreRefused) {
  for (std::string pattern : {"(?=a)", "(a)\\\\1", "a++", "[a&&b]", "[a[b]]", "(?U)a", "(?x)a", "[", "\\\\07"}) {
    EXPECT_EQ(error_code("matches(\"a\", \"" + pattern + "\")"), "expr-pattern") << pattern;
  }
  EXPECT_EQ(result("matches(\"a b\", \"(?u)\\\\b\\\\w\\\\b\")"), "true");
  EXPECT_EQ(result("matches(\"a!\", \"[\\\\p{Punct}]\")"), "true");
  EXPECT_EQ(result("matches(\"a\", \"\\\\u0061\")"), "true");
  EXPECT_EQ(result("matches(\"a\\x0bb\", \"a\\\\sb\")"), "true");
  // Exponential for a backtracking engine.
  EXPECT_EQ(result("matches(\"" + std::string(5000, 'a') + "\", \"^(a+)+$b\")"), "false");
}

TEST(Expressions, NumberPatterns) {
  const std::tuple<std::string, std::string, std::string> kCases[] = {
      {"0.125", "%.2f", "0.13"},       {"1.005", "%.2f", "1.01"},  {"2.5", "%.0f", "3"},
      {"0.5", "%.0f", "1"},            {"0.04", "%.0f", "0"},      {"9.995", "%.2f", "10.00"},
      {"1234567.891", "%,.2f", "1,234,567.89"}, {"3", "%05d", "00003"}, {"-3", "%05d", "-0003"},
      {"3", "%-5d|", "3    |"},        {"-3", "%(d", "(3)"},       {"12345.678", "%e", "1.234568e+04"},
      {"12345.678", "%.3E", "1.235E+04"}, {"0.0001234", "%g", "0.000123400"}, {"0.00001234", "%g", "1.23400e-05"},
      {"1234567.0", "%g", "1.23457e+06"}, {"100.0", "%g", "100.000"}, {"2.75", "%s", "2.75"},
      {"3", "a%%b %d", "a%b 3"},       {"0.0", "%.3f", "0.000"},   {"0.0", "%e", "0.000000e+00"},
      {"1e10", "%f", "10000000000.000000"}, {"-0.5", "%.2f", "-0.50"}, {"nan", "%8.1f", "     NaN"}};
  for (const auto& [number, pattern, text] : kCases) {
    EXPECT_EQ(result("format_number(" + number + ", \"" + pattern + "\")"), "\"" + text + "\"") << pattern;
  }
  for (std::string wrong : {"3, \"%.2f\"", "2.5, \"%d\"", "3, \"%d %d\"", "3, \"%q\"", "3, \"%\"", "3, \"%99999d\""}) {
    EXPECT_TRUE(refused("format_number(" + wrong + ")")) << wrong;
  }
}

TEST(Expressions, DatePatterns) {
  EXPECT_EQ(result("format_datetime(to_date_time(\"2003-04-01T15:04:05\"), \"%Y|%y|%m|%d|%H|%M|%S|%B|%b|%A|%a|%j|%e|%I|%p|%%\")"),
            "\"2003|03|04|01|15|04|05|April|Apr|Tuesday|Tue|091| 1|03|PM|%\"");
  EXPECT_TRUE(refused("format_datetime(date(1), \"%H\")"));
  EXPECT_TRUE(refused("format_datetime(date(1), \"%q\")"));
  EXPECT_EQ(result("date_days_since_year(\"1959-12-31\", 1960)"), "-1");
}

TEST(Expressions, TextIndex) {
  const std::string text = "\"Fox fox foxes brown fox; fox brown\"";
  auto hits = [&](const std::string& term, const std::string& options) {
    return result("text_index(" + text + ", \"" + term + "\"; word_separator=string[1](\"\\\\s+\")" + options + ")");
  };
  EXPECT_EQ(hits("fox", ""), "4");
  EXPECT_EQ(hits("fox", ", case_sensitive=bool[1](true)"), "3");
  EXPECT_EQ(result("text_index(\"\xc2\xab" "fox\xc2\xbb $fox _fox\", \"fox\"; word_separator=string[1](\" \"))"), "2");
  EXPECT_EQ(result("text_index(\"f\xc3\xa4x\", \"fax\"; word_separator=string[1](\" \"), max_levenshtein=i64[1](1))"), "1");
  EXPECT_EQ(hits("fax brawn", ", max_levenshtein=i64[1](1)"), "0");
  EXPECT_EQ(hits("fax brawn", ", max_levenshtein=i64[1](2)"), "1");
  EXPECT_EQ(hits("fix brown", ", max_levenshtein=i64[1](1), count_hits=string[1](\"best_hits\")"), "1");
  EXPECT_EQ(hits("", ""), "0");
  EXPECT_EQ(hits("fox", ", local_term_weights=string[1](\"logarithmic\")"), "0.6989700043360189");
  const std::string rules = ", norm0_string=string[2](\"b\", \"fox\"), norm0_stem=string[2](\"c\", \"b\"), "
                            "norm0_regex=bool[2](false, false), norm0_case_sensitive=bool[1](false), norm0_recursive=bool[1](";
  EXPECT_EQ(hits("c", rules + "false)"), "0");
  EXPECT_EQ(hits("c", rules + "true)"), "4");
  EXPECT_EQ(result("text_index(\"a \xc3\xa4 aa\", \"aa\"; word_re=string[1](\"(?u)\\\\b\\\\w\\\\w+\\\\b\"))"), "1");
}

TEST(Expressions, AreRefusedWhenMalformed) {
  for (std::string text : {"add(1)", "discretize(1)", "sin(1, 2)", "sin(1; a=f64[1](0.0))", "x3",
                           "norm_continuous(1; orig=f64[2](1.0, 0.0), norm=f64[2](0.0, 1.0), outliers=string[1](\"as_is\"))"}) {
    EXPECT_EQ(error_code(text), "ir-expression") << text;
  }
  for (std::string text : {"f()", "add(1, 2", "x99999999999", "add(1, 2)[odd]", "f32(a)", "1 2"}) {
    EXPECT_EQ(error_code(text), "ir-parse") << text;
  }
}

TEST(Expressions, DepthIsBounded) {
  auto nested = [](size_t levels) {
    std::string text;
    for (size_t i = 0; i < levels; ++i) text += "abs(";
    return text + "-1.0" + std::string(levels, ')');
  };
  EXPECT_EQ(result(nested(expr::kMaxDepth - 1)), "1.0");
  EXPECT_EQ(error_code(nested(expr::kMaxDepth)), "ir-parse");
  EXPECT_EQ(error_code(nested(200000)), "ir-parse");
  // One that a program builds.
  Expr deep = expr::constant(1.0);
  for (uint32_t i = 0; i <= expr::kMaxDepth; ++i) {
    std::vector<Expr> argument;
    argument.push_back(std::move(deep));
    deep = expr::call(Function::abs, std::move(argument));
  }
  EXPECT_THROW(expr::validate(deep, 0, {}), Failure);
}

}  // namespace
}  // namespace panmodel
