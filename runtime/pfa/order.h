#pragma once
// Order and equality of values for the functions of the library on arrays and maps.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "ir/pfa/value.h"

namespace panmodel::pfa {

// Positions 0 ... size - 1 in the order of before(i, j), which says that i comes strictly before j;
// equals keep their order. A merge sort: `before` may run a document's function, whose answers need
// not be an order at all, and the result is a permutation all the same.
template <class Before>
std::vector<uint32_t> stable_order(size_t size, Before&& before) {
  std::vector<uint32_t> order(size), merged(size);
  for (size_t i = 0; i < size; ++i) order[i] = static_cast<uint32_t>(i);
  for (size_t width = 1; width < size; width *= 2) {
    for (size_t start = 0; start < size; start += 2 * width) {
      size_t left = start, middle = std::min(start + width, size), right = middle;
      size_t end = std::min(middle + width, size);
      for (size_t out = start; out < end; ++out) {
        bool from_right = left == middle || (right < end && before(order[right], order[left]));
        merged[out] = from_right ? order[right++] : order[left++];
      }
    }
    order.swap(merged);
  }
  return order;
}

// The first `count` positions of that order, fewer when there are not as many.
template <class Before>
std::vector<uint32_t> leading(size_t size, size_t count, Before&& before) {
  if (count == 1 && size > 0) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < size; ++i) {
      if (before(i, best)) best = i;
    }
    return {best};
  }
  if (count == 0) return {};
  std::vector<uint32_t> order = stable_order(size, before);
  order.resize(std::min(order.size(), count));
  return order;
}

// Positions in ascending order of the values.
std::vector<uint32_t> ascending(const Array& items);

// Equality of the functions that look for a value: a NaN equals nothing, unlike in Avro's order.
bool same(const Value& a, const Value& b);

// Values to be looked up.
class Members {
 public:
  // `items` stays with the caller.
  explicit Members(const Array& items);
  bool has(const Value& value) const;

 private:
  static constexpr size_t kLinear = 8;
  const Array& items_;
  std::vector<uint32_t> order_;  // of more than kLinear items
};

// The items without those that equal an earlier one.
Array distinct(Array items);

}  // namespace panmodel::pfa
