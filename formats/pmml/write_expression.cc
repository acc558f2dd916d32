#include "formats/pmml/write_expression.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/diagnostic.h"
#include "base/number.h"
#include "formats/pmml/expression_reader.h"
#include "formats/pmml/write_tables.h"
#include "formats/pmml/write_xml.h"

namespace panmodel::pmml {

using expr::Constant;
using expr::Expr;
using expr::Function;
using expr::Scalar;

namespace {

constexpr const char* kDataTypes[] = {"double", "float", "integer", "boolean",
                                      "string", "date",  "time",    "dateTime"};

bool is_call(const Expr& e, Function function) {
  return e.kind == Expr::Kind::call && e.function == function;
}
bool is_cast(const Expr& e) {
  return e.kind == Expr::Kind::call && e.function >= Function::to_f64 &&
         e.function <= Function::to_date_time;
}
Scalar cast_type(const Expr& e) {
  return static_cast<Scalar>(static_cast<size_t>(e.function) -
                             static_cast<size_t>(Function::to_f64));
}
bool is_compound(const Expr& e) {
  return is_call(e, Function::logical_and) || is_call(e, Function::logical_or) ||
         is_call(e, Function::logical_xor) || is_call(e, Function::first_known);
}

// As ISO 8601 writes it.
std::string date_text(Scalar type, int64_t value) {
  constexpr int64_t kDay = 86400;
  const int64_t seconds = type == Scalar::date ? value * kDay : value;
  const int64_t days = seconds / kDay - (seconds % kDay < 0 ? 1 : 0);
  const int64_t rest = seconds - days * kDay;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  const std::string day =
      fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  const std::string time = fmt::format("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
  return type == Scalar::date ? day : type == Scalar::time ? time : day + "T" + time;
}

Expr known(const Expr& e) {
  return expr::call(Function::is_not_missing, {e});
}

// Appends an expression or a predicate.
class Writer {
 public:
  explicit Writer(const ExpressionFrame& frame) : frame_(frame) {}

  void write(pugi::xml_node parent, const Expr& e) {
    switch (e.kind) {
      case Expr::Kind::constant:
        return constant(parent, e.constant);
      case Expr::Kind::input:
        return field(parent, e);
      case Expr::Kind::call:
        break;
    }
    if (e.unknown) return three_valued(parent, e);
    if (is_cast(e)) return cast(parent, e, nullptr);
    if (e.function == Function::first_known) return first_known(parent, e);
    if (writes_table(e.function)) return write_table_call(parent, e, frame_);
    apply(parent, e);
  }

  void predicate(pugi::xml_node parent, const Expr& e) {
    if (e.kind == Expr::Kind::constant) {
      const bool* truth = std::get_if<bool>(&e.constant.value);
      add(parent, truth != nullptr && *truth ? "True" : "False");
      return;
    }
    if (is_compound(e) && e.unknown && !e.default_value) return compound(parent, e);
    if (simple(parent, e) || set_of(parent, e)) return;
    const NamedField field = e.kind == Expr::Kind::input && !e.map_missing_to
                                 ? frame_.inputs[e.input]
                                 : frame_.derive(e, Scalar::boolean);
    comparison(parent, field.name, "equal", "true");
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    fail(frame_.place, "pmml-write", "{}", what);
  }

  static void constant(pugi::xml_node parent, const Constant& c, Scalar type) {
    pugi::xml_node element = add(parent, "Constant");
    set(element, "dataType", data_type_of(type));
    if (c.is_missing()) {
      set(element, "missing", "true");
    } else {
      element.text().set(xml_text(text_of(c)).c_str());
    }
  }
  static void constant(pugi::xml_node parent, const Constant& c) { constant(parent, c, c.type); }

  // The field that `e` is, where it is nothing but one; dates count as such in their own type.
  const NamedField* field_of(const Expr& e) const {
    const Expr& inner = is_cast(e) ? e.arguments[0] : e;
    if (inner.kind != Expr::Kind::input || inner.map_missing_to) return nullptr;
    const NamedField& field = frame_.inputs[inner.input];
    if (is_cast(e) ? field.type == cast_type(e) : field.type < Scalar::date) return &field;
    return nullptr;
  }

  void field(pugi::xml_node parent, const Expr& e) {
    const NamedField& named = frame_.inputs[e.input];
    if (named.type >= Scalar::date) refuse("the date '" + named.name + "' as a number");
    reference(parent, named, e.map_missing_to);
  }
  void reference(pugi::xml_node parent, const NamedField& field,
                 const std::optional<Constant>& missing) {
    if (missing && !is_replacement(*missing)) {
      const Expr e = expr::input(static_cast<uint32_t>(&field - frame_.inputs.data()));
      return write(parent, expr::call(Function::if_else, {known(e), e, expr::constant(*missing)}));
    }
    pugi::xml_node element = add(parent, "FieldRef");
    set(element, "field", field.name);
    if (missing) set(element, "mapMissingTo", text_of(*missing));
  }

  // Whether the attribute's text is read as the same constant.
  static bool is_replacement(const Constant& c) {
    return !c.is_missing() && replacement(text_of(c)) == c;
  }

  // `otherwise`: what stands for a missing result, null = nothing.
  void cast(pugi::xml_node parent, const Expr& e, const Constant* otherwise) {
    const Scalar type = cast_type(e);
    const Expr& inner = e.arguments[0];
    if (const NamedField* field = field_of(e)) {
      return reference(parent, *field,
                       otherwise != nullptr ? std::optional(*otherwise) : std::nullopt);
    }
    if (inner.kind == Expr::Kind::constant && inner.constant.type == Scalar::string &&
        type >= Scalar::date && otherwise == nullptr) {
      return constant(parent, inner.constant, type);
    }
    pugi::xml_node call = add(parent, "Apply");
    set(call, "function", frame_.conversions.name(type));
    if (otherwise != nullptr) set(call, "defaultValue", text_of(*otherwise));
    write(call, inner);
  }

  void first_known(pugi::xml_node parent, const Expr& e) {
    const std::vector<Expr>& a = e.arguments;
    if (a.size() == 1) return write(parent, a[0]);
    if (a.size() == 2 && a[1].kind == Expr::Kind::constant && is_cast(a[0]) &&
        is_replacement(a[1].constant)) {
      return cast(parent, a[0], &a[1].constant);
    }
    Expr rest = expr::call(Function::first_known, {a.begin() + 1, a.end()});
    write(parent, expr::call(Function::if_else, {known(a[0]), a[0], std::move(rest)}));
  }

  void apply(pugi::xml_node parent, const Expr& e) {
    const expr::FunctionInfo& f = expr::info(e.function);
    if (f.pmml.empty()) refuse(fmt::format("the function '{}' outside of a predicate", f.name));
    if (e.map_missing_to && !is_replacement(*e.map_missing_to)) {
      Expr rest = e;
      rest.map_missing_to.reset();
      for (size_t i = e.arguments.size(); i-- > 0;) {
        if (e.arguments[i].kind == Expr::Kind::constant) continue;
        rest = expr::call(Function::if_else, {known(e.arguments[i]), std::move(rest),
                                              expr::constant(*e.map_missing_to)});
      }
      return write(parent, rest);
    }
    if (e.default_value && !is_replacement(*e.default_value)) {
      Expr rest = e;
      rest.default_value.reset();
      const Expr test = known(rest);
      return write(parent, expr::call(Function::if_else,
                                      {test, std::move(rest), expr::constant(*e.default_value)}));
    }
    constexpr const char* kInvalid[] = {"returnInvalid", "asMissing", "asIs"};
    pugi::xml_node call = add(parent, "Apply");
    set(call, "function", std::string(f.pmml));
    if (e.map_missing_to) set(call, "mapMissingTo", text_of(*e.map_missing_to));
    if (e.default_value) set(call, "defaultValue", text_of(*e.default_value));
    if (e.invalid != expr::InvalidTreatment::refuse) {
      set(call, "invalidValueTreatment", kInvalid[static_cast<size_t>(e.invalid)]);
    }
    for (const Expr& argument : e.arguments) write(call, argument);
  }

  // As an expression: missing where an argument is, which Apply would refuse.
  void three_valued(pugi::xml_node parent, const Expr& e) {
    if (is_compound(e)) refuse("logic with three values outside of a predicate");
    Expr rest = e;
    rest.unknown = false;
    for (size_t i = e.arguments.size(); i-- > 0;) {
      const Expr& argument = e.arguments[i];
      if (argument.kind == Expr::Kind::constant && !argument.constant.is_missing()) continue;
      rest = expr::call(Function::if_else, {known(argument), std::move(rest)});
    }
    write(parent, rest);
  }

  static void comparison(pugi::xml_node parent, const std::string& field, const std::string& name,
                         const std::string& value) {
    pugi::xml_node element = add(parent, "SimplePredicate");
    set(element, "field", field);
    set(element, "operator", name);
    set(element, "value", value);
  }

  // The constant that a value of a predicate says; dates are the conversion of their text.
  static const Constant* value_of(const Expr& e, Scalar type) {
    const Expr& inner =
        is_cast(e) && type >= Scalar::date && cast_type(e) == type ? e.arguments[0] : e;
    if (inner.kind != Expr::Kind::constant || inner.constant.is_missing()) return nullptr;
    const bool text = inner.constant.type == Scalar::string;
    return text == (type == Scalar::string || type >= Scalar::date) ? &inner.constant : nullptr;
  }

  bool simple(pugi::xml_node parent, const Expr& e) {
    if (e.kind != Expr::Kind::call || e.map_missing_to || e.default_value || e.arguments.empty())
      return false;
    const NamedField* field = field_of(e.arguments[0]);
    if (field == nullptr) return false;
    const std::string name(expr::info(e.function).pmml);
    if (e.function == Function::is_missing || e.function == Function::is_not_missing) {
      pugi::xml_node element = add(parent, "SimplePredicate");
      set(element, "field", field->name);
      set(element, "operator", name);
      return true;
    }
    if (e.function < Function::equal || e.function > Function::greater_or_equal || !e.unknown)
      return false;
    const Constant* value = value_of(e.arguments[1], field->type);
    if (value == nullptr) return false;
    comparison(parent, field->name, name, text_of(*value));
    return true;
  }

  bool set_of(pugi::xml_node parent, const Expr& e) {
    if ((!is_call(e, Function::is_in) && !is_call(e, Function::is_not_in)) || !e.unknown)
      return false;
    const NamedField* field = field_of(e.arguments[0]);
    if (field == nullptr || e.map_missing_to || e.default_value) return false;
    std::vector<std::string> items;
    for (size_t i = 1; i < e.arguments.size(); ++i) {
      const Constant* value = value_of(e.arguments[i], field->type);
      if (value == nullptr) return false;
      items.push_back(text_of(*value));
    }
    write_set_predicate(parent, *field, e.function == Function::is_in, items);
    return true;
  }

  void compound(pugi::xml_node parent, const Expr& e) {
    const char* name = e.function == Function::logical_and   ? "and"
                       : e.function == Function::logical_or  ? "or"
                       : e.function == Function::logical_xor ? "xor"
                                                             : "surrogate";
    pugi::xml_node element = add(parent, "CompoundPredicate");
    set(element, "booleanOperator", name);
    for (const Expr& part : e.arguments) predicate(element, part);
  }

  const ExpressionFrame& frame_;
};

}  // namespace

const char* data_type_of(Scalar type) {
  return kDataTypes[static_cast<size_t>(type)];
}

const char* optype_of(Scalar type) {
  return type == Scalar::string || type == Scalar::boolean ? "categorical" : "continuous";
}

Scalar scalar_of_dtype(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return Scalar::f32;
    case DType::boolean:
      return Scalar::boolean;
    case DType::string:
      return Scalar::string;
    case DType::f64:
      return Scalar::f64;
    default:
      return Scalar::i64;
  }
}

std::string text_of(const Constant& constant) {
  if (const auto* text = std::get_if<std::string>(&constant.value)) return *text;
  if (const auto* truth = std::get_if<bool>(&constant.value)) return *truth ? "true" : "false";
  if (const auto* whole = std::get_if<int64_t>(&constant.value)) {
    return constant.type >= Scalar::date ? date_text(constant.type, *whole)
                                         : std::to_string(*whole);
  }
  const double real = std::get<double>(constant.value);
  if (std::isnan(real)) fail({}, "pmml-write", "a constant that is no number");
  if (std::isinf(real)) return real > 0 ? "Infinity" : "-Infinity";
  return constant.type == Scalar::f32 ? print_real(static_cast<float>(real)) : print_real(real);
}

std::string text_at(const Tensor& values, size_t i) {
  if (is_floating(values.dtype()) && std::isnan(values.real(i))) return "NaN";
  switch (values.dtype()) {
    case DType::string:
      return values.text(i);
    case DType::boolean:
      return values.integer(i) != 0 ? "true" : "false";
    case DType::f64:
      return text_of(Constant(values.real(i)));
    case DType::f32:
      return text_of(Constant(Scalar::f32, values.real(i)));
    default:
      return std::to_string(values.integer(i));
  }
}

std::string Conversions::name(Scalar type) {
  used_.insert(type);
  return std::string("as.") + data_type_of(type);
}

void Conversions::write(pugi::xml_node transformation_dictionary) const {
  for (Scalar type : used_) {
    pugi::xml_node function = add(transformation_dictionary, "DefineFunction");
    set(function, "name", std::string("as.") + data_type_of(type));
    set(function, "optype", optype_of(type));
    set(function, "dataType", data_type_of(type));
    set(add(function, "ParameterField"), "name", "x");
    set(add(function, "FieldRef"), "field", "x");
  }
}

void write_expression(pugi::xml_node parent, const Expr& e, const ExpressionFrame& frame) {
  Writer(frame).write(parent, e);
}

void write_predicate(pugi::xml_node parent, const Expr& e, const ExpressionFrame& frame) {
  Writer(frame).predicate(parent, e);
}

}  // namespace panmodel::pmml
