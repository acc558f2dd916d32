// Tree ensembles: TreeNode records in cells, walked by model.tree.*.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/number.h"
#include "base/fail.h"
#include "formats/pfa/write_values.h"
#include "ir/ops/tree.h"

namespace panmodel::pfa::writing {
namespace {

const char* operator_of(NodeMode mode) {
  switch (mode) {
    case NodeMode::leq: return "<=";
    case NodeMode::lt: return "<";
    case NodeMode::geq: return ">=";
    case NodeMode::gt: return ">";
    case NodeMode::eq: return "==";
    case NodeMode::neq: return "!=";
    case NodeMode::member: return "in";
    case NodeMode::leaf: break;
  }
  return "";
}

// What the trees of a cell look like.
struct Shape {
  std::string node, features;         // names of the types
  std::vector<std::string> fields;    // of the features
  bool sets = false;                  // thresholds may be sets
  bool missing = false;               // a node says where a missing value goes
  bool single = false;                // features are rounded to single precision before they are compared
  bool scores = false;                // a leaf has the place of its score in a cell, which may be null
  bool round_leaves = false;          // to single precision
  size_t targets = 1;                 // numbers of a leaf; 1: the weight for `target`
  size_t target = 0;
};

class TreeWriter {
 public:
  TreeWriter(const Forest& forest, Shape shape) : forest_(forest), shape_(std::move(shape)) {}

  // The tree as the value of a TreeNode.
  void write(uint32_t root, JsonSink& out) const {
    if (forest_.is_leaf(root)) return alone(root, out);
    struct Open {
      uint32_t node;
      enum : uint8_t { yes, no, end } what;
    };
    std::vector<Open> open;
    const auto enter = [&](uint32_t node) {
      split(node, out);
      open.push_back({node, Open::end});
      open.push_back({node, Open::no});
      open.push_back({node, Open::yes});
    };
    enter(root);
    while (!open.empty()) {
      const Open at = open.back();
      open.pop_back();
      if (at.what == Open::end) {
        out.end_object();
        if (!open.empty()) out.end_object();
        continue;
      }
      const uint32_t child = at.what == Open::yes ? forest_.yes[at.node] : forest_.no[at.node];
      out.key(at.what == Open::yes ? "pass" : "fail");
      if (forest_.is_leaf(child)) {
        leaf(child, out);
      } else {
        out.begin_object(true);
        out.key(shape_.node);
        enter(child);
      }
    }
  }

 private:
  void split(uint32_t node, JsonSink& out) const {
    NodeMode mode = forest_.node_mode(node);
    double threshold = forest_.threshold[node];
    if (shape_.single) round(mode, threshold);
    const bool missing_yes = forest_.missing_yes(node);
    out.begin_object();
    bool always = mode == NodeMode::leq && threshold == std::numeric_limits<double>::infinity();
    if (always && shape_.missing && !missing_yes) {
      // alwaysTrue holds for a missing value too; every number, infinities too, differs from one that no data has.
      always = false;
      mode = NodeMode::neq;
      threshold = -1.6e308;
    }
    head(forest_.feature[node], always ? "alwaysTrue" : operator_of(mode), out);
    if (mode == NodeMode::member) {
      const auto set = static_cast<size_t>(threshold);
      out.begin_object(true);
      out.key("array");
      out.begin_array(true);
      for (size_t i = forest_.set_begin[set]; i < forest_.set_begin[set + 1]; ++i) out.real(forest_.set_value[i]);
      out.end_array();
      out.end_object();
    } else {
      value(std::isfinite(threshold) ? threshold : 0.0, out);
    }
    if (shape_.missing) {
      out.key("missing");
      out.text(missing_yes ? "pass" : "fail");
    }
  }

  void head(uint32_t feature, const char* test, JsonSink& out) const {
    out.key("field");
    out.text(shape_.fields[feature]);
    out.key("operator");
    out.text(test);
    out.key("value");
  }
  void value(double threshold, JsonSink& out) const {
    if (shape_.sets) {
      out.begin_object(true);
      out.key("double");
    }
    out.real(threshold);
    if (shape_.sets) out.end_object();
  }

  // The largest double that rounds to a float below the threshold: the same rows are below it.
  static void round(NodeMode& mode, double& threshold) {
    float last = round_down(threshold);
    if (mode == NodeMode::lt || mode == NodeMode::geq) {
      if (static_cast<double>(last) == threshold) last = std::nextafter(last, -std::numeric_limits<float>::infinity());
      mode = mode == NodeMode::lt ? NodeMode::leq : NodeMode::gt;
    }
    threshold = last_double_rounding_to_at_most(last);
  }

  double weight(uint32_t node, size_t target) const {
    const uint32_t index = forest_.yes[node];
    const bool one = forest_.leaf_begin.empty();
    const size_t begin = one ? index : forest_.leaf_begin[index];
    const size_t end = one ? begin + 1 : forest_.leaf_begin[index + 1];
    double sum = 0;
    for (size_t w = begin; w < end; ++w) {
      if ((forest_.leaf_target.empty() ? 0 : forest_.leaf_target[w]) == target) sum += forest_.leaf_weight[w];
    }
    return shape_.round_leaves ? static_cast<double>(static_cast<float>(sum)) : sum;
  }

  void leaf(uint32_t node, JsonSink& out) const {
    out.begin_object(true);
    if (shape_.scores) {
      out.key("int");
      out.integer(static_cast<int64_t>(forest_.leaf_begin.empty() ? forest_.yes[node] : forest_.leaf_begin[forest_.yes[node]]));
      out.end_object();
      return;
    }
    out.key(shape_.targets == 1 ? "double" : "array");
    if (shape_.targets == 1) {
      out.real(weight(node, shape_.target));
    } else {
      out.begin_array(true);
      for (size_t t = 0; t < shape_.targets; ++t) out.real(weight(node, t));
      out.end_array();
    }
    out.end_object();
  }

  // A tree without a split, as a node with the leaf on both sides.
  void alone(uint32_t root, JsonSink& out) const {
    out.begin_object();
    head(0, "alwaysTrue", out);
    value(0.0, out);
    if (shape_.missing) {
      out.key("missing");
      out.text("pass");
    }
    for (const char* side : {"pass", "fail"}) {
      out.key(side);
      leaf(root, out);
    }
    out.end_object();
  }

  const Forest& forest_;
  Shape shape_;
};

class Trees {
 public:
  Trees(const Node& node, const ml::TreeEnsemble& ensemble, Values& values)
      : node_(node), ensemble_(ensemble), forest_(ensemble.forest), values_(values), program_(values.program()) {}

  void write() {
    shape_.round_leaves = ensemble_.accumulate == DType::f32;
    for (double w : forest_.leaf_weight) {
      if (std::isinf(w)) values_.refuse(node_, "with an infinite leaf");
      shape_.scores = shape_.scores || std::isnan(w);
    }
    for (size_t i = 0; i < forest_.nodes(); ++i) {
      if (forest_.is_leaf(i)) continue;
      const NodeMode mode = forest_.node_mode(i);
      shape_.sets = shape_.sets || mode == NodeMode::member;
      const double t = forest_.threshold[i];
      const bool always = mode == NodeMode::leq && t == std::numeric_limits<double>::infinity();
      if (!std::isfinite(t) && !always) values_.refuse(node_, "with a threshold that is no finite number");
    }
    bind_features();
    const auto targets = static_cast<size_t>(ensemble_.targets);
    std::vector<Ast> results;
    const std::vector<std::vector<uint32_t>> groups = by_target();
    if (!groups.empty()) {
      for (size_t t = 0; t < targets; ++t) {
        shape_.target = t;
        results.push_back(combined(groups[t], t));
      }
      const char* name = results.size() == 1 ? "score" : "scores";
      Form f = items_form("double", std::move(results), name);
      f.may_miss = shape_.scores;
      return set(std::move(f));
    }
    if (shape_.scores) values_.refuse(node_, "with leaves of several numbers that may be missing");
    if (shape_.round_leaves) values_.refuse(node_, "that sums several numbers in single precision");
    shape_.targets = targets;
    set(vector_form("double", targets, combined_rows(), "scores"));
  }

 private:
  void set(Form f) { values_.set(node_.outputs[0], std::move(f)); }

  // Per target its trees, when no tree has weights for two; else nothing.
  std::vector<std::vector<uint32_t>> by_target() const {
    std::vector<std::vector<uint32_t>> groups(static_cast<size_t>(ensemble_.targets));
    for (uint32_t root : forest_.roots) {
      std::set<uint32_t> of_tree;
      std::vector<uint32_t> open{root};
      while (!open.empty()) {
        const uint32_t node = open.back();
        open.pop_back();
        if (!forest_.is_leaf(node)) {
          open.push_back(forest_.yes[node]);
          open.push_back(forest_.no[node]);
          continue;
        }
        const uint32_t index = forest_.yes[node];
        const bool one = forest_.leaf_begin.empty();
        const size_t end = one ? index + 1 : forest_.leaf_begin[index + 1];
        for (size_t w = one ? index : forest_.leaf_begin[index]; w < end; ++w) {
          of_tree.insert(forest_.leaf_target.empty() ? 0 : forest_.leaf_target[w]);
        }
      }
      if (of_tree.size() > 1) return {};
      groups[of_tree.empty() ? 0 : *of_tree.begin()].push_back(root);
    }
    if (ensemble_.aggregate != ml::Aggregate::sum && groups.size() > 1) return {};
    return groups;
  }

  // The record that trees read: the input itself, or one made of the features.
  void bind_features() {
    const ValueId x = node_.inputs[0];
    const Form& from = values_.of(x);
    const bool may_miss = from.may_miss;
    shape_.single = from.single;
    for (size_t i = 0; i < forest_.nodes(); ++i) {
      const NodeMode mode = forest_.node_mode(i);
      if (shape_.single && (mode == NodeMode::member || mode == NodeMode::eq || mode == NodeMode::neq)) {
        values_.refuse(node_, fmt::format("with '{}' in single precision", operator_of(mode)));
      }
    }
    Form plain = from;
    plain.single = false;
    std::swap(values_.of(x), plain);
    std::vector<Ast> items = values_.items(x, false);
    const bool nullable = values_.of(x).nullable;
    values_.of(x).single = shape_.single;
    std::set<std::string> taken;
    const bool own = values_.is_input_record(items);
    for (size_t i = 0; i < items.size(); ++i) {
      const auto* symbol = std::get_if<std::string>(&items[i].v);
      const std::string wanted = symbol != nullptr && symbol->starts_with("input.") ? symbol->substr(6) : fmt::format("x{}", i);
      shape_.fields.push_back(unique_word(wanted, taken));
    }
    shape_.missing = may_miss;
    shape_.node = program_.type_name("TreeNode");
    shape_.features = program_.type_name(own ? "Feature" : "FeatureName");
    if (own) {
      record_ = "input";
      record_type_ = "Input";
      return;
    }
    const Ast type = may_miss ? nullable_double() : Ast("double");
    Asts fields;
    Members made;
    for (size_t i = 0; i < items.size(); ++i) {
      fields.push_back(Members{{"name", shape_.fields[i]}, {"type", type}});
      Ast item = std::move(items[i]);
      if (may_miss && !nullable) item = program_.user_call("numberOrNull", {std::move(item)});
      made.emplace_back(shape_.fields[i], std::move(item));
    }
    record_type_ = program_.type_name("Features");
    Ast declared = Members{{"type", "record"}, {"name", record_type_}, {"fields", std::move(fields)}};
    record_ = program_.let("row", Members{{"type", std::move(declared)}, {"new", std::move(made)}});
  }
  static Ast nullable_double() { return nullable("double"); }

  Ast leaf_type() const { return shape_.scores ? Ast("int") : score_type(); }
  Ast score_type() const { return shape_.targets == 1 ? Ast("double") : array_of("double"); }

  // The schema of a node, declared once.
  Ast node_type() {
    if (declared_) return shape_.node;
    declared_ = true;
    Asts symbols;
    for (const std::string& f : shape_.fields) symbols.push_back(f);
    const Asts branch{shape_.node, leaf_type()};
    Asts fields{
        Members{{"name", "field"}, {"type", Members{{"type", "enum"}, {"name", shape_.features}, {"symbols", std::move(symbols)}}}},
        Members{{"name", "operator"}, {"type", "string"}},
        Members{{"name", "value"}, {"type", shape_.sets ? Ast(Asts{"double", array_of("double")}) : Ast("double")}}};
    if (shape_.missing) {
      fields.push_back(Members{{"name", "missing"}, {"type", "string"}});
    }
    fields.push_back(Members{{"name", "pass"}, {"type", branch}});
    fields.push_back(Members{{"name", "fail"}, {"type", branch}});
    return Members{{"type", "record"}, {"name", shape_.node}, {"fields", std::move(fields)}};
  }

  Ast cell_of(const std::vector<uint32_t>& roots, const char* name, bool list) {
    TreeWriter writer(forest_, shape_);
    Ast type = list ? array_of(node_type()) : node_type();
    return program_.cell(name, std::move(type), Ast::Stream([writer, roots, list](JsonSink& out) {
                           if (list) out.begin_array();
                           for (uint32_t root : roots) writer.write(root, out);
                           if (list) out.end_array();
                         }));
  }

  // The score of one tree.
  Ast walk(Ast tree) {
    Ast leaf = walk_to_leaf(std::move(tree));
    if (!shape_.scores) return leaf;
    if (scores_.empty()) {
      Asts all;
      for (double w : forest_.leaf_weight) all.push_back(std::isnan(w) ? Ast() : Ast(Members{{"double", w}}));
      const Ast cell = program_.cell("scores", array_of(nullable("double")), std::move(all));
      scores_ = std::get<std::string>(std::get<Members>(cell.v)[0].second.v);
    }
    return program_.user_call("numberOrNan", {Members{{"cell", scores_}, {"path", Asts{std::move(leaf)}}}});
  }
  Ast walk_to_leaf(Ast tree) {
    if (!shape_.missing) return call("model.tree.simpleTree", {record_, std::move(tree)});
    const std::string row = program_.symbol("d"), node = program_.symbol("t");
    Ast passes = call("impute.defaultOnNull", {call("model.tree.missingTest", {row, node}),
                                               call("==", {node + ".missing", literal("pass")})});
    return call("model.tree.simpleWalk", {record_, std::move(tree),
                                          function({{row, record_type_}, {node, shape_.node}}, "boolean", {std::move(passes)})});
  }

  Ast scores(Ast cell) {
    const std::string tree = program_.symbol("tree");
    return call("a.map", {std::move(cell), function({{tree, shape_.node}}, score_type(), {walk(tree)})});
  }

  // One target: the sum, mean, least or largest score of the trees.
  Ast combined(const std::vector<uint32_t>& roots, size_t target) {
    const double base = ensemble_.base.empty() ? 0 : ensemble_.base.at(target);
    if (roots.empty()) return base;
    const bool one = roots.size() == 1;
    Ast cell = cell_of(roots, one ? "tree" : "trees", !one);
    const bool sum = ensemble_.aggregate == ml::Aggregate::sum, mean = ensemble_.aggregate == ml::Aggregate::mean;
    Ast result;
    if (one) {
      result = walk(std::move(cell));
      if (base != 0 && ensemble_.accumulate == DType::f32) values_.refuse(node_, "that sums in single precision");
      if (base != 0) result = call("+", {base, std::move(result)});
      return result;
    }
    const bool single = ensemble_.accumulate == DType::f32;
    const auto rounded = [&](Ast e) { return single ? program_.user_call("single", {std::move(e)}) : e; };
    const double start = single ? static_cast<double>(static_cast<float>(base)) : base;
    if (single && !sum) values_.refuse(node_, "that combines in single precision");
    if (!single && (base == 0 || ensemble_.base_last || (!sum && !mean))) {
      const char* library = mean && base == 0 ? "a.mean" : sum || mean ? "a.sum" : ensemble_.aggregate == ml::Aggregate::min ? "a.min" : "a.max";
      result = call(library, {scores(std::move(cell))});
      if (base != 0) result = call("+", {std::move(result), base});
      if (mean && base == 0) return result;
    } else {
      // From the base on, tree by tree, as the source adds them.
      const std::string total = program_.symbol("total"), tree = program_.symbol("tree");
      result = call("a.fold", {std::move(cell), ensemble_.base_last ? 0.0 : start,
                               function({{total, "double"}, {tree, shape_.node}}, "double", {rounded(call("+", {total, walk(tree)}))})});
      if (ensemble_.base_last && base != 0) result = rounded(call("+", {std::move(result), start}));
    }
    if (mean) result = call("/", {std::move(result), static_cast<double>(roots.size())});
    return result;
  }

  // All targets: the sum or mean of the rows that the trees give.
  Ast combined_rows() {
    const bool sum = ensemble_.aggregate == ml::Aggregate::sum, mean = ensemble_.aggregate == ml::Aggregate::mean;
    if (!sum && !mean) values_.refuse(node_, "of the least or largest of several results");
    const bool one = forest_.roots.size() == 1;
    Ast cell = cell_of(forest_.roots, one ? "tree" : "trees", !one);
    const bool has_base = std::any_of(ensemble_.base.begin(), ensemble_.base.end(), [](double b) { return b != 0; });
    Ast result;
    const auto added = [&](Ast a, Ast b) { return call("la.add", {std::move(a), std::move(b)}); };
    if (one) {
      result = walk(std::move(cell));
    } else {
      const std::string a = program_.symbol("a"), b = program_.symbol("b");
      Ast sum_of_rows = function({{a, array_of("double")}, {b, array_of("double")}}, array_of("double"), {added(a, b)});
      Ast all = scores(std::move(cell));
      if (has_base && !ensemble_.base_last) {
        result = call("a.fold", {std::move(all), program_.numbers("base", ensemble_.base), std::move(sum_of_rows)});
      } else {
        result = call("a.reduce", {std::move(all), std::move(sum_of_rows)});
      }
    }
    if (has_base && (one || ensemble_.base_last)) result = added(std::move(result), program_.numbers("base", ensemble_.base));
    if (mean && !one) {
      const std::string score = program_.symbol("score");
      result = call("a.map", {std::move(result), function({{score, "double"}}, "double",
                                                          {call("/", {score, static_cast<double>(forest_.roots.size())})})});
    }
    return result;
  }

  const Node& node_;
  const ml::TreeEnsemble& ensemble_;
  const Forest& forest_;
  Values& values_;
  Program& program_;
  Shape shape_;
  bool declared_ = false;
  std::string scores_;  // the cell of the leaves' scores
  Ast record_;
  std::string record_type_;
};

}  // namespace

bool write_trees(const Node& node, Values& values) {
  const auto* op = node.as<ml::TreeEnsemble>();
  if (op == nullptr) return false;
  Trees(node, *op, values).write();
  return true;
}

}  // namespace panmodel::pfa::writing
