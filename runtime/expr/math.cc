// Arithmetic, aggregates, mathematics, distributions.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "runtime/expr/call.h"

namespace panmodel::runtime {

using expr::Scalar;
using expr::TypeRule;

Scalar Call::common() const {
  Scalar widest = Scalar::i64;
  bool any = false;
  for (const Datum& a : arguments_) {
    if (a.missing()) continue;
    any = true;
    Scalar type = a.is_number() ? a.type : Scalar::i64;
    widest = std::min(widest, type);  // f64 < f32 < i64
  }
  return any ? widest : Scalar::f64;
}

Datum Call::mean(double v) const {
  if (std::isnan(v)) return invalid(v);
  return common() == Scalar::f32 ? Datum::of_float(v) : Datum::of(v);
}

Datum Call::result(double v) const { return std::isnan(v) ? invalid(v) : Datum::of(v); }

Datum Call::integer(int64_t v) const {
  return v < INT32_MIN || v > INT32_MAX ? invalid() : Datum::of(v);
}

Datum Call::whole(double v) const {
  // The comparison is false for a NaN.
  return std::abs(v) <= 2147483648.0 ? integer(static_cast<int64_t>(v)) : invalid();
}

Datum Call::numeric(double v) const {
  const Scalar type = common();
  if (type == Scalar::i64) return whole(v);
  if (std::isnan(v)) return invalid(v);
  return type == Scalar::f32 ? Datum::of_float(v) : Datum::of(v);
}

namespace scalar {
namespace {

int64_t whole(Call& c, size_t i) { return c[i].whole; }
bool whole(Call& c) { return c.common() == Scalar::i64; }

// Calls f(sum so far, argument) over the arguments that are not missing.
template <class F>
double fold(Call& c, double start, F&& f) {
  for (const Datum& a : c.all()) {
    if (!a.missing()) start = f(start, a.number());
  }
  return start;
}

// Quantile of the standard normal distribution: M. J. Wichura, "Algorithm AS 241: The Percentage
// Points of the Normal Distribution", Applied Statistics 37 (1988), PPND16, about 1e-16 relative.
double normal_quantile(double p) {
  if (!(p >= 0 && p <= 1)) return std::numeric_limits<double>::quiet_NaN();
  if (p == 0) return -std::numeric_limits<double>::infinity();
  if (p == 1) return std::numeric_limits<double>::infinity();
  auto ratio = [](double r, const double (&a)[8], const double (&b)[8]) {
    double n = a[7], d = b[7];
    for (int i = 6; i >= 0; --i) {
      n = n * r + a[i];
      d = d * r + b[i];
    }
    return n / d;
  };
  static constexpr double kA[] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                  1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                  3.3430575583588128105e4, 2.5090809287301226727e3};
  static constexpr double kB[] = {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2,
                                  5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4,
                                  2.8729085735721942674e4, 5.2264952788528545610e3};
  static constexpr double kC[] = {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                                  3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double kD[] = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0,
                                  6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
                                  5.47593808499534494600e-4, 1.05075007164441684324e-9};
  static constexpr double kE[] = {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                                  2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                  2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double kF[] = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
                                  1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
                                  1.42151175831644588870e-7, 2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) return q * ratio(0.180625 - q * q, kA, kB);
  const double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  const double x = r <= 5 ? ratio(r - 1.6, kC, kD) : ratio(r - 5, kE, kF);
  return q < 0 ? -x : x;
}

double normal_cdf_at(double z) { return 0.5 * std::erfc(-z * (1 / std::numbers::sqrt2)); }
double normal_pdf_at(double z) {
  constexpr double kScale = 0.3989422804014327;  // 1 / sqrt(2 pi)
  return std::exp(-0.5 * z * z) * kScale;
}

}  // namespace

// Integers are of 32 bits; the columns that they come from may hold larger ones.
Datum add(Call& c) {
  if (!whole(c)) return c.numeric(c.real(0) + c.real(1));
  int64_t v = 0;
  return __builtin_add_overflow(whole(c, 0), whole(c, 1), &v) ? c.invalid() : c.integer(v);
}
Datum subtract(Call& c) {
  if (!whole(c)) return c.numeric(c.real(0) - c.real(1));
  int64_t v = 0;
  return __builtin_sub_overflow(whole(c, 0), whole(c, 1), &v) ? c.invalid() : c.integer(v);
}
Datum multiply(Call& c) {
  if (!whole(c)) return c.numeric(c.real(0) * c.real(1));
  int64_t v = 0;
  return __builtin_mul_overflow(whole(c, 0), whole(c, 1), &v) ? c.invalid() : c.integer(v);
}
Datum divide(Call& c) {
  if (!whole(c)) return c.numeric(c.real(0) / c.real(1));
  if (whole(c, 1) == 0) return c.invalid();
  if (whole(c, 0) == INT64_MIN) return c.invalid();
  return c.integer(whole(c, 0) / whole(c, 1));
}
Datum modulo(Call& c) {
  if (whole(c)) {
    if (whole(c, 1) == 0) return c.invalid();
    if (whole(c, 1) == -1) return Datum::of(int64_t{0});
    int64_t m = whole(c, 0) % whole(c, 1);
    return c.integer(m != 0 && (m < 0) != (whole(c, 1) < 0) ? m + whole(c, 1) : m);
  }
  double m = std::fmod(c.real(0), c.real(1));
  return c.numeric(m != 0 && (m < 0) != (c.real(1) < 0) ? m + c.real(1) : m);
}

Datum min(Call& c) {
  return c.numeric(fold(c, std::numeric_limits<double>::infinity(), [](double a, double b) { return std::min(a, b); }));
}
Datum max(Call& c) {
  return c.numeric(fold(c, -std::numeric_limits<double>::infinity(), [](double a, double b) { return std::max(a, b); }));
}
Datum sum(Call& c) { return c.numeric(fold(c, 0, [](double a, double b) { return a + b; })); }
Datum product(Call& c) { return c.numeric(fold(c, 1, [](double a, double b) { return a * b; })); }
Datum avg(Call& c) {
  double n = 0;
  return c.mean(fold(c, 0, [&](double m, double x) { return n += 1, m + (x - m) / n; }));
}
Datum median(Call& c) {
  std::vector<double> values;
  for (const Datum& a : c.all()) {
    if (!a.missing()) values.push_back(a.number());
  }
  std::sort(values.begin(), values.end());
  size_t half = values.size() / 2;
  return c.mean(values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2);
}

Datum log10(Call& c) { return c.result(std::log10(c.real(0))); }
Datum ln(Call& c) { return c.result(std::log(c.real(0))); }
Datum ln1p(Call& c) { return c.result(std::log1p(c.real(0))); }
Datum exp(Call& c) { return c.result(std::exp(c.real(0))); }
Datum expm1(Call& c) { return c.result(std::expm1(c.real(0))); }
Datum sqrt(Call& c) { return c.result(std::sqrt(c.real(0))); }
Datum abs(Call& c) { return c.numeric(std::abs(c.real(0))); }
Datum pow(Call& c) {
  if (whole(c) && whole(c, 1) < 0) return c.refuse("the exponent {} of an integer is negative", whole(c, 1));
  return c.numeric(std::pow(c.real(0), c.real(1)));
}
Datum threshold(Call& c) { return c.numeric(c.real(0) > c.real(1) ? 1 : 0); }
Datum floor(Call& c) { return c.whole(std::floor(c.real(0))); }
Datum ceil(Call& c) { return c.whole(std::ceil(c.real(0))); }
Datum round(Call& c) {
  double low = std::floor(c.real(0));
  return c.whole(c.real(0) - low >= 0.5 ? low + 1 : low);
}
Datum rint(Call& c) { return c.numeric(std::nearbyint(c.real(0))); }
Datum hypot(Call& c) { return c.result(std::hypot(c.real(0), c.real(1))); }
Datum sin(Call& c) { return c.result(std::sin(c.real(0))); }
Datum cos(Call& c) { return c.result(std::cos(c.real(0))); }
Datum tan(Call& c) { return c.result(std::tan(c.real(0))); }
Datum asin(Call& c) { return c.result(std::asin(c.real(0))); }
Datum acos(Call& c) { return c.result(std::acos(c.real(0))); }
Datum atan(Call& c) { return c.result(std::atan(c.real(0))); }
Datum atan2(Call& c) { return c.result(std::atan2(c.real(0), c.real(1))); }
Datum sinh(Call& c) { return c.result(std::sinh(c.real(0))); }
Datum cosh(Call& c) { return c.result(std::cosh(c.real(0))); }
Datum tanh(Call& c) { return c.result(std::tanh(c.real(0))); }

Datum erf(Call& c) { return c.result(std::erf(c.real(0))); }
Datum std_normal_cdf(Call& c) { return c.result(normal_cdf_at(c.real(0))); }
Datum std_normal_pdf(Call& c) { return c.result(normal_pdf_at(c.real(0))); }
Datum std_normal_idf(Call& c) { return c.result(normal_quantile(c.real(0))); }
Datum normal_cdf(Call& c) {
  if (!(c.real(2) > 0)) return c.refuse("the standard deviation {} is not positive", c.real(2));
  return c.result(normal_cdf_at((c.real(0) - c.real(1)) / c.real(2)));
}
Datum normal_pdf(Call& c) {
  if (!(c.real(2) > 0)) return c.refuse("the standard deviation {} is not positive", c.real(2));
  return c.result(normal_pdf_at((c.real(0) - c.real(1)) / c.real(2)) / c.real(2));
}
Datum normal_idf(Call& c) {
  if (!(c.real(2) > 0)) return c.refuse("the standard deviation {} is not positive", c.real(2));
  return c.result(c.real(1) + c.real(2) * normal_quantile(c.real(0)));
}

}  // namespace scalar
}  // namespace panmodel::runtime
