// Module metric of the library (PFA 0.8.1 function library, "Metrics").
#include <cmath>
#include <limits>

#include "runtime/pfa/library.h"

namespace panmodel::pfa {
namespace {

constexpr std::string_view kDimensions = "dimensions of vectors do not match";

// As Python and the specification divide: the sign of a zero denominator does not count.
double divide(double a, double b) { return a / (b == 0 ? 0.0 : b); }

Value simple_euclidean(const Call& call) {
  const Array &x = call.items(0), &y = call.items(1);
  if (x.size() != y.size()) call.fail(28000, kDimensions);
  call.steps(x.size());
  double total = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double d = x[i].real() - y[i].real();
    total += d * d;
  }
  return call.result(std::sqrt(total));
}

Value absolute_difference(const Call& call) {
  return call.result(std::abs(call.real(0) - call.real(1)));
}

Value gaussian_similarity(const Call& call) {
  const double d = call.real(0) - call.real(1), sigma = call.real(2);
  return call.result(std::exp(divide(-std::log(2.0) * d * d, sigma * sigma)));
}

// The components of arguments 1 and 2, compared by argument 0 and gathered by `add`, weighed for
// those that are missing in either. `weights` is the argument with weights, if there is one.
template <class Add>
double gathered(const Call& call, size_t weights, int code, const Add& add) {
  const Array &x = call.items(1), &y = call.items(2);
  const Array* weight = weights < call.size() ? &call.items(weights) : nullptr;
  if (x.size() != y.size() || (weight && weight->size() != x.size())) call.fail(code, kDimensions);
  call.steps(x.size());
  double total = 0, all = 0, present = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double w = weight ? (*weight)[i].real() : 1.0;
    all += w;
    if (x[i].is_null() || y[i].is_null()) continue;
    total = add(total, call.apply(0, x[i], y[i]).real());
    present += w;
  }
  return present == 0 ? std::numeric_limits<double>::quiet_NaN() : total * all / present;
}

double add_square(double total, double d) { return total + d * d; }
double larger(double total, double d) { return d > total ? d : total; }

Value euclidean(const Call& call) {
  return call.result(std::sqrt(gathered(call, 3, 28030, add_square)));
}
Value squared_euclidean(const Call& call) {
  return call.result(gathered(call, 3, 28040, add_square));
}
Value chebyshev(const Call& call) { return call.result(gathered(call, 3, 28050, larger)); }
Value taxicab(const Call& call) {
  return call.result(gathered(call, 3, 28060, [](double total, double d) { return total + d; }));
}

Value minkowski(const Call& call) {
  constexpr int code = 28070;
  const double p = call.real(3);
  if (call.items(1).size() != call.items(2).size()) call.fail(code, kDimensions);
  if (call.size() > 4 && call.items(4).size() != call.items(1).size()) call.fail(code, kDimensions);
  if (!(p > 0)) call.fail(code + 1, "Minkowski parameter p must be positive");
  if (std::isinf(p)) return call.result(gathered(call, 4, code, larger));
  const double total = gathered(call, 4, code, [&](double sum, double d) {
    return sum + std::pow(d, p);
  });
  return call.result(std::pow(total, 1 / p));
}

// How often each pair of truths stands in two vectors.
struct Pairs {
  double both = 0, left = 0, right = 0, neither = 0;
};

Pairs pairs(const Call& call, int code) {
  const Array &x = call.items(0), &y = call.items(1);
  if (x.size() != y.size()) call.fail(code, kDimensions);
  call.steps(x.size());
  Pairs n;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i].truth()) {
      ++(y[i].truth() ? n.both : n.left);
    } else {
      ++(y[i].truth() ? n.right : n.neither);
    }
  }
  return n;
}

Value simple_matching(const Call& call) {
  const Pairs n = pairs(call, 28080);
  return call.result(divide(n.both + n.neither, n.both + n.left + n.right + n.neither));
}

Value jaccard(const Call& call) {
  const Pairs n = pairs(call, 28090);
  return call.result(divide(n.both, n.both + n.left + n.right));
}

Value tanimoto(const Call& call) {
  const Pairs n = pairs(call, 28100);
  return call.result(divide(n.both + n.neither, n.both + 2 * (n.left + n.right) + n.neither));
}

// Arguments 2 to 5 and 6 to 9: factors of neither, right, left, both.
Value binary_similarity(const Call& call) {
  const Pairs n = pairs(call, 28110);
  auto weighed = [&](size_t i) {
    return call.real(i + 3) * n.both + call.real(i + 2) * n.left + call.real(i + 1) * n.right +
           call.real(i) * n.neither;
  };
  return call.result(divide(weighed(2), weighed(6)));
}

}  // namespace

std::span<const LibraryRow> metric_library() {
  static constexpr LibraryRow rows[] = {
      {"metric.simpleEuclidean", simple_euclidean},
      {"metric.absDiff", absolute_difference},
      {"metric.gaussianSimilarity", gaussian_similarity},
      {"metric.euclidean", euclidean},
      {"metric.squaredEuclidean", squared_euclidean},
      {"metric.chebyshev", chebyshev},
      {"metric.taxicab", taxicab},
      {"metric.minkowski", minkowski},
      {"metric.simpleMatching", simple_matching},
      {"metric.jaccard", jaccard},
      {"metric.tanimoto", tanimoto},
      {"metric.binarySimilarity", binary_similarity},
  };
  return rows;
}

}  // namespace panmodel::pfa
