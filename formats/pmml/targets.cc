// Targets: what becomes of a prediction, or of a missing one (PMML 4.4, Targets).
#include <algorithm>

#include "formats/pmml/model.h"
#include "formats/pmml/values.h"
#include "ir/ops/expr.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pmml {
namespace {

using expr::Function;
using expr::Scalar;
using tensor::BinaryFn;

// The Target of the predicted field: the one that names it, or the only one that names none.
Element target_of(const Element& model, const std::string& name) {
  Element targets = model.child("Targets");
  if (!targets) return {};
  for (const Element& target : targets.children("Target")) {
    auto field = target.find("field");
    if (!field || *field == name) return target;
  }
  return {};
}

void apply_to_value(const Element& target, Reader& reader, Result& result) {
  constexpr std::string_view kCasts[] = {"round", "ceiling", "floor"};
  Builder& b = reader.builder;
  const DType dtype = b.type(result.value).tensor()->dtype;
  const auto number = [&](double x) { return real_constant(b, dtype, x); };
  ValueId value = result.value;
  const double infinity = std::numeric_limits<double>::infinity();
  const double least = target.real("min", -infinity), most = target.real("max", infinity);
  if (least > -infinity || most < infinity) {
    value = b.add(tensor::Clip{}, {value, number(least), number(most)});
  }
  // Both steps round, as the calculation that is described has two.
  if (double factor = target.real("rescaleFactor", 1); factor != 1) {
    value = b.add(tensor::Binary{BinaryFn::mul}, {value, number(factor)});
  }
  if (double constant = target.real("rescaleConstant", 0); constant != 0) {
    value = b.add(tensor::Binary{BinaryFn::add}, {value, number(constant)});
  }
  switch (target.choice("castInteger", kCasts, 3)) {
    case 0: {  // half up
      expr::Map half_up{Scalar::f64, expr::call(Function::round, {expr::input(0)}), false};
      value = b.add(table::Assemble{dtype}, {b.add(std::move(half_up), {value})});
      break;
    }
    case 1: value = b.add(tensor::Unary{tensor::UnaryFn::ceil}, {value}); break;
    case 2: value = b.add(tensor::Unary{tensor::UnaryFn::floor}, {value}); break;
    default: break;
  }
  // What stands for a missing prediction is the final value.
  for (const Element& v : target.children("TargetValue")) {
    if (auto absent = v.find_real("defaultValue")) {
      ValueId missing = b.add(tensor::Unary{tensor::UnaryFn::is_nan}, {value});
      value = b.add(tensor::Where{}, {missing, number(*absent), value});
    }
  }
  result.value = value;
}

// Prior probabilities stand for a missing prediction.
void apply_to_label(const Element& target, Reader& reader, Result& result) {
  std::vector<double> priors(result.classes.size(), 0);
  bool any = false;
  for (const Element& v : target.children("TargetValue")) {
    auto prior = v.find_real("priorProbability");
    if (!prior) continue;
    auto index = class_index(result.classes, v.attribute("value"));
    if (!index) v.refuse("pmml-value", "'{}' is no class of the model", v.attribute("value"));
    priors[*index] = *prior;
    any = true;
  }
  if (!any) return;
  Builder& b = reader.builder;
  const auto most = static_cast<size_t>(std::max_element(priors.begin(), priors.end()) - priors.begin());
  table::Prepare fill;
  fill.missing_value = class_at(result.classes, most);
  result.label = b.add(std::move(fill), {result.label});
  if (!result.probabilities.valid()) return;
  Shape shape{1, static_cast<int64_t>(priors.size())};
  ValueId row = b.constant(Tensor::of(std::move(shape), std::move(priors)));
  ValueId missing = b.add(tensor::Unary{tensor::UnaryFn::is_nan}, {result.probabilities});
  result.probabilities = b.add(tensor::Where{}, {missing, row, result.probabilities});
}

}  // namespace

void apply_targets(const Element& model, const Schema&, Scope& scope, Result& result) {
  Element target = target_of(model, result.target);
  if (!target) return;
  scope.reader().builder.at(target.place());
  for (const Element& v : target.children("TargetValue")) {
    auto value = v.find("value"), shown = v.find("displayValue");
    if (value && shown) result.display[std::string(*value)] = *shown;
  }
  if (result.value.valid()) apply_to_value(target, scope.reader(), result);
  if (result.classification()) apply_to_label(target, scope.reader(), result);
}

}  // namespace panmodel::pmml
