// Functions with a table.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "runtime/expr/call.h"

namespace panmodel::runtime {
namespace {

using expr::Scalar;

Datum element(const Tensor& t, size_t i) {
  switch (t.dtype()) {
    case DType::string: return Datum::of(t.text(i));
    case DType::boolean: return Datum::of(t.integer(i) != 0);
    case DType::i64: return Datum::of(t.integer(i));
    case DType::f32: return Datum::of_float(t.real(i));
    default: return Datum::of(t.real(i));
  }
}

struct Points {
  std::vector<double> orig, norm;
  bool clamp = false, missing = false;  // beyond the ends
};

// Ends as one ordered pair each, so that a value is in a bin when left <= (x, 0) <= right.
struct Bin {
  std::pair<double, int> left, right;
  Datum value;
};

// Rows by their keys, each key as text of one form and its length before it.
struct Lookup {
  std::vector<Scalar> types;
  std::unordered_map<std::string, Datum> rows;
};

void append_key(std::string& key, const Datum& value) {
  Datum canonical = value;
  if (canonical.type == Scalar::f64 && canonical.real == 0) canonical.real = 0;  // -0.0
  std::string text = to_text(canonical);
  key += std::to_string(text.size()) + ':' + text;
}

Scalar key_type(const Tensor& t) { return element(t, 0).type; }

std::shared_ptr<const void> prepare_points(const expr::Table& table) {
  auto p = std::make_shared<Points>();
  p->orig = table.find("orig")->reals();
  p->norm = table.find("norm")->reals();
  const std::string& outliers = table.find("outliers")->text(0);
  p->clamp = outliers == "as_extreme_values";
  p->missing = outliers == "as_missing_values";
  return p;
}

std::shared_ptr<const void> prepare_bins(const expr::Table& table) {
  auto bins = std::make_shared<std::vector<Bin>>();
  const Tensor &left = *table.find("left"), &right = *table.find("right");
  const Tensor &left_closed = *table.find("left_closed"), &right_closed = *table.find("right_closed");
  for (size_t i = 0; i < left.size(); ++i) {
    bins->push_back({{left.real(i), left_closed.integer(i) != 0 ? 0 : 1},
                     {right.real(i), right_closed.integer(i) != 0 ? 0 : -1},
                     element(*table.find("values"), i)});
  }
  return bins;
}

std::shared_ptr<const void> prepare_lookup(const expr::Expr& e) {
  auto lookup = std::make_shared<Lookup>();
  const Tensor& values = *e.table->find("values");
  std::vector<const Tensor*> keys;
  for (size_t k = 0; k < e.arguments.size(); ++k) {
    keys.push_back(e.table->find(fmt::format("key{}", k)));
    lookup->types.push_back(values.empty() ? Scalar::string : key_type(*keys.back()));
  }
  for (size_t r = 0; r < values.size(); ++r) {
    std::string key;
    for (const Tensor* t : keys) append_key(key, element(*t, r));
    lookup->rows.emplace(std::move(key), element(values, r));
  }
  return lookup;
}

}  // namespace

std::shared_ptr<const void> prepare_table(const expr::Expr& e) {
  if (e.function == expr::Function::norm_continuous) return prepare_points(*e.table);
  if (e.function == expr::Function::discretize) return prepare_bins(*e.table);
  return prepare_lookup(e);
}

namespace scalar {

Datum norm_continuous(Call& c) {
  const auto& p = c.prepared<Points>();
  const double x = c.real(0);
  const size_t last = p.orig.size() - 1;
  if (x < p.orig[0] || x > p.orig[last]) {
    if (p.missing) return Datum::none(Scalar::f64);
    if (p.clamp) return c.result(x < p.orig[0] ? p.norm[0] : p.norm[last]);
  }
  // The segment that begins at the last point <= x; the outer ones extrapolate.
  auto above = std::upper_bound(p.orig.begin() + 1, p.orig.end() - 1, x);
  const size_t i = static_cast<size_t>(above - p.orig.begin()) - 1;
  const double slope = (p.norm[i + 1] - p.norm[i]) / (p.orig[i + 1] - p.orig[i]);
  return c.result(p.norm[i] + (x - p.orig[i]) * slope);
}

Datum norm_discrete(Call& c) {
  std::optional<int> order = compare(c[0], c[1]);
  if (!order) return c.refuse("'{}' and '{}' cannot be compared", to_text(c[0]), to_text(c[1]));
  return Datum::of(*order == 0 ? 1.0 : 0.0);
}

Datum discretize(Call& c) {
  Datum x = convert(c[0], Scalar::f64);
  if (x.refused()) return x;
  const std::pair<double, int> at{x.real, 0};
  const auto& bins = c.prepared<std::vector<Bin>>();
  for (size_t i = bins.size(); i-- > 0;) {
    if (bins[i].left <= at && at <= bins[i].right) return bins[i].value;
  }
  return Datum::none(Scalar::string);
}

Datum map_values(Call& c) {
  const auto& lookup = c.prepared<Lookup>();
  std::string key;
  for (size_t i = 0; i < c.size(); ++i) {
    Datum value = convert(c[i], lookup.types[i]);
    if (value.refused()) return Datum::none(Scalar::string);  // equal to no key
    append_key(key, value);
  }
  auto row = lookup.rows.find(key);
  return row == lookup.rows.end() ? Datum::none(Scalar::string) : row->second;
}

}  // namespace scalar
}  // namespace panmodel::runtime
