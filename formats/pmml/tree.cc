// TreeModel (PMML 4.4): nodes, predicates, scores.
#include "formats/pmml/tree.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/number.h"
#include "formats/pmml/expression.h"
#include "formats/pmml/values.h"
#include "ir/ops/combine.h"
#include "ir/ops/expr.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pmml {
namespace {

using expr::Scalar;
using ml::TreeTest;
using ml::UnknownSplit;

const double kNan = std::numeric_limits<double>::quiet_NaN();

bool is_date(Scalar type) {
  return type == Scalar::date || type == Scalar::time || type == Scalar::date_time;
}

bool is_predicate(const Element& e) {
  return e.is("SimplePredicate") || e.is("SimpleSetPredicate") || e.is("CompoundPredicate") ||
         e.is("True") || e.is("False");
}

// Appends predicates to a tree.
class Predicates {
 public:
  Predicates(Tree& tree, Scope& scope) : op_(tree.op), bindings_(scope), scope_(scope) {
    add(TreeTest::always, 0, 0, 0);
  }
  const std::vector<ValueId>& inputs() const { return bindings_.inputs(); }

  int64_t read(const Element& e) {
    if (e.is("True")) return 0;
    if (e.is("False")) return add(TreeTest::never, 0, 0, 0);
    if (e.is("SimplePredicate")) return simple(e);
    if (e.is("SimpleSetPredicate")) {
      constexpr std::string_view kOperators[] = {"isIn", "isNotIn"};
      e.attribute("booleanOperator");
      if (is_date(scope_.require(e.attribute("field"), e).type)) return mapped(e);
      bool in = e.choice("booleanOperator", kOperators, 0) == 0;
      return values(e, in ? TreeTest::in : TreeTest::not_in, array_items(e.require("Array")));
    }
    return compound(e);
  }

 private:
  int64_t add(TreeTest test, uint32_t input, size_t begin, size_t end) {
    op_.test.push_back(static_cast<int64_t>(test));
    op_.input.push_back(input);
    op_.operand_begin.push_back(static_cast<int64_t>(begin));
    op_.operand_end.push_back(static_cast<int64_t>(end));
    return static_cast<int64_t>(op_.test.size()) - 1;
  }

  int64_t simple(const Element& e) {
    constexpr std::string_view kOperators[] = {"equal", "notEqual", "lessThan", "lessOrEqual",
                                               "greaterThan", "greaterOrEqual", "isMissing",
                                               "isNotMissing"};
    constexpr size_t kNone = std::size(kOperators);
    const size_t place = e.choice("operator", kOperators, kNone);
    if (place == kNone) e.attribute("operator");
    auto test = static_cast<TreeTest>(place + static_cast<size_t>(TreeTest::equal));
    const Named& named = field_of(e);
    if (test == TreeTest::missing || test == TreeTest::not_missing) return add(test, named.input, 0, 0);
    if (is_date(named.field->type)) return mapped(e);
    const std::string_view value = e.attribute("value");
    if (named.field->type != Scalar::string) {
      op_.numbers.push_back(number(e, named.field->type, value));
      return add(test, named.input, op_.numbers.size() - 1, op_.numbers.size());
    }
    bool ordered = test >= TreeTest::less;
    if (ordered) return ranked(e, test, *named.field, std::string(value));
    return values(e, test, {std::string(value)});
  }

  // Fields by name; the names are those of the document.
  struct Named {
    const Field* field;
    uint32_t input;
  };
  const Named& field_of(const Element& e) {
    const std::string_view name = e.attribute("field");
    auto found = fields_.find(name);
    if (found == fields_.end()) {
      const Field& field = scope_.require(name, e);
      found = fields_.emplace(name, Named{&field, bindings_.input_of(field.value)}).first;
    }
    return found->second;
  }

  // A predicate that only an expression can compute, as a boolean column.
  int64_t mapped(const Element& e) {
    Bindings bindings(scope_);
    expr::Expr body = read_predicate(e, bindings);
    const uint32_t input = bindings_.input_of(add_map(bindings, std::move(body), Scalar::boolean));
    const size_t begin = op_.numbers.size();
    op_.numbers.push_back(1);
    return add(TreeTest::equal, input, begin, op_.numbers.size());
  }

  // An order on text is that of the values which the field declares.
  int64_t ranked(const Element& e, TreeTest test, const Field& field, const std::string& value) {
    auto at = std::find(field.values.begin(), field.values.end(), value);
    if (at == field.values.end()) {
      e.refuse("pmml-value", "the order of the value '{}' among those of '{}' is not declared", value,
               e.attribute("field"));
    }
    bool with = test == TreeTest::less_or_equal || test == TreeTest::greater_or_equal;
    bool below = test == TreeTest::less || test == TreeTest::less_or_equal;
    std::vector<std::string> set =
        below ? std::vector(field.values.begin(), at + (with ? 1 : 0))
              : std::vector(at + (with ? 0 : 1), field.values.end());
    return values(e, TreeTest::in, std::move(set));
  }

  int64_t values(const Element& e, TreeTest test, std::vector<std::string> texts) {
    const auto [field, input] = field_of(e);
    Scalar type = field->type;
    if (type == Scalar::string) {
      size_t begin = op_.texts.size();
      op_.texts.insert(op_.texts.end(), texts.begin(), texts.end());
      return add(test, input, begin, op_.texts.size());
    }
    size_t begin = op_.numbers.size();
    for (const std::string& text : texts) op_.numbers.push_back(number(e, type, text));
    return add(test, input, begin, op_.numbers.size());
  }

  // A constant is first brought to the type of the field.
  static double number(const Element& e, Scalar type, std::string_view text) {
    if (type == Scalar::f32) {
      if (auto narrow = parse_float(text)) return static_cast<double>(*narrow);
    }
    std::optional<double> value = parse_real(text);
    if (type == Scalar::boolean) {
      if (text == "true") value = 1;
      if (text == "false") value = 0;
    }
    if (!value) e.refuse("pmml-value", "the value '{}', expected one of the type of the field", text);
    return *value;
  }

  int64_t compound(const Element& e) {
    constexpr std::string_view kOperators[] = {"and", "or", "xor", "surrogate"};
    if (!e.is("CompoundPredicate")) e.refuse("pmml-element", "not a predicate");
    Nested level(scope_.reader(), e);
    e.attribute("booleanOperator");
    auto test = static_cast<TreeTest>(e.choice("booleanOperator", kOperators, 0) +
                                      static_cast<size_t>(TreeTest::all_of));
    std::vector<int64_t> parts;
    for (const Element& part : e.children()) parts.push_back(read(part));
    size_t begin = op_.operands.size();
    op_.operands.insert(op_.operands.end(), parts.begin(), parts.end());
    return add(test, 0, begin, op_.operands.size());
  }

  ml::DecisionTree& op_;
  Bindings bindings_;
  Scope& scope_;
  std::unordered_map<std::string_view, Named> fields_;
};

// Index of `text` among the classes; a label that is not there is appended.
size_t label_index(std::vector<std::string>& classes, std::string_view text) {
  auto found = std::find(classes.begin(), classes.end(), text);
  if (found == classes.end()) found = classes.insert(classes.end(), std::string(text));
  return static_cast<size_t>(found - classes.begin());
}

struct Distribution {
  std::vector<size_t> classes;
  std::vector<double> probabilities, confidences;  // NaN where not given
  size_t largest = SIZE_MAX;                       // class with most records or probability
};

Distribution distribution_of(const Element& node, std::vector<std::string>& classes) {
  Distribution out;
  double total = 0;
  bool all_given = true;
  std::vector<double> counts;
  for (Element e = node.first(); e; e = e.next()) {
    if (!e.is("ScoreDistribution")) continue;
    out.classes.push_back(label_index(classes, e.attribute("value")));
    const bool given = e.find("probability").has_value();
    // Old producers leave the count out where they give the probability.
    counts.push_back(given ? e.real("recordCount", kNan) : e.real("recordCount"));
    total += counts.back();
    out.probabilities.push_back(e.real("probability", kNan));
    out.confidences.push_back(e.real("confidence", kNan));
    all_given = all_given && given;
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!all_given) out.probabilities[i] = counts[i] / total;
  }
  auto most = std::max_element(out.probabilities.begin(), out.probabilities.end());
  if (most != out.probabilities.end()) {
    out.largest = out.classes[static_cast<size_t>(most - out.probabilities.begin())];
  }
  return out;
}

UnknownSplit strategy_of(const Element& model) {
  constexpr std::string_view kStrategies[] = {"none", "lastPrediction", "nullPrediction",
                                              "defaultChild", "weightedConfidence",
                                              "aggregateNodes"};
  return static_cast<UnknownSplit>(model.choice("missingValueStrategy", kStrategies, 0));
}

// Names of nodes: their ids, else their number in document order from 1.
Tensor node_ids(const Tree& tree) {
  std::vector<std::string> ids(tree.nodes.size());
  std::vector<size_t> stack{0};
  for (size_t number = 1; !stack.empty(); ++number) {
    size_t node = stack.back();
    stack.pop_back();
    auto id = tree.nodes[node].find("id");
    ids[node] = id ? std::string(*id) : std::to_string(number);
    size_t begin = static_cast<size_t>(tree.op.child_begin[node]);
    for (size_t k = static_cast<size_t>(tree.op.child_begin[node + 1]); k > begin; --k) {
      stack.push_back(static_cast<size_t>(tree.op.children[k - 1]));
    }
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

// Nodes in the order of the document, which is the one to read them in: each comes right behind the
// one before it in memory.
struct Nodes {
  std::vector<Element> elements;
  std::vector<size_t> parent, chosen;  // chosen: the default child, SIZE_MAX = none
  std::vector<int64_t> predicate;
  std::vector<double> score;
  std::vector<std::pair<size_t, Element>> models;
};

// Gives the nodes to the tree level by level.
void add_by_level(const Nodes& nodes, Tree& tree) {
  const size_t count = nodes.elements.size();
  std::vector<size_t> first(count + 1, 0), children(count - 1), order{0}, place(count, 0);
  for (size_t n = 1; n < count; ++n) ++first[nodes.parent[n] + 1];
  for (size_t n = 0; n < count; ++n) first[n + 1] += first[n];
  std::vector<size_t> next(first.begin(), first.end() - 1);
  for (size_t n = 1; n < count; ++n) children[next[nodes.parent[n]]++] = n;
  order.reserve(count);
  tree.op.child_begin.push_back(0);
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t n = order[i];
    for (size_t k = first[n]; k < first[n + 1]; ++k) {
      place[children[k]] = order.size();
      tree.op.children.push_back(static_cast<int64_t>(order.size()));
      order.push_back(children[k]);
    }
    tree.op.child_begin.push_back(static_cast<int64_t>(order.size()) - 1);
  }
  for (size_t n : order) {
    tree.nodes.push_back(nodes.elements[n]);
    tree.scores.push_back(nodes.score[n]);
    tree.op.predicate.push_back(nodes.predicate[n]);
    if (tree.op.unknown == UnknownSplit::default_child) {
      const size_t chosen = nodes.chosen[n];
      tree.op.default_child.push_back(chosen == SIZE_MAX ? -1 : static_cast<int64_t>(place[chosen]));
    }
    if (tree.op.blends()) tree.op.records.push_back(nodes.elements[n].real("recordCount"));
  }
  for (const auto& [node, model] : nodes.models) tree.models.emplace_back(place[node], model);
}

}  // namespace

Tree read_tree_nodes(const Element& model, Scope& scope) {
  constexpr std::string_view kNoTrueChild[] = {"returnNullPrediction", "returnLastPrediction"};
  Tree tree;
  tree.op.unknown = strategy_of(model);
  tree.op.last_if_none = model.choice("noTrueChildStrategy", kNoTrueChild, 0) == 1;
  tree.op.penalty = model.real("missingValuePenalty", 1);
  const bool defaults = tree.op.unknown == UnknownSplit::default_child;
  const bool numbers = model.find("functionName") == "regression";
  Predicates predicates(tree, scope);
  Nodes nodes;
  struct Open {
    size_t node;
    Element child;  // the one that is looked at
    std::optional<std::string_view> wanted;  // id of the default child
    bool predicate = false;
  };
  std::vector<Open> open;
  const auto enter = [&](const Element& e) {
    nodes.elements.push_back(e);
    nodes.parent.push_back(open.empty() ? 0 : open.back().node);
    nodes.predicate.push_back(0);
    nodes.chosen.push_back(SIZE_MAX);
    const auto score = e.find("score");
    nodes.score.push_back(numbers && score ? parse_real(*score).value_or(kNan) : kNan);
    const size_t node = nodes.elements.size() - 1;
    if (defaults && !open.empty() && open.back().wanted && e.find("id") == open.back().wanted) {
      nodes.chosen[open.back().node] = node;
    }
    open.push_back({node, e.first(), defaults ? e.find("defaultChild") : std::nullopt});
  };
  enter(model.require("Node"));
  while (!open.empty()) {
    Open& at = open.back();
    const Element e = at.child;
    if (!e) {
      const Element& node = nodes.elements[at.node];
      if (!at.predicate) node.refuse("pmml-element", "no predicate in it");
      if (at.wanted && nodes.chosen[at.node] == SIZE_MAX) {
        node.refuse("pmml-attribute", "defaultChild=\"{}\" is none of its nodes", *at.wanted);
      }
      open.pop_back();
      if (!open.empty()) open.back().child = open.back().child.next();
      continue;
    }
    if (e.is("Node")) {
      enter(e);
      continue;
    }
    if (!at.predicate && is_predicate(e)) {
      nodes.predicate[at.node] = predicates.read(e);
      at.predicate = true;
    }
    if (e.is("Regression") || e.is("DecisionTree")) nodes.models.emplace_back(at.node, e);
    at.child = e.next();
  }
  add_by_level(nodes, tree);
  tree.inputs = predicates.inputs();
  if (tree.inputs.empty()) {
    // A tree that tests nothing still gives a result per row.
    const std::vector<Input>& all = scope.reader().builder.model().inputs;
    if (all.empty()) model.refuse("pmml-element", "a model without fields");
    tree.inputs.push_back(all[0].value);
  }
  for (ValueId input : tree.inputs) {
    const ColumnType* column = scope.reader().builder.type(input).column();
    tree.text.push_back(column != nullptr && column->dtype == DType::string ? 1 : 0);
  }
  return tree;
}

TreeClasses read_tree_classes(const Tree& tree, std::vector<std::string>& classes) {
  TreeClasses out;
  std::vector<Distribution> distributions;
  bool probabilities = false, confidences = false;
  for (const Element& node : tree.nodes) {
    Distribution d = distribution_of(node, classes);
    auto score = node.find("score");
    size_t winner = score ? label_index(classes, *score) : d.largest;
    out.winner.push_back(winner == SIZE_MAX ? -1 : static_cast<int64_t>(winner));
    probabilities = probabilities || !d.classes.empty();
    for (double c : d.confidences) confidences = confidences || !std::isnan(c);
    distributions.push_back(std::move(d));
  }
  size_t count = classes.size();
  auto table = [&](std::vector<double> Distribution::*values) {
    std::vector<double> all;
    all.reserve(count * distributions.size());
    for (const Distribution& d : distributions) {
      size_t row = all.size();
      // A class that a distribution does not name has no share in it.
      all.resize(row + count, d.classes.empty() ? kNan : 0.0);
      for (size_t i = 0; i < d.classes.size(); ++i) all[row + d.classes[i]] = (d.*values)[i];
    }
    return all;
  };
  if (probabilities) out.probabilities = table(&Distribution::probabilities);
  if (confidences) out.confidences = table(&Distribution::confidences);
  return out;
}

std::vector<double> read_tree_scores(const Tree& tree) {
  std::vector<double> scores;
  scores.reserve(tree.nodes.size());
  for (size_t n = 0; n < tree.nodes.size(); ++n) {
    // What did not read as a number: none at all, or one with spaces around, or an error.
    scores.push_back(std::isnan(tree.scores[n]) ? tree.nodes[n].real("score", kNan) : tree.scores[n]);
  }
  return scores;
}

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
