// Sums, means and quantiles. Sums go from left to right.
#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/pfa/array.h"
#include "runtime/pfa/order.h"

namespace panmodel::pfa {
namespace {

using Wide = __int128;  // no sum or product of longs leaves it before it is checked

Value whole_result(const Call& call, Wide v, int code) {
  if (call.type().kind == Kind::int32) {
    if (v < INT32_MIN || v > INT32_MAX) call.fail(code, "int overflow");
  } else if (v < INT64_MIN || v > INT64_MAX) {
    call.fail(code + 1, "long overflow");
  }
  return Value::number(call.type().kind, static_cast<int64_t>(v));
}

double sum_of(const Array& items) {
  double total = 0;
  for (const Value& item : items) total += item.real();
  return total;
}

double product_of(const Array& items) {
  double total = 1;
  for (const Value& item : items) total *= item.real();
  return total;
}

Value sum(const Call& call) {
  const Array& items = scan(call, 0);
  if (call.type().kind >= Kind::float32) return call.result(sum_of(items));
  Wide total = 0;
  for (const Value& item : items) total += item.whole();
  return whole_result(call, total, 15400);
}

Value product(const Call& call) {
  const Array& items = scan(call, 0);
  if (call.type().kind >= Kind::float32) return call.result(product_of(items));
  if (std::any_of(items.begin(), items.end(), [](const Value& v) { return v.whole() == 0; })) {
    return Value::number(call.type().kind, int64_t{0});
  }
  constexpr Wide limit = Wide{1} << 63;
  Wide total = 1;
  for (const Value& item : items) {
    total *= item.whole();
    if (total > limit || total < -limit) break;  // no later factor brings it back
  }
  return whole_result(call, total, 15410);
}

Value sum_of_logs(const Call& call) {
  double total = 0;
  for (const Value& item : scan(call, 0)) total += std::log(item.real());
  return call.result(total);
}

Value mean(const Call& call) {
  const Array& items = scan(call, 0);
  return call.result(sum_of(items) / static_cast<double>(items.size()));
}

Value geometric_mean(const Call& call) {
  const Array& items = scan(call, 0);
  if (items.empty()) return call.result(std::numeric_limits<double>::quiet_NaN());
  return call.result(std::pow(product_of(items), 1.0 / static_cast<double>(items.size())));
}

Value log_sum_of_exponentials(const Call& call) {
  const Array& items = scan(call, 0);
  if (items.empty()) return call.result(std::numeric_limits<double>::quiet_NaN());
  double largest = items[0].real();
  for (const Value& item : items) {
    if (item.real() > largest) largest = item.real();
  }
  double total = 0;
  for (const Value& item : items) total += std::exp(item.real() - largest);
  return call.result(std::log(total) + largest);
}

bool has_averages(const Call& call) {
  return call.type().kind == Kind::float32 || call.type().kind == Kind::float64;
}

// The value in the middle of items that are in order; of two, their mean or the first of them.
Value middle(const Call& call, const Array& items, std::span<const uint32_t> order) {
  const size_t half = order.size() / 2;
  if (order.size() % 2 == 1) return items[order[half]];
  const Value& left = items[order[half - 1]];
  return has_averages(call) ? call.result((left.real() + items[order[half]].real()) / 2) : left;
}

Value median(const Call& call) {
  const Array& items = scan(call, 0);
  if (items.empty()) call.fail(15450, "empty array");
  return middle(call, items, ascending(items));
}

// The most frequent value; of several the median. NaNs count as equal.
Value mode(const Call& call) {
  const Array& items = scan(call, 0);
  if (items.empty()) call.fail(15470, "empty array");
  const std::vector<uint32_t> order = ascending(items);
  std::vector<uint32_t> best;
  size_t most = 0;
  for (size_t start = 0, end = 0; start < order.size(); start = end) {
    while (end < order.size() && equal(items[order[start]], items[order[end]])) ++end;
    if (end - start > most) best.clear();
    if (end - start >= most) best.push_back(order[start]);
    most = std::max(most, end - start);
  }
  return middle(call, items, best);
}

Value quantile(const Call& call) {
  const Array& items = scan(call, 0);
  const double p = call.real(1);
  if (items.empty()) call.fail(15460, "empty array");
  if (std::isnan(p)) call.fail(15461, "p not a number");
  const std::vector<uint32_t> order = ascending(items);
  if (p <= 0) return items[order.front()];
  if (p >= 1) {
    // The first of those that equal the last.
    size_t at = order.size() - 1;
    while (at > 0 && equal(items[order[at - 1]], items[order[at]])) --at;
    return items[order[at]];
  }
  const double place = static_cast<double>(items.size() - 1) * p;
  const double below = std::floor(place), above = std::ceil(place);
  const Value& left = items[order[static_cast<size_t>(below)]];
  if (!has_averages(call) || below == above) return left;
  const Value& right = items[order[static_cast<size_t>(above)]];
  return call.result(left.real() * (above - place) + right.real() * (place - below));
}

}  // namespace

std::span<const LibraryRow> array_reduce() {
  static constexpr LibraryRow rows[] = {
      {"a.sum", sum},
      {"a.product", product},
      {"a.lnsum", sum_of_logs},
      {"a.mean", mean},
      {"a.geomean", geometric_mean},
      {"a.median", median},
      {"a.ntile", quantile},
      {"a.mode", mode},
      {"a.logsumexp", log_sum_of_exponentials},
  };
  return rows;
}

}  // namespace panmodel::pfa
