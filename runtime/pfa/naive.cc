// model.naive: log-likelihoods of naive Bayes classes.
// Source: PFA 0.8.1, function library, "model.naive".
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "runtime/pfa/library.h"

namespace panmodel::pfa {
namespace {

// The values that belong together in a map of the datum and one of the model; fails with `code`
// unless both have the same keys.
template <class Each>
void pair_up(const Call& call, int code, const Map& datum, const Map& model, Each&& each) {
  const auto misaligned = [&] { call.fail(code, "datum and classModel misaligned"); };
  if (datum.size() != model.size()) misaligned();
  for (const auto& [key, value] : datum) {
    if (!model.contains(key)) misaligned();
  }
  for (const auto& [key, value] : datum) each(value, *model.find(key));
}
template <class Each>
void pair_up(const Call& call, int code, const Array& datum, const Array& model, Each&& each) {
  if (datum.size() != model.size()) call.fail(code, "datum and classModel misaligned");
  for (size_t i = 0; i < datum.size(); ++i) each(datum[i], model[i]);
}

Value gaussian(const Call& call) {
  struct Fields {
    uint32_t mean, variance;
  };
  const Fields& fields = call.once<Fields>([&] {
    const Type& feature = *call.parameter(1).element;
    return Fields{*feature.field("mean"), *feature.field("variance")};
  });
  double sum = 0;
  const auto add = [&](const Value& datum, const Value& feature) {
    const double variance = feature.items()[fields.variance].real();
    if (variance <= 0) call.fail(10001, "variance less than or equal to zero");
    const double difference = datum.real() - feature.items()[fields.mean].real();
    sum -= 0.5 * (std::log(2 * std::numbers::pi * variance) + difference * difference / variance);
  };
  if (call[0].is(Kind::array)) {
    pair_up(call, 10000, call.items(0), call.items(1), add);
  } else {
    pair_up(call, 10000, call.members(0), call.members(1), add);
  }
  return Value::float64(sum);
}

// The model, or its field "values": a histogram.
const Value& likelihoods(const Call& call) {
  if (!call[1].is(Kind::record)) return call[1];
  return call.items(1)[call.once<uint32_t>([&] { return *call.parameter(1).field("values"); })];
}

Value multinomial(const Call& call) {
  const Value& model = likelihoods(call);
  double sum = 0, total = 0;
  size_t count = 0;
  bool positive = true;
  const auto look = [&](const Value& likelihood) {
    total += likelihood.real();
    positive = positive && likelihood.real() > 0;
    ++count;
  };
  const auto check = [&] {
    if (count == 0 || !positive) {
      call.fail(10011, "classModel must be non-empty and strictly positive");
    }
  };
  if (model.is(Kind::array)) {
    for (const Value& likelihood : model.items()) look(likelihood);
    check();
    pair_up(call, 10010, call.items(0), model.items(), [&](const Value& datum, const Value& p) {
      sum += datum.real() * std::log(p.real() / total + std::numeric_limits<double>::min());
    });
  } else {
    for (const auto& [key, likelihood] : model.members()) look(likelihood);
    check();
    // Likelihoods by name are taken as they are, not normalized.
    pair_up(call, 10010, call.members(0), model.members(), [&](const Value& datum, const Value& p) {
      sum += datum.real() * std::log(p.real());
    });
  }
  return Value::float64(sum);
}

Value bernoulli(const Call& call) {
  const Map& model = likelihoods(call).members();
  double sum = 0;
  for (const auto& [key, value] : model) {
    const double p = value.real();
    if (p <= 0 || p >= 1) {
      call.fail(10020, "probability in classModel must be strictly between 0 and 1");
    }
    sum += std::log(1 - p);
  }
  for (const Value& item : call.items(0)) {
    const Value* p = model.find(item.text());
    if (p) sum += std::log(p->real()) - std::log(1 - p->real());
  }
  return Value::float64(sum);
}

constexpr LibraryRow kRows[] = {
    {"model.naive.bernoulli", bernoulli},
    {"model.naive.gaussian", gaussian},
    {"model.naive.multinomial", multinomial},
};

}  // namespace

std::span<const LibraryRow> naive_library() { return kRows; }

}  // namespace panmodel::pfa
