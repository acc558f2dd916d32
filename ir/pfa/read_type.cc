#include "ir/pfa/read_type.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/fail.h"
#include "base/stack.h"
#include "base/text.h"

namespace panmodel::pfa {
namespace {

template <class... A>
[[noreturn]] void refuse(json::Ref at, fmt::format_string<A...> f, A&&... args) {
  fail(at.place(), "pfa-type", "{}", printable(fmt::format(f, std::forward<A>(args)...), 1000));
}

void need_room(json::Ref at) {
  if (stack_low()) fail(at.place(), "limit-depth", "types are nested too deep");
}

bool is_name(std::string_view text) {
  auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}
bool is_full_name(std::string_view text) {
  for (;;) {
    size_t dot = text.find('.');
    if (!is_name(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

std::string_view text_of(json::Ref object, std::string_view key) {
  std::optional<json::Ref> v = object.find(key);
  return v && v->is(json::Kind::string) ? v->text() : std::string_view();
}

std::optional<Kind> declared_kind(json::Ref object) {
  std::string_view type = text_of(object, "type");
  if (type == "record") return Kind::record;
  if (type == "enum") return Kind::enumeration;
  if (type == "fixed") return Kind::fixed;
  return std::nullopt;
}

std::string full_name(std::string_view name, std::string_view space) {
  if (space.empty() || name.find('.') != std::string_view::npos) return std::string(name);
  return std::string(space) + "." + std::string(name);
}

// Equal JSON, but for the marks "@".
bool same(json::Ref a, json::Ref b) {
  need_room(a);
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case json::Kind::null: return true;
    case json::Kind::boolean:
    case json::Kind::integer: return a.whole() == b.whole();
    case json::Kind::real:
    case json::Kind::big: return a.number() == b.number();
    case json::Kind::string: return a.text() == b.text();
    case json::Kind::array: {
      if (a.size() != b.size()) return false;
      auto at = b.items().begin();
      for (json::Ref item : a.items()) {
        if (!same(item, *at)) return false;
        ++at;
      }
      return true;
    }
    case json::Kind::object: {
      size_t n = 0, m = 0;
      for (auto [key, value] : a.members()) {
        if (key.text() == "@") continue;
        ++n;
        std::optional<json::Ref> other = b.find(key.text());
        if (!other || !same(value, *other)) return false;
      }
      for (auto [key, value] : b.members()) m += key.text() != "@";
      return n == m;
    }
  }
  return false;
}

}  // namespace

void TypeReader::declare_all() {
  find(document_.root(), "", true);
  for (const Declaration& d : declarations_) define(d);
}

bool TypeReader::declare(json::Ref object, std::string_view space, std::string& inner) {
  std::optional<Kind> kind = declared_kind(object);
  if (!kind) return false;
  std::string_view name = text_of(object, "name");
  if (name.empty()) return false;
  std::string_view own = text_of(object, "namespace");
  if (!is_full_name(name)) refuse(object, "'{}' is no name of a type", name);
  std::string full = full_name(name, own.empty() ? space : own);
  size_t dot = full.rfind('.');
  inner = dot == std::string::npos ? std::string() : full.substr(0, dot);
  if (find_primitive(full)) refuse(object, "the name of a type is '{}', which is a type of the language", full);
  if (Type* type = types_.declare(*kind, full)) {
    declarations_.push_back({object, type, inner});
    at_[object.index()] = type;
    return true;
  }
  const Type* before = types_.find(full);
  auto declared = std::find_if(declarations_.begin(), declarations_.end(), [&](const Declaration& d) { return d.type == before; });
  if (!same(declared->ref, object)) {
    refuse(object, "type '{}' is declared again, and otherwise than at {}", full, to_string(declared->ref.place()));
  }
  at_[object.index()] = before;
  return true;
}

void TypeReader::find(json::Ref ref, std::string_view space, bool top) {
  need_room(ref);
  if (ref.is(json::Kind::array)) {
    for (json::Ref item : ref.items()) find(item, space, false);
  } else if (ref.is(json::Kind::object)) {
    std::string inner;
    bool declared = !top && declare(ref, space, inner);
    find_members(ref, declared ? std::string_view(inner) : space, top);
  }
}

// Data is passed over: it may look like a type.
void TypeReader::find_members(json::Ref object, std::string_view space, bool top) {
  constexpr std::array kData = {std::string_view("zero"), std::string_view("metadata"), std::string_view("options"),
                                std::string_view("doc")};
  bool literal = object.find("type").has_value() && object.find("value").has_value();
  for (auto [key, value] : object.members()) {
    if (key.text() == "@" || (literal && key.text() == "value")) continue;
    if (top && std::find(kData.begin(), kData.end(), key.text()) != kData.end()) continue;
    if (top && (key.text() == "cells" || key.text() == "pools") && value.is(json::Kind::object)) {
      for (auto [name, cell] : value.members()) {
        if (!cell.is(json::Kind::object)) continue;
        if (std::optional<json::Ref> type = cell.find("type")) find(*type, space, false);
      }
      continue;
    }
    find(value, space, false);
  }
}

void TypeReader::define(const Declaration& d) {
  Type& type = *d.type;
  if (type.kind == Kind::fixed) {
    std::optional<json::Ref> size = d.ref.find("size");
    if (!size || !size->is(json::Kind::integer) || size->whole() < 0 || size->whole() > UINT32_MAX) {
      refuse(d.ref, "fixed '{}' needs a size, a count of bytes", type.name);
    }
    type.size = static_cast<uint32_t>(size->whole());
  } else if (type.kind == Kind::enumeration) {
    std::optional<json::Ref> symbols = d.ref.find("symbols");
    if (!symbols || !symbols->is(json::Kind::array)) refuse(d.ref, "enum '{}' needs an array of symbols", type.name);
    std::set<std::string_view> seen;
    for (json::Ref symbol : symbols->items()) {
      if (!symbol.is(json::Kind::string)) refuse(symbol, "a symbol of an enum is {}, expected a string", json::to_string(symbol.kind()));
      if (!seen.insert(symbol.text()).second) refuse(symbol, "symbol '{}' stands twice in enum '{}'", symbol.text(), type.name);
      type.symbols.emplace_back(symbol.text());
    }
  } else {
    std::optional<json::Ref> fields = d.ref.find("fields");
    if (!fields || !fields->is(json::Kind::array)) refuse(d.ref, "record '{}' needs an array of fields", type.name);
    std::set<std::string_view> seen;
    for (json::Ref field : fields->items()) {
      std::optional<json::Ref> of;
      if (field.is(json::Kind::object)) of = field.find("type");
      std::string_view name = field.is(json::Kind::object) ? text_of(field, "name") : std::string_view();
      if (!of || !is_name(name)) refuse(field, "a field of record '{}' needs a name and a type", type.name);
      if (!seen.insert(name).second) refuse(field, "field '{}' stands twice in record '{}'", name, type.name);
      std::string_view order = text_of(field, "order");
      type.fields.push_back({std::string(name), read(*of, d.space), order == "descending", order == "ignore"});
    }
  }
}

const Type* TypeReader::read(json::Ref ref) { return read(ref, ""); }

const Type* TypeReader::read_union(json::Ref ref, std::string_view space) {
  std::vector<const Type*> members;
  for (json::Ref item : ref.items()) members.push_back(read(item, space));
  if (!legal_union(members)) {
    refuse(ref, "a union has two members of one kind, a union within, or none");
  }
  return types_.alternatives(std::move(members));
}

const Type* TypeReader::read(json::Ref ref, std::string_view space) {
  need_room(ref);
  if (ref.is(json::Kind::array)) return read_union(ref, space);
  if (ref.is(json::Kind::string)) {
    if (const Type* t = find_primitive(ref.text())) return t;
    if (const Type* t = types_.find(full_name(ref.text(), space))) return t;
    if (const Type* t = types_.find(ref.text())) return t;
    refuse(ref, "'{}' is no type of the language, and no type of this name is declared", ref.text());
  }
  if (!ref.is(json::Kind::object)) refuse(ref, "{} is no type", json::to_string(ref.kind()));
  if (auto at = at_.find(ref.index()); at != at_.end()) return at->second;
  std::optional<json::Ref> type = ref.find("type");
  if (!type) refuse(ref, "an object that is a type needs a 'type'");
  if (!type->is(json::Kind::string)) return read(*type, space);
  auto part = [&](std::string_view key) {
    std::optional<json::Ref> inner = ref.find(key);
    if (!inner) refuse(ref, "type '{}' needs '{}'", type->text(), key);
    return read(*inner, space);
  };
  if (type->text() == "array") return types_.array(part("items"));
  if (type->text() == "map") return types_.map(part("values"));
  if (declared_kind(ref)) refuse(ref, "type '{}' needs a name", type->text());
  return read(*type, space);
}

}  // namespace panmodel::pfa
