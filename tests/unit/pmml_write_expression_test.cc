// Expressions as PMML elements: what is written is read as the same expression.
#include <gtest/gtest.h>

#include <sstream>

#include "formats/pmml/dictionary.h"
#include "formats/pmml/expression.h"
#include "formats/pmml/write_expression.h"
#include "formats/pmml/write_xml.h"
#include "ir/text/parse.h"
#include "ir/text/print.h"
#include "runtime/expr_eval.h"

namespace panmodel {
namespace {

using expr::Expr;
using expr::Function;
using expr::Scalar;

// One field of each type, by the place of the type in Scalar.
constexpr Scalar kTypes[] = {Scalar::f64,    Scalar::f32,  Scalar::i64,  Scalar::boolean,
                             Scalar::string, Scalar::date, Scalar::time, Scalar::date_time};

// Inputs 0 to 7 are those fields, the following ones what derive() was asked for.
struct Written {
  std::string text;  // the whole document
  std::vector<Expr> derived;
};

Written written(const Expr& e, bool predicate) {
  std::vector<pmml::NamedField> fields;
  for (Scalar type : kTypes) fields.push_back({std::string(to_string(type)), type});
  Written out;
  pmml::Conversions conversions;
  Location place;
  auto derive = [&](const Expr& part, Scalar type) {
    out.derived.push_back(part);
    return pmml::NamedField{fmt::format("derived{}", out.derived.size()), type};
  };
  const pmml::ExpressionFrame frame{fields, conversions, derive, place};
  pugi::xml_document document;
  pugi::xml_node root = pmml::add(document, "PMML");
  pugi::xml_node body = pmml::add(root, "Body");
  if (predicate) {
    pmml::write_predicate(body, e, frame);
  } else {
    pmml::write_expression(body, e, frame);
  }
  conversions.write(pmml::add(root, "TransformationDictionary"));
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  out.text = text.str();
  return out;
}

Expr read_back(const Written& w, bool predicate) {
  auto owner = std::make_shared<const std::string>(w.text);
  auto document = pmml::Document::parse(Bytes(std::as_bytes(std::span(*owner)), owner), "case.pmml");
  const pmml::Element root(*document, document->root());
  Model model;
  Builder builder(model);
  Diagnostics diagnostics;
  pmml::Dictionary dictionary;
  for (const pmml::Element& f : root.child("TransformationDictionary").children()) {
    dictionary.functions.emplace(f.attribute("name"), f);
  }
  pmml::Reader reader{builder, diagnostics, dictionary, {}};
  pmml::Scope scope(reader);
  pmml::Bindings bindings(scope);
  const auto define = [&](const std::string& name, Scalar type) {
    scope.add(name, pmml::Field{builder.input(name, ColumnType{expr::dtype_of(type), true}), type, false, {}});
    bindings.input_of(name, root);
  };
  for (Scalar type : kTypes) define(std::string(to_string(type)), type);
  for (size_t i = 0; i < w.derived.size(); ++i) define(fmt::format("derived{}", i + 1), Scalar::f64);
  const pmml::Element body = root.child("Body").first();
  return predicate ? pmml::read_predicate(body, bindings) : pmml::read_expression(body, bindings);
}

// The text form of what is read, which tells all that an expression has.
std::string again(const Expr& e, bool predicate = false) {
  return print_expression(read_back(written(e, predicate), predicate));
}

Expr field(Scalar type) { return expr::input(static_cast<uint32_t>(type)); }
// A date is a number of days to the graph; its type is said by a conversion.
Expr date() { return expr::call(Function::to_date, {field(Scalar::date)}); }
Expr value(expr::Constant c) { return expr::constant(std::move(c)); }

bool has_date(const Expr& e) {
  return (e.kind == Expr::Kind::constant && e.constant.type >= Scalar::date) ||
         std::any_of(e.arguments.begin(), e.arguments.end(), has_date);
}

std::string value_of(const Expr& e) {
  const runtime::Datum d = runtime::Program(e).run({});
  return d.refused() ? "refused" : d.missing() ? "missing" : fmt::format("{} {} {}", d.real, d.whole, d.text);
}

TEST(PmmlWrittenExpressions, EveryFunctionIsReadAsItWas) {
  size_t count = 0;
  for (const expr::FunctionInfo& f : expr::functions()) {
    const bool table = f.id >= Function::norm_continuous;
    if (table || f.id == Function::logical_xor || f.id == Function::first_known) continue;
    const Expr e = parse_expression(f.example);
    const Expr back = read_back(written(e, false), false);
    // A constant date is read as the conversion of its text.
    if (!has_date(e)) {
      EXPECT_EQ(print_expression(back), print_expression(e)) << f.name;
    }
    EXPECT_EQ(value_of(back), value_of(e)) << f.name;
    ++count;
  }
  EXPECT_EQ(count + 7, expr::functions().size()) << "the rest stands in the tests below";
}

TEST(PmmlWrittenExpressions, OptionsOfCalls) {
  Expr sum = expr::call(Function::add, {field(Scalar::f64), field(Scalar::i64)});
  sum.map_missing_to = expr::Constant(1.5);
  sum.default_value = expr::Constant("none");
  sum.invalid = expr::InvalidTreatment::as_missing;
  EXPECT_EQ(again(sum), print_expression(sum));
  Expr known = field(Scalar::string);
  known.map_missing_to = expr::Constant(int64_t{7});
  EXPECT_EQ(again(known), print_expression(known));
  const Expr day = expr::call(Function::first_known, {date(), value("2003-04-01")});
  EXPECT_EQ(again(day), print_expression(day));
  // An attribute cannot hold a boolean; a choice can.
  Expr truth = expr::call(Function::equal, {field(Scalar::f64), value(1.0)});
  truth.default_value = expr::Constant(false);
  EXPECT_EQ(again(truth), "if_else(is_not_missing(equal(x0, 1.0)), equal(x0, 1.0), false)");
  truth = expr::call(Function::equal, {field(Scalar::f64), value(1.0)});
  truth.unknown = true;
  EXPECT_EQ(again(truth), "if_else(is_not_missing(x0), equal(x0, 1.0))");
}

TEST(PmmlWrittenExpressions, Constants) {
  using C = expr::Constant;
  for (const C& c : {C(0.1), C(-1e300), C(1e20), C(INFINITY), C(int64_t{-5}), C(true), C("a <b> & \"c\""),
                     C(" x "), C(""), C(Scalar::f32, double{0.1F}), C::missing(Scalar::f64), C::missing(Scalar::string)}) {
    EXPECT_EQ(again(value(c)), print_expression(value(c)));
  }
  EXPECT_EQ(again(value(C(Scalar::date, int64_t{12143}))), "to_date(\"2003-04-01\")");
  EXPECT_EQ(again(value(C(Scalar::time, int64_t{3661}))), "to_time(\"01:01:01\")");
  EXPECT_EQ(again(value(C(Scalar::date_time, int64_t{-1}))), "to_date_time(\"1969-12-31T23:59:59\")");
}

TEST(PmmlWrittenExpressions, Tables) {
  const auto inline_field = [](std::string text, std::string_view argument, uint32_t input) {
    text.replace(text.find(argument), argument.size(), fmt::format("x{}", input));
    return text;
  };
  const auto example = [](Function f) { return std::string(expr::info(f).example); };
  const std::string cases[] = {
      inline_field(example(Function::norm_continuous), "1.0", 0),
      "norm_discrete(x4, \"a\")",
      "norm_discrete(x2, 3)",
      inline_field(example(Function::discretize), "0.5", 0),
      inline_field(inline_field(example(Function::map_values), "\"a\", \"q\"", 4), "x4", 4).replace(11, 2, "x4, x4"),
      "text_index(x4, \"fox\"; word_separator=string[1](\"\\\\s+\"), local_term_weights=string[1](\"logarithmic\"), "
      "count_hits=string[1](\"best_hits\"), case_sensitive=bool[1](true), max_levenshtein=i64[1](1), "
      "norm0_string=string[1](\"foxes\"), norm0_stem=string[1](\"fox\"), norm0_regex=bool[1](false), "
      "norm0_recursive=bool[1](true), norm0_case_sensitive=bool[1](false))"};
  for (const std::string& text : cases) {
    Expr e = parse_expression(text);
    EXPECT_EQ(again(e), print_expression(e));
    if (e.function == Function::text_index) continue;
    const bool real = e.function == Function::norm_continuous || e.function == Function::norm_discrete;
    e.map_missing_to = real ? expr::Constant(2.0) : expr::Constant("m");
    e.default_value = real ? expr::Constant(3.5) : expr::Constant("1");
    if (e.function == Function::map_values) e.map_missing_to = e.default_value = expr::Constant(3.5);
    EXPECT_EQ(again(e), print_expression(e));
  }
  // These elements only take fields.
  const Expr e = parse_expression("norm_discrete(uppercase(x4), \"A\")");
  const Written w = written(e, false);
  ASSERT_EQ(w.derived.size(), 1u);
  EXPECT_EQ(print_expression(w.derived[0]), "uppercase(x4)");
  EXPECT_EQ(print_expression(e.arguments[1]), "\"A\"");
}

TEST(PmmlWrittenExpressions, Predicates) {
  const auto three = [](Function f, std::vector<Expr> arguments) {
    Expr e = expr::call(f, std::move(arguments));
    e.unknown = true;
    return e;
  };
  const Expr less = three(Function::less_than, {field(Scalar::f64), value(0.5)});
  const Expr in = three(Function::is_in, {field(Scalar::string), value("a b"), value("c\"d"), value("")});
  const Expr out = three(Function::is_not_in, {field(Scalar::i64), value(int64_t{1}), value(int64_t{2})});
  const Expr missing = expr::call(Function::is_missing, {field(Scalar::string)});
  const Expr later = three(Function::greater_than, {date(), expr::call(Function::to_date, {value("2003-04-01")})});
  for (Function f : {Function::logical_and, Function::logical_or, Function::logical_xor, Function::first_known}) {
    const Expr e = three(f, {less, three(f, {in, out}), missing, later, value(true), value(false)});
    EXPECT_EQ(again(e, true), print_expression(e));
  }
  // What no predicate says becomes a field.
  const Written w = written(expr::call(Function::logical_not, {less}), true);
  EXPECT_EQ(w.derived.size(), 1u);
  EXPECT_NE(w.text.find("<SimplePredicate field=\"derived1\" operator=\"equal\" value=\"true\""), std::string::npos);
}

TEST(PmmlWrittenExpressions, WhatPmmlCannotSayIsRefused) {
  const auto code = [](const Expr& e) {
    try {
      written(e, false);
    } catch (const Failure& f) {
      return std::string(f.diagnostic.code);
    }
    return std::string("written");
  };
  EXPECT_EQ(code(expr::call(Function::logical_xor, {value(true), value(true)})), "pmml-write");
  EXPECT_EQ(code(value(NAN)), "pmml-write");
  EXPECT_EQ(code(field(Scalar::date)), "pmml-write") << "a date that counts as a number";
  EXPECT_EQ(code(value("\x01")), "pmml-write");
}

}  // namespace
}  // namespace panmodel
