// Arrays made of pieces of arrays.
#include <algorithm>
#include <numeric>

#include "runtime/pfa/array.h"

namespace panmodel::pfa {
namespace {

Value chosen(const Call& call, const Array& items, std::span<const size_t> positions) {
  call.steps(positions.size());
  Array out;
  out.reserve(positions.size());
  for (size_t i : positions) out.push_back(items[i]);
  return Value::array(std::move(out));
}

Value sliding_window(const Call& call) {
  const Array& items = call.items(0);
  const int64_t size = call.whole(1), step = call.whole(2);
  if (size < 1) call.fail(15770, "size < 1");
  if (step < 1) call.fail(15771, "step < 1");
  Array out;
  const int64_t n = static_cast<int64_t>(items.size());
  for (int64_t start = 0; start + size <= n; start += step) {
    call.steps(static_cast<uint64_t>(size));
    out.push_back(Value::array(Array(items.begin() + start, items.begin() + start + size)));
  }
  return Value::array(std::move(out));
}

// In the order of positions.
Value combinations(const Call& call) {
  const Array& items = call.items(0);
  if (call.whole(1) < 1) call.fail(15780, "size < 1");
  const size_t size = static_cast<size_t>(call.whole(1)), n = items.size();
  Array out;
  if (size > n) return Value::array(std::move(out));
  std::vector<size_t> positions(size);
  std::iota(positions.begin(), positions.end(), size_t{0});
  for (;;) {
    out.push_back(chosen(call, items, positions));
    // The last position that can still move.
    size_t k = size;
    while (k > 0 && positions[k - 1] == n - size + k - 1) --k;
    if (k == 0) return Value::array(std::move(out));
    ++positions[k - 1];
    for (; k < size; ++k) positions[k] = positions[k - 1] + 1;
  }
}

// In the order of positions.
Value permutations(const Call& call) {
  const Array& items = call.items(0);
  std::vector<size_t> positions(items.size());
  std::iota(positions.begin(), positions.end(), size_t{0});
  Array out;
  do {
    out.push_back(chosen(call, items, positions));
  } while (std::next_permutation(positions.begin(), positions.end()));
  return Value::array(std::move(out));
}

Value flatten(const Call& call) {
  Array out;
  for (const Value& piece : call.items(0)) {
    call.steps(piece.items().size() + 1);
    out.insert(out.end(), piece.items().begin(), piece.items().end());
  }
  return Value::array(std::move(out));
}

Value group_by(const Call& call) {
  Map out;
  for (const Value& item : scan(call, 0)) {
    const Value key = call.apply(1, item);
    Value* group = out.edit(key.text());
    if (!group) {
      out.set(key.text(), Value::array({}));
      group = out.edit(key.text());
    }
    group->edit_items().push_back(item);
  }
  return Value::map(std::move(out));
}

}  // namespace

std::span<const LibraryRow> array_shape() {
  static constexpr LibraryRow rows[] = {
      {"a.slidingWindow", sliding_window}, {"a.combinations", combinations},
      {"a.permutations", permutations},    {"a.flatten", flatten},
      {"a.groupby", group_by},
  };
  return rows;
}

}  // namespace panmodel::pfa
