// TreeModel (PMML 4.4): the result of its nodes as values of the graph.
#include "formats/pmml/tree.h"

#include <algorithm>

#include "formats/pmml/values.h"
#include "ir/ops/combine.h"
#include "ir/ops/expr.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pmml {
namespace {

using expr::Scalar;
using ml::UnknownSplit;

// Names of nodes: their ids, else their number in document order from 1.
Tensor node_ids(const Tree& tree) {
  std::vector<std::string> ids;
  for (const Element& node : tree.nodes) {
    auto id = node.find("id");
    ids.push_back(id ? std::string(*id) : std::to_string(ids.size() + 1));
  }
  return Tensor::vector(std::move(ids));
}

bool wants_entity(const Element& model, const Scope& scope) {
  return scope.reader().entities || asks_for_entity(model);
}

// What a row reaches: a node's number as a real or a column, and by option the penalty and the blend.
struct Reached {
  ValueId node, penalty, blend;
};

Reached reach(const Tree& tree, Builder& builder) {
  std::vector<double> numbers;
  for (size_t n = 0; n < tree.nodes.size(); ++n) numbers.push_back(static_cast<double>(n));
  ForestBuilder forest;
  if (forest.add(tree, 1, numbers)) {
    ml::TreeEnsemble op;
    ValueId matrix = forest.matrix(builder);
    op.forest = forest.take();
    return {builder.add(std::move(op), {matrix}), {}, {}};
  }
  auto made = builder.add_all(tree.op, tree.inputs);
  Reached out{made[0], {}, {}};
  if (tree.op.penalty != 1) out.penalty = made[1];
  if (tree.op.blends()) out.blend = made.back();
  return out;
}

// The node as an index, 0 = none.
ValueId picked_index(const std::vector<double>& table, ValueId node, Builder& b) {
  Shape shape{static_cast<int64_t>(table.size()), 1};
  ValueId index = b.add(table::Pick{{}, Tensor::of(std::move(shape), std::vector(table))}, {node});
  ValueId none = b.add(tensor::Unary{tensor::UnaryFn::is_nan}, {index});
  index = b.add(tensor::Where{}, {none, real_constant(b, DType::f64, 0), index});
  return b.add(tensor::Cast{DType::i64}, {index});
}

// Rows that reach a node.
ValueId reaching(size_t number, ValueId node, Scope& scope) {
  using expr::Function;
  expr::Expr index = expr::constant(static_cast<double>(number));
  expr::Expr here = expr::call(Function::equal, {expr::input(0), std::move(index)});
  here.default_value = expr::Constant(false);
  here.unknown = true;
  std::vector<ValueId> inputs{node};
  if (scope.mask().valid()) {
    here = expr::call(Function::logical_and, {std::move(here), expr::input(1)});
    inputs.push_back(scope.mask());
  }
  expr::Map map{Scalar::boolean, std::move(here), false};
  return scope.reader().builder.add(std::move(map), std::move(inputs));
}

// The scores of the nodes; where a node has a model of its own the value of that, unless it is
// missing.
ValueId with_models(const Tree& tree, ValueId score, ValueId node, DType dtype, Scope& scope) {
  Builder& b = scope.reader().builder;
  std::vector<ValueId> columns{score};
  std::vector<double> place(tree.nodes.size(), 0);
  for (const auto& [number, model] : tree.models) {
    if (model.attribute("functionName") != "regression" || model.child("ResultField")) {
      model.refuse("pmml-feature",
                   "in a node of a regression: only regressions without ResultField");
    }
    // Only expressions of its own could refuse a row.
    const bool guarded = static_cast<bool>(model.child("LocalTransformations"));
    const ValueId mask = guarded ? reaching(number, node, scope) : scope.mask();
    Result result = read_inner_model(model, scope, mask);
    place[number] = static_cast<double>(columns.size());
    columns.push_back(result.value);
  }
  ValueId matrix = b.add(table::Assemble{dtype}, std::move(columns));
  ValueId value = b.add(tensor::GatherElements{1}, {matrix, picked_index(place, node, b)});
  ValueId missing = b.add(tensor::Unary{tensor::UnaryFn::is_nan}, {value});
  return b.add(tensor::Where{}, {missing, score, value});
}

Result classification(const Element& model, Tree tree, Scope& scope) {
  if (!tree.models.empty()) {
    tree.models[0].second.refuse("pmml-feature", "a model in a node of a classification");
  }
  Builder& builder = scope.reader().builder;
  TargetField target = target_of(model, scope);
  std::vector<std::string> classes = target.values;
  TreeClasses said = read_tree_classes(tree, classes);
  auto count = static_cast<int64_t>(classes.size());
  auto nodes = static_cast<int64_t>(tree.nodes.size());
  bool weighted = tree.op.unknown == UnknownSplit::weighted_confidence;
  if (tree.op.blends()) {
    tree.op.distribution = Tensor::of({nodes, count}, weighted ? said.confidences : said.probabilities);
    if (tree.op.distribution.empty()) {
      model.refuse("pmml-element", "no ScoreDistribution to blend");
    }
  }
  Reached at = reach(tree, builder);
  Result result;
  result.classes = values_of(model, classes, target.type);
  ValueId label = builder.add(table::Pick{said.winner, result.classes}, {at.node});
  if (!said.probabilities.empty() && !at.blend.valid()) {
    Tensor table = Tensor::of({nodes, count}, std::move(said.probabilities));
    result.probabilities = builder.add(table::Pick{{}, std::move(table)}, {at.node});
  }
  if (!said.confidences.empty()) {
    Tensor table = Tensor::of({nodes, count}, std::move(said.confidences));
    result.confidences = builder.add(table::Pick{{}, std::move(table)}, {at.node});
    if (at.penalty.valid()) {
      result.confidences =
          builder.add(tensor::Binary{tensor::BinaryFn::mul}, {result.confidences, at.penalty});
    }
  }
  if (at.blend.valid()) {
    (weighted ? result.confidences : result.probabilities) = at.blend;
    label = builder.add(ml::Winner{result.classes}, {at.blend});
  }
  result.label = label;
  if (wants_entity(model, scope)) {
    result.entity_id = builder.add(table::Pick{{}, node_ids(tree)}, {at.node});
  }
  return result;
}

Result regression(const Element& model, Tree tree, Scope& scope) {
  Builder& builder = scope.reader().builder;
  DType dtype = float_math(model) ? DType::f32 : DType::f64;
  Result result;
  std::vector<double> scores = read_tree_scores(tree);
  if (tree.op.blends()) {
    // The strategies are told for classes; of numbers their shares of records make a weighted mean.
    if (!tree.models.empty()) {
      tree.models[0].second.refuse("pmml-feature", "a model in a node that is blended");
    }
    Shape shape{static_cast<int64_t>(scores.size()), 1};
    tree.op.distribution = Tensor::of(std::move(shape), std::vector(scores));
  }
  ForestBuilder forest;
  if (tree.models.empty() && !wants_entity(model, scope) && forest.add(tree, 1, scores)) {
    ml::TreeEnsemble op;
    op.accumulate = dtype;
    ValueId matrix = forest.matrix(builder);
    op.forest = forest.take();
    result.value = builder.add(std::move(op), {matrix});
    return result;
  }
  Reached at = reach(tree, builder);
  Shape shape{static_cast<int64_t>(scores.size()), 1};
  Tensor table = Tensor::of(std::move(shape), std::move(scores));
  result.value =
      at.blend.valid() ? at.blend : builder.add(table::Pick{{}, std::move(table)}, {at.node});
  if (dtype == DType::f32) result.value = builder.add(tensor::Cast{dtype}, {result.value});
  if (!tree.models.empty()) result.value = with_models(tree, result.value, at.node, dtype, scope);
  if (wants_entity(model, scope)) {
    result.entity_id = builder.add(table::Pick{{}, node_ids(tree)}, {at.node});
  }
  return result;
}

}  // namespace

TargetField target_of(const Element& model, const Scope& scope) {
  TargetField out;
  if (Element schema = model.child("MiningSchema")) {
    for (const Element& field : schema.children("MiningField")) {
      auto usage = field.find("usageType");
      if (usage == "target" || usage == "predicted") {
        out.name = field.attribute("name");
        break;
      }
    }
  }
  if (const DataField* data = scope.reader().dictionary.find(out.name)) {
    out.type = data->field.type;
    out.values = data->valid;
    out.ordinal = data->element.find("optype") == "ordinal";
  }
  return out;
}

Result read_tree(const Element& model, Scope& scope) {
  constexpr std::string_view kFunctions[] = {"classification", "regression"};
  model.attribute("functionName");
  bool classes = model.choice("functionName", kFunctions, 0) == 0;
  Tree tree = read_tree_nodes(model, scope);
  return classes ? classification(model, std::move(tree), scope)
                 : regression(model, std::move(tree), scope);
}

}  // namespace panmodel::pmml
