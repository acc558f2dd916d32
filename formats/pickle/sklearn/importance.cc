// How important an estimator finds each feature, with the arithmetic of scikit-learn and numpy: a
// threshold such as the mean decides on the last bit.
#include "formats/pickle/sklearn/importance.h"

#include <algorithm>
#include <cmath>

namespace panmodel::pickle::sklearn {
namespace {

// Tree.compute_feature_importances.
std::vector<double> of_tree(const PyCursor& tree, bool normalize) {
  PyCursor nodes = tree.attr("nodes");
  std::vector<int64_t> left = nodes.field_ints("left_child"), right = nodes.field_ints("right_child"),
                       feature = nodes.field_ints("feature");
  std::vector<double> impurity = nodes.field_reals("impurity"),
                      samples = nodes.field_reals("weighted_n_node_samples");
  size_t features = tree.arg(0).as_size(size_t{1} << 24), count = left.size();
  std::vector<double> out(features, 0);
  auto inside = [&](int64_t i) { return i >= 0 && static_cast<size_t>(i) < count; };
  for (size_t i = 0; i < count; ++i) {
    if (left[i] == -1) continue;
    if (!inside(left[i]) || !inside(right[i]) || feature[i] < 0 ||
        static_cast<size_t>(feature[i]) >= features) {
      nodes.refuse("sklearn-tree", "node {} has a child or a feature out of range", i);
    }
    size_t l = static_cast<size_t>(left[i]), r = static_cast<size_t>(right[i]);
    out[static_cast<size_t>(feature[i])] +=
        samples[i] * impurity[i] - samples[l] * impurity[l] - samples[r] * impurity[r];
  }
  if (count == 0) nodes.refuse("sklearn-tree", "a tree without nodes");
  for (double& v : out) v /= samples[0];
  double total = pairwise_sum(out);
  if (normalize && total > 0) {
    for (double& v : out) v /= total;
  }
  return out;
}

// The sum of rows, in order.
std::vector<double> added(const PyCursor& self, const std::vector<std::vector<double>>& rows) {
  std::vector<double> sum(rows.empty() ? 0 : rows[0].size(), 0);
  for (const auto& row : rows) {
    if (row.size() != sum.size()) self.refuse("sklearn-tree", "trees of different features");
    for (size_t f = 0; f < sum.size(); ++f) sum[f] += row[f];
  }
  return sum;
}

void divide(std::vector<double>& v, double by) {
  for (double& x : v) x /= by;
}

size_t node_count(const PyCursor& tree) { return tree.attr("nodes").array().count; }

std::vector<double> of_forest(const PyCursor& self, Version version) {
  PyCursor list = self.attr("estimators_");
  std::vector<std::vector<double>> rows;
  for (size_t i = 0; i < list.size(); ++i) {
    PyCursor tree = list.at(i).attr("tree_");
    if (version < Version{0, 21} || node_count(tree) > 1) rows.push_back(of_tree(tree, true));
  }
  if (list.size() == 0) list.refuse("sklearn-value", "a forest without trees");
  if (rows.empty()) return std::vector<double>(list.at(0).attr("tree_").arg(0).as_size(1 << 24), 0);
  std::vector<double> mean = added(list, rows);
  divide(mean, static_cast<double>(rows.size()));
  if (Version{0, 21} <= version) divide(mean, pairwise_sum(mean));
  return mean;
}

// Gradient boosting: estimators_ is an array [stages, outputs] of trees.
std::vector<double> of_boosting(const PyCursor& self, Version version) {
  PyCursor list = self.attr("estimators_");
  std::vector<std::vector<double>> rows;
  size_t features = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    PyCursor tree = list.element(i).attr("tree_");
    features = tree.arg(0).as_size(size_t{1} << 24);
    if (version < Version{0, 21} || node_count(tree) > 1) {
      rows.push_back(of_tree(tree, version < Version{0, 20}));
    }
  }
  if (list.size() == 0) list.refuse("sklearn-value", "boosting without trees");
  if (rows.empty()) return std::vector<double>(features, 0);
  std::vector<double> mean = added(list, rows);
  divide(mean, static_cast<double>(rows.size()));
  if (Version{0, 20} <= version) divide(mean, pairwise_sum(mean));
  return mean;
}

std::vector<double> of_trees(const PyCursor& self, Version version) {
  std::string name = self.class_name();
  name = name.substr(name.rfind('.') + 1);
  if (auto tree = self.find("tree_")) return of_tree(*tree, true);
  if (name.starts_with("RandomForest") || name.starts_with("ExtraTrees")) {
    return of_forest(self, version);
  }
  if (name.starts_with("GradientBoosting")) return of_boosting(self, version);
  self.refuse("sklearn-option", "the feature importances of '{}' are not supported", name);
}

// numpy.linalg.norm(coef, axis=0, ord=order).
std::vector<double> column_norms(const PyCursor& coef, size_t rows, double order) {
  std::vector<double> all = coef.as_reals();
  size_t features = rows == 0 ? 0 : all.size() / rows;
  std::vector<double> out(features);
  for (size_t f = 0; f < features; ++f) {
    double norm = 0;
    for (size_t i = 0; i < rows; ++i) {
      double v = std::abs(all[i * features + f]);
      if (order == 1) {
        norm += v;
      } else if (order == 2) {
        norm += v * v;
      } else if (std::isinf(order)) {
        norm = i == 0 ? v : order > 0 ? std::max(norm, v) : std::min(norm, v);
      } else if (order == 0) {
        norm += v != 0;
      } else {
        norm += std::pow(v, order);
      }
    }
    if (order == 2) norm = std::sqrt(norm);
    if (order != 2 && order != 1 && order != 0 && !std::isinf(order)) norm = std::pow(norm, 1 / order);
    out[f] = norm;
  }
  return out;
}

std::vector<double> of_coefficients(const PyCursor& coef, double order) {
  if (!coef.is_array()) coef.refuse("sklearn-option", "coefficients that are {}", coef.describe());
  std::vector<size_t> shape = coef.shape();
  if (shape.size() == 2) return column_norms(coef, shape[0], order);
  std::vector<double> out = coef.as_reals();
  for (double& v : out) v = std::abs(v);
  return out;
}

// Up to the next dot of `path`, which it takes off.
std::string next_name(std::string_view& path) {
  size_t dot = path.find('.');
  std::string name(path.substr(0, dot));
  path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  return name;
}

// A step of a pipeline, by name.
PyCursor named_step(const PyCursor& pipeline, const std::string& name) {
  PyCursor steps = pipeline.attr("steps");
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps.at(i).at(0).is_text(name)) return steps.at(i).at(1);
  }
  steps.refuse("sklearn-value", "no step '{}'", name);
}

}  // namespace

double pairwise_sum(std::span<const double> v) {
  size_t n = v.size();
  if (n < 8) {
    double sum = 0;
    for (double x : v) sum += x;
    return sum;
  }
  if (n <= 128) {
    double r[8];
    for (size_t k = 0; k < 8; ++k) r[k] = v[k];
    size_t i = 8;
    for (; i < n - n % 8; i += 8) {
      for (size_t k = 0; k < 8; ++k) r[k] += v[i + k];
    }
    double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < n; ++i) sum += v[i];
    return sum;
  }
  size_t half = n / 2;
  half -= half % 8;
  return pairwise_sum(v.first(half)) + pairwise_sum(v.subspan(half));
}

std::vector<double> importances_of(const PyCursor& estimator, const std::string& getter, double order,
                                   Version version) {
  if (getter == "auto") {
    if (auto coef = estimator.find("coef_")) return of_coefficients(*coef, order);
    return of_trees(estimator, version);
  }
  PyCursor at = estimator;
  std::string_view path = getter;
  while (path.find('.') != std::string_view::npos) {
    std::string name = next_name(path);
    bool steps = name == "named_steps" && !at.has(name);  // a property
    at = steps ? named_step(at, next_name(path)) : at.attr(name);
  }
  if (path == "feature_importances_" && !at.has(path)) return of_trees(at, version);
  return of_coefficients(at.attr(path), order);
}

}  // namespace panmodel::pickle::sklearn
