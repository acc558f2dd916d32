// Arithmetic and mathematics of expr.map.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "converters/lower/expression.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::converters {

using expr::Scalar;
using tensor::BinaryFn;
using tensor::UnaryFn;

namespace {

struct Common {
  Scalar type = Scalar::i64;
  bool varies = false, numbers = true;
};

// The widest type of the arguments; it depends on the row where that of an argument does, or where an
// argument may be left out, unless one is an f64 in any row.
Common common_type(const std::vector<Cell>& a, bool skips) {
  Common out;
  bool missing = false, mixed = false, certain = false;
  for (const Cell& c : a) {
    out.numbers = out.numbers && is_number(c);
    out.varies = out.varies || c.varies;
    mixed = mixed || c.type != a[0].type;
    missing = missing || c.may_be_missing;
    out.type = std::min(out.type, c.type);
    certain = certain || (c.type == Scalar::f64 && !c.varies && !(skips && c.may_be_missing));
  }
  out.varies = !certain && (out.varies || (skips && missing && mixed));
  return out;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::string_view kNoNumber = "an argument that is no number";
constexpr std::string_view kVaries = "of numbers whose type depends on the row";

}  // namespace

Cell Expressions::arithmetic(const Expr& e, const Cells& a) {
  for (const Cell& c : a) {
    if (c.nothing) return nothing();
  }
  const Common common = common_type(a, false);
  if (!common.numbers) return blocked(e, kNoNumber);
  if (common.varies) return blocked(e, kVaries);
  const bool whole = common.type == Scalar::i64;
  ValueId x = a[0].value, y = a[1].value, value;
  bool may_be_missing = a[0].may_be_missing || a[1].may_be_missing;
  switch (e.function) {
    case Function::add: value = bin(BinaryFn::add, x, y); break;
    case Function::subtract: value = bin(BinaryFn::sub, x, y); break;
    case Function::multiply: value = bin(BinaryFn::mul, x, y); break;
    case Function::divide:
      value = bin(BinaryFn::div, x, y);
      if (whole) {
        ValueId negative = bin(BinaryFn::less, value, real(0));
        value = where(b_, negative, un(UnaryFn::ceil, value), un(UnaryFn::floor, value));
      }
      may_be_missing = true;
      break;
    default: {  // modulo
      // The remainder has the sign of x; the sign of y is asked for.
      ValueId rest = bin(BinaryFn::fmod, x, y), zero = real(0), moved;
      const Tensor* divisor = b_.constant_value(y);
      if (divisor != nullptr) {
        moved = bin(divisor->real(0) < 0 ? BinaryFn::greater : BinaryFn::less, rest, zero);
      } else {
        ValueId signs = bin(BinaryFn::logical_xor, bin(BinaryFn::less, rest, zero), bin(BinaryFn::less, y, zero));
        moved = both(b_, signs, negated(b_, bin(BinaryFn::equal, rest, zero)));
      }
      value = where(b_, moved, bin(BinaryFn::add, rest, y), rest);
      may_be_missing = true;
    }
  }
  const bool constant_divisor = a[1].constant != nullptr;
  if (e.invalid == expr::InvalidTreatment::refuse && e.function == Function::divide && whole && !constant_divisor) {
    refuses(e, "by 0");
  }
  return number(common.type, rounded(common.type, value), may_be_missing || whole);
}

// The middle of the sorted arguments; missing ones sort to the end.
Cell Expressions::median(const Expr& e, const Cells& all) {
  Cells a;
  for (const Cell& c : all) {
    if (!c.nothing) a.push_back(c);
  }
  if (a.empty()) return nothing();
  const Common common = common_type(a, true);
  if (!common.numbers) return blocked(e, kNoNumber);
  if (common.varies) return blocked(e, kVaries);
  std::vector<ValueId> columns;
  ValueId count;
  for (const Cell& c : a) {
    ValueId x = column(c.value);
    ValueId known = cast(DType::f64, bin(BinaryFn::equal, x, x));
    if (c.may_be_missing) x = where(b_, missing_of(c), real(kInfinity), x);
    columns.push_back(x);
    count = count.valid() ? bin(BinaryFn::add, count, known) : known;
  }
  ValueId row = columns.size() == 1 ? columns[0] : b_.add(tensor::Concat{1}, columns);
  ValueId sorted = b_.add(tensor::TopK{1, false, true}, {row, int_constant(b_, {static_cast<int64_t>(a.size())})});
  auto middle = [&](double shift) {
    ValueId half = bin(BinaryFn::mul, bin(BinaryFn::add, count, real(shift)), real(0.5));
    ValueId place = cast(DType::i64, un(UnaryFn::relu, un(UnaryFn::floor, half)));
    return b_.add(tensor::GatherElements{1}, {sorted, place});
  };
  ValueId low = middle(-1), high = middle(0);
  ValueId mean = bin(BinaryFn::div, bin(BinaryFn::add, low, high), real(2));
  mean = where(b_, bin(BinaryFn::equal, low, high), high, mean);
  const Scalar type = common.type == Scalar::f32 ? Scalar::f32 : Scalar::f64;
  ValueId some = bin(BinaryFn::greater, count, real(0));
  return number(type, only(some, rounded(type, mean)), true);
}

// Arguments that are missing are left out.
Cell Expressions::aggregate(const Expr& e, const Cells& all) {
  Cells a;
  for (const Cell& c : all) {
    if (!c.nothing) a.push_back(c);
  }
  if (a.empty()) return nothing();
  const Common common = common_type(a, true);
  if (!common.numbers) return blocked(e, kNoNumber);
  if (common.varies) return blocked(e, kVaries);
  const bool always = std::any_of(a.begin(), a.end(), [](const Cell& c) { return !c.may_be_missing; });
  ValueId none;  // all are missing
  if (!always) {
    none = missing_of(a[0]);
    for (size_t i = 1; i < a.size(); ++i) none = both(b_, none, missing_of(a[i]));
  }
  auto without = [&](const Cell& c, double neutral) {
    return c.may_be_missing ? where(b_, missing_of(c), real(neutral), c.value) : c.value;
  };
  auto fold = [&](BinaryFn fn, double neutral) {
    ValueId sum = without(a[0], neutral);
    for (size_t i = 1; i < a.size(); ++i) sum = bin(fn, sum, without(a[i], neutral));
    return sum;
  };
  auto extreme = [&](BinaryFn better, double neutral) {
    ValueId best = without(a[0], neutral);
    for (size_t i = 1; i < a.size(); ++i) {
      ValueId x = without(a[i], neutral);
      best = where(b_, bin(better, x, best), x, best);
    }
    return best;
  };
  ValueId value;
  Scalar type = common.type;
  switch (e.function) {
    case Function::min: value = extreme(BinaryFn::less, kInfinity); break;
    case Function::max: value = extreme(BinaryFn::greater, -kInfinity); break;
    case Function::sum: value = fold(BinaryFn::add, 0); break;
    case Function::product: value = fold(BinaryFn::mul, 1); break;
    default: {  // avg: m += (x - m) / n
      type = common.type == Scalar::f32 ? Scalar::f32 : Scalar::f64;
      ValueId mean = real(0), count = real(0);
      for (size_t i = 0; i < a.size(); ++i) {
        const Cell& c = a[i];
        ValueId one = c.may_be_missing ? where(b_, missing_of(c), real(0), real(1)) : real(1);
        count = always && !c.may_be_missing && i == 0 ? one : bin(BinaryFn::add, count, one);
        ValueId next = bin(BinaryFn::add, mean, bin(BinaryFn::div, bin(BinaryFn::sub, c.value, mean), count));
        mean = c.may_be_missing ? where(b_, missing_of(c), mean, next) : next;
      }
      value = mean;
    }
  }
  value = rounded(type, value);
  if (none.valid()) value = where(b_, none, real(kNan), value);
  return number(type, value, none.valid() || type == Scalar::i64);
}

Cell Expressions::mathematics(const Expr& e, const Cells& a) {
  const expr::FunctionInfo& info = expr::info(e.function);
  const bool mathematics = e.function >= Function::log10 && e.function <= Function::std_normal_idf;
  if (!mathematics || e.function == Function::normal_idf || e.function == Function::std_normal_idf) {
    return blocked(info.name);
  }
  std::vector<ValueId> x;
  bool may_be_missing = false;
  for (const Cell& c : a) {
    if (c.nothing) return nothing();
    const bool reads = info.type == expr::TypeRule::real || info.type == expr::TypeRule::whole;
    if (!is_number(c) && !(reads && !is_date(c))) return blocked(e, kNoNumber);
    x.push_back(real(c));
    may_be_missing = may_be_missing || c.may_be_missing;
  }
  if (may_be_missing && info.missing == expr::MissingRule::refuse && !e.unknown && !e.map_missing_to) {
    refuses(e, "of a missing argument");
  }
  ValueId value = function_of(e, a, x);
  Scalar type = Scalar::f64;
  if (info.type == expr::TypeRule::numeric) {
    const Common common = common_type(a, false);
    if (common.varies) return blocked(e, kVaries);
    type = common.type;
  }
  if (info.type == expr::TypeRule::whole) type = Scalar::i64;
  if (e.function == Function::pow && type == Scalar::i64) {
    value = only(bin(BinaryFn::greater_or_equal, x[1], real(0)), value);
    refuses(e, "of an integer with a negative exponent");
  }
  return number(type, rounded(type, value), true);
}

ValueId Expressions::function_of(const Expr& e, const Cells& a, const std::vector<ValueId>& x) {
  auto where_known = [&](ValueId value) {
    ValueId missing = any_missing(a);
    return missing.valid() ? where(b_, missing, real(kNan), value) : value;
  };
  auto below = [&](ValueId v) { return bin(BinaryFn::sub, real(1), v); };
  auto above = [&](ValueId v) { return bin(BinaryFn::add, real(1), v); };
  auto invalid_if = [&](std::string_view when) {
    if (e.invalid == expr::InvalidTreatment::refuse) refuses(e, when);
  };
  switch (e.function) {
    case Function::log10:
      invalid_if("of a negative number");
      return bin(BinaryFn::div, un(UnaryFn::log, x[0]), real(std::numbers::ln10));
    case Function::ln: invalid_if("of a negative number"); return un(UnaryFn::log, x[0]);
    case Function::ln1p: invalid_if("of a number below -1"); return un(UnaryFn::log1p, x[0]);
    case Function::sqrt: invalid_if("of a negative number"); return un(UnaryFn::sqrt, x[0]);
    case Function::exp: return un(UnaryFn::exp, x[0]);
    case Function::expm1: return un(UnaryFn::expm1, x[0]);
    case Function::abs: return un(UnaryFn::abs, x[0]);
    case Function::pow: {
      // pow(1, NaN) and pow(NaN, 0) are 1, a missing argument is not.
      ValueId value = bin(BinaryFn::pow, x[0], x[1]);
      const Tensor* exponent = b_.constant_value(x[1]);
      return exponent != nullptr && exponent->real(0) != 0 ? value : where_known(value);
    }
    case Function::threshold: return where_known(cast(DType::f64, bin(BinaryFn::greater, x[0], x[1])));
    case Function::floor: return un(UnaryFn::floor, x[0]);
    case Function::ceil: return un(UnaryFn::ceil, x[0]);
    case Function::round: {
      ValueId low = un(UnaryFn::floor, x[0]);
      ValueId up = bin(BinaryFn::greater_or_equal, bin(BinaryFn::sub, x[0], low), real(0.5));
      return bin(BinaryFn::add, low, cast(DType::f64, up));
    }
    case Function::rint: return un(UnaryFn::round, x[0]);
    case Function::hypot: {
      ValueId u = un(UnaryFn::abs, x[0]), v = un(UnaryFn::abs, x[1]);
      ValueId first = bin(BinaryFn::greater, u, v);
      ValueId large = where(b_, first, u, v), small = where(b_, first, v, u);
      // Also of two zeros, and of two infinities.
      ValueId ratio = where(b_, bin(BinaryFn::equal, small, large), real(1), bin(BinaryFn::div, small, large));
      ValueId root = un(UnaryFn::sqrt, bin(BinaryFn::add, real(1), bin(BinaryFn::mul, ratio, ratio)));
      return bin(BinaryFn::mul, large, root);
    }
    case Function::sin: return un(UnaryFn::sin, x[0]);
    case Function::cos: return un(UnaryFn::cos, x[0]);
    case Function::tan: return bin(BinaryFn::div, un(UnaryFn::sin, x[0]), un(UnaryFn::cos, x[0]));
    case Function::asin:
      invalid_if("outside [-1, 1]");
      return arc_tangent(bin(BinaryFn::div, x[0], un(UnaryFn::sqrt, bin(BinaryFn::mul, below(x[0]), above(x[0])))));
    case Function::acos:
      invalid_if("outside [-1, 1]");
      return bin(BinaryFn::mul, real(2),
                 arc_tangent(un(UnaryFn::sqrt, bin(BinaryFn::div, below(x[0]), above(x[0])))));
    case Function::atan: return arc_tangent(x[0]);
    case Function::tanh: return un(UnaryFn::tanh, x[0]);
    case Function::sinh: {
      // (u + u / (u + 1)) / 2 with u = exp(x) - 1; u / (u + 1) is 1 - 1 / (u + 1).
      ValueId u = un(UnaryFn::expm1, un(UnaryFn::abs, x[0])), next = bin(BinaryFn::add, u, real(1));
      ValueId rest = where(b_, bin(BinaryFn::greater, u, real(1)),
                           bin(BinaryFn::sub, real(1), bin(BinaryFn::div, real(1), next)), bin(BinaryFn::div, u, next));
      ValueId half = bin(BinaryFn::mul, real(0.5), bin(BinaryFn::add, u, rest));
      return where(b_, bin(BinaryFn::less, x[0], real(0)), un(UnaryFn::neg, half), half);
    }
    case Function::cosh: {
      ValueId u = un(UnaryFn::exp, un(UnaryFn::abs, x[0]));
      return bin(BinaryFn::mul, real(0.5), bin(BinaryFn::add, u, bin(BinaryFn::div, real(1), u)));
    }
    case Function::atan2: return where_known(arc_tangent(x[0], x[1]));
    case Function::erf: return error_function(x[0]);
    case Function::std_normal_pdf: return normal_density(x[0]);
    case Function::std_normal_cdf: return normal_share(x[0]);
    case Function::normal_pdf:
    case Function::normal_cdf: {
      refuses(e, "of a deviation that is not positive");
      ValueId z = bin(BinaryFn::div, bin(BinaryFn::sub, x[0], x[1]), x[2]), value;
      if (e.function == Function::normal_pdf) {
        value = bin(BinaryFn::div, normal_density(z), x[2]);
      } else {
        value = normal_share(z);
      }
      return only(bin(BinaryFn::greater, x[2], real(0)), value);
    }
    default: return {};
  }
}

}  // namespace panmodel::converters
