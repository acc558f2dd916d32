// Averages of estimators, and estimators that ignore X.
#include <algorithm>

#include "formats/pickle/sklearn/families.h"
#include "ir/ops/encode.h"
#include "ir/ops/linear.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pickle::sklearn {
namespace {

using tensor::BinaryFn;

ValueId binary(Reader& r, BinaryFn fn, ValueId a, ValueId b) {
  return r.builder.add(tensor::Binary{fn}, {a, b});
}

// Weights of the estimators that were not dropped.
std::vector<double> weights_of(const PyCursor& self, size_t count) {
  auto weights = self.find_some("weights");
  if (!weights) return std::vector<double>(count, 1);
  std::vector<double> all = weights->as_reals(), kept;
  PyCursor list = self.attr("estimators");
  for (size_t i = 0; i < list.size() && i < all.size(); ++i) {
    PyCursor estimator = list.at(i).at(1);
    if (!estimator.is_text("drop") && !estimator.is_none()) kept.push_back(all[i]);
  }
  if (kept.size() != count) weights->refuse("sklearn-value", "{} weights for {} estimators", kept.size(), count);
  return kept;
}

// numpy.average: the weighted sum in order, over the sum of the weights.
ValueId average(Reader& r, const std::vector<ValueId>& values, const std::vector<double>& weights) {
  ValueId sum;
  double total = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    ValueId v = weights[i] == 1 ? values[i] : binary(r, BinaryFn::mul, values[i], scalar(r, weights[i]));
    sum = sum.valid() ? binary(r, BinaryFn::add, sum, v) : v;
    total += weights[i];
  }
  return binary(r, BinaryFn::div, sum, scalar(r, total));
}

Estimate read_voting_classifier(Reader& r, const PyCursor& self, const Features& x) {
  if (!self.attr("voting").is_text("soft")) {
    self.attr("voting").refuse("sklearn-option", "voting that is not 'soft'");
  }
  PyCursor list = self.attr("estimators_");
  std::vector<ValueId> probas;
  for (size_t i = 0; i < list.size(); ++i) {
    Estimate part = read_estimator(r, list.at(i), x);
    if (!part.proba.valid()) list.at(i).refuse("sklearn-option", "an estimator without probabilities");
    probas.push_back(part.proba);
  }
  if (probas.empty()) list.refuse("sklearn-value", "no estimators");
  Estimate e;
  e.role = Role::label;
  e.classes = labels_of(self.attr("classes_"));
  e.proba = average(r, probas, weights_of(self, probas.size()));
  e.predict = r.builder.add(ml::Labels{e.classes, ml::LabelRule::argmax, 0}, {e.proba});
  return e;
}

Estimate read_voting_regressor(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor list = self.attr("estimators_");
  std::vector<ValueId> values;
  for (size_t i = 0; i < list.size(); ++i) values.push_back(read_estimator(r, list.at(i), x).predict);
  if (values.empty()) list.refuse("sklearn-value", "no estimators");
  Estimate e;
  e.role = Role::value;
  e.predict = average(r, values, weights_of(self, values.size()));
  return e;
}

// The same row for every X: a linear predictor without coefficients that looks at no feature.
ValueId constant_rows(Reader& r, const Features& x, std::vector<double> values) {
  int64_t k = static_cast<int64_t>(values.size());
  ValueId first = columns_of(r, as_matrix(r, x), {0});
  ValueId none = binary(r, BinaryFn::equal, first, first);  // NaN cells must not matter
  ValueId zero = r.builder.add(tensor::Where{}, {none, scalar(r, 0), scalar(r, 0)});
  std::vector<double> weights(static_cast<size_t>(k), 0);
  return r.builder.add(ml::Linear{Tensor::of({k, 1}, std::move(weights)), Tensor::vector(std::move(values))},
                       {zero});
}

Estimate read_dummy_classifier(Reader& r, const PyCursor& self, const Features& x) {
  auto used = self.find("_strategy");
  std::string strategy = (used ? *used : self.attr("strategy")).as_text();
  if (auto n = self.find("n_outputs_"); n && n->as_int() != 1) {
    self.refuse("sklearn-option", "DummyClassifier with several outputs");
  }
  Estimate e;
  e.role = Role::label;
  e.classes = labels_of(self.attr("classes_"));
  std::vector<double> prior = self.attr("class_prior_").as_reals();
  if (prior.size() != e.classes.size() || prior.empty()) {
    self.attr("class_prior_").refuse("sklearn-value", "{} priors for {} classes", prior.size(), e.classes.size());
  }
  if (strategy == "most_frequent") {
    auto top = std::max_element(prior.begin(), prior.end());
    size_t best = static_cast<size_t>(top - prior.begin());
    std::fill(prior.begin(), prior.end(), 0);
    prior[best] = 1;
  } else if (strategy != "prior") {
    self.attr("strategy").refuse("sklearn-option", "strategy '{}' of DummyClassifier", strategy);
  }
  e.proba = constant_rows(r, x, prior);
  e.predict = r.builder.add(ml::Labels{e.classes, ml::LabelRule::argmax, 0}, {e.proba});
  return e;
}

Estimate read_dummy_regressor(Reader& r, const PyCursor& self, const Features& x) {
  Estimate e;
  e.role = Role::value;
  e.predict = constant_rows(r, x, self.attr("constant_").as_reals());
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.dummy.DummyClassifier", read_dummy_classifier, nullptr},
    {"sklearn.dummy.DummyRegressor", read_dummy_regressor, nullptr},
    {"sklearn.ensemble._voting.VotingClassifier", read_voting_classifier, nullptr},
    {"sklearn.ensemble._voting.VotingRegressor", read_voting_regressor, nullptr},
    {"sklearn.ensemble.voting_classifier.VotingClassifier", read_voting_classifier, nullptr},
};

}  // namespace

std::span<const EstimatorRow> meta_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
