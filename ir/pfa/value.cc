#include "ir/pfa/value.h"

#include <algorithm>
#include <cmath>

#include "base/fail.h"
#include "base/stack.h"

namespace panmodel::pfa {

void Meter::add(size_t bytes) {
  if (bytes > limit || used > limit - bytes) {
    fail({}, "limit-memory", "values need more than the {} bytes that the limit allows", limit);
  }
  used += bytes;
}
Meter& meter() {
  thread_local Meter m;
  return m;
}

struct Value::Object {
  Kind kind;
  uint32_t count = 1;
  explicit Object(Kind k) : kind(k) {}
};
struct Value::Text : Object {
  const Type* type;
  std::string text;
  Text(Kind k, const Type* t, std::string v) : Object(k), type(t), text(std::move(v)) {
    meter().add(sizeof(Text) + text.size());
  }
  ~Text() { meter().remove(sizeof(Text) + text.size()); }
};
struct Value::List : Object {
  const Type* type;
  Array items;
  List(Kind k, const Type* t, Array v) : Object(k), type(t), items(std::move(v)) { meter().add(sizeof(List)); }
  ~List() { meter().remove(sizeof(List)); }
};
struct Value::Dictionary : Object {
  Map members;
  explicit Dictionary(Map v) : Object(Kind::map), members(std::move(v)) { meter().add(sizeof(Dictionary)); }
  ~Dictionary() { meter().remove(sizeof(Dictionary)); }
};

void Value::count_up(Object* object) { ++object->count; }
void Value::count_down(Object* object) noexcept {
  if (--object->count == 0) destroy(object);
}
// One after the other, not one within the other: a chain of records may be as long as memory allows.
void Value::destroy(Object* object) noexcept {
  thread_local std::vector<Object*> pending;
  thread_local bool busy = false;
  pending.push_back(object);
  if (busy) return;
  busy = true;
  while (!pending.empty()) {
    Object* next = pending.back();
    pending.pop_back();
    switch (next->kind) {
      case Kind::array:
      case Kind::record: delete static_cast<List*>(next); break;
      case Kind::map: delete static_cast<Dictionary*>(next); break;
      default: delete static_cast<Text*>(next);
    }
  }
  busy = false;
}

Value Value::number(Kind kind, double v) {
  if (kind >= Kind::float32) return {kind, v};
  return {kind, static_cast<int64_t>(v)};
}
Value Value::number(Kind kind, int64_t v) {
  if (kind >= Kind::float32) return {kind, static_cast<double>(v)};
  return {kind, v};
}
Value Value::string(std::string v) { return {Kind::string, new Text(Kind::string, nullptr, std::move(v))}; }
Value Value::bytes(std::string v) { return {Kind::bytes, new Text(Kind::bytes, nullptr, std::move(v))}; }
Value Value::fixed(const Type* type, std::string v) {
  return {Kind::fixed, new Text(Kind::fixed, type, std::move(v))};
}
Value Value::symbol(const Type* type, uint32_t index) {
  Value v;
  v.kind_ = Kind::enumeration;
  v.symbol_ = index;
  v.bits_.type = type;
  return v;
}
Value Value::array(Array items) { return {Kind::array, new List(Kind::array, nullptr, std::move(items))}; }
Value Value::map(Map members) { return {Kind::map, new Dictionary(std::move(members))}; }
Value Value::record(const Type* type, Array fields) {
  return {Kind::record, new List(Kind::record, type, std::move(fields))};
}

const std::string& Value::text() const { return static_cast<const Text*>(bits_.object)->text; }
const Array& Value::items() const { return static_cast<const List*>(bits_.object)->items; }
const Map& Value::members() const { return static_cast<const Dictionary*>(bits_.object)->members; }
const Type* Value::type() const {
  if (kind_ == Kind::enumeration) return bits_.type;
  if (kind_ == Kind::fixed) return static_cast<const Text*>(bits_.object)->type;
  return static_cast<const List*>(bits_.object)->type;
}
Array& Value::edit_items() {
  List* list = static_cast<List*>(bits_.object);
  if (list->count > 1) {
    Object* copy = new List(kind_, list->type, list->items);
    count_down(list);
    bits_.object = copy;
  }
  return static_cast<List*>(bits_.object)->items;
}
Map& Value::edit_members() {
  Dictionary* map = static_cast<Dictionary*>(bits_.object);
  if (map->count > 1) {
    Object* copy = new Dictionary(map->members);
    count_down(map);
    bits_.object = copy;
  }
  return static_cast<Dictionary*>(bits_.object)->members;
}

size_t Map::position(std::string_view key) const {
  if (entries_.size() <= kLinear) {
    size_t i = 0;
    while (i < entries_.size() && entries_[i].first != key) ++i;
    return i;
  }
  auto at = index_.find(std::string(key));
  return at == index_.end() ? entries_.size() : at->second;
}
const Value* Map::find(std::string_view key) const {
  size_t i = position(key);
  return i < entries_.size() ? &entries_[i].second : nullptr;
}
Value* Map::edit(std::string_view key) {
  size_t i = position(key);
  return i < entries_.size() ? &entries_[i].second : nullptr;
}
void Map::set(std::string_view key, Value value) {
  size_t i = position(key);
  if (i < entries_.size()) {
    entries_[i].second = std::move(value);
    return;
  }
  entries_.emplace_back(std::string(key), std::move(value));
  if (entries_.size() == kLinear + 1) {
    for (size_t k = 0; k < entries_.size(); ++k) index_.emplace(entries_[k].first, static_cast<uint32_t>(k));
  } else if (entries_.size() > kLinear) {
    index_.emplace(std::string(key), static_cast<uint32_t>(i));
  }
}
void Map::erase(std::string_view key) {
  size_t i = position(key);
  if (i == entries_.size()) return;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
  index_.clear();
  if (entries_.size() > kLinear) {
    for (size_t k = 0; k < entries_.size(); ++k) index_.emplace(entries_[k].first, static_cast<uint32_t>(k));
  }
}
void Map::reserve(size_t n) {
  entries_.reserve(n);
  if (n > kLinear) index_.reserve(n);
}

namespace {

int sign(auto a, auto b) { return a < b ? -1 : b < a ? 1 : 0; }

int compare_reals(double a, double b) {
  bool no_a = std::isnan(a), no_b = std::isnan(b);
  return no_a || no_b ? static_cast<int>(no_a) - static_cast<int>(no_b) : sign(a, b);
}

int compare_lists(const Array& a, const Array& b) {
  size_t n = std::min(a.size(), b.size());
  for (size_t i = 0; i < n; ++i) {
    if (int c = compare(a[i], b[i])) return c;
  }
  return sign(a.size(), b.size());
}

int compare_records(const Value& a, const Value& b) {
  const std::vector<Field>& fields = a.type()->fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].ignored) continue;
    int c = compare(a.items()[i], b.items()[i]);
    if (c) return fields[i].descending ? -c : c;
  }
  return 0;
}

// Maps have no order of their own in Avro: by their members in order of keys.
int compare_maps(const Map& a, const Map& b) {
  auto sorted = [](const Map& m) {
    std::vector<const Map::Entry*> entries;
    for (const auto& e : m) entries.push_back(&e);
    std::sort(entries.begin(), entries.end(), [](auto* x, auto* y) { return x->first < y->first; });
    return entries;
  };
  if (int c = sign(a.size(), b.size())) return c;
  auto x = sorted(a), y = sorted(b);
  for (size_t i = 0; i < x.size(); ++i) {
    if (int c = x[i]->first.compare(y[i]->first)) return sign(c, 0);
  }
  for (size_t i = 0; i < x.size(); ++i) {
    if (int c = compare(x[i]->second, y[i]->second)) return c;
  }
  return 0;
}

}  // namespace

int compare(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.kind() <= Kind::int64 && b.kind() <= Kind::int64) return sign(a.whole(), b.whole());
    return compare_reals(a.real(), b.real());
  }
  if (stack_low()) fail({}, "limit-depth", "values are nested too deep to be compared");
  if (a.kind() != b.kind()) return sign(a.kind(), b.kind());
  switch (a.kind()) {
    case Kind::boolean: return sign(a.truth(), b.truth());
    case Kind::bytes:
    case Kind::string:
    case Kind::fixed: return sign(a.text().compare(b.text()), 0);
    case Kind::enumeration: return sign(a.symbol(), b.symbol());
    case Kind::array: return compare_lists(a.items(), b.items());
    case Kind::record:
      if (a.type() != b.type()) return sign(a.type()->name.compare(b.type()->name), 0);
      return compare_records(a, b);
    case Kind::map: return compare_maps(a.members(), b.members());
    default: return 0;
  }
}

bool equal(const Value& a, const Value& b) {
  if (a.is(Kind::enumeration) && b.is(Kind::string)) return a.symbol_name() == b.text();
  if (a.is(Kind::string) && b.is(Kind::enumeration)) return a.text() == b.symbol_name();
  return compare(a, b) == 0;
}

bool needs_promotion(const Type& from, const Type& to) {
  if (&from == &to) return false;
  if (to.kind == Kind::alternatives) {
    if (from.kind == Kind::alternatives) {
      for (const Type* part : from.members) {
        if (needs_promotion(*part, to)) return true;
      }
      return false;
    }
    for (const Type* m : to.members) {
      if (m == &from) return false;
    }
    for (const Type* m : to.members) {
      if (accepts(*m, from)) return needs_promotion(from, *m);
    }
    return false;
  }
  if (to.is_number()) return from.kind != to.kind;
  if (to.kind == Kind::array || to.kind == Kind::map) {
    return from.kind == to.kind && needs_promotion(*from.element, *to.element);
  }
  return false;
}

const Type* member_of(const Value& value, const Type& type) {
  if (type.kind != Kind::alternatives) return &type;
  for (const Type* m : type.members) {
    if (m->kind == value.kind() && (!m->named() || m->name == value.type()->name)) return m;
  }
  return nullptr;
}

Value promote(Value value, const Type& from, const Type& to) {
  if (stack_low()) fail({}, "limit-depth", "values are nested too deep to be converted");
  if (!needs_promotion(from, to)) return value;
  const Type* have = member_of(value, from);
  const Type* want = &to;
  if (to.kind == Kind::alternatives) {
    for (const Type* m : to.members) {
      if (accepts(*m, *have)) {
        want = m;
        if (m == have) break;
      }
    }
    for (const Type* m : to.members) {
      if (m == have) want = m;
    }
  }
  if (want->is_number()) {
    return want->kind <= Kind::int64 ? Value::number(want->kind, value.whole()) : Value::number(want->kind, value.real());
  }
  if (want->kind == Kind::array && needs_promotion(*have->element, *want->element)) {
    for (Value& item : value.edit_items()) item = promote(std::move(item), *have->element, *want->element);
  } else if (want->kind == Kind::map && needs_promotion(*have->element, *want->element)) {
    Map& members = value.edit_members();
    for (size_t i = 0; i < members.size(); ++i) {
      Value* item = members.edit(members[i].first);
      *item = promote(std::move(*item), *have->element, *want->element);
    }
  }
  return value;
}

}  // namespace panmodel::pfa
