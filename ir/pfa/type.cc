#include "ir/pfa/type.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"

namespace panmodel::pfa {
namespace {

constexpr std::array<std::string_view, 8> kPrimitives = {"null",  "boolean", "int",   "long",
                                                         "float", "double",  "bytes", "string"};
const std::array<Type, 9>& primitives() {
  static const std::array<Type, 9> types = [] {
    std::array<Type, 9> t;
    for (size_t i = 0; i < kPrimitives.size(); ++i) t[i].kind = static_cast<Kind>(i);
    t[8].kind = Kind::none;
    return t;
  }();
  return types;
}

std::string address(const Type* type) {
  return std::to_string(reinterpret_cast<uintptr_t>(type));  // a key within one table
}

bool same_named(const Type& a, const Type& b) { return &a == &b || (a.named() && a.kind == b.kind && a.name == b.name); }

}  // namespace

std::optional<uint32_t> Type::field(std::string_view field_name) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field_name) return static_cast<uint32_t>(i);
  }
  return std::nullopt;
}
std::optional<uint32_t> Type::symbol(std::string_view text) const {
  auto at = std::find(symbols.begin(), symbols.end(), text);
  if (at == symbols.end()) return std::nullopt;
  return static_cast<uint32_t>(at - symbols.begin());
}

const Type* primitive(Kind kind) {
  return &primitives()[kind == Kind::none ? 8 : static_cast<size_t>(kind)];
}
const Type* find_primitive(std::string_view name) {
  auto at = std::find(kPrimitives.begin(), kPrimitives.end(), name);
  return at == kPrimitives.end() ? nullptr : &primitives()[static_cast<size_t>(at - kPrimitives.begin())];
}

const Type* Types::intern(Type type, std::string key) {
  auto [at, fresh] = structural_.try_emplace(std::move(key), nullptr);
  if (fresh) at->second = &types_.emplace_back(std::move(type));
  return at->second;
}
const Type* Types::array(const Type* items) {
  Type t;
  t.kind = Kind::array;
  t.element = items;
  return intern(std::move(t), "a" + address(items));
}
const Type* Types::map(const Type* values) {
  Type t;
  t.kind = Kind::map;
  t.element = values;
  return intern(std::move(t), "m" + address(values));
}
const Type* Types::alternatives(std::vector<const Type*> members) {
  std::string key = "u";
  for (const Type* member : members) key += address(member) + ",";
  Type t;
  t.kind = Kind::alternatives;
  t.members = std::move(members);
  return intern(std::move(t), std::move(key));
}
const Type* Types::one_of(std::vector<const Type*> members) {
  return members.size() == 1 ? members.front() : alternatives(std::move(members));
}
const Type* Types::function(std::vector<const Type*> parameters, const Type* result) {
  std::string key = "f";
  for (const Type* p : parameters) key += address(p) + ",";
  Type t;
  t.kind = Kind::function;
  t.members = std::move(parameters);
  t.element = result;
  return intern(std::move(t), key + ">" + address(result));
}
Type* Types::declare(Kind kind, std::string full_name) {
  auto [at, fresh] = by_name_.try_emplace(full_name, nullptr);
  if (!fresh) return nullptr;
  Type& t = types_.emplace_back();
  t.kind = kind;
  t.name = std::move(full_name);
  at->second = &t;
  declared_.push_back(&t);
  return &t;
}
const Type* Types::find(std::string_view full_name) const {
  auto at = by_name_.find(full_name);
  return at == by_name_.end() ? nullptr : at->second;
}

bool accepts(const Type& to, const Type& from) {
  if (from.kind == Kind::none) return false;
  if (&to == &from) return true;
  if (to.kind == Kind::alternatives) {
    auto takes = [&](const Type* part) {
      return std::any_of(to.members.begin(), to.members.end(), [&](const Type* m) { return accepts(*m, *part); });
    };
    if (from.kind == Kind::alternatives) return std::all_of(from.members.begin(), from.members.end(), takes);
    return takes(&from);
  }
  switch (to.kind) {
    case Kind::int64:
    case Kind::float32:
    case Kind::float64: return from.is_number() && from.kind <= to.kind;
    case Kind::array:
    case Kind::map: return from.kind == to.kind && accepts(*to.element, *from.element);
    case Kind::record:
    case Kind::enumeration:
    case Kind::fixed: return same_named(to, from);
    case Kind::function:
      return from.kind == Kind::function && to.members.size() == from.members.size() &&
             std::equal(to.members.begin(), to.members.end(), from.members.begin(),
                        [](const Type* a, const Type* b) { return accepts(*b, *a); }) &&
             accepts(*to.element, *from.element);
    default: return to.kind == from.kind;
  }
}

const Type* Types::narrowest(std::span<const Type* const> types) {
  std::vector<const Type*> in;
  for (const Type* t : types) {
    if (t->kind == Kind::none) continue;
    if (t->kind == Kind::alternatives) in.insert(in.end(), t->members.begin(), t->members.end());
    else in.push_back(t);
  }
  if (in.empty()) return primitive(Kind::none);
  // One member per kind, merged, in order of first occurrence.
  std::vector<const Type*> out;
  for (const Type* t : in) {
    bool merged = false;
    for (const Type*& have : out) {
      if (have == t) {
        merged = true;
      } else if (have->is_number() && t->is_number()) {
        have = have->kind < t->kind ? t : have;
        merged = true;
      } else if (have->kind == t->kind && (t->kind == Kind::array || t->kind == Kind::map)) {
        const Type* parts[] = {have->element, t->element};
        const Type* element = narrowest(parts);
        if (!element) return nullptr;
        have = t->kind == Kind::array ? array(element) : map(element);
        merged = true;
      } else if (have->kind == t->kind && (t->kind == Kind::fixed || t->kind == Kind::enumeration)) {
        return nullptr;
      } else if (have->kind == Kind::function || t->kind == Kind::function) {
        return nullptr;
      }
      if (merged) break;
    }
    if (!merged) out.push_back(t);
  }
  return one_of(std::move(out));
}

bool legal_union(std::span<const Type* const> members) {
  std::set<std::string_view> tags;
  for (const Type* m : members) {
    if (m->kind == Kind::alternatives || m->kind == Kind::none || m->kind == Kind::function) return false;
    if (!tags.insert(tag(*m)).second) return false;
  }
  return !members.empty();
}

std::string_view tag(const Type& type) {
  switch (type.kind) {
    case Kind::array: return "array";
    case Kind::map: return "map";
    case Kind::record:
    case Kind::enumeration:
    case Kind::fixed: return type.name;
    case Kind::alternatives: return "union";
    case Kind::none: return "error";
    case Kind::function: return "function";
    default: return kPrimitives[static_cast<size_t>(type.kind)];
  }
}

namespace {

struct Printer {
  std::string out;
  std::set<const Type*> said;

  void print(const Type& t) {
    if (t.named()) return print_named(t);
    switch (t.kind) {
      case Kind::array: return around("{\"type\":\"array\",\"items\":", *t.element);
      case Kind::map: return around("{\"type\":\"map\",\"values\":", *t.element);
      case Kind::alternatives: return list(t.members);
      case Kind::function:
        out += "{\"type\":\"function\",\"params\":";
        list(t.members);
        return around(",\"ret\":", *t.element);
      default: out += quoted(tag(t));
    }
  }
  static std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }
  void around(std::string_view before, const Type& inner) {
    out += before;
    print(inner);
    out += '}';
  }
  void list(const std::vector<const Type*>& types) {
    out += '[';
    for (size_t i = 0; i < types.size(); ++i) {
      if (i) out += ',';
      print(*types[i]);
    }
    out += ']';
  }
  void print_named(const Type& t) {
    if (!said.insert(&t).second) {
      out += quoted(t.name);
      return;
    }
    size_t dot = t.name.rfind('.');
    std::string_view kind = t.kind == Kind::record ? "record" : t.kind == Kind::fixed ? "fixed" : "enum";
    out += "{\"type\":" + quoted(kind) + ",\"name\":" +
           quoted(dot == std::string::npos ? t.name : t.name.substr(dot + 1));
    if (dot != std::string::npos) out += ",\"namespace\":" + quoted(t.name.substr(0, dot));
    if (t.kind == Kind::fixed) out += ",\"size\":" + std::to_string(t.size);
    if (t.kind == Kind::enumeration) {
      out += ",\"symbols\":[";
      for (size_t i = 0; i < t.symbols.size(); ++i) out += (i ? "," : "") + quoted(t.symbols[i]);
      out += ']';
    }
    if (t.kind == Kind::record) {
      out += ",\"fields\":[";
      for (size_t i = 0; i < t.fields.size(); ++i) {
        out += (i ? ",{\"name\":" : "{\"name\":") + quoted(t.fields[i].name) + ",\"type\":";
        print(*t.fields[i].type);
        if (t.fields[i].ignored || t.fields[i].descending) {
          out += t.fields[i].ignored ? ",\"order\":\"ignore\"" : ",\"order\":\"descending\"";
        }
        out += '}';
      }
      out += ']';
    }
    out += '}';
  }
};

}  // namespace

std::string to_string(const Type& type) {
  Printer printer;
  printer.print(type);
  return std::move(printer.out);
}

}  // namespace panmodel::pfa
