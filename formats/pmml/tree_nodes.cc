// The nodes of a TreeModel and their predicates (PMML 4.4).
#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "base/number.h"
#include "formats/pmml/expression.h"
#include "formats/pmml/tree.h"

namespace panmodel::pmml {
namespace {

using expr::Scalar;
using ml::TreeTest;
using ml::UnknownSplit;

const double kNan = std::numeric_limits<double>::quiet_NaN();

bool is_date(Scalar type) {
  return type == Scalar::date || type == Scalar::time || type == Scalar::date_time;
}

// Appends predicates to a tree.
class Predicates {
 public:
  Predicates(Tree& tree, Scope& scope) : op_(tree.op), bindings_(scope), scope_(scope) {
    add(TreeTest::always, 0, 0, 0);
  }
  const std::vector<ValueId>& inputs() const { return bindings_.inputs(); }

  int64_t read(const Element& e) {
    if (e.is("SimplePredicate")) return simple(e);
    if (e.is("True")) return 0;
    if (e.is("False")) return add(TreeTest::never, 0, 0, 0);
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
    constexpr std::string_view kNames[] = {"field", "operator", "value"};
    std::array<std::optional<std::string_view>, std::size(kNames)> values_of;
    e.find(kNames, values_of);
    const auto& [field, name, operand] = values_of;
    if (!name) e.attribute("operator");
    auto test = static_cast<TreeTest>(e.choice("operator", name, kOperators, 0) +
                                      static_cast<size_t>(TreeTest::equal));
    const Named& named = field ? field_of(e, *field) : field_of(e);
    if (test == TreeTest::missing || test == TreeTest::not_missing) return add(test, named.input, 0, 0);
    if (is_date(named.field->type)) return mapped(e);
    const std::string_view value = operand ? *operand : e.attribute("value");
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
  const Named& field_of(const Element& e) { return field_of(e, e.attribute("field")); }
  const Named& field_of(const Element& e, std::string_view name) {
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

UnknownSplit strategy_of(const Element& model) {
  constexpr std::string_view kStrategies[] = {"none", "lastPrediction", "nullPrediction",
                                              "defaultChild", "weightedConfidence",
                                              "aggregateNodes"};
  return static_cast<UnknownSplit>(model.choice("missingValueStrategy", kStrategies, 0));
}

// The children of the nodes, which are in the order of the document, each behind its parent.
void link_children(const std::vector<size_t>& parent, ml::DecisionTree& op) {
  const size_t count = parent.size();
  op.child_begin.assign(count + 1, 0);
  op.children.resize(count - 1);
  // Where the children of a node start, counted one place up: filling them in moves it to where they end.
  std::vector<int64_t>& begin = op.child_begin;
  for (size_t n = 1; n < count; ++n) ++begin[parent[n] + 2];
  for (size_t n = 2; n <= count; ++n) begin[n] += begin[n - 1];
  for (size_t n = 1; n < count; ++n) {
    op.children[static_cast<size_t>(begin[parent[n] + 1]++)] = static_cast<int64_t>(n);
  }
}

// What an element inside a Node is.
enum class Part { node, predicate, model, other };

Part part_of(const Element& e) {
  const std::string_view name = e.name();
  if (name == "SimplePredicate" || name == "True") return Part::predicate;
  if (name == "Node") return Part::node;
  if (name == "Regression" || name == "DecisionTree") return Part::model;
  return name == "SimpleSetPredicate" || name == "CompoundPredicate" || name == "False" ? Part::predicate
                                                                                      : Part::other;
}

class NodeReader {
 public:
  NodeReader(const Element& model, Scope& scope)
      : defaults_(strategy_of(model) == UnknownSplit::default_child),
        numbers_(model.find("functionName") == "regression"), predicates_(tree_, scope) {
    constexpr std::string_view kNoTrueChild[] = {"returnNullPrediction", "returnLastPrediction"};
    tree_.op.unknown = strategy_of(model);
    tree_.op.last_if_none = model.choice("noTrueChildStrategy", kNoTrueChild, 0) == 1;
    tree_.op.penalty = model.real("missingValuePenalty", 1);
  }

  Tree read(const Element& root) {
    enter(root);
    while (!open_.empty()) step();
    link_children(parent_, tree_.op);
    tree_.inputs = predicates_.inputs();
    return std::move(tree_);
  }

 private:
  struct Open {
    size_t node;
    Element child;  // the one that is looked at
    std::string_view wanted;  // id of the default child; no data = none
    bool predicate = false;
  };

  void enter(const Element& e) {
    constexpr std::string_view kNames[] = {"score", "id", "defaultChild"};
    std::array<std::optional<std::string_view>, std::size(kNames)> values;
    const size_t wanted = defaults_ ? std::size(kNames) : 1;
    e.find(std::span(kNames).first(wanted), std::span(values).first(wanted));
    const auto& [score, id, default_child] = values;
    const size_t node = tree_.nodes.size();
    tree_.nodes.push_back(e);
    tree_.scores.push_back(numbers_ && score ? parse_real(*score).value_or(kNan) : kNan);
    tree_.op.predicate.push_back(0);
    parent_.push_back(open_.empty() ? 0 : open_.back().node);
    if (tree_.op.blends()) tree_.op.records.push_back(e.real("recordCount"));
    if (defaults_) {
      tree_.op.default_child.push_back(-1);
      if (!open_.empty() && open_.back().wanted.data() != nullptr && id == open_.back().wanted) {
        tree_.op.default_child[open_.back().node] = static_cast<int64_t>(node);
      }
    }
    open_.push_back({node, e.first(), default_child.value_or(std::string_view())});
  }

  void leave() {
    const Open& at = open_.back();
    const Element& node = tree_.nodes[at.node];
    if (!at.predicate) node.refuse("pmml-element", "no predicate in it");
    if (at.wanted.data() != nullptr && tree_.op.default_child[at.node] < 0) {
      node.refuse("pmml-attribute", "defaultChild=\"{}\" is none of its nodes", at.wanted);
    }
    open_.pop_back();
    if (!open_.empty()) open_.back().child = open_.back().child.next();
  }

  // One element of the innermost open node.
  void step() {
    Open& at = open_.back();
    const Element e = at.child;
    if (!e) return leave();
    switch (part_of(e)) {
      case Part::node: return enter(e);
      case Part::predicate:
        if (!at.predicate) tree_.op.predicate[at.node] = predicates_.read(e);
        at.predicate = true;
        break;
      case Part::model: tree_.models.emplace_back(at.node, e); break;
      case Part::other: break;
    }
    at.child = e.next();
  }

  const bool defaults_, numbers_;
  Tree tree_;
  Predicates predicates_;
  std::vector<size_t> parent_;  // per node
  std::vector<Open> open_;
};

}  // namespace

Tree read_tree_nodes(const Element& model, Scope& scope) {
  Tree tree = NodeReader(model, scope).read(model.require("Node"));
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

}  // namespace panmodel::pmml
