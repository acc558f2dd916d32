// Functions applied to the members of maps; those called ...WithKey give the function the key, too.
#include <array>

#include "runtime/pfa/map.h"

namespace panmodel::pfa {
namespace {

template <bool keyed>
Value at(const Call& call, const Map::Entry& entry) {
  if constexpr (keyed) return call.apply(1, Value::string(entry.first), entry.second);
  return call.apply(1, entry.second);
}

template <bool keyed>
Value map(const Call& call) {
  Map out;
  out.reserve(call.members(0).size());
  for (const Map::Entry& entry : scan_map(call, 0)) out.set(entry.first, at<keyed>(call, entry));
  return Value::map(std::move(out));
}

template <bool keyed>
Value filter(const Call& call) {
  Map out;
  for (const Map::Entry& entry : scan_map(call, 0)) {
    if (at<keyed>(call, entry).truth()) out.set(entry.first, entry.second);
  }
  return Value::map(std::move(out));
}

template <bool keyed>
Value filter_map(const Call& call) {
  Map out;
  for (const Map::Entry& entry : scan_map(call, 0)) {
    Value result = at<keyed>(call, entry);
    if (!result.is_null()) out.set(entry.first, std::move(result));
  }
  return Value::map(std::move(out));
}

template <bool keyed>
Value flat_map(const Call& call) {
  Map out;
  for (const Map::Entry& entry : scan_map(call, 0)) {
    const Value result = at<keyed>(call, entry);
    call.steps(result.members().size());
    for (const auto& [key, item] : result.members()) out.set(key, item);
  }
  return Value::map(std::move(out));
}

bool same_keys(const Map& a, const Map& b) { return a.size() == b.size() && has_keys(a, b); }

// The function, the argument behind `maps` maps, of the values of one key.
template <bool keyed>
Value zipped(const Call& call, size_t maps, const std::string& key) {
  std::array<Value, 5> arguments;
  size_t n = 0;
  if constexpr (keyed) arguments[n++] = Value::string(key);
  for (size_t k = 0; k < maps; ++k) arguments[n++] = *call.members(k).find(key);
  return call.apply(maps, std::span(arguments).first(n));
}

template <bool keyed>
Value zip_map(const Call& call) {
  const size_t maps = call.size() - 1;
  const Map& first = scan_map(call, 0);
  for (size_t k = 1; k < maps; ++k) {
    if (!same_keys(first, scan_map(call, k))) call.fail(keyed ? 26380 : 26370, "misaligned maps");
  }
  Map out;
  out.reserve(first.size());
  for (const auto& [key, item] : first) out.set(key, zipped<keyed>(call, maps, key));
  return Value::map(std::move(out));
}

template <bool keyed>
Value corresponds(const Call& call) {
  const Map &a = scan_map(call, 0), &b = scan_map(call, 1);
  if (!same_keys(a, b)) return Value::boolean(false);
  for (const auto& [key, item] : a) {
    if (!zipped<keyed>(call, 2, key).truth()) return Value::boolean(false);
  }
  return Value::boolean(true);
}

}  // namespace

std::span<const LibraryRow> map_functional() {
  static constexpr LibraryRow rows[] = {
      {"map.map", map<false>},
      {"map.mapWithKey", map<true>},
      {"map.filter", filter<false>},
      {"map.filterWithKey", filter<true>},
      {"map.filterMap", filter_map<false>},
      {"map.filterMapWithKey", filter_map<true>},
      {"map.flatMap", flat_map<false>},
      {"map.flatMapWithKey", flat_map<true>},
      {"map.zipmap", zip_map<false>},
      {"map.zipmapWithKey", zip_map<true>},
      {"map.corresponds", corresponds<false>},
      {"map.correspondsWithKey", corresponds<true>},
  };
  return rows;
}

}  // namespace panmodel::pfa
