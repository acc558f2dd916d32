#include "runtime/pfa/order.h"

#include <cmath>

#include "base/fail.h"
#include "base/stack.h"

namespace panmodel::pfa {
namespace {

bool holds_nan(const Value& value) {
  if (stack_low()) fail({}, "limit-depth", "values are nested too deep to be compared");
  switch (value.kind()) {
    case Kind::float32:
    case Kind::float64: return std::isnan(value.real());
    case Kind::array:
    case Kind::record: return std::any_of(value.items().begin(), value.items().end(), holds_nan);
    case Kind::map:
      return std::any_of(value.members().begin(), value.members().end(),
                         [](const Map::Entry& entry) { return holds_nan(entry.second); });
    default: return false;
  }
}

}  // namespace

std::vector<uint32_t> ascending(const Array& items) {
  return stable_order(items.size(), [&](uint32_t i, uint32_t j) {
    return compare(items[i], items[j]) < 0;
  });
}

bool same(const Value& a, const Value& b) { return equal(a, b) && !holds_nan(a); }

Members::Members(const Array& items) : items_(items) {
  if (items.size() > kLinear) order_ = ascending(items);
}

bool Members::has(const Value& value) const {
  if (order_.empty()) {
    return std::any_of(items_.begin(), items_.end(), [&](const Value& item) {
      return same(item, value);
    });
  }
  auto at = std::lower_bound(order_.begin(), order_.end(), value,
                             [&](uint32_t i, const Value& v) { return compare(items_[i], v) < 0; });
  return at != order_.end() && same(items_[*at], value);
}

Array distinct(Array items) {
  std::vector<uint32_t> order = ascending(items);
  std::vector<bool> again(items.size());
  for (size_t i = 1; i < order.size(); ++i) {
    again[order[i]] = same(items[order[i - 1]], items[order[i]]);
  }
  size_t kept = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (again[i]) continue;
    if (kept != i) items[kept] = std::move(items[i]);
    ++kept;
  }
  items.resize(kept);
  return items;
}

}  // namespace panmodel::pfa
