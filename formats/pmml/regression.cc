// RegressionModel (PMML 4.4): linear predictors and the functions that make probabilities of them.
#include <algorithm>
#include <cmath>
#include <map>

#include "formats/pmml/link.h"
#include "formats/pmml/tree.h"
#include "ir/ops/combine.h"
#include "ir/ops/encode.h"
#include "ir/ops/linear.h"
#include "ir/ops/table.h"

namespace panmodel::pmml {
namespace {

using expr::Scalar;

// The columns that the tables of a model weigh, each once.
class Terms {
 public:
  Terms(Scope& scope, DType dtype) : scope_(scope), builder_(scope.reader().builder), dtype_(dtype) {}

  size_t numeric(const Element& e) {
    ValueId value = number(e, e.attribute("name"));
    double exponent = e.real("exponent", 1);
    if (exponent == 1) return column(value);
    auto known = powers_.find({value, exponent});
    if (known == powers_.end()) {
      ValueId x = assembled(value);
      Link link(builder_, dtype_);
      x = link.binary(tensor::BinaryFn::pow, x, link.scalar(exponent));
      known = powers_.emplace(std::pair{value, exponent}, column(x)).first;
    }
    return known->second;
  }

  size_t product(const Element& term) {
    ValueId result;
    for (const Element& ref : term.children("FieldRef")) {
      if (ref.find("mapMissingTo")) ref.refuse("pmml-feature", "mapMissingTo in a PredictorTerm");
      ValueId factor = assembled(number(ref, ref.attribute("field")));
      result = result.valid()
                   ? builder_.add(tensor::Binary{tensor::BinaryFn::mul}, {result, factor})
                   : factor;
    }
    if (!result.valid()) term.refuse("pmml-element", "no FieldRef in it");
    return column(result);
  }

  // Indicator of a category: its column is made by matrix().
  size_t category(const Element& e) {
    const Field& field = scope_.require(e.attribute("name"), e);
    auto [found, fresh] = categories_.try_emplace(field.value, categories_.size());
    if (fresh) categorical_.push_back({field.value, field.type, e, {}});
    auto& values = categorical_[found->second].values;
    std::string value(e.attribute("value"));
    auto at = std::find(values.begin(), values.end(), value);
    if (at == values.end()) at = values.insert(values.end(), value);
    return kCategories + found->second * kPerField + static_cast<size_t>(at - values.begin());
  }

  // Column numbers as they are in matrix(): numbers first, then the indicators field by field.
  size_t position(size_t term) const {
    if (term < kCategories) return term;
    size_t field = (term - kCategories) / kPerField, at = columns_.size();
    for (size_t i = 0; i < field; ++i) at += categorical_[i].values.size();
    return at + (term - kCategories) % kPerField;
  }
  size_t width() const { return position(kCategories + categorical_.size() * kPerField); }

  // [N,width]; NaN for a missing number, 0 for a missing category.
  ValueId matrix() {
    std::vector<ValueId> parts = columns_;
    for (const Category& c : categorical_) {
      auto count = static_cast<int64_t>(c.values.size());
      std::vector<int64_t> index;
      for (int64_t i = 0; i < count; ++i) index.push_back(i);
      Tensor keys = values_of(c.place, c.values, c.type);
      ml::LabelMap map{std::move(keys), Tensor::vector(std::move(index)),
                       Tensor::scalar(int64_t{-1}), Tensor::scalar(int64_t{-1})};
      ValueId at = builder_.add(std::move(map), {c.column});
      parts.push_back(builder_.add(ml::OneHot{count, dtype_}, {at}));
    }
    return builder_.add(table::Assemble{dtype_}, std::move(parts));
  }

 private:
  static constexpr size_t kCategories = size_t{1} << 40, kPerField = size_t{1} << 20;
  struct Category {
    ValueId column;
    Scalar type;
    Element place;
    std::vector<std::string> values;
  };

  ValueId number(const Element& e, std::string_view name) {
    const Field& field = scope_.require(name, e);
    if (field.type != Scalar::string) return field.value;
    // Text that spells a number counts as that number, as a predicted class of another model does.
    Bindings bindings(scope_);
    expr::Expr text = expr::input(bindings.input_of(name, e));
    return add_map(bindings, expr::call(expr::Function::to_f64, {std::move(text)}), Scalar::f64);
  }
  ValueId assembled(ValueId value) { return builder_.add(table::Assemble{dtype_}, {value}); }
  size_t column(ValueId value) {
    auto at = std::find(columns_.begin(), columns_.end(), value);
    if (at == columns_.end()) at = columns_.insert(columns_.end(), value);
    return static_cast<size_t>(at - columns_.begin());
  }

  Scope& scope_;
  Builder& builder_;
  DType dtype_;
  std::vector<ValueId> columns_;
  std::map<std::pair<ValueId, double>, size_t> powers_;
  std::map<ValueId, size_t> categories_;
  std::vector<Category> categorical_;
};

// [N,tables] of the linear predictors.
ValueId predictors(const std::vector<Element>& tables, Scope& scope, DType dtype) {
  Builder& builder = scope.reader().builder;
  Terms terms(scope, dtype);
  struct Weight {
    size_t table, term;
    double value;
  };
  std::vector<Weight> weights;
  std::vector<double> intercepts;
  for (size_t t = 0; t < tables.size(); ++t) {
    intercepts.push_back(tables[t].real("intercept"));
    for (const Element& e : tables[t].children()) {
      if (e.is("NumericPredictor")) {
        weights.push_back({t, terms.numeric(e), e.real("coefficient")});
      } else if (e.is("CategoricalPredictor")) {
        weights.push_back({t, terms.category(e), e.real("coefficient")});
      } else if (e.is("PredictorTerm")) {
        weights.push_back({t, terms.product(e), e.real("coefficient")});
      } else {
        e.refuse("pmml-element", "not expected in a RegressionTable");
      }
    }
  }
  ValueId matrix;
  size_t width = terms.width();
  if (width == 0) {
    // Only intercepts: any column gives the rows.
    const std::vector<Input>& all = builder.model().inputs;
    if (all.empty()) tables[0].refuse("pmml-element", "a model without fields");
    ValueId none = builder.add(table::IsMissing{}, {all[0].value});
    matrix = builder.add(table::Assemble{dtype}, {none});
    width = 1;
  } else {
    matrix = terms.matrix();
  }
  std::vector<double> coef(tables.size() * width);
  for (const Weight& w : weights) coef[w.table * width + terms.position(w.term)] += w.value;
  Shape shape{static_cast<int64_t>(tables.size()), static_cast<int64_t>(width)};
  return builder.add(ml::Linear{Tensor::of(shape, std::move(coef)), Tensor::vector(std::move(intercepts))},
                     {matrix});
}

constexpr std::string_view kMethods[] = {"none", "simplemax", "softmax", "logit", "probit",
                                         "cloglog", "exp", "loglog", "cauchit"};

[[noreturn]] void refuse_method(const Element& model, std::string_view of) {
  model.refuse("pmml-attribute", "normalizationMethod=\"{}\" has no meaning for {}",
               model.attribute("normalizationMethod"), of);
}

// Each method is defined for some classifications only.
void check_method(const Element& model, Normalization method, size_t classes, bool ordinal) {
  const bool all_classes = method == Normalization::softmax || method == Normalization::simplemax;
  if (method == Normalization::exp) refuse_method(model, "a classification");
  if (ordinal && all_classes) refuse_method(model, "an ordinal target");
  const bool many = all_classes || method == Normalization::none || method == Normalization::logit;
  if (!ordinal && classes > 2 && !many) {
    refuse_method(model, "more than two classes without an order");
  }
}

}  // namespace

Result read_regression(const Element& model, Scope& scope) {
  constexpr std::string_view kFunctions[] = {"classification", "regression"};
  constexpr std::string_view kTypes[] = {"linearRegression", "stepwisePolynomialRegression",
                                         "logisticRegression"};
  model.attribute("functionName");
  bool classes = model.choice("functionName", kFunctions, 0) == 0;
  model.choice("modelType", kTypes, 0);
  auto method = static_cast<Normalization>(model.choice("normalizationMethod", kMethods, 0));
  std::vector<Element> tables = model.children("RegressionTable");
  if (tables.empty()) model.refuse("pmml-element", "no RegressionTable in it");
  Builder& builder = scope.reader().builder;
  DType dtype = float_math(model) ? DType::f32 : DType::f64;
  Link link(builder, dtype, scope.reader().strict);
  Result result;
  if (!classes) {
    if (tables.size() != 1) model.refuse("pmml-element", "{} tables of a regression", tables.size());
    if (method == Normalization::simplemax) refuse_method(model, "a regression");
    result.value = link.inverse(method, predictors(tables, scope, dtype));
    return result;
  }
  TargetField target = target_of(model, scope);
  std::vector<std::string> labels;
  for (const Element& table : tables) labels.emplace_back(table.attribute("targetCategory"));
  if (tables.size() < 2) {
    model.refuse("pmml-element", "one table of a classification, expected two or more");
  }
  check_method(model, method, tables.size(), target.ordinal);
  result.classes = values_of(model, labels, target.type);
  ValueId y = predictors(tables, scope, dtype);
  ValueId p = target.ordinal     ? link.ordinal(method, y, tables.size())
              : tables.size() == 2 ? link.binary_classes(method, y)
                                   : link.many_classes(method, y, tables.size());
  if (dtype == DType::f32) p = builder.add(tensor::Cast{DType::f64}, {p});
  result.probabilities = p;
  result.label = builder.add(ml::Winner{result.classes}, {p});
  return result;
}

}  // namespace panmodel::pmml
