// model.tree: records of nodes as forests.
#include "converters/program/trees.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "converters/program/raiser.h"
#include "ir/ops/encode.h"
#include "ir/ops/table.h"
#include "ir/ops/tree.h"

namespace panmodel::converters {

using pfa::Form;
using pfa::Kind;

uint32_t Raiser::feature(const Sym& column) {
  if (column->kind != Symbol::Kind::scalar && column->kind != Symbol::Kind::optional) stay("a tree tests a value that is no column");
  auto [at, fresh] = feature_of_.try_emplace(column->value, static_cast<uint32_t>(features_.size()));
  if (fresh) features_.push_back({column, {}, {}});
  return at->second;
}

Raiser::Comparison Raiser::comparison(const pfa::Node& body) {
  if (body.form == Form::block && body.parts.size() == 1) return comparison(body.parts[0]);
  if (body.form == Form::upcast) return comparison(body.parts[0]);
  if (body.form == Form::condition) {
    for (size_t i = 0; i + 1 < body.parts.size(); i += 2) {
      Sym test = eval(body.parts[i]);
      if (!is_known(*test)) stay("the test of a tree branches on the row");
      if (known(test).truth()) return comparison(body.parts[i + 1]);
    }
    if (body.parts.size() % 2 == 1) return comparison(body.parts.back());
  }
  if (body.form == Form::call && body.parts.size() == 2) {
    std::string_view op = body.function->name;
    if (op == "<=" || op == "<" || op == ">" || op == ">=" || op == "==" || op == "!=") {
      Sym a = eval(body.parts[0]), b = eval(body.parts[1]);
      if (!is_known(*a) && is_known(*b)) return {op, a, b};
    }
    if (op == "a.contains" && body.parts[1].type->kind != Kind::function) {
      Sym a = eval(body.parts[0]), b = eval(body.parts[1]);
      if (is_known(*a) && !is_known(*b)) return {"in", b, a};
    }
  }
  stay("the test of a tree is no comparison with a constant");
}

Raiser::Comparison Raiser::comparison_of(const pfa::Node& function, const Sym& datum, const Sym& node) {
  if (function.form != Form::inline_function && function.form != Form::user_reference) stay("the test of a tree is a function of the library");
  const bool user = function.form == Form::user_reference;
  const pfa::Function& f = user ? p_.functions[function.slots[0]] : p_.inlines[function.slots[0]];
  Frame own(f.frame);
  Frame* caller = frame_;
  if (user) frame_ = &own;
  (*frame_)[f.parameters[0]] = datum;
  (*frame_)[f.parameters[1]] = node;
  Comparison c = comparison(f.body);
  frame_ = caller;
  return c;
}

namespace {

// How a walk tests its nodes: by the fields "field", "operator", "value", or by a function.
enum class Testing { fields, fields_or_missing, function };

// Whether a function is only model.tree.simpleTest or missingTest of its two parameters.
std::optional<Testing> library_test(const pfa::Program& p, const pfa::Node& function) {
  if (function.form == Form::library_reference) {
    if (function.function->name == "model.tree.simpleTest") return Testing::fields;
    if (function.function->name == "model.tree.missingTest") return Testing::fields_or_missing;
    return std::nullopt;
  }
  if (function.form != Form::inline_function && function.form != Form::user_reference) return std::nullopt;
  const pfa::Function& f = function.form == Form::inline_function ? p.inlines[function.slots[0]] : p.functions[function.slots[0]];
  const pfa::Node* body = &f.body;
  while ((body->form == Form::block && body->parts.size() == 1) || body->form == Form::upcast) body = &body->parts[0];
  if (body->form != Form::call || body->parts.size() != 2) return std::nullopt;
  for (size_t i = 0; i < 2; ++i) {
    if (body->parts[i].form != Form::symbol || body->parts[i].slots[0] != f.parameters[i]) return std::nullopt;
  }
  if (body->function->name == "model.tree.simpleTest") return Testing::fields;
  if (body->function->name == "model.tree.missingTest") return Testing::fields_or_missing;
  return std::nullopt;
}

// The member of a union that stands in the document, tagged or not, and its type.
struct Member {
  json::Ref ref;
  const pfa::Type* type;
};
Member member_of(json::Ref ref, const pfa::Type& type) {
  if (type.kind != Kind::alternatives) return {ref, &type};
  if (ref.is(json::Kind::object) && ref.size() == 1) {
    json::Ref key(ref.document(), ref.index() + 1);
    for (const pfa::Type* m : type.members) {
      if (tag(*m) == key.text()) return {json::Ref(ref.document(), ref.index() + 2), m};
    }
  }
  for (const pfa::Type* m : type.members) {  // without a tag: the first that fits
    bool fits = ref.is(json::Kind::null) ? m->kind == Kind::null
                : ref.is_number()        ? m->is_number() && (m->kind > Kind::int64 || ref.is(json::Kind::integer))
                : ref.is(json::Kind::string) ? is_text(*m)
                : ref.is(json::Kind::object) ? m->kind == Kind::record || m->kind == Kind::map
                : ref.is(json::Kind::array)  ? m->kind == Kind::array
                                             : false;
    if (fits) return {ref, m};
  }
  stay("a value in a tree fits no member of its union");
}

class TreeBuilder {
 public:
  TreeBuilder(Raiser& raiser, const SymbolicCall& call) : r_(raiser), call_(call), datum_(raiser.opened(call[0])) {
    std::string_view name = call.node.function->name;
    node_type_ = call.node.types[1];
    if (node_type_->kind != Kind::record) stay("a tree whose nodes are no records");
    testing_ = Testing::fields;
    if (name != "model.tree.simpleTree") {
      std::optional<Testing> library = library_test(raiser.program(), call.function(2));
      testing_ = library.value_or(Testing::function);
    }
    missing_ = name == "model.tree.missingWalk";
  }

  TreeParts build(json::Ref root) {
    // A node's place is known when its parent is done: children are told to their parents afterwards.
    struct Task {
      json::Ref ref;
      const pfa::Type* type;
      uint32_t parent;
      bool yes;
    };
    constexpr uint32_t kRoot = UINT32_MAX;
    std::vector<Task> tasks{{root, node_type_, kRoot, false}};
    auto attach = [&](uint32_t parent, bool yes, uint32_t child) {
      if (parent == kRoot) out_.forest.roots.push_back(child);
      else (yes ? out_.forest.yes : out_.forest.no)[parent] = child;
    };
    while (!tasks.empty()) {
      Task t = tasks.back();
      tasks.pop_back();
      Member m = member_of(t.ref, *t.type);
      if (m.type != node_type_) {
        attach(t.parent, t.yes, leaf(m));
        continue;
      }
      if (!m.ref.is(json::Kind::object)) stay("a node of a tree is no object");
      Parts parts = parts_of(m.ref);
      Split split = test(m.ref, parts);
      json::Ref yes = split.swapped ? *parts.fail : *parts.pass, no = split.swapped ? *parts.pass : *parts.fail;
      const pfa::Type *yes_type = split.swapped ? fail_type() : pass_type(), *no_type = split.swapped ? pass_type() : fail_type();
      if (split.always) {  // the same way for every row
        tasks.push_back({yes, yes_type, t.parent, t.yes});
        continue;
      }
      uint32_t parent = t.parent;
      bool side = t.yes;
      if (missing_ && split.can_miss) {
        uint32_t there = out_.forest.add_node(NodeMode::leq, split.feature, std::numeric_limits<double>::infinity(), 0, 0, false);
        attach(parent, side, there);
        if (!parts.missing) stay("a node of a tree has no 'missing'");
        tasks.push_back({*parts.missing, field_type("missing"), there, false});
        parent = there;
        side = true;
      }
      uint32_t node = out_.forest.add_node(split.mode, split.feature, split.threshold, 0, 0, split.missing_yes);
      attach(parent, side, node);
      tasks.push_back({no, no_type, node, false});
      tasks.push_back({yes, yes_type, node, true});
    }
    return std::move(out_);
  }

 private:
  struct Parts {
    std::optional<json::Ref> field, op, value, pass, fail, missing;
  };
  struct Split {
    NodeMode mode = NodeMode::leq;
    uint32_t feature = 0;
    double threshold = 0;
    bool swapped = false, missing_yes = false, can_miss = false, always = false;
  };

  Parts parts_of(json::Ref node) const {
    Parts p;
    for (auto [key, value] : node.members()) {
      std::string_view name = key.text();
      if (name == "field") p.field = value;
      else if (name == "operator") p.op = value;
      else if (name == "value") p.value = value;
      else if (name == "pass") p.pass = value;
      else if (name == "fail") p.fail = value;
      else if (name == "missing") p.missing = value;
    }
    if (!p.pass || !p.fail) stay("a node of a tree has no 'pass' or no 'fail'");
    return p;
  }
  const pfa::Type* field_type(std::string_view name) const {
    std::optional<uint32_t> at = node_type_->field(name);
    if (!at) stay("the nodes of a tree have no field '{}'", name);
    return node_type_->fields[*at].type;
  }
  const pfa::Type* pass_type() const { return field_type("pass"); }
  const pfa::Type* fail_type() const { return field_type("fail"); }

  uint32_t leaf(const Member& m) {
    if (m.type->is_number()) {
      if (!m.ref.is_number()) stay("a score of a tree is no plain number");
      return out_.forest.add_single_leaf(m.ref.number());
    }
    if (is_text(*m.type)) {
      if (!m.ref.is(json::Kind::string)) stay("a score of a tree is no text");
      auto at = std::find(out_.texts.begin(), out_.texts.end(), m.ref.text());
      size_t index = static_cast<size_t>(at - out_.texts.begin());
      if (at == out_.texts.end()) out_.texts.emplace_back(m.ref.text());
      return out_.forest.add_single_leaf(static_cast<double>(index));
    }
    auto s = std::make_shared<Symbol>();
    s->kind = Symbol::Kind::data;
    s->type = m.type;
    s->data = m.ref;
    out_.others.push_back(s);
    return out_.forest.add_single_leaf(static_cast<double>(out_.others.size() - 1));
  }

  Split test(json::Ref node, const Parts& parts) {
    if (testing_ == Testing::function) {
      auto s = std::make_shared<Symbol>();
      s->kind = Symbol::Kind::data;
      s->type = node_type_;
      s->data = node;
      Raiser::Comparison c = r_.comparison_of(call_.function(2), datum_, s);
      // A function compares in Avro's order, where a NaN is above every number.
      Split split = compare(c.column, c.op, r_.known(c.value));
      if (c.op == ">" || c.op == ">=" || c.op == "!=") split.missing_yes = true;
      return split;
    }
    if (!parts.field || !parts.op || !parts.value || !parts.field->is(json::Kind::string) || !parts.op->is(json::Kind::string)) {
      stay("a node of a tree has no 'field', 'operator' or 'value'");
    }
    auto [at, fresh] = columns_.try_emplace(std::string(parts.field->text()), nullptr);
    if (fresh) at->second = r_.field(datum_, parts.field->text());
    Member value = member_of(*parts.value, *field_type("value"));
    return compare_json(at->second, parts.op->text(), value);
  }

  Split compare_json(const Sym& column, std::string_view op, const Member& value) {
    if (op == "alwaysTrue" || op == "alwaysFalse") {
      Split split;
      split.always = true;
      split.swapped = op == "alwaysFalse";
      return split;
    }
    bool nullable = column->kind == Symbol::Kind::optional;
    if (testing_ == Testing::fields && (op == "isMissing" || op == "notMissing")) {
      Split split;
      split.feature = r_.feature(column);
      if (!nullable) {
        split.always = true;
        split.swapped = op == "isMissing";
        return split;
      }
      split.threshold = std::numeric_limits<double>::infinity();
      split.swapped = op == "isMissing";
      return split;
    }
    if (testing_ == Testing::fields && nullable) stay("a tree tests a value that may be null without saying what null does");
    if (value.ref.is_number()) return number(column, op, value.ref.number());
    std::vector<std::string_view> texts;
    if (value.ref.is(json::Kind::string)) texts.push_back(value.ref.text());
    if (value.ref.is(json::Kind::array)) {
      for (json::Ref item : value.ref.items()) {
        if (!item.is(json::Kind::string)) stay("a tree tests for a set of other than texts");
        texts.push_back(item.text());
      }
    }
    if (value.ref.is(json::Kind::object) || value.ref.is(json::Kind::null)) stay("a tree compares with a value of type {}", to_string(*value.type));
    bool set = value.ref.is(json::Kind::array);
    return text(column, op, texts, set);
  }

  Split compare(const Sym& column, std::string_view op, const pfa::Value& value) {
    if (value.is_number()) return number(column, op, value.real());
    if (value.is(Kind::string) || value.is(Kind::enumeration)) {
      std::string one = value.is(Kind::string) ? value.text() : value.symbol_name();
      return text(column, op, {one}, false);
    }
    if (value.is(Kind::array)) {
      if (!value.items().empty() && value.items()[0].is_number()) {
        std::vector<double> all;
        for (const pfa::Value& item : value.items()) all.push_back(item.real());
        return member(column, all, false);
      }
      std::vector<std::string_view> texts;
      for (const pfa::Value& item : value.items()) texts.push_back(item.text());
      return text(column, op, texts, true);
    }
    stay("a tree compares with a value that is no number and no text");
  }

  Split number(const Sym& column, std::string_view op, double t) {
    if (!pfa::value_type(*column->type).is_number()) stay("a tree compares a value of type {} with a number", to_string(*column->type));
    Split split;
    split.feature = r_.feature(column);
    split.threshold = t;
    split.can_miss = column->kind == Symbol::Kind::optional;
    if (op == "<=") split.mode = NodeMode::leq;
    else if (op == "<") split.mode = NodeMode::lt;
    else if (op == ">=") split.mode = NodeMode::geq;
    else if (op == ">") split.mode = NodeMode::gt;
    else if (op == "==") split.mode = NodeMode::eq;
    else if (op == "!=") split.mode = NodeMode::neq, split.missing_yes = true;  // a NaN differs from every number
    else stay("a tree has operator '{}' on a number", op);
    return split;
  }

  Split text(const Sym& column, std::string_view op, const std::vector<std::string_view>& texts, bool set) {
    if (!is_text(pfa::value_type(*column->type))) stay("a tree compares a value of type {} with a text", to_string(*column->type));
    TreeFeature& f = r_.feature_at(r_.feature(column));
    std::vector<double> codes;
    for (std::string_view t : texts) {
      auto [at, fresh] = f.codes.try_emplace(std::string(t), static_cast<double>(f.texts.size()));
      if (fresh) f.texts.emplace_back(t);
      codes.push_back(at->second);
    }
    bool in = set ? op == "in" : op == "==";
    if (!in && op != (set ? "notIn" : "!=")) stay("a tree has operator '{}' on texts", op);
    return member(column, codes, !in);
  }

  Split member(const Sym& column, std::vector<double> values, bool swapped) {
    Split split;
    split.mode = NodeMode::member;
    split.feature = r_.feature(column);
    split.can_miss = column->kind == Symbol::Kind::optional;
    split.swapped = swapped;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    Forest& forest = out_.forest;
    if (forest.set_begin.empty()) forest.set_begin.push_back(0);
    split.threshold = static_cast<double>(forest.set_begin.size() - 1);
    forest.set_value.insert(forest.set_value.end(), values.begin(), values.end());
    forest.set_begin.push_back(static_cast<uint32_t>(forest.set_value.size()));
    return split;
  }

  Raiser& r_;
  const SymbolicCall& call_;
  Sym datum_;
  const pfa::Type* node_type_ = nullptr;
  Testing testing_ = Testing::fields;
  bool missing_ = false;
  std::map<std::string, Sym, std::less<>> columns_;
  TreeParts out_;
};

// Trees one after another, on the features that they use.
struct Joined {
  Forest forest;
  std::vector<uint32_t> features;  // of Raiser, by column
};

void append(Joined& all, const Forest& tree, std::vector<uint32_t>& column_of) {
  Forest& f = all.forest;
  auto base = static_cast<uint32_t>(f.mode.size());
  auto leaves = static_cast<uint32_t>(f.leaf_weight.size());
  auto sets = static_cast<uint32_t>(f.set_begin.empty() ? 0 : f.set_begin.size() - 1);
  for (size_t i = 0; i < tree.nodes(); ++i) {
    bool leaf = tree.is_leaf(i);
    uint32_t column = 0;
    if (!leaf) {
      uint32_t feature = tree.feature[i];
      if (feature >= column_of.size()) column_of.resize(feature + 1, UINT32_MAX);
      if (column_of[feature] == UINT32_MAX) {
        column_of[feature] = static_cast<uint32_t>(all.features.size());
        all.features.push_back(feature);
      }
      column = column_of[feature];
    }
    double t = tree.node_mode(i) == NodeMode::member ? tree.threshold[i] + sets : tree.threshold[i];
    f.mode.push_back(tree.mode[i]);
    f.feature.push_back(column);
    f.threshold.push_back(t);
    f.yes.push_back(tree.yes[i] + (leaf ? leaves : base));
    f.no.push_back(leaf ? 0 : tree.no[i] + base);
  }
  for (uint32_t root : tree.roots) f.roots.push_back(root + base);
  f.leaf_weight.insert(f.leaf_weight.end(), tree.leaf_weight.begin(), tree.leaf_weight.end());
  if (!tree.set_begin.empty()) {
    if (f.set_begin.empty()) f.set_begin.push_back(0);
    auto shift = static_cast<uint32_t>(f.set_value.size());
    for (size_t i = 1; i < tree.set_begin.size(); ++i) f.set_begin.push_back(tree.set_begin[i] + shift);
    f.set_value.insert(f.set_value.end(), tree.set_value.begin(), tree.set_value.end());
  }
}

ValueId features_of(Raiser& r, const std::vector<uint32_t>& features) {
  std::vector<ValueId> columns;
  for (uint32_t index : features) {
    const TreeFeature& f = r.feature_at(index);
    ValueId value = f.column->value;
    if (is_text(pfa::value_type(*f.column->type))) {
      ml::LabelMap map;
      std::vector<double> codes;
      for (size_t i = 0; i < f.texts.size(); ++i) codes.push_back(static_cast<double>(i));
      map.keys = Tensor::vector(f.texts);
      map.values = Tensor::vector(std::move(codes));
      map.fallback = Tensor::scalar(-1.0);
      if (f.column->kind == Symbol::Kind::optional) map.missing_value = Tensor::scalar(std::nan(""));
      value = r.builder().add(std::move(map), {value});
    }
    columns.push_back(value);
  }
  if (columns.empty()) stay("trees that test nothing");
  return r.builder().add(table::Assemble{}, std::move(columns));
}

ValueId ensemble(Raiser& r, Joined joined, int64_t targets, ml::Aggregate aggregate) {
  ValueId x = features_of(r, joined.features);
  ml::TreeEnsemble op;
  op.forest = std::move(joined.forest);
  op.targets = targets;
  op.aggregate = aggregate;
  return r.builder().add(std::move(op), {x});
}

}  // namespace

Sym Raiser::tree(const SymbolicCall& call) {
  if (call[1]->kind != Symbol::Kind::data) stay("a tree that is computed");
  auto s = std::make_shared<Symbol>();
  s->kind = Symbol::Kind::tree;
  s->type = call.type();
  s->tree = std::make_shared<const TreeParts>(TreeBuilder(*this, call).build(call[1]->data));
  if (!s->tree->others.empty()) {
    // A leaf that is a record or a list: all its parts by the number of the leaf.
    Joined joined;
    std::vector<uint32_t> column_of;
    append(joined, s->tree->forest, column_of);
    Sym at = scalar(ensemble(*this, std::move(joined), 1, ml::Aggregate::sum), pfa::primitive(Kind::int32));
    return index(list(s->tree->others, types_.array(call.type())), at);
  }
  return s;
}

ValueId Raiser::tree_column(const Symbol& tree) {
  Joined joined;
  std::vector<uint32_t> column_of;
  append(joined, tree.tree->forest, column_of);
  const std::vector<std::string>& texts = tree.tree->texts;
  if (texts.empty()) return ensemble(*this, std::move(joined), 1, ml::Aggregate::sum);
  // A class per text: the leaf votes for its own, as classifiers of every target do.
  std::vector<uint32_t> targets;
  for (double leaf : joined.forest.leaf_weight) targets.push_back(static_cast<uint32_t>(leaf));
  joined.forest.leaf_weight.assign(targets.size(), 1.0);
  joined.forest.leaf_target = std::move(targets);
  ValueId votes = ensemble(*this, std::move(joined), static_cast<int64_t>(texts.size()), ml::Aggregate::sum);
  return winner(votes, texts)->value;
}

Sym Raiser::trees_sum(const std::vector<Sym>& trees, bool mean) {
  Joined joined;
  std::vector<uint32_t> column_of;
  for (const Sym& t : trees) {
    if (!t->tree->texts.empty()) stay("trees whose scores are texts are summed");
    append(joined, t->tree->forest, column_of);
  }
  return scalar(ensemble(*this, std::move(joined), 1, mean ? ml::Aggregate::mean : ml::Aggregate::sum), pfa::primitive(Kind::float64));
}

// How many of the trees give this text: a column per text, made for all at once.
Sym Raiser::count(const Sym& trees, const std::string& score) {
  auto [at, fresh] = counts_.try_emplace(trees.get());
  if (fresh) {
    kept_.push_back(trees);
    Joined joined;
    std::vector<uint32_t> column_of;
    std::vector<std::string> classes;
    std::vector<uint32_t> targets;
    for (const Sym& t : items(trees)) {
      append(joined, t->tree->forest, column_of);
      for (double leaf : t->tree->forest.leaf_weight) {
        const std::string& text = t->tree->texts.at(static_cast<size_t>(leaf));
        auto found = std::find(classes.begin(), classes.end(), text);
        targets.push_back(static_cast<uint32_t>(found - classes.begin()));
        if (found == classes.end()) classes.push_back(text);
      }
    }
    joined.forest.leaf_weight.assign(targets.size(), 1.0);
    joined.forest.leaf_target = std::move(targets);
    ValueId counts = ensemble(*this, std::move(joined), static_cast<int64_t>(classes.size()), ml::Aggregate::sum);
    std::vector<Sym> columns = split_all(counts, classes.size(), pfa::primitive(Kind::float64));
    for (size_t k = 0; k < classes.size(); ++k) at->second.emplace(classes[k], columns[k]);
  }
  auto found = at->second.find(score);
  return found == at->second.end() ? number(0) : found->second;
}

}  // namespace panmodel::converters
