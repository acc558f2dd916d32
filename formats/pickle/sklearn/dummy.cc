// Estimators that ignore X.
#include <algorithm>

#include "formats/pickle/sklearn/families.h"
#include "ir/ops/encode.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pickle::sklearn {
namespace {

// The same row for every row of X, whatever X holds.
ValueId constant_rows(Reader& r, const PyCursor& self, const Features& x, std::vector<double> values) {
  if (x.parts.empty()) self.refuse("sklearn-value", "X has no columns");
  ValueId any = x.parts[0].value;
  if (x.parts[0].width != 1) any = columns_of(r, any, {0});
  // One bool per row; both branches are the same.
  ValueId rows = r.builder.add(table::IsMissing{}, {any});
  int64_t k = static_cast<int64_t>(values.size());
  ValueId row = r.builder.constant(Tensor::of({1, k}, std::move(values)));
  return r.builder.add(tensor::Where{}, {rows, row, row});
}

// Value of output `k` of an attribute that is a list when there are several outputs.
PyCursor of_output(const PyCursor& all, size_t k, size_t outputs) {
  if (outputs == 1) return all;
  if (k >= all.size()) all.refuse("sklearn-value", "{} values for {} outputs", all.size(), outputs);
  return all.is_array() ? all.element(k) : all.at(k);
}

// Place among the classes of output `k` of the constant of strategy 'constant'.
size_t constant_class(const PyCursor& constant, const Tensor& classes, size_t k) {
  bool listed = constant.is_sequence() || constant.is_array();
  for (size_t i = 0; i < classes.size(); ++i) {
    if (classes.dtype() == DType::string) {
      std::vector<std::string> texts;
      if (listed) texts = constant.as_texts();
      if (!listed && constant.is_text()) texts.assign(k + 1, constant.as_text());
      if (k < texts.size() && texts[k] == classes.text(i)) return i;
    } else {
      std::vector<double> reals;
      if (listed) reals = constant.as_reals();
      if (!listed) reals.assign(k + 1, constant.as_real());
      if (k < reals.size() && reals[k] == classes.real(i)) return i;
    }
  }
  constant.refuse("sklearn-value", "the constant of output {} is none of its classes", k);
}

Estimate read_dummy_classifier(Reader& r, const PyCursor& self, const Features& x) {
  auto used = self.find("_strategy");
  std::string strategy = (used ? *used : self.attr("strategy")).as_text();
  if (strategy != "prior" && strategy != "most_frequent" && strategy != "constant") {
    self.attr("strategy").refuse("sklearn-option", "strategy '{}' of DummyClassifier", strategy);
  }
  auto count = self.find("n_outputs_");
  size_t outputs = count ? count->as_size(10000) : 1;
  Estimate e;
  e.role = Role::label;
  std::vector<ValueId> labels;
  for (size_t k = 0; k < outputs; ++k) {
    Tensor classes = labels_of(of_output(self.attr("classes_"), k, outputs));
    PyCursor priors = of_output(self.attr("class_prior_"), k, outputs);
    std::vector<double> p = priors.as_reals();
    if (p.size() != classes.size() || p.empty()) {
      priors.refuse("sklearn-value", "{} priors for {} classes", p.size(), classes.size());
    }
    size_t best = static_cast<size_t>(std::max_element(p.begin(), p.end()) - p.begin());
    if (strategy == "constant") best = constant_class(self.attr("constant"), classes, k);
    if (strategy != "prior") {
      std::fill(p.begin(), p.end(), 0);
      p[best] = 1;
    }
    ValueId proba = constant_rows(r, self, x, std::move(p));
    ValueId label = r.builder.add(ml::Labels{classes, ml::LabelRule::argmax, 0}, {proba});
    if (outputs == 1) {
      e.classes = classes;
      e.proba = proba;
      e.predict = label;
      return e;
    }
    labels.push_back(r.builder.add(tensor::Unsqueeze{{1}}, {label}));
    e.output_proba.push_back(proba);
    e.output_classes.push_back(classes);
  }
  if (labels.empty()) self.refuse("sklearn-value", "a classifier without outputs");
  e.predict = concat(r, labels);
  return e;
}

Estimate read_dummy_regressor(Reader& r, const PyCursor& self, const Features& x) {
  Estimate e;
  e.role = Role::value;
  e.predict = constant_rows(r, self, x, self.attr("constant_").as_reals());
  return e;
}

constexpr EstimatorRow kRows[] = {
    {"sklearn.dummy.DummyClassifier", read_dummy_classifier, nullptr, true},
    {"sklearn.dummy.DummyRegressor", read_dummy_regressor, nullptr, true},
};

}  // namespace

std::span<const EstimatorRow> dummy_rows() { return kRows; }

}  // namespace panmodel::pickle::sklearn
