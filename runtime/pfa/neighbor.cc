// model.neighbor: the nearest points of a codebook.
// Source: PFA 0.8.1, function library, "model.neighbor".
#include <cmath>

#include "runtime/pfa/library.h"
#include "runtime/pfa/nearest.h"

namespace panmodel::pfa {
namespace {

Value mean(const Call& call) {
  const Array& points = call.items(0);
  if (points.empty()) call.fail(30000, "not enough points");
  std::vector<double> sum(points[0].items().size());
  double total = 0;
  for (const Value& point : points) {
    const Array& vector = point.items();
    if (vector.size() != sum.size()) call.fail(30001, "inconsistent dimensionality");
    const double weight = call.size() > 1 ? call.apply(1, point).real() : 1;
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += weight * vector[i].real();
    total += weight;
  }
  Array out;
  for (const double s : sum) out.push_back(Value::float64(s / total));
  return Value::array(std::move(out));
}

// Argument 1 is the datum, 2 the codebook, 3 the metric if there is one.
std::vector<double> squared_distances(const Call& call) {
  std::vector<double> out;
  out.reserve(call.items(2).size());
  for (const Value& point : call.items(2)) {
    out.push_back(squared_distance(call.items(1), point.items()));
  }
  return out;
}

std::vector<double> metric_distances(const Call& call) {
  std::vector<double> out;
  out.reserve(call.items(2).size());
  for (const Value& point : call.items(2)) out.push_back(call.apply(3, call[1], point).real());
  return out;
}

Value nearest_k(const Call& call) {
  const Array& codebook = call.items(2);
  if (call.whole(0) < 0) call.fail(30010, "k must be nonnegative");
  std::vector<double> distances;
  if (call.size() > 3) {
    distances = metric_distances(call);
  } else {
    for (const Value& point : codebook) {
      if (point.items().size() != call.items(1).size()) {
        call.fail(30011, "inconsistent dimensionality");
      }
    }
    distances = squared_distances(call);
  }
  Array out;
  for (const uint32_t i : lowest(call, distances, static_cast<size_t>(call.whole(0)))) {
    out.push_back(codebook[i]);
  }
  return Value::array(std::move(out));
}

Value ball_r(const Call& call) {
  std::vector<double> distances;
  if (call.size() > 3) {
    distances = metric_distances(call);
  } else {
    distances = squared_distances(call);
    for (double& d : distances) d = std::sqrt(d);
  }
  Array out;
  for (size_t i = 0; i < distances.size(); ++i) {
    if (distances[i] < call.real(0)) out.push_back(call.items(2)[i]);
  }
  return Value::array(std::move(out));
}

constexpr LibraryRow kRows[] = {
    {"model.neighbor.ballR", ball_r},
    {"model.neighbor.mean", mean},
    {"model.neighbor.nearestK", nearest_k},
};

}  // namespace

std::span<const LibraryRow> neighbor_library() { return kRows; }

}  // namespace panmodel::pfa
