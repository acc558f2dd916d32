// Tests, comparisons, logic.
#include <algorithm>
#include <cmath>

#include "runtime/expr/call.h"

namespace panmodel::runtime::scalar {
namespace {

template <class Test>
Datum compared(Call& c, Test&& test) {
  std::optional<int> order = compare(c[0], c[1]);
  if (!order) return c.refuse("'{}' and '{}' cannot be compared", to_text(c[0]), to_text(c[1]));
  return Datum::of(static_cast<bool>(test(*order)));
}

template <class Test>
Datum ordered(Call& c, Test&& test) {
  if (c[0].type == expr::Scalar::string && c[1].type == expr::Scalar::string) {
    return c.refuse("the texts '{}' and '{}' have no order", c.text(0), c.text(1));
  }
  return compared(c, test);
}

// Texts are equal or not; only numbers and dates need a common type.
bool is_member(Call& c) {
  if (c[0].missing()) return false;
  return std::any_of(c.all().begin() + 1, c.all().end(), [&](const Datum& a) {
    return !a.missing() && compare(c[0], a) == 0;
  });
}

// A NaN comes from a call whose invalid results pass.
bool is_nan(const Datum& d) { return d.is_number() && std::isnan(d.number()); }

}  // namespace

Datum is_missing(Call& c) { return Datum::of(c[0].missing()); }
Datum is_not_missing(Call& c) { return Datum::of(!c[0].missing()); }
Datum is_valid(Call& c) { return Datum::of(!c[0].missing() && !is_nan(c[0])); }
Datum is_not_valid(Call& c) { return Datum::of(!c[0].missing() && is_nan(c[0])); }

Datum equal(Call& c) { return compared(c, [](int order) { return order == 0; }); }
Datum not_equal(Call& c) { return compared(c, [](int order) { return order != 0; }); }
Datum less_than(Call& c) { return ordered(c, [](int order) { return order < 0; }); }
Datum less_or_equal(Call& c) { return ordered(c, [](int order) { return order <= 0; }); }
Datum greater_than(Call& c) { return ordered(c, [](int order) { return order > 0; }); }
Datum greater_or_equal(Call& c) { return ordered(c, [](int order) { return order >= 0; }); }

Datum logical_and(Call& c) {
  return Datum::of(std::all_of(c.all().begin(), c.all().end(), [](const Datum& a) { return a.whole != 0; }));
}
Datum logical_or(Call& c) {
  return Datum::of(std::any_of(c.all().begin(), c.all().end(), [](const Datum& a) { return a.whole != 0; }));
}
Datum logical_xor(Call& c) {
  return Datum::of(std::count_if(c.all().begin(), c.all().end(), [](const Datum& a) { return a.whole != 0; }) % 2 != 0);
}
Datum logical_not(Call& c) { return Datum::of(c[0].whole == 0); }

// The two below choose an argument; Program evaluates only what they need.
Datum first_known(Call& c) {
  for (Datum& a : c.all()) {
    if (!a.missing()) return a;
  }
  return Datum::none(expr::Scalar::f64);
}
Datum if_else(Call& c) {
  if (c[0].whole != 0) return c[1];
  return c.size() > 2 ? c[2] : Datum::none(expr::Scalar::f64);
}

Datum is_in(Call& c) { return Datum::of(is_member(c)); }
Datum is_not_in(Call& c) { return Datum::of(!is_member(c)); }

}  // namespace panmodel::runtime::scalar
