// Comparisons and three-valued logic of expr.map.
#include <algorithm>

#include "base/number.h"
#include "converters/lower/expression.h"

namespace panmodel::converters {

using expr::Scalar;
using tensor::BinaryFn;
using tensor::UnaryFn;

// Brings both to numbers, to booleans or to texts. A constant text is read as the other's type.
bool Expressions::comparable(Cell& x, Cell& y) {
  auto reads = [&](Cell& one, const Cell& other) {
    if (one.type != Scalar::string || other.type == Scalar::string) return true;
    if (one.constant == nullptr) return false;
    const auto& spelled = std::get<std::string>(one.constant->value);
    if (other.type == Scalar::boolean) {
      if (spelled != "true" && spelled != "false") return false;
      one = truth(bit(spelled == "true"), {});
      return true;
    }
    auto value = parse_real(spelled);
    if (!value || !is_number(other)) return false;
    one = number(other.type, rounded(other.type, real(*value)), false);
    return true;
  };
  if (!reads(x, y) || !reads(y, x)) return false;
  if (x.type == y.type || (is_number(x) && is_number(y))) return true;
  if (is_date(x) || is_date(y) || x.type == Scalar::string || y.type == Scalar::string) return false;
  // A boolean counts as 0 or 1.
  for (Cell* c : {&x, &y}) {
    if (c->type == Scalar::boolean) *c = number(Scalar::i64, real(*c), c->may_be_missing);
  }
  return true;
}

ValueId Expressions::same(Cell x, Cell y) {
  if (!comparable(x, y)) return {};
  return bin(BinaryFn::equal, x.value, y.value);
}

Cell Expressions::comparison(const Expr& e, Cells& a) {
  const bool indicates = e.function == Function::norm_discrete;
  if (a[0].nothing || a[1].nothing) return nothing();
  Cell x = a[0], y = a[1];
  if (!comparable(x, y)) return blocked(e, "arguments of different types");
  ValueId missing = any_missing({x, y});
  const bool ordered = e.function >= Function::less_than && e.function <= Function::greater_or_equal;
  if (ordered && x.type == Scalar::string) return blocked(e, "an order of texts");
  if (ordered && x.type == Scalar::boolean) {
    x = number(Scalar::i64, real(x), x.may_be_missing);
    y = number(Scalar::i64, real(y), y.may_be_missing);
  }
  ValueId value;
  switch (e.function) {
    case Function::less_than: value = bin(BinaryFn::less, x.value, y.value); break;
    case Function::less_or_equal: value = bin(BinaryFn::less_or_equal, x.value, y.value); break;
    case Function::greater_than: value = bin(BinaryFn::greater, x.value, y.value); break;
    case Function::greater_or_equal: value = bin(BinaryFn::greater_or_equal, x.value, y.value); break;
    default: value = bin(BinaryFn::equal, x.value, y.value);
  }
  if (e.function == Function::not_equal) value = negated(b_, value);
  if (missing.valid() && !indicates && !e.unknown && !e.map_missing_to) refuses(e, "of a missing argument");
  if (indicates) {
    value = cast(DType::f64, value);
    if (missing.valid()) value = where(b_, missing, real(kNan), value);
    return number(Scalar::f64, value, missing.valid());
  }
  // Numbers that are NaN compare as false by themselves.
  const bool false_already = (is_number(x) || is_date(x)) && e.function != Function::not_equal;
  if (missing.valid() && !false_already) value = both(b_, value, negated(b_, missing));
  return truth(value, missing);
}

Cell Expressions::logic(const Expr& e, Cells& a) {
  for (Cell& c : a) {
    if (c.nothing) c = truth(bit(false), bit(true));
    if (c.type == Scalar::string && c.constant != nullptr) {
      Cell yes = truth(bit(true), {});
      if (!comparable(c, yes)) return blocked(e, "an argument that is no boolean");
    }
    if (c.type != Scalar::boolean) return blocked(e, "an argument that is no boolean");
  }
  ValueId missing = any_missing(a), value = a[0].value;
  if (missing.valid() && !e.unknown && e.function != Function::logical_xor && !e.map_missing_to) {
    refuses(e, "of a missing argument");
  }
  if (e.function == Function::logical_not) {
    return truth(negated(b_, missing.valid() ? either(b_, value, missing) : value), missing);
  }
  const BinaryFn fn = e.function == Function::logical_and  ? BinaryFn::logical_and
                      : e.function == Function::logical_or ? BinaryFn::logical_or
                                                           : BinaryFn::logical_xor;
  for (size_t i = 1; i < a.size(); ++i) value = bin(fn, value, a[i].value);
  if (!missing.valid()) return truth(value, {});
  if (!e.unknown || fn == BinaryFn::logical_xor) return truth(both(b_, value, negated(b_, missing)), missing);
  if (fn == BinaryFn::logical_or) return truth(value, both(b_, negated(b_, value), missing));
  // And: an argument that is known to be false decides.
  ValueId all;
  for (const Cell& c : a) {
    ValueId not_false = c.may_be_missing ? either(b_, c.value, missing_of(c)) : c.value;
    all = all.valid() ? both(b_, all, not_false) : not_false;
  }
  return truth(value, both(b_, all, missing));
}

Cell Expressions::membership(const Expr& e, Cells& a) {
  const bool negative = e.function == Function::is_not_in;
  const Cell x = a[0];
  if (x.nothing) return e.unknown ? nothing() : truth(bit(negative), {});
  std::vector<double> numbers;
  std::vector<std::string> texts;
  std::vector<ValueId> hits;
  for (size_t i = 1; i < a.size(); ++i) {
    Cell y = a[i], left = x;
    if (y.nothing) continue;
    const expr::Constant* constant = y.constant;
    if (x.type == Scalar::string && constant != nullptr && y.type == Scalar::string) {
      texts.push_back(std::get<std::string>(constant->value));
      continue;
    }
    if (is_number(x) && constant != nullptr && is_number(y)) {
      numbers.push_back(b_.constant_value(y.value)->real(0));
      continue;
    }
    if (!comparable(left, y)) {
      // A constant text that is no number equals none.
      if (constant != nullptr && y.type == Scalar::string && !is_date(x)) continue;
      return blocked(e, "arguments of different types");
    }
    ValueId hit = bin(BinaryFn::equal, left.value, y.value);
    if (y.missing.valid()) hit = both(b_, hit, negated(b_, y.missing));
    hits.push_back(hit);
  }
  if (!numbers.empty()) hits.push_back(is_one_of(b_, column(x.value), numbers));
  if (!texts.empty()) hits.push_back(is_one_of(b_, column(x.value), texts));
  ValueId value = hits.empty() ? bit(false) : any_of(b_, hits);
  ValueId missing = x.may_be_missing ? missing_of(x) : ValueId();
  if (missing.valid() && !is_number(x)) value = both(b_, value, negated(b_, missing));
  if (negative) value = negated(b_, value);
  if (!e.unknown || !missing.valid()) return truth(value, {});
  if (negative) value = both(b_, value, negated(b_, missing));
  return truth(value, missing);
}

}  // namespace panmodel::converters
