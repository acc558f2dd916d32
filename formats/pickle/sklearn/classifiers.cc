// Linear classifiers: decision values, and each class's own rule for probabilities.
#include <algorithm>

#include "formats/pickle/sklearn/families.h"
#include "ir/ops/encode.h"
#include "ir/ops/linear.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pickle::sklearn {
namespace {

using tensor::BinaryFn;

ValueId binary(Reader& r, BinaryFn fn, ValueId a, ValueId b) {
  return r.builder.add(tensor::Binary{fn}, {a, b});
}

// Decision values: [N,K], a column per row of coef_.
ValueId decision_values(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor coef = self.attr("coef_");
  std::vector<double> weights = coef.as_reals();
  std::vector<size_t> shape = coef.shape();
  int64_t rows = shape.size() == 2 ? static_cast<int64_t>(shape[0]) : 1;
  std::vector<double> intercept = self.attr("intercept_").as_reals();
  if (intercept.size() == 1) intercept.resize(static_cast<size_t>(rows), intercept[0]);
  if (rows < 1 || static_cast<int64_t>(weights.size()) != rows * x.width() ||
      static_cast<int64_t>(intercept.size()) != rows) {
    coef.refuse("sklearn-value", "{} coefficients and {} intercepts for {} features",
                weights.size(), intercept.size(), x.width());
  }
  return r.builder.add(ml::Linear{Tensor::of({rows, x.width()}, std::move(weights)),
                                  Tensor::vector(std::move(intercept))},
                       {as_matrix(r, x)});
}

// Decision values [N,1] (two classes) or [N,K], and the label that they choose.
Estimate decide(Reader& r, const PyCursor& self, const Features& x, Tensor classes) {
  Estimate e;
  e.role = Role::label;
  e.classes = classes;
  e.decision = decision_values(r, self, x);
  const int64_t rows = r.builder.type(e.decision).tensor()->dims->at(1).size;
  size_t expected = rows == 1 ? 2 : static_cast<size_t>(rows);
  if (classes.size() != expected) {
    self.refuse("sklearn-value", "{} classes for {} decision functions", classes.size(), rows);
  }
  auto rule = rows == 1 ? ml::LabelRule::above : ml::LabelRule::argmax;
  e.predict = r.builder.add(ml::Labels{classes, rule, 0}, {e.decision});
  return e;
}

Estimate read_margin(Reader& r, const PyCursor& self, const Features& x) {
  auto classes = self.find("classes_");
  // RidgeClassifier kept its classes in the label binarizer alone.
  if (!classes) classes = self.attr("_label_binarizer").attr("classes_");
  return decide(r, self, x, labels_of(*classes));
}

// Fitted on a matrix of 0 and 1, a column per label: the binarizer of such a target.
bool multilabel(const PyCursor& binarizer) {
  auto kind = binarizer.find("y_type_");
  return kind && kind->is_text() && kind->as_text().starts_with("multilabel");
}

// A label is predicted where its score exceeds the threshold, each by itself.
void predict_each(Reader& r, Estimate& e, ValueId scores, double threshold) {
  ValueId above = binary(r, BinaryFn::greater, scores, scalar(r, threshold));
  e.predict = r.builder.add(tensor::Cast{DType::i64}, {above});
}

Estimate read_ridge(Reader& r, const PyCursor& self, const Features& x) {
  PyCursor binarizer = self.attr("_label_binarizer");
  if (!multilabel(binarizer)) return read_margin(r, self, x);
  Estimate e;
  e.role = Role::label;
  e.classes = labels_of(binarizer.attr("classes_"));
  e.decision = decision_values(r, self, x);
  predict_each(r, e, e.decision, 0);
  return e;
}

ValueId softmax(Reader& r, ValueId scores) {
  return r.builder.add(tensor::Softmax{1}, {scores});
}

// What becomes of a row whose probabilities are all 0 when rows are divided by their sums.
enum class ZeroRow { nan, zero, uniform };

ValueId normalise_rows(Reader& r, ValueId p, size_t classes, ZeroRow zero_row) {
  if (zero_row == ZeroRow::nan) return divide_by_sum(r, p);
  ValueId sum = r.builder.add(tensor::Reduce{tensor::ReduceFn::sum, {1}}, {p});
  ValueId none = binary(r, BinaryFn::equal, sum, scalar(r, 0));
  double total = zero_row == ZeroRow::uniform ? static_cast<double>(classes) : 1;
  if (zero_row == ZeroRow::uniform) p = r.builder.add(tensor::Where{}, {none, scalar(r, 1), p});
  return binary(r, BinaryFn::div, p, r.builder.add(tensor::Where{}, {none, scalar(r, total), sum}));
}

// Sigmoid per class, rows normalised; two classes from one sigmoid. Since 1.9 a row of zeros becomes
// uniform.
ValueId one_vs_rest(Reader& r, ValueId decision, size_t classes) {
  ValueId p = sigmoid(r, decision);
  if (classes == 2) return both_classes(r, p);
  return normalise_rows(r, p, classes, r.version < Version{1, 9} ? ZeroRow::nan : ZeroRow::uniform);
}

Estimate read_logistic(Reader& r, const PyCursor& self, const Features& x) {
  Estimate e = decide(r, self, x, labels_of(self.attr("classes_")));
  bool binary_model = e.classes.size() == 2;
  auto solver = self.find("solver");
  bool ovr_solver = solver && (solver->is_text("liblinear") ||
                               (solver->is_text("newton-cholesky") && r.version < Version{1, 6}));
  std::string multi = "auto";
  if (auto m = self.find("multi_class"); m && m->is_text()) multi = m->as_text();
  if (multi == "deprecated" || multi == "warn") multi = multi == "warn" ? "ovr" : "auto";
  if (multi != "auto" && multi != "ovr" && multi != "multinomial") {
    self.attr("multi_class").refuse("sklearn-option", "multi_class '{}'", multi);
  }
  bool ovr = multi == "ovr" || (multi == "auto" && (binary_model || ovr_solver));
  if (ovr) {
    e.proba = one_vs_rest(r, e.decision, e.classes.size());
  } else if (binary_model) {
    // multinomial with two classes: softmax of [-d, d].
    ValueId minus = r.builder.add(tensor::Unary{tensor::UnaryFn::neg}, {e.decision});
    e.proba = softmax(r, concat(r, {minus, e.decision}));
  } else {
    e.proba = softmax(r, e.decision);
  }
  return e;
}

// modified_huber: (clip(d, -1, 1) + 1) / 2, rows normalised; where all are 0, all classes equal.
ValueId huber_proba(Reader& r, const Estimate& e) {
  ValueId low = r.builder.constant(Tensor::scalar(-1.0));
  ValueId high = r.builder.constant(Tensor::scalar(1.0));
  ValueId p = r.builder.add(tensor::Clip{}, {e.decision, low, high});
  p = binary(r, BinaryFn::div, binary(r, BinaryFn::add, p, scalar(r, 1)), scalar(r, 2));
  if (e.classes.size() == 2) return both_classes(r, p);
  return normalise_rows(r, p, e.classes.size(), ZeroRow::uniform);
}

Estimate read_sgd(Reader& r, const PyCursor& self, const Features& x) {
  Estimate e = decide(r, self, x, labels_of(self.attr("classes_")));
  std::string loss = self.attr("loss").as_text();
  if (loss == "log" || loss == "log_loss") e.proba = one_vs_rest(r, e.decision, e.classes.size());
  if (loss == "modified_huber") e.proba = huber_proba(r, e);
  return e;
}

// OneVsRest: the positive class's probability, or decision, of one binary model per class.
Estimate read_ovr(Reader& r, const PyCursor& self, const Features& x) {
  Version version = r.version;  // of its parts later
  Estimate e;
  e.role = Role::label;
  PyCursor binarizer = self.attr("label_binarizer_");
  e.classes = labels_of(binarizer.attr("classes_"));
  const bool several = multilabel(binarizer);
  PyCursor list = self.attr("estimators_");
  std::vector<ValueId> probas, decisions;
  for (size_t i = 0; i < list.size(); ++i) {
    Estimate part = read_estimator(r, list.at(i), x);
    if (part.proba.valid()) probas.push_back(columns_of(r, part.proba, {1}));
    if (part.decision.valid()) decisions.push_back(part.decision);
    if (!part.proba.valid() && !part.decision.valid()) {
      list.at(i).refuse("sklearn-option", "'{}' has neither probabilities nor decisions",
                        list.at(i).class_name());
    }
  }
  size_t n = list.size();
  bool has_proba = probas.size() == n, has_decision = decisions.size() == n;
  if (n == 0 || (!has_proba && !has_decision)) self.refuse("sklearn-value", "no estimators");
  if (has_decision) e.decision = concat(r, decisions);
  if (has_proba) {
    ValueId p = concat(r, probas);
    // Since 1.7 a row of zeros stays.
    ZeroRow zero_row = version < Version{1, 7} ? ZeroRow::nan : ZeroRow::zero;
    e.proba = several ? p : n == 1 ? both_classes(r, p) : normalise_rows(r, p, n, zero_row);
  }
  // sklearn asks decision_function first and falls back to the probability, threshold 0 or 0.5.
  ValueId score = has_decision ? e.decision : concat(r, probas);
  const double threshold = has_decision ? 0 : 0.5;
  if (several) {
    predict_each(r, e, score, threshold);
  } else if (n == 1) {
    e.predict = r.builder.add(ml::Labels{e.classes, ml::LabelRule::above, threshold}, {score});
  } else {
    e.predict = r.builder.add(ml::Labels{e.classes, ml::LabelRule::argmax, 0}, {score});
  }
  return e;
}

void demand_parts(const PyCursor& self, const ColumnIds& columns, Demands& demands) {
  for (const PyCursor& part : parts_of(self)) demand_of(part, columns, demands);
}

// OneVsOne: votes plus confidences squashed below half a vote (sklearn's _ovr_decision_function).
Estimate read_ovo(Reader& r, const PyCursor& self, const Features& x) {
  Estimate e;
  e.role = Role::label;
  e.classes = labels_of(self.attr("classes_"));
  size_t k = e.classes.size();
  PyCursor list = self.attr("estimators_");
  if (list.size() != k * (k - 1) / 2) {
    list.refuse("sklearn-value", "{} estimators for {} classes", list.size(), k);
  }
  if (self.find_some("pairwise_indices_")) {
    self.refuse("sklearn-option", "OneVsOneClassifier on precomputed kernels");
  }
  std::vector<ValueId> votes, confidences;  // per pair: [N,1]
  bool has_decision = false;
  for (size_t i = 0; i < list.size(); ++i) {
    Estimate part = read_estimator(r, list.at(i), x);
    if (i == 0) has_decision = part.decision.valid();
    ValueId confidence = part.decision.valid() ? part.decision : columns_of(r, part.proba, {1});
    ValueId chosen = r.builder.add(tensor::Cast{DType::f64}, {part.predict});
    votes.push_back(r.builder.add(tensor::Reshape{},
                                  {chosen, r.builder.constant(Tensor::vector(
                                               std::vector<int64_t>{-1, 1}))}));
    confidences.push_back(confidence);
  }
  std::vector<ValueId> columns;
  std::vector<std::pair<size_t, size_t>> pairs;
  for (size_t i = 0; i < k; ++i) {
    for (size_t j = i + 1; j < k; ++j) pairs.emplace_back(i, j);
  }
  // Two classes have one column, of the second.
  for (size_t c = k == 2 ? 1 : 0; c < k; ++c) {
    ValueId vote, sum;
    for (size_t p = 0; p < pairs.size(); ++p) {
      bool first = pairs[p].first == c, second = pairs[p].second == c;
      if (!first && !second) continue;
      ValueId v = second ? votes[p] : binary(r, BinaryFn::sub, scalar(r, 1), votes[p]);
      vote = vote.valid() ? binary(r, BinaryFn::add, vote, v) : v;
      ValueId d = confidences[p];
      if (first) d = r.builder.add(tensor::Unary{tensor::UnaryFn::neg}, {d});
      sum = sum.valid() ? binary(r, BinaryFn::add, sum, d) : d;
    }
    ValueId size = r.builder.add(tensor::Unary{tensor::UnaryFn::abs}, {sum});
    size = binary(r, BinaryFn::mul, scalar(r, 3), binary(r, BinaryFn::add, size, scalar(r, 1)));
    columns.push_back(binary(r, BinaryFn::add, vote, binary(r, BinaryFn::div, sum, size)));
  }
  e.decision = concat(r, columns);
  ml::Labels labels{e.classes, k == 2 ? ml::LabelRule::above : ml::LabelRule::argmax,
                    k == 2 && !has_decision ? 0.5 : 0};
  e.predict = r.builder.add(std::move(labels), {e.decision});
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.linear_model._logistic.LogisticRegression", read_logistic, nullptr},
    {"sklearn.linear_model.logistic.LogisticRegression", read_logistic, nullptr},
    {"sklearn.linear_model._logistic.LogisticRegressionCV", read_logistic, nullptr},
    {"sklearn.linear_model.logistic.LogisticRegressionCV", read_logistic, nullptr},
    {"sklearn.linear_model._passive_aggressive.PassiveAggressiveClassifier", read_margin, nullptr},
    {"sklearn.linear_model.passive_aggressive.PassiveAggressiveClassifier", read_margin, nullptr},
    {"sklearn.linear_model._perceptron.Perceptron", read_margin, nullptr},
    {"sklearn.linear_model.perceptron.Perceptron", read_margin, nullptr},
    {"sklearn.linear_model._ridge.RidgeClassifier", read_ridge, nullptr},
    {"sklearn.linear_model.ridge.RidgeClassifier", read_ridge, nullptr},
    {"sklearn.linear_model._ridge.RidgeClassifierCV", read_ridge, nullptr},
    {"sklearn.linear_model.ridge.RidgeClassifierCV", read_ridge, nullptr},
    {"sklearn.linear_model._stochastic_gradient.SGDClassifier", read_sgd, nullptr},
    {"sklearn.linear_model.stochastic_gradient.SGDClassifier", read_sgd, nullptr},
    {"sklearn.multiclass.OneVsOneClassifier", read_ovo, nullptr},
    {"sklearn.multiclass.OneVsRestClassifier", read_ovr, demand_parts},
    {"sklearn.svm._classes.LinearSVC", read_margin, nullptr},
    {"sklearn.svm.classes.LinearSVC", read_margin, nullptr},
};

}  // namespace

std::span<const EstimatorRow> classifier_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
