#include "formats/pmml/write_nodes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/diagnostic.h"
#include "base/number.h"
#include "formats/pmml/write_tables.h"

namespace panmodel::pmml {
namespace {

constexpr size_t kMostIndent = 24;              // of deep nodes, whose lines would be mostly spaces

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

double leaf_weight(const Forest& forest, uint32_t leaf, size_t target) {
  const uint32_t index = forest.yes[leaf];
  const bool one = forest.leaf_begin.empty();
  const size_t begin = one ? index : forest.leaf_begin[index];
  const size_t end = one ? begin + 1 : forest.leaf_begin[index + 1];
  double sum = 0;
  for (size_t w = begin; w < end; ++w) {
    if ((forest.leaf_target.empty() ? 0 : forest.leaf_target[w]) == target) sum += forest.leaf_weight[w];
  }
  return sum;
}

NodesWriter::NodesWriter(const Trees& trees, const Fields& fields)
    : trees_(trees), forest_(trees.ensemble->forest) {
  for (const Feature& f : trees.features) {
    features_.push_back({f.field, escaped(fields[f.field].name), fields[f.field].type, f.single});
  }
  for (const std::string& c : trees.classes) classes_.push_back(escaped(c));
}

std::set<FieldId> NodesWriter::used(uint32_t root) const {
  std::vector<uint8_t> named(features_.size(), 0);
  std::vector<uint32_t> open{root};
  while (!open.empty()) {
    const uint32_t node = open.back();
    open.pop_back();
    if (forest_.is_leaf(node)) continue;
    named.at(forest_.feature[node]) = 1;
    open.push_back(forest_.yes[node]);
    open.push_back(forest_.no[node]);
  }
  std::set<FieldId> out;
  for (size_t f = 0; f < named.size(); ++f) {
    if (named[f] != 0) out.insert(features_[f].id);
  }
  return out;
}

std::string NodesWriter::set_predicate(uint32_t split, bool yes) const {
  const Names& feature = features_[forest_.feature[split]];
  if (feature.single) fail(*trees_.place, "pmml-write", "a set of numbers in single precision");
  const auto set = static_cast<size_t>(forest_.threshold[split]);
  std::vector<std::string> items;
  for (size_t i = forest_.set_begin[set]; i < forest_.set_begin[set + 1]; ++i) {
    items.push_back(xml_real(forest_.set_value[i]));
  }
  pugi::xml_document document;
  write_set_predicate(document, {feature.field, feature.type}, yes, items);
  return printed(document.first_child());
}

// How a split compares with `threshold`, which is set: where the feature is rounded to single
// precision before, the same rows are below the last double that rounds to the largest float that
// passes.
NodeMode NodesWriter::mode_of(uint32_t split, double* threshold) const {
  NodeMode mode = forest_.node_mode(split);
  *threshold = forest_.threshold[split];
  const Names& feature = features_[forest_.feature[split]];
  if (!feature.single || mode == NodeMode::member) return mode;
  float last = round_down(*threshold);
  if (mode == NodeMode::lt || mode == NodeMode::geq) {
    if (static_cast<double>(last) == *threshold) last = std::nextafter(last, -std::numeric_limits<float>::infinity());
    mode = mode == NodeMode::lt ? NodeMode::leq : NodeMode::gt;
  }
  if (mode != NodeMode::leq && mode != NodeMode::gt) {
    fail(*trees_.place, "pmml-write", "'{}' in single precision", operator_of(mode));
  }
  // A threshold of a field of that precision is read as a float itself.
  const bool typed = feature.type == expr::Scalar::f32;
  *threshold = typed ? static_cast<double>(last) : last_double_rounding_to_at_most(last);
  return mode;
}

// The threshold of a split as text; empty where its predicates have none.
std::string NodesWriter::value_of(uint32_t split) const {
  double threshold = 0;
  const NodeMode mode = mode_of(split, &threshold);
  if (mode == NodeMode::member) return {};
  if (mode == NodeMode::leq && threshold == std::numeric_limits<double>::infinity()) return {};
  // Evaluators order -0 below 0; a number compares with both alike.
  return xml_real(threshold == 0 ? 0.0 : threshold);
}

void NodesWriter::predicate(uint32_t split, bool yes, const std::string& value, std::string& out) const {
  double threshold = 0;
  const NodeMode mode = mode_of(split, &threshold);
  if (mode == NodeMode::member) {
    out += set_predicate(split, yes);
    return;
  }
  const char* test = operator_of(yes ? mode : opposite(mode));
  if (value.empty()) {
    // Every number is below: only a missing value may go the other way.
    if (forest_.missing_yes(split)) {
      out += yes ? "<True/>" : "<False/>";
      return;
    }
    test = yes ? "isNotMissing" : "isMissing";
  }
  out += "<SimplePredicate field=\"";
  out += features_[forest_.feature[split]].field;
  out += "\" operator=\"";
  out += test;
  if (!value.empty()) {
    out += "\" value=\"";
    out += value;
  }
  out += "\"/>";
}

void NodesWriter::leaf(uint32_t node, std::string& out) const {
  for (size_t c = 0; c < classes_.size(); ++c) {
    out += "<ScoreDistribution value=\"";
    out += classes_[c];
    out += "\" recordCount=\"";
    out += xml_real(leaf_weight(forest_, node, c));
    out += "\"/>";
  }
  out += "</Node>";
}

void NodesWriter::write(uint32_t root, size_t indent, std::string& out) const {
  struct Open {
    uint32_t node, split;  // split: the node above
    uint32_t depth;
    enum : uint8_t { yes, no, end } what;
  };
  std::vector<Open> open{{root, root, 0, Open::yes}};
  std::vector<std::string> values;  // of the splits above, by depth
  const auto number = [&](uint32_t node) { out += fmt::format_int(node - root).c_str(); };
  while (!open.empty()) {
    const Open at = open.back();
    open.pop_back();
    if (at.node != root || at.what == Open::end) {
      out += '\n';
      out.append(indent + std::min<size_t>(at.depth, kMostIndent), ' ');
    }
    if (at.what == Open::end) {
      out += "</Node>";
      continue;
    }
    out += "<Node id=\"";
    number(at.node);
    const bool leaf_here = forest_.is_leaf(at.node);
    if (!leaf_here) {
      out += "\" defaultChild=\"";
      number(forest_.missing_yes(at.node) ? forest_.yes[at.node] : forest_.no[at.node]);
    } else {
      out += "\" score=\"";
      if (classes_.empty()) {
        out += xml_real(leaf_weight(forest_, at.node, trees_.target));
      } else {
        size_t best = 0;
        for (size_t c = 1; c < classes_.size(); ++c) {
          if (leaf_weight(forest_, at.node, c) > leaf_weight(forest_, at.node, best)) best = c;
        }
        out += classes_[best];
      }
    }
    out += "\">";
    if (at.node == root) {
      out += "<True/>";
    } else {
      predicate(at.split, at.what == Open::yes, values[at.depth - 1], out);
    }
    if (leaf_here) {
      leaf(at.node, out);
      continue;
    }
    values.resize(std::max<size_t>(values.size(), at.depth + 1));
    values[at.depth] = value_of(at.node);
    open.push_back({at.node, at.node, at.depth, Open::end});
    open.push_back({forest_.no[at.node], at.node, at.depth + 1, Open::no});
    open.push_back({forest_.yes[at.node], at.node, at.depth + 1, Open::yes});
  }
}

}  // namespace panmodel::pmml
