// Gradient boosting of exact trees: raw = start + learning_rate * leaf, tree by tree; the loss says
// how raw becomes probabilities and labels.
#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/pickle/sklearn/families.h"
#include "formats/pickle/sklearn/tree.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tree.h"

namespace panmodel::pickle::sklearn {
namespace {

using tensor::BinaryFn;
using tensor::UnaryFn;

enum class Loss { regression, binomial, exponential, multinomial };

// Where the class of the loss lives tells which formulas go with it.
enum class Era {
  priors,        // sklearn.ensemble.gradient_boosting, to 0.20: init estimators give raw values
  log_priors,    // sklearn.ensemble._gb_losses, 0.21 to 1.3
  centred,       // sklearn._loss.loss, since 1.4
};

struct Rules {
  Loss loss = Loss::regression;
  Era era = Era::centred;
  double eps = 0;  // start probabilities are kept in [eps, 1 - eps]
  size_t columns = 1;
};

struct LossRow {
  std::string_view name;
  Loss loss;
};
constexpr LossRow kLosses[] = {
    {"AbsoluteError", Loss::regression},        {"BinomialDeviance", Loss::binomial},
    {"ExponentialLoss", Loss::exponential},     {"HalfBinomialLoss", Loss::binomial},
    {"HalfMultinomialLoss", Loss::multinomial}, {"HalfSquaredError", Loss::regression},
    {"HuberLoss", Loss::regression},            {"HuberLossFunction", Loss::regression},
    {"LeastAbsoluteError", Loss::regression},   {"LeastSquaresError", Loss::regression},
    {"MultinomialDeviance", Loss::multinomial}, {"PinballLoss", Loss::regression},
    {"QuantileLossFunction", Loss::regression},
};

Rules rules_of(const Reader& r, const PyCursor& self, bool classifier) {
  auto found = self.find("_loss");
  PyCursor loss = found ? *found : self.attr("loss_");  // before 1.1
  std::string name = loss.class_name();
  size_t dot = name.rfind('.');
  std::string_view module = std::string_view(name).substr(0, dot);
  const auto* row = std::find_if(std::begin(kLosses), std::end(kLosses), [&](const LossRow& l) {
    return dot != std::string::npos && l.name == std::string_view(name).substr(dot + 1);
  });
  if (row == std::end(kLosses) || classifier != (row->loss != Loss::regression)) {
    loss.refuse("sklearn-option", "a loss of class '{}'", name);
  }
  Rules rules;
  rules.loss = row->loss;
  rules.era = module == "sklearn.ensemble.gradient_boosting" ? Era::priors
              : module == "sklearn.ensemble._gb_losses"      ? Era::log_priors
                                                             : Era::centred;
  rules.eps = r.version < Version{1, 8} ? static_cast<double>(std::numeric_limits<float>::epsilon())
                                        : std::numeric_limits<double>::epsilon();
  return rules;
}

// Raw start values from probabilities of the classes, the same for every row.
std::vector<double> link(const Rules& rules, std::vector<double> p) {
  for (double& v : p) v = std::clamp(v, rules.eps, 1 - rules.eps);
  if (rules.loss != Loss::multinomial) {
    double logit = std::log(p[1] / (1 - p[1]));
    return {rules.loss == Loss::exponential ? 0.5 * logit : logit};
  }
  double mean = 0;
  for (double v : p) mean += std::log(v);
  mean /= static_cast<double>(p.size());
  for (double& v : p) v = std::log(rules.era == Era::centred ? v / std::exp(mean) : v);
  return p;
}

// The same for probabilities [N,K] that an estimator computes.
ValueId link(Reader& r, const Rules& rules, ValueId p) {
  auto binary = [&](BinaryFn fn, ValueId a, ValueId b) {
    return r.builder.add(tensor::Binary{fn}, {a, b});
  };
  auto log = [&](ValueId v) { return r.builder.add(tensor::Unary{UnaryFn::log}, {v}); };
  if (rules.loss != Loss::multinomial) p = columns_of(r, p, {1});
  ValueId low = r.builder.constant(Tensor::scalar(rules.eps));
  ValueId high = r.builder.constant(Tensor::scalar(1 - rules.eps));
  p = r.builder.add(tensor::Clip{}, {p, low, high});
  if (rules.loss != Loss::multinomial) {
    ValueId logit = log(binary(BinaryFn::div, p, binary(BinaryFn::sub, scalar(r, 1), p)));
    return rules.loss == Loss::exponential ? binary(BinaryFn::mul, scalar(r, 0.5), logit) : logit;
  }
  if (rules.era != Era::centred) return log(p);
  ValueId mean = r.builder.add(tensor::Reduce{tensor::ReduceFn::mean, {1}}, {log(p)});
  return log(binary(BinaryFn::div, p, r.builder.add(tensor::Unary{UnaryFn::exp}, {mean})));
}

// What raw starts from: values that are the same for every row, or an estimator's.
struct Start {
  std::vector<double> constant;  // one per column
  ValueId computed;              // [N,columns] when valid
};

// The init estimators of 0.19 and 0.20, whose predictions are raw values.
std::optional<std::vector<double>> old_start(const PyCursor& init, const Rules& rules) {
  constexpr std::pair<std::string_view, const char*> kAttributes[] = {
      {"LogOddsEstimator", "prior"},        {"MeanEstimator", "mean"},
      {"PriorProbabilityEstimator", "priors"}, {"QuantileEstimator", "quantile"},
      {"ScaledLogOddsEstimator", "prior"},
  };
  std::string name = init.class_name();
  constexpr std::string_view kModule = "sklearn.ensemble.gradient_boosting.";
  if (!name.starts_with(kModule)) return std::nullopt;
  std::string_view leaf = std::string_view(name).substr(kModule.size());
  if (leaf == "ZeroEstimator") return std::vector<double>(rules.columns, 0);
  for (const auto& [cls, attribute] : kAttributes) {
    if (leaf == cls) return init.attr(attribute).as_reals();
  }
  return std::nullopt;
}

// An init estimator was fitted on X as float32; linear models then compute in float32, in an order
// of sums that is the machine's, and steps of a pipeline round to float32 in between. Searches and
// votes are looked into.
void refuse_float32(const PyCursor& estimator) {
  Walk guard(estimator);
  auto coef = estimator.find("coef_");
  if ((coef && coef->is_array() && coef->dtype_name() == "float32") || estimator.has("steps")) {
    estimator.refuse("sklearn-option", "an init estimator that computes in float32");
  }
  for (const PyCursor& part : parts_of(estimator)) refuse_float32(part);
}

Start start_of(Reader& r, const PyCursor& self, const Rules& rules, size_t classes,
               const Features& x) {
  PyCursor init = self.attr("init_");
  Start start;
  if (init.is_text("zero")) {
    start.constant.assign(rules.columns, 0);
    return start;
  }
  if (auto old = old_start(init, rules)) {
    start.constant = *old;
  } else if (rules.era == Era::priors) {
    init.refuse("sklearn-option", "an init estimator in a release before 0.21");
  } else if (rules.loss == Loss::regression && init.is_object("sklearn.dummy.DummyRegressor")) {
    start.constant = init.attr("constant_").as_reals();
  } else if (rules.loss != Loss::regression && init.is_object("sklearn.dummy.DummyClassifier") &&
             init.attr("strategy").is_text("prior")) {
    std::vector<double> prior = init.attr("class_prior_").as_reals();
    if (prior.size() != classes) {
      init.refuse("sklearn-value", "{} class priors for {} classes", prior.size(), classes);
    }
    start.constant = link(rules, std::move(prior));
  } else {
    refuse_float32(init);
    Estimate e = read_estimator(r, init, x);
    if (rules.loss == Loss::regression) {
      start.computed = r.builder.add(tensor::Cast{DType::f64}, {e.predict});
    } else if (e.proba.valid() && e.classes.size() == classes) {
      start.computed = link(r, rules, e.proba);
    } else {
      init.refuse("sklearn-option", "an init estimator without probabilities of {} classes", classes);
    }
    return start;
  }
  if (start.constant.size() != rules.columns) {
    init.refuse("sklearn-value", "{} start values, expected {}", start.constant.size(), rules.columns);
  }
  return start;
}

// Raw values [N,columns].
ValueId read_raw(Reader& r, const PyCursor& self, const Rules& rules, size_t classes,
                 const Features& x) {
  PyCursor trees = self.attr("estimators_");
  std::vector<size_t> shape = trees.shape();
  if (shape.size() != 2 || shape[0] == 0 || shape[1] != rules.columns) {
    trees.refuse("sklearn-value", "the trees are {}, expected [stages,{}]", trees.describe(),
                 rules.columns);
  }
  double rate = self.attr("learning_rate").as_real();
  ValueId narrow = as_float32(r, x);
  Start start = start_of(r, self, rules, classes, features_of(narrow, x.width(), x.names));
  auto add_stage = [&](Forest& forest, size_t stage) {
    for (size_t k = 0; k < rules.columns; ++k) {
      PyCursor tree = trees.element(stage * rules.columns + k).attr("tree_");
      check_width(tree, x);
      append_tree(forest, tree, {}, [&](Forest& f, const LeafInfo& leaf) {
        if (leaf.values.size() != 1) {
          tree.refuse("sklearn-tree", "a node has {} values, expected 1", leaf.values.size());
        }
        f.add_leaf();
        f.add_weight(static_cast<uint32_t>(k), rate * leaf.values[0]);
      });
    }
  };
  int64_t targets = static_cast<int64_t>(rules.columns);
  if (!start.computed.valid()) {
    ml::TreeEnsemble op;
    for (size_t i = 0; i < shape[0]; ++i) add_stage(op.forest, i);
    op.targets = targets;
    op.base = std::move(start.constant);
    return r.builder.add(std::move(op), {narrow});
  }
  // Sums start from another estimator's output: one addition per stage keeps their order.
  ValueId raw = start.computed;
  for (size_t i = 0; i < shape[0]; ++i) {
    ml::TreeEnsemble op;
    add_stage(op.forest, i);
    op.targets = targets;
    raw = r.builder.add(tensor::Binary{BinaryFn::add}, {raw, r.builder.add(std::move(op), {narrow})});
  }
  return raw;
}

Estimate read_regressor(Reader& r, const PyCursor& self, const Features& x) {
  Estimate e;
  e.role = Role::value;
  e.predict = read_raw(r, self, rules_of(r, self, false), 0, x);
  return e;
}

Estimate read_classifier(Reader& r, const PyCursor& self, const Features& x) {
  Estimate e;
  e.role = Role::label;
  e.classes = labels_of(self.attr("classes_"));
  Rules rules = rules_of(r, self, true);
  bool multi = rules.loss == Loss::multinomial;
  if (multi ? e.classes.size() < 3 : e.classes.size() != 2) {
    self.attr("classes_").refuse("sklearn-value", "{} classes for this loss", e.classes.size());
  }
  rules.columns = multi ? e.classes.size() : 1;
  e.decision = read_raw(r, self, rules, e.classes.size(), x);
  ValueId raw = e.decision;
  if (rules.loss == Loss::exponential) {
    raw = r.builder.add(tensor::Binary{BinaryFn::mul}, {scalar(r, 2), raw});
  }
  e.proba = multi ? r.builder.add(tensor::Softmax{1}, {raw}) : both_classes(r, sigmoid(r, raw));
  // Before 1.4 the deviances chose the label by probability, where near ties of raw are ties.
  bool by_proba = rules.era != Era::centred && rules.loss != Loss::exponential;
  ml::LabelRule rule = multi || by_proba ? ml::LabelRule::argmax : ml::LabelRule::at_least;
  e.predict = r.builder.add(ml::Labels{e.classes, rule, 0}, {by_proba ? e.proba : e.decision});
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.ensemble._gb.GradientBoostingClassifier", read_classifier, nullptr},
    {"sklearn.ensemble._gb.GradientBoostingRegressor", read_regressor, nullptr},
    {"sklearn.ensemble.gradient_boosting.GradientBoostingClassifier", read_classifier, nullptr},
    {"sklearn.ensemble.gradient_boosting.GradientBoostingRegressor", read_regressor, nullptr},
};

}  // namespace

std::span<const EstimatorRow> boosting_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
