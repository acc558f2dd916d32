// Output: which results of a model have names (PMML 4.4, Output).
#include <algorithm>

#include "formats/pmml/expression.h"
#include "formats/pmml/model.h"
#include "formats/pmml/values.h"
#include "ir/ops/expr.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pmml {
namespace {

using expr::Expr;
using expr::Function;
using expr::Scalar;

Scalar scalar_of_classes(const Tensor& classes) {
  switch (classes.dtype()) {
    case DType::string: return Scalar::string;
    case DType::boolean: return Scalar::boolean;
    case DType::i64: return Scalar::i64;
    case DType::f32: return Scalar::f32;
    default: return Scalar::f64;
  }
}

expr::Constant constant_at(const Tensor& classes, size_t index) {
  switch (classes.dtype()) {
    case DType::string: return classes.text(index);
    case DType::boolean: return classes.real(index) != 0;
    case DType::i64: return classes.integer(index);
    case DType::f32: return {Scalar::f32, classes.real(index)};
    default: return classes.real(index);
  }
}

// What a model says, as output fields see it.
class Output {
 public:
  Output(Scope& scope, Result& result)
      : scope_(scope), reader_(scope.reader()), result_(result), from_(&result) {}

  void read(const Element& element) {
    reader_.builder.at(element.place());
    Result::Named named;
    named.name = element.attribute("name");
    named.final = element.boolean("isFinalResult", true);
    std::string_view feature = element.find("feature").value_or("predictedValue");
    auto segment = element.find("segmentId");
    from_ = segment ? &segment_of(element, *segment) : &result_;
    if (feature == "predictedValue") {
      predicted(element, named);
    } else if (feature == "probability") {
      score(element, named, from_->probabilities, "probabilities");
      named.role = Role::probability;
    } else if (feature == "confidence") {
      score(element, named, from_->confidences.valid() ? from_->confidences : from_->probabilities,
            "confidences");
    } else if (feature == "entityId") {
      if (!from_->entity_id.valid()) element.refuse("pmml-output", "the model has no entity ids");
      named.field = {from_->entity_id, Scalar::string, true, {}};
      cast(element, named.field);
    } else if (feature == "predictedDisplayValue") {
      displayed(element, named);
    } else if (feature == "transformedValue" || feature == "decision") {
      transformed(element, named);
    } else {
      element.refuse("pmml-output", "the feature '{}' is not supported for this model", feature);
    }
    Builder& b = reader_.builder;
    if (b.graph().value(named.field.value).name.empty()) b.name_value(named.field.value, named.name);
    scope_.add(named.name, named.field);
    result_.outputs.push_back(std::move(named));
  }

 private:
  const Result& segment_of(const Element& element, std::string_view id) const {
    auto found = result_.segments.find(id);
    if (found == result_.segments.end()) {
      element.refuse("pmml-output", "the model has no segment '{}'", id);
    }
    return *found->second;
  }

  void predicted(const Element& element, Result::Named& named) {
    if (from_->classification()) {
      named.field = {from_->label, scalar_of_classes(from_->classes), true, {}};
      named.role = Role::label;
    } else if (from_->value.valid()) {
      const bool single = reader_.builder.type(from_->value).tensor()->dtype == DType::f32;
      named.field = {from_->value, single ? Scalar::f32 : Scalar::f64, false, {}};
      named.role = Role::value;
      cast(element, named.field);
    } else {
      element.refuse("pmml-output", "the model predicts no value");
    }
  }

  // To the type that the OutputField declares, where it is another.
  void cast(const Element& element, Field& field) {
    auto declared = element.find("dataType");
    if (!declared) return;
    const Scalar type = scalar_of(element, *declared);
    if (type == field.type) return;
    Builder& b = reader_.builder;
    if (type <= Scalar::f32 && field.type <= Scalar::f32 && b.type(field.value).tensor()) {
      field.value = b.add(tensor::Cast{expr::dtype_of(type)}, {field.value});
      field.type = type;
      return;
    }
    Function to;
    switch (type) {
      case Scalar::f64: to = Function::to_f64; break;
      case Scalar::f32: to = Function::to_f32; break;
      case Scalar::i64: to = Function::to_i64; break;
      case Scalar::boolean: to = Function::to_boolean; break;
      case Scalar::string: to = Function::to_string; break;
      default: element.refuse("pmml-output", "this result as {}", *declared);
    }
    std::vector<ValueId> inputs{field.value};
    if (scope_.mask().valid()) inputs.push_back(scope_.mask());
    field.value = b.add(
        expr::Map{type, expr::call(to, {expr::input(0)}), scope_.mask().valid()}, std::move(inputs));
    field.type = type;
  }

  // The score of the class that `value` names, or of the predicted one.
  void score(const Element& element, Result::Named& named, ValueId scores, std::string_view what) {
    if (!scores.valid()) element.refuse("pmml-output", "the model has no {}", what);
    Builder& b = reader_.builder;
    named.field.type = Scalar::f64;
    if (auto value = element.find("value")) {
      auto index = class_index(from_->classes, *value);
      if (!index) element.refuse("pmml-output", "'{}' is no class of the model", *value);
      named.field.value = column_of(b, scores, *index);
      named.key = *value;
      cast(element, named.field);
      return;
    }
    std::vector<ValueId> inputs{from_->label};
    Expr body = expr::constant(expr::Constant::missing(Scalar::f64));
    for (size_t k = from_->classes.size(); k-- > 0;) {
      Expr chosen = expr::call(Function::equal, {expr::input(0), expr::constant(constant_at(from_->classes, k))});
      chosen.unknown = true;
      body = expr::call(Function::if_else, {std::move(chosen), expr::input(static_cast<uint32_t>(inputs.size())),
                                            std::move(body)});
      inputs.push_back(column_of(b, scores, k));
    }
    named.field.value = b.add(expr::Map{Scalar::f64, when_known(std::move(body)), false}, std::move(inputs));
    cast(element, named.field);
  }

  // `body` where there is a label (input 0), else missing.
  static Expr when_known(Expr body) {
    return expr::call(Function::if_else, {expr::call(Function::is_not_missing, {expr::input(0)}), std::move(body),
                                          expr::constant(expr::Constant::missing(Scalar::f64))});
  }

  void displayed(const Element& element, Result::Named& named) {
    if (!from_->classification()) element.refuse("pmml-output", "only classes have display values");
    const DataField* data = reader_.dictionary.find(from_->target);
    std::map<std::string, std::string> display = data ? data->display : std::map<std::string, std::string>();
    for (const auto& [value, shown] : from_->display) display[value] = shown;
    Expr body = expr::call(Function::to_string, {expr::input(0)});
    for (size_t k = from_->classes.size(); k-- > 0;) {
      auto shown = display.find(class_text(from_->classes, k));
      if (shown == display.end()) continue;
      Expr chosen = expr::call(Function::equal, {expr::input(0), expr::constant(constant_at(from_->classes, k))});
      body = expr::call(Function::if_else, {std::move(chosen), expr::constant(shown->second), std::move(body)});
    }
    body = when_known(std::move(body));
    named.field.type = Scalar::string;
    named.field.categorical = true;
    named.field.value = reader_.builder.add(expr::Map{Scalar::string, std::move(body), false}, {from_->label});
  }

  void transformed(const Element& element, Result::Named& named) {
    Element body = element.first();
    while (body && (body.is("Decisions") || body.is("Value"))) body = body.next();
    if (!body) element.refuse("pmml-element", "no expression in it");
    Scalar absent = Scalar::f64;
    if (body.is("FieldRef")) absent = scope_.require(body.attribute("field"), body).type;
    named.field = described(element, absent);
    Bindings bindings(scope_);
    named.field.value = add_map(bindings, read_expression(body, bindings), named.field.type);
    // Results that no feature of PMML names, as panmodel writes them.
    if (auto role = element.extension("role"); role && parse_role(*role, &named.role)) {
      named.key = element.find("value").value_or("");
    }
  }

  Scope& scope_;
  Reader& reader_;
  Result& result_;
  const Result* from_;  // what the field tells of: the result of the model, or of a segment
};

bool asks_for(const Element& model, bool (*asks)(const Element& field)) {
  const Element output = model.child("Output");
  if (!output) return false;
  const auto fields = output.children("OutputField");
  return std::any_of(fields.begin(), fields.end(), asks);
}

}  // namespace

bool asks_for_entity(const Element& model) {
  return asks_for(model, [](const Element& field) { return field.find("feature") == "entityId"; });
}

bool asks_for_segment(const Element& model) {
  return asks_for(model, [](const Element& field) { return field.find("segmentId").has_value(); });
}

void read_result_fields(const Element& model, Scope& scope, Result& result) {
  Output reader(scope, result);
  for (const Element& field : model.children("ResultField")) reader.read(field);
}

void read_output(const Element& model, Scope& scope, Result& result) {
  Element output = model.child("Output");
  if (!output) return;
  Output reader(scope, result);
  for (const Element& field : output.children("OutputField")) reader.read(field);
}

}  // namespace panmodel::pmml
