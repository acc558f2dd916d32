#pragma once
// Model elements, written: RegressionModel, TreeModel, MiningModel of trees.
#include <string>
#include <vector>

#include "formats/pmml/write_columns.h"
#include "ir/ops/linear.h"
#include "ir/ops/tree.h"

namespace panmodel::pmml {

// intercept + the sum of coefficient * field.
struct LinearForm {
  double intercept = 0;
  std::vector<std::pair<FieldId, double>> terms;
  void add(FieldId field, double coefficient);
};

// The form of an expression that is linear in its fields; none when it is not.
std::optional<LinearForm> linear_form(const expr::Expr& e);
// Output `k` of a linear predictor.
LinearForm linear_form(const ml::Linear& linear, size_t k, const std::vector<FieldId>& features);
// The value itself, as one field where it is no linear form.
LinearForm form_of(const Column& column, Columns& columns, const Location& place);

// Appends a RegressionTable; `category`: empty for a regression.
void write_table(OpenModel& model, const LinearForm& form, const std::string& category,
                 const Fields& fields);

// Where trees compare: a field, or the field rounded to single precision.
struct Feature {
  FieldId field;
  bool single = false;
};
std::vector<Feature> features_of(ValueId value, Columns& columns, const Location& place);

// The trees of an ensemble that make a value.
struct Trees {
  const ml::TreeEnsemble* ensemble = nullptr;
  std::vector<Feature> features;
  double divisor = 1;  // of the sum of the trees
  size_t target = 0;   // of a regression
  // All targets as their probabilities; empty = a regression.
  std::vector<std::string> classes = {};
  const Location* place = nullptr;
};
// Whether the targets are the probabilities of classes: per tree they add up to 1, and the ensemble
// is the mean of its trees.
bool is_distribution(const Trees& trees);
// Appends TreeModel or MiningModel, without its schema (finish_model).
OpenModel write_trees(pugi::xml_node parent, const Trees& trees, const std::string& target,
                      Fields& fields);

}  // namespace panmodel::pmml
