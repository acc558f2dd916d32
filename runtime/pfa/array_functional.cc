// Functions applied to the items of arrays.
#include <algorithm>
#include <array>

#include "runtime/pfa/array.h"

namespace panmodel::pfa {
namespace {

// The function, argument 1, of item i; those called ...WithIndex give it the position, too.
template <bool indexed>
Value at(const Call& call, const Array& items, size_t i) {
  if constexpr (indexed) return call.apply(1, index_value(i), items[i]);
  return call.apply(1, items[i]);
}

template <bool indexed>
Value map(const Call& call) {
  const Array& items = scan(call, 0);
  Array out;
  out.reserve(items.size());
  for (size_t i = 0; i < items.size(); ++i) out.push_back(at<indexed>(call, items, i));
  return Value::array(std::move(out));
}

template <bool indexed>
Value filter(const Call& call) {
  const Array& items = scan(call, 0);
  Array out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (at<indexed>(call, items, i).truth()) out.push_back(items[i]);
  }
  return Value::array(std::move(out));
}

template <bool indexed>
Value filter_map(const Call& call) {
  const Array& items = scan(call, 0);
  Array out;
  for (size_t i = 0; i < items.size(); ++i) {
    Value result = at<indexed>(call, items, i);
    if (!result.is_null()) out.push_back(std::move(result));
  }
  return Value::array(std::move(out));
}

template <bool indexed>
Value flat_map(const Call& call) {
  const Array& items = scan(call, 0);
  Array out;
  for (size_t i = 0; i < items.size(); ++i) {
    const Value result = at<indexed>(call, items, i);
    call.steps(result.items().size());
    out.insert(out.end(), result.items().begin(), result.items().end());
  }
  return Value::array(std::move(out));
}

// Two to four arrays, and the function behind them.
template <bool indexed>
Value zip_map(const Call& call) {
  const size_t arrays = call.size() - 1, size = scan(call, 0).size();
  for (size_t k = 1; k < arrays; ++k) {
    if (call.items(k).size() != size) call.fail(indexed ? 15660 : 15650, "misaligned arrays");
  }
  Array out;
  out.reserve(size);
  std::array<Value, 5> arguments;
  for (size_t i = 0; i < size; ++i) {
    size_t n = 0;
    if (indexed) arguments[n++] = index_value(i);
    for (size_t k = 0; k < arrays; ++k) arguments[n++] = call.items(k)[i];
    out.push_back(call.apply(arrays, std::span(arguments).first(n)));
  }
  return Value::array(std::move(out));
}

Value reduce(const Call& call) {
  const Array& items = scan(call, 0);
  if (items.empty()) call.fail(15670, "empty array");
  Value total = items.front();
  for (size_t i = 1; i < items.size(); ++i) total = call.apply(1, std::move(total), items[i]);
  return total;
}

Value reduce_right(const Call& call) {
  const Array& items = scan(call, 0);
  if (items.empty()) call.fail(15680, "empty array");
  Value total = items.back();
  for (size_t i = items.size() - 1; i > 0; --i) {
    total = call.apply(1, items[i - 1], std::move(total));
  }
  return total;
}

Value fold(const Call& call) {
  const Array& items = scan(call, 0);
  Value total = call.take(1);
  for (const Value& item : items) total = call.apply(2, std::move(total), item);
  return total;
}

Value fold_right(const Call& call) {
  const Array& items = scan(call, 0);
  Value total = call.take(1);
  for (size_t i = items.size(); i > 0; --i) total = call.apply(2, items[i - 1], std::move(total));
  return total;
}

// How many items from the first the function accepts.
std::ptrdiff_t accepted(const Call& call) {
  const Array& items = scan(call, 0);
  auto end = std::find_if_not(items.begin(), items.end(),
                              [&](const Value& item) { return call.apply(1, item).truth(); });
  return end - items.begin();
}

Value take_while(const Call& call) {
  const Array& items = call.items(0);
  return Value::array(Array(items.begin(), items.begin() + accepted(call)));
}

Value drop_while(const Call& call) {
  const Array& items = call.items(0);
  return Value::array(Array(items.begin() + accepted(call), items.end()));
}

Value any(const Call& call) {
  for (const Value& item : scan(call, 0)) {
    if (call.apply(1, item).truth()) return Value::boolean(true);
  }
  return Value::boolean(false);
}

Value all(const Call& call) {
  return Value::boolean(accepted(call) == static_cast<std::ptrdiff_t>(call.items(0).size()));
}

template <bool indexed>
Value corresponds(const Call& call) {
  const Array &a = scan(call, 0), &b = call.items(1);
  if (a.size() != b.size()) return Value::boolean(false);
  for (size_t i = 0; i < a.size(); ++i) {
    std::array<Value, 3> arguments = {index_value(i), a[i], b[i]};
    if (!call.apply(2, std::span(arguments).subspan(indexed ? 0 : 1)).truth()) {
      return Value::boolean(false);
    }
  }
  return Value::boolean(true);
}

}  // namespace

std::span<const LibraryRow> array_functional() {
  static constexpr LibraryRow rows[] = {
      {"a.map", map<false>},
      {"a.mapWithIndex", map<true>},
      {"a.filter", filter<false>},
      {"a.filterWithIndex", filter<true>},
      {"a.filterMap", filter_map<false>},
      {"a.filterMapWithIndex", filter_map<true>},
      {"a.flatMap", flat_map<false>},
      {"a.flatMapWithIndex", flat_map<true>},
      {"a.zipmap", zip_map<false>},
      {"a.zipmapWithIndex", zip_map<true>},
      {"a.reduce", reduce},
      {"a.reduceRight", reduce_right},
      {"a.fold", fold},
      {"a.foldRight", fold_right},
      {"a.takeWhile", take_while},
      {"a.dropWhile", drop_while},
      {"a.any", any},
      {"a.all", all},
      {"a.corresponds", corresponds<false>},
      {"a.correspondsWithIndex", corresponds<true>},
  };
  return rows;
}

}  // namespace panmodel::pfa
