// cast: conversions of type.
#include <cmath>
#include <string_view>
#include <unordered_set>

#include "ir/pfa/data.h"
#include "runtime/pfa/avro.h"
#include "runtime/pfa/library.h"

namespace panmodel::pfa {
namespace {

// The lowest bits of a number; bits < 64.
uint64_t lowest(int64_t x, int64_t bits) { return static_cast<uint64_t>(x) & ((uint64_t{1} << bits) - 1); }

Value to_signed(const Call& call) {
  int64_t bits = call.whole(1);
  if (bits < 2 || bits > 64) call.fail(17000, "unrepresentable unsigned number");
  if (bits == 64) return Value::int64(call.whole(0));
  uint64_t sign = uint64_t{1} << (bits - 1);
  return Value::int64(static_cast<int64_t>((lowest(call.whole(0), bits) ^ sign) - sign));
}
Value to_unsigned(const Call& call) {
  int64_t bits = call.whole(1);
  if (bits < 1 || bits > 63) call.fail(17010, "unrepresentable unsigned number");
  return Value::int64(static_cast<int64_t>(lowest(call.whole(0), bits)));
}

Value to_int(const Call& call) {
  if (call[0].kind() >= Kind::float32) {
    double v = std::floor(call.real(0) + 0.5);
    if (!(v >= INT32_MIN && v <= INT32_MAX)) call.fail(17020, "int overflow");
    return Value::int32(static_cast<int32_t>(v));
  }
  int64_t v = call.whole(0);
  if (v < INT32_MIN || v > INT32_MAX) call.fail(17020, "int overflow");
  return Value::int32(static_cast<int32_t>(v));
}
Value to_long(const Call& call) {
  if (call[0].kind() < Kind::float32) return Value::int64(call.whole(0));
  double v = std::floor(call.real(0) + 0.5);
  if (!(v >= -0x1p63 && v < 0x1p63)) call.fail(17030, "long overflow");
  return Value::int64(static_cast<int64_t>(v));
}
Value to_real(const Call& call) { return call.result(call.real(0)); }

// One item for each value that argument 0 may have, and one for all others if asked for: whether it is
// that, as the items of the result are.
template <int Code>
Value fan_out(const Call& call) {
  Kind kind = call.type().element->kind;
  Array out;
  auto add = [&](bool hit) {
    out.push_back(kind == Kind::boolean ? Value::boolean(hit) : Value::number(kind, int64_t{hit}));
  };
  if (call.signature() == 0) {
    for (uint32_t i = 0; i < call.parameter(0).symbols.size(); ++i) add(i == call[0].symbol());
  } else if (call.signature() == 1) {
    std::unordered_set<std::string_view> words;
    bool found = false;
    for (const Value& word : call.items(1)) {
      if (!words.insert(word.text()).second) call.fail(Code, "non-distinct values in dictionary");
      add(word.text() == call.text(0));
      found = found || word.text() == call.text(0);
    }
    if (call.truth(2)) add(!found);
  } else {
    int64_t x = call.whole(0), from = call.whole(1), to = call.whole(2);
    if (to > from) call.steps(static_cast<uint64_t>(to - from));
    for (int64_t i = from; i < to; ++i) add(x == i);
    if (call.truth(3)) add(x < from || x >= to);
  }
  return Value::array(std::move(out));
}

Value to_avro(const Call& call) { return Value::bytes(encode_avro(call[0], call.parameter(0))); }
Value to_json(const Call& call) {
  EncodeOptions options;
  options.spaces = false;
  return Value::string(encode(call[0], call.parameter(0), options));
}

constexpr LibraryRow kRows[] = {
    {"cast.avro", to_avro},
    {"cast.double", to_real},
    {"cast.fanoutBoolean", fan_out<17060>},
    {"cast.fanoutDouble", fan_out<17100>},
    {"cast.fanoutFloat", fan_out<17090>},
    {"cast.fanoutInt", fan_out<17070>},
    {"cast.fanoutLong", fan_out<17080>},
    {"cast.float", to_real},
    {"cast.int", to_int},
    {"cast.json", to_json},
    {"cast.long", to_long},
    {"cast.signed", to_signed},
    {"cast.unsigned", to_unsigned},
};

}  // namespace

std::span<const LibraryRow> cast_library() { return kRows; }

}  // namespace panmodel::pfa
