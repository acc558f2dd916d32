// RegressionModel.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "formats/pmml/write_graph.h"
#include "formats/pmml/write_xml.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

// One column of the matrix that a linear predictor weighs.
struct Term {
  std::vector<std::string> fields;  // factors
  double exponent = 1;
  std::string category;
  bool indicator = false, constant = false;
};

class Terms {
 public:
  explicit Terms(ModelScope& scope) : scope_(scope), d_(scope.document()) {}

  std::vector<Term> of(ValueId matrix) {
    if (d_.op<table::Assemble>(matrix) == nullptr) d_.refuse(matrix, "before linear predictors");
    for (ValueId part : d_.producer(matrix)->inputs) add(part);
    return std::move(terms_);
  }

 private:
  void add(ValueId part) {
    if (const auto* one_hot = d_.op<ml::OneHot>(part)) return indicators(part, *one_hot);
    Term term;
    if (d_.op<table::IsMissing>(part) != nullptr) {
      term.constant = true;
    } else {
      factors(part, term);
    }
    terms_.push_back(std::move(term));
  }

  // Powers and products of fields.
  void factors(ValueId v, Term& term) {
    const auto* binary = d_.op<tensor::Binary>(v);
    const Tensor* exponent = binary != nullptr ? d_.constant(d_.input(v, 1)) : nullptr;
    if (binary != nullptr && binary->fn == tensor::BinaryFn::pow && exponent != nullptr &&
        exponent->size() == 1) {
      term.exponent = exponent->real(0);
      if (term.exponent != std::trunc(term.exponent))
        d_.refuse(v, "with an exponent that is no integer");
      v = d_.input(v);
    } else if (binary != nullptr && binary->fn == tensor::BinaryFn::mul && exponent == nullptr) {
      factors(d_.input(v), term);
      return factors(d_.input(v, 1), term);
    }
    term.fields.push_back(scope_.field(v).name);
  }

  void indicators(ValueId part, const ml::OneHot& one_hot) {
    const Node* maker = d_.producer(d_.input(part));
    const auto* map = maker != nullptr ? maker->as<ml::LabelMap>() : nullptr;
    if (map == nullptr || map->values.dtype() != DType::i64) d_.refuse(part, "of numbers");
    const std::string field = scope_.field(maker->inputs[0]).name;
    for (int64_t k = 0; k < one_hot.width; ++k) {
      Term term{{field}, 1, "", true, false};
      size_t count = 0;
      for (size_t i = 0; i < map->keys.size(); ++i) {
        if (map->values.integer(i) != k) continue;
        term.category = text_at(map->keys, i);
        ++count;
      }
      if (count != 1) d_.refuse(part, fmt::format("of {} categories in one column", count));
      terms_.push_back(std::move(term));
    }
  }

  ModelScope& scope_;
  const GraphDocument& d_;
  std::vector<Term> terms_;
};

void write_term(pugi::xml_node table, const Term& term, double weight) {
  const std::string coefficient = xml_real(weight);
  if (term.indicator) {
    pugi::xml_node e = add(table, "CategoricalPredictor");
    set(e, "name", term.fields[0]);
    set(e, "value", term.category);
    set(e, "coefficient", coefficient);
  } else if (term.fields.size() == 1) {
    pugi::xml_node e = add(table, "NumericPredictor");
    set(e, "name", term.fields[0]);
    if (term.exponent != 1) set(e, "exponent", std::to_string(static_cast<int64_t>(term.exponent)));
    set(e, "coefficient", coefficient);
  } else {
    pugi::xml_node e = add(table, "PredictorTerm");
    set(e, "coefficient", coefficient);
    for (const std::string& f : term.fields) set(add(e, "FieldRef"), "field", f);
  }
}

constexpr const char* kMethods[] = {"none",    "simplemax", "softmax", "logit",  "probit",
                                    "cloglog", "exp",       "loglog",  "cauchit"};

}  // namespace

ModelElement write_regression(pugi::xml_node parent, ModelFrame& frame, const Mean& mean) {
  const GraphDocument& d = frame.document();
  const Prediction& p = frame.prediction;
  const auto& linear = *d.op<ml::Linear>(mean.linear);
  const ValueId matrix = d.input(mean.linear);
  const size_t tables = linear.intercept.size();
  if (p.classification() ? tables != p.classes.size() : tables != 1) {
    d.refuse(mean.linear, fmt::format("with {} results", tables));
  }
  if (mean.ordinal) frame.target()->ordinal = true;
  const std::vector<Term> terms = Terms(frame.scope).of(matrix);
  ModelElement model(parent, "RegressionModel", p.classification());
  if (mean.method != Normalization::none) {
    set(model.element, "normalizationMethod", kMethods[static_cast<size_t>(mean.method)]);
  }
  if (d.dtype(mean.linear) == DType::f32) set(model.element, "x-mathContext", "float");
  // A missing number makes the result missing whatever its weight: every number stands in a table.
  std::vector<bool> idle(terms.size());
  for (size_t i = 0; i < terms.size(); ++i) {
    idle[i] = !terms[i].constant && !terms[i].indicator;
    for (size_t t = 0; t < tables; ++t)
      idle[i] = idle[i] && linear.coef.real(t * terms.size() + i) == 0;
  }
  for (size_t t = 0; t < tables; ++t) {
    pugi::xml_node table = add(model.element, "RegressionTable");
    set(table, "intercept", xml_real(linear.intercept.real(t)));
    if (p.classification()) set(table, "targetCategory", text_at(p.classes, t));
    for (size_t i = 0; i < terms.size(); ++i) {
      const double weight = linear.coef.real(t * terms.size() + i);
      if (weight == 0 && !(idle[i] && t == 0)) continue;
      if (terms[i].constant) d.refuse(matrix, "as a number that is weighed");
      write_term(table, terms[i], weight);
    }
  }
  return model;
}

void write_node_model(pugi::xml_node node, ModelFrame& frame, ValueId value) {
  const auto mean = mean_of(frame.document(), value);
  if (!mean) frame.document().refuse(value, "as the regression of a node");
  Prediction prediction;
  prediction.value = value;
  ModelFrame inner{frame.scope, prediction, {}, {}, {}};
  ModelElement model = write_regression(node, inner, *mean);
  // It has no schema of its own, and the precision of the tree.
  model.element.set_name("Regression");
  model.element.remove_child(model.schema);
  model.element.remove_attribute("x-mathContext");
  model.finish();
}

}  // namespace panmodel::pmml
