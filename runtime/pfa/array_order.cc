// Sorting and extreme values.
#include <algorithm>

#include "runtime/pfa/array.h"
#include "runtime/pfa/order.h"

namespace panmodel::pfa {
namespace {

Value chosen(const Array& items, std::span<const uint32_t> positions) {
  Array out;
  out.reserve(positions.size());
  for (uint32_t i : positions) out.push_back(items[i]);
  return Value::array(std::move(out));
}

Value sort(const Call& call) {
  const Array& items = scan(call, 0);
  return chosen(items, ascending(items));
}

Value sort_by(const Call& call) {
  const Array& items = scan(call, 0);
  return chosen(items, stable_order(items.size(), [&](uint32_t i, uint32_t j) {
    return call.apply(1, items[i], items[j]).truth();
  }));
}

Value shuffle(const Call& call) {
  scan(call, 0);
  Value value = call.take(0);
  Array& items = value.edit_items();
  for (size_t i = items.size(); i > 1; --i) items[i - 1].swap(items[call.random() % i]);
  return value;
}

Value reverse(const Call& call) {
  scan(call, 0);
  Value value = call.take(0);
  Array& items = value.edit_items();
  std::reverse(items.begin(), items.end());
  return value;
}

// The sixteen functions that choose extremes; the flags in the order of their error codes.
enum Extreme : int { kLowest = 1, kBy = 2, kMany = 4, kPosition = 8 };

template <int flags>
Value extreme(const Call& call) {
  constexpr int code = 15240 + 10 * flags;
  const Array& items = scan(call, 0);
  if (items.empty()) call.fail(code, "empty array");
  if ((flags & kMany) && call.whole(1) < 0) call.fail(code + 1, "n < 0");
  const size_t count = flags & kMany ? static_cast<size_t>(call.whole(1)) : 1;
  auto less = [&](uint32_t i, uint32_t j) {
    if constexpr (flags & kBy) return call.apply(flags & kMany ? 2 : 1, items[i], items[j]).truth();
    return compare(items[i], items[j]) < 0;
  };
  std::vector<uint32_t> best = leading(items.size(), count, [&](uint32_t i, uint32_t j) {
    return flags & kLowest ? less(i, j) : less(j, i);
  });
  if constexpr (!(flags & kMany)) {
    return flags & kPosition ? index_value(best[0]) : items[best[0]];
  } else if constexpr (flags & kPosition) {
    Array out;
    for (uint32_t i : best) out.push_back(index_value(i));
    return Value::array(std::move(out));
  } else {
    return chosen(items, best);
  }
}

}  // namespace

std::span<const LibraryRow> array_order() {
  static constexpr LibraryRow rows[] = {
      {"a.sort", sort},
      {"a.sortLT", sort_by},
      {"a.shuffle", shuffle},
      {"a.reverse", reverse},
      {"a.max", extreme<0>},
      {"a.min", extreme<kLowest>},
      {"a.maxLT", extreme<kBy>},
      {"a.minLT", extreme<kBy | kLowest>},
      {"a.maxN", extreme<kMany>},
      {"a.minN", extreme<kMany | kLowest>},
      {"a.maxNLT", extreme<kMany | kBy>},
      {"a.minNLT", extreme<kMany | kBy | kLowest>},
      {"a.argmax", extreme<kPosition>},
      {"a.argmin", extreme<kPosition | kLowest>},
      {"a.argmaxLT", extreme<kPosition | kBy>},
      {"a.argminLT", extreme<kPosition | kBy | kLowest>},
      {"a.argmaxN", extreme<kPosition | kMany>},
      {"a.argminN", extreme<kPosition | kMany | kLowest>},
      {"a.argmaxNLT", extreme<kPosition | kMany | kBy>},
      {"a.argminNLT", extreme<kPosition | kMany | kBy | kLowest>},
  };
  return rows;
}

}  // namespace panmodel::pfa
