// Feature selection: which columns of X stay, and what an eliminating selector predicts from them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/number.h"
#include "formats/pickle/sklearn/families.h"
#include "formats/pickle/sklearn/importance.h"

namespace panmodel::pickle::sklearn {
namespace {

using Mask = std::vector<bool>;

std::vector<int64_t> kept(const PyCursor& self, const Mask& mask, size_t features) {
  if (mask.size() != features) {
    self.refuse("sklearn-value", "a selection among {} features, expected {}", mask.size(), features);
  }
  std::vector<int64_t> columns;
  for (size_t i = 0; i < mask.size(); ++i) {
    if (mask[i]) columns.push_back(static_cast<int64_t>(i));
  }
  return columns;
}

Estimate reduced(Reader& r, const PyCursor& self, const Features& x, const Mask& mask) {
  Estimate e;
  e.transform = select(r, x, kept(self, mask, static_cast<size_t>(x.width())));
  return e;
}

// Indices in ascending order of values; equal ones keep their order, NaN comes last.
std::vector<size_t> stable_order(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return values[a] < values[b] || (!std::isnan(values[a]) && std::isnan(values[b]));
  });
  return order;
}

// scores_ with NaN as the least number.
std::vector<double> scores_of(const PyCursor& self) {
  std::vector<double> scores = self.attr("scores_").as_reals();
  for (double& v : scores) {
    if (std::isnan(v)) v = std::numeric_limits<double>::lowest();
  }
  return scores;
}

Mask best_k(const PyCursor& self, const PyCursor& k) {
  std::vector<double> scores = scores_of(self);
  if (k.is_text("all")) return Mask(scores.size(), true);
  size_t count = std::min(k.as_size(), scores.size());
  Mask mask(scores.size(), false);
  std::vector<size_t> order = stable_order(scores);
  for (size_t i = order.size() - count; i < order.size(); ++i) mask[order[i]] = true;
  return mask;
}

// numpy.percentile with linear interpolation; `percent` within 0 and 100.
double percentile(std::vector<double> v, double percent) {
  std::sort(v.begin(), v.end());
  double place = static_cast<double>(v.size() - 1) * (percent / 100);
  size_t below = std::min(static_cast<size_t>(place), v.size() - 1);
  size_t above = std::min(below + 1, v.size() - 1);
  double t = place - static_cast<double>(below), step = v[above] - v[below];
  return t >= 0.5 ? v[above] - step * (1 - t) : v[below] + step * t;
}

Mask best_percentile(const PyCursor& self, const PyCursor& percent) {
  double p = percent.as_real();
  std::vector<double> scores = scores_of(self);
  if (!(p >= 0 && p <= 100)) percent.refuse("sklearn-value", "a percentile of {}", print_real(p));
  if (p == 100) return Mask(scores.size(), true);
  Mask mask(scores.size(), false);
  if (p == 0 || scores.empty()) return mask;
  double threshold = percentile(scores, 100 - p);
  std::vector<size_t> ties;
  int64_t above = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    mask[i] = scores[i] > threshold;
    above += mask[i];
    if (scores[i] == threshold) ties.push_back(i);
  }
  // ties[:most - above], with Python's meaning of a negative end.
  int64_t most = static_cast<int64_t>(static_cast<double>(scores.size()) * p / 100);
  int64_t end = most - above, n = static_cast<int64_t>(ties.size());
  if (end < 0) end += n;
  for (int64_t i = 0; i < std::clamp(end, int64_t{0}, n); ++i) mask[ties[static_cast<size_t>(i)]] = true;
  return mask;
}

// False positive rate, false discovery rate (Benjamini-Hochberg), family-wise error.
Mask by_p_value(const PyCursor& self, const std::string& mode, const PyCursor& alpha) {
  std::vector<double> p = self.attr("pvalues_").as_reals();
  double a = alpha.as_real(), n = static_cast<double>(p.size());
  Mask mask(p.size(), false);
  if (mode == "fdr") {
    std::vector<size_t> order = stable_order(p);
    double largest = -1;
    for (size_t i = 0; i < order.size(); ++i) {
      double v = p[order[i]];
      if (v <= a / n * static_cast<double>(i + 1)) largest = v;
    }
    for (size_t i = 0; i < p.size(); ++i) mask[i] = largest >= 0 && p[i] <= largest;
    return mask;
  }
  double limit = mode == "fwe" ? a / n : a;
  for (size_t i = 0; i < p.size(); ++i) mask[i] = p[i] < limit;
  return mask;
}

Estimate read_k_best(Reader& r, const PyCursor& self, const Features& x) {
  return reduced(r, self, x, best_k(self, self.attr("k")));
}
Estimate read_percentile(Reader& r, const PyCursor& self, const Features& x) {
  return reduced(r, self, x, best_percentile(self, self.attr("percentile")));
}
Estimate read_fpr(Reader& r, const PyCursor& self, const Features& x) {
  return reduced(r, self, x, by_p_value(self, "fpr", self.attr("alpha")));
}
Estimate read_fdr(Reader& r, const PyCursor& self, const Features& x) {
  return reduced(r, self, x, by_p_value(self, "fdr", self.attr("alpha")));
}
Estimate read_fwe(Reader& r, const PyCursor& self, const Features& x) {
  return reduced(r, self, x, by_p_value(self, "fwe", self.attr("alpha")));
}

Estimate read_generic(Reader& r, const PyCursor& self, const Features& x) {
  std::string mode = self.attr("mode").as_text();
  PyCursor param = self.attr("param");
  if (mode == "k_best") return reduced(r, self, x, best_k(self, param));
  if (mode == "percentile") return reduced(r, self, x, best_percentile(self, param));
  if (mode != "fpr" && mode != "fdr" && mode != "fwe") {
    self.attr("mode").refuse("sklearn-option", "mode '{}'", mode);
  }
  return reduced(r, self, x, by_p_value(self, mode, param));
}

Estimate read_variance(Reader& r, const PyCursor& self, const Features& x) {
  double threshold = self.attr("threshold").as_real();
  Mask mask;
  for (double v : self.attr("variances_").as_reals()) mask.push_back(v > threshold);
  return reduced(r, self, x, mask);
}

bool near_one(const PyCursor& self, const char* name) {
  auto found = self.find_some(name);
  if (!found) return false;
  std::vector<double> v = found->is_array() || found->is_sequence()
                              ? found->as_reals() : std::vector<double>{found->as_real()};
  return std::all_of(v.begin(), v.end(), [](double x) { return std::abs(x - 1) <= 1e-8 + 1e-5; });
}

// The default threshold is 1e-5 after an l1 penalty, else the mean.
bool is_sparse_model(const PyCursor& estimator, Version version) {
  std::string name = estimator.class_name();
  name = name.substr(name.rfind('.') + 1);
  auto penalty = estimator.find("penalty");
  if ((penalty && penalty->is_text("l1")) || name.find("Lasso") != std::string::npos) return true;
  if (version < Version{1, 1}) return false;
  if (name == "ElasticNet") return near_one(estimator, "l1_ratio");
  if (name == "ElasticNetCV") return near_one(estimator, "l1_ratio_");
  if (version < Version{1, 8}) return false;
  if (name == "LogisticRegression") return near_one(estimator, "l1_ratio");
  return name == "LogisticRegressionCV" && near_one(estimator, "l1_ratio_");
}

double median(std::vector<double> v) {
  if (v.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(v.begin(), v.end());
  size_t half = v.size() / 2;
  return v.size() % 2 ? v[half] : (v[half - 1] + v[half]) / 2;
}

std::string_view trimmed(std::string_view s) {
  size_t from = s.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(" \t") - from + 1);
}

double threshold_of(const PyCursor& self, const PyCursor& estimator, const std::vector<double>& scores,
                    Version version) {
  PyCursor threshold = self.attr("threshold");
  if (threshold.is_number()) return threshold.as_real();
  std::string rule = "mean";
  if (threshold.is_none()) {
    if (is_sparse_model(estimator, version)) return 1e-5;
  } else {
    rule = threshold.as_text();
  }
  std::string_view reference = rule;
  double scale = 1;
  size_t star = rule.find('*');
  if (star != std::string::npos) {
    auto factor = parse_real(trimmed(reference.substr(0, star)));
    if (!factor) threshold.refuse("sklearn-value", "threshold '{}'", rule);
    scale = *factor;
    reference = trimmed(reference.substr(star + 1));
  }
  if (reference == "median") return scale * median(scores);
  if (reference != "mean") threshold.refuse("sklearn-value", "threshold '{}'", rule);
  return scale * (pairwise_sum(scores) / static_cast<double>(scores.size()));
}

Estimate read_from_model(Reader& r, const PyCursor& self, const Features& x) {
  auto fitted = self.find("estimator_");
  PyCursor estimator = fitted ? *fitted : self.attr("estimator");
  auto getter = self.find("importance_getter");
  if (getter && !getter->is_text()) {
    getter->refuse("sklearn-option", "an importance_getter that is no text");
  }
  auto order = self.find("norm_order");
  std::vector<double> scores = importances_of(estimator, getter ? getter->as_text() : "auto",
                                              order ? order->as_real() : 1, r.version);
  double threshold = threshold_of(self, estimator, scores, r.version);
  Mask mask(scores.size(), true);
  if (auto most = self.find_some("max_features")) {
    auto resolved = self.find("max_features_");
    size_t count = (resolved ? *resolved : *most).as_size();
    std::vector<double> falling;
    for (double v : scores) falling.push_back(-v);
    std::vector<size_t> ranked = stable_order(falling);
    for (size_t i = count; i < ranked.size(); ++i) mask[ranked[i]] = false;
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] < threshold) mask[i] = false;
  }
  return reduced(r, self, x, mask);
}

Estimate read_support(Reader& r, const PyCursor& self, const Features& x) {
  return reduced(r, self, x, self.attr("support_").as_bools());
}

// RFE: the estimator that was fitted on the columns that stay.
Estimate read_rfe(Reader& r, const PyCursor& self, const Features& x) {
  Estimate chosen = read_support(r, self, x);
  if (r.want == Want::transform) return chosen;
  Estimate e = read_estimator(r, self.attr("estimator_"), *chosen.transform);
  e.transform = std::move(chosen.transform);
  return e;
}

void demand_rfe(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  ColumnIds inner;
  for (int64_t c : kept(self, self.attr("support_").as_bools(), columns.size())) {
    inner.push_back(columns[static_cast<size_t>(c)]);
  }
  demand_of(self.attr("estimator_"), inner, demands);
}

#define SELECTION(module, name, fn)                       \
  {"sklearn.feature_selection._" module "." name, fn, nullptr}, { \
    "sklearn.feature_selection." module "." name, fn, nullptr     \
  }
#define ELIMINATION(module, name) \
  {"sklearn.feature_selection." module "." name, read_rfe, demand_rfe}
constexpr EstimatorRow kRows[] = {
    SELECTION("from_model", "SelectFromModel", read_from_model),
    SELECTION("univariate_selection", "GenericUnivariateSelect", read_generic),
    SELECTION("univariate_selection", "SelectFdr", read_fdr),
    SELECTION("univariate_selection", "SelectFpr", read_fpr),
    SELECTION("univariate_selection", "SelectFwe", read_fwe),
    SELECTION("univariate_selection", "SelectKBest", read_k_best),
    SELECTION("univariate_selection", "SelectPercentile", read_percentile),
    SELECTION("variance_threshold", "VarianceThreshold", read_variance),
    {"sklearn.feature_selection._sequential.SequentialFeatureSelector", read_support, nullptr},
    ELIMINATION("_rfe", "RFE"),
    ELIMINATION("_rfe", "RFECV"),
    ELIMINATION("rfe", "RFE"),
    ELIMINATION("rfe", "RFECV"),
};
#undef SELECTION
#undef ELIMINATION

}  // namespace

std::span<const EstimatorRow> selection_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
