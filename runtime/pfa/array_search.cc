// Looking for a piece, an item, or an item that a function accepts: by the type of the second
// argument.
#include <optional>

#include "runtime/pfa/array.h"
#include "runtime/pfa/order.h"

namespace panmodel::pfa {
namespace {

enum Needle : uint32_t { kPiece, kItem, kFunction };  // by signature

// Whether what is looked for stands at position `at`.
bool found(const Call& call, size_t at) {
  const Array& items = call.items(0);
  if (call.signature() == kItem) return same(items[at], call[1]);
  if (call.signature() == kFunction) return call.apply(1, items[at]).truth();
  const Array& piece = call.items(1);
  size_t matched = 0;
  while (matched < piece.size() && same(items[at + matched], piece[matched])) ++matched;
  call.steps(matched);
  return matched == piece.size();
}

// Number of positions where it may stand.
size_t positions(const Call& call) {
  const size_t size = call.items(0).size();
  if (call.signature() != kPiece) return size;
  const size_t needle = call.items(1).size();
  return needle > size ? 0 : size - needle + 1;
}

std::optional<size_t> first(const Call& call) {
  scan(call, 0);
  const size_t n = positions(call);
  for (size_t i = 0; i < n; ++i) {
    if (found(call, i)) return i;
  }
  return std::nullopt;
}

Value contains(const Call& call) { return Value::boolean(first(call).has_value()); }

Value count(const Call& call) {
  scan(call, 0);
  if (call.signature() == kPiece && call.items(1).empty()) return Value::int32(0);
  const size_t n = positions(call);
  size_t times = 0;
  for (size_t i = 0; i < n; ++i) times += found(call, i) ? 1 : 0;
  return index_value(times);
}

Value first_index(const Call& call) {
  std::optional<size_t> at = first(call);
  return at ? index_value(*at) : Value::int32(-1);
}

Value last_index(const Call& call) {
  scan(call, 0);
  for (size_t i = positions(call); i > 0; --i) {
    if (found(call, i - 1)) return index_value(i - 1);
  }
  return Value::int32(-1);
}

Value starts_with(const Call& call) {
  return Value::boolean(positions(call) > 0 && found(call, 0));
}

Value ends_with(const Call& call) {
  const size_t n = positions(call);
  return Value::boolean(n > 0 && found(call, n - 1));
}

}  // namespace

std::span<const LibraryRow> array_search() {
  static constexpr LibraryRow rows[] = {
      {"a.contains", contains},      {"a.count", count},
      {"a.index", first_index},      {"a.rindex", last_index},
      {"a.startswith", starts_with}, {"a.endswith", ends_with},
  };
  return rows;
}

}  // namespace panmodel::pfa
