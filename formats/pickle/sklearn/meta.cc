// Votes and averages of estimators.
#include <algorithm>

#include "formats/pickle/sklearn/families.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pickle::sklearn {
namespace {

using tensor::BinaryFn;

ValueId binary(Reader& r, BinaryFn fn, ValueId a, ValueId b) {
  return r.builder.add(tensor::Binary{fn}, {a, b});
}

// Columns of a matrix, -1 when unknown.
int64_t width_of(Reader& r, ValueId v) {
  const TensorType* t = r.builder.type(v).tensor();
  return t && t->dims && t->dims->size() == 2 ? (*t->dims)[1].size : -1;
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
  if (kept.size() != count) {
    weights->refuse("sklearn-value", "{} weights for {} estimators", kept.size(), count);
  }
  return kept;
}

// The weighted sum, in order.
ValueId weighted_sum(Reader& r, const std::vector<ValueId>& values, const std::vector<double>& weights) {
  ValueId sum;
  for (size_t i = 0; i < values.size(); ++i) {
    ValueId v = values[i];
    if (weights[i] != 1) v = binary(r, BinaryFn::mul, v, scalar(r, weights[i]));
    sum = sum.valid() ? binary(r, BinaryFn::add, sum, v) : v;
  }
  return sum;
}

// numpy.average: the weighted sum over the sum of the weights.
ValueId average(Reader& r, const std::vector<ValueId>& values, const std::vector<double>& weights) {
  double total = 0;
  for (double w : weights) total += w;
  return binary(r, BinaryFn::div, weighted_sum(r, values, weights), scalar(r, total));
}

// Class probabilities, or for hard votes 1 in the column of the predicted class. The parts were
// fitted on places among the classes instead of labels.
ValueId ballot(Reader& r, const PyCursor& self, const Features& x, bool hard, int64_t classes,
               std::vector<ValueId>& columns) {
  Estimate part = read_estimator(r, self, x);
  ValueId v = hard ? part.predict : part.proba;
  if (!v.valid() || part.role != Role::label) {
    self.refuse("sklearn-option", "'{}' has no {}", self.class_name(),
                hard ? "class labels" : "probabilities");
  }
  if (!hard) {
    if (width_of(r, v) != classes) self.refuse("sklearn-value", "other classes than {}", classes);
    columns.push_back(v);
    return v;
  }
  const TensorType* t = r.builder.type(v).tensor();
  if (!t || t->dtype != DType::i64 || !t->dims || t->dims->size() != 1) {
    self.refuse("sklearn-value", "its classes are no places among the {} of the vote", classes);
  }
  columns.push_back(r.builder.add(tensor::Unsqueeze{{1}}, {v}));
  return r.builder.add(ml::OneHot{classes, DType::f64}, {v});
}

// Names of the transformed columns: the prefix, the name that each of the estimators in use was given,
// and the number of the column where `columns_each` is not 0. None where the names do not fit.
std::vector<std::string> names_of(const PyCursor& self, const std::string& prefix, size_t voters,
                                  size_t columns_each) {
  std::vector<std::string> names;
  auto list = self.find("estimators");
  for (size_t i = 0; list && list->is_sequence() && i < list->size(); ++i) {
    PyCursor item = list->at(i);
    if (!item.is_sequence() || item.size() != 2 || !item.at(0).is_text()) return {};
    if (item.at(1).is_none() || item.at(1).is_text("drop")) continue;
    std::string name = prefix + item.at(0).as_text();
    if (columns_each == 0) names.push_back(name);
    for (size_t k = 0; k < columns_each; ++k) names.push_back(name + std::to_string(k));
  }
  if (names.size() != voters * std::max<size_t>(columns_each, 1)) names.clear();
  return names;
}

Estimate read_voting_classifier(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor voting = self.attr("voting");
  bool hard = voting.is_text("hard");
  if (!hard && !voting.is_text("soft")) {
    voting.refuse("sklearn-option", "voting that is neither 'soft' nor 'hard'");
  }
  Estimate e;
  e.role = Role::label;
  e.classes = labels_of(self.attr("classes_"));
  PyCursor list = self.attr("estimators_");
  std::vector<ValueId> ballots, columns;
  int64_t classes = static_cast<int64_t>(e.classes.size());
  for (size_t i = 0; i < list.size(); ++i) {
    ballots.push_back(ballot(r, list.at(i), x, hard, classes, columns));
  }
  if (ballots.empty()) list.refuse("sklearn-value", "no estimators");
  std::vector<double> weights = weights_of(self, ballots.size());
  ValueId score;
  if (hard) {
    score = weighted_sum(r, ballots, weights);
  } else {
    score = e.proba = average(r, ballots, weights);
  }
  // The first of equal classes wins, as with numpy.argmax of numpy.bincount.
  e.predict = r.builder.add(ml::Labels{e.classes, ml::LabelRule::argmax, 0}, {score});
  auto flatten = self.find_some("flatten_transform");
  if (hard || !flatten || flatten->as_bool()) {
    int64_t n = static_cast<int64_t>(columns.size());
    size_t each = hard ? 0 : static_cast<size_t>(classes);
    e.transform = features_of(concat(r, columns), hard ? n : n * classes,
                              names_of(self, "votingclassifier_", columns.size(), each));
  } else {
    r.diagnostics.report(Severity::note, flatten->loc(), "sklearn-option",
                         "the transform of the vote has three dimensions; it is left out");
  }
  return e;
}

Estimate read_voting_regressor(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor list = self.attr("estimators_");
  std::vector<ValueId> values;
  for (size_t i = 0; i < list.size(); ++i) {
    ValueId v = read_estimator(r, list.at(i), x).predict;
    if (!v.valid() || width_of(r, v) != 1) list.at(i).refuse("sklearn-value", "no single target");
    values.push_back(v);
  }
  if (values.empty()) list.refuse("sklearn-value", "no estimators");
  Estimate e;
  e.role = Role::value;
  e.predict = average(r, values, weights_of(self, values.size()));
  int64_t n = static_cast<int64_t>(values.size());
  e.transform = features_of(concat(r, values), n, names_of(self, "votingregressor_", values.size(), 0));
  return e;
}

void demand_parts(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  PyCursor list = self.attr("estimators_");
  for (size_t i = 0; i < list.size(); ++i) demand_of(list.at(i), columns, demands);
}

#define VOTING(name, fn) {"sklearn.ensemble." name, fn, demand_parts, true}
constexpr EstimatorRow kRows[] = {
    VOTING("_voting.VotingClassifier", read_voting_classifier),
    VOTING("_voting.VotingRegressor", read_voting_regressor),
    VOTING("voting.VotingClassifier", read_voting_classifier),
    VOTING("voting.VotingRegressor", read_voting_regressor),
    VOTING("voting_classifier.VotingClassifier", read_voting_classifier),
};
#undef VOTING

}  // namespace

std::span<const EstimatorRow> meta_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
