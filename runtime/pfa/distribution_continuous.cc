// prob.dist: distributions of real numbers.
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/cauchy.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <numbers>

#include "runtime/pfa/distribution.h"
#include "runtime/pfa/record.h"

namespace panmodel::pfa {
namespace {

namespace math = boost::math;

// By mean and standard deviation, or by a record with mean and variance.
struct Gaussian {
  static constexpr int kCode = 13000;
  double mean = 0, deviation = 0;
  explicit Gaussian(const Call& call) {
    if (call.size() == 3) {
      mean = call.real(1);
      deviation = call.real(2);
      return;
    }
    Record moments(call[1]);
    mean = moments.real("mean");
    deviation = std::sqrt(moments.real("variance"));  // NaN for a negative one
  }
  bool valid() const { return std::isfinite(mean) && std::isfinite(deviation) && deviation >= 0; }
  // Its logarithm.
  double density(double x) const {
    if (deviation == 0) return x == mean ? kInfinity : -kInfinity;
    double z = (x - mean) / deviation;
    return -z * z / 2 - std::log(deviation * std::sqrt(2 * std::numbers::pi));
  }
  double below(double x) const {
    if (deviation == 0) return x < mean ? 0 : 1;
    return std::erfc(-(x - mean) / (deviation * std::numbers::sqrt2)) / 2;
  }
  double quantile(double p) const {
    if (p == 0 || p == 1) return p == 0 ? -kInfinity : kInfinity;
    if (deviation == 0) return mean;
    return math::quantile(math::normal_distribution<double, Quiet>(mean, deviation), p);
  }
};

struct Exponential {
  static constexpr int kCode = 13030;
  double rate;
  explicit Exponential(const Call& call) : rate(call.real(1)) {}
  bool valid() const { return std::isfinite(rate) && rate >= 0; }
  double density(double x) const { return x < 0 ? 0 : rate * std::exp(-rate * x); }
  double below(double x) const { return x <= 0 ? 0 : -std::expm1(-rate * x); }
  double quantile(double p) const {
    if (p == 0) return 0;
    return p == 1 || rate == 0 ? kInfinity : -std::log1p(-p) / rate;
  }
};

// Of a shape or a scale of zero: all at zero.
struct GammaShape {
  double shape, scale;
  bool point() const { return shape == 0 || scale == 0; }
  math::gamma_distribution<double, Quiet> gamma() const { return {shape, scale}; }
  double density(double x) const {
    if (point()) return x == 0 ? kInfinity : 0;
    if (x < 0) return 0;
    if (x == 0) return shape < 1 ? kInfinity : shape == 1 ? 1 / scale : 0;
    return math::pdf(gamma(), x);
  }
  double quantile(double p) const {
    if (p == 1) return kInfinity;
    return p == 0 || point() ? 0 : math::quantile(gamma(), p);
  }
};
struct Gamma : GammaShape {
  static constexpr int kCode = 13120;
  explicit Gamma(const Call& call) : GammaShape{call.real(1), call.real(2)} {}
  bool valid() const { return std::isfinite(shape) && std::isfinite(scale) && shape >= 0 && scale >= 0; }
  double below(double x) const {
    if (point()) return x == 0 ? 0 : 1;
    return x <= 0 ? 0 : math::cdf(gamma(), x);
  }
};
Value gamma_quantile(const Call& call) {
  if (Gamma(call).point()) call.fail(13140, "invalid parameterization");
  return quantile<Gamma>(call);
}
struct ChiSquared : GammaShape {
  static constexpr int kCode = 13060;
  explicit ChiSquared(const Call& call) : GammaShape{call.real(1) / 2, 2} {}
  bool valid() const { return shape >= 0; }
  double density(double x) const {
    if (!point() && x <= 0) return 0;
    return GammaShape::density(x);
  }
  double below(double x) const {
    if (x <= 0) return 0;
    return point() ? 1 : math::cdf(gamma(), x);
  }
};

struct Beta {
  static constexpr int kCode = 13150;
  double a, b;
  explicit Beta(const Call& call) : a(call.real(1)), b(call.real(2)) {}
  bool valid() const { return std::isfinite(a) && std::isfinite(b) && a > 0 && b > 0; }
  math::beta_distribution<double, Quiet> beta() const { return {a, b}; }
  double density(double x) const { return x <= 0 || x >= 1 ? 0 : math::pdf(beta(), x); }
  double below(double x) const { return x <= 0 ? 0 : x >= 1 ? 1 : math::cdf(beta(), x); }
  double quantile(double p) const { return p == 0 || p == 1 ? p : math::quantile(beta(), p); }
};

struct Cauchy {
  static constexpr int kCode = 13180;
  double location, scale;
  explicit Cauchy(const Call& call) : location(call.real(1)), scale(call.real(2)) {}
  bool valid() const { return std::isfinite(location) && std::isfinite(scale) && scale > 0; }
  math::cauchy_distribution<double, Quiet> cauchy() const { return {location, scale}; }
  double density(double x) const { return math::pdf(cauchy(), x); }
  double below(double x) const { return math::cdf(cauchy(), x); }
  double quantile(double p) const {
    if (p == 0 || p == 1) return p == 0 ? -kInfinity : kInfinity;
    return math::quantile(cauchy(), p);
  }
};

struct Fisher {
  static constexpr int kCode = 13210;
  double numerator, denominator;
  explicit Fisher(const Call& call) : numerator(call.real(1)), denominator(call.real(2)) {}
  bool valid() const { return numerator > 0 && denominator > 0; }
  math::fisher_f_distribution<double, Quiet> fisher() const { return {numerator, denominator}; }
  double density(double x) const { return x <= 0 ? 0 : math::pdf(fisher(), x); }
  double below(double x) const { return x <= 0 ? 0 : math::cdf(fisher(), x); }
  double quantile(double p) const {
    if (p == 1) return kInfinity;
    return p == 0 ? 0 : math::quantile(fisher(), p);
  }
};

struct LogNormal {
  static constexpr int kCode = 13240;
  double mean, deviation;  // of the logarithm
  explicit LogNormal(const Call& call) : mean(call.real(1)), deviation(call.real(2)) {}
  bool valid() const { return std::isfinite(mean) && std::isfinite(deviation) && deviation > 0; }
  math::lognormal_distribution<double, Quiet> lognormal() const { return {mean, deviation}; }
  double density(double x) const { return x <= 0 ? 0 : math::pdf(lognormal(), x); }
  double below(double x) const { return x <= 0 ? 0 : math::cdf(lognormal(), x); }
  double quantile(double p) const {
    if (p == 1) return kInfinity;
    return p == 0 ? 0 : math::quantile(lognormal(), p);
  }
};

struct Student {
  static constexpr int kCode = 13270;
  double freedom;
  explicit Student(const Call& call) : freedom(call.real(1)) {}
  bool valid() const { return freedom > 0; }
  using Law = math::students_t_distribution<double, Quiet>;
  Law student() const { return Law(freedom); }
  double density(double x) const { return math::pdf(student(), x); }
  double below(double x) const { return math::cdf(student(), x); }
  double quantile(double p) const {
    if (p == 0 || p == 1) return p == 0 ? -kInfinity : kInfinity;
    return math::quantile(student(), p);
  }
};

struct Uniform {
  static constexpr int kCode = 13330;
  double low, high;
  explicit Uniform(const Call& call) : low(call.real(1)), high(call.real(2)) {}
  bool valid() const { return std::isfinite(low) && std::isfinite(high) && low < high; }
  double density(double x) const { return x < low || x > high ? 0 : 1 / (high - low); }
  double below(double x) const { return x < low ? 0 : x > high ? 1 : (x - low) / (high - low); }
  double quantile(double p) const { return low + p * (high - low); }
};

struct Weibull {
  static constexpr int kCode = 13420;
  double shape, scale;
  explicit Weibull(const Call& call) : shape(call.real(1)), scale(call.real(2)) {}
  bool valid() const { return std::isfinite(shape) && std::isfinite(scale) && shape > 0 && scale > 0; }
  double density(double x) const {
    if (x < 0) return 0;
    if (x == 0) return shape < 1 ? kInfinity : shape == 1 ? 1 / scale : 0;
    double z = x / scale;
    return shape / scale * std::pow(z, shape - 1) * std::exp(-std::pow(z, shape));
  }
  double below(double x) const { return x <= 0 ? 0 : -std::expm1(-std::pow(x / scale, shape)); }
  double quantile(double p) const { return p == 1 ? kInfinity : scale * std::pow(-std::log1p(-p), 1 / shape); }
};

constexpr LibraryRow kRows[] = {
    {"prob.dist.betaCDF", below<Beta>},
    {"prob.dist.betaPDF", density<Beta>},
    {"prob.dist.betaQF", quantile<Beta>},
    {"prob.dist.cauchyCDF", below<Cauchy>},
    {"prob.dist.cauchyPDF", density<Cauchy>},
    {"prob.dist.cauchyQF", quantile<Cauchy>},
    {"prob.dist.chi2CDF", below<ChiSquared>},
    {"prob.dist.chi2PDF", density<ChiSquared>},
    {"prob.dist.chi2QF", quantile<ChiSquared>},
    {"prob.dist.exponentialCDF", below<Exponential>},
    {"prob.dist.exponentialPDF", density<Exponential>},
    {"prob.dist.exponentialQF", quantile<Exponential>},
    {"prob.dist.fCDF", below<Fisher>},
    {"prob.dist.fPDF", density<Fisher>},
    {"prob.dist.fQF", quantile<Fisher>},
    {"prob.dist.gammaCDF", below<Gamma>},
    {"prob.dist.gammaPDF", density<Gamma>},
    {"prob.dist.gammaQF", gamma_quantile},
    {"prob.dist.gaussianCDF", below<Gaussian>},
    {"prob.dist.gaussianLL", density<Gaussian>},
    {"prob.dist.gaussianQF", quantile<Gaussian>},
    {"prob.dist.lognormalCDF", below<LogNormal>},
    {"prob.dist.lognormalPDF", density<LogNormal>},
    {"prob.dist.lognormalQF", quantile<LogNormal>},
    {"prob.dist.tCDF", below<Student>},
    {"prob.dist.tPDF", density<Student>},
    {"prob.dist.tQF", quantile<Student>},
    {"prob.dist.uniformCDF", below<Uniform>},
    {"prob.dist.uniformPDF", density<Uniform>},
    {"prob.dist.uniformQF", quantile<Uniform>},
    {"prob.dist.weibullCDF", below<Weibull>},
    {"prob.dist.weibullPDF", density<Weibull>},
    {"prob.dist.weibullQF", quantile<Weibull>},
};

}  // namespace

std::span<const LibraryRow> continuous_library() { return kRows; }

}  // namespace panmodel::pfa
