// rand: random numbers and choices.
#include <cmath>
#include <numbers>

#include "runtime/pfa/library.h"
#include "runtime/pfa/random.h"
#include "runtime/pfa/text.h"

namespace panmodel::pfa {

uint64_t random_below(const Call& call, uint64_t n) {
  const uint64_t surplus = -n % n;  // 2^64 modulo n: draws below it would favour some results
  uint64_t draw = call.random();
  while (draw < surplus) draw = call.random();
  return draw % n;
}
double random_unit(const Call& call) { return static_cast<double>(call.random() >> 11) * 0x1p-53; }

namespace {

template <int Code>
Value random_whole(const Call& call) {
  int64_t low = call.type().kind == Kind::int32 ? INT32_MIN : INT64_MIN;
  uint64_t n = call.type().kind == Kind::int32 ? uint64_t{1} << 32 : 0;
  if (call.size() == 2) {
    low = call.whole(0);
    if (call.whole(1) <= low) call.fail(Code, "high must be greater than low");
    n = static_cast<uint64_t>(call.whole(1)) - static_cast<uint64_t>(low);
  }
  uint64_t offset = n == 0 ? call.random() : random_below(call, n);
  return Value::number(call.type().kind, static_cast<int64_t>(static_cast<uint64_t>(low) + offset));
}

template <int Code>
Value random_real(const Call& call) {
  double low = call.real(0), high = call.real(1);
  if (high <= low) call.fail(Code, "high must be greater than low");
  return call.result(low + (high - low) * random_unit(call));
}
Value gaussian(const Call& call) {
  double radius = std::sqrt(-2 * std::log(1 - random_unit(call)));
  return Value::float64(call.real(0) + call.real(1) * radius * std::cos(2 * std::numbers::pi * random_unit(call)));
}

Value choice(const Call& call) {
  const Array& population = call.items(0);
  if (population.empty()) call.fail(34040, "population must not be empty");
  return population[random_below(call, population.size())];
}
Value choices(const Call& call) {
  const Array& population = call.items(1);
  if (population.empty()) call.fail(34050, "population must not be empty");
  int64_t size = std::max<int64_t>(call.whole(0), 0);
  call.steps(static_cast<uint64_t>(size));
  Array out;
  for (int64_t i = 0; i < size; ++i) out.push_back(population[random_below(call, population.size())]);
  return Value::array(std::move(out));
}
// Without putting back.
Value sample(const Call& call) {
  Value drawn = call.take(1);
  size_t all = drawn.items().size(), size = static_cast<size_t>(std::max<int64_t>(call.whole(0), 0));
  if (all == 0) call.fail(34060, "population must not be empty");
  if (size > all) call.fail(34061, "population smaller than requested subsample");
  Array& items = drawn.edit_items();
  for (size_t i = 0; i < size; ++i) items[i].swap(items[i + random_below(call, all - i)]);
  items.resize(size);
  return drawn;
}

// An index in proportion to the weights, numbers or fields "prob" of records.
Value histogram(const Call& call) {
  const Array& bins = call.items(0);
  std::optional<uint32_t> field;
  if (call.signature() == 1) field = call.parameter(0).element->field("prob");
  auto weight = [&](size_t i) { return (field ? bins[i].items()[*field] : bins[i]).real(); };
  double total = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    if (!std::isfinite(weight(i))) call.fail(34071, "distribution must be finite");
    if (weight(i) < 0) call.fail(34072, "distribution must be non-negative");
    total += weight(i);
  }
  if (total == 0) call.fail(34070, "distribution must be non-empty");
  double position = random_unit(call) * total, sum = 0;
  size_t chosen = 0;
  for (size_t i = 0; i < bins.size(); ++i) {  // rounding may leave the last sum at the position
    if (weight(i) == 0) continue;
    chosen = i;
    sum += weight(i);
    if (position < sum) break;
  }
  return field ? bins[chosen] : Value::int32(static_cast<int32_t>(chosen));
}

Value random_text(const Call& call) {
  if (call.whole(0) <= 0) call.fail(34080, "size must be positive");
  uint64_t low = 1, high = 0xd800;
  std::vector<std::string_view> population;
  if (call.signature() == 1) {
    for (size_t at = 0; at < call.text(1).size();) population.push_back(take_code_point(call.text(1), at));
    if (population.empty()) call.fail(34083, "population must be non-empty");
  } else if (call.signature() == 2) {
    if (call.whole(2) <= call.whole(1)) call.fail(34081, "high must be greater than low");
    if (call.whole(1) < 1 || call.whole(2) > 0xd800) call.fail(34082, "invalid char");
    low = static_cast<uint64_t>(call.whole(1));
    high = static_cast<uint64_t>(call.whole(2));
  }
  size_t size = static_cast<size_t>(call.whole(0));
  call.steps(size);
  std::string out = text_of_size(size);
  for (size_t i = 0; i < size; ++i) {
    if (population.empty()) append_code_point(out, static_cast<char32_t>(low + random_below(call, high - low)));
    else out += population[random_below(call, population.size())];
  }
  return Value::string(std::move(out));
}
Value random_bytes(const Call& call) {
  if (call.whole(0) <= 0) call.fail(34090, "size must be positive");
  int64_t low = 0, high = 256;
  std::string_view population;
  if (call.signature() == 1) {
    population = call.text(1);
    if (population.empty()) call.fail(34093, "population must be non-empty");
  } else if (call.signature() == 2) {
    low = call.whole(1);
    high = call.whole(2);
    if (high <= low) call.fail(34091, "high must be greater than low");
    if (low < 0 || high > 256) call.fail(34092, "invalid byte");
  }
  size_t size = static_cast<size_t>(call.whole(0));
  call.steps(size);
  std::string out = text_of_size(size);
  for (size_t i = 0; i < size; ++i) {
    if (population.empty()) {
      out += static_cast<char>(low + static_cast<int64_t>(random_below(call, static_cast<uint64_t>(high - low))));
    } else {
      out += population[random_below(call, population.size())];
    }
  }
  return Value::bytes(std::move(out));
}

// Of version 4 and IETF's variant (RFC 4122).
Value uuid(const Call& call) {
  std::string out;
  for (char c : std::string_view("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx")) {
    out += c == 'x' ? "0123456789abcdef"[random_below(call, 16)] : c;
  }
  return Value::string(std::move(out));
}

constexpr LibraryRow kRows[] = {
    {"rand.bytes", random_bytes},
    {"rand.choice", choice},
    {"rand.choices", choices},
    {"rand.double", random_real<34030>},
    {"rand.float", random_real<34020>},
    {"rand.gaussian", gaussian},
    {"rand.histogram", histogram},
    {"rand.int", random_whole<34000>},
    {"rand.long", random_whole<34010>},
    {"rand.sample", sample},
    {"rand.string", random_text},
    {"rand.uuid", uuid},
    {"rand.uuid4", uuid},
};

}  // namespace

std::span<const LibraryRow> random_library() { return kRows; }

}  // namespace panmodel::pfa
