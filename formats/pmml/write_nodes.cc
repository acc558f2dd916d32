#include "formats/pmml/write_nodes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/diagnostic.h"
#include "base/number.h"
#include "formats/pmml/write_tables.h"
#include "formats/pmml/write_xml.h"

namespace panmodel::pmml {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr size_t kMostIndent = 16;  // of deep nodes, whose lines would be mostly spaces

const char* operator_of(NodeMode mode) {
  switch (mode) {
    case NodeMode::leq: return "lessOrEqual";
    case NodeMode::lt: return "lessThan";
    case NodeMode::geq: return "greaterOrEqual";
    case NodeMode::gt: return "greaterThan";
    case NodeMode::eq: return "equal";
    case NodeMode::neq: return "notEqual";
    case NodeMode::leaf:
    case NodeMode::member: break;
  }
  return nullptr;
}

NodeMode opposite(NodeMode mode) {
  switch (mode) {
    case NodeMode::leq: return NodeMode::gt;
    case NodeMode::lt: return NodeMode::geq;
    case NodeMode::geq: return NodeMode::lt;
    case NodeMode::gt: return NodeMode::leq;
    case NodeMode::eq: return NodeMode::neq;
    case NodeMode::neq: return NodeMode::eq;
    case NodeMode::leaf:
    case NodeMode::member: break;
  }
  return mode;
}

}  // namespace

std::string operand_text(const NamedField& field, double value) {
  switch (field.type) {
    case expr::Scalar::boolean:
      if (value == 0) return "false";
      if (value == 1) return "true";
      fail({}, "pmml-write", "the boolean field '{}' compared with {}", field.name,
           print_real(value));
    case expr::Scalar::i64:
      if (value == std::trunc(value) && std::abs(value) < 1e15) {
        return std::to_string(static_cast<int64_t>(value));
      }
      return xml_real(value);
    case expr::Scalar::f32:
      return print_real(static_cast<float>(value));
    // Evaluators order -0 below 0; a number compares with both alike.
    default:
      return xml_real(value == 0 ? 0.0 : value);
  }
}

void append_distribution(const std::vector<std::string>& classes, const double* probabilities,
                         const double* confidences, std::string& out) {
  double total = 0;
  for (size_t k = 0; k < classes.size(); ++k) total += probabilities[k];
  for (size_t k = 0; k < classes.size(); ++k) {
    out += "<ScoreDistribution value=\"";
    out += classes[k];
    out += "\" recordCount=\"";
    out += xml_real(probabilities[k]);
    // Shares of counts that do not add up to 1 exactly would differ in the last digit.
    if (total != 1) {
      out += "\" probability=\"";
      out += xml_real(probabilities[k]);
    }
    if (confidences != nullptr && !std::isnan(confidences[k])) {
      out += "\" confidence=\"";
      out += xml_real(confidences[k]);
    }
    out += "\"/>";
  }
}

std::span<const double> leaf_weights(const Forest& forest, uint32_t leaf) {
  const uint32_t index = forest.yes[leaf];
  const std::span<const double> all = forest.leaf_weight;
  if (forest.leaf_begin.empty()) return all.subspan(index, 1);
  return all.subspan(forest.leaf_begin[index],
                     forest.leaf_begin[index + 1] - forest.leaf_begin[index]);
}

void leaf_weights_of(const Forest& forest, uint32_t leaf, std::span<double> sums) {
  std::fill(sums.begin(), sums.end(), 0.0);
  const std::span<const double> given = leaf_weights(forest, leaf);
  const auto begin = static_cast<size_t>(given.data() - forest.leaf_weight.data());
  for (size_t i = 0; i < given.size(); ++i) {
    sums[forest.leaf_target.empty() ? 0 : forest.leaf_target[begin + i]] += given[i];
  }
}

double leaf_weight(const Forest& forest, uint32_t leaf, size_t target) {
  const std::span<const double> given = leaf_weights(forest, leaf);
  const auto begin = static_cast<size_t>(given.data() - forest.leaf_weight.data());
  double sum = 0;
  for (size_t i = 0; i < given.size(); ++i) {
    if ((forest.leaf_target.empty() ? 0 : forest.leaf_target[begin + i]) == target) sum += given[i];
  }
  return sum;
}

bool WeightLeaves::empty(uint32_t leaf) const {
  const std::span<const double> given = leaf_weights(forest_, leaf);
  return !given.empty() && std::isnan(given[0]);
}

void WeightLeaves::write(uint32_t leaf, std::string_view predicate, std::string& out) {
  out += "<Node score=\"";
  if (kind_ == Kind::number) {
    out += xml_real(leaf_weight(forest_, leaf, target_));
  } else {
    sums_.resize(classes_.size());
    leaf_weights_of(forest_, leaf, sums_);
    const auto most = std::max_element(sums_.begin(), sums_.end());
    out += classes_[static_cast<size_t>(most - sums_.begin())];
  }
  out += "\">";
  out += predicate;
  if (kind_ == Kind::shares) {
    for (double& x : sums_) x /= total_;
    append_distribution(classes_, sums_.data(), nullptr, out);
  }
  out += "</Node>";
}

NodesWriter::NodesWriter(const Forest& forest, std::vector<Tested> columns, const Location& place)
    : forest_(forest), columns_(std::move(columns)), place_(place) {
  for (const Tested& t : columns_) names_.push_back(escaped(t.field.name));
}

std::vector<uint32_t> NodesWriter::used(uint32_t root) const {
  std::vector<uint8_t> named(columns_.size(), 0);
  std::vector<uint32_t> open{root};
  while (!open.empty()) {
    const uint32_t node = open.back();
    open.pop_back();
    if (forest_.is_leaf(node)) continue;
    named.at(forest_.feature[node]) = 1;
    open.push_back(forest_.yes[node]);
    open.push_back(forest_.no[node]);
  }
  std::vector<uint32_t> out;
  for (uint32_t c = 0; c < named.size(); ++c) {
    if (named[c] != 0) out.push_back(c);
  }
  return out;
}

bool NodesWriter::only_missing(uint32_t node) const {
  return forest_.node_mode(node) == NodeMode::lt && forest_.threshold[node] == -kInfinity &&
         forest_.missing_yes(node);
}
bool NodesWriter::only_present(uint32_t node) const {
  return forest_.node_mode(node) == NodeMode::leq && forest_.threshold[node] == kInfinity &&
         !forest_.missing_yes(node);
}

// Behind tests that every row passes, or none.
uint32_t NodesWriter::decided(uint32_t node) const {
  for (;;) {
    const NodeMode mode = forest_.node_mode(node);
    const double threshold = forest_.threshold[node];
    if (mode == NodeMode::leq && threshold == kInfinity && forest_.missing_yes(node)) {
      node = forest_.yes[node];
    } else if (mode == NodeMode::lt && threshold == -kInfinity && !forest_.missing_yes(node)) {
      node = forest_.no[node];
    } else {
      return node;
    }
  }
}

// The tests below a node in order: a branch that tests the same column is no node of its own.
void NodesWriter::add_children(const Open& of, const Leaves& leaves, std::vector<Open>& out) const {
  const size_t first_child = out.size();
  const auto empty = [&](uint32_t node) { return forest_.is_leaf(node) && leaves.empty(node); };
  const auto add = [&](uint32_t node, uint32_t split, Test test) {
    out.push_back({node, split, of.depth + 1, test});
  };
  bool guarded = false;
  for (uint32_t split = of.node;;) {
    if (only_missing(split)) {
      const uint32_t next = decided(forest_.no[split]);
      if (empty(decided(forest_.yes[split])) && !forest_.is_leaf(next) &&
          forest_.feature[next] == forest_.feature[split] && !only_missing(next)) {
        // Missing values predict nothing: the tests of the column are left unknown by them.
        guarded = true;
        split = next;
      }
    }
    const bool certain = only_missing(split) || only_present(split);
    const bool tests_yes = certain || !forest_.missing_yes(split);
    const uint32_t yes = decided(forest_.yes[split]), no = decided(forest_.no[split]);
    const uint32_t first = tests_yes ? yes : no, rest = tests_yes ? no : yes;
    const Test test = tests_yes ? Test::yes : Test::no;
    if (empty(first) && !empty(rest)) {
      add(rest, split,
          certain     ? Test::no
          : guarded   ? opposite_of(test)
          : tests_yes ? Test::no_or_missing
                      : Test::yes_or_missing);
      break;
    }
    if (!empty(first)) add(first, split, test);
    if (empty(rest)) break;
    if (forest_.is_leaf(rest) || forest_.feature[rest] != forest_.feature[split]) {
      add(rest, split, guarded && !certain ? opposite_of(test) : Test::always);
      break;
    }
    split = rest;
  }
  // The first one is the next to be written.
  std::reverse(out.begin() + static_cast<ptrdiff_t>(first_child), out.end());
}

// How a split compares with `threshold`, which is set: where the column is rounded to single
// precision before, the same rows are below the last double that rounds to the largest float that
// passes.
NodeMode NodesWriter::mode_of(uint32_t split, double* threshold) const {
  NodeMode mode = forest_.node_mode(split);
  *threshold = forest_.threshold[split];
  const Tested& column = columns_[forest_.feature[split]];
  if (!column.single) return mode;
  float last = round_down(*threshold);
  if (mode == NodeMode::lt || mode == NodeMode::geq) {
    if (static_cast<double>(last) == *threshold) last = next_down(last);
    mode = mode == NodeMode::lt ? NodeMode::leq : NodeMode::gt;
  }
  if (mode != NodeMode::leq && mode != NodeMode::gt) {
    fail(place_, "pmml-write", "'{}' in single precision", operator_of(mode));
  }
  // A threshold of a field of that precision is read as a float itself.
  const bool typed = column.field.type == expr::Scalar::f32;
  *threshold = typed ? static_cast<double>(last) : last_double_rounding_to_at_most(last);
  return mode;
}

std::string NodesWriter::category(uint32_t column, double value) const {
  const ml::LabelMap& codes = *columns_[column].codes;
  for (size_t i = 0; i < codes.values.size(); ++i) {
    if (codes.values.real(i) == value) return codes.keys.text(i);
  }
  fail(place_, "pmml-write", "a test of '{}' with a category that it does not have",
       columns_[column].field.name);
}

void NodesWriter::operand(uint32_t column, double value, std::string& out) const {
  const Tested& tested = columns_[column];
  if (tested.codes != nullptr) {
    out += escaped(category(column, value));
  } else if (tested.field.type == expr::Scalar::f64) {
    out += xml_real(value == 0 ? 0.0 : value);
  } else {
    out += operand_text(tested.field, value);
  }
}

void NodesWriter::simple_predicate(const std::string& field, const char* test,
                                   std::string& out) const {
  out += "<SimplePredicate field=\"";
  out += field;
  out += "\" operator=\"";
  out += test;
}

void NodesWriter::predicate(uint32_t split, Test test, std::string& out) const {
  if (test == Test::always) {
    out += "<True/>";
    return;
  }
  const uint32_t column = forest_.feature[split];
  const std::string& field = names_.at(column);
  if (only_missing(split) || only_present(split)) {
    const bool missing = only_missing(split) == (test == Test::yes);
    simple_predicate(field, missing ? "isMissing" : "isNotMissing", out);
    out += "\"/>";
    return;
  }
  const bool or_missing = test == Test::no_or_missing || test == Test::yes_or_missing;
  if (or_missing) {
    out += "<CompoundPredicate booleanOperator=\"or\">";
    simple_predicate(field, "isMissing", out);
    out += "\"/>";
  }
  const bool yes = test == Test::yes || test == Test::yes_or_missing;
  if (forest_.node_mode(split) == NodeMode::member) {
    const Tested& tested = columns_[column];
    if (tested.single) fail(place_, "pmml-write", "a set of numbers in single precision");
    const bool codes = tested.codes != nullptr;
    const auto set = static_cast<size_t>(forest_.threshold[split]);
    std::vector<std::string> items;
    for (size_t i = forest_.set_begin[set]; i < forest_.set_begin[set + 1]; ++i) {
      const double value = forest_.set_value[i];
      items.push_back(codes ? category(column, value) : operand_text(tested.field, value));
    }
    pugi::xml_document document;
    write_set_predicate(
        document, codes ? NamedField{tested.field.name, expr::Scalar::string} : tested.field, yes,
        items);
    out += printed(document.first_child());
  } else {
    double threshold = 0;
    const NodeMode mode = mode_of(split, &threshold);
    simple_predicate(field, operator_of(yes ? mode : opposite(mode)), out);
    out += "\" value=\"";
    operand(column, threshold, out);
    out += "\"/>";
  }
  if (or_missing) out += "</CompoundPredicate>";
}

void NodesWriter::write(uint32_t root, Leaves& leaves, std::string& out) const {
  root = decided(root);
  std::vector<Open> open{{root, root, 0, Test::always}};
  std::string test;
  while (!open.empty()) {
    const Open at = open.back();
    open.pop_back();
    if (at.end) {
      out += "</Node>";
      continue;
    }
    if (at.node != root) {
      out += '\n';
      out.append(std::min<size_t>(at.depth, kMostIndent), ' ');
    }
    test.clear();
    predicate(at.split, at.test, test);
    const bool leaf = forest_.is_leaf(at.node);
    if (leaf && !leaves.empty(at.node)) {
      leaves.write(at.node, test, out);
      continue;
    }
    out += "<Node";
    if (const std::string id = leaves.inner_id(); !id.empty()) {
      out += " id=\"";
      out += escaped(id);
      out += '"';
    }
    out += '>';
    out += test;
    const size_t end = open.size();
    open.push_back({at.node, at.split, at.depth, at.test, true});
    if (!leaf) add_children(at, leaves, open);
    // A node none of whose children holds predicts nothing.
    if (open.size() == end + 1) out += "<Node><False/></Node>";
  }
}

}  // namespace panmodel::pmml
