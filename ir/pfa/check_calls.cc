// Paths into values, cells and pools, functions and calls.
#include <algorithm>

#include "base/text.h"
#include "base/fail.h"
#include "ir/pfa/checker.h"

namespace panmodel::pfa {

// The type that a path leads to; its steps go to `node`.
const Type* Checker::path(json::Ref steps, const Type* into, Node& node, Scope& scope) {
  if (!steps.is(json::Kind::array)) syntax(steps, "{} stands here, expected an array of expressions", json::to_string(steps.kind()));
  for (json::Ref step : steps.items()) {
    Scope within = scope.sealed();
    Node index = expression(step, within);
    node.types.push_back(into);
    switch (into->kind) {
      case Kind::array:
        if (index.type->kind != Kind::int32 && index.type->kind != Kind::int64) {
          semantic(step, "an array is indexed by a value of type {}, expected int or long", to_string(*index.type));
        }
        into = into->element;
        break;
      case Kind::map:
        if (index.type->kind != Kind::string) semantic(step, "a map is indexed by a value of type {}, expected string", to_string(*index.type));
        into = into->element;
        break;
      case Kind::record: {
        if (index.form != Form::constant || index.type->kind != Kind::string) {
          semantic(step, "a field of record '{}' is named by an expression, expected a literal string", into->name);
        }
        const Constant& name = p_.constants[index.slots[0]];
        std::optional<uint32_t> field = name.value.is(json::Kind::string) ? into->field(name.value.text()) : std::nullopt;
        if (!field) semantic(step, "record '{}' has no such field", into->name);
        index = blank(Form::field, step, nullptr);
        index.slots.push_back(*field);
        into = into->fields[*field].type;
        break;
      }
      default: semantic(step, "a path goes into a value of type {}, which has no parts", to_string(*into));
    }
    node.parts.push_back(std::move(index));
  }
  return into;
}

// The new value of something of type `type`: a value, or a function of the old one.
Node Checker::update(json::Ref ref, const Type* type, Scope& scope, Node& owner) {
  Node node = argument(ref, scope);
  if (node.type->kind != Kind::function) {
    if (!accepts(*type, *node.type)) semantic(ref, "a value of type {} is assigned to a place of type {}", to_string(*node.type), to_string(*type));
    return promoted(std::move(node), type);
  }
  owner.flag = true;
  if (!accepts(*p_.types.function({type}, type), *node.type)) {
    semantic(ref, "a function of type {} updates a place of type {}", to_string(*node.type), to_string(*type));
  }
  return node;
}

Node Checker::attr_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::attr, keys.object(), nullptr);
  Scope within = scope.sealed();
  node.parts.push_back(expression(keys["attr"], within));
  const Type* from = node.parts[0].type;
  if (from->kind != Kind::array && from->kind != Kind::map && from->kind != Kind::record) {
    semantic(keys["attr"], "a value of type {} has no parts, expected an array, a map or a record", to_string(*from));
  }
  node.type = path(keys["path"], from, node, scope);
  return node;
}

Node Checker::attr_to_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::attr_to, keys.object(), nullptr);
  Scope within = scope.sealed();
  Node value = expression(keys["attr"], within);
  node.type = value.type;
  if (node.type->kind != Kind::array && node.type->kind != Kind::map && node.type->kind != Kind::record) {
    semantic(keys["attr"], "a value of type {} has no parts, expected an array, a map or a record", to_string(*node.type));
  }
  node.parts.push_back(std::move(value));
  node.parts.emplace_back();
  const Type* place = path(keys["path"], node.type, node, scope);
  node.parts[1] = update(keys["to"], place, scope, node);
  return node;
}

Node Checker::cell_form(const Keys& keys, Scope& scope) {
  auto found = cell_.find(text_of(keys["cell"]));
  if (found == cell_.end()) semantic(keys["cell"], "no cell '{}' is declared", keys["cell"].text());
  bool writes = keys.has("to");
  Node node = blank(writes ? Form::cell_to : Form::cell, keys.object(), nullptr);
  node.slots.push_back(found->second);
  const Type* cell = p_.cells[found->second].type;
  if (writes) node.parts.emplace_back();
  const Type* place = keys.has("path") ? path(keys["path"], cell, node, scope) : cell;
  node.type = writes ? cell : place;
  if (writes) {
    node.parts[0] = update(keys["to"], place, scope, node);
    p_.cells[found->second].written = true;
  }
  return node;
}

Node Checker::pool_form(const Keys& keys, Scope& scope) {
  auto found = pool_.find(text_of(keys["pool"]));
  if (found == pool_.end()) semantic(keys["pool"], "no pool '{}' is declared", keys["pool"].text());
  Node node = blank(Form::pool, keys.object(), nullptr);
  node.slots.push_back(found->second);
  if (keys["path"].is(json::Kind::array) && keys["path"].size() == 0) syntax(keys["path"], "the path into a pool needs a key");
  node.type = path(keys["path"], p_.types.map(p_.pools[found->second].type), node, scope);
  return node;
}

Node Checker::pool_to_form(const Keys& keys, Scope& scope) {
  auto found = pool_.find(text_of(keys["pool"]));
  if (found == pool_.end()) semantic(keys["pool"], "no pool '{}' is declared", keys["pool"].text());
  const Type* item = p_.pools[found->second].type;
  Node node = blank(Form::pool_to, keys.object(), item);
  node.slots.push_back(found->second);
  node.parts.resize(2);
  if (keys["path"].is(json::Kind::array) && keys["path"].size() == 0) syntax(keys["path"], "the path into a pool needs a key");
  const Type* place = path(keys["path"], p_.types.map(item), node, scope);
  node.parts[0] = update(keys["to"], place, scope, node);
  Node init = expression(keys["init"], scope);
  if (!accepts(*item, *init.type)) semantic(keys["init"], "a value of type {} starts an item of type {}", to_string(*init.type), to_string(*item));
  node.parts[1] = promoted(std::move(init), item);
  return node;
}

Node Checker::pool_delete_form(const Keys& keys, Scope& scope) {
  auto found = pool_.find(text_of(keys["pool"]));
  if (found == pool_.end()) semantic(keys["pool"], "no pool '{}' is declared", keys["pool"].text());
  Node node = blank(Form::pool_delete, keys.object(), primitive(Kind::null));
  node.slots.push_back(found->second);
  node.parts.push_back(expression(keys["del"], scope));
  if (node.parts[0].type->kind != Kind::string) semantic(keys["del"], "a key of a pool has type {}, expected string", to_string(*node.parts[0].type));
  return node;
}

Function Checker::function(const Keys& keys, Scope& scope) {
  Function f;
  json::Ref parameters = keys["params"];
  if (!parameters.is(json::Kind::array)) syntax(parameters, "{} stands here, expected an array of parameters", json::to_string(parameters.kind()));
  if (parameters.size() > 22) semantic(parameters, "a function has {} parameters, expected at most 22", parameters.size());
  Scope within = scope.open(true, false);
  for (json::Ref item : parameters.items()) {
    Keys one(item);
    if (one.size() != 1) syntax(item, "a parameter is an object with {} keys, expected one: its name", one.size());
    auto [name, type] = one.members()[0];
    if (!valid_symbol(name.text())) syntax(name, "'{}' is no name of a symbol", name.text());
    f.parameter_types.push_back(reader_.read(type));
    f.parameters.push_back(within.add(name.text(), f.parameter_types.back()));
  }
  f.result = reader_.read(keys["ret"]);
  f.body = block(keys["do"], within);
  if (f.body.type->kind != Kind::none && !accepts(*f.result, *f.body.type)) {
    semantic(keys["do"], "the function gives {}, its 'ret' is {}", to_string(*f.body.type), to_string(*f.result));
  }
  f.body = promoted(std::move(f.body), f.result);
  return f;
}

Node Checker::inline_function(const Keys& keys, Scope& scope) {
  Function f = function(keys, scope);
  Node node = blank(Form::inline_function, keys.object(), p_.types.function(f.parameter_types, f.result));
  node.slots.push_back(static_cast<uint32_t>(p_.inlines.size()));
  p_.inlines.push_back(std::move(f));
  return node;
}

const FunctionRow& Checker::library(json::Ref at, std::string_view name) {
  if (const FunctionRow* row = find_function(name)) return *row;
  std::vector<std::string_view> names;
  for (const FunctionRow& row : functions()) names.push_back(row.name);
  for (const auto& [user, index] : user_) names.push_back(user);
  Diagnostic d{Severity::error, Code("pfa-semantic").name(), CodeKind::input, fmt::format("there is no function '{}'", name), at.place(), {}};
  if (std::string_view near = nearest(name, names); !near.empty()) d.notes.push_back(fmt::format("did you mean '{}'?", near));
  if (user_.contains("u." + std::string(name))) d.notes.assign(1, fmt::format("a function of the document is called as 'u.{}'", name));
  throw Failure(std::move(d));
}

std::optional<uint32_t> Checker::user_function(std::string_view name) const {
  if (name == "emit" && p_.method == Method::emit) return kEmit;
  auto at = user_.find(name);
  if (at == user_.end()) return std::nullopt;
  return at->second;
}

Node Checker::function_reference(const Keys& keys, Scope&) {
  json::Ref name = keys["fcn"];
  if (!valid_function(text_of(name))) syntax(name, "'{}' is no name of a function", name.text());
  if (std::optional<uint32_t> user = user_function(name.text())) {
    Node node = blank(Form::user_reference, keys.object(), nullptr);
    node.slots.push_back(*user);
    node.type = *user == kEmit ? p_.types.function({p_.output}, primitive(Kind::null))
                               : p_.types.function(p_.functions[*user].parameter_types, p_.functions[*user].result);
    return node;
  }
  const FunctionRow& row = library(name, name.text());
  Node node = blank(Form::library_reference, keys.object(), reference_type(row, p_.types));
  if (!node.type) {
    semantic(name, "function '{}' takes several types and cannot be passed by name: write a function around it", row.name);
  }
  node.function = &row;
  node.types = node.type->members;
  node.slots.push_back(p_.calls++);
  use(row);
  return node;
}

Node Checker::filled_reference(const Keys& keys, Scope& scope) {
  Node reference = function_reference(keys, scope);
  std::vector<std::string> names;
  if (reference.form == Form::library_reference) {
    names = parameter_names(*reference.function);
  } else if (reference.slots[0] == kEmit) {
    names = {"output"};
  } else {
    names = user_parameters_[reference.slots[0]];
  }
  Keys fill(keys["fill"]);
  if (fill.size() == 0) syntax(keys["fill"], "\"fill\" needs at least one parameter");
  Node node = blank(Form::fill, keys.object(), nullptr);
  const Type* of = reference.type;
  std::vector<const Type*> open;
  node.parts.push_back(std::move(reference));
  for (auto [key, value] : fill.members()) {
    if (std::find(names.begin(), names.end(), key.text()) == names.end()) {
      semantic(key, "function '{}' has no parameter '{}'", keys["fcn"].text(), key.text());
    }
  }
  for (size_t i = 0; i < names.size(); ++i) {
    std::optional<json::Ref> value = fill.find(names[i]);
    if (!value) {
      node.slots.push_back(kFree + static_cast<uint32_t>(open.size()));
      open.push_back(of->members[i]);
      continue;
    }
    Scope within = scope.sealed();
    Node part = argument(*value, within);
    if (!accepts(*of->members[i], *part.type)) {
      semantic(*value, "parameter '{}' is filled with a value of type {}, expected {}", names[i], to_string(*part.type), to_string(*of->members[i]));
    }
    node.slots.push_back(static_cast<uint32_t>(node.parts.size() - 1));
    node.parts.push_back(promoted(std::move(part), of->members[i]));
  }
  node.type = p_.types.function(std::move(open), of->element);
  return node;
}

Node Checker::user_call(json::Ref ref, uint32_t index, std::string_view name, std::vector<Node> arguments) {
  Node node = blank(Form::user_call, ref, nullptr);
  node.slots.push_back(index);
  std::vector<const Type*> parameters = index == kEmit ? std::vector{p_.output} : p_.functions[index].parameter_types;
  node.type = index == kEmit ? primitive(Kind::null) : p_.functions[index].result;
  if (arguments.size() != parameters.size()) {
    semantic(ref, "function '{}' is called with {} arguments, expected {}", name, arguments.size(), parameters.size());
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!accepts(*parameters[i], *arguments[i].type)) {
      semantic(ref, "argument {} of '{}' has type {}, expected {}", i + 1, name, to_string(*arguments[i].type), to_string(*parameters[i]));
    }
    node.parts.push_back(promoted(std::move(arguments[i]), parameters[i]));
  }
  return node;
}

Node Checker::dispatch_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::dispatch, keys.object(), nullptr);
  Scope within = scope.sealed();
  node.parts.push_back(expression(keys["call"], within));
  const Type* names = node.parts[0].type;
  if (names->kind != Kind::enumeration) semantic(keys["call"], "\"call\" chooses by a value of type {}, expected an enum", to_string(*names));
  json::Ref list = keys["args"];
  if (!list.is(json::Kind::array)) syntax(list, "{} stands here, expected an array of expressions", json::to_string(list.kind()));
  std::vector<Node> arguments;
  for (json::Ref item : list.items()) arguments.push_back(expression(item, within));
  std::vector<const Type*> results;
  for (const std::string& symbol : names->symbols) {
    auto at = user_.find("u." + symbol);
    if (at == user_.end()) semantic(keys["call"], "symbol '{}' of enum '{}' is no function of the document", symbol, names->name);
    const Function& f = p_.functions[at->second];
    node.slots.push_back(at->second);
    bool fits = f.parameter_types.size() == arguments.size();
    for (size_t i = 0; fits && i < arguments.size(); ++i) fits = accepts(*f.parameter_types[i], *arguments[i].type);
    if (!fits) semantic(list, "function '{}' does not take these arguments", at->first);
    results.push_back(f.result);
  }
  node.type = widest(results, keys.object());
  for (Node& a : arguments) node.parts.push_back(std::move(a));
  return node;
}

Node Checker::call(json::Ref ref, json::Member member, Scope& scope) {
  std::string_view name = member.key.text();
  std::optional<uint32_t> user = user_function(name);
  const FunctionRow* row = user ? nullptr : &library(member.key, name);
  Scope within = scope.sealed();
  std::vector<Node> arguments;
  std::vector<const Type*> types;
  auto add = [&](json::Ref item) {
    arguments.push_back(argument(item, within));
    types.push_back(arguments.back().type);
  };
  if (member.value.is(json::Kind::array)) {
    for (json::Ref item : member.value.items()) add(item);
  } else {
    add(member.value);
  }
  if (user) return user_call(ref, *user, name, std::move(arguments));
  std::optional<Match> fit = match(*row, types, p_.types);
  if (!fit) {
    std::string list;
    for (const Type* t : types) list += (list.empty() ? "" : ", ") + to_string(*t);
    Diagnostic d{Severity::error, Code("pfa-semantic").name(), CodeKind::input,
                 fmt::format("function '{}' does not take arguments of types ({})", name, list), ref.place(), {}};
    d.notes.push_back(fmt::format("its signatures: {}", describe(*row)));
    throw Failure(std::move(d));
  }
  use(*row);
  Node node = blank(Form::call, ref, fit->result);
  if (name == "&&") node.form = Form::logical_and;
  if (name == "||") node.form = Form::logical_or;
  node.function = row;
  node.signature = fit->signature;
  node.slots.push_back(p_.calls++);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Type* parameter = fit->parameters[i];
    node.parts.push_back(parameter->kind == Kind::function ? std::move(arguments[i]) : promoted(std::move(arguments[i]), parameter));
  }
  node.types = std::move(fit->parameters);
  return node;
}

}  // namespace panmodel::pfa
