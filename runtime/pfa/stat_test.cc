// stat.change and stat.test: detecting change, and tests of how observations agree with predictions. The
// deprecated functions of model.reg are those of stat.test with codes of their own.
#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "runtime/pfa/library.h"
#include "runtime/pfa/matrix.h"
#include "runtime/pfa/record.h"

namespace panmodel::pfa {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// --- stat.change ------------------------------------------------------------------------------

Value update_trigger(const Call& call) {
  Record history(call.take(1));
  for (std::string_view name : {"numEvents", "numRuns", "currentRun", "longestRun"}) {
    if (history.whole(name) < 0 || history.whole(name) == INT32_MAX) call.fail(37000, "counter out of range");
  }
  auto set = [&](std::string_view name, int64_t v) { history.set(name, Value::int32(static_cast<int32_t>(v))); };
  int64_t run = history.whole("currentRun");
  if (!call.truth(0)) {
    set("currentRun", 0);
    return history.take();
  }
  set("numEvents", history.whole("numEvents") + 1);
  if (run == 0) set("numRuns", history.whole("numRuns") + 1);
  set("currentRun", run + 1);
  set("longestRun", std::max(history.whole("longestRun"), run + 1));
  return history.take();
}

Value z_value(const Call& call) {
  Record moments(call[1]);
  double z = (call.real(0) - moments.real("mean")) / std::sqrt(moments.real("variance"));
  if (call.size() == 3 && call.truth(2)) {
    double n = moments.real("count");
    z *= std::sqrt(n / (n - 1));
  }
  return Value::float64(z);
}

Value update_cusum(const Call& call) {
  double sum = call.real(0) + call.real(1);
  return Value::float64(sum > call.real(2) ? sum : call.real(2));
}

// --- stat.test --------------------------------------------------------------------------------

// Of Kolmogorov's distribution, as a series.
double kolmogorov_cdf(double z) {
  double sum = 0;
  for (int k = 1; k < 150; ++k) {
    double odd = 2 * k - 1;
    sum += std::exp(-odd * odd * std::numbers::pi * std::numbers::pi / (8 * z * z));
  }
  return std::sqrt(2 * std::numbers::pi) / z * sum;
}

// The probability that two samples differ as much if they have one distribution. NaN is left out.
Value kolmogorov(const Call& call) {
  auto sorted = [&](size_t i) {
    std::vector<double> out;
    for (const Value& v : call.items(i)) {
      if (!std::isnan(v.real())) out.push_back(v.real());
    }
    std::sort(out.begin(), out.end());
    return out;
  };
  std::vector<double> x = sorted(0), y = sorted(1);
  if (x == y) return Value::float64(1);
  if (x.empty() || y.empty()) return Value::float64(0);
  double m = static_cast<double>(x.size()), n = static_cast<double>(y.size()), largest = 0;
  for (size_t i = 0, j = 0; i < x.size() && j < y.size();) {
    double a = x[i], b = y[j];
    if (a <= b) ++i;
    if (b <= a) ++j;
    largest = std::max(largest, std::fabs(static_cast<double>(j) / n - static_cast<double>(i) / m));
  }
  if (largest == 0) return Value::float64(1);
  double root = std::sqrt(m * n / (m + n));
  return Value::float64(1 - kolmogorov_cdf((root + 0.12 + 0.11 / root) * largest));
}

bool same_keys(const Map& a, const Map& b) {
  return a.size() == b.size() &&
         std::all_of(a.begin(), a.end(), [&](const Map::Entry& e) { return b.contains(e.first); });
}

// `F` of numbers, or of those with one place in arrays or maps; the code for argument i being misaligned
// with argument 0 is Code + i - 1.
template <auto F, int Code>
Value by_place(const Call& call) {
  constexpr std::string_view kMessages[] = {"misaligned prediction", "misaligned uncertainty"};
  double numbers[3] = {};
  if (call[0].is_number()) {
    for (size_t i = 0; i < call.size(); ++i) numbers[i] = call.real(i);
    return Value::float64(F(numbers));
  }
  bool arrays = call[0].is(Kind::array);
  for (size_t i = 1; i < call.size(); ++i) {
    bool same = arrays ? call.items(i).size() == call.items(0).size() : same_keys(call.members(0), call.members(i));
    if (!same) call.fail(Code + static_cast<int>(i) - 1, kMessages[i - 1]);
  }
  if (arrays) {
    Array out;
    for (size_t k = 0; k < call.items(0).size(); ++k) {
      for (size_t i = 0; i < call.size(); ++i) numbers[i] = call.items(i)[k].real();
      out.push_back(Value::float64(F(numbers)));
    }
    return Value::array(std::move(out));
  }
  Map out;
  for (const auto& [key, value] : call.members(0)) {
    for (size_t i = 0; i < call.size(); ++i) numbers[i] = call.members(i).find(key)->real();
    out.set(key, Value::float64(F(numbers)));
  }
  return Value::map(std::move(out));
}
double residual(const double* v) { return v[0] - v[1]; }
double pull(const double* v) { return (v[0] - v[1]) / v[2]; }

// Distance of an observation from a prediction by a covariance matrix.
template <int Code>
Value mahalanobis(const Call& call) {
  bool arrays = call[0].is(Kind::array);
  size_t n = arrays ? call.items(0).size() : call.members(0).size();
  if (n < 1) call.fail(Code, "too few rows/cols");
  bool same = arrays ? call.items(1).size() == n : same_keys(call.members(0), call.members(1));
  if (!same) call.fail(Code + 1, "misaligned prediction");
  call.steps(n * n);
  Matrix covariance(n, n);
  std::vector<double> difference(n);
  auto misaligned = [&] { call.fail(Code + 2, "misaligned covariance"); };
  if (arrays && call.items(2).size() != n) misaligned();
  for (size_t i = 0; i < n; ++i) {
    if (arrays) {
      difference[i] = call.items(0)[i].real() - call.items(1)[i].real();
      const Array& from = call.items(2)[i].items();
      if (from.size() != n) misaligned();
      for (size_t j = 0; j < n; ++j) covariance.at(i, j) = from[j].real();
      continue;
    }
    const auto& [key, value] = call.members(0)[i];
    difference[i] = value.real() - call.members(1).find(key)->real();
    const Value* from = call.members(2).find(key);
    if (!from) misaligned();
    for (size_t j = 0; j < n; ++j) {
      const Value* entry = from->members().find(call.members(0)[j].first);
      if (!entry) misaligned();
      covariance.at(i, j) = entry->real();
    }
  }
  Matrix precision = inverse(covariance);
  double squared = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) squared += difference[i] * precision.at(i, j) * difference[j];
  }
  return Value::float64(squared < 0 ? kNaN : std::sqrt(squared));
}

// The field of the degrees of freedom, which the deprecated functions spell otherwise.
std::string_view freedom_of(const Record& state) { return state.has("dof") ? "dof" : "DOF"; }

Value update_chi2(const Call& call) {
  double sum = 0;
  auto add = [&](const Value& v) { sum += v.real() * v.real(); };
  if (call[0].is_number()) {
    add(call[0]);
  } else if (call[0].is(Kind::array)) {
    for (const Value& v : call.items(0)) add(v);
  } else {
    for (const Map::Entry& entry : call.members(0)) add(entry.second);
  }
  Record state(call.take(1));
  state.set("chi2", state.real("chi2") + sum);
  std::string_view freedom = freedom_of(state);
  state.set(freedom, Value::int32(static_cast<int32_t>(state.whole(freedom) + 1)));
  return state.take();
}
Value reduced_chi2(const Call& call) {
  Record state(call[0]);
  return Value::float64(state.real("chi2") / state.real(freedom_of(state)));
}
// The probability of a smaller chi-squared.
template <int Code>
Value chi2_probability(const Call& call) {
  Record state(call[0]);
  double chi2 = state.real("chi2"), freedom = state.real(freedom_of(state));
  if (freedom < 0) call.fail(Code, "invalid parameterization");
  if (freedom == 0 || std::isinf(chi2)) return Value::float64(chi2 > 0 ? 1 : 0);
  if (std::isnan(chi2)) return Value::float64(kNaN);
  return Value::float64(chi2 <= 0 ? 0 : boost::math::gamma_p(freedom / 2, chi2 / 2));
}

constexpr LibraryRow kRows[] = {
    {"model.reg.chi2Prob", chi2_probability<31070>},
    {"model.reg.mahalanobis", mahalanobis<31040>},
    {"model.reg.pull", by_place<pull, 31030>},
    {"model.reg.reducedChi2", reduced_chi2},
    {"model.reg.residual", by_place<residual, 31020>},
    {"model.reg.updateChi2", update_chi2},
    {"stat.change.updateCUSUM", update_cusum},
    {"stat.change.updateTrigger", update_trigger},
    {"stat.change.zValue", z_value},
    {"stat.test.chi2Prob", chi2_probability<38060>},
    {"stat.test.kolmogorov", kolmogorov},
    {"stat.test.mahalanobis", mahalanobis<38030>},
    {"stat.test.pull", by_place<pull, 38020>},
    {"stat.test.reducedChi2", reduced_chi2},
    {"stat.test.residual", by_place<residual, 38010>},
    {"stat.test.updateChi2", update_chi2},
};

}  // namespace

std::span<const LibraryRow> test_library() { return kRows; }

}  // namespace panmodel::pfa
