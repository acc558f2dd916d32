// interp: bins, nearest entries and linear interpolation in tables of records {x, to}.
#include <cmath>

#include "runtime/pfa/library.h"

namespace panmodel::pfa {
namespace {

Value bin(const Call& call) {
  double x = call.real(0), position = 0, end = 0x1p31;
  if (call.size() == 4) {
    double low = call.real(2), high = call.real(3);
    if (!(low < high)) call.fail(22000, "bad histogram range");
    if (call.whole(1) < 1) call.fail(22001, "bad histogram scale");
    if (!(x >= low && x < high)) call.fail(22002, "x out of range");
    end = call.real(1);
    position = std::floor(end * ((x - low) / (high - low)));
    if (!(position >= 0)) call.fail(22002, "x out of range");
  } else {
    double origin = call.real(1), width = call.real(2);
    if (!std::isfinite(origin)) call.fail(22000, "bad histogram range");
    if (!(width > 0)) call.fail(22001, "bad histogram scale");
    if (!std::isfinite(x)) call.fail(22002, "x out of range");
    position = std::floor((x - origin) / width);
  }
  if (!(position >= -0x1p31 && position < end)) call.fail(22002, "x out of range");
  return Value::int32(static_cast<int32_t>(position));
}

// The table, argument 1.
struct Table {
  const Array& rows;
  uint32_t x, to;

  explicit Table(const Call& call) : rows(call.items(1)) {
    const Type& record = *call.parameter(1).element;
    x = *record.field("x");
    to = *record.field("to");
  }
  const Value& x_of(size_t i) const { return rows[i].items()[x]; }
  const Value& to_of(size_t i) const { return rows[i].items()[to]; }
};

// The first entry at the smallest distance.
template <class Distance>
Value nearest_by(const Call& call, Distance&& distance) {
  Table table(call);
  if (table.rows.empty()) call.fail(22010, "table must have at least one entry");
  size_t nearest = 0;
  double smallest = 0;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    double d = distance(table.x_of(i));
    if (i > 0 && !(d < smallest)) continue;
    nearest = i;
    smallest = d;
  }
  return table.to_of(nearest);
}
Value nearest(const Call& call) {
  if (call.signature() == 0) {
    return nearest_by(call, [&](const Value& x) { return std::fabs(call.real(0) - x.real()); });
  }
  if (call.signature() == 2) {
    return nearest_by(call, [&](const Value& x) { return call.apply(2, call[0], x).real(); });
  }
  return nearest_by(call, [&](const Value& x) {
    const Array& a = call.items(0);
    const Array& b = x.items();
    if (a.size() != b.size()) call.fail(22011, "inconsistent dimensionality");
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += (a[i].real() - b[i].real()) * (a[i].real() - b[i].real());
    return sum;
  });
}

// The two entries that a value is interpolated from: the nearest below (or at) and above it, or else the
// two nearest of different distance.
struct Pair {
  size_t one = 0, two = 0;
  bool between = false;
};
Pair closest(const Call& call, const Table& table, int code) {
  constexpr size_t kNone = SIZE_MAX;
  double x = call.real(0);
  size_t below = kNone, above = kNone;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    double at = table.x_of(i).real();
    if (at <= x && (below == kNone || x - at < x - table.x_of(below).real())) below = i;
    if (x < at && (above == kNone || at - x < table.x_of(above).real() - x)) above = i;
  }
  if (below != kNone && above != kNone) return {below, above, true};
  size_t one = kNone, two = kNone;
  double first = 0, second = 0;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    double d = std::fabs(x - table.x_of(i).real());
    if (one == kNone || d < first) {
      two = one;
      second = first;
      one = i;
      first = d;
    } else if ((two == kNone || d < second) && d != first) {
      two = i;
      second = d;
    }
  }
  if (two == kNone) call.fail(code, "table must have at least two distinct x values");
  return {one, two, false};
}

Value interpolate(const Call& call, const Table& table, Pair pair, int code) {
  double start = table.x_of(pair.one).real();
  double part = (call.real(0) - start) / (table.x_of(pair.two).real() - start);
  auto mix = [&](const Value& a, const Value& b) {
    return Value::float64((1 - part) * a.real() + part * b.real());
  };
  const Value& from = table.to_of(pair.one);
  const Value& to = table.to_of(pair.two);
  if (!from.is(Kind::array)) return mix(from, to);
  if (from.items().size() != to.items().size()) call.fail(code, "inconsistent dimensionality");
  Array out;
  for (size_t i = 0; i < from.items().size(); ++i) out.push_back(mix(from.items()[i], to.items()[i]));
  return Value::array(std::move(out));
}

Value linear(const Call& call) {
  Table table(call);
  return interpolate(call, table, closest(call, table, 22020), 22021);
}
// Constant outside of the table.
Value linear_flat(const Call& call) {
  Table table(call);
  Pair pair = closest(call, table, 22030);
  return pair.between ? interpolate(call, table, pair, 22031) : table.to_of(pair.one);
}
// Null outside of the table.
Value linear_missing(const Call& call) {
  Table table(call);
  Pair pair = closest(call, table, 22040);
  if (!pair.between && table.x_of(pair.one).real() != call.real(0)) return Value::null();
  return interpolate(call, table, pair, 22041);
}

constexpr LibraryRow kRows[] = {
    {"interp.bin", bin},
    {"interp.linear", linear},
    {"interp.linearFlat", linear_flat},
    {"interp.linearMissing", linear_missing},
    {"interp.nearest", nearest},
};

}  // namespace

std::span<const LibraryRow> interpolation_library() { return kRows; }

}  // namespace panmodel::pfa
