// Binary forests as TreeModels. A missing value leaves the test of the first child unknown, which
// passes it over: the branch that missing values take is the last child, without a test.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/diagnostic.h"
#include "formats/pmml/write_leaves.h"
#include "formats/pmml/write_tables.h"
#include "formats/pmml/write_xml.h"
#include "ir/ops/all.h"

namespace panmodel::pmml {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const char* operator_of(NodeMode mode) {
  switch (mode) {
    case NodeMode::leq:
      return "lessOrEqual";
    case NodeMode::lt:
      return "lessThan";
    case NodeMode::geq:
      return "greaterOrEqual";
    case NodeMode::gt:
      return "greaterThan";
    case NodeMode::eq:
      return "equal";
    default:
      return "notEqual";
  }
}

NodeMode opposite(NodeMode mode) {
  switch (mode) {
    case NodeMode::leq:
      return NodeMode::gt;
    case NodeMode::lt:
      return NodeMode::geq;
    case NodeMode::geq:
      return NodeMode::lt;
    case NodeMode::gt:
      return NodeMode::leq;
    case NodeMode::eq:
      return NodeMode::neq;
    case NodeMode::neq:
      return NodeMode::eq;
    default:
      return mode;
  }
}

// What leaves say: numbers, shares of classes, one vote, or the number of a node with tables.
enum class Leaves { number, shares, vote, node };

class ForestWriter {
 public:
  ForestWriter(ModelFrame& frame, ValueId ensemble, double divisor)
      : frame_(frame),
        d_(frame.document()),
        p_(frame.prediction),
        op_(*d_.op<ml::TreeEnsemble>(ensemble)),
        forest_(op_.forest),
        place_(d_.place(ensemble)),
        divisor_(divisor),
        columns_(tested_columns(frame.scope, d_.input(ensemble))) {
    if (op_.aggregate != ml::Aggregate::sum && op_.aggregate != ml::Aggregate::mean) {
      fail(place_, "pmml-write", "the least or the largest of several trees");
    }
    if (!op_.base.empty()) fail(place_, "pmml-write", "a start value of trees");
    if (p_.node.valid()) {
      leaves_ = Leaves::node;
      tables_.emplace(frame);
    } else if (p_.classification()) {
      leaves_ = votes() ? Leaves::vote : Leaves::shares;
    }
    const auto width = p_.classification() && !p_.node.valid() ? p_.classes.size() : 1;
    if (static_cast<size_t>(op_.targets) != width) {
      fail(place_, "pmml-write", "{} results of an ensemble, expected {}", op_.targets, width);
    }
  }

  ModelElement write(pugi::xml_node parent) {
    const bool one = forest_.roots.size() == 1 && divisor_ == 1;
    if (one) {
      ModelElement model = begin(parent, "TreeModel");
      std::vector<std::string> used;
      tree(model.element, forest_.roots[0], 1, used);
      return model;
    }
    ModelElement model = begin(parent, "MiningModel");
    pugi::xml_node segmentation = add(model.element, "Segmentation");
    const bool weighted = divisor_ != 1;
    const bool mean = op_.aggregate == ml::Aggregate::mean;
    if (p_.classification() && !weighted && !mean && forest_.roots.size() > 1) {
      fail(place_, "pmml-write", "probabilities that are a sum over trees");
    }
    set(segmentation, "multipleModelMethod",
        leaves_ == Leaves::vote            ? (weighted ? "weightedMajorityVote" : "majorityVote")
        : !p_.classification() && weighted ? "weightedSum"
        : weighted                         ? "weightedAverage"
        : mean                             ? "average"
                                           : "sum");
    if (gaps_ && leaves_ == Leaves::vote)
      set(segmentation, "missingPredictionTreatment", "returnMissing");
    for (size_t i = 0; i < forest_.roots.size(); ++i) segment(segmentation, i);
    return model;
  }

 private:
  ModelElement begin(pugi::xml_node parent, const char* name) {
    ModelElement model(parent, name, p_.classification());
    if (op_.accumulate == DType::f32) set(model.element, "x-mathContext", "float");
    return model;
  }

  void segment(pugi::xml_node segmentation, size_t number) {
    const uint32_t root = forest_.roots[number];
    pugi::xml_node segment = add(segmentation, "Segment");
    set(segment, "id", std::to_string(number + 1));
    double weight = 1;
    if (divisor_ != 1) {
      // Weights stand in the leaves: shares of classes add up to them, numbers keep them.
      weight = p_.classification() ? total(root) : 1 / divisor_;
      set(segment, "weight", xml_real(weight));
    }
    add(segment, "True");
    ModelElement model = begin(segment, "TreeModel");
    std::vector<std::string> used;
    tree(model.element, root, p_.classification() ? weight : 1, used);
    add_schema_fields(model.schema, used);
    if (p_.classification()) add_schema_target(model.schema, frame_.target());
    model.finish();
  }

  std::span<const double> weights(uint32_t leaf) const {
    const uint32_t index = forest_.yes[leaf];
    const std::span<const double> all = forest_.leaf_weight;
    if (forest_.leaf_begin.empty()) return all.subspan(index, 1);
    return all.subspan(forest_.leaf_begin[index],
                       forest_.leaf_begin[index + 1] - forest_.leaf_begin[index]);
  }
  // Per class; a leaf of an ensemble with several targets may name only some.
  std::vector<double> shares(uint32_t leaf) const {
    std::vector<double> out(static_cast<size_t>(op_.targets));
    const std::span<const double> given = weights(leaf);
    const size_t begin = static_cast<size_t>(given.data() - forest_.leaf_weight.data());
    for (size_t i = 0; i < given.size(); ++i) {
      out[forest_.leaf_target.empty() ? 0 : forest_.leaf_target[begin + i]] += given[i];
    }
    return out;
  }
  // A leaf without a prediction.
  bool empty(uint32_t node) const {
    if (!forest_.is_leaf(node)) return false;
    const std::span<const double> w = weights(node);
    if (w.empty()) return false;
    if (std::isnan(w[0])) return true;
    return leaves_ == Leaves::node && !tables_->says(static_cast<size_t>(w[0]));
  }

  bool votes() {
    bool all = true;
    for (uint32_t node = 0; node < forest_.nodes(); ++node) {
      if (!forest_.is_leaf(node)) continue;
      const std::vector<double> s = shares(node);
      if (std::isnan(s[0])) {
        gaps_ = true;
        continue;
      }
      const auto used =
          static_cast<size_t>(std::count_if(s.begin(), s.end(), [](double x) { return x != 0; }));
      all = all && used == 1 && (divisor_ != 1 || *std::max_element(s.begin(), s.end()) == 1);
    }
    return all && (forest_.roots.size() > 1 || divisor_ != 1);
  }
  double total(uint32_t root) const {
    std::vector<uint32_t> open{root};
    while (!open.empty()) {
      const uint32_t node = open.back();
      open.pop_back();
      if (!forest_.is_leaf(node)) {
        open.push_back(forest_.yes[node]);
        open.push_back(forest_.no[node]);
      } else if (!empty(node)) {
        double sum = 0;
        for (double w : shares(node)) sum += w;
        return sum;
      }
    }
    return 1;
  }

  enum class Test { always, yes, no, no_or_missing, yes_or_missing };
  struct Open {
    uint32_t node;
    pugi::xml_node parent;
    uint32_t split;
    Test test;
  };

  static Test opposite_of(Test test) { return test == Test::yes ? Test::no : Test::yes; }
  bool only_missing(uint32_t n) const {
    return (forest_.node_mode(n) == NodeMode::lt && forest_.threshold[n] == -kInfinity &&
            forest_.missing_yes(n));
  }
  bool only_present(uint32_t n) const {
    return forest_.node_mode(n) == NodeMode::leq && forest_.threshold[n] == kInfinity &&
           !forest_.missing_yes(n);
  }

  void tree(pugi::xml_node model, uint32_t root, double weight, std::vector<std::string>& used) {
    std::vector<Open> open{{root, model, root, Test::always}};
    while (!open.empty()) {
      const Open at = open.back();
      open.pop_back();
      pugi::xml_node node = add(at.parent, "Node");
      const bool leaf = forest_.is_leaf(at.node) && !empty(at.node);
      if (leaf) {
        score(node, at.node);
      } else if (tables_) {
        tables_->name_inner(node);
      }
      predicate(node, at.split, at.test, used);
      if (leaf) {
        distribution(node, at.node, weight);
        continue;
      }
      std::vector<Open> children;
      if (!forest_.is_leaf(at.node)) children_of(at.node, node, children);
      // A node none of whose children holds predicts nothing.
      if (children.empty()) add(add(node, "Node"), "False");
      open.insert(open.end(), children.rbegin(), children.rend());
    }
  }

  // The tests in order: a branch that tests the same column is no node of its own.
  void children_of(uint32_t split, pugi::xml_node parent, std::vector<Open>& out) const {
    bool guarded = false;
    for (;;) {
      if (only_missing(split) && empty(forest_.yes[split]) && !forest_.is_leaf(forest_.no[split]) &&
          forest_.feature[forest_.no[split]] == forest_.feature[split] &&
          !only_missing(forest_.no[split])) {
        // Missing values predict nothing: the tests of the column are left unknown by them.
        guarded = true;
        split = forest_.no[split];
      }
      const bool certain = only_missing(split) || only_present(split);
      const bool tests_yes = certain || !forest_.missing_yes(split);
      const uint32_t first = tests_yes ? forest_.yes[split] : forest_.no[split];
      const uint32_t rest = tests_yes ? forest_.no[split] : forest_.yes[split];
      const Test test = tests_yes ? Test::yes : Test::no;
      if (empty(first) && !empty(rest)) {
        out.push_back({rest, parent, split,
                       certain     ? Test::no
                       : guarded   ? opposite_of(test)
                       : tests_yes ? Test::no_or_missing
                                   : Test::yes_or_missing});
        return;
      }
      if (!empty(first)) out.push_back({first, parent, split, test});
      if (empty(rest)) return;
      if (forest_.is_leaf(rest) || forest_.feature[rest] != forest_.feature[split]) {
        out.push_back(
            {rest, parent, split, guarded && !certain ? opposite_of(test) : Test::always});
        return;
      }
      split = rest;
    }
  }

  void predicate(pugi::xml_node node, uint32_t split, Test test,
                 std::vector<std::string>& used) const {
    if (test == Test::always) {
      add(node, "True");
      return;
    }
    const Tested& column = columns_.at(forest_.feature[split]);
    const std::string& field = column.field.name;
    if (std::find(used.begin(), used.end(), field) == used.end()) used.push_back(field);
    if (only_missing(split) || only_present(split)) {
      const bool missing = only_missing(split) == (test == Test::yes);
      return write_simple_predicate(node, field, missing ? "isMissing" : "isNotMissing", "");
    }
    if (test == Test::no_or_missing || test == Test::yes_or_missing) {
      node = add(node, "CompoundPredicate");
      set(node, "booleanOperator", "or");
      write_simple_predicate(node, field, "isMissing", "");
    }
    const bool yes = test == Test::yes || test == Test::yes_or_missing;
    const NodeMode mode = forest_.node_mode(split);
    if (mode == NodeMode::member) {
      const auto number = static_cast<size_t>(forest_.threshold[split]);
      std::vector<std::string> items;
      for (size_t i = forest_.set_begin[number]; i < forest_.set_begin[number + 1]; ++i) {
        items.push_back(operand(column, forest_.set_value[i]));
      }
      return write_set_predicate(
          node, column.codes != nullptr ? NamedField{field, expr::Scalar::string} : column.field,
          yes, items);
    }
    write_simple_predicate(node, field, operator_of(yes ? mode : opposite(mode)),
                           operand(column, forest_.threshold[split]));
  }

  std::string operand(const Tested& column, double value) const {
    if (column.codes == nullptr) return operand_text(column.field, value);
    for (size_t i = 0; i < column.codes->values.size(); ++i) {
      if (column.codes->values.real(i) == value) return column.codes->keys.text(i);
    }
    fail(place_, "pmml-write", "a test of '{}' with a category that it does not have",
         column.field.name);
  }

  void score(pugi::xml_node element, uint32_t leaf) {
    switch (leaves_) {
      case Leaves::number:
        return set(element, "score", xml_real(shares(leaf)[0]));
      case Leaves::node:
        return tables_->begin(element, static_cast<size_t>(weights(leaf)[0]));
      default: {
        const std::vector<double> s = shares(leaf);
        const auto most = std::max_element(s.begin(), s.end());
        set(element, "score", text_at(p_.classes, static_cast<size_t>(most - s.begin())));
      }
    }
  }
  void distribution(pugi::xml_node element, uint32_t leaf, double weight) const {
    if (leaves_ == Leaves::node)
      return tables_->end(element, static_cast<size_t>(weights(leaf)[0]));
    if (leaves_ != Leaves::shares) return;
    std::vector<double> s = shares(leaf);
    for (double& x : s) x /= weight;
    write_distribution(element, p_.classes, s.data(), nullptr);
  }

  ModelFrame& frame_;
  const GraphDocument& d_;
  const Prediction& p_;
  const ml::TreeEnsemble& op_;
  const Forest& forest_;
  const Location& place_;
  double divisor_;
  std::vector<Tested> columns_;
  Leaves leaves_ = Leaves::number;
  bool gaps_ = false;
  std::optional<NodeTables> tables_;
};

}  // namespace

ModelElement write_forest(pugi::xml_node parent, ModelFrame& frame, ValueId ensemble,
                          double divisor) {
  return ForestWriter(frame, ensemble, divisor).write(parent);
}

}  // namespace panmodel::pmml
