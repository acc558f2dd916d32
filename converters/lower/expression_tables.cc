// Functions of expr.map that have a table.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/number.h"
#include "converters/lower/expression.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::converters {

using expr::Scalar;
using tensor::BinaryFn;
using tensor::UnaryFn;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Scalar scalar_of(DType dtype) {
  switch (dtype) {
    case DType::string: return Scalar::string;
    case DType::boolean: return Scalar::boolean;
    case DType::i64: return Scalar::i64;
    case DType::f32: return Scalar::f32;
    default: return Scalar::f64;
  }
}

ValueId row(Builder& b, const std::vector<double>& values) {
  return real_constant(b, DType::f64, {static_cast<int64_t>(values.size())}, values);
}

}  // namespace

// norm[i] + (x - orig[i]) slope[i], where i is the number of inner points that are not above x.
Cell Expressions::norm_continuous(const Expr& e, const Cell& x) {
  if (x.nothing) return nothing();
  if (is_date(x)) return blocked(e, "of a date");
  std::vector<double> orig = e.table->find("orig")->reals(), norm = e.table->find("norm")->reals();
  const std::string& outliers = e.table->find("outliers")->text(0);
  const size_t last = orig.size() - 1;
  std::vector<double> slope;
  for (size_t i = 0; i < last; ++i) slope.push_back((norm[i + 1] - norm[i]) / (orig[i + 1] - orig[i]));
  ValueId at = real(x), start, base, factor;
  if (last == 1) {
    start = real(orig[0]);
    base = real(norm[0]);
    factor = real(slope[0]);
  } else {
    std::vector<double> inner(orig.begin() + 1, orig.end() - 1);
    ValueId above = cast(DType::f64, bin(BinaryFn::greater_or_equal, column(at), row(b_, inner)));
    ValueId place = cast(DType::i64, b_.add(tensor::Reduce{tensor::ReduceFn::sum, {1}, true}, {above}));
    auto take = [&](const std::vector<double>& values) {
      std::vector<double> starts(values.begin(), values.begin() + static_cast<ptrdiff_t>(last));
      return b_.add(tensor::Gather{0}, {row(b_, starts), place});
    };
    start = take(orig);
    base = take(norm);
    factor = take(slope);
  }
  ValueId value = bin(BinaryFn::add, base, bin(BinaryFn::mul, bin(BinaryFn::sub, at, start), factor));
  const bool clamps = outliers == "as_extreme_values", drops = outliers == "as_missing_values";
  if (clamps || drops) {
    value = where(b_, bin(BinaryFn::less, at, real(orig[0])), real(drops ? kNan : norm[0]), value);
    value = where(b_, bin(BinaryFn::greater, at, real(orig[last])), real(drops ? kNan : norm[last]), value);
  }
  return number(Scalar::f64, value, x.may_be_missing || drops);
}

Cell Expressions::taken(const Tensor& given, ValueId place, As as) {
  const auto count = static_cast<int64_t>(given.size());
  Tensor values = given;
  if (as && given.dtype() == DType::string && *as <= Scalar::i64) {
    std::vector<double> numbers;
    for (size_t i = 0; i < given.size(); ++i) {
      auto number = panmodel::converters::converted(expr::Constant(given.text(i)), *as);
      if (!number) refusing_.insert(fmt::format("a value of a table that is no {}", to_string(*as)));
      numbers.push_back(!number ? kNan : *as == Scalar::i64 ? static_cast<double>(std::get<int64_t>(number->value))
                                                            : std::get<double>(number->value));
    }
    Tensor reals = Tensor::vector(std::move(numbers));
    return number(*as, b_.add(tensor::Gather{0}, {b_.constant(with_missing(reals)), place}), true);
  }
  ValueId value = b_.add(tensor::Gather{0}, {b_.constant(with_missing(values)), place});
  const Scalar type = scalar_of(values.dtype());
  if (type == Scalar::f32) value = cast(DType::f64, value);
  if (type < Scalar::boolean) return number(type, value, true);
  ValueId none = bin(BinaryFn::equal, place, int_constant(b_, {count}));
  return type == Scalar::string ? text(value, none) : truth(bin(BinaryFn::equal, value, real(1)), none);
}

// The last bin that holds x; the ends are moved to the next number where they do not belong to it.
Cell Expressions::discretize(const Expr& e, const Cell& x, As as) {
  if (x.nothing) return nothing();
  if (!is_number(x)) return blocked(e, "of what is no number");
  const Tensor &lefts = *e.table->find("left"), &rights = *e.table->find("right"), &values = *e.table->find("values");
  std::vector<double> left = lefts.reals(), right = rights.reals();
  const auto count = static_cast<int64_t>(left.size());
  if (count == 0) return nothing();
  for (size_t i = 0; i < left.size(); ++i) {
    if (e.table->find("left_closed")->integer(i) == 0) left[i] = std::nextafter(left[i], kInfinity);
    if (e.table->find("right_closed")->integer(i) == 0) right[i] = std::nextafter(right[i], -kInfinity);
    // Nothing lies above an open infinity.
    if (lefts.real(i) == kInfinity && e.table->find("left_closed")->integer(i) == 0) right[i] = -kInfinity;
    if (rights.real(i) == -kInfinity && e.table->find("right_closed")->integer(i) == 0) left[i] = kInfinity;
  }
  ValueId at = column(x.value);
  ValueId inside = both(b_, bin(BinaryFn::greater_or_equal, at, row(b_, left)),
                        bin(BinaryFn::less_or_equal, at, row(b_, right)));
  ValueId score = cast(DType::f32, inside);
  ValueId any = cast(DType::boolean, b_.add(tensor::Reduce{tensor::ReduceFn::max, {1}, true}, {score}));
  ValueId place = b_.add(tensor::ArgReduce{true, 1, true, true}, {score});
  return taken(values, where(b_, any, place, int_constant(b_, {count})), as);
}

// Place of a key [N,1], the number of keys where there is none or the argument is missing.
ValueId Expressions::key_place(const Cell& x, const Tensor& keys) {
  const auto count = static_cast<int64_t>(keys.size());
  ValueId none = int_constant(b_, {count});
  if (keys.dtype() == DType::string && x.type == Scalar::string) {
    ml::LabelMap map;
    std::vector<int64_t> places(keys.size());
    std::iota(places.begin(), places.end(), int64_t{0});
    map.keys = keys;
    map.values = Tensor::vector(std::move(places));
    map.fallback = Tensor::scalar(count);
    ValueId place = b_.add(std::move(map), {column(x.value)});
    return x.may_be_missing ? where(b_, missing_of(x), none, place) : place;
  }
  std::vector<double> numbers;
  if (keys.dtype() == DType::string) {
    // Keys that spell a number as it would be printed.
    if (x.type != Scalar::i64 || x.varies) return {};
    for (size_t i = 0; i < keys.size(); ++i) {
      auto whole = parse_int(keys.text(i));
      const bool printed = whole && std::to_string(*whole) == keys.text(i);
      numbers.push_back(printed ? static_cast<double>(*whole) : kNan);
    }
  } else {
    if (x.type == Scalar::string || is_date(x)) return {};
    numbers = keys.reals();
  }
  ValueId hit = bin(BinaryFn::equal, column(real(x)), row(b_, numbers));
  ValueId score = cast(DType::f32, hit);
  ValueId any = cast(DType::boolean, b_.add(tensor::Reduce{tensor::ReduceFn::max, {1}, true}, {score}));
  ValueId place = b_.add(tensor::ArgReduce{true, 1, true}, {score});
  return where(b_, any, place, none);
}

// Several keys become one: each distinct key of a column has a number.
Cell Expressions::map_values(const Expr& e, const Cells& a, As as) {
  for (const Cell& c : a) {
    if (c.nothing) return nothing();
  }
  const Tensor& values = *e.table->find("values");
  if (values.empty()) return nothing();
  const auto rows = static_cast<int64_t>(values.size());
  if (a.size() == 1) {
    ValueId place = key_place(a[0], *e.table->find("key0"));
    return place.valid() ? taken(values, place, as) : blocked(e, "keys of another type than the argument");
  }
  ValueId code;
  std::vector<int64_t> codes(values.size(), 0);
  int64_t stride = 1;
  for (size_t k = 0; k < a.size(); ++k) {
    const Tensor& column_keys = *e.table->find(fmt::format("key{}", k));
    std::vector<size_t> distinct;
    for (size_t r = 0; r < column_keys.size(); ++r) {
      auto equal = [&](size_t d) {
        return column_keys.dtype() == DType::string ? column_keys.text(d) == column_keys.text(r)
                                                    : column_keys.real(d) == column_keys.real(r);
      };
      auto found = std::find_if(distinct.begin(), distinct.end(), equal);
      codes[r] += stride * (found - distinct.begin());
      if (found == distinct.end()) distinct.push_back(r);
    }
    std::vector<std::string> texts;
    std::vector<double> reals;
    for (size_t d : distinct) {
      if (column_keys.dtype() == DType::string) {
        texts.push_back(column_keys.text(d));
      } else {
        reals.push_back(column_keys.real(d));
      }
    }
    const bool of_texts = column_keys.dtype() == DType::string;
    Tensor keys = of_texts ? Tensor::vector(std::move(texts)) : Tensor::vector(std::move(reals));
    ValueId place = key_place(a[k], keys);
    if (!place.valid()) return blocked(e, "keys of another type than the argument");
    if (stride > 1) place = bin(BinaryFn::mul, place, int_constant(b_, {stride}));
    code = code.valid() ? bin(BinaryFn::add, code, place) : place;
    // One more than the keys: the place of what is no key.
    stride *= static_cast<int64_t>(distinct.size()) + 1;
    if (stride > int64_t{1} << 40) return blocked(e, "too many combinations of keys");
  }
  ml::LabelMap map;
  std::vector<int64_t> places(values.size());
  std::iota(places.begin(), places.end(), int64_t{0});
  map.keys = Tensor::vector(std::move(codes));
  map.values = Tensor::vector(std::move(places));
  map.fallback = Tensor::scalar(rows);
  return taken(values, b_.add(std::move(map), {code}), as);
}

}  // namespace panmodel::converters
