// m, m.special, m.link, m.kernel: mathematical functions.
#include <cmath>
#include <limits>
#include <numbers>

#include "runtime/pfa/library.h"
#include "runtime/pfa/power.h"

namespace panmodel::pfa {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// --- m ----------------------------------------------------------------------------------------

template <auto F>
Value real(const Call& call) {
  return Value::float64(F(call.real(0)));
}
template <auto F>
Value real2(const Call& call) {
  return Value::float64(F(call.real(0), call.real(1)));
}
Value pi(const Call&) { return Value::float64(std::numbers::pi); }
Value e(const Call&) { return Value::float64(std::numbers::e); }

// A whole number without its sign; `code` for the one int that has no such, code + 1 for the long.
Value magnitude(const Call& call, int code) {
  int64_t x = call.whole(0);
  if (call.type().kind == Kind::int32 && x == INT32_MIN) call.fail(code, "int overflow");
  if (x == INT64_MIN) call.fail(code + 1, "long overflow");
  return Value::number(call.type().kind, x < 0 ? -x : x);
}
bool is_whole(const Call& call) { return call.type().kind <= Kind::int64; }

Value absolute(const Call& call) {
  if (is_whole(call)) return magnitude(call, 27020);
  return call.result(std::fabs(call.real(0)));
}
// Zero counts as positive, whatever its sign.
Value copy_sign(const Call& call) {
  if (!is_whole(call)) {
    double size = std::fabs(call.real(0));
    return call.result(call.real(1) < 0 ? -size : size);
  }
  if (call.whole(1) >= 0) return magnitude(call, 27080);
  int64_t x = call.whole(0);
  return Value::number(call.type().kind, x < 0 ? x : -x);
}

Value logarithm(const Call& call) {
  if (call.whole(1) <= 0) call.fail(27170, "base must be positive");
  return Value::float64(std::log(call.real(0)) / std::log(call.real(1)));
}

Value round(const Call& call) {
  double v = std::floor(call.real(0) + 0.5);
  if (call.type().kind == Kind::int32) {
    if (!(v >= INT32_MIN && v <= INT32_MAX)) call.fail(27190, "int overflow");
  } else if (!(v >= -0x1p63 && v < 0x1p63)) {
    call.fail(27191, "long overflow");
  }
  return call.result(v);
}
Value sign(const Call& call) {
  double x = call.real(0);
  return Value::int32((x > 0) - (x < 0));
}

// --- m.special --------------------------------------------------------------------------------

double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);  // lgamma() has a global variable for the sign
}

Value n_choose_k(const Call& call) {
  int64_t n = call.whole(0), k = call.whole(1);
  if (k < 0 || n <= k) call.fail(36000, "domain error");
  k = std::min(k, n - k);
  int64_t v = 1;
  for (int64_t i = 1; i <= k; ++i) {
    v = v * (n - k + i) / i;  // both factors are below 2^31
    if (v > INT32_MAX) call.fail(36000, "domain error");
  }
  return Value::int32(static_cast<int32_t>(v));
}
Value log_beta(const Call& call) {
  double a = call.real(0), b = call.real(1);
  if (a <= 0 || b <= 0) call.fail(36010, "domain error");
  return Value::float64(log_gamma(a) + log_gamma(b) - log_gamma(a + b));
}
Value log_gamma_positive(const Call& call) {
  double x = call.real(0);
  if (x <= 0) call.fail(36050, "domain error");
  return Value::float64(std::isinf(x) ? kNaN : log_gamma(x));
}

// --- m.link: inverse link functions, of a number or of each in an array or a map ----------------

template <auto F>
Value link(const Call& call) {
  if (call[0].is_number()) return Value::float64(F(call.real(0)));
  Value v = call.take(0);
  if (v.is(Kind::array)) {
    for (Value& item : v.edit_items()) item = Value::float64(F(item.real()));
    return v;
  }
  Map& members = v.edit_members();
  for (size_t i = 0; i < members.size(); ++i) {
    Value& item = *members.edit(members[i].first);
    item = Value::float64(F(item.real()));
  }
  return v;
}

double logit(double x) { return 1 / (1 + std::exp(-x)); }
double probit(double x) { return (std::erf(x / std::numbers::sqrt2) + 1) / 2; }
double cloglog(double x) { return 1 - std::exp(-std::exp(x)); }
double loglog(double x) { return std::exp(-std::exp(x)); }
double cauchit(double x) { return 0.5 + std::atan(x) / std::numbers::pi; }
double softplus(double x) {
  double grown = std::exp(x);
  return std::isinf(grown) ? x : std::log(1 + grown);
}
double relu(double x) { return std::isnan(x) ? x : std::fmax(0, x); }

Value softmax(const Call& call) {
  auto over = [&](const auto& each) {
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    bool finite = true;
    each([&](double x) {
      finite = finite && std::isfinite(x);
      largest = std::fmax(largest, x);
    });
    if (!finite) largest = kNaN;
    each([&](double x) { sum += std::exp(x - largest); });
    return std::pair(largest, sum);
  };
  Value v = call.take(0);
  if (v.is(Kind::array)) {
    Array& items = v.edit_items();
    if (items.empty()) call.fail(25000, "empty input");
    auto [largest, sum] = over([&](auto&& use) {
      for (const Value& item : items) use(item.real());
    });
    for (Value& item : items) item = Value::float64(std::exp(item.real() - largest) / sum);
    return v;
  }
  Map& members = v.edit_members();
  if (members.empty()) call.fail(25000, "empty input");
  auto [largest, sum] = over([&](auto&& use) {
    for (const Map::Entry& entry : members) use(entry.second.real());
  });
  for (size_t i = 0; i < members.size(); ++i) {
    Value& item = *members.edit(members[i].first);
    item = Value::float64(std::exp(item.real() - largest) / sum);
  }
  return v;
}

// --- m.kernel ---------------------------------------------------------------------------------

template <auto Term>
double sum_of_pairs(const Call& call, int code) {
  const Array& x = call.items(0);
  const Array& y = call.items(1);
  if (x.size() != y.size()) call.fail(code, "arrays must have same length");
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += Term(x[i].real(), y[i].real());
  return sum;
}
double dot(const Call& call, int code) {
  return sum_of_pairs<[](double x, double y) { return x * y; }>(call, code);
}
Value linear_kernel(const Call& call) { return Value::float64(dot(call, 23000)); }
Value rbf_kernel(const Call& call) {
  double squares = sum_of_pairs<[](double x, double y) { return (x - y) * (x - y); }>(call, 23010);
  return Value::float64(std::exp(-call.real(2) * squares));
}
Value polynomial_kernel(const Call& call) {
  return Value::float64(power(call.real(2) * dot(call, 23020) + call.real(3), call.real(4)));
}
Value sigmoid_kernel(const Call& call) {
  return Value::float64(std::tanh(call.real(2) * dot(call, 23030) + call.real(3)));
}

constexpr LibraryRow kRows[] = {
    {"m.abs", absolute},
    {"m.acos", real<[](double x) { return std::acos(x); }>},
    {"m.asin", real<[](double x) { return std::asin(x); }>},
    {"m.atan", real<[](double x) { return std::atan(x); }>},
    {"m.atan2", real2<[](double y, double x) { return std::atan2(y, x); }>},
    {"m.ceil", real<[](double x) { return std::ceil(x); }>},
    {"m.copysign", copy_sign},
    {"m.cos", real<[](double x) { return std::cos(x); }>},
    {"m.cosh", real<[](double x) { return std::cosh(x); }>},
    {"m.e", e},
    {"m.exp", real<[](double x) { return std::exp(x); }>},
    {"m.expm1", real<[](double x) { return std::expm1(x); }>},
    {"m.floor", real<[](double x) { return std::floor(x); }>},
    {"m.hypot", real2<[](double x, double y) { return std::hypot(x, y); }>},
    {"m.kernel.linear", linear_kernel},
    {"m.kernel.poly", polynomial_kernel},
    {"m.kernel.rbf", rbf_kernel},
    {"m.kernel.sigmoid", sigmoid_kernel},
    {"m.link.cauchit", link<cauchit>},
    {"m.link.cloglog", link<cloglog>},
    {"m.link.logit", link<logit>},
    {"m.link.loglog", link<loglog>},
    {"m.link.probit", link<probit>},
    {"m.link.relu", link<relu>},
    {"m.link.softmax", softmax},
    {"m.link.softplus", link<softplus>},
    {"m.link.tanh", link<[](double x) { return std::tanh(x); }>},
    {"m.ln", real<[](double x) { return std::log(x); }>},
    {"m.ln1p", real<[](double x) { return std::log1p(x); }>},
    {"m.log", logarithm},
    {"m.log10", real<[](double x) { return std::log10(x); }>},
    {"m.pi", pi},
    {"m.rint", real<[](double x) { return std::nearbyint(x); }>},
    {"m.round", round},
    {"m.signum", sign},
    {"m.sin", real<[](double x) { return std::sin(x); }>},
    {"m.sinh", real<[](double x) { return std::sinh(x); }>},
    {"m.special.erf", real<[](double x) { return std::erf(x); }>},
    {"m.special.erfc", real<[](double x) { return std::erfc(x); }>},
    {"m.special.lnBeta", log_beta},
    {"m.special.lnGamma", log_gamma_positive},
    {"m.special.nChooseK", n_choose_k},
    {"m.sqrt", real<[](double x) { return std::sqrt(x); }>},
    {"m.tan", real<[](double x) { return std::tan(x); }>},
    {"m.tanh", real<[](double x) { return std::tanh(x); }>},
};

}  // namespace

std::span<const LibraryRow> math_library() { return kRows; }

}  // namespace panmodel::pfa
