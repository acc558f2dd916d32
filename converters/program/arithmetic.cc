// Numbers, comparisons and links on symbols.
#include <cmath>
#include <numbers>

#include "converters/program/raiser.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_linalg.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::converters {

using pfa::Kind;
using tensor::BinaryFn;
using tensor::UnaryFn;

Sym Raiser::unary(UnaryFn fn, const Sym& x) {
  return scalar(b_.add(tensor::Unary{fn}, {column(x)}), pfa::primitive(Kind::float64));
}
Sym Raiser::binary(BinaryFn fn, const Sym& x, const Sym& y) {
  if (is_known(*x) && is_known(*y)) {
    double a = number_of(x), b = number_of(y);
    switch (fn) {
      case BinaryFn::add: return number(a + b);
      case BinaryFn::sub: return number(a - b);
      case BinaryFn::mul: return number(a * b);
      case BinaryFn::div: return number(a / b);
      default: break;
    }
  }
  return scalar(b_.add(tensor::Binary{fn}, {column(x), column(y)}), pfa::primitive(Kind::float64));
}
Sym Raiser::negation(const Sym& x) { return unary(UnaryFn::neg, x); }

// From left to right, from the first term.
Sym Raiser::sum(const std::vector<Sym>& terms) {
  if (terms.empty()) return number(0);
  if (terms.size() > 2) {
    if (std::optional<ValueId> whole = joined(terms)) {
      tensor::Reduce reduce;
      reduce.axes = {1};
      return scalar(b_.add(std::move(reduce), {*whole}), pfa::primitive(Kind::float64));
    }
  }
  Sym total = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) total = binary(BinaryFn::add, total, terms[i]);
  return total;
}

namespace {

const pfa::Type* boolean() { return pfa::primitive(Kind::boolean); }

// Integers of PFA overflow as an error at 32 or 64 bits; numbers of the graph do not.
void need_real(const SymbolicCall& call) {
  auto small = [&](const Sym& s) { return s->bounded || (is_known(*s) && std::abs(call.raiser.number_of(s)) < 1e6); };
  if (call.size() == 2 && small(call[0]) && small(call[1])) return;
  if (call.type()->kind != Kind::float64 && call.type()->kind != Kind::float32) stay("it computes with integers of the row ('{}')", call.node.function->name);
}

template <BinaryFn kFn>
Sym arithmetic(const SymbolicCall& call) {
  need_real(call);
  return call.raiser.binary(kFn, call[0], call[1]);
}
Sym power(const SymbolicCall& call) {
  need_real(call);
  if (is_known(*call[1]) && call.raiser.number_of(call[1]) == 2) return call.raiser.binary(BinaryFn::mul, call[0], call[0]);
  return call.raiser.binary(BinaryFn::pow, call[0], call[1]);
}
Sym negate(const SymbolicCall& call) {
  need_real(call);
  return call.raiser.negation(call[0]);
}

template <UnaryFn kFn>
Sym unary(const SymbolicCall& call) {
  need_real(call);
  return call.raiser.unary(kFn, call[0]);
}

// Comparisons follow Avro's order, in which a NaN is equal to itself and above every number.
ValueId is_nan(Raiser& r, const Sym& x) { return r.builder().add(tensor::Unary{UnaryFn::is_nan}, {r.column(x)}); }
ValueId invert(Raiser& r, ValueId v) { return r.builder().add(tensor::Unary{UnaryFn::logical_not}, {v}); }
ValueId both(Raiser& r, BinaryFn fn, ValueId a, ValueId b) { return r.builder().add(tensor::Binary{fn}, {a, b}); }

ValueId equal(Raiser& r, const Sym& x, const Sym& y) {
  ValueId same = both(r, BinaryFn::equal, r.column(x), r.column(y));
  if (!x->type->is_number() || is_known(*x) || is_known(*y)) return same;
  return both(r, BinaryFn::logical_or, same, both(r, BinaryFn::logical_and, is_nan(r, x), is_nan(r, y)));
}
ValueId less(Raiser& r, const Sym& x, const Sym& y) {
  ValueId below = both(r, BinaryFn::less, r.column(x), r.column(y));
  if (is_known(*y)) return below;  // a NaN is not below a number
  if (is_known(*x)) return invert(r, both(r, BinaryFn::less_or_equal, r.column(y), r.column(x)));
  return both(r, BinaryFn::logical_or, below, both(r, BinaryFn::logical_and, is_nan(r, y), invert(r, is_nan(r, x))));
}
ValueId at_most(Raiser& r, const Sym& x, const Sym& y) {
  if (is_known(*y)) return both(r, BinaryFn::less_or_equal, r.column(x), r.column(y));
  return invert(r, less(r, y, x));
}

void need_comparable(const SymbolicCall& call, bool ordered) {
  for (size_t i = 0; i < 2; ++i) {
    const pfa::Type& type = *call[i]->type;
    if (!type.is_number() && !(!ordered && (is_text(type) || type.kind == Kind::boolean))) {
      stay("it compares values of type {}", to_string(type));
    }
    if (is_known(*call[i]) && type.is_number() && std::isnan(call.raiser.number_of(call[i]))) stay("it compares with NaN");
  }
}

enum class Test { equal, not_equal, less, at_most, greater, at_least };
template <Test kTest>
Sym compare(const SymbolicCall& call) {
  need_comparable(call, kTest != Test::equal && kTest != Test::not_equal);
  Raiser& r = call.raiser;
  ValueId v;
  switch (kTest) {
    case Test::equal: v = equal(r, call[0], call[1]); break;
    case Test::not_equal: v = invert(r, equal(r, call[0], call[1])); break;
    case Test::less: v = less(r, call[0], call[1]); break;
    case Test::at_most: v = at_most(r, call[0], call[1]); break;
    case Test::greater: v = less(r, call[1], call[0]); break;
    case Test::at_least: v = at_most(r, call[1], call[0]); break;
  }
  return r.scalar(v, boolean());
}
Sym logical_not(const SymbolicCall& call) {
  return call.raiser.scalar(invert(call.raiser, call.raiser.column(call[0])), boolean());
}

// A function of each number: of a number, a list or a map.
template <class F>
Sym each(const SymbolicCall& call, F&& f) {
  const Sym& x = call[0];
  if (x->type->is_number()) return f(call.raiser, x);
  Sym open = call.raiser.opened(x);
  if (open->kind != Symbol::Kind::list && open->kind != Symbol::Kind::map) stay("a list whose length depends on the row");
  // All at once where they are the columns of a matrix.
  if (std::optional<ValueId> whole = call.raiser.joined(open->parts)) {
    Sym all = f(call.raiser, call.raiser.scalar(*whole, pfa::primitive(Kind::float64)));
    auto result = std::make_shared<Symbol>(*open);
    result->type = call.type();
    result->parts = call.raiser.split_all(all->value, open->parts.size(), pfa::primitive(Kind::float64));
    return result;
  }
  auto result = std::make_shared<Symbol>(*open);
  result->type = call.type();
  for (Sym& part : result->parts) part = f(call.raiser, part);
  return result;
}

Sym logit(const SymbolicCall& call) {
  return each(call, [](Raiser& r, const Sym& x) { return r.unary(UnaryFn::sigmoid, x); });
}
Sym probit(const SymbolicCall& call) {
  return each(call, [](Raiser& r, const Sym& x) {
    Sym erf = r.unary(UnaryFn::erf, r.binary(BinaryFn::div, x, r.number(std::numbers::sqrt2)));
    return r.binary(BinaryFn::div, r.binary(BinaryFn::add, erf, r.number(1)), r.number(2));
  });
}
Sym loglog(const SymbolicCall& call) {
  return each(call, [](Raiser& r, const Sym& x) { return r.unary(UnaryFn::exp, r.negation(r.unary(UnaryFn::exp, x))); });
}
Sym cloglog(const SymbolicCall& call) {
  return each(call, [](Raiser& r, const Sym& x) {
    return r.binary(BinaryFn::sub, r.number(1), r.unary(UnaryFn::exp, r.negation(r.unary(UnaryFn::exp, x))));
  });
}
Sym cauchit(const SymbolicCall& call) {
  return each(call, [](Raiser& r, const Sym& x) {
    Sym turn = r.binary(BinaryFn::mul, r.number(1 / std::numbers::pi), r.unary(UnaryFn::atan, x));
    return r.binary(BinaryFn::add, r.number(0.5), turn);
  });
}
Sym softplus(const SymbolicCall& call) {
  return each(call, [](Raiser& r, const Sym& x) { return r.unary(UnaryFn::softplus, x); });
}
Sym relu(const SymbolicCall& call) {
  return each(call, [](Raiser& r, const Sym& x) { return r.unary(UnaryFn::relu, x); });
}
Sym tanh(const SymbolicCall& call) {
  return each(call, [](Raiser& r, const Sym& x) { return r.unary(UnaryFn::tanh, x); });
}
Sym softmax(const SymbolicCall& call) {
  Raiser& r = call.raiser;
  Sym open = r.opened(call[0]);
  if (open->parts.empty()) stay("softmax of nothing");
  auto result = std::make_shared<Symbol>(*open);
  result->type = call.type();
  ValueId all = r.builder().add(tensor::Softmax{}, {r.matrix(open->parts)});
  result->parts = r.split_all(all, open->parts.size(), pfa::primitive(Kind::float64));
  return result;
}

// A number as a double, from whatever kind.
Sym to_double(const SymbolicCall& call) {
  if (!call[0]->type->is_number()) stay("it converts a value of type {}", to_string(*call[0]->type));
  return call.raiser.scalar(call.raiser.column(call[0]), call.type());
}
// 1 at the symbol of an enumeration, 0 at the others.
Sym fanout(const SymbolicCall& call) {
  const pfa::Type& type = *call[0]->type;
  if (type.kind != Kind::enumeration || call.type()->element->kind == Kind::boolean) stay("it fans out a value of type {}", to_string(type));
  if (call.size() != 1) stay("it fans out with a place for values out of range");
  Raiser& r = call.raiser;
  std::vector<int64_t> positions;
  for (size_t i = 0; i < type.symbols.size(); ++i) positions.push_back(static_cast<int64_t>(i));
  ml::LabelMap map;
  map.keys = Tensor::vector(type.symbols);
  map.values = Tensor::vector(positions);
  ValueId index = r.builder().add(std::move(map), {r.column(call[0])});
  ValueId ones = r.builder().add(ml::OneHot{static_cast<int64_t>(type.symbols.size())}, {index});
  return r.list(r.split_all(ones, type.symbols.size(), call.type()->element), call.type());
}

constexpr SymbolicRow kRows[] = {
    {"+", arithmetic<BinaryFn::add>}, {"-", arithmetic<BinaryFn::sub>}, {"*", arithmetic<BinaryFn::mul>},
    {"/", arithmetic<BinaryFn::div>}, {"**", power}, {"u-", negate},
    {"==", compare<Test::equal>}, {"!=", compare<Test::not_equal>}, {"<", compare<Test::less>},
    {"<=", compare<Test::at_most>}, {">", compare<Test::greater>}, {">=", compare<Test::at_least>},
    {"!", logical_not},
    {"m.abs", unary<UnaryFn::abs>}, {"m.ceil", unary<UnaryFn::ceil>}, {"m.exp", unary<UnaryFn::exp>},
    {"m.expm1", unary<UnaryFn::expm1>}, {"m.floor", unary<UnaryFn::floor>}, {"m.ln", unary<UnaryFn::log>},
    {"m.ln1p", unary<UnaryFn::log1p>}, {"m.sqrt", unary<UnaryFn::sqrt>}, {"m.sin", unary<UnaryFn::sin>},
    {"m.cos", unary<UnaryFn::cos>}, {"m.atan", unary<UnaryFn::atan>}, {"m.tanh", unary<UnaryFn::tanh>},
    {"m.rint", unary<UnaryFn::round>},
    {"m.link.logit", logit}, {"m.link.probit", probit}, {"m.link.cloglog", cloglog}, {"m.link.loglog", loglog},
    {"m.link.cauchit", cauchit}, {"m.link.softplus", softplus}, {"m.link.relu", relu}, {"m.link.tanh", tanh},
    {"m.link.softmax", softmax},
    {"cast.double", to_double}, {"cast.float", to_double}, {"cast.fanoutDouble", fanout}, {"cast.fanoutInt", fanout},
};

}  // namespace

std::span<const SymbolicRow> arithmetic_rows() { return kRows; }

}  // namespace panmodel::converters
