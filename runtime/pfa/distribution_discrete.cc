// prob.dist: distributions of whole numbers. A quantile is the smallest number whose cumulative
// probability is more than p; with the binomial one, at least p.
#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/hypergeometric.hpp>
#include <boost/math/distributions/negative_binomial.hpp>
#include <boost/math/distributions/poisson.hpp>

#include "runtime/pfa/distribution.h"

namespace panmodel::pfa {
namespace {

namespace math = boost::math;

// From a number near to the quantile to the quantile.
template <class D>
double settle(const D& distribution, double near, double p) {
  double x = std::max(std::floor(near), 0.0);
  while (x > 0 && distribution.below(x - 1) > p) --x;
  while (distribution.below(x) <= p && distribution.below(x + 1) != distribution.below(x)) ++x;
  return x;
}

struct Poisson {
  static constexpr int kCode = 13090;
  double mean;
  explicit Poisson(const Call& call) : mean(call.real(1)) {}
  bool valid() const { return std::isfinite(mean) && mean >= 0; }
  using Law = math::poisson_distribution<double, Quiet>;
  Law law() const { return Law(mean); }
  double density(double x) const {
    if (mean == 0) return x == 0 ? 1 : 0;
    return x < 0 ? 0 : math::pdf(law(), x);
  }
  double below(double x) const {
    if (x < 0) return 0;
    return mean == 0 ? 1 : math::cdf(law(), x);
  }
  double quantile(double p) const {
    if (mean == 0 || p == 0) return 0;
    return p == 1 ? kInfinity : settle(*this, math::quantile(law(), p), p);
  }
};

struct Binomial {
  static constexpr int kCode = 13300;
  double trials, success;
  explicit Binomial(const Call& call) : trials(call.real(1)), success(call.real(2)) {}
  bool valid() const { return trials > 0 && success >= 0 && success <= 1; }
  math::binomial_distribution<double, Quiet> law() const { return {trials, success}; }
  double density(double x) const { return x < 0 || x > trials ? 0 : math::pdf(law(), x); }
  double below(double x) const {
    if (x < 0) return 0;
    return x >= trials ? 1 : math::cdf(law(), std::floor(x));
  }
  double quantile(double p) const {
    if (p == 0 || p == 1) return p * trials;
    double x = std::floor(math::quantile(law(), p));
    while (x > 0 && below(x - 1) >= p) --x;
    while (below(x) < p) ++x;
    return x;
  }
};

// Failures before the first success.
struct Geometric {
  static constexpr int kCode = 13360;
  double success;
  explicit Geometric(const Call& call) : success(call.real(1)) {}
  bool valid() const { return success > 0 && success <= 1; }
  double density(double x) const { return x < 0 ? 0 : success * std::pow(1 - success, x); }
  double below(double x) const {
    if (x < 0) return 0;
    return success == 1 ? 1 : -std::expm1((std::floor(x) + 1) * std::log1p(-success));
  }
  double quantile(double p) const {
    if (p == 1) return kInfinity;
    return p == 0 || success == 1 ? 0 : std::floor(std::log1p(-p) / std::log1p(-success));
  }
};

// White balls among `drawn` of an urn of white and black ones.
struct Hypergeometric {
  static constexpr int kCode = 13390;
  int64_t white, black, drawn;
  explicit Hypergeometric(const Call& call) : white(call.whole(1)), black(call.whole(2)), drawn(call.whole(3)) {}
  bool valid() const { return white >= 0 && black > 0 && drawn >= 0 && drawn <= white + black; }
  double least() const { return static_cast<double>(std::max<int64_t>(0, drawn - black)); }
  double most() const { return static_cast<double>(std::min(white, drawn)); }
  math::hypergeometric_distribution<double, Quiet> law() const {
    return {static_cast<unsigned>(white), static_cast<unsigned>(drawn), static_cast<unsigned>(white + black)};
  }
  double density(double x) const { return x < least() || x > most() ? 0 : math::pdf(law(), x); }
  double below(double x) const {
    if (x < least()) return 0;
    return x >= most() ? 1 : math::cdf(law(), x);
  }
  double quantile(double p) const { return p == 1 ? most() : settle(*this, math::quantile(law(), p), p); }
};

// Failures before a number of successes.
struct NegativeBinomial {
  static constexpr int kCode = 13450;
  double successes, success;
  explicit NegativeBinomial(const Call& call) : successes(call.real(1)), success(call.real(2)) {}
  bool valid() const { return successes >= 0 && success > 0 && success <= 1; }
  bool point() const { return successes == 0 || success == 1; }  // all at zero
  math::negative_binomial_distribution<double, Quiet> law() const { return {successes, success}; }
  double density(double x) const {
    if (point()) return x == 0 ? 1 : 0;
    return x < 0 ? 0 : math::pdf(law(), x);
  }
  double below(double x) const {
    if (x < 0) return 0;
    return point() ? 1 : math::cdf(law(), std::floor(x));
  }
  double quantile(double p) const {
    if (successes == 0 || p == 0) return 0;
    if (p == 1) return kInfinity;
    return success == 1 ? 0 : settle(*this, math::quantile(law(), p), p);
  }
};

constexpr LibraryRow kRows[] = {
    {"prob.dist.binomialCDF", below<Binomial>},
    {"prob.dist.binomialPDF", density<Binomial>},
    {"prob.dist.binomialQF", quantile<Binomial>},
    {"prob.dist.geometricCDF", below<Geometric>},
    {"prob.dist.geometricPDF", density<Geometric>},
    {"prob.dist.geometricQF", quantile<Geometric>},
    {"prob.dist.hypergeometricCDF", below<Hypergeometric>},
    {"prob.dist.hypergeometricPDF", density<Hypergeometric>},
    {"prob.dist.hypergeometricQF", quantile<Hypergeometric>},
    {"prob.dist.negativeBinomialCDF", below<NegativeBinomial>},
    {"prob.dist.negativeBinomialPDF", density<NegativeBinomial>},
    {"prob.dist.negativeBinomialQF", quantile<NegativeBinomial>},
    {"prob.dist.poissonCDF", below<Poisson>},
    {"prob.dist.poissonPDF", density<Poisson>},
    {"prob.dist.poissonQF", quantile<Poisson>},
};

}  // namespace

std::span<const LibraryRow> discrete_library() { return kRows; }

}  // namespace panmodel::pfa
