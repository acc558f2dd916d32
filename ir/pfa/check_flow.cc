// Conditions, loops, unions, binary formats, errors.
#include <algorithm>

#include "ir/pfa/binary.h"
#include "ir/pfa/checker.h"

namespace panmodel::pfa {

Node Checker::test(json::Ref ref, Scope& scope, std::string_view what) {
  Scope within = scope.sealed();
  Node node = expression(ref, within);
  if (node.type->kind != Kind::boolean) {
    semantic(ref, "the test of \"{}\" has type {}, expected boolean", what, to_string(*node.type));
  }
  return node;
}

// "then", which sees the symbols of `known`, and "else", which does not: without it the result is null.
void Checker::branches(Node& node, const Keys& keys, Scope& known, Scope& scope) {
  Scope yes = known.open(false, false);
  Node then = block(keys["then"], yes);
  if (!keys.has("else")) {
    node.parts.push_back(std::move(then));
    return;
  }
  Scope no = scope.open(false, false);
  Node other = block(keys["else"], no);
  const Type* types[] = {then.type, other.type};
  node.type = widest(types, keys.object());
  node.parts.push_back(promoted(std::move(then), node.type));
  node.parts.push_back(promoted(std::move(other), node.type));
}

Node Checker::if_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::condition, keys.object(), primitive(Kind::null));
  node.parts.push_back(test(keys["if"], scope, "if"));
  branches(node, keys, scope, scope);
  return node;
}

Node Checker::cond_form(const Keys& keys, Scope& scope) {
  json::Ref cases = keys["cond"];
  if (!cases.is(json::Kind::array)) syntax(cases, "{} stands here, expected an array of \"if\" forms", json::to_string(cases.kind()));
  if (cases.size() == 0) syntax(cases, "\"cond\" needs at least one \"if\"");
  Node node = blank(Form::condition, keys.object(), primitive(Kind::null));
  std::vector<const Type*> types;
  for (json::Ref item : cases.items()) {
    Keys one(item);
    if (one.size() != 2 || !one.has("if") || !one.has("then")) syntax(item, "\"cond\" takes \"if\" forms without \"else\"");
    node.parts.push_back(test(one["if"], scope, "if"));
    Scope within = scope.open(false, false);
    node.parts.push_back(block(one["then"], within));
    types.push_back(node.parts.back().type);
  }
  if (!keys.has("else")) return node;
  Scope within = scope.open(false, false);
  node.parts.push_back(block(keys["else"], within));
  types.push_back(node.parts.back().type);
  node.type = widest(types, keys.object());
  for (size_t i = 0; i < node.parts.size(); ++i) {
    if (i % 2 == 1 || i + 1 == node.parts.size()) node.parts[i] = promoted(std::move(node.parts[i]), node.type);
  }
  return node;
}

Node Checker::while_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::while_loop, keys.object(), primitive(Kind::null));
  Scope loop = scope.open(false, false);
  node.parts.push_back(test(keys["while"], loop, "while"));
  node.parts.push_back(block(keys["do"], loop));
  return node;
}

Node Checker::until_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::do_until, keys.object(), primitive(Kind::null));
  Scope loop = scope.open(false, false);
  Node body = block(keys["do"], loop);
  node.parts.push_back(test(keys["until"], loop, "until"));  // sees what the body declares
  node.parts.push_back(std::move(body));
  return node;
}

Node Checker::for_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::for_loop, keys.object(), primitive(Kind::null));
  Scope loop = scope.open(false, false);
  Node init = blank(Form::let, keys["for"], primitive(Kind::null));
  declare(init, keys["for"], loop);
  node.parts.push_back(std::move(init));
  node.parts.push_back(test(keys["while"], loop, "while"));
  Node step = blank(Form::set, keys["step"], primitive(Kind::null));
  assign(step, keys["step"], loop, loop);
  node.parts.push_back(std::move(step));
  Scope body = loop.open(false, false);
  node.parts.push_back(block(keys["do"], body));
  return node;
}

Node Checker::foreach_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::foreach_loop, keys.object(), primitive(Kind::null));
  bool sequential = !keys.has("seq") || boolean_of(keys["seq"]);
  Scope loop = scope.open(!sequential, false);
  std::string_view name = text_of(keys["foreach"]);
  if (!valid_symbol(name)) syntax(keys["foreach"], "'{}' is no name of a symbol", name);
  Scope within = loop.sealed();
  Node in = expression(keys["in"], within);
  if (in.type->kind != Kind::array) semantic(keys["in"], "\"foreach\" goes through a value of type {}, expected an array", to_string(*in.type));
  node.slots.push_back(fresh(keys["foreach"], name, in.type->element, scope, loop));
  node.parts.push_back(std::move(in));
  Scope body = loop.open(false, false);
  node.parts.push_back(block(keys["do"], body));
  return node;
}

Node Checker::forkey_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::forkey_loop, keys.object(), primitive(Kind::null));
  Scope loop = scope.open(false, false);
  for (std::string_view word : {"forkey", "forval"}) {
    if (!valid_symbol(text_of(keys[word]))) syntax(keys[word], "'{}' is no name of a symbol", keys[word].text());
  }
  Scope within = loop.sealed();
  Node in = expression(keys["in"], within);
  if (in.type->kind != Kind::map) semantic(keys["in"], "\"forkey\" goes through a value of type {}, expected a map", to_string(*in.type));
  node.slots.push_back(fresh(keys["forkey"], keys["forkey"].text(), primitive(Kind::string), scope, loop));
  node.slots.push_back(fresh(keys["forval"], keys["forval"].text(), in.type->element, scope, loop));
  node.parts.push_back(std::move(in));
  Scope body = loop.open(false, false);
  node.parts.push_back(block(keys["do"], body));
  return node;
}

Node Checker::cast_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::cast, keys.object(), primitive(Kind::null));
  node.flag = keys.has("partial") && boolean_of(keys["partial"]);
  Scope within = scope.sealed();
  node.parts.push_back(expression(keys["cast"], within));
  const Type* from = node.parts[0].type;
  json::Ref cases = keys["cases"];
  if (!cases.is(json::Kind::array)) syntax(cases, "{} stands here, expected an array of cases", json::to_string(cases.kind()));
  std::vector<const Type*> results;
  for (json::Ref item : cases.items()) {
    Keys one(item);
    if (one.size() != 3 || !one.has("as") || !one.has("named") || !one.has("do")) {
      syntax(item, "a case of \"cast\" has the keys 'as', 'named' and 'do'");
    }
    std::string_view name = text_of(one["named"]);
    if (!valid_symbol(name)) syntax(one["named"], "'{}' is no name of a symbol", name);
    const Type* as = reader_.read(one["as"]);
    if (!accepts(*from, *as)) semantic(one["as"], "a value of type {} is never of type {}", to_string(*from), to_string(*as));
    Scope body = scope.open(false, false);
    node.slots.push_back(body.add(name, as));
    node.types.push_back(as);
    node.parts.push_back(block(one["do"], body));
    results.push_back(node.parts.back().type);
  }
  if (node.flag) return node;
  std::vector<const Type*> all = from->kind == Kind::alternatives ? from->members : std::vector{from};
  for (const Type* needed : all) {
    bool found = std::any_of(node.types.begin(), node.types.end(),
                             [&](const Type* t) { return accepts(*t, *needed) && accepts(*needed, *t); });
    if (!found) semantic(keys.object(), "no case takes type {} of the value; \"partial\" would allow that", to_string(*needed));
  }
  node.type = widest(results, keys.object());
  for (size_t i = 1; i < node.parts.size(); ++i) node.parts[i] = promoted(std::move(node.parts[i]), node.type);
  return node;
}

Node Checker::upcast_form(const Keys& keys, Scope& scope) {
  Scope within = scope.sealed();
  Node part = expression(keys["upcast"], within);
  const Type* to = reader_.read(keys["as"]);
  if (!accepts(*to, *part.type)) semantic(keys.object(), "a value of type {} is no {}", to_string(*part.type), to_string(*to));
  Node node = blank(Form::upcast, keys.object(), to);
  node.parts.push_back(std::move(part));
  return node;
}

Node Checker::if_not_null_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::if_not_null, keys.object(), primitive(Kind::null));
  Keys values(keys["ifnotnull"]);
  if (values.size() == 0) syntax(keys["ifnotnull"], "\"ifnotnull\" needs at least one symbol");
  Scope known = scope.open(false, false);
  for (auto [key, value] : values.members()) {
    if (!valid_symbol(key.text())) semantic(key, "'{}' is no name of a symbol", key.text());
    Scope within = scope.sealed();
    Node part = expression(value, within);
    std::vector<const Type*> rest;
    if (part.type->kind == Kind::alternatives) {
      for (const Type* m : part.type->members) {
        if (m->kind != Kind::null) rest.push_back(m);
      }
    }
    if (rest.empty() || rest.size() == part.type->members.size()) {
      semantic(value, "a value of type {} is never null, expected a union with null", to_string(*part.type));
    }
    node.slots.push_back(known.add(key.text(), p_.types.one_of(std::move(rest))));
    node.parts.push_back(std::move(part));
  }
  branches(node, keys, known, scope);
  return node;
}

namespace {

// The one member of each object of an array: {name: value}.
std::vector<json::Member> pairs(json::Ref ref) {
  if (!ref.is(json::Kind::array)) syntax(ref, "{} stands here, expected an array of objects with one key", json::to_string(ref.kind()));
  std::vector<json::Member> out;
  for (json::Ref item : ref.items()) {
    Keys one(item);
    if (one.size() != 1) syntax(item, "an object with {} keys stands here, expected one", one.size());
    out.push_back(one.members()[0]);
  }
  if (out.empty()) syntax(ref, "at least one format is needed");
  return out;
}

}  // namespace

Node Checker::pack_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::pack, keys.object(), primitive(Kind::bytes));
  for (auto [format, value] : pairs(keys["pack"])) {
    Scope within = scope.sealed();
    Node part = expression(value, within);
    std::optional<BinaryFormat> parsed = parse_binary_format(format.text());
    if (!parsed) semantic(format, "'{}' is no binary format", format.text());
    const Type* type = primitive(parsed->type());
    if (!accepts(*type, *part.type)) semantic(value, "a value of type {} is packed as '{}', expected {}", to_string(*part.type), format.text(), to_string(*type));
    node.names.emplace_back(format.text());
    node.parts.push_back(promoted(std::move(part), type));
  }
  return node;
}

Node Checker::unpack_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::unpack, keys.object(), primitive(Kind::null));
  Scope sealed = scope.sealed();
  node.parts.push_back(expression(keys["unpack"], sealed));
  if (node.parts[0].type->kind != Kind::bytes) semantic(keys["unpack"], "a value of type {} is unpacked, expected bytes", to_string(*node.parts[0].type));
  Scope known = scope.open(false, false);
  for (auto [name, format] : pairs(keys["format"])) {
    std::optional<BinaryFormat> parsed = parse_binary_format(text_of(format));
    if (!parsed) semantic(format, "'{}' is no binary format", format.text());
    if (parsed->kind == BinaryFormat::Kind::raw && parsed->size == 0) semantic(format, "'{}' does not say how many bytes are to be read", format.text());
    node.names.emplace_back(format.text());
    node.slots.push_back(fresh(name, name.text(), primitive(parsed->type()), known, known));
  }
  branches(node, keys, known, scope);
  return node;
}

Node Checker::doc_form(const Keys& keys, Scope&) {
  text_of(keys["doc"]);
  return blank(Form::doc, keys.object(), primitive(Kind::null));
}

Node Checker::error_form(const Keys& keys, Scope&) {
  Node node = blank(Form::error, keys.object(), primitive(Kind::none));
  node.names.emplace_back(text_of(keys["error"]));
  if (keys.has("code")) {
    node.code = whole_of(keys["code"], false);
    if (*node.code >= 0) syntax(keys["code"], "code {} is of the library, expected a negative one", *node.code);
  }
  return node;
}

Node Checker::try_form(const Keys& keys, Scope& scope) {
  Scope within = scope.sealed();
  Node body = block(keys["try"], within);
  const Type* type = body.type->kind == Kind::none ? primitive(Kind::null) : body.type;
  if (type->kind == Kind::alternatives) {
    std::vector<const Type*> members = type->members;
    if (std::find(members.begin(), members.end(), primitive(Kind::null)) == members.end()) members.push_back(primitive(Kind::null));
    type = p_.types.alternatives(std::move(members));
  } else if (type->kind != Kind::null) {
    type = p_.types.alternatives({type, primitive(Kind::null)});
  }
  Node node = blank(Form::attempt, keys.object(), type);
  node.parts.push_back(std::move(body));
  if (keys.has("filter")) {
    json::Ref filter = keys["filter"];
    if (!filter.is(json::Kind::array)) syntax(filter, "{} stands here, expected an array of messages and codes", json::to_string(filter.kind()));
    for (json::Ref item : filter.items()) {
      if (item.is(json::Kind::string)) node.names.emplace_back(item.text());
      else node.codes.push_back(whole_of(item, true));
    }
    node.flag = true;
  }
  return node;
}

Node Checker::log_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::log, keys.object(), primitive(Kind::null));
  Scope within = scope.sealed();
  json::Ref values = keys["log"];
  if (values.is(json::Kind::array)) {
    for (json::Ref item : values.items()) node.parts.push_back(expression(item, within));
  } else {
    node.parts.push_back(expression(values, within));
  }
  if (keys.has("namespace")) node.names.emplace_back(text_of(keys["namespace"]));
  return node;
}

}  // namespace panmodel::pfa
