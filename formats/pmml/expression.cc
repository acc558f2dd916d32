#include "formats/pmml/expression.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "base/text.h"
#include "formats/pmml/expression_reader.h"

namespace panmodel::pmml {

using expr::Constant;
using expr::Expr;
using expr::Function;
using expr::Scalar;

namespace {

Function cast_to(Scalar type) {
  constexpr Function kCasts[] = {Function::to_f64,    Function::to_f32,  Function::to_i64,  Function::to_boolean,
                                 Function::to_string, Function::to_date, Function::to_time, Function::to_date_time};
  return kCasts[static_cast<size_t>(type)];
}

Expr cast(Expr e, Scalar type) { return expr::call(cast_to(type), {std::move(e)}); }

// `e`, or the constant where it is missing.
Expr or_else(Expr e, Constant c) {
  if (e.kind == Expr::Kind::input && !e.map_missing_to) {
    e.map_missing_to = std::move(c);
    return e;
  }
  return expr::call(Function::first_known, {std::move(e), expr::constant(std::move(c))});
}

// Functions whose answer to a missing argument the specification tells.
bool takes_missing(const expr::FunctionInfo& f) {
  return f.missing == expr::MissingRule::skip || f.id == Function::is_missing || f.id == Function::is_not_missing ||
         f.id == Function::is_valid || f.id == Function::is_not_valid;
}

Expr three_valued(Function function, std::vector<Expr> arguments) {
  Expr e = expr::call(function, std::move(arguments));
  e.unknown = true;
  return e;
}

}  // namespace

Constant typed_value(const Element& at, std::string_view text, Scalar type) {
  const std::string_view number = trim(text);
  switch (type) {
    case Scalar::f64:
      if (auto v = parse_real(number)) return *v;
      break;
    case Scalar::f32:
      if (auto v = parse_float(number)) return {type, static_cast<double>(*v)};
      break;
    case Scalar::i64:
      if (auto v = parse_int(number)) return *v;
      if (auto v = parse_real(number)) {
        if (*v == static_cast<double>(static_cast<int32_t>(std::clamp(*v, -2147483648.0, 2147483647.0)))) {
          return static_cast<int64_t>(*v);
        }
        return *v;
      }
      break;
    case Scalar::boolean:
      if (number == "true" || number == "1") return true;
      if (number == "false" || number == "0") return false;
      break;
    default: return std::string(text);
  }
  at.refuse("pmml-value", "'{}' is no {}", printable(text, 60), to_string(type));
}

Expr typed_constant(const Element& at, std::string_view text, Scalar type) {
  Expr e = expr::constant(typed_value(at, text, type));
  return type >= Scalar::date ? cast(std::move(e), type) : e;
}

Constant untyped_constant(std::string_view text) {
  const bool real = text.find('.') != text.npos;
  if (auto v = real ? parse_real(text) : std::nullopt) return *v;
  if (auto v = real ? std::nullopt : parse_int(text)) return *v;
  return std::string(text);
}

Constant replacement(std::string_view text) {
  Constant c = untyped_constant(text);
  const double* real = std::get_if<double>(&c.value);
  const int64_t* whole = std::get_if<int64_t>(&c.value);
  const bool same = real ? print_real(*real) == text : !whole || std::to_string(*whole) == text;
  return same ? c : Constant(std::string(text));
}

void ExpressionReader::count(uint64_t parts, const Element& at) {
  parts_ += parts;
  if (parts_ > kMaxParts) {
    at.refuse("pmml-depth", "the expression has more than {} parts when functions are replaced by their "
              "definitions", kMaxParts);
  }
}

ExpressionReader::Reference ExpressionReader::reference(std::string_view name, const Element& at) {
  if (parameters_ == nullptr) {
    const Field& field = bindings_.field_of(name, at);
    const Scalar type = field.type;
    Expr e = expr::input(bindings_.input_of(name, at));
    // A column of integers: only its name says that it counts days or seconds.
    return {type >= Scalar::date ? cast(std::move(e), type) : std::move(e), type};
  }
  auto found = parameters_->find(name);
  if (found == parameters_->end()) {
    at.refuse("pmml-field", "the function has no parameter '{}'; it sees no other fields", name);
  }
  const Parameter& p = found->second;
  count(p.parts, at);
  if (depth_ + p.depth > expr::kMaxDepth) {
    at.refuse("pmml-depth", "an expression is nested deeper than {} calls", expr::kMaxDepth - 1);
  }
  return {p.value, p.type};
}

Expr ExpressionReader::read(const Element& element) {
  if (++depth_ > expr::kMaxDepth) {
    element.refuse("pmml-depth", "an expression is nested deeper than {} calls", expr::kMaxDepth - 1);
  }
  count(1, element);
  Expr e = dispatch(element);
  --depth_;
  return e;
}

Expr ExpressionReader::dispatch(const Element& element) {
  const std::string_view name = element.name();
  if (name == "Apply") return apply(element);
  if (name == "FieldRef") return field_ref(element);
  if (name == "Constant") return constant(element);
  if (name == "NormContinuous") return norm_continuous(element);
  if (name == "NormDiscrete") return norm_discrete(element);
  if (name == "Discretize") return discretize(element);
  if (name == "MapValues") return map_values(element);
  if (name == "TextIndex") return text_index(element);
  if (name == "Aggregate") {
    element.refuse("pmml-expression", "needs fields that hold several values, which are not supported");
  }
  if (name == "Lag") {
    element.refuse("pmml-expression", "needs the rows before a row; rows are scored on their own");
  }
  element.refuse("pmml-expression", "not known as an expression");
}

Expr ExpressionReader::constant(const Element& element) {
  const std::string text = element.text();
  auto data_type = element.find("dataType");
  if (element.boolean("missing", false)) {
    return expr::constant(Constant::missing(data_type ? scalar_of(element, *data_type) : Scalar::string));
  }
  if (!data_type) return expr::constant(untyped_constant(text));
  const Scalar type = scalar_of(element, *data_type);
  Expr e = typed_constant(element, text, type);
  if (type == Scalar::i64 && e.constant.type != Scalar::i64) {
    element.refuse("pmml-value", "'{}' is no integer", printable(text, 60));
  }
  return e;
}

Expr ExpressionReader::field_ref(const Element& element) {
  Expr e = reference(element.attribute("field"), element).value;
  auto missing = element.find("mapMissingTo");
  return missing ? or_else(std::move(e), replacement(*missing)) : e;
}

Expr ExpressionReader::apply(const Element& element) {
  constexpr std::string_view kInvalid[] = {"returnInvalid", "asMissing", "asIs"};
  const std::string_view name = element.attribute("function");
  std::vector<Expr> arguments;
  for (const Element& child : element.children()) arguments.push_back(read(child));
  const expr::FunctionInfo* f = expr::find_pmml_function(name);
  if (f == nullptr) {
    const auto& functions = bindings_.scope().reader().dictionary.functions;
    auto defined = functions.find(name);
    if (defined != functions.end()) return user_call(element, defined->second, std::move(arguments));
    std::vector<std::string_view> names;
    for (const expr::FunctionInfo& known : expr::functions()) names.push_back(known.pmml);
    for (const auto& [known, definition] : functions) names.push_back(known);
    const std::string_view near = nearest(name, names);
    fail_help(element.place(), "pmml-expression",
              fmt::format("Apply: there is no function '{}'", printable(name, 60)),
              near.empty() ? "docs/functions.md lists the functions" : fmt::format("did you mean '{}'?", near));
  }
  if (arguments.size() < f->min_arguments || arguments.size() > f->max_arguments) {
    element.refuse("pmml-expression", "function '{}' has {} arguments, expected {}{}", name, arguments.size(),
                   f->min_arguments,
                   f->max_arguments == f->min_arguments ? ""
                   : f->max_arguments == expr::kAny     ? " or more"
                                                        : fmt::format(" to {}", f->max_arguments));
  }
  if (f->id == Function::is_valid || f->id == Function::is_not_valid) {
    if (auto e = domain_test(f->id, element.first(), arguments[0])) return std::move(*e);
  }
  Expr e = expr::call(f->id, std::move(arguments));
  e.invalid = static_cast<expr::InvalidTreatment>(element.choice("invalidValueTreatment", kInvalid, 0));
  if (auto v = element.find("mapMissingTo")) e.map_missing_to = replacement(*v);
  if (auto v = element.find("defaultValue")) e.default_value = replacement(*v);
  // By the letter a function of a missing argument is missing, unless it is told for missing ones.
  if (bindings_.scope().reader().strict && !e.map_missing_to && !takes_missing(*f)) {
    e.map_missing_to = e.default_value.value_or(Constant::missing(Scalar::f64));
  }
  return e;
}

// isValid or isNotValid of a field whose invalid cells stay in the column.
std::optional<Expr> ExpressionReader::domain_test(Function function, const Element& argument, const Expr& value) {
  if (!argument.is("FieldRef") || parameters_ != nullptr) return std::nullopt;
  const Field& field = bindings_.field_of(argument.attribute("field"), argument);
  if (!field.domain) return std::nullopt;
  count(4, argument);
  Expr invalid = expr::input(bindings_.input_of(invalid_cells(*field.domain, bindings_.scope().reader().builder)));
  if (function == Function::is_not_valid) return invalid;
  return expr::call(Function::logical_and,
                    {expr::call(Function::is_not_missing, {value}),
                     expr::call(Function::logical_not, {std::move(invalid)})});
}

// The body of the function with its parameters replaced. What Apply says of missing values stands
// around it; its invalidValueTreatment means nothing, because the body's own calls have theirs.
Expr ExpressionReader::user_call(const Element& apply, const Element& function, std::vector<Expr> arguments) {
  const std::string_view name = function.attribute("name");
  if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
    function.refuse("pmml-cycle", "the function '{}' calls itself", name);
  }
  const std::vector<Element> fields = function.children("ParameterField");
  if (fields.size() != arguments.size()) {
    apply.refuse("pmml-expression", "function '{}' has {} arguments, expected {}", name, arguments.size(), fields.size());
  }
  Element body = function.first();
  while (body && body.is("ParameterField")) body = body.next();
  if (!body) function.refuse("pmml-element", "no expression in it");
  std::vector<Expr> missing;
  if (apply.find("mapMissingTo")) {
    for (const Expr& a : arguments) {
      count(expr::count_nodes(a) + 1, apply);
      missing.push_back(expr::call(Function::is_missing, {a}));
    }
  }
  Parameters parameters;
  for (size_t i = 0; i < fields.size(); ++i) {
    Parameter p;
    p.value = std::move(arguments[i]);
    if (auto type = fields[i].find("dataType")) {
      p.type = scalar_of(fields[i], *type);
      p.value = cast(std::move(p.value), *p.type);
    }
    p.depth = expr::depth(p.value);
    p.parts = expr::count_nodes(p.value);
    if (!parameters.emplace(fields[i].attribute("name"), std::move(p)).second) {
      fields[i].refuse("pmml-duplicate", "two parameters of one name");
    }
  }
  const Parameters* outer = std::exchange(parameters_, &parameters);
  open_.push_back(name);
  Expr e = read(body);
  open_.pop_back();
  parameters_ = outer;
  if (auto type = function.find("dataType")) e = cast(std::move(e), scalar_of(function, *type));
  if (auto v = apply.find("defaultValue")) e = or_else(std::move(e), replacement(*v));
  if (!missing.empty()) {
    Expr any = missing.size() == 1 ? std::move(missing[0]) : expr::call(Function::logical_or, std::move(missing));
    e = expr::call(Function::if_else, {std::move(any), expr::constant(replacement(apply.attribute("mapMissingTo"))),
                                       std::move(e)});
  }
  if (depth_ + expr::depth(e) > expr::kMaxDepth) {
    apply.refuse("pmml-depth", "an expression is nested deeper than {} calls", expr::kMaxDepth - 1);
  }
  return e;
}

Expr ExpressionReader::predicate(const Element& element) {
  if (++depth_ > expr::kMaxDepth) {
    element.refuse("pmml-depth", "a predicate is nested deeper than {} levels", expr::kMaxDepth - 1);
  }
  count(1, element);
  Expr e = dispatch_predicate(element);
  --depth_;
  return e;
}

Expr ExpressionReader::dispatch_predicate(const Element& element) {
  const std::string_view name = element.name();
  if (name == "True") return expr::constant(true);
  if (name == "False") return expr::constant(false);
  if (name == "SimplePredicate") return simple_predicate(element);
  if (name == "SimpleSetPredicate") return set_predicate(element);
  if (name == "CompoundPredicate") return compound_predicate(element);
  element.refuse("pmml-expression", "not known as a predicate");
}

Expr ExpressionReader::simple_predicate(const Element& element) {
  constexpr std::string_view kOperators[] = {"equal",       "notEqual",       "lessThan",  "lessOrEqual",
                                             "greaterThan", "greaterOrEqual", "isMissing", "isNotMissing"};
  constexpr Function kFunctions[] = {Function::equal,        Function::not_equal,        Function::less_than,
                                     Function::less_or_equal, Function::greater_than,    Function::greater_or_equal,
                                     Function::is_missing,   Function::is_not_missing};
  element.attribute("operator");
  const Function function = kFunctions[element.choice("operator", kOperators, 0)];
  Reference field = reference(element.attribute("field"), element);
  if (function == Function::is_missing || function == Function::is_not_missing) {
    return expr::call(function, {std::move(field.value)});
  }
  Expr value = typed_constant(element, element.attribute("value"), field.type.value_or(Scalar::string));
  return three_valued(function, {std::move(field.value), std::move(value)});
}

Expr ExpressionReader::set_predicate(const Element& element) {
  constexpr std::string_view kOperators[] = {"isIn", "isNotIn"};
  element.attribute("booleanOperator");
  const bool in = element.choice("booleanOperator", kOperators, 0) == 0;
  Reference field = reference(element.attribute("field"), element);
  std::vector<Expr> arguments{std::move(field.value)};
  const Element array = element.require("Array");
  for (const std::string& item : array_items(array)) {
    count(1, array);
    arguments.push_back(typed_constant(array, item, field.type.value_or(Scalar::string)));
  }
  if (arguments.size() == 1) array.refuse("pmml-array", "no items");
  return three_valued(in ? Function::is_in : Function::is_not_in, std::move(arguments));
}

Expr ExpressionReader::compound_predicate(const Element& element) {
  constexpr std::string_view kOperators[] = {"and", "or", "xor", "surrogate"};
  constexpr Function kFunctions[] = {Function::logical_and, Function::logical_or, Function::logical_xor,
                                     Function::first_known};
  element.attribute("booleanOperator");
  const Function function = kFunctions[element.choice("booleanOperator", kOperators, 0)];
  std::vector<Expr> arguments;
  for (const Element& child : element.children()) arguments.push_back(predicate(child));
  if (arguments.empty()) element.refuse("pmml-element", "no predicates in it");
  if (arguments.size() == 1) return std::move(arguments[0]);
  return three_valued(function, std::move(arguments));
}

Expr read_expression(const Element& element, Bindings& bindings) {
  return ExpressionReader(bindings).read(element);
}

Expr read_predicate(const Element& element, Bindings& bindings) {
  return ExpressionReader(bindings).predicate(element);
}

}  // namespace panmodel::pmml
