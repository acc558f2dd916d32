// Literals, symbols, blocks and assignments, and the table of special forms.
#include <algorithm>
#include <array>

#include "base/stack.h"
#include "base/fail.h"
#include "base/text.h"
#include "ir/pfa/checker.h"
#include "ir/pfa/value.h"

namespace panmodel::pfa {
namespace {

bool letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

// Words that are parts of special forms and therefore never the name of a function.
constexpr std::array<std::string_view, 53> kReserved = {
    "args", "as", "attr", "base64", "call", "cases", "cast", "cell", "code", "cond", "do", "doc", "double",
    "else", "error", "fcn", "fill", "filter", "float", "for", "foreach", "forkey", "format", "forval", "if",
    "ifnotnull", "in", "init", "int", "let", "log", "long", "namespace", "new", "pack", "params", "partial",
    "path", "pool", "ret", "seq", "set", "step", "string", "then", "to", "try", "type", "unpack", "until",
    "upcast", "value", "while"};

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    size_t space = words.find(' ');
    if (words.substr(0, space) == word) return true;
    if (space == std::string_view::npos) break;
    words.remove_prefix(space + 1);
  }
  return false;
}
size_t count_words(std::string_view words) {
  return words.empty() ? 0 : static_cast<size_t>(std::count(words.begin(), words.end(), ' ')) + 1;
}

}  // namespace

bool valid_symbol(std::string_view name) {
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return letter(c) || digit(c); });
}
bool valid_function(std::string_view name) {
  for (;;) {
    size_t dot = name.find('.');
    if (!valid_symbol(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

Keys::Keys(json::Ref object) : object_(object) {
  if (!object.is(json::Kind::object)) syntax(object, "{} stands here, expected an object", json::to_string(object.kind()));
  members_.reserve(object.size());
  for (json::Member member : object.members()) {
    if (member.key.text() == "@") continue;
    if (object.size() <= 16 && find(member.key.text())) syntax(member.key, "key '{}' stands twice", member.key.text());
    members_.push_back(member);
  }
  if (object.size() > 16) {
    std::set<std::string_view> seen;
    for (const json::Member& m : members_) {
      if (!seen.insert(m.key.text()).second) syntax(m.key, "key '{}' stands twice", m.key.text());
    }
  }
}
std::optional<json::Ref> Keys::find(std::string_view key) const {
  for (const json::Member& m : members_) {
    if (m.key.text() == key) return m.value;
  }
  return std::nullopt;
}

std::string_view text_of(json::Ref ref) {
  if (!ref.is(json::Kind::string)) syntax(ref, "{} stands here, expected a string", json::to_string(ref.kind()));
  return ref.text();
}
bool boolean_of(json::Ref ref) {
  if (!ref.is(json::Kind::boolean)) syntax(ref, "{} stands here, expected a boolean", json::to_string(ref.kind()));
  return ref.boolean();
}
int64_t whole_of(json::Ref ref, bool wide) {
  if (!ref.is(json::Kind::integer)) syntax(ref, "{} stands here, expected an integer", json::to_string(ref.kind()));
  if (!wide && ref.whole() != static_cast<int32_t>(ref.whole())) syntax(ref, "{} is beyond 32 bits", ref.whole());
  return ref.whole();
}

const Scope::Symbol* Scope::find(std::string_view name) const {
  for (const Scope* s = this; s; s = s->parent) {
    if (auto at = s->symbols.find(name); at != s->symbols.end()) return &at->second;
  }
  return nullptr;
}
bool Scope::writable(std::string_view name) const {
  for (const Scope* s = this; s; s = s->parent) {
    if (s->sealed_within) return false;
    if (s->symbols.contains(name)) return true;
    if (s->sealed_above) return false;
  }
  return false;
}
uint32_t Scope::add(std::string_view name, const Type* type) {
  uint32_t slot = (*frame)++;
  symbols.insert_or_assign(std::string(name), Symbol{type, slot});
  return slot;
}

Node Checker::blank(Form form, json::Ref ref, const Type* type) const {
  Node node;
  node.form = form;
  node.place = ref.index();
  node.type = type;
  return node;
}

Node Checker::constant(json::Ref form, json::Ref value, const Type* type, bool base64) {
  Node node = blank(Form::constant, form, type);
  node.slots.push_back(static_cast<uint32_t>(p_.constants.size()));
  p_.constants.push_back({type, value, base64});
  return node;
}

Node Checker::promoted(Node node, const Type* to) {
  if (node.type->kind == Kind::none || !needs_promotion(*node.type, *to)) return node;
  Node up;
  up.form = Form::upcast;
  up.type = to;
  up.place = node.place;
  up.parts.push_back(std::move(node));
  return up;
}

const Type* Checker::widest(std::span<const Type* const> types, json::Ref at) {
  const Type* type = p_.types.narrowest(types);
  if (!type) semantic(at, "the branches have types that no type holds together (different enums or fixed)");
  return type->kind == Kind::none ? primitive(Kind::null) : type;
}

Node Checker::expression(json::Ref ref, Scope& scope) {
  Node node = argument(ref, scope);
  if (node.type->kind == Kind::function) syntax(ref, "a function stands outside of a list of arguments");
  return node;
}

Node Checker::argument(json::Ref ref, Scope& scope) {
  if (stack_low()) fail(ref.place(), "limit-depth", "expressions are nested too deep");
  switch (ref.kind()) {
    case json::Kind::null: return constant(ref, ref, primitive(Kind::null));
    case json::Kind::boolean: return constant(ref, ref, primitive(Kind::boolean));
    case json::Kind::integer: {
      bool narrow = ref.whole() == static_cast<int32_t>(ref.whole());
      return constant(ref, ref, primitive(narrow ? Kind::int32 : Kind::int64));
    }
    case json::Kind::real: return constant(ref, ref, primitive(Kind::float64));
    case json::Kind::big: syntax(ref, "an integer is beyond 64 bits");
    case json::Kind::string: return symbol(ref, scope);
    case json::Kind::array: {
      json::Ref first(ref.document(), ref.index() + 1);
      if (ref.size() == 1 && first.is(json::Kind::string)) return constant(ref, first, primitive(Kind::string));
      syntax(ref, "an array is no expression, but for [\"text\"]");
    }
    case json::Kind::object: return object(ref, scope);
  }
  return {};
}

// "a" or "a.b.4".
Node Checker::symbol(json::Ref ref, Scope& scope) {
  std::string_view text = ref.text();
  std::string_view name = text.substr(0, text.find('.'));
  if (!valid_symbol(name)) syntax(ref, "'{}' is no name of a symbol", name);
  const Scope::Symbol* found = scope.find(name);
  if (!found) semantic(ref, "no symbol '{}' is known here", name);
  Node node = blank(Form::symbol, ref, found->type);
  node.slots.push_back(found->slot);
  if (name.size() == text.size()) return node;
  Node attr = blank(Form::attr, ref, nullptr);
  const Type* type = node.type;
  attr.parts.push_back(std::move(node));
  for (std::string_view rest = text.substr(name.size() + 1);;) {
    size_t dot = rest.find('.');
    std::string_view word = rest.substr(0, dot);
    bool number = !word.empty() && std::all_of(word.begin() + (word[0] == '-'), word.end(), digit) && word != "-";
    attr.types.push_back(type);
    switch (type->kind) {
      case Kind::record: {
        std::optional<uint32_t> field = type->field(word);
        if (!field || number) semantic(ref, "record '{}' has no field '{}'", type->name, word);
        Node step = blank(Form::field, ref, nullptr);
        step.slots.push_back(*field);
        attr.parts.push_back(std::move(step));
        type = type->fields[*field].type;
        break;
      }
      case Kind::array:
      case Kind::map: {
        if (number != (type->kind == Kind::array)) {
          semantic(ref, "'{}' indexes {}, expected {}", word, type->kind == Kind::array ? "an array" : "a map", type->kind == Kind::array ? "an integer" : "a key");
        }
        Node step = blank(Form::constant, ref, primitive(number ? Kind::int64 : Kind::string));
        step.slots.push_back(static_cast<uint32_t>(p_.constants.size()));
        p_.constants.push_back({step.type, ref, false, std::string(word)});
        attr.parts.push_back(std::move(step));
        type = type->element;
        break;
      }
      default: semantic(ref, "'{}' goes into a value of type {}, which has no parts", word, to_string(*type));
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  attr.type = type;
  return attr;
}

Node Checker::block(json::Ref ref, Scope& scope) {
  Node node = blank(Form::block, ref, nullptr);
  if (ref.is(json::Kind::array)) {
    for (json::Ref item : ref.items()) node.parts.push_back(expression(item, scope));
    if (node.parts.empty()) syntax(ref, "a block needs at least one expression");
  } else {
    node.parts.push_back(expression(ref, scope));
  }
  node.type = node.parts.back().type;
  return node;
}

Node Checker::literal(const Keys& keys, Scope&) {
  json::Ref ref = keys.object();
  if (keys.size() == 2) return constant(ref, keys["value"], reader_.read(keys["type"]));
  json::Ref value = keys.members()[0].value;
  std::string_view key = keys.members()[0].key.text();
  if (key == "string") {
    text_of(value);
    return constant(ref, value, primitive(Kind::string));
  }
  if (key == "base64") {
    text_of(value);
    return constant(ref, value, primitive(Kind::bytes), true);
  }
  const Type* type = find_primitive(key);
  if (type->kind <= Kind::int64) {
    whole_of(value, type->kind == Kind::int64);
  } else if (!value.is_number()) {
    syntax(value, "{} stands here, expected a number", json::to_string(value.kind()));
  }
  return constant(ref, value, type);
}

Node Checker::make_new(const Keys& keys, Scope& scope) {
  json::Ref ref = keys.object(), parts = keys["new"];
  const Type* type = reader_.read(keys["type"]);
  Scope within = scope.sealed();
  if (parts.is(json::Kind::array)) {
    if (type->kind != Kind::array) semantic(ref, "an array is made with type {}", to_string(*type));
    Node node = blank(Form::new_array, ref, type);
    for (json::Ref item : parts.items()) {
      Node part = expression(item, within);
      if (!accepts(*type->element, *part.type)) semantic(item, "an item has type {}, expected {}", to_string(*part.type), to_string(*type->element));
      node.parts.push_back(promoted(std::move(part), type->element));
    }
    return node;
  }
  Keys members(parts);
  if (type->kind == Kind::map) {
    Node node = blank(Form::new_map, ref, type);
    for (auto [key, value] : members.members()) {
      Node part = expression(value, within);
      if (!accepts(*type->element, *part.type)) semantic(value, "a value has type {}, expected {}", to_string(*part.type), to_string(*type->element));
      node.names.emplace_back(key.text());
      node.parts.push_back(promoted(std::move(part), type->element));
    }
    return node;
  }
  if (type->kind != Kind::record) semantic(ref, "an object is made with type {}, expected a record or a map", to_string(*type));
  Node node = blank(Form::new_record, ref, type);
  for (auto [key, value] : members.members()) {
    if (!type->field(key.text())) semantic(key, "record '{}' has no field '{}'", type->name, key.text());
  }
  for (const Field& field : type->fields) {
    std::optional<json::Ref> value = members.find(field.name);
    if (!value) semantic(ref, "field '{}' of record '{}' is missing", field.name, type->name);
    Node part = expression(*value, within);
    if (!accepts(*field.type, *part.type)) semantic(*value, "field '{}' has type {}, expected {}", field.name, to_string(*part.type), to_string(*field.type));
    node.parts.push_back(promoted(std::move(part), field.type));
  }
  return node;
}

Node Checker::do_form(const Keys& keys, Scope& scope) {
  Scope within = scope.open(false, false);
  Node node = block(keys["do"], within);
  if (node.type->kind == Kind::none) node.type = primitive(Kind::null);
  return node;
}

uint32_t Checker::fresh(json::Ref at, std::string_view name, const Type* type, Scope& scope, Scope& into) {
  if (scope.find(name)) semantic(at, "symbol '{}' is known here already, and symbols are not shadowed", name);
  if (!valid_symbol(name)) semantic(at, "'{}' is no name of a symbol", name);
  return into.add(name, type);
}

void Checker::declare(Node& node, json::Ref values, Scope& scope) {
  Keys keys(values);
  if (keys.size() == 0) syntax(values, "nothing is declared");
  for (auto [key, value] : keys.members()) {
    if (scope.find(key.text())) semantic(key, "symbol '{}' is known here already, and symbols are not shadowed", key.text());
    Scope within = scope.sealed();
    Node part = expression(value, within);
    if (part.type->kind == Kind::none) semantic(value, "symbol '{}' would have no value: the expression never returns", key.text());
    node.parts.push_back(std::move(part));
  }
  // Only now: the symbols of one "let" do not see each other.
  for (size_t i = 0; i < keys.size(); ++i) {
    json::Ref key = keys.members()[i].key;
    node.slots.push_back(fresh(key, key.text(), node.parts[i].type, scope, scope));
  }
}

void Checker::assign(Node& node, json::Ref values, Scope& scope, Scope& within) {
  Keys keys(values);
  if (keys.size() == 0) syntax(values, "nothing is assigned");
  for (auto [key, value] : keys.members()) {
    const Scope::Symbol* symbol = scope.find(key.text());
    if (!symbol) semantic(key, "no symbol '{}' is known here; \"let\" declares one", key.text());
    if (!scope.writable(key.text())) semantic(key, "symbol '{}' is of an enclosing scope that may be read only", key.text());
    Scope inner = within.sealed();
    Node part = expression(value, inner);
    if (!accepts(*symbol->type, *part.type)) {
      semantic(value, "symbol '{}' has type {} and is assigned {}", key.text(), to_string(*symbol->type), to_string(*part.type));
    }
    node.slots.push_back(symbol->slot);
    node.parts.push_back(promoted(std::move(part), symbol->type));
  }
}

Node Checker::let_form(const Keys& keys, Scope& scope) {
  if (scope.sealed_within) semantic(keys.object(), "nothing may be declared here; a \"do\" around it makes a place for it");
  Node node = blank(Form::let, keys.object(), primitive(Kind::null));
  declare(node, keys["let"], scope);
  return node;
}
Node Checker::set_form(const Keys& keys, Scope& scope) {
  Node node = blank(Form::set, keys.object(), primitive(Kind::null));
  assign(node, keys["set"], scope, scope);
  return node;
}

std::span<const Checker::FormRow> Checker::forms() {
  static constexpr FormRow kForms[] = {
      {"int", "", &Checker::literal},
      {"long", "", &Checker::literal},
      {"float", "", &Checker::literal},
      {"double", "", &Checker::literal},
      {"string", "", &Checker::literal},
      {"base64", "", &Checker::literal},
      {"type value", "", &Checker::literal},
      {"new type", "", &Checker::make_new},
      {"do", "", &Checker::do_form},
      {"let", "", &Checker::let_form},
      {"set", "", &Checker::set_form},
      {"attr path", "", &Checker::attr_form},
      {"attr path to", "", &Checker::attr_to_form},
      {"cell", "path to", &Checker::cell_form},
      {"pool path", "", &Checker::pool_form},
      {"pool path to init", "", &Checker::pool_to_form},
      {"pool del", "", &Checker::pool_delete_form},
      {"if then", "else", &Checker::if_form},
      {"cond", "else", &Checker::cond_form},
      {"while do", "", &Checker::while_form},
      {"do until", "", &Checker::until_form},
      {"for while step do", "", &Checker::for_form},
      {"foreach in do", "seq", &Checker::foreach_form},
      {"forkey forval in do", "", &Checker::forkey_form},
      {"cast cases", "partial", &Checker::cast_form},
      {"upcast as", "", &Checker::upcast_form},
      {"ifnotnull then", "else", &Checker::if_not_null_form},
      {"pack", "", &Checker::pack_form},
      {"unpack format then", "else", &Checker::unpack_form},
      {"doc", "", &Checker::doc_form},
      {"error", "code", &Checker::error_form},
      {"try", "filter", &Checker::try_form},
      {"log", "namespace", &Checker::log_form},
      {"params ret do", "", &Checker::inline_function},
      {"fcn", "", &Checker::function_reference},
      {"fcn fill", "", &Checker::filled_reference},
      {"call args", "", &Checker::dispatch_form},
  };
  return kForms;
}

Node Checker::object(json::Ref ref, Scope& scope) {
  Keys keys(ref);
  for (const FormRow& row : forms()) {
    size_t needed = 0;
    bool fits = true;
    for (const json::Member& m : keys.members()) {
      if (has_word(row.needed, m.key.text())) ++needed;
      else fits = fits && has_word(row.allowed, m.key.text());
    }
    if (fits && needed == count_words(row.needed)) return (this->*row.check)(keys, scope);
  }
  if (keys.size() == 1) {
    json::Member member = keys.members()[0];
    if (std::find(kReserved.begin(), kReserved.end(), member.key.text()) == kReserved.end()) {
      return call(ref, member, scope);
    }
  }
  std::string names;
  for (const json::Member& m : keys.members()) names += (names.empty() ? "'" : ", '") + std::string(m.key.text()) + "'";
  syntax(ref, "no special form has the keys {}", names.empty() ? "of an empty object" : names);
}

}  // namespace panmodel::pfa
