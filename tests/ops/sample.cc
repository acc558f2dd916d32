#include "tests/ops/sample.h"

#include <algorithm>
#include <set>

namespace panmodel::random {

uint64_t Rng::next() {
  // splitmix64
  uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

int64_t Rng::between(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(next() % static_cast<uint64_t>(high - low + 1));
}

double Rng::real() {
  switch (between(0, 7)) {
    case 0: return 0;
    case 1: return -0.0;
    case 2: return static_cast<double>(between(-4, 4));
    default: return static_cast<double>(between(-4000000, 4000000)) / 1e6;
  }
}

std::vector<double> Rng::reals(int64_t count) {
  std::vector<double> all;
  while (static_cast<int64_t>(all.size()) < count) all.push_back(real());
  return all;
}

std::vector<int64_t> Rng::integers(int64_t count, int64_t low, int64_t high) {
  std::vector<int64_t> all;
  while (static_cast<int64_t>(all.size()) < count) all.push_back(between(low, high));
  return all;
}

Tensor random_tensor(Rng& rng, DType dtype, Shape shape) {
  size_t count = element_count(shape);
  auto fill = [&]<class T>(T, auto&& make) {
    std::vector<T> values;
    for (size_t i = 0; i < count; ++i) values.push_back(make());
    return Tensor::of(shape, std::move(values));
  };
  switch (dtype) {
    case DType::f64: return fill(double(), [&] { return rng.real(); });
    case DType::f32: return fill(float(), [&] { return static_cast<float>(rng.real()); });
    case DType::i64: return fill(int64_t(), [&] { return rng.between(0, 5); });
    case DType::i32: return fill(int32_t(), [&] { return static_cast<int32_t>(rng.between(0, 5)); });
    case DType::string:
      return fill(std::string(), [&] { return rng.pick<std::string>({"a", "b", "", "\xc3\xa4", "c d"}); });
    case DType::boolean: {
      std::vector<uint8_t> values;
      for (size_t i = 0; i < count; ++i) values.push_back(rng.coin());
      return Tensor::of_bools(shape, std::move(values));
    }
    default: break;
  }
  fail({}, "ir-dtype", "no random {} is made", to_string(dtype));
}

Tensor distinct_keys(Rng& rng, DType dtype, int64_t count) {
  if (dtype == DType::string) {
    std::vector<std::string> keys = {"a", "b", "", "\xc3\xa4", "c d", "e"};
    std::rotate(keys.begin(), keys.begin() + rng.between(0, 5), keys.end());
    keys.resize(static_cast<size_t>(count));
    return Tensor::vector(std::move(keys));
  }
  int64_t first = rng.between(-2, 3);
  std::vector<int64_t> keys;
  while (static_cast<int64_t>(keys.size()) < count) {
    keys.push_back(first + static_cast<int64_t>(keys.size()));
  }
  if (dtype == DType::i64) return Tensor::vector(std::move(keys));
  return Tensor::vector(std::vector<double>(keys.begin(), keys.end()));
}

DType real_type(Rng& rng) { return rng.coin() ? DType::f64 : DType::f32; }

ValueId matrix(Builder& b, DType dtype, int64_t columns) {
  std::string name = "x" + std::to_string(b.model().inputs.size());
  return b.input(std::move(name), tensor_type(dtype, {"N", columns}));
}

void outputs(Builder& b, std::initializer_list<ValueId> values) {
  for (ValueId v : values) {
    b.output("y" + std::to_string(b.model().outputs.size()), v, Role::none);
  }
}

std::span<const Sample> samples() {
  static const std::vector<Sample> all = {
#define PANMODEL_OP(dialect, Name) {OpId::dialect##_##Name, sample<dialect::Name>},
#include "ir/ops.def"
#undef PANMODEL_OP
  };
  return all;
}

Model sample_model(const Sample& sample, uint64_t seed) {
  Model model;
  Builder b(model);
  Rng rng(seed * 1000 + static_cast<uint64_t>(sample.op));
  sample.make(rng, b);
  return model;
}

}  // namespace panmodel::random
