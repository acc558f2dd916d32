// Arrays as sets.
#include <algorithm>

#include "runtime/pfa/array.h"
#include "runtime/pfa/order.h"

namespace panmodel::pfa {
namespace {

// Adds the items that `members` has or has not.
void add_those(const Array& items, const Members& members, bool wanted, Array& out) {
  for (const Value& item : items) {
    if (members.has(item) == wanted) out.push_back(item);
  }
}

bool all_within(const Array& items, const Members& members, bool wanted) {
  return std::all_of(items.begin(), items.end(), [&](const Value& v) {
    return members.has(v) == wanted;
  });
}

Value distinct_items(const Call& call) {
  scan(call, 0);
  Value value = call.take(0);
  value.edit_items() = distinct(std::move(value.edit_items()));
  return value;
}

Value join(const Call& call) {
  const Array& b = scan(call, 1);
  scan(call, 0);
  Value value = call.take(0);
  Array& items = value.edit_items();
  items.insert(items.end(), b.begin(), b.end());
  items = distinct(std::move(items));
  return value;
}

Value intersection(const Call& call) {
  const Array &a = scan(call, 0), &b = scan(call, 1);
  Array out;
  add_those(a, Members(b), true, out);
  add_those(b, Members(a), true, out);
  return Value::array(std::move(out));
}

Value difference(const Call& call) {
  const Array &a = scan(call, 0), &b = scan(call, 1);
  Array out;
  add_those(a, Members(b), false, out);
  return Value::array(std::move(out));
}

Value symmetric_difference(const Call& call) {
  const Array &a = scan(call, 0), &b = scan(call, 1);
  Array out;
  add_those(a, Members(b), false, out);
  add_those(b, Members(a), false, out);
  return Value::array(std::move(out));
}

Value subset(const Call& call) {
  return Value::boolean(all_within(scan(call, 0), Members(scan(call, 1)), true));
}

Value equal_sets(const Call& call) {
  const Array &a = scan(call, 0), &b = scan(call, 1);
  return Value::boolean(all_within(a, Members(b), true) && all_within(b, Members(a), true));
}

Value disjoint(const Call& call) {
  return Value::boolean(all_within(scan(call, 0), Members(scan(call, 1)), false));
}

}  // namespace

std::span<const LibraryRow> array_set() {
  static constexpr LibraryRow rows[] = {
      {"a.distinct", distinct_items},    {"a.seteq", equal_sets},
      {"a.union", join},                 {"a.intersection", intersection},
      {"a.diff", difference},            {"a.symdiff", symmetric_difference},
      {"a.subset", subset},              {"a.disjoint", disjoint},
  };
  return rows;
}

}  // namespace panmodel::pfa
