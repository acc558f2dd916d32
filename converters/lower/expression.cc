// expr.map: leaves, missing values and types of expressions.
#include "converters/lower/expression.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/number.h"

namespace panmodel::converters {

using expr::Constant;
using expr::Scalar;
using tensor::BinaryFn;
using tensor::UnaryFn;

namespace {

bool has_rows(const Builder& b, ValueId v) {
  const TensorType* t = b.type(v).tensor();
  return t != nullptr && t->dims && t->dims->size() == 2;
}

// Constants beyond this are no exact f64.
constexpr int64_t kExact = int64_t{1} << 53;

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}

}  // namespace

std::optional<Constant> converted(const Constant& c, Scalar type) {
  if (c.is_missing()) return Constant::missing(type);
  if (c.type == type) return c;
  if (type == Scalar::string) {
    if (c.type == Scalar::boolean) return Constant(std::get<bool>(c.value) ? "true" : "false");
    if (c.type == Scalar::i64) return Constant(std::to_string(std::get<int64_t>(c.value)));
    return std::nullopt;
  }
  std::optional<double> number;
  if (const auto* text = std::get_if<std::string>(&c.value)) {
    std::string_view spelled = trimmed(*text);
    if (type == Scalar::boolean) {
      if (spelled == "true" || spelled == "false") return Constant(spelled == "true");
      return std::nullopt;
    }
    number = parse_real(spelled);
    if (auto single = parse_float(spelled); type == Scalar::f32 && single) number = static_cast<double>(*single);
  } else if (const auto* truth = std::get_if<bool>(&c.value)) {
    number = *truth ? 1 : 0;
  } else if (c.type == Scalar::i64) {
    number = static_cast<double>(std::get<int64_t>(c.value));
  } else if (c.type < Scalar::i64) {
    number = std::get<double>(c.value);
  }
  if (!number) return std::nullopt;
  switch (type) {
    case Scalar::f64: return Constant(*number);
    case Scalar::f32: return Constant(Scalar::f32, static_cast<double>(round_nearest(*number)));
    case Scalar::boolean:
      if (*number != 0 && *number != 1) return std::nullopt;
      return Constant(*number == 1);
    case Scalar::i64:
      if (std::abs(*number) > static_cast<double>(kExact) || *number != std::trunc(*number)) return std::nullopt;
      return Constant(static_cast<int64_t>(*number));
    default: return std::nullopt;
  }
}

Cell Expressions::blocked(std::string_view what) {
  blocking_.emplace(what);
  return nothing();
}
Cell Expressions::blocked(const Expr& e, std::string_view why) {
  return blocked(fmt::format("{} ({})", expr::info(e.function).name, why));
}

void Expressions::refuses(const Expr& e, std::string_view when) {
  refusing_.insert(fmt::format("{} {}", expr::info(e.function).name, when));
}

ValueId Expressions::real(double v) {
  ValueId& known = reals_[std::bit_cast<uint64_t>(v)];
  if (!known.valid()) known = one_real(b_, DType::f64, v);
  return known;
}

ValueId Expressions::cast(DType to, ValueId v) {
  if (dtype_of(b_, v) == to) return v;
  // A float that was widened is that float.
  const Node* maker = b_.graph().producer(v);
  const bool widened = to == DType::f32 && maker != nullptr && maker->as<tensor::Cast>() != nullptr &&
                       dtype_of(b_, maker->inputs[0]) == DType::f32;
  return widened ? maker->inputs[0] : b_.add(tensor::Cast{to}, {v});
}

Cell Expressions::nothing() {
  Cell c;
  c.nothing = c.may_be_missing = true;
  c.value = real(kNan);
  return c;
}
Cell Expressions::number(Scalar type, ValueId value, bool may_be_missing) {
  Cell c;
  c.type = type;
  c.value = value;
  c.may_be_missing = may_be_missing;
  return c;
}
Cell Expressions::truth(ValueId value, ValueId missing) {
  Cell c = number(Scalar::boolean, value, missing.valid());
  c.missing = missing;
  return c;
}
Cell Expressions::text(ValueId value, ValueId missing) {
  Cell c = truth(value, missing);
  c.type = Scalar::string;
  return c;
}

ValueId Expressions::missing_of(const Cell& cell) {
  if (cell.nothing) return bit(true);
  if (!cell.may_be_missing) return bit(false);
  if (cell.missing.valid()) return cell.missing;
  ValueId& known = missing_[cell.value.v];
  if (!known.valid()) known = un(UnaryFn::is_nan, cell.value);
  return known;
}

ValueId Expressions::any_missing(const Cells& cells) {
  ValueId any;
  for (const Cell& c : cells) {
    if (!c.may_be_missing) continue;
    any = any.valid() ? either(b_, any, missing_of(c)) : missing_of(c);
  }
  return any;
}

Cell Expressions::leaf(uint32_t input) {
  auto [found, fresh] = leaves_.try_emplace(input);
  Cell& out = found->second;
  if (!fresh) return out;
  const Type& type = context_.from.type(context_.node.inputs[input]);
  const ColumnType* column = type.column();
  const DType before = column ? column->dtype : type.tensor()->dtype;
  ValueId x = context_.inputs[input];
  const TensorType* t = b_.type(x).tensor();
  if (t->dims && t->dims->size() == 1) x = b_.add(tensor::Unsqueeze{{1}}, {x});
  const DType now = t->dtype;
  if (before == DType::string) {
    return out = text(x, column ? is_missing_cell(b_, x) : ValueId());
  }
  if (before == DType::boolean) {
    const bool real_now = is_floating(now);
    return out = truth(as_condition(b_, x), real_now ? un(UnaryFn::is_nan, x) : ValueId());
  }
  ValueId wide = now == DType::f64 ? x : cast(DType::f64, x);
  const Scalar scalar = before == DType::f64 ? Scalar::f64 : before == DType::f32 ? Scalar::f32 : Scalar::i64;
  return out = number(scalar, wide, is_floating(now));
}

Cell Expressions::of_constant(const Constant& c, As as) {
  if (c.is_missing()) return nothing();
  if (as && *as != c.type) {
    auto other = panmodel::converters::converted(c, *as);
    if (!other) return blocked(fmt::format("a constant that is no {}", to_string(*as)));
    return of_constant(constants_.emplace_back(std::move(*other)));
  }
  Cell out;
  if (const auto* v = std::get_if<double>(&c.value)) {
    out = number(c.type, real(*v), *v != *v);
  } else if (const auto* whole = std::get_if<int64_t>(&c.value)) {
    if (*whole > kExact || *whole < -kExact) return blocked("integers beyond 2^53");
    out = number(c.type, real(static_cast<double>(*whole)), false);
  } else if (const auto* truth_value = std::get_if<bool>(&c.value)) {
    out = truth(bit(*truth_value), {});
  } else {
    out = text(one_text(b_, std::get<std::string>(c.value)), {});
  }
  out.constant = &c;
  return out;
}

ValueId Expressions::column(ValueId value) {
  if (has_rows(b_, value)) return value;
  ValueId x = context_.inputs[0];
  if (!has_rows(b_, x)) x = b_.add(tensor::Unsqueeze{{1}}, {x});
  ValueId rows = bin(BinaryFn::equal, x, x);
  if (dtype_of(b_, value) == DType::boolean) return both(b_, either(b_, rows, bit(true)), value);
  return where(b_, rows, value, value);
}

// Of numbers, booleans, and texts that are numbers.
ValueId Expressions::real(const Cell& cell) {
  if (cell.nothing || is_number(cell) || is_date(cell)) return cell.value;
  ValueId value = cell.value;
  if (cell.type == Scalar::string) {
    if (cell.constant != nullptr) {
      auto parsed = parse_real(std::get<std::string>(cell.constant->value));
      return real(parsed.value_or(kNan));
    }
    refusing_.insert("a text that is no number");
    if (cell.may_be_missing) value = where(b_, missing_of(cell), one_text(b_, "nan"), value);
    return cast(DType::f64, value);
  }
  value = cast(DType::f64, value);
  return cell.may_be_missing ? where(b_, missing_of(cell), real(kNan), value) : value;
}

ValueId Expressions::rounded(Scalar type, ValueId value) {
  if (type == Scalar::f32) return cast(DType::f64, cast(DType::f32, value));
  if (type != Scalar::i64) return value;
  ValueId fits = both(b_, bin(BinaryFn::greater_or_equal, value, real(-2147483648.0)),
                      bin(BinaryFn::less_or_equal, value, real(2147483647.0)));
  return only(fits, value);
}

Cell Expressions::select(ValueId condition, Cell yes, Cell no) {
  if (yes.nothing && no.nothing) return yes;
  const Cell& known = yes.nothing ? no : yes;
  const bool numbers = is_number(known), same_kind = yes.nothing || no.nothing || yes.type == no.type ||
                                                      (is_number(yes) && is_number(no));
  if (!same_kind) return blocked("if_else (results of different types)");
  if (numbers || is_date(known)) {
    Cell out = number(known.type, where(b_, condition, yes.value, no.value), yes.may_be_missing || no.may_be_missing);
    if (!yes.nothing && !no.nothing) {
      out.type = std::min(yes.type, no.type);
      out.varies = yes.varies || no.varies || yes.type != no.type;
    }
    return out;
  }
  auto pick = [&](ValueId a, ValueId b) {
    return either(b_, both(b_, condition, a), both(b_, negated(b_, condition), b));
  };
  ValueId missing;
  if (yes.may_be_missing || no.may_be_missing) missing = pick(missing_of(yes), missing_of(no));
  if (known.type == Scalar::string) {
    ValueId a = yes.nothing ? no.value : yes.value, b = no.nothing ? yes.value : no.value;
    return text(a == b ? a : where(b_, condition, a, b), missing);
  }
  ValueId a = yes.nothing ? bit(false) : yes.value, b = no.nothing ? bit(false) : no.value;
  return truth(pick(a, b), missing);
}

Cell Expressions::filled(Cell cell, const Constant& stand_in, As as) {
  if (!cell.may_be_missing) return cell;
  if (cell.nothing) return of_constant(stand_in, as);
  return select(missing_of(cell), of_constant(stand_in, as), cell);
}

Cell Expressions::lower(const Expr& e, As as) {
  switch (e.kind) {
    case Expr::Kind::constant: return of_constant(e.constant, as);
    case Expr::Kind::input: {
      Cell cell = leaf(e.input);
      if (as) cell = converted(cell, *as);
      return e.map_missing_to ? filled(cell, *e.map_missing_to, as) : cell;
    }
    default: return call(e, as);
  }
}

Cell Expressions::call(const Expr& e, As as) {
  const bool is_root = &e == &op_.body;
  if (e.invalid == expr::InvalidTreatment::as_is && !(is_root && !e.default_value)) {
    return blocked(e, "invalid results that stay numbers");
  }
  auto finish = [&](Cell cell) { return e.default_value ? filled(std::move(cell), *e.default_value, as) : cell; };
  if (e.function == Function::if_else) return finish(choose(e, as));
  if (e.function == Function::first_known) return finish(first_known(e, as));
  Cells arguments;
  for (const Expr& a : e.arguments) arguments.push_back(lower(a));
  // A missing argument decides before a default does, and is seen before its cell is read otherwise.
  const bool is_table = expr::info(e.function).type == expr::TypeRule::table;
  ValueId missing;
  if (e.map_missing_to || (is_table && e.default_value)) missing = any_missing(arguments);
  Cell cell = apply(e, arguments, as);
  if (as) cell = converted(cell, *as);
  cell = finish(cell);
  if (!missing.valid()) return cell;
  return select(missing, e.map_missing_to ? of_constant(*e.map_missing_to, as) : nothing(), cell);
}

Cell Expressions::choose(const Expr& e, As as) {
  // What stands for a missing condition may be written as a number.
  const Expr& test = e.arguments[0];
  const bool is_truth = test.kind == Expr::Kind::call && expr::info(test.function).type == expr::TypeRule::boolean;
  Cell condition = is_truth ? lower(test, Scalar::boolean) : lower(test);
  Cell yes = lower(e.arguments[1], as), no = e.arguments.size() > 2 ? lower(e.arguments[2], as) : nothing();
  Cell absent = e.map_missing_to ? of_constant(*e.map_missing_to, as) : nothing();
  if (condition.nothing) return absent;
  if (condition.type != Scalar::boolean) return blocked(e, "a condition that is no boolean");
  if (e.map_missing_to) {
    // Not for the alternative that is not given.
    yes = filled(yes, *e.map_missing_to, as);
    if (e.arguments.size() > 2) no = filled(no, *e.map_missing_to, as);
  }
  Cell chosen = select(condition.value, yes, no);
  if (!condition.may_be_missing) return chosen;
  if (!e.map_missing_to && !e.unknown) refuses(e, "of a missing condition");
  return select(missing_of(condition), absent, chosen);
}

Cell Expressions::first_known(const Expr& e, As as) {
  Cell out = lower(e.arguments.back(), as);
  for (size_t i = e.arguments.size() - 1; i-- > 0;) {
    Cell cell = lower(e.arguments[i], as);
    if (cell.nothing) continue;
    out = cell.may_be_missing ? select(missing_of(cell), out, cell) : cell;
  }
  return out;
}

Cell Expressions::apply(const Expr& e, Cells& a, As as) {
  switch (e.function) {
    case Function::add:
    case Function::subtract:
    case Function::multiply:
    case Function::divide:
    case Function::modulo: return arithmetic(e, a);
    case Function::min:
    case Function::max:
    case Function::sum:
    case Function::avg:
    case Function::product: return aggregate(e, a);
    case Function::median: return median(e, a);
    case Function::is_missing: return truth(missing_of(a[0]), {});
    case Function::is_not_missing:
    case Function::is_valid: return truth(negated(b_, missing_of(a[0])), {});
    case Function::is_not_valid: return truth(bit(false), {});
    case Function::equal:
    case Function::not_equal:
    case Function::less_than:
    case Function::less_or_equal:
    case Function::greater_than:
    case Function::greater_or_equal:
    case Function::norm_discrete: return comparison(e, a);
    case Function::logical_and:
    case Function::logical_or:
    case Function::logical_xor:
    case Function::logical_not: return logic(e, a);
    case Function::is_in:
    case Function::is_not_in: return membership(e, a);
    case Function::to_f64: return converted(a[0], Scalar::f64);
    case Function::to_f32: return converted(a[0], Scalar::f32);
    case Function::to_i64:
      // A column of integers that the boundary has made real is whole.
      if (e.arguments[0].kind == Expr::Kind::input && a[0].type == Scalar::f64) {
        a[0].type = Scalar::i64;
        return a[0];
      }
      return converted(a[0], Scalar::i64);
    case Function::to_boolean: return converted(a[0], Scalar::boolean);
    case Function::to_string: return text_of(a[0]);
    case Function::to_date: return converted(a[0], Scalar::date);
    case Function::to_time: return converted(a[0], Scalar::time);
    case Function::to_date_time: return converted(a[0], Scalar::date_time);
    case Function::norm_continuous: return norm_continuous(e, a[0]);
    case Function::discretize: return discretize(e, a[0], as);
    case Function::map_values: return map_values(e, a, as);
    default: return mathematics(e, a);
  }
}

Cell Expressions::converted(Cell cell, Scalar type) {
  if (cell.nothing || cell.type == type) return cell;
  switch (type) {
    case Scalar::f64:
    case Scalar::f32: {
      if (is_date(cell)) return blocked("a date as a number");
      const bool inexact = cell.type == Scalar::string;
      return number(type, rounded(type, real(cell)), cell.may_be_missing || inexact);
    }
    case Scalar::i64: {
      if (cell.type == Scalar::boolean) return number(type, real(cell), cell.may_be_missing);
      if (!is_number(cell)) return blocked("a text read as an integer");
      refusing_.insert("a number that is no integer");
      ValueId whole = bin(BinaryFn::equal, un(UnaryFn::floor, cell.value), cell.value);
      return number(type, only(whole, cell.value), true);
    }
    case Scalar::boolean: {
      if (!is_number(cell)) return blocked("a text read as a boolean");
      ValueId yes = bin(BinaryFn::equal, cell.value, real(1)), no = bin(BinaryFn::equal, cell.value, real(0));
      return truth(yes, negated(b_, either(b_, yes, no)));
    }
    case Scalar::string: return text_of(cell);
    default:
      if (cell.type != Scalar::i64) return blocked("a text read as a date");
      cell.type = type;
      return cell;
  }
}

Cell Expressions::text_of(const Cell& cell) {
  if (cell.nothing || cell.type == Scalar::string) return cell;
  ValueId missing = cell.may_be_missing ? missing_of(cell) : ValueId();
  if (cell.type == Scalar::boolean) {
    return text(where(b_, cell.value, one_text(b_, "true"), one_text(b_, "false")), missing);
  }
  if (cell.type != Scalar::i64 || cell.varies) return blocked("to_string (of a real number or a date)");
  ValueId value = missing.valid() ? where(b_, missing, real(0), cell.value) : cell.value;
  return text(cast(DType::string, cast(DType::i64, value)), missing);
}

std::string Expressions::run(ValueId& result) {
  for (ValueId v : context_.inputs) {
    if (b_.type(v).column() != nullptr) return "a table column that is no tensor yet";
  }
  Cell cell = lower(op_.body, op_.type);
  if (!blocking_.empty()) {
    std::string all;
    for (const std::string& what : blocking_) all += (all.empty() ? "" : ", ") + what;
    return "no form for " + all;
  }
  if (!refusing_.empty()) {
    std::string all;
    for (const std::string& what : refusing_) all += (all.empty() ? "" : ", ") + what;
    context_.diagnostics.report(Severity::loss, {}, "convert-refused-value",
                                "the source refuses a row with {}; the target gives a missing value", all);
  }
  const DType dtype = expr::dtype_of(op_.type);
  const bool is_text = dtype == DType::string, is_truth = dtype == DType::boolean;
  const bool masked = op_.masked;
  ValueId mask = masked ? as_condition(b_, context_.inputs.back()) : ValueId();
  ValueId value = cell.value;
  if (cell.nothing) {
    value = missing_cell(b_, is_text ? DType::string : DType::f64);
  } else if (is_text) {
    if (cell.may_be_missing && cell.missing.valid()) value = where(b_, cell.missing, one_text(b_, {}), value);
  } else if (is_truth) {
    // A boolean that is never missing stays one.
    if (cell.may_be_missing || masked) value = real(cell);
  } else if (dtype == DType::f32) {
    value = cast(DType::f32, value);
  }
  if (masked) value = where(b_, mask, value, missing_cell(b_, dtype_of(b_, value)));
  result = column(value);
  return {};
}

std::string lower_map(PatternContext& c, Results& results) {
  ValueId result;
  std::string why = Expressions(c, *c.node.as<expr::Map>()).run(result);
  if (why.empty()) results = {result};
  return why;
}

}  // namespace panmodel::converters
