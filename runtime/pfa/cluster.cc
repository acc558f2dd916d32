// model.cluster: the closest of clusters, and k-means.
// Source: PFA 0.8.1, function library, "model.cluster".
#include <algorithm>
#include <cmath>
#include <numeric>

#include "runtime/pfa/library.h"
#include "runtime/pfa/nearest.h"

namespace panmodel::pfa {

double squared_distance(const Array& a, const Array& b) {
  double sum = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double difference = a[i].real() - b[i].real();
    sum += difference * difference;
  }
  return sum;
}

std::vector<uint32_t> lowest(const Call& call, std::span<const double> distances, size_t n) {
  n = std::min(n, distances.size());
  std::vector<uint32_t> order(distances.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto nearer = [&](uint32_t a, uint32_t b) {
    return distances[a] < distances[b] || (distances[a] == distances[b] && a < b);
  };
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(n);
  if (std::ranges::none_of(distances, [](double d) { return std::isnan(d); })) {
    std::partial_sort(order.begin(), end, order.end(), nearer);
    order.resize(n);
    return order;
  }
  // Each goes before the first that is greater; what is left over at the end falls off.
  std::vector<uint32_t> kept;
  for (uint32_t i = 0; i < distances.size(); ++i) {
    call.steps(kept.size());
    const auto greater = [&](uint32_t k) { return distances[i] < distances[k]; };
    kept.insert(std::ranges::find_if(kept, greater), i);
    if (kept.size() > n) kept.pop_back();
  }
  return kept;
}

namespace {

uint32_t center_field(const Call& call, size_t clusters) {
  return call.once<uint32_t>([&] { return *call.parameter(clusters).element->field("center"); });
}

// From the datum to the center of each cluster, by the metric behind the clusters if there is one.
std::vector<double> distances(const Call& call, size_t datum, size_t clusters) {
  const uint32_t center = center_field(call, clusters);
  const bool metric = call.size() > clusters + 1;
  std::vector<double> out;
  out.reserve(call.items(clusters).size());
  for (const Value& cluster : call.items(clusters)) {
    const Value& at = cluster.items()[center];
    out.push_back(metric ? call.apply(clusters + 1, call[datum], at).real()
                         : squared_distance(call.items(datum), at.items()));
  }
  return out;
}

Value closest(const Call& call) {
  if (call.items(1).empty()) call.fail(29000, "no clusters");
  return call.items(1)[lowest(call, distances(call, 0, 1), 1)[0]];
}

Value closest_n(const Call& call) {
  if (call.whole(0) < 0) call.fail(29010, "n must be nonnegative");
  Array out;
  for (const uint32_t i : lowest(call, distances(call, 1, 2), static_cast<size_t>(call.whole(0)))) {
    out.push_back(call.items(2)[i]);
  }
  return Value::array(std::move(out));
}

Value random_seeds(const Call& call) {
  if (call.whole(1) <= 0) call.fail(29020, "k must be greater than zero");
  const size_t k = static_cast<size_t>(call.whole(1));
  Array points = call.items(0);
  const auto before = [](const Value& a, const Value& b) { return compare(a, b) < 0; };
  std::ranges::stable_sort(points, before);
  points.erase(std::unique(points.begin(), points.end(), equal), points.end());
  if (points.size() < k) call.fail(29021, "not enough unique points");
  for (const Value& point : points) {
    if (point.items().size() != points[0].items().size()) {
      call.fail(29022, "dimensions of vectors do not match");
    }
  }
  Array out;
  for (size_t i = 0; i < k; ++i) {
    std::swap(points[i], points[i + call.random() % (points.size() - i)]);
    out.push_back(call.apply(2, Value::int32(static_cast<int32_t>(i)), points[i]));
  }
  return Value::array(std::move(out));
}

Value kmeans_iteration(const Call& call) {
  const Array& data = call.items(0);
  const Array& clusters = call.items(1);
  if (data.empty()) call.fail(29030, "no data");
  if (clusters.empty()) call.fail(29031, "no clusters");
  const uint32_t center = center_field(call, 1);
  std::vector<Array> matched(clusters.size());
  for (const Value& datum : data) {
    size_t best = 0;
    double least = 0;
    for (size_t i = 0; i < clusters.size(); ++i) {
      const double distance = call.apply(2, datum, clusters[i].items()[center]).real();
      if (i == 0 || distance < least) {
        best = i;
        least = distance;
      }
    }
    matched[best].push_back(datum);
  }
  Array out;
  for (size_t i = 0; i < clusters.size(); ++i) {
    out.push_back(matched[i].empty()
                      ? clusters[i]
                      : call.apply(3, Value::array(std::move(matched[i])), clusters[i]));
  }
  return Value::array(std::move(out));
}

Value update_mean(const Call& call) {
  const Array& data = call.items(0);
  if (data.empty()) call.fail(29040, "no data");
  const uint32_t center = call.once<uint32_t>([&] { return *call.parameter(1).field("center"); });
  std::vector<double> sum(data[0].items().size());
  const auto add = [&](const Array& vector, double weight) {
    if (vector.size() != sum.size()) call.fail(29041, "dimensions of vectors do not match");
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += weight * vector[i].real();
  };
  for (const Value& vector : data) add(vector.items(), 1);
  add(call.items(1)[center].items(), call.real(2));
  Array mean;
  for (const double s : sum) {
    mean.push_back(Value::float64(s / (static_cast<double>(data.size()) + call.real(2))));
  }
  Value cluster = call.take(1);
  cluster.edit_items()[center] = Value::array(std::move(mean));
  return cluster;
}

constexpr LibraryRow kRows[] = {
    {"model.cluster.closest", closest},
    {"model.cluster.closestN", closest_n},
    {"model.cluster.kmeansIteration", kmeans_iteration},
    {"model.cluster.randomSeeds", random_seeds},
    {"model.cluster.updateMean", update_mean},
};

}  // namespace

std::span<const LibraryRow> cluster_library() { return kRows; }

}  // namespace panmodel::pfa
