// Module map of the library (PFA 0.8.1 function library, "Maps"). Results keep the order of
// members.
#include "runtime/pfa/map.h"

#include <unordered_set>
#include <vector>

#include "base/base64.h"
#include "runtime/pfa/avro.h"
#include "runtime/pfa/order.h"

namespace panmodel::pfa {
namespace {

Value length(const Call& call) {
  return Value::int32(static_cast<int32_t>(call.members(0).size()));
}

Value keys(const Call& call) {
  Array out;
  for (const auto& [key, item] : scan_map(call, 0)) out.push_back(Value::string(key));
  return Value::array(std::move(out));
}

Value values(const Call& call) {
  Array out;
  for (const auto& [key, item] : scan_map(call, 0)) out.push_back(item);
  return Value::array(std::move(out));
}

// By key, or by a function of keys.
Value contains_key(const Call& call) {
  if (call.signature() == 0) return Value::boolean(call.members(0).contains(call.text(1)));
  for (const auto& [key, item] : scan_map(call, 0)) {
    if (call.apply(1, Value::string(key)).truth()) return Value::boolean(true);
  }
  return Value::boolean(false);
}

Value contains_value(const Call& call) {
  for (const auto& [key, item] : scan_map(call, 0)) {
    if (call.signature() == 0 ? same(item, call[1]) : call.apply(1, item).truth()) {
      return Value::boolean(true);
    }
  }
  return Value::boolean(false);
}

// The key of a member of a set.
std::string set_key(const Value& value, const Type& type) {
  return to_base64(encode_avro(value, type));
}

// A key and its value, or a value that is a member of a set.
Value add(const Call& call) {
  scan_map(call, 0);
  Value map = call.take(0);
  if (call.signature() == 0) {
    map.edit_members().set(call.text(1), call.take(2));
  } else {
    std::string key = set_key(call[1], call.parameter(1));
    map.edit_members().set(key, call.take(1));
  }
  return map;
}

Value remove(const Call& call) {
  scan_map(call, 0);
  Value map = call.take(0);
  map.edit_members().erase(call.text(1));
  return map;
}

// Members of a map whose key is accepted.
template <class Accept>
Value choose(const Map& map, Accept&& accept) {
  Map out;
  for (const auto& [key, item] : map) {
    if (accept(key)) out.set(key, item);
  }
  return Value::map(std::move(out));
}

template <bool wanted>
Value by_keys(const Call& call) {
  std::unordered_set<std::string_view> listed;
  for (const Value& key : call.items(1)) listed.insert(key.text());
  call.steps(listed.size());
  return choose(scan_map(call, 0), [&](const std::string& key) {
    return listed.contains(key) == wanted;
  });
}

// Members of the first map that the second has too, or has not.
template <bool wanted>
Value by_map(const Call& call) {
  const Map& other = call.members(1);
  return choose(scan_map(call, 0), [&](const std::string& key) {
    return other.contains(key) == wanted;
  });
}

void add_all(const Map& from, Map& to) {
  for (const auto& [key, item] : from) to.set(key, item);
}

Value update(const Call& call) {
  scan_map(call, 0);
  Value map = call.take(0);
  add_all(scan_map(call, 1), map.edit_members());
  return map;
}

Value split(const Call& call) {
  Array out;
  for (const auto& [key, item] : scan_map(call, 0)) {
    Map one;
    one.set(key, item);
    out.push_back(Value::map(std::move(one)));
  }
  return Value::array(std::move(out));
}

Value join(const Call& call) {
  Map out;
  for (const Value& map : call.items(0)) {
    call.steps(map.members().size() + 1);
    add_all(map.members(), out);
  }
  return Value::map(std::move(out));
}

// The eight functions that give the keys of extreme values; the flags in the order of error codes.
// Equal values are in the order of their keys.
enum Extreme : int { kLowest = 1, kBy = 2, kMany = 4 };

template <int flags>
Value extreme(const Call& call) {
  constexpr int code = 26120 + 10 * flags;
  const Map& map = scan_map(call, 0);
  if (map.empty()) call.fail(code, "empty map");
  if ((flags & kMany) && call.whole(1) < 0) call.fail(code + 1, "n < 0");
  const size_t count = flags & kMany ? static_cast<size_t>(call.whole(1)) : 1;
  auto less = [&](uint32_t i, uint32_t j) {
    const Value &x = map[i].second, &y = map[j].second;
    if constexpr (flags & kBy) return call.apply(flags & kMany ? 2 : 1, x, y).truth();
    return compare(x, y) < 0;
  };
  auto ahead = [&](uint32_t i, uint32_t j) { return flags & kLowest ? less(i, j) : less(j, i); };
  std::vector<uint32_t> best = leading(map.size(), count, [&](uint32_t i, uint32_t j) {
    return ahead(i, j) || (map[i].first < map[j].first && !ahead(j, i));
  });
  if constexpr (!(flags & kMany)) return Value::string(map[best[0]].first);
  Array out;
  for (uint32_t i : best) out.push_back(Value::string(map[i].first));
  return Value::array(std::move(out));
}

Value to_set(const Call& call) {
  const Array& items = call.items(0);
  call.steps(items.size());
  const Type& type = *call.parameter(0).element;
  Map out;
  for (const Value& item : items) out.set(set_key(item, type), item);
  return Value::map(std::move(out));
}

Value in_set(const Call& call) {
  return Value::boolean(call.members(0).contains(set_key(call[1], *call.parameter(0).element)));
}

Value symmetric_difference(const Call& call) {
  const Map &a = scan_map(call, 0), &b = scan_map(call, 1);
  Map out;
  for (const auto& [key, item] : a) {
    if (!b.contains(key)) out.set(key, item);
  }
  for (const auto& [key, item] : b) {
    if (!a.contains(key)) out.set(key, item);
  }
  return Value::map(std::move(out));
}

Value subset(const Call& call) {
  return Value::boolean(has_keys(call.members(1), scan_map(call, 0)));
}

Value disjoint(const Call& call) {
  const Map& other = call.members(1);
  for (const auto& [key, item] : scan_map(call, 0)) {
    if (other.contains(key)) return Value::boolean(false);
  }
  return Value::boolean(true);
}

constexpr LibraryRow kRows[] = {
    {"map.len", length},
    {"map.keys", keys},
    {"map.values", values},
    {"map.containsKey", contains_key},
    {"map.containsValue", contains_value},
    {"map.add", add},
    {"map.remove", remove},
    {"map.only", by_keys<true>},
    {"map.except", by_keys<false>},
    {"map.update", update},
    {"map.split", split},
    {"map.join", join},
    {"map.argmax", extreme<0>},
    {"map.argmin", extreme<kLowest>},
    {"map.argmaxLT", extreme<kBy>},
    {"map.argminLT", extreme<kBy | kLowest>},
    {"map.argmaxN", extreme<kMany>},
    {"map.argminN", extreme<kMany | kLowest>},
    {"map.argmaxNLT", extreme<kMany | kBy>},
    {"map.argminNLT", extreme<kMany | kBy | kLowest>},
    {"map.toset", to_set},
    {"map.fromset", values},
    {"map.in", in_set},
    {"map.union", update},
    {"map.intersection", by_map<true>},
    {"map.diff", by_map<false>},
    {"map.symdiff", symmetric_difference},
    {"map.subset", subset},
    {"map.disjoint", disjoint},
};

}  // namespace

bool has_keys(const Map& map, const Map& keys) {
  for (const auto& [key, item] : keys) {
    if (!map.contains(key)) return false;
  }
  return true;
}

std::span<const LibraryRow> map_library() {
  static const std::vector<LibraryRow> rows = [] {
    std::vector<LibraryRow> all(std::begin(kRows), std::end(kRows));
    const auto functional = map_functional();
    all.insert(all.end(), functional.begin(), functional.end());
    return all;
  }();
  return rows;
}

}  // namespace panmodel::pfa
