// stat.sample: means, variances, histograms and forecasts that are updated with one observation after
// another.
#include <algorithm>
#include <cmath>
#include <set>

#include "runtime/pfa/library.h"
#include "runtime/pfa/record.h"

namespace panmodel::pfa {
namespace {

// --- mean and variance --------------------------------------------------------------------------

// Sum of weights, mean and variance; a state has as many of these as it has fields.
struct Moments {
  double count = 0, mean = 0, variance = 0;
  bool has_mean = false, has_variance = false;

  explicit Moments(const Record& state) : count(state.real("count")) {
    has_mean = state.has("mean", Kind::float64);
    has_variance = has_mean && state.has("variance", Kind::float64);
    if (has_mean) mean = state.real("mean");
    if (has_variance) variance = state.real("variance");
  }
  // Steps of updating: with the variance times the count in the place of the variance.
  void add(double x, double w) {
    double before = count;
    count += w;
    double delta = x - mean, shift = delta * w / count;
    mean += shift;
    variance += before * delta * shift;
  }
  void store(Record& state) const {
    state.set("count", count);
    if (has_mean) state.set("mean", mean);
    if (has_variance) state.set("variance", variance);
  }
};

Value update(const Call& call) {
  Record state(call.take(2));
  Moments moments(state);
  moments.variance *= moments.count;
  moments.add(call.real(0), call.real(1));
  moments.variance /= moments.count;
  moments.store(state);
  return state.take();
}

// The first record of a window.
Value first_of_window(const Call& call, const Type& type) {
  Array fields;
  for (const Field& field : type.fields) {
    if (field.name == "x" || field.name == "mean") fields.push_back(Value::float64(call.real(0)));
    else if (field.name == "w" || field.name == "count") fields.push_back(Value::float64(call.real(1)));
    else if (field.name == "variance") fields.push_back(Value::float64(0));
    else call.fail(14021, "cannot initialize unrecognized fields");
  }
  return Value::record(&type, std::move(fields));
}
Value update_window(const Call& call) {
  int64_t size = call.whole(3);
  if (size < 2) call.fail(14020, "windowSize must be at least 2");
  Value window = call.take(2);
  if (window.items().empty()) {
    Array out;
    out.push_back(first_of_window(call, *call.parameter(2).element));
    return Value::array(std::move(out));
  }
  Record last(window.items().back());
  Moments moments(last);
  moments.variance *= moments.count;
  moments.add(call.real(0), call.real(1));
  Array& items = window.edit_items();
  size_t removed = static_cast<size_t>(std::max<int64_t>(static_cast<int64_t>(items.size()) - size + 1, 0));
  for (size_t i = 0; i < removed; ++i) {
    Record old(items[i]);
    moments.add(old.real("x"), -old.real("w"));
  }
  items.erase(items.begin(), items.begin() + static_cast<ptrdiff_t>(removed));
  moments.variance /= moments.count;
  last.set("x", call.real(0));
  last.set("w", call.real(1));
  moments.store(last);
  items.push_back(last.take());
  return window;
}

Value update_covariance_arrays(const Call& call) {
  const Array& x = call.items(0);
  double w = call.real(1);
  Record state(call[2]);
  const Array& mean = state["mean"].items();
  const Array& covariance = state["covariance"].items();
  auto as_long = [&](const Value& row) { return row.items().size() == x.size(); };
  if (x.size() != mean.size() || x.size() != covariance.size() ||
      !std::all_of(covariance.begin(), covariance.end(), as_long)) {
    call.fail(14012, "unequal length arrays");
  }
  double old_count = state.real("count"), count = old_count + w;
  auto delta = [&](size_t i) { return x[i].real() - mean[i].real(); };
  Array new_mean, new_covariance;
  for (size_t i = 0; i < x.size(); ++i) {
    new_mean.push_back(Value::float64(mean[i].real() + delta(i) * w / count));
    Array row;
    for (size_t j = 0; j < x.size(); ++j) {
      double old = covariance[i].items()[j].real() * old_count;
      row.push_back(Value::float64((old + delta(i) * delta(j) * w * old_count / count) / count));
    }
    new_covariance.push_back(Value::array(std::move(row)));
  }
  state.set("count", count);
  state.set("mean", Value::array(std::move(new_mean)));
  state.set("covariance", Value::array(std::move(new_covariance)));
  return state.take();
}

double entry(const Map& map, const std::string& key) {
  const Value* found = map.find(key);
  return found ? found->real() : 0;
}
double entry(const Map& map, const std::string& row, const std::string& column) {
  const Value* found = map.find(row);
  return found ? entry(found->members(), column) : 0;
}
// Keys may be missing: each pair of keys has a count of its own.
Value update_covariance_maps(const Call& call) {
  const Map& x = call.members(0);
  double w = call.real(1);
  Record state(call[2]);
  const Map& count = state["count"].members();
  const Map& mean = state["mean"].members();
  const Map& covariance = state["covariance"].members();
  std::set<std::string> keys;
  for (const auto& [key, value] : x) keys.insert(key);
  for (const Map* matrix : {&count, &covariance}) {
    for (const auto& [row, columns] : *matrix) {
      keys.insert(row);
      for (const auto& [column, value] : columns.members()) keys.insert(column);
    }
  }
  call.steps(keys.size() * keys.size());
  Map new_count, new_mean, new_covariance;
  for (const std::string& i : keys) {
    Map counts, covariances;
    bool given = x.contains(i);
    double delta = entry(x, i) - entry(mean, i);
    for (const std::string& j : keys) {
      double old_count = entry(count, i, j), old = entry(covariance, i, j), n = old_count;
      if (given && x.contains(j)) {
        n += w;
        old = (old * old_count + delta * (entry(x, j) - entry(mean, j)) * w * old_count / n) / n;
      }
      counts.set(j, Value::float64(n));
      covariances.set(j, Value::float64(old));
    }
    double shift = given ? delta * w / counts.find(i)->real() : 0;
    new_mean.set(i, Value::float64(entry(mean, i) + shift));
    new_count.set(i, Value::map(std::move(counts)));
    new_covariance.set(i, Value::map(std::move(covariances)));
  }
  state.set("count", Value::map(std::move(new_count)));
  state.set("mean", Value::map(std::move(new_mean)));
  state.set("covariance", Value::map(std::move(new_covariance)));
  return state.take();
}
Value update_covariance(const Call& call) {
  bool arrays = call[0].is(Kind::array);
  if ((arrays ? call.items(0).size() : call.members(0).size()) < 2) call.fail(14011, "too few components");
  return arrays ? update_covariance_arrays(call) : update_covariance_maps(call);
}

// --- exponential smoothing ----------------------------------------------------------------------

double weight(const Call& call, size_t i, int code, std::string_view message) {
  double v = call.real(i);
  if (v < 0 || v > 1) call.fail(code, message);
  return v;
}

Value update_ewma(const Call& call) {
  double alpha = weight(call, 1, 14030, "alpha out of range");
  Record state(call.take(2));
  double mean = state.real("mean"), difference = call.real(0) - mean, increment = alpha * difference;
  state.set("mean", mean + increment);
  if (state.has("variance", Kind::float64)) {
    state.set("variance", (1 - alpha) * (state.real("variance") + difference * increment));
  }
  return state.take();
}
Value update_holt_winters(const Call& call) {
  double alpha = weight(call, 1, 14040, "alpha out of range");
  double beta = weight(call, 2, 14041, "beta out of range");
  Record state(call.take(3));
  double before = state.real("level"), trend = state.real("trend");
  double level = alpha * call.real(0) + (1 - alpha) * (before + trend);
  state.set("level", level);
  state.set("trend", beta * (level - before) + (1 - beta) * trend);
  return state.take();
}
// The cycle starts with the present place; it is turned by one with every observation.
Value update_holt_winters_periodic(const Call& call) {
  double x = call.real(0);
  double alpha = weight(call, 1, 14050, "alpha out of range");
  double beta = weight(call, 2, 14051, "beta out of range");
  double gamma = weight(call, 3, 14052, "gamma out of range");
  Record state(call.take(4));
  double before = state.real("level"), trend = state.real("trend");
  bool multiplicative = state["multiplicative"].truth();
  if (state["cycle"].items().empty()) call.fail(14053, "empty cycle");
  Array& cycle = state.edit("cycle").edit_items();
  std::rotate(cycle.begin(), cycle.begin() + 1, cycle.end());
  double present = cycle[0].real();
  double level = (multiplicative ? alpha * x / present : alpha * (x - present)) + (1 - alpha) * (before + trend);
  double next = (multiplicative ? gamma * x / level : gamma * (x - level)) + (1 - gamma) * present;
  cycle[0] = Value::float64(next);
  state.set("level", level);
  state.set("trend", beta * (level - before) + (1 - beta) * trend);
  return state.take();
}

// The forecast for `i` observations ahead.
double forecast(const Call& call, const Record& state, int64_t i, int code) {
  double line = state.real("level") + static_cast<double>(i) * state.real("trend");
  if (!state.has("cycle", Kind::array) || !state.has("multiplicative", Kind::boolean)) return line;
  const Array& cycle = state["cycle"].items();
  if (cycle.empty()) call.fail(code, "empty cycle");
  double seasonal = cycle[static_cast<size_t>(i) % cycle.size()].real();
  return state["multiplicative"].truth() ? line * seasonal : line + seasonal;
}
Value forecast_one(const Call& call) { return Value::float64(forecast(call, Record(call[0]), 1, 14060)); }
Value forecast_many(const Call& call) {
  int64_t n = std::max<int64_t>(call.whole(0), 0);
  Record state(call[1]);
  if (state.has("cycle", Kind::array) && state["cycle"].items().empty()) call.fail(14070, "empty cycle");
  call.steps(static_cast<uint64_t>(n));
  Array out;
  for (int64_t i = 1; i <= n; ++i) out.push_back(Value::float64(forecast(call, state, i, 14070)));
  return Value::array(std::move(out));
}

// --- counts of words, the best ------------------------------------------------------------------

Value fill_counter(const Call& call) {
  Record counter(call.take(2));
  const Value* old = counter["values"].members().find(call.text(0));
  double total = (old ? old->real() : 0) + call.real(1);
  counter.edit("values").edit_members().set(call.text(0), Value::float64(total));
  return counter.take();
}

// Keeps the `n` best, the best first.
Value top_n(const Call& call) {
  Value top = call.take(1);
  Array& items = top.edit_items();
  int64_t n = call.whole(2);
  if (n <= 0) return Value::array({});
  size_t at = 0;
  while (at < items.size() && !call.apply(3, items[at], call[0]).truth()) ++at;
  items.insert(items.begin() + static_cast<ptrdiff_t>(at), call[0]);
  if (items.size() > static_cast<size_t>(n)) items.resize(static_cast<size_t>(n));
  return top;
}

constexpr LibraryRow kRows[] = {
    {"stat.sample.fillCounter", fill_counter},
    {"stat.sample.forecast1HoltWinters", forecast_one},
    {"stat.sample.forecastHoltWinters", forecast_many},
    {"stat.sample.topN", top_n},
    {"stat.sample.update", update},
    {"stat.sample.updateCovariance", update_covariance},
    {"stat.sample.updateEWMA", update_ewma},
    {"stat.sample.updateHoltWinters", update_holt_winters},
    {"stat.sample.updateHoltWintersPeriodic", update_holt_winters_periodic},
    {"stat.sample.updateWindow", update_window},
};

}  // namespace

std::span<const LibraryRow> sample_library() { return kRows; }

}  // namespace panmodel::pfa
