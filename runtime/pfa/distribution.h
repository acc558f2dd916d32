#pragma once
// The functions of a distribution of probability in module prob.dist: density (or probability of a whole
// number), cumulative distribution and quantile, with their checks.
//
// A distribution D has: kCode, the code of the first of its three functions; D(call), its parameters;
// valid(); density(x), below(x) for finite x; quantile(p) for 0 <= p <= 1.
#include <boost/math/policies/policy.hpp>
#include <cmath>
#include <limits>

#include "runtime/pfa/library.h"

namespace panmodel::pfa {

// Infinities and NaN in the place of exceptions.
using Quiet = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
    boost::math::policies::rounding_error<boost::math::policies::ignore_error>,
    boost::math::policies::indeterminate_result_error<boost::math::policies::ignore_error>,
    boost::math::policies::discrete_quantile<boost::math::policies::integer_round_up>>;

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class D>
D checked(const Call& call, int offset) {
  D distribution(call);
  if (!distribution.valid()) call.fail(D::kCode + offset, "invalid parameterization");
  return distribution;
}
template <class D>
Value density(const Call& call) {
  D distribution = checked<D>(call, 0);
  if (!std::isfinite(call.real(0))) call.fail(D::kCode + 1, "invalid input");
  return Value::float64(distribution.density(call.real(0)));
}
template <class D>
Value below(const Call& call) {
  D distribution = checked<D>(call, 10);
  if (!std::isfinite(call.real(0))) call.fail(D::kCode + 11, "invalid input");
  return Value::float64(distribution.below(call.real(0)));
}
template <class D>
Value quantile(const Call& call) {
  D distribution = checked<D>(call, 20);
  double p = call.real(0);
  if (!(p >= 0 && p <= 1)) call.fail(D::kCode + 21, "invalid input");
  return Value::float64(distribution.quantile(p));
}

}  // namespace panmodel::pfa
