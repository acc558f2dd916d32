// MiningModel (PMML 4.4): models of segments and how their results become one.
#include <algorithm>
#include <utility>

#include "formats/pmml/expression.h"
#include "formats/pmml/segments.h"
#include "formats/pmml/tree.h"
#include "formats/pmml/values.h"
#include "ir/ops/encode.h"
#include "ir/ops/expr.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pmml {
namespace {

using expr::Function;
using ml::CombineMethod;
using ml::MissingPart;

// Reads the segments of one MiningModel and combines them.
class Mining {
 public:
  Mining(const Element& model, const Segmentation& segmentation, Scope& scope)
      : model_(model), s_(segmentation), scope_(scope), builder_(scope.reader().builder),
        named_(asks_for_segment(model)) {}

  Result read() {
    Reader& reader = scope_.reader();
    const bool entities = std::exchange(reader.entities, reader.entities || named_);
    Result result = read_segments();
    reader.entities = entities;
    for (size_t i = 0; i < results_.size() && named_; ++i) {
      result.segments.emplace(id_of(i), std::make_shared<const Result>(counted(i)));
    }
    return result;
  }

 private:
  Result read_segments() {
    bool choice = s_.method == SegmentMethod::select_first;
    for (const Segment& segment : s_.segments) {
      const SegmentContent content = content_of(segment);
      bool last = choice && content.predicate.is("True");
      add(segment, content, choice);
      segment.element.close();
      if (last) break;  // no row comes to the segments behind it
    }
    switch (s_.method) {
      case SegmentMethod::model_chain: return chain();
      case SegmentMethod::multi_model_chain: return multi_chain();
      case SegmentMethod::select_first: return first();
      case SegmentMethod::select_all: return all();
      default: return combined();
    }
  }

  void add(const Segment& segment, const SegmentContent& content, bool choice) {
    ValueId mask = mask_of(content, choice);
    builder_.at(segment.element.place());
    Result result = read_model(content.model, scope_.reader(), &scope_, mask);
    for (const Result::Named& o : result.outputs) scope_.add(o.name, o.field);
    builder_.at(s_.element.place());
    results_.push_back(std::move(result));
    masks_.push_back(mask);
  }

  // The rows for which a segment counts: those of the model where the predicate is true and, when
  // only the first one counts, no predicate before it was.
  ValueId mask_of(const SegmentContent& segment, bool choice) {
    builder_.at(segment.predicate.place());
    if (segment.predicate.is("True") && !taken_.valid()) return scope_.mask();
    Bindings bindings(scope_);
    expr::Expr body = read_predicate(segment.predicate, bindings);
    if (body.kind == expr::Expr::Kind::call) body.default_value = expr::Constant(false);
    std::vector<ValueId> inputs = bindings.inputs();
    auto column = [&](ValueId value) {
      inputs.push_back(value);
      return expr::input(static_cast<uint32_t>(inputs.size() - 1));
    };
    expr::Expr taken = body;
    std::vector<ValueId> taken_inputs = inputs;
    if (taken_.valid()) {
      taken_inputs.push_back(taken_);
      auto before = expr::input(static_cast<uint32_t>(taken_inputs.size() - 1));
      taken = expr::call(Function::logical_or, {std::move(before), std::move(taken)});
      body = expr::call(Function::logical_and,
                        {expr::call(Function::logical_not, {column(taken_)}), std::move(body)});
    }
    if (scope_.mask().valid()) {
      body = expr::call(Function::logical_and, {column(scope_.mask()), std::move(body)});
    }
    if (inputs.empty()) inputs = taken_inputs = {any_input()};
    if (choice) taken_ = boolean(std::move(taken), std::move(taken_inputs));
    return boolean(std::move(body), std::move(inputs));
  }

  ValueId boolean(expr::Expr body, std::vector<ValueId> inputs) {
    return builder_.add(expr::Map{expr::Scalar::boolean, std::move(body), false},
                        std::move(inputs));
  }
  ValueId any_input() {
    const std::vector<Input>& all = builder_.model().inputs;
    if (all.empty()) model_.refuse("pmml-element", "a model without fields");
    return all[0].value;
  }

  bool for_all_rows(size_t part) const { return masks_[part] == scope_.mask(); }
  bool masked() const {
    for (size_t i = 0; i < masks_.size(); ++i) {
      if (!for_all_rows(i)) return true;
    }
    return false;
  }

  // One node over a member of the results, `order` being the parts.
  ValueId combine(ml::Combine op, ValueId Result::*member, const std::vector<size_t>& order) {
    std::vector<ValueId> inputs;
    for (size_t i : order) inputs.push_back(results_[i].*member);
    return combine(std::move(op), std::move(inputs), order);
  }
  ValueId combine(ml::Combine op, std::vector<ValueId> inputs, const std::vector<size_t>& order) {
    op.masked = masked();
    for (size_t i : order) {
      if (!op.masked) break;
      ValueId mask = masks_[i];
      if (!mask.valid()) mask = boolean(expr::constant(expr::Constant(true)), {any_input()});
      inputs.push_back(mask);
    }
    return builder_.add(std::move(op), std::move(inputs));
  }
  std::vector<size_t> in_order() const {
    std::vector<size_t> order(results_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    return order;
  }

  // Brings the labels and the columns of all results to `classes`.
  void align(const Tensor& classes) {
    for (size_t i = 0; i < results_.size(); ++i) {
      Result& r = results_[i];
      if (r.classes.same_bits(classes)) continue;
      std::vector<int64_t> order;
      for (size_t k = 0; k < classes.size(); ++k) {
        auto at = class_index(r.classes, class_text(classes, k));
        if (at) order.push_back(static_cast<int64_t>(*at));
      }
      bool scores = r.probabilities.valid() || r.confidences.valid();
      if (order.size() != r.classes.size() || (scores && order.size() != classes.size())) {
        s_.segments[i].element.refuse("pmml-feature", "its classes are not those of the model");
      }
      for (ValueId Result::*member : {&Result::probabilities, &Result::confidences}) {
        if (!(r.*member).valid()) continue;
        ValueId index = builder_.constant(Tensor::vector(order));
        r.*member = builder_.add(tensor::Gather{1}, {r.*member, index});
      }
      relabel(r, classes);
      r.classes = classes;
    }
  }

  // The label column in the type of `classes`.
  void relabel(Result& r, const Tensor& classes) {
    if (!r.label.valid() || r.classes.dtype() == classes.dtype()) return;
    // Place 0 of the table is the missing label.
    std::vector<int64_t> places, rows{-1};
    for (size_t k = 0; k < r.classes.size(); ++k) {
      places.push_back(static_cast<int64_t>(*class_index(classes, class_text(r.classes, k))) + 1);
    }
    for (size_t k = 0; k < classes.size(); ++k) rows.push_back(static_cast<int64_t>(k));
    Tensor none = Tensor::scalar(int64_t{0});
    ml::LabelMap map{r.classes, Tensor::vector(std::move(places)), none, none};
    ValueId index = builder_.add(std::move(map), {r.label});
    r.label = builder_.add(table::Pick{std::move(rows), classes}, {index});
  }

  // The result of the first part in `order` that counts for a row.
  Result choose(const std::vector<size_t>& order) {
    Result out;
    ml::Combine op;
    op.method = CombineMethod::first;
    op.missing = s_.missing == MissingPart::skip ? MissingPart::skip : MissingPart::propagate;
    if (results_[order[0]].classification()) {
      out.classes = results_[order[0]].classes;
      align(out.classes);
    }
    for (ValueId Result::*member : {&Result::label, &Result::probabilities, &Result::confidences,
                                    &Result::value}) {
      bool all = std::all_of(order.begin(), order.end(),
                             [&](size_t i) { return (results_[i].*member).valid(); });
      if (all) out.*member = combine(op, member, order);
    }
    if (!out.label.valid() && !out.value.valid()) {
      s_.element.refuse("pmml-feature", "segments that predict different things");
    }
    if (asks_for_entity(model_)) out.entity_id = chosen_id(order);
    return out;
  }

  // The result of a segment, missing in rows where it does not count.
  Result counted(size_t part) {
    Result out = results_[part];
    for (ValueId Result::*member : {&Result::label, &Result::probabilities, &Result::confidences,
                                    &Result::value, &Result::entity_id}) {
      if (for_all_rows(part) || !(out.*member).valid()) continue;
      out.*member = where_counted(part, out.*member);
    }
    return out;
  }

  ValueId where_counted(size_t part, ValueId value) {
    ml::Combine op;
    op.method = CombineMethod::first;
    return combine(std::move(op), {value}, {part});
  }

  // Ids of segments are their numbers from 1 where they have none.
  std::string id_of(size_t segment) const {
    auto id = s_.segments[segment].element.find("id");
    return id ? std::string(*id) : std::to_string(segment + 1);
  }

  // The id of the first part in `order` that counts for a row.
  ValueId chosen_id(const std::vector<size_t>& order) {
    std::vector<ValueId> ids;
    for (size_t i : order) {
      expr::Map id{expr::Scalar::string, expr::constant(id_of(i)), false};
      ids.push_back(builder_.add(std::move(id), {any_input()}));
    }
    ml::Combine op;
    op.method = CombineMethod::first;
    return combine(std::move(op), std::move(ids), order);
  }

  Result first() {
    Result out = choose(in_order());
    for (const Result& r : results_) {
      for (const Result::Named& named : r.outputs) {
        if (find_named(out, named.name) == nullptr) add_selected(named, out);
      }
    }
    return out;
  }

  static const Result::Named* find_named(const Result& result, std::string_view name) {
    auto found = std::find_if(result.outputs.begin(), result.outputs.end(),
                              [&](const Result::Named& o) { return o.name == name; });
    return found == result.outputs.end() ? nullptr : &*found;
  }

  // An output field of the segment that is selected; missing where that has none of the name.
  void add_selected(Result::Named named, Result& out) {
    std::vector<const Field*> fields;
    expr::Scalar type = named.field.type;
    for (size_t i = 0; i < results_.size(); ++i) {
      const Result::Named* other = find_named(results_[i], named.name);
      fields.push_back(other != nullptr ? &other->field : nullptr);
      if (other == nullptr || other->field.type == type) continue;
      if (other->field.type > expr::Scalar::i64 || type > expr::Scalar::i64) {
        s_.segments[i].element.refuse(
            "pmml-output", "its output field '{}' is {}, that of another segment {}", named.name,
            to_string(other->field.type), to_string(type));
      }
      type = expr::Scalar::f64;
    }
    std::vector<ValueId> parts;
    for (const Field* field : fields) parts.push_back(column_as(field, type));
    ml::Combine op;
    op.method = CombineMethod::first;
    named.field.value = combine(std::move(op), std::move(parts), in_order());
    named.field.type = type;
    out.outputs.push_back(std::move(named));
  }

  // A field as a column of its type or of f64, or a column of missing cells without one.
  ValueId column_as(const Field* field, expr::Scalar type) {
    if (field == nullptr) {
      expr::Map none{type, expr::constant(expr::Constant::missing(type)), false};
      return builder_.add(std::move(none), {any_input()});
    }
    if (field->type == type && builder_.type(field->value).column()) return field->value;
    if (field->type == type) return builder_.add(table::Prepare{}, {field->value});
    expr::Map real{type, expr::call(Function::to_f64, {expr::input(0)}), false};
    return builder_.add(std::move(real), {field->value});
  }

  // The last segment that counts for a row; all of them may have named outputs.
  Result chain() {
    Result out;
    if (for_all_rows(results_.size() - 1)) {
      out = results_.back();
      out.outputs.clear();
      if (asks_for_entity(model_)) out.entity_id = chosen_id({results_.size() - 1});
    } else {
      std::vector<size_t> order = in_order();
      std::reverse(order.begin(), order.end());
      out = choose(order);
    }
    for (const Result& r : results_) {
      out.outputs.insert(out.outputs.end(), r.outputs.begin(), r.outputs.end());
    }
    return out;
  }

  // Every segment predicts a field of its own.
  Result multi_chain() {
    Result out = results_.back();
    out.outputs.clear();
    for (size_t i = 0; i < results_.size(); ++i) {
      const Result& r = results_[i];
      ValueId value = r.classification() ? r.label : r.value;
      if (!value.valid() || r.target.empty()) continue;
      Result::Named named;
      named.name = r.target;
      named.field = predicted(r);
      named.role = r.classification() ? Role::label : Role::value;
      named.target = true;
      out.outputs.push_back(std::move(named));
    }
    for (const Result& r : results_) {
      out.outputs.insert(out.outputs.end(), r.outputs.begin(), r.outputs.end());
    }
    return out;
  }

  // The results of every segment that counts for a row, as outputs that its id tells apart.
  Result all() {
    Result out;
    for (size_t i = 0; i < results_.size(); ++i) {
      const Result r = counted(i);
      if (!r.label.valid() && !r.value.valid()) {
        s_.segments[i].element.refuse("pmml-feature", "its model predicts no value");
      }
      Result::Named value;
      value.name = (r.target.empty() ? "predictedValue" : r.target) + ":" + id_of(i);
      value.field = predicted(r);
      value.role = r.classification() ? Role::label : Role::value;
      out.outputs.push_back(std::move(value));
      for (Result::Named named : r.outputs) {
        named.name += ":" + id_of(i);
        if (!for_all_rows(i)) {
          named.field.value = where_counted(i, column_as(&named.field, named.field.type));
        }
        out.outputs.push_back(std::move(named));
      }
    }
    return out;
  }

  Field predicted(const Result& r) const {
    if (r.classification()) {
      switch (r.classes.dtype()) {
        case DType::string: return {r.label, expr::Scalar::string, true, {}};
        case DType::boolean: return {r.label, expr::Scalar::boolean, true, {}};
        case DType::i64: return {r.label, expr::Scalar::i64, true, {}};
        default: return {r.label, expr::Scalar::f64, true, {}};
      }
    }
    bool f32 = builder_.type(r.value).tensor()->dtype == DType::f32;
    return {r.value, f32 ? expr::Scalar::f32 : expr::Scalar::f64, false, {}};
  }

  // Sums, averages, medians, maxima and votes.
  Result combined() {
    bool classes = model_.attribute("functionName") == "classification";
    if (!classes && model_.attribute("functionName") != "regression") {
      model_.refuse("pmml-attribute", "functionName=\"{}\", expected classification or regression",
                    model_.attribute("functionName"));
    }
    for (size_t i = 0; i < results_.size(); ++i) {
      const Result& r = results_[i];
      bool usable = !classes     ? r.value.valid()
                    : s_.votes() ? r.label.valid()
                                 : r.probabilities.valid();
      if (!usable) {
        s_.segments[i].element.refuse("pmml-feature", "its model has no {} to combine",
                                      !classes ? "value" : s_.votes() ? "class" : "probabilities");
      }
    }
    ml::Combine op;
    op.weights = s_.weights();
    op.missing = s_.missing;
    op.threshold = s_.threshold;
    op.dtype = float_math(model_) ? DType::f32 : DType::f64;
    op.method = combine_method(classes);
    Result out;
    if (!classes) {
      out.value = combine(std::move(op), &Result::value, in_order());
      return out;
    }
    TargetField target = target_of(model_, scope_);
    out.classes = target.values.empty() ? results_[0].classes
                                        : values_of(model_, target.values, target.type);
    align(out.classes);
    if (s_.votes()) op.classes = out.classes;
    out.probabilities =
        combine(std::move(op), s_.votes() ? &Result::label : &Result::probabilities, in_order());
    if (float_math(model_)) {
      out.probabilities = builder_.add(tensor::Cast{DType::f64}, {out.probabilities});
    }
    out.label = builder_.add(ml::Winner{out.classes}, {out.probabilities});
    return out;
  }

  CombineMethod combine_method(bool classes) const {
    if (s_.votes() && classes) return CombineMethod::vote;
    if (s_.averages()) return CombineMethod::average;
    if (s_.method == SegmentMethod::max) return CombineMethod::max;
    bool median = s_.method == SegmentMethod::median || s_.method == SegmentMethod::weighted_median;
    if (median && !classes) return CombineMethod::median;
    if (s_.sums() && !classes) return CombineMethod::sum;
    s_.element.refuse("pmml-feature", "multipleModelMethod=\"{}\" for a {}",
                      s_.element.attribute("multipleModelMethod"),
                      model_.attribute("functionName"));
  }

  const Element& model_;
  const Segmentation& s_;
  Scope& scope_;
  Builder& builder_;
  std::vector<Result> results_;
  std::vector<ValueId> masks_;
  const bool named_;  // output fields tell of single segments
  ValueId taken_;  // select_first: a boolean column, rows that a segment has already
};

}  // namespace

namespace {

// Models without schemas, one after another; each sees the ResultFields of those before it, and the
// last one is the result (PMML 4.0 and before, model composition).
std::optional<Result> read_sequence(const Element& model, Scope& scope) {
  std::optional<Result> result;
  std::vector<Result::Named> outputs;
  for (const Element& inner : model.children()) {
    if (!inner.is("Regression") && !inner.is("DecisionTree")) continue;
    if (model.child("Segmentation")) inner.refuse("pmml-feature", "beside a Segmentation");
    result = read_inner_model(inner, scope, scope.mask());
    for (Result::Named& o : result->outputs) {
      scope.add(o.name, o.field);
      outputs.push_back(std::move(o));
    }
  }
  if (result) result->outputs = std::move(outputs);
  return result;
}

}  // namespace

Result read_mining(const Element& model, Scope& scope) {
  if (auto sequence = read_sequence(model, scope)) return std::move(*sequence);
  Segmentation segmentation = read_segmentation(model);
  if (!asks_for_segment(model)) {
    if (auto forest = read_forest(model, segmentation, scope)) return std::move(*forest);
  }
  return Mining(model, segmentation, scope).read();
}

}  // namespace panmodel::pmml
