#include "formats/pmml/write_prediction.h"

#include <algorithm>

#include "base/diagnostic.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

// The Winner of scores, behind a conversion to double, or null.
const Node* winner_of(const GraphDocument& d, ValueId scores) {
  for (const Node* user : d.users(scores)) {
    if (user->as<ml::Winner>() != nullptr) return user;
    if (user->as<tensor::Cast>() == nullptr) continue;
    if (const Node* winner = winner_of(d, user->outputs[0])) return winner;
  }
  return nullptr;
}

Tensor numbered_classes(int64_t count) {
  std::vector<std::string> names;
  for (int64_t k = 0; k < count; ++k) names.push_back(std::to_string(k));
  return Tensor::vector(std::move(names));
}

int64_t width_of(const GraphDocument& d, ValueId v) {
  const TensorType* type = d.model().graph.type(v).tensor();
  return type != nullptr && type->dims && type->dims->size() == 2 ? (*type->dims)[1].size : 1;
}

// Priors that stand for missing probabilities and labels.
void add_priors(const GraphDocument& d, Prediction& p) {
  for (const Node* user : p.scores.valid() ? d.users(p.scores) : std::vector<const Node*>()) {
    if (user->as<tensor::Where>() == nullptr || user->inputs[2] != p.scores) continue;
    const Tensor* row = d.constant(user->inputs[1]);
    if (row == nullptr || row->rank() != 2) continue;
    p.priors = row->reals();
    p.probabilities = user->outputs[0];
  }
  if (!p.label.valid()) return;
  for (const Node* user : d.users(p.label)) {
    const auto* fill = user->as<table::Prepare>();
    if (fill == nullptr || !fill->missing_value || fill->masked) continue;
    if (p.priors.empty()) {
      for (size_t k = 0; k < p.classes.size(); ++k) {
        p.priors.push_back(text_at(p.classes, k) == text_at(*fill->missing_value, 0) ? 1 : 0);
      }
    }
    p.label = user->outputs[0];
    return;
  }
}

Prediction of_scores(const GraphDocument& d, ValueId scores) {
  Prediction p;
  p.scores = p.probabilities = scores;
  if (const Node* winner = winner_of(d, scores)) {
    p.scores = p.probabilities = winner->inputs[0];
    p.classes = winner->as<ml::Winner>()->classes;
    p.label = winner->outputs[0];
  } else {
    p.classes = numbered_classes(width_of(d, scores));
  }
  add_priors(d, p);
  return p;
}

// What the picks by the number of a node say.
Prediction of_node(const GraphDocument& d, ValueId node) {
  Prediction p;
  p.node = node;
  const Node* maker = d.producer(node);
  const auto* tree = maker->as<ml::DecisionTree>();
  for (const Node* user : d.users(node)) {
    const auto* pick = user->as<table::Pick>();
    if (pick == nullptr) continue;
    if (pick->values.rank() == 2 && pick->values.shape()[1] == 1 && !p.label.valid() &&
        !p.scores.valid()) {
      p.value = user->outputs[0];
    } else if (pick->values.rank() == 2) {
      (p.scores.valid() ? p.confidences : p.scores) = user->outputs[0];
    } else if (pick->rows.empty()) {
      p.entity = user->outputs[0];
    } else {
      p.label = user->outputs[0];
      p.classes = pick->values;
    }
  }
  // Confidences are those times the penalty of the walk.
  for (ValueId table : {p.scores, p.confidences}) {
    if (!table.valid() || tree == nullptr || tree->penalty == 1) continue;
    for (const Node* user : d.users(table)) {
      const auto* product = user->as<tensor::Binary>();
      if (product != nullptr && product->fn == tensor::BinaryFn::mul &&
          d.producer(user->inputs[1]) == maker) {
        p.confidences = user->outputs[0];
      }
    }
  }
  if (tree != nullptr && tree->blends()) {
    Prediction blend = of_scores(d, maker->outputs.back());
    (tree->unknown == ml::UnknownSplit::weighted_confidence ? p.confidences : p.scores) =
        blend.scores;
    p.label = blend.label;
    p.classes = blend.classes;
  }
  // A tree with a score and a table of one column is a regression.
  if (p.label.valid() && p.value.valid()) {
    p.scores = p.value;
    p.value = {};
  }
  // Where only the node counts, its number is what the tree predicts.
  const bool blends = tree != nullptr && tree->blends();
  if (!p.label.valid() && !p.scores.valid() && !p.value.valid() && !blends) p.value = node;
  if (p.value.valid()) return p;
  if (!p.label.valid() && p.scores.valid()) p.classes = numbered_classes(width_of(d, p.scores));
  p.probabilities = p.scores;
  if (p.scores.valid() || p.label.valid()) add_priors(d, p);
  return p;
}

// The first of several: all nodes that choose among the same segments, by what they choose.
Prediction of_first(const GraphDocument& d, const Node& first) {
  Prediction p;
  const Prediction part = prediction_of(d, first.inputs[0]);
  for (const Node& node : d.model().graph.nodes) {
    if (!same_segments(first, node)) continue;
    const ValueId chosen = canonical(d, node.inputs[0]);
    if (part.value.valid() && chosen == part.value) {
      p.value = node.outputs[0];
    } else if (part.label.valid() && chosen == canonical(d, part.label)) {
      p.label = node.outputs[0];
      if (const auto* pick = d.op<table::Pick>(node.inputs[0])) p.classes = pick->values;
    } else if (part.probabilities.valid() && chosen == part.probabilities) {
      p.scores = node.outputs[0];
    } else if (part.confidences.valid() && chosen == part.confidences) {
      p.confidences = node.outputs[0];
    } else if (part.entity.valid() && chosen == part.entity) {
      p.entity = node.outputs[0];
    }
  }
  if (p.value.valid()) return p;
  if (p.classes.empty()) p.classes = part.classes;
  p.probabilities = p.scores;
  if (p.scores.valid() || p.label.valid()) add_priors(d, p);
  return p;
}

}  // namespace

bool is_model_node(const Node& node) {
  return node.as<ml::TreeEnsemble>() != nullptr || node.as<ml::DecisionTree>() != nullptr ||
         node.as<ml::Linear>() != nullptr || node.as<ml::Winner>() != nullptr ||
         node.as<ml::Combine>() != nullptr;
}

namespace {

// The ids of the nodes of the tree whose score becomes a value by steps of Targets, or nothing.
ValueId entity_behind(const GraphDocument& d, ValueId v) {
  for (const Node* node = d.producer(v); node != nullptr; node = d.producer(v)) {
    if (node->as<table::Pick>() != nullptr) {
      return d.predicted(node->inputs[0]) ? of_node(d, node->inputs[0]).entity : ValueId{};
    }
    const bool step = node->as<tensor::Cast>() != nullptr || node->as<tensor::Clip>() != nullptr ||
                      node->as<tensor::Unary>() != nullptr || node->as<tensor::Binary>() != nullptr;
    const bool choice = node->as<tensor::Where>() != nullptr;
    if (!step && !choice) return {};
    // A missing score has a stand-in, or is that of a node without a model.
    const bool column = choice && d.constant(node->inputs[1]) == nullptr;
    v = node->inputs[choice && !column ? 2 : choice ? 1 : 0];
  }
  return {};
}

}  // namespace

bool same_segments(const Node& a, const Node& b) {
  const auto& x = *a.as<ml::Combine>();
  const auto* y = b.as<ml::Combine>();
  if (y == nullptr || y->method != ml::CombineMethod::first || y->masked != x.masked ||
      a.inputs.size() != b.inputs.size()) {
    return false;
  }
  const size_t parts = x.masked ? a.inputs.size() / 2 : a.inputs.size();
  return std::equal(a.inputs.begin() + static_cast<ptrdiff_t>(parts), a.inputs.end(),
                    b.inputs.begin() + static_cast<ptrdiff_t>(parts));
}

bool is_typed_result(const GraphDocument& d, const Node& node) {
  const auto* map = node.as<expr::Map>();
  if (map == nullptr || map->body.kind != expr::Expr::Kind::call) return false;
  const expr::Expr& body = map->body;
  if (body.function < expr::Function::to_f64 || body.function > expr::Function::to_string)
    return false;
  if (body.arguments[0].kind != expr::Expr::Kind::input || body.arguments[0].map_missing_to)
    return false;
  const ValueId from = d.cell(node.inputs[0]).value;
  // Ids of nodes, and numbers.
  const Node* maker = d.producer(from);
  if (maker == nullptr || !d.predicted(from) || maker->as<expr::Map>() != nullptr) return false;
  const auto* pick = maker->as<table::Pick>();
  if (pick != nullptr) return pick->rows.empty() && d.predicted(maker->inputs[0]);
  return d.dtype(from) == DType::f64 || d.dtype(from) == DType::f32;
}

ValueId canonical(const GraphDocument& d, ValueId v) {
  while (const Node* node = d.producer(v)) {
    if (node->as<table::Pick>() != nullptr && d.op<ml::LabelMap>(node->inputs[0]) != nullptr) {
      v = d.input(node->inputs[0]);
    } else if (const auto* gather = node->as<tensor::Gather>();
               gather != nullptr && gather->axis == 1 && d.constant(node->inputs[1]) != nullptr &&
               static_cast<int64_t>(d.constant(node->inputs[1])->size()) ==
                   width_of(d, node->inputs[0])) {
      v = node->inputs[0];
    } else {
      break;
    }
  }
  return v;
}

Prediction prediction_of(const GraphDocument& d, ValueId v) {
  v = canonical(d, v);
  const Node* node = d.producer(v);
  if (node == nullptr || !d.predicted(v)) d.refuse(v, "as the result of a model");
  if (is_typed_result(d, *node)) return prediction_of(d, node->inputs[0]);
  if (node->as<ml::Winner>() != nullptr) {
    const Node* scores = d.producer(node->inputs[0]);
    if (d.op<ml::DecisionTree>(node->inputs[0]) != nullptr) return of_node(d, scores->outputs[0]);
    return of_scores(d, node->inputs[0]);
  }
  if (node->as<table::Pick>() != nullptr) return of_node(d, node->inputs[0]);
  if (node->as<ml::DecisionTree>() != nullptr) return of_node(d, node->outputs[0]);
  if (const auto* prepare = node->as<table::Prepare>();
      prepare != nullptr && prepare->missing_value) {
    return prediction_of(d, node->inputs[0]);
  }
  if (const auto* combine = node->as<ml::Combine>()) {
    if (combine->method == ml::CombineMethod::first) return of_first(d, *node);
    if (combine->method == ml::CombineMethod::vote || width_of(d, v) != 1) return of_scores(d, v);
  }
  if (node->as<tensor::Where>() != nullptr) {
    const Tensor* row = d.constant(node->inputs[1]);
    if (row != nullptr && row->rank() == 2) return prediction_of(d, node->inputs[2]);
  }
  if (const auto* product = node->as<tensor::Binary>();
      product != nullptr && product->fn == tensor::BinaryFn::mul) {
    // Confidences times the penalty of a tree.
    if (d.op<ml::DecisionTree>(node->inputs[1]) != nullptr) {
      Prediction p = prediction_of(d, node->inputs[0]);
      if (!p.confidences.valid()) p.probabilities = p.scores;
      p.confidences = v;
      return p;
    }
  }
  if (const auto* trees = node->as<ml::TreeEnsemble>(); trees != nullptr) {
    for (const Node* user : d.users(v)) {
      if (user->as<table::Pick>() != nullptr) return of_node(d, v);
    }
  }
  if (winner_of(d, v) != nullptr || width_of(d, v) != 1) return of_scores(d, v);
  if (node->as<tensor::Cast>() != nullptr) {
    const Cell inner = d.cell(node->inputs[0]);
    if (width_of(d, inner.value) != 1) return prediction_of(d, inner.value);
  }
  Prediction p;
  p.value = v;
  p.entity = entity_behind(d, v);
  return p;
}

std::optional<Feature> feature_of(const GraphDocument& d, const Prediction& p, const Cell& cell) {
  if (!cell.value.valid()) return std::nullopt;
  const ValueId v = canonical(d, cell.value);
  const auto is = [&](ValueId result) {
    return result.valid() && (v == result || cell.value == result);
  };
  if (is(p.value) || (p.label.valid() && v == canonical(d, p.label)))
    return Feature{"predictedValue", 0};
  if (is(p.probabilities) || is(p.scores)) return Feature{"probability", cell.column};
  if (is(p.confidences)) return Feature{"confidence", cell.column};
  if (is(p.entity)) return Feature{"entityId", 0};
  // The OutputField says the type.
  const Node* node = d.producer(v);
  const bool typed =
      node != nullptr && (node->as<tensor::Cast>() != nullptr || is_typed_result(d, *node));
  return typed ? feature_of(d, p, d.cell(node->inputs[0])) : std::nullopt;
}

namespace {

// The only linear predictors that a value comes from through tensor operators, or nothing.
ValueId linear_behind(const GraphDocument& d, ValueId v, int steps = 0) {
  if (!v.valid() || d.producer(v) == nullptr || steps > 16) return {};
  if (d.op<ml::Linear>(v) != nullptr) return v;
  const std::string_view name = op_info(d.producer(v)->op).meta.name;
  if (!name.starts_with("tensor.") && !name.starts_with("expr.") &&
      !name.starts_with("table.assemble"))
    return {};
  for (ValueId input : d.producer(v)->inputs) {
    if (ValueId found = linear_behind(d, input, steps + 1); found.valid()) return found;
  }
  return {};
}

// Whether `v` of the graph is what `made` computes from its one input, which is `linear`.
bool same_steps(const GraphDocument& d, ValueId v, const Model& made, ValueId m, ValueId linear) {
  const Node* a = made.graph.producer(m);
  if (a == nullptr) return v == linear;
  if (v == linear || !v.valid()) return false;
  const Node* b = d.producer(v);
  if (b == nullptr || a->op != b->op || a->inputs.size() != b->inputs.size()) return false;
  if (!op_info(a->op).equal(a->payload.get(), b->payload.get())) return false;
  for (size_t i = 0; i < a->inputs.size(); ++i) {
    if (!same_steps(d, b->inputs[i], made, a->inputs[i], linear)) return false;
  }
  return true;
}

// Whether `v` is what `steps` makes of the linear predictors.
template <class Steps>
bool is_made_by(const GraphDocument& d, ValueId v, ValueId linear, Steps steps) {
  Model made;
  Builder builder(made);
  const ValueId y = builder.input("y", d.model().graph.type(linear));
  Link link(builder, d.dtype(linear));
  return same_steps(d, v, made, steps(link, y), linear);
}

constexpr Normalization kMethods[] = {
    Normalization::none,  Normalization::simplemax, Normalization::softmax,
    Normalization::logit, Normalization::probit,    Normalization::cloglog,
    Normalization::exp,   Normalization::loglog,    Normalization::cauchit};

}  // namespace

std::optional<Mean> mean_of(const GraphDocument& d, ValueId v) {
  const ValueId linear = linear_behind(d, v);
  if (!linear.valid() || width_of(d, linear) != 1) return std::nullopt;
  for (Normalization method : kMethods) {
    if (method == Normalization::simplemax || method == Normalization::softmax) continue;
    if (is_made_by(d, v, linear, [&](Link& link, ValueId y) { return link.inverse(method, y); })) {
      return Mean{method, linear, false};
    }
  }
  return std::nullopt;
}

std::optional<Mean> class_means_of(const GraphDocument& d, ValueId v) {
  if (d.op<tensor::Cast>(v) != nullptr) v = d.input(v);
  const ValueId linear = linear_behind(d, v);
  if (!linear.valid()) return std::nullopt;
  const auto count = static_cast<size_t>(width_of(d, linear));
  if (count < 2) return std::nullopt;
  for (Normalization method : kMethods) {
    const bool all = method == Normalization::softmax || method == Normalization::simplemax;
    if (method == Normalization::exp) continue;
    const auto binary = [&](Link& link, ValueId y) { return link.binary_classes(method, y); };
    const auto many = [&](Link& link, ValueId y) { return link.many_classes(method, y, count); };
    const auto ordinal = [&](Link& link, ValueId y) { return link.ordinal(method, y, count); };
    if (count == 2 && is_made_by(d, v, linear, binary)) return Mean{method, linear, false};
    const bool plain = all || method == Normalization::none || method == Normalization::logit;
    if (count > 2 && plain && is_made_by(d, v, linear, many)) return Mean{method, linear, false};
    if (!all && is_made_by(d, v, linear, ordinal)) return Mean{method, linear, true};
  }
  return std::nullopt;
}

}  // namespace panmodel::pmml
