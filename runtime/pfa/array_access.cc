// Items and pieces of arrays. Negative positions count from the end.
#include <algorithm>
#include <iterator>

#include "runtime/pfa/array.h"
#include "runtime/pfa/text.h"

namespace panmodel::pfa {
namespace {

std::ptrdiff_t signed_size(const Array& items) { return static_cast<std::ptrdiff_t>(items.size()); }

// From start up to end, both within the array, end not before start.
struct Piece {
  std::ptrdiff_t start, end;
};
Piece piece(const Array& items, int64_t start, int64_t end) {
  const auto [from, to] = clip_range(items.size(), start, end);
  return {static_cast<std::ptrdiff_t>(from), static_cast<std::ptrdiff_t>(to)};
}

// Position of an item that must exist.
std::ptrdiff_t position(const Call& call, const Array& items, int64_t at, int code) {
  const std::ptrdiff_t size = signed_size(items);
  if (at < 0) at += size;
  if (at < 0 || at >= size) call.fail(code, "index out of range");
  return at;
}

const Array& filled(const Call& call, int code) {
  const Array& items = call.items(0);
  if (items.empty()) call.fail(code, "empty array");
  return items;
}

// Argument 0, to be edited.
struct Edited {
  Value value;
  Array& items;
  explicit Edited(const Call& call) : value(call.take(0)), items(value.edit_items()) {
    call.steps(items.size());
  }
  Value done() { return std::move(value); }
};

Value length(const Call& call) { return index_value(call.items(0).size()); }

Value subsequence(const Call& call) {
  const Array& items = call.items(0);
  const Piece p = piece(items, call.whole(1), call.whole(2));
  call.steps(static_cast<uint64_t>(p.end - p.start));
  return Value::array(Array(items.begin() + p.start, items.begin() + p.end));
}

Value head(const Call& call) { return filled(call, 15020).front(); }
Value last(const Call& call) { return filled(call, 15040).back(); }

Value tail(const Call& call) {
  filled(call, 15030);
  Edited a(call);
  a.items.erase(a.items.begin());
  return a.done();
}

Value init(const Call& call) {
  filled(call, 15050);
  Edited a(call);
  a.items.pop_back();
  return a.done();
}

Value replace_subsequence(const Call& call) {
  Edited a(call);
  const Array& replacement = call.items(3);
  call.steps(replacement.size());
  const Piece p = piece(a.items, call.whole(1), call.whole(2));
  auto at = a.items.erase(a.items.begin() + p.start, a.items.begin() + p.end);
  a.items.insert(at, replacement.begin(), replacement.end());
  return a.done();
}

Value concatenate(const Call& call) {
  Edited a(call);
  const Array& more = call.items(1);
  call.steps(more.size());
  a.items.insert(a.items.end(), more.begin(), more.end());
  return a.done();
}

Value append(const Call& call) {
  Edited a(call);
  a.items.push_back(call.take(1));
  return a.done();
}

Value cycle(const Call& call) {
  const int64_t limit = call.whole(2);
  if (limit < 0) call.fail(15150, "maxLength out of range");
  Edited a(call);
  a.items.push_back(call.take(1));
  const std::ptrdiff_t excess = signed_size(a.items) - limit;
  if (excess > 0) a.items.erase(a.items.begin(), a.items.begin() + excess);
  return a.done();
}

Value insert(const Call& call) {
  const std::ptrdiff_t at = position(call, call.items(0), call.whole(1), 15160);
  Edited a(call);
  a.items.insert(a.items.begin() + at, call.take(2));
  return a.done();
}

Value replace(const Call& call) {
  const std::ptrdiff_t at = position(call, call.items(0), call.whole(1), 15170);
  Edited a(call);
  a.items[static_cast<size_t>(at)] = call.take(2);
  return a.done();
}

Value remove(const Call& call) {
  Piece p;
  if (call.size() == 3) {
    p = piece(call.items(0), call.whole(1), call.whole(2));
  } else {
    p.start = position(call, call.items(0), call.whole(1), 15180);
    p.end = p.start + 1;
  }
  Edited a(call);
  a.items.erase(a.items.begin() + p.start, a.items.begin() + p.end);
  return a.done();
}

Value rotate(const Call& call) {
  const int64_t steps = call.whole(1);
  if (steps < 0) call.fail(15190, "steps out of range");
  Edited a(call);
  if (!a.items.empty()) {
    std::rotate(a.items.begin(), a.items.begin() + steps % signed_size(a.items), a.items.end());
  }
  return a.done();
}

}  // namespace

std::span<const LibraryRow> array_access() {
  static constexpr LibraryRow rows[] = {
      {"a.len", length},       {"a.subseq", subsequence},
      {"a.head", head},        {"a.tail", tail},
      {"a.last", last},        {"a.init", init},
      {"a.subseqto", replace_subsequence},
      {"a.concat", concatenate}, {"a.append", append},
      {"a.cycle", cycle},      {"a.insert", insert},
      {"a.replace", replace},  {"a.remove", remove},
      {"a.rotate", rotate},
  };
  return rows;
}

}  // namespace panmodel::pfa
