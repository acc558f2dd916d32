#include "formats/pfa/write_expression.h"

#include <algorithm>
#include <cmath>

#include "ir/ops/expr.h"

namespace panmodel::pfa::writing {

Ast null_of(const std::string& type) { return Members{{"type", nullable(type)}, {"value", Ast()}}; }

Typed defaulted(Typed value, Ast otherwise) {
  if (!value.nullable) return value;
  return {call("impute.defaultOnNull", {std::move(value.e), std::move(otherwise)}), value.type, false};
}

namespace {

using expr::Constant;
using expr::Expr;
using expr::Function;
using expr::MissingRule;

class Writer {
 public:
  Writer(const std::vector<Typed>& inputs, const Node& node, Values& values)
      : inputs_(inputs), node_(node), values_(values), program_(values.program()) {}

  Typed make(const Expr& e) {
    if (e.kind == Expr::Kind::constant) return constant(e.constant);
    if (e.kind == Expr::Kind::input) {
      Typed in = inputs_.at(e.input);
      return e.map_missing_to ? defaulted(std::move(in), fitting(*e.map_missing_to, in.type)) : in;
    }
    Typed made = called(e);
    if (e.default_value && made.nullable) {
      const bool missing_argument = info(e.function).type == expr::TypeRule::table && any_nullable_;
      if (missing_argument) refuse(e, "with a default, of a value that may be missing");
      Ast otherwise = fitting(*e.default_value, made.type);
      made = defaulted(std::move(made), std::move(otherwise));
    }
    return made;
  }

 private:
  [[noreturn]] void refuse(const Expr& e, std::string_view what) const {
    values_.refuse(node_, fmt::format("'{}' {}", info(e.function).name, what));
  }

  Typed constant(const Constant& c) const {
    std::string type;
    switch (c.type) {
      case expr::Scalar::f64:
      case expr::Scalar::f32: type = "double"; break;
      case expr::Scalar::i64: type = "int"; break;
      case expr::Scalar::boolean: type = "boolean"; break;
      case expr::Scalar::string: type = "string"; break;
      default: values_.refuse(node_, fmt::format("with a constant of type {}", expr::to_string(c.type)));
    }
    if (c.is_missing()) return {null_of(type), type, true};
    if (const auto* real_value = std::get_if<double>(&c.value)) return {real(*real_value), type, false, c.type == expr::Scalar::f32};
    if (const auto* whole = std::get_if<int64_t>(&c.value)) {
      if (*whole < INT32_MIN || *whole > INT32_MAX) type = "long";
      return {*whole, type};
    }
    if (const auto* truth = std::get_if<bool>(&c.value)) return {*truth, type};
    return {literal(std::get<std::string>(c.value)), type};
  }

  // A constant that stands for a value of the type.
  Ast fitting(const Constant& c, const std::string& type) const {
    Typed made = constant(c);
    const bool numbers = made.number() && (type == "double" || type == "int" || type == "long");
    if (made.nullable || (made.type != type && !numbers)) {
      values_.refuse(node_, fmt::format("with a constant of type {} for one of type {}", made.type, type));
    }
    if (type == "double" && made.whole()) return static_cast<double>(std::get<int64_t>(made.e.v));
    if (type != "double" && made.type == "double") values_.refuse(node_, "with a real number in place of an integer");
    return std::move(made.e);
  }

  Typed called(const Expr& e) {
    switch (e.function) {
      case Function::if_else: return choice(e);
      case Function::first_known: return first_known(e);
      case Function::is_missing:
      case Function::is_not_missing: return missing_test(e);
      case Function::is_in:
      case Function::is_not_in: return membership(e);
      case Function::logical_and:
      case Function::logical_or: if (e.unknown) return kleene(e); break;
      case Function::min:
      case Function::max:
      case Function::sum:
      case Function::avg:
      case Function::median:
      case Function::product: return aggregate(e);
      default: break;
    }
    std::vector<Typed> arguments = arguments_of(e);
    std::string type;
    bool null_inside = false, single = false;
    Ast otherwise;
    const bool error = info(e.function).missing == MissingRule::refuse && !e.unknown && !e.map_missing_to;
    const bool known = std::none_of(arguments.begin(), arguments.end(), [](const Typed& a) { return a.nullable; });
    any_nullable_ = !known;
    // The type of the result is that of the body, which is made once its arguments are symbols.
    Ast body = if_known(arguments, program_, [&](std::vector<Typed>& a) {
      Typed made = strict(e, a);
      type = made.type;
      null_inside = made.nullable;
      single = made.single;
      return std::move(made.e);
    }, Ast());
    if (!known) {
      if (e.map_missing_to) {
        otherwise = fitting(*e.map_missing_to, type);
      } else {
        otherwise = error ? Ast(Members{{"error", "a missing value"}}) : null_of(type);
      }
      std::get<Members>(body.v).back().second = branch(std::move(otherwise));
    }
    return {std::move(body), type, null_inside || (!known && !error && !e.map_missing_to), single};
  }

  std::vector<Typed> arguments_of(const Expr& e) {
    std::vector<Typed> all;
    for (const Expr& a : e.arguments) all.push_back(make(a));
    return all;
  }

  static std::string widest(const std::vector<Typed>& all) {
    std::string type = "int";
    for (const Typed& t : all) {
      if (t.type == "double") return "double";
      if (t.type == "long") type = "long";
    }
    return type;
  }

  // In the widest type of numbers: single precision when none is a double.
  static bool is_single(const std::vector<Typed>& all) {
    const bool any = std::any_of(all.begin(), all.end(), [](const Typed& t) { return t.single; });
    return any && std::all_of(all.begin(), all.end(), [](const Typed& t) { return t.single || t.whole(); });
  }
  Typed rounded(Typed made, const std::vector<Typed>& of) {
    if (made.type != "double" || !is_single(of)) return made;
    if (made.nullable) refuse_single();
    return {program_.user_call("single", {std::move(made.e)}), "double", false, true};
  }
  [[noreturn]] void refuse_single() const { values_.refuse(node_, "in single precision"); }

  // Where the result is no number.
  Typed real_result(const Expr& e, Ast body) {
    switch (e.invalid) {
      case expr::InvalidTreatment::refuse: return {program_.user_call("valid", {std::move(body)}), "double"};
      case expr::InvalidTreatment::as_missing: return {program_.user_call("numberOrNull", {std::move(body)}), "double", true};
      case expr::InvalidTreatment::as_is: break;
    }
    return {std::move(body), "double"};
  }
  // Integers have 32 bits; others end the row, as cast.int does.
  Typed whole_result(const Expr& e, Ast body) {
    if (e.invalid == expr::InvalidTreatment::as_missing) refuse(e, "of integers, whose overflow is a missing value");
    return {call("cast.int", {std::move(body)}), "int"};
  }

  Typed arithmetic(const Expr& e, const char* real_name, const char* whole_name, std::vector<Typed>& a) {
    for (const Typed& t : a) {
      if (!t.number()) refuse(e, "of other values than numbers");
    }
    if (widest(a) == "double") return rounded(real_result(e, call(real_name, {a[0].e, a[1].e})), a);
    // With 64 bits first, so that the overflow of 32 is an error of the conversion.
    if (e.function == Function::divide || e.function == Function::modulo) {
      if (e.invalid == expr::InvalidTreatment::as_missing) refuse(e, "of integers, where 0 as a divisor gives a missing value");
    }
    Ast first = a[0].type == "int" ? call("cast.long", {a[0].e}) : a[0].e;
    return whole_result(e, call(whole_name, {std::move(first), a[1].e}));
  }

  Typed mathematics(const Expr& e, Ast body, const std::vector<Typed>& a) {
    for (const Typed& t : a) {
      if (!t.number()) refuse(e, "of other values than numbers");
    }
    return real_result(e, std::move(body));
  }

  Typed comparison(const Expr& e, const char* test, std::vector<Typed>& a) {
    const bool numbers = a[0].number() && a[1].number();
    const bool equality = e.function == Function::equal || e.function == Function::not_equal ||
                          e.function == Function::norm_discrete;
    if (!numbers && (a[0].type != a[1].type || !equality)) {
      refuse(e, fmt::format("of {} and {}", a[0].type, a[1].type));
    }
    return {call(test, {a[0].e, a[1].e}), "boolean"};
  }

  // A function of arguments that are all there.
  Typed strict(const Expr& e, std::vector<Typed>& a) {
    const auto one = [&](const char* name) { return mathematics(e, call(name, {a[0].e}), a); };
    switch (e.function) {
      case Function::add: return arithmetic(e, "+", "+", a);
      case Function::subtract: return arithmetic(e, "-", "-", a);
      case Function::multiply: return arithmetic(e, "*", "*", a);
      case Function::divide: return arithmetic(e, "/", "//", a);
      case Function::modulo: return arithmetic(e, "%", "%", a);
      case Function::pow:
        if (widest(a) != "double") refuse(e, "of integers");
        return rounded(mathematics(e, call("**", {a[0].e, a[1].e}), a), a);
      case Function::log10: return one("m.log10");
      case Function::ln: return one("m.ln");
      case Function::ln1p: return one("m.ln1p");
      case Function::exp: return mathematics(e, program_.user_call("exp", {a[0].e}), a);
      case Function::expm1: return one("m.expm1");
      case Function::sqrt: return one("m.sqrt");
      case Function::rint: return one("m.rint");
      case Function::sin: return one("m.sin");
      case Function::cos: return one("m.cos");
      case Function::tan: return one("m.tan");
      case Function::asin: return one("m.asin");
      case Function::acos: return one("m.acos");
      case Function::atan: return one("m.atan");
      case Function::sinh: return one("m.sinh");
      case Function::cosh: return one("m.cosh");
      case Function::tanh: return one("m.tanh");
      case Function::erf: return one("m.special.erf");
      case Function::hypot: return mathematics(e, call("m.hypot", {a[0].e, a[1].e}), a);
      case Function::atan2: return mathematics(e, call("m.atan2", {a[0].e, a[1].e}), a);
      case Function::abs:
        if (!a[0].number()) refuse(e, "of other values than numbers");
        return a[0].whole() ? whole_result(e, call("m.abs", {a[0].e})) : rounded(real_result(e, call("m.abs", {a[0].e})), a);
      case Function::floor:
      case Function::ceil:
      case Function::round: {
        if (!a[0].number()) refuse(e, "of other values than numbers");
        const char* name = e.function == Function::floor ? "m.floor" : e.function == Function::ceil ? "m.ceil" : "m.round";
        if (e.function == Function::round) return whole_result(e, call("m.floor", {call("+", {a[0].e, 0.5})}));
        return whole_result(e, call(name, {a[0].e}));
      }
      case Function::threshold: {
        const bool whole = widest(a) != "double";
        Ast above = call(">", {a[0].e, a[1].e});
        return {if_else(std::move(above), whole ? Ast(1) : Ast(1.0), whole ? Ast(0) : Ast(0.0)), whole ? "int" : "double", false, is_single(a)};
      }
      case Function::equal: return comparison(e, "==", a);
      case Function::not_equal: return comparison(e, "!=", a);
      case Function::less_than: return comparison(e, "<", a);
      case Function::less_or_equal: return comparison(e, "<=", a);
      case Function::greater_than: return comparison(e, ">", a);
      case Function::greater_or_equal: return comparison(e, ">=", a);
      case Function::logical_and: return chain(e, "&&", a);
      case Function::logical_or: return chain(e, "||", a);
      case Function::logical_xor: return chain(e, "^^", a);
      case Function::logical_not:
        if (a[0].type != "boolean") refuse(e, "of another value than a boolean");
        return {call("!", {a[0].e}), "boolean"};
      case Function::uppercase: return text(e, call("s.upper", {a[0].e}), "string", a);
      case Function::lowercase: return text(e, call("s.lower", {a[0].e}), "string", a);
      case Function::string_length: return text(e, call("s.len", {a[0].e}), "int", a);
      case Function::to_f64:
        if (!a[0].number()) refuse(e, fmt::format("of {}", a[0].type));
        return {a[0].type == "double" ? a[0].e : call("cast.double", {a[0].e}), "double"};
      case Function::to_f32:
        if (!a[0].number()) refuse(e, fmt::format("of {}", a[0].type));
        if (a[0].single) return a[0];
        return {program_.user_call("single", {a[0].e}), "double", false, true};
      case Function::to_i64: {
        if (!a[0].number()) refuse(e, fmt::format("of {}", a[0].type));
        if (a[0].whole()) return a[0];
        refuse(e, "of a real number");
      }
      case Function::to_boolean:
      case Function::to_string:
        if (a[0].type != (e.function == Function::to_string ? "string" : "boolean")) refuse(e, fmt::format("of {}", a[0].type));
        return a[0];
      case Function::norm_discrete: return {if_else(comparison(e, "==", a).e, 1.0, 0.0), "double"};
      case Function::norm_continuous: return curve(e, a[0]);
      case Function::discretize: return bins(e, a[0]);
      case Function::map_values: return lookup(e, a);
      default: break;
    }
    refuse(e, "has no function in PFA that computes the same");
  }

  Typed text(const Expr& e, Ast body, const char* type, const std::vector<Typed>& a) const {
    if (a[0].type != "string") refuse(e, fmt::format("of {}", a[0].type));
    return {std::move(body), type};
  }

  Typed chain(const Expr& e, const char* test, std::vector<Typed>& a) const {
    Ast all;
    for (Typed& t : a) {
      if (t.type != "boolean") refuse(e, "of another value than a boolean");
      all = &t == a.data() ? std::move(t.e) : call(test, {std::move(all), std::move(t.e)});
    }
    return {std::move(all), "boolean"};
  }

  // Kleene's logic: null is unknown.
  Typed kleene(const Expr& e) {
    std::vector<Typed> a = arguments_of(e);
    const bool any = std::any_of(a.begin(), a.end(), [](const Typed& t) { return t.nullable; });
    if (any && e.map_missing_to) refuse(e, "with a value for a missing argument");
    Typed made = chain(e, any ? (e.function == Function::logical_and ? "&&&" : "|||") : (e.function == Function::logical_and ? "&&" : "||"), a);
    made.nullable = any;
    return made;
  }

  // The values of both branches in one type.
  static void unify(Typed& a, Typed& b) {
    if (a.type == b.type || !a.number() || !b.number()) return;
    const std::string type = a.type == "double" || b.type == "double" ? "double" : "long";
    for (Typed* t : {&a, &b}) {
      if (t->type == type) continue;
      if (const auto* whole = std::get_if<int64_t>(&t->e.v); whole != nullptr && type == "double") t->e = static_cast<double>(*whole);
      t->type = type;
    }
  }

  Typed choice(const Expr& e) {
    Typed condition = make(e.arguments[0]);
    if (condition.type != "boolean") refuse(e, "on another condition than a boolean");
    Typed yes = make(e.arguments[1]);
    Typed no{null_of(yes.type), yes.type, true};
    if (e.arguments.size() > 2) no = make(e.arguments[2]);
    // Of a float and a double the row decides: arithmetic would round or not.
    const bool yes_single = yes.single || yes.whole(), no_single = no.single || no.whole() || e.arguments.size() == 2;
    if (yes.single != no.single && yes.type == "double" && no.type == "double" && !(yes_single && no_single)) refuse_single();
    unify(yes, no);
    if (yes.type != no.type) refuse(e, fmt::format("between {} and {}", yes.type, no.type));
    const std::string type = yes.type;
    if (e.map_missing_to) {
      yes = defaulted(std::move(yes), fitting(*e.map_missing_to, type));
      no = defaulted(std::move(no), fitting(*e.map_missing_to, type));
    }
    bool null_result = yes.nullable || no.nullable;
    Ast otherwise = Members{{"error", "a missing condition"}};
    if (e.map_missing_to) {
      otherwise = fitting(*e.map_missing_to, type);
    } else if (e.unknown) {
      otherwise = null_of(type);
      null_result = null_result || condition.nullable;
    }
    std::vector<Typed> conditions{std::move(condition)};
    Ast made = if_known(conditions, program_, [&](std::vector<Typed>& c) {
      return if_else(std::move(c[0].e), std::move(yes.e), std::move(no.e));
    }, std::move(otherwise));
    return {std::move(made), type, null_result, yes_single && no_single};
  }

  Typed first_known(const Expr& e) {
    std::vector<Typed> a = arguments_of(e);
    if (std::any_of(a.begin(), a.end(), [](const Typed& t) { return t.single; })) refuse_single();
    Typed made = std::move(a.back());
    for (size_t i = a.size() - 1; i-- > 0;) {
      if (!a[i].nullable) {
        made = std::move(a[i]);
        continue;
      }
      unify(a[i], made);
      if (a[i].type != made.type) refuse(e, "of several types");
      const bool null_result = made.nullable;
      std::vector<Typed> first{std::move(a[i])};
      const std::string type = made.type;
      Ast rest = std::move(made.e);
      made = {if_known(first, program_, [](std::vector<Typed>& v) { return std::move(v[0].e); }, std::move(rest)), type, null_result};
    }
    return made;
  }

  Typed missing_test(const Expr& e) {
    Typed a = make(e.arguments[0]);
    const bool asked = e.function == Function::is_missing;
    if (!a.nullable) return {!asked, "boolean"};
    return {call(asked ? "==" : "!=", {std::move(a.e), Ast()}), "boolean"};
  }

  Typed membership(const Expr& e) {
    std::vector<Typed> a = arguments_of(e);
    const bool in = e.function == Function::is_in;
    Asts listed;
    Typed x = std::move(a[0]);
    for (size_t i = 1; i < a.size(); ++i) {
      const bool same = a[i].type == x.type || (a[i].number() && x.number());
      if (a[i].nullable || !same) refuse(e, "of values of several types");
      if (x.type == "double" && a[i].whole()) a[i].e = static_cast<double>(std::get<int64_t>(a[i].e.v));
      if (x.whole() && a[i].type == "double") refuse(e, "of an integer among real numbers");
      listed.push_back(std::move(a[i].e));
    }
    const std::string type = x.type;
    const bool null_result = x.nullable && e.unknown;
    std::vector<Typed> one{std::move(x)};
    Ast made = if_known(one, program_, [&](std::vector<Typed>& v) {
      Ast list = make_array(std::move(listed), type);
      const std::string item = program_.symbol("item");
      Ast found = call("a.any", {std::move(list), function({{item, type}}, "boolean", {call("==", {item, v[0].e})})});
      return in ? found : call("!", {std::move(found)});
    }, null_result ? null_of("boolean") : Ast(!in));
    return {std::move(made), "boolean", null_result};
  }

  // Of the arguments that are there.
  Typed aggregate(const Expr& e) {
    std::vector<Typed> a = arguments_of(e);
    const bool any = std::any_of(a.begin(), a.end(), [](const Typed& t) { return t.nullable; });
    const bool all = std::all_of(a.begin(), a.end(), [](const Typed& t) { return t.nullable; });
    for (const Typed& t : a) {
      if (!t.number()) refuse(e, "of other values than numbers");
    }
    if (widest(a) != "double") refuse(e, "of integers");
    if (std::any_of(a.begin(), a.end(), [](const Typed& t) { return t.single; })) refuse_single();
    if (any && e.map_missing_to) refuse(e, "with a value for a missing argument");
    Asts items;
    for (Typed& t : a) items.push_back(std::move(t.e));
    Ast list = make_array(std::move(items), any ? nullable("double") : Ast("double"));
    const auto of = [&](Ast numbers) {
      switch (e.function) {
        case Function::min: return call("a.min", {std::move(numbers)});
        case Function::max: return call("a.max", {std::move(numbers)});
        case Function::sum: return call("a.sum", {std::move(numbers)});
        case Function::avg: return call("a.mean", {std::move(numbers)});
        case Function::median: return call("a.median", {std::move(numbers)});
        default: return call("a.product", {std::move(numbers)});
      }
    };
    if (!any) return real_result(e, of(std::move(list)));
    Ast known = program_.user_call("known", {std::move(list)});
    if (!all) return real_result(e, of(std::move(known)));
    const std::string numbers = program_.symbol("numbers");
    Typed result = real_result(e, of(numbers));
    Ast made = Members{{"do", Asts{Members{{"let", Members{{numbers, std::move(known)}}}},
                                   if_else(call("==", {call("a.len", {numbers}), 0}), null_of("double"), std::move(result.e))}}};
    return {std::move(made), "double", true};
  }

  const Tensor& parameter(const Expr& e, std::string_view name) const {
    const Tensor* found = e.table ? e.table->find(name) : nullptr;
    if (found == nullptr) refuse(e, fmt::format("without '{}'", name));
    return *found;
  }
  bool has_parameter(const Expr& e, std::string_view name) const { return e.table && e.table->find(name) != nullptr; }

  // Bound where it is named more than once: the argument of a table function.
  template <class Body>
  Ast bound(const Typed& x, const Body& body) {
    if (x.e.is_symbol()) return body(x.e);
    const std::string name = program_.symbol("v");
    return Members{{"do", Asts{Members{{"let", Members{{name, x.e}}}}, branch(body(Ast(name)))}}};
  }

  Typed curve(const Expr& e, const Typed& x) {
    if (!x.number()) refuse(e, "of another value than a number");
    const std::vector<double> orig = parameter(e, "orig").reals(), norm = parameter(e, "norm").reals();
    const std::string outliers = has_parameter(e, "outliers") ? parameter(e, "outliers").text(0) : "as_is";
    const size_t last = orig.size() - 1;
    const bool missing = outliers == "as_missing_values";
    Ast made = bound(x, [&](const Ast& v) {
      Asts cases;
      if (outliers != "as_is") {
        cases.push_back(Members{{"if", call("<", {v, orig[0]})}, {"then", missing ? null_of("double") : Ast(norm[0])}});
        cases.push_back(Members{{"if", call(">", {v, orig[last]})}, {"then", missing ? null_of("double") : Ast(norm[last])}});
      }
      Ast rest;
      for (size_t i = 0; i < last; ++i) {
        const double slope = (norm[i + 1] - norm[i]) / (orig[i + 1] - orig[i]);
        Ast line = call("+", {norm[i], call("*", {call("-", {v, orig[i]}), real(slope)})});
        if (i + 1 == last) {
          rest = std::move(line);
        } else {
          cases.push_back(Members{{"if", call("<", {v, orig[i + 1]})}, {"then", std::move(line)}});
        }
      }
      if (cases.empty()) return rest;
      return Ast(Members{{"cond", std::move(cases)}, {"else", std::move(rest)}});
    });
    return {std::move(made), "double", missing};
  }

  // The elements of a table of results as constants of one type.
  std::string result_type(const Expr& e, const Tensor& values) const {
    const std::string type = type_of(values.dtype());
    if (type.empty()) refuse(e, "with results that PFA has no type for");
    return type;
  }

  Typed bins(const Expr& e, const Typed& x) {
    if (!x.number()) refuse(e, "of another value than a number");
    const Tensor &left = parameter(e, "left"), &right = parameter(e, "right"), &values = parameter(e, "values");
    const Tensor &left_closed = parameter(e, "left_closed"), &right_closed = parameter(e, "right_closed");
    Ast made = bound(x, [&](const Ast& v) {
      Asts cases;
      for (size_t i = values.size(); i-- > 0;) {
        std::optional<Ast> test;
        const auto add = [&](Ast one) { test = test ? call("&&", {std::move(*test), std::move(one)}) : std::move(one); };
        if (std::isfinite(left.real(i))) add(call(left_closed.integer(i) != 0 ? ">=" : ">", {v, left.real(i)}));
        if (std::isfinite(right.real(i))) add(call(right_closed.integer(i) != 0 ? "<=" : "<", {v, right.real(i)}));
        if (!test) test = call("==", {v, v});
        cases.push_back(Members{{"if", std::move(*test)}, {"then", branch(element_of(values, i))}});
      }
      return Ast(Members{{"cond", std::move(cases)}, {"else", null_of(result_type(e, values))}});
    });
    return {std::move(made), result_type(e, values), true};
  }

  Typed lookup(const Expr& e, std::vector<Typed>& a) {
    const Tensor& values = parameter(e, "values");
    Asts cases;
    for (size_t r = 0; r < values.size(); ++r) {
      std::optional<Ast> test;
      for (size_t k = 0; k < a.size(); ++k) {
        const Tensor& keys = parameter(e, fmt::format("key{}", k));
        const std::string type = type_of(keys.dtype());
        const bool numbers = a[k].number() && (type == "double" || type == "long" || type == "int");
        if (type != a[k].type && !numbers) refuse(e, fmt::format("of {} among keys of type {}", a[k].type, type));
        Ast one = call("==", {a[k].e, element_of(keys, r)});
        test = test ? call("&&", {std::move(*test), std::move(one)}) : std::move(one);
      }
      cases.push_back(Members{{"if", std::move(*test)}, {"then", branch(element_of(values, r))}});
    }
    const std::string type = result_type(e, values);
    return {Members{{"cond", std::move(cases)}, {"else", null_of(type)}}, type, true};
  }

  const std::vector<Typed>& inputs_;
  const Node& node_;
  Values& values_;
  Program& program_;
  bool any_nullable_ = false;  // of the last call's arguments
};

}  // namespace

Typed written(const expr::Expr& e, const std::vector<Typed>& inputs, const Node& node, Values& values) {
  return Writer(inputs, node, values).make(e);
}

}  // namespace panmodel::pfa::writing
