// Linear forms and RegressionTables.
#include <cmath>

#include "formats/pmml/write_models.h"

namespace panmodel::pmml {

using expr::Expr;
using expr::Function;

namespace {

// The number of a constant expression.
std::optional<double> number(const Expr& e) {
  if (e.kind != Expr::Kind::constant) return std::nullopt;
  const double* real = std::get_if<double>(&e.constant.value);
  return real != nullptr ? std::optional(*real) : std::nullopt;
}

bool collect(const Expr& e, double factor, LinearForm& form) {
  if (const auto c = number(e)) {
    form.intercept += factor * *c;
    return true;
  }
  if (e.kind == Expr::Kind::input) {
    form.add(e.input, factor);
    return !e.map_missing_to;
  }
  if (e.kind != Expr::Kind::call || e.map_missing_to || e.default_value) return false;
  const std::vector<Expr>& a = e.arguments;
  switch (e.function) {
    case Function::add: return collect(a[0], factor, form) && collect(a[1], factor, form);
    case Function::subtract: return collect(a[0], factor, form) && collect(a[1], -factor, form);
    case Function::multiply:
      if (const auto c = number(a[0])) return collect(a[1], factor * *c, form);
      if (const auto c = number(a[1])) return collect(a[0], factor * *c, form);
      return false;
    case Function::divide:
      if (const auto c = number(a[1]); c && *c != 0) return collect(a[0], factor / *c, form);
      return false;
    default: return false;
  }
}

}  // namespace

void LinearForm::add(FieldId field, double coefficient) {
  for (auto& [known, sum] : terms) {
    if (known == field) {
      sum += coefficient;
      return;
    }
  }
  terms.emplace_back(field, coefficient);
}

std::optional<LinearForm> linear_form(const Expr& e) {
  LinearForm form;
  return collect(e, 1, form) ? std::optional(form) : std::nullopt;
}

LinearForm linear_form(const ml::Linear& linear, size_t k, const std::vector<FieldId>& features) {
  LinearForm form{linear.intercept.real(k), {}};
  for (size_t f = 0; f < features.size(); ++f) {
    form.terms.emplace_back(features[f], linear.coef.real(k * features.size() + f));
  }
  return form;
}

LinearForm form_of(const Column& column, Columns& columns, const Location& place) {
  if (!column.single) {
    if (auto form = linear_form(column.body)) return *form;
  }
  return {0, {{columns.field(column, "score", place), 1.0}}};
}

void write_table(OpenModel& model, const LinearForm& form, const std::string& category,
                 const Fields& fields) {
  pugi::xml_node table = add(model.element, "RegressionTable");
  set(table, "intercept", xml_real(form.intercept));
  if (!category.empty()) set(table, "targetCategory", category);
  for (const auto& [field, coefficient] : form.terms) {
    pugi::xml_node predictor = add(table, "NumericPredictor");
    set(predictor, "name", model.use(fields, field));
    set(predictor, "coefficient", xml_real(coefficient));
  }
}

}  // namespace panmodel::pmml
