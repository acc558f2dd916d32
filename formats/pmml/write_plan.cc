#include "formats/pmml/write_plan.h"

#include <algorithm>

#include "base/diagnostic.h"
#include "ir/op.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

const char* type_of(DType classes) {
  switch (classes) {
    case DType::string: return "string";
    case DType::boolean: return "boolean";
    case DType::f32:
    case DType::f64: return "double";
    default: return "integer";
  }
}

class Planner {
 public:
  Planner(const Model& model, Columns& columns, Chain& chain, Diagnostics& out)
      : model_(model), columns_(columns), fields_(columns.fields()), chain_(chain), out_(out) {}

  Plan run() {
    const Output* label = output(Role::label);
    const Output* probability = output(Role::probability);
    const Output* value = output(Role::value);
    if (label != nullptr) {
      classify(*label, probability);
    } else if (value != nullptr) {
      regress(*value);
    } else {
      transform();
    }
    for (const Output& o : model_.outputs) {
      if (&o != label && &o != probability && (label != nullptr || &o != value)) extra(o);
    }
    return std::move(plan_);
  }

 private:
  const Output* output(Role role) const {
    auto found = std::find_if(model_.outputs.begin(), model_.outputs.end(),
                              [&](const Output& o) { return o.role == role; });
    return found == model_.outputs.end() ? nullptr : &*found;
  }
  template <class Op>
  const Op* op(ValueId value) const {
    return columns_.op<Op>(value);
  }
  const Node* producer(ValueId value) const { return model_.graph.producer(value); }
  ValueId input(ValueId value, size_t i = 0) const { return producer(value)->inputs[i]; }
  const Location& place(ValueId value) const {
    const Node* maker = producer(value);
    return maker != nullptr ? columns_.place(*maker) : model_.location({});
  }

  // The ensemble that makes the value, divided by a constant or not.
  std::optional<Trees> ensemble(ValueId value) {
    double divisor = 1;
    const auto* quotient = op<tensor::Binary>(value);
    if (quotient != nullptr && quotient->fn == tensor::BinaryFn::div) {
      const auto* by = op<tensor::Constant>(input(value, 1));
      if (by == nullptr || by->value.size() != 1) return std::nullopt;
      divisor = by->value.real(0);
      value = input(value);
    }
    if (op<ml::TreeEnsemble>(value) == nullptr) return std::nullopt;
    return trees_of(*producer(value), divisor, columns_);
  }

  // Every column of the value as a linear form.
  std::vector<LinearForm> forms(ValueId value) {
    std::vector<LinearForm> out;
    if (const auto* linear = op<ml::Linear>(value)) {
      const std::vector<FieldId> features = columns_.fields_of(input(value));
      for (size_t k = 0; k < linear->intercept.size(); ++k) {
        out.push_back(linear_form(*linear, k, features));
      }
      return out;
    }
    for (const Column& c : columns_.of(value)) out.push_back(form_of(c, columns_, place(value)));
    return out;
  }

  void regress(const Output& output) {
    ValueId y = output.value;
    PlannedModel p;
    const auto* mean = op<tensor::Unary>(y);
    if (mean != nullptr && mean->fn == tensor::UnaryFn::exp) {
      p.normalization = "exp";
      y = input(y);
    }
    auto trees = ensemble(y);
    if (trees && p.normalization == std::string_view("none")) {
      p.kind = PlannedModel::Kind::trees;
      p.trees = *trees;
      for (size_t k = 0; k < static_cast<size_t>(trees->ensemble->targets); ++k) {
        p.trees.target = k;
        plan_.models.push_back(p);
      }
    } else {
      for (const LinearForm& form : forms(y)) {
        p.tables = {chain_.expanded(form)};
        plan_.models.push_back(p);
      }
    }
    const size_t count = plan_.models.size();
    for (size_t k = 0; k < count; ++k) {
      plan_.targets.push_back(fields_.unique(count == 1 ? "y" : fmt::format("y{}", k + 1)));
    }
    plan_.target_type = "double";
  }

  // concat(1 - s, s) with s = sigmoid(z): z, else an invalid value.
  ValueId logit(ValueId probability) const {
    const auto* concat = op<tensor::Concat>(probability);
    if (concat == nullptr || producer(probability)->inputs.size() != 2) return {};
    const ValueId s = input(probability, 1), rest = input(probability, 0);
    const auto* sigmoid = op<tensor::Unary>(s);
    const auto* difference = op<tensor::Binary>(rest);
    if (sigmoid == nullptr || sigmoid->fn != tensor::UnaryFn::sigmoid || difference == nullptr ||
        difference->fn != tensor::BinaryFn::sub || input(rest, 1) != s) {
      return {};
    }
    const auto* one = op<tensor::Constant>(input(rest, 0));
    const bool whole = one != nullptr && one->value.size() == 1 && one->value.real(0) == 1;
    return whole ? input(s) : ValueId{};
  }

  // Whether z is s times a positive constant.
  bool same_sign(ValueId z, ValueId s) const {
    if (z == s) return true;
    const auto* product = op<tensor::Binary>(z);
    if (product == nullptr || product->fn != tensor::BinaryFn::mul) return false;
    for (size_t i : {size_t{0}, size_t{1}}) {
      const auto* by = op<tensor::Constant>(input(z, i));
      if (by != nullptr && by->value.size() == 1 && by->value.real(0) > 0) {
        return input(z, 1 - i) == s;
      }
    }
    return false;
  }

  void classify(const Output& label, const Output* probability) {
    const auto* labels = op<ml::Labels>(label.value);
    if (labels == nullptr) {
      fail(place(label.value), "pmml-write", "a label that is not chosen by scores");
    }
    for (size_t k = 0; k < labels->classes.size(); ++k) {
      plan_.classes.push_back(text_at(labels->classes, k));
    }
    chain_.set_classes(plan_.classes);
    plan_.target_type = type_of(labels->classes.dtype());
    plan_.targets = {fields_.unique("y")};
    refuse_wide(labels->classes, place(label.value));
    const ValueId scores = input(label.value);
    PlannedModel p;
    if (plan_.classes.size() == 1) {
      p.kind = PlannedModel::Kind::threshold;
      plan_.models = {p};
      plan_.probability = probability;
      return;
    }
    if (probability != nullptr && !near_ties(scores) &&
        with_probabilities(*labels, scores, probability->value)) {
      plan_.probability = probability;
      return;
    }
    if (labels->rule == ml::LabelRule::argmax) {
      if (near_ties(scores)) {
        p.normalization = "simplemax";
        p.tables = largest(scores);
      } else {
        p.normalization = "softmax";  // which is largest where the score is
        p.tables = forms(scores);
      }
    } else {
      p.kind = PlannedModel::Kind::threshold;
      p.score = columns_.fields_of(scores).at(0);
      p.has_score = true;
      p.threshold = labels->threshold;
      p.closed = labels->rule == ml::LabelRule::at_least;
    }
    plan_.models = {p};
    if (probability != nullptr) extra(*probability);
  }

  // Whether rows near 0 have scores that differ by less than their probabilities can tell.
  bool near_ties(ValueId scores) const {
    const auto* linear = op<ml::Linear>(scores);
    if (linear == nullptr) return false;
    const std::vector<double> intercepts = linear->intercept.reals();
    if (intercepts.size() == 1) return intercepts[0] == 0;
    return std::all_of(intercepts.begin(), intercepts.end(),
                       [&](double v) { return v == intercepts[0]; });
  }

  // 1 for the scores that are the largest.
  std::vector<LinearForm> largest(ValueId scores) {
    using expr::Function;
    const std::vector<FieldId> fields = columns_.fields_of(scores);
    const auto where_present = [](const expr::Expr& tested, expr::Expr value) {
      expr::Expr present = expr::call(Function::is_not_missing, {tested});
      return expr::call(Function::if_else, {std::move(present), std::move(value)});
    };
    std::vector<expr::Expr> all;
    for (FieldId f : fields) all.push_back(expr::input(f));
    expr::Expr most = expr::call(Function::max, all);
    for (const expr::Expr& e : all) {
      if (fields_.can_miss(e)) most = where_present(e, std::move(most));
    }
    const FieldId top =
        fields_.derived("largest", std::move(most), expr::Scalar::f64, place(scores));
    std::vector<LinearForm> out;
    for (size_t k = 0; k < fields.size(); ++k) {
      expr::Expr same = expr::call(Function::equal, {expr::input(fields[k]), expr::input(top)});
      expr::Expr e = expr::call(Function::if_else,
                                {std::move(same), expr::constant(1.0), expr::constant(0.0)});
      if (fields_[top].can_miss) e = where_present(expr::input(top), std::move(e));
      const std::string name = fmt::format("largest({})", plan_.classes.at(k));
      const FieldId field = fields_.derived(name, std::move(e), expr::Scalar::f64, place(scores));
      out.push_back({0, {{field, 1.0}}});
    }
    return out;
  }

  // A model whose probabilities choose the label that the source chooses; false when there is none.
  bool with_probabilities(const ml::Labels& labels, ValueId scores, ValueId probability) {
    const bool argmax = labels.rule == ml::LabelRule::argmax;
    PlannedModel p;
    const auto* softmax = op<tensor::Softmax>(probability);
    const ValueId z = logit(probability);
    if (softmax != nullptr && !softmax->log && argmax &&
        (scores == probability || scores == input(probability))) {
      p.normalization = "softmax";
      p.tables = forms(input(probability));
    } else if (z.valid() && (argmax ? scores == probability
                                    : labels.threshold == 0 && same_sign(z, scores))) {
      // The first table wins where both classes have one half.
      p.first_class_last = labels.rule == ml::LabelRule::at_least;
      p.normalization = p.first_class_last ? "logit" : "softmax";
      p.tables = {{}, forms(z).at(0)};
    } else if (argmax && scores == probability) {
      if (auto trees = ensemble(probability); trees && is_distribution(*trees)) {
        p.kind = PlannedModel::Kind::trees;
        p.trees = *trees;
        p.trees.classes = plan_.classes;
      } else {
        p.normalization = "simplemax";
        p.tables = forms(probability);
      }
    } else {
      return false;
    }
    plan_.models = {p};
    return true;
  }

  // A transformer: a model that predicts nothing, with its results as output fields.
  void transform() {
    PlannedModel p;
    p.tables = {{}};
    plan_.models = {p};
    plan_.targets = {""};
  }

  // The columns of an output as output fields; a loss where they would need models of their own.
  void extra(const Output& o) {
    const size_t known = plan_.extras.size();
    const bool optional = !plan_.transformer() && o.role != Role::probability;
    chain_.set_frozen(optional);
    try {
      add_extras(o);
    } catch (const Failure& f) {
      if (!optional) throw;
      plan_.extras.resize(known);
      out_.report(Severity::loss, place(o.value), "pmml-lost-output",
                  "the output '{}' has no place in the PMML document", o.name);
    }
    chain_.set_frozen(false);
  }
  void add_extras(const Output& o) {
    const std::vector<Column> columns = columns_.of(o.value);
    const bool keyed = columns.size() > 1 || o.keys.size() == 1;
    for (size_t k = 0; k < columns.size(); ++k) {
      const std::string key =
          o.keys.size() == columns.size() ? text_at(o.keys, k) : std::to_string(k);
      const std::string name = o.role == Role::probability ? fmt::format("probability({})", key)
                               : keyed                     ? fmt::format("{}({})", o.name, key)
                                                           : o.name;
      const FieldId field = columns_.field(columns[k], name + " value", place(o.value));
      plan_.extras.push_back({&o, k, fields_.unique(name), field, std::string(to_string(o.role)),
                              keyed ? key : ""});
    }
  }

  const Model& model_;
  Columns& columns_;
  Fields& fields_;
  Chain& chain_;
  Diagnostics& out_;
  Plan plan_;
};

}  // namespace

bool Plan::reads_segments(const Fields& fields) const {
  std::set<FieldId> named;
  for (const PlannedModel& p : models) {
    for (const LinearForm& form : p.tables) {
      for (const auto& [field, coefficient] : form.terms) named.insert(field);
    }
    for (const Feature& f : p.trees.features) named.insert(f.field);
    if (p.kind == PlannedModel::Kind::threshold && p.has_score) named.insert(p.score);
  }
  for (const Extra& e : extras) named.insert(e.field);
  return std::any_of(named.begin(), named.end(), [&](FieldId f) { return fields[f].local; });
}

Plan plan_of(const Model& model, Columns& columns, Chain& chain, Diagnostics& out) {
  return Planner(model, columns, chain, out).run();
}

}  // namespace panmodel::pmml
