#include "ir/pfa/check.h"

#include <algorithm>

#include "base/fail.h"
#include "base/text.h"
#include "ir/pfa/checker.h"

namespace panmodel::pfa {
namespace {

constexpr std::string_view kTopLevel[] = {"name", "method", "input", "output", "begin", "action", "end", "fcns", "zero",
                                          "merge", "cells", "pools", "randseed", "doc", "version", "metadata", "options"};

}  // namespace

void Checker::document() {
  Keys keys(p_.document.root());
  top_level(keys);
  reader_.declare_all();
  auto required = [&](std::string_view key) {
    std::optional<json::Ref> value = keys.find(key);
    if (!value) syntax(keys.object(), "top-level key '{}' is missing", key);
    return *value;
  };
  json::Ref action = required("action");
  p_.input = reader_.read(required("input"));
  p_.output = reader_.read(required("output"));
  if (auto ref = keys.find("cells")) cells(*ref);
  if (auto ref = keys.find("pools")) pools(*ref);
  if (auto ref = keys.find("fcns")) {
    declare_functions(*ref);
    define_functions(*ref);
  }
  p_.begin = routine(keys.find("begin"), "begin");
  if (keys.has("merge")) p_.merge = routine(keys.find("merge"), "merge");
  p_.end = routine(keys.find("end"), "end");
  p_.action = routine(action, "action");
  for (const FunctionRow* row : called_) p_.called.push_back(row);
  std::sort(p_.called.begin(), p_.called.end(), [](auto* a, auto* b) { return a->name < b->name; });
  check_updates();
}

void Checker::top_level(const Keys& keys) {
  for (auto [key, value] : keys.members()) {
    std::string_view name = key.text();
    if (std::find(std::begin(kTopLevel), std::end(kTopLevel), name) == std::end(kTopLevel)) {
      if (!options_.lenient) syntax(key, "PFA has no top-level key '{}'", name);
      out_.report(Severity::warning, key.place(), "pfa-extra-key", "PFA has no top-level key '{}'; it is ignored", name);
    }
  }
  if (auto ref = keys.find("name")) p_.name = text_of(*ref);
  if (auto ref = keys.find("doc")) p_.doc = text_of(*ref);
  if (auto ref = keys.find("version")) p_.version = whole_of(*ref, false);
  if (auto ref = keys.find("randseed")) p_.seed = whole_of(*ref, true);
  if (auto ref = keys.find("metadata")) {
    for (auto [key, value] : Keys(*ref).members()) p_.metadata.emplace(key.text(), text_of(value));
  }
  if (auto ref = keys.find("options")) {
    for (auto [key, value] : Keys(*ref).members()) p_.options.emplace(key.text(), value);
  }
  if (auto ref = keys.find("method")) {
    std::string_view method = text_of(*ref);
    if (method == "map") p_.method = Method::map;
    else if (method == "emit") p_.method = Method::emit;
    else if (method == "fold") p_.method = Method::fold;
    else syntax(*ref, "method '{}' is not one of map, emit, fold", method);
  }
  p_.zero = keys.find("zero");
  bool fold = p_.method == Method::fold;
  for (std::string_view key : {"zero", "merge"}) {
    if (keys.has(key) != fold) {
      if (fold) syntax(keys.object(), "method 'fold' needs the top-level key '{}'", key);
      syntax(keys.object(), "top-level key '{}' is of method 'fold' only", key);
    }
  }
}

template <class Slot>
void Checker::slot_options(const Keys& keys, Slot& slot) {
  for (auto [key, value] : keys.members()) {
    std::string_view name = key.text();
    if (name == "type") slot.type = reader_.read(value);
    else if (name == "init") slot.init = value;
    else if (name == "shared") slot.shared = boolean_of(value);
    else if (name == "rollback") slot.rollback = boolean_of(value);
    else if (name == "source") slot.source = text_of(value);
    else syntax(key, "'{}' is no property of a cell or a pool", name);
  }
  if (!slot.type) syntax(keys.object(), "'type' is missing");
  if (slot.shared && slot.rollback) syntax(keys.object(), "'shared' and 'rollback' exclude each other");
  if (slot.source == "embedded") slot.source.clear();
  if (!slot.source.empty()) {
    if (slot.source != "json" && slot.source != "avro") syntax(keys["source"], "source '{}' is not one of embedded, json, avro", slot.source);
    if (!slot.init || !slot.init->is(json::Kind::string)) syntax(keys.object(), "source '{}' needs an 'init' that names a file", slot.source);
  }
}

void Checker::cells(json::Ref ref) {
  for (auto [key, value] : Keys(ref).members()) {
    if (!valid_symbol(key.text())) syntax(key, "'{}' is no name of a cell", key.text());
    Cell cell;
    cell.name = key.text();
    slot_options(Keys(value), cell);
    if (!cell.init) syntax(value, "cell '{}' has no 'init'", cell.name);
    cell_.emplace(cell.name, static_cast<uint32_t>(p_.cells.size()));
    p_.cells.push_back(std::move(cell));
  }
}
void Checker::pools(json::Ref ref) {
  for (auto [key, value] : Keys(ref).members()) {
    if (!valid_symbol(key.text())) syntax(key, "'{}' is no name of a pool", key.text());
    Pool pool;
    pool.name = key.text();
    slot_options(Keys(value), pool);
    if (pool.source.empty() && pool.init && !pool.init->is(json::Kind::object)) {
      syntax(*pool.init, "{} stands here, expected an object of items", json::to_string(pool.init->kind()));
    }
    pool_.emplace(pool.name, static_cast<uint32_t>(p_.pools.size()));
    p_.pools.push_back(std::move(pool));
  }
}

// Signatures first: functions call each other in any order.
void Checker::declare_functions(json::Ref ref) {
  for (auto [key, value] : Keys(ref).members()) {
    if (!valid_function(key.text())) syntax(key, "'{}' is no name of a function", key.text());
    Keys keys(value);
    if (keys.size() != 3 || !keys.has("params") || !keys.has("ret") || !keys.has("do")) {
      syntax(value, "a function has the keys 'params', 'ret' and 'do'");
    }
    Function f;
    f.name = "u." + std::string(key.text());
    std::vector<std::string> names;
    json::Ref parameters = keys["params"];
    if (!parameters.is(json::Kind::array)) syntax(parameters, "{} stands here, expected an array of parameters", json::to_string(parameters.kind()));
    for (json::Ref item : parameters.items()) {
      Keys one(item);
      if (one.size() != 1) syntax(item, "a parameter is an object with {} keys, expected one: its name", one.size());
      names.emplace_back(one.members()[0].key.text());
      f.parameter_types.push_back(reader_.read(one.members()[0].value));
    }
    f.result = reader_.read(keys["ret"]);
    user_.emplace(f.name, static_cast<uint32_t>(p_.functions.size()));
    user_parameters_.push_back(std::move(names));
    p_.functions.push_back(std::move(f));
  }
}
void Checker::define_functions(json::Ref ref) {
  for (auto [key, value] : Keys(ref).members()) {
    Function& f = p_.functions[user_.find("u." + std::string(key.text()))->second];
    uint32_t frame = 0;
    Scope none{.frame = &frame};
    Function defined = function(Keys(value), none);
    defined.name = f.name;
    defined.frame = frame;
    f = std::move(defined);
  }
}

Routine Checker::routine(std::optional<json::Ref> ref, std::string_view which) {
  Routine routine;
  uint32_t frame = 0;
  Scope outer{.sealed_above = true, .frame = &frame};
  // Every predefined symbol has its slot in every routine; a routine sees those that it may use.
  auto put = [&](std::string_view name, const Type* type, Predefined slot) {
    outer.symbols.emplace(std::string(name), Scope::Symbol{type, slot});
  };
  frame = kPredefined;
  put("name", primitive(Kind::string), kName);
  put("instance", primitive(Kind::int32), kInstance);
  if (p_.version) put("version", primitive(Kind::int32), kVersion);
  put("metadata", p_.types.map(primitive(Kind::string)), kMetadata);
  if (which == "action" || which == "end") {
    put("actionsStarted", primitive(Kind::int64), kStarted);
    put("actionsFinished", primitive(Kind::int64), kFinished);
    if (p_.method == Method::fold) put("tally", p_.output, kTally);
  }
  if (which == "action") put("input", p_.input, kInput);
  if (which == "merge") {
    put("tallyOne", p_.output, kTally);
    put("tallyTwo", p_.output, kTallyTwo);
  }
  Scope scope = outer.open(true, false);
  routine.body.form = Form::block;
  routine.body.type = primitive(Kind::null);
  bool empty = !ref || (ref->is(json::Kind::array) && ref->size() == 0 && which != "action" && which != "merge");
  if (!empty) routine.body = block(*ref, scope);
  bool gives = which == "merge" || (which == "action" && p_.method != Method::emit);
  if (gives) {
    if (!accepts(*p_.output, *routine.body.type)) {
      semantic(*ref, "the {} gives {}, the output is {}", which, to_string(*routine.body.type), to_string(*p_.output));
    }
    routine.body = promoted(std::move(routine.body), p_.output);
  }
  routine.frame = frame;
  return routine;
}

namespace {

// Calls `visit` for every node of an expression. A node is within the limits that checking it had.
template <class Visit>
void each(const Node& node, const Visit& visit) {
  visit(node);
  for (const Node& part : node.parts) each(part, visit);
}

struct Effects {
  const Program& p;
  std::vector<int8_t> known;  // by user function: -1 not yet, 0 none, 1 has effects

  // Whether a part updates a cell or a pool, itself or through the functions that it calls.
  bool in(const Node& node) {
    bool found = false;
    each(node, [&](const Node& n) {
      if (found) return;
      switch (n.form) {
        case Form::cell_to:
        case Form::pool_to:
        case Form::pool_delete: found = true; break;
        case Form::user_call:
        case Form::user_reference: found = n.slots[0] != kEmit && in_function(n.slots[0]); break;
        case Form::dispatch:
          for (uint32_t f : n.slots) found = found || in_function(f);
          break;
        case Form::inline_function: found = in(p.inlines[n.slots[0]].body); break;
        default: break;
      }
    });
    return found;
  }
  bool in_function(uint32_t f) {
    if (known[f] < 0) {
      known[f] = 0;  // a recursion adds nothing
      known[f] = in(p.functions[f].body) ? 1 : 0;
    }
    return known[f] == 1;
  }
};

}  // namespace

// PFA 0.8.1 section 5: a function that updates a cell or a pool runs while that is locked, so it may not
// update one itself.
void Checker::check_updates() {
  Effects effects{p_, std::vector<int8_t>(p_.functions.size(), -1)};
  auto look = [&](const Node& root) {
    each(root, [&](const Node& n) {
      if ((n.form != Form::cell_to && n.form != Form::pool_to) || !n.flag) return;
      if (effects.in(n.parts[0])) {
        fail(p_.document.place(n.place), "pfa-initialization",
             "the function that updates a cell or a pool here updates one itself, or calls a function that does");
      }
    });
  };
  for (const Routine* r : {&p_.begin, &p_.action, &p_.end, &p_.merge}) look(r->body);
  for (const Function& f : p_.functions) look(f.body);
  for (const Function& f : p_.inlines) look(f.body);
}

void Checker::expression_alone() {
  json::Ref root = p_.document.root();
  reader_.declare_all();
  uint32_t frame = 0;
  Scope scope{.frame = &frame};
  Keys keys(root);
  if (auto symbols = keys.find("symbols")) {
    for (auto [name, type] : Keys(*symbols).members()) scope.add(name.text(), reader_.read(type));
  }
  if (auto ref = keys.find("cells")) cells(*ref);
  if (auto ref = keys.find("pools")) pools(*ref);
  if (auto ref = keys.find("fcns")) {
    declare_functions(*ref);
    define_functions(*ref);
  }
  p_.action.body = expression(keys["expr"], scope);
  p_.action.frame = frame;
}

void check(Program& program, const CheckOptions& options, Diagnostics& out) {
  Checker(program, options, out).document();
}
void check_expression(Program& program) {
  Diagnostics none;
  CheckOptions options;
  Checker(program, options, none).expression_alone();
}

}  // namespace panmodel::pfa
