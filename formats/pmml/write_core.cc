// Which model element a prediction is, and the frame around it.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "formats/pmml/write_graph.h"
#include "formats/pmml/write_xml.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

using tensor::BinaryFn;
using tensor::UnaryFn;

// The node behind a conversion between f32 and f64.
ValueId uncast(const GraphDocument& d, ValueId v) {
  return d.op<tensor::Cast>(v) != nullptr ? d.input(v) : v;
}

bool is_ensemble(const GraphDocument& d, ValueId v) {
  return d.op<ml::TreeEnsemble>(v) != nullptr;
}

// An ensemble, or one divided by a number.
bool ensemble_of(const GraphDocument& d, ValueId v, ValueId& ensemble, double& divisor) {
  v = uncast(d, v);
  divisor = 1;
  const auto* quotient = d.op<tensor::Binary>(v);
  if (quotient != nullptr && quotient->fn == BinaryFn::div &&
      d.constant(d.input(v, 1)) != nullptr && d.constant(d.input(v, 1))->size() == 1) {
    divisor = d.constant(d.input(v, 1))->real(0);
    v = d.input(v);
  }
  ensemble = v;
  return is_ensemble(d, v);
}

// The steps of Targets, taken off a value from the last one on.
class ValueTargets {
 public:
  explicit ValueTargets(const GraphDocument& document) : d_(document) {}

  // Whether a step was taken off.
  bool strip(ValueId& v) {
    if (missing(v) || whole(v)) return true;
    if (stage_ > 2 && arithmetic(v, BinaryFn::add, 2, "rescaleConstant")) return true;
    if (stage_ > 1 && arithmetic(v, BinaryFn::mul, 1, "rescaleFactor")) return true;
    return stage_ > 0 && clip(v);
  }
  void write(pugi::xml_node targets, const std::string& field) const {
    if (attributes_.empty() && missing_.empty()) return;
    pugi::xml_node target = add(targets, "Target");
    if (!field.empty()) set(target, "field", field);
    for (auto a = attributes_.rbegin(); a != attributes_.rend(); ++a)
      set(target, a->first, a->second);
    if (!missing_.empty()) set(add(target, "TargetValue"), "defaultValue", missing_);
  }

 private:
  const Tensor* number(ValueId v) const {
    const Tensor* c = d_.constant(v);
    return c != nullptr && c->size() == 1 ? c : nullptr;
  }
  bool missing(ValueId& v) {
    if (stage_ < 5 || d_.op<tensor::Where>(v) == nullptr) return false;
    const Node& node = *d_.producer(v);
    const auto* test = d_.op<tensor::Unary>(node.inputs[0]);
    const Tensor* absent = number(node.inputs[1]);
    if (test == nullptr || test->fn != UnaryFn::is_nan ||
        d_.input(node.inputs[0]) != node.inputs[2] || !absent)
      return false;
    missing_ = text_at(*absent, 0);
    v = node.inputs[2];
    stage_ = 4;
    return true;
  }
  bool whole(ValueId& v) {
    if (stage_ < 4) return false;
    const char* cast = nullptr;
    ValueId inner;
    if (const auto* unary = d_.op<tensor::Unary>(v)) {
      if (unary->fn == UnaryFn::ceil) cast = "ceiling";
      if (unary->fn == UnaryFn::floor) cast = "floor";
      inner = d_.input(v);
    } else if (d_.op<table::Assemble>(v) != nullptr) {
      const auto* map = d_.op<expr::Map>(d_.input(v));
      const bool round = map != nullptr && map->body.kind == expr::Expr::Kind::call &&
                         map->body.function == expr::Function::round &&
                         map->body.arguments[0].kind == expr::Expr::Kind::input;
      if (round) {
        cast = "round";
        inner = d_.input(d_.input(v));
      }
    }
    if (cast == nullptr) return false;
    attributes_.emplace_back("castInteger", cast);
    v = inner;
    stage_ = 3;
    return true;
  }
  bool arithmetic(ValueId& v, BinaryFn fn, int stage, const char* attribute) {
    const auto* binary = d_.op<tensor::Binary>(v);
    const Tensor* c = binary != nullptr && binary->fn == fn ? number(d_.input(v, 1)) : nullptr;
    if (c == nullptr) return false;
    attributes_.emplace_back(attribute, text_at(*c, 0));
    v = d_.input(v);
    stage_ = stage;
    return true;
  }
  bool clip(ValueId& v) {
    if (d_.op<tensor::Clip>(v) == nullptr) return false;
    const Node& node = *d_.producer(v);
    for (size_t i : {size_t{2}, size_t{1}}) {
      const Tensor* bound =
          node.inputs.size() > i && node.inputs[i].valid() ? number(node.inputs[i]) : nullptr;
      if (bound != nullptr && !std::isinf(bound->real(0)))
        attributes_.emplace_back(i == 1 ? "min" : "max", text_at(*bound, 0));
    }
    v = node.inputs[0];
    stage_ = 0;
    return true;
  }

  const GraphDocument& d_;
  int stage_ = 5;  // steps below it may still be taken off
  std::vector<std::pair<const char*, std::string>> attributes_;
  std::string missing_;
};

// A value that is a field already, as the predicted one.
ModelElement write_field(pugi::xml_node parent, ModelFrame& frame, ValueId v) {
  ModelElement model(parent, "RegressionModel", false);
  const NamedField field = frame.scope.field(v);
  if (field.type == expr::Scalar::f32) set(model.element, "x-mathContext", "float");
  pugi::xml_node table = add(model.element, "RegressionTable");
  set(table, "intercept", "0");
  pugi::xml_node term = add(table, "NumericPredictor");
  set(term, "name", field.name);
  set(term, "coefficient", "1");
  return model;
}

// A tree by the scores of its nodes.
ModelElement write_scores(pugi::xml_node parent, ModelFrame& frame, ValueId score,
                          std::map<size_t, ValueId> models) {
  const GraphDocument& d = frame.document();
  Prediction tree = prediction_of(d, uncast(d, score));
  tree.value = uncast(d, score);  // of several numbers that nodes have
  ModelFrame inner{frame.scope, tree, {}, {}, std::move(models)};
  ModelElement model = write_tree(parent, inner);
  if (d.dtype(score) == DType::f32 && !model.element.attribute("x-mathContext")) {
    set(model.element, "x-mathContext", "float");
  }
  return model;
}

// The scores of a tree's nodes, or the values of the models in them where those are not missing:
// the node chooses a column of all of them. Returns the score, an invalid value for something else.
ValueId node_models(const GraphDocument& d, ValueId v, std::map<size_t, ValueId>& models) {
  if (d.op<tensor::Where>(v) == nullptr) return {};
  const Node& where = *d.producer(v);
  if (d.op<tensor::GatherElements>(where.inputs[2]) == nullptr) return {};
  const Node& gather = *d.producer(where.inputs[2]);
  // cast(where(is_nan(place), 0, place)), place = pick(node)
  ValueId place = gather.inputs[1];
  if (d.op<tensor::Cast>(place) != nullptr) place = d.input(place);
  if (d.op<tensor::Where>(place) != nullptr) place = d.input(place, 2);
  const auto* pick = d.op<table::Pick>(place);
  if (d.op<table::Assemble>(gather.inputs[0]) == nullptr || pick == nullptr) return {};
  const std::vector<ValueId>& columns = d.producer(gather.inputs[0])->inputs;
  if (where.inputs[1] != columns[0]) return {};
  for (size_t node = 0; node < pick->values.size(); ++node) {
    const auto column = static_cast<size_t>(pick->values.real(node));
    if (column > 0) models.emplace(node, columns.at(column));
  }
  return columns[0];
}

ModelElement write_value(pugi::xml_node parent, ModelFrame& frame) {
  const GraphDocument& d = frame.document();
  ValueTargets targets(d);
  ValueId v = frame.prediction.value;
  const auto finished = [&](ModelElement model) {
    const DocumentTarget* target = frame.target();
    targets.write(model.targets, target != nullptr ? target->field : "");
    return model;
  };
  for (;;) {
    ValueId ensemble;
    double divisor = 1;
    if (const auto mean = mean_of(d, v)) return finished(write_regression(parent, frame, *mean));
    if (ensemble_of(d, v, ensemble, divisor))
      return finished(write_forest(parent, frame, ensemble, divisor));
    const ValueId plain = uncast(d, v);
    if (d.op<table::Pick>(plain) != nullptr) return finished(write_scores(parent, frame, v, {}));
    std::map<size_t, ValueId> models;
    if (const ValueId score = node_models(d, v, models); score.valid()) {
      return finished(write_scores(parent, frame, score, std::move(models)));
    }
    if (d.op<ml::Combine>(v) != nullptr)
      return finished(write_segments(parent, frame, *d.producer(v)));
    if (!targets.strip(v)) break;
  }
  const Cell cell = d.cell(v);
  if (cell.value != frame.prediction.value || d.op<expr::Map>(cell.value) != nullptr) {
    return finished(write_field(parent, frame, v));
  }
  d.refuse(v, "as a value");
}

ModelElement write_classes(pugi::xml_node parent, ModelFrame& frame) {
  const GraphDocument& d = frame.document();
  const Prediction& p = frame.prediction;
  if (p.node.valid()) return write_tree(parent, frame);
  if (!p.scores.valid()) {
    const ValueId label = canonical(d, p.label);
    if (d.op<ml::Combine>(label) != nullptr)
      return write_segments(parent, frame, *d.producer(label));
    d.refuse(p.label, "as a class");
  }
  if (const auto mean = class_means_of(d, p.scores)) return write_regression(parent, frame, *mean);
  ValueId ensemble;
  double divisor = 1;
  if (ensemble_of(d, p.scores, ensemble, divisor))
    return write_forest(parent, frame, ensemble, divisor);
  const ValueId plain = uncast(d, p.scores);
  if (d.op<ml::Combine>(plain) != nullptr) return write_segments(parent, frame, *d.producer(plain));
  d.refuse(p.scores, "as the probabilities of classes");
}

}  // namespace

ModelElement::ModelElement(pugi::xml_node parent, const char* name, bool classification) {
  element = add(parent, name);
  set(element, "functionName", classification ? "classification" : "regression");
  schema = add(element, "MiningSchema");
  output = add(element, "Output");
  targets = add(element, "Targets");
  transformations = add(element, "LocalTransformations");
}

void ModelElement::finish() {
  for (pugi::xml_node part : {output, targets, transformations}) {
    if (!part.first_child()) element.remove_child(part);
  }
}

void add_schema_fields(pugi::xml_node schema, const std::vector<std::string>& names) {
  for (const std::string& name : names) set(add(schema, "MiningField"), "name", name);
}

void add_schema_target(pugi::xml_node schema, const DocumentTarget* target) {
  if (target == nullptr) return;
  pugi::xml_node field = add(schema, "MiningField");
  set(field, "name", target->field);
  set(field, "usageType", "target");
}

DocumentTarget* ModelFrame::target() const {
  std::deque<DocumentTarget>& targets = document().targets;
  if (!prediction.classification()) return targets[0].classes.empty() ? &targets[0] : nullptr;
  std::vector<std::string> classes;
  for (size_t k = 0; k < prediction.classes.size(); ++k) {
    classes.push_back(text_at(prediction.classes, k));
  }
  for (DocumentTarget& target : targets) {
    const bool all = std::all_of(classes.begin(), classes.end(), [&](const std::string& c) {
      return std::find(target.classes.begin(), target.classes.end(), c) != target.classes.end();
    });
    if (all) return &target;
  }
  const expr::Scalar type = scalar_of_dtype(prediction.classes.dtype());
  targets.push_back({document().unique("class"), type, std::move(classes), false});
  return &targets.back();
}

ModelElement write_core(pugi::xml_node parent, ModelFrame& frame) {
  const Prediction& p = frame.prediction;
  if (!p.classification()) return write_value(parent, frame);
  ModelElement model = write_classes(parent, frame);
  if (!p.priors.empty()) {
    pugi::xml_node target = add(model.targets, "Target");
    set(target, "field", frame.target()->field);
    for (size_t k = 0; k < p.priors.size(); ++k) {
      pugi::xml_node value = add(target, "TargetValue");
      set(value, "value", text_at(p.classes, k));
      set(value, "priorProbability", xml_real(p.priors[k]));
    }
  }
  return model;
}

pugi::xml_node write_models(pugi::xml_node parent, ModelScope& chain, const Prediction& prediction,
                            std::vector<Wanted> outputs, bool top) {
  GraphDocument& d = chain.document();
  ModelScope scope(d, &chain, false, chain.mask());
  ModelFrame frame{scope, prediction, std::move(outputs), {}};
  pugi::xml_node holder = d.scratch();
  ModelElement model = write_core(holder, frame);
  // Names within an inner chain are not seen outside of it.
  if (top || !chain.segments().first_child()) write_output(model, frame);
  const bool alone = !chain.segments().first_child();
  const DocumentTarget* target = frame.target();
  const auto move_derived = [](const ModelScope& from, pugi::xml_node to) {
    while (pugi::xml_node field = from.derived().first_child()) to.append_move(field);
  };
  if (alone) {
    // A chain of one is that model.
    if (!top) add_schema_fields(model.schema, chain.used());
    add_schema_target(model.schema, target);
    move_derived(chain, model.transformations);
    move_derived(scope, model.transformations);
    model.finish();
    parent.append_move(model.element);
    return model.output;
  }
  add_schema_fields(model.schema, scope.used());
  add_schema_target(model.schema, target);
  move_derived(scope, model.transformations);
  model.finish();
  ModelElement mining(parent, "MiningModel", prediction.classification());
  if (!top) {
    ModelFrame outer{chain, prediction, frame.outputs, {}};
    write_output(mining, outer);
    add_schema_fields(mining.schema, chain.used());
  }
  add_schema_target(mining.schema, target);
  move_derived(chain, mining.transformations);
  pugi::xml_node segmentation = add(mining.element, "Segmentation");
  set(segmentation, "multipleModelMethod", "modelChain");
  size_t number = 0;
  while (pugi::xml_node segment = chain.segments().first_child()) {
    pugi::xml_node moved = segmentation.append_move(segment);
    set(moved, "id", std::to_string(++number));
  }
  pugi::xml_node last = add(segmentation, "Segment");
  set(last, "id", std::to_string(++number));
  add(last, "True");
  last.append_move(model.element);
  mining.finish();
  return mining.output;
}

std::optional<NamedField> add_chained_field(ModelScope& chain, const Prediction& prediction,
                                            const Cell& cell) {
  GraphDocument& d = chain.document();
  for (const ModelScope::Chained& chained : chain.chained()) {
    const Prediction& p = *chained.prediction;
    if (p.value != prediction.value || p.scores != prediction.scores || p.label != prediction.label)
      continue;
    const auto feature = feature_of(d, p, cell);
    if (!feature) continue;
    const std::string given = d.name_of(cell);
    const NamedField field{d.unique(given.empty() ? feature->name : given), d.scalar(cell.value)};
    add_result_field(chained.output, field, p, *feature, false);
    return field;
  }
  return std::nullopt;
}

NamedField add_chained_model(ModelScope& chain, const Prediction& prediction, const Cell& cell) {
  GraphDocument& d = chain.document();
  const auto feature = feature_of(d, prediction, cell);
  if (!feature) d.refuse(cell.value, "as a field");
  pugi::xml_node segment = d.scratch();
  segment.set_name("Segment");
  add(segment, "True");
  ModelScope inner(d, &chain, true, chain.mask());
  const std::string given = d.name_of(cell);
  const NamedField field{d.unique(given.empty() ? feature->name : given), d.scalar(cell.value)};
  pugi::xml_node output =
      write_models(segment, inner, prediction, {{field.name, cell, false}}, false);
  chain.segments().append_move(segment);
  chain.chained().push_back({std::make_shared<const Prediction>(prediction), output});
  return field;
}

}  // namespace panmodel::pmml
