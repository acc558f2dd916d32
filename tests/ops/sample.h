#pragma once
// Random models, one operator at a time: the same for the same seed.
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "ir/builder.h"

namespace panmodel::random {

class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  uint64_t next();
  // Inclusive bounds.
  int64_t between(int64_t low, int64_t high);
  bool coin() { return (next() & 1) != 0; }
  // Mostly in [-4, 4]; some whole, some zero, of both signs.
  double real();
  template <class T>
  T pick(std::initializer_list<T> from) {
    return from.begin()[between(0, static_cast<int64_t>(from.size()) - 1)];
  }
  // Any value of an enumeration whose names are listed by enum_names.
  template <class E>
  E any() {
    return static_cast<E>(between(0, static_cast<int64_t>(enum_names(E{}).size()) - 1));
  }
  std::vector<double> reals(int64_t count);
  std::vector<int64_t> integers(int64_t count, int64_t low, int64_t high);

 private:
  uint64_t state_;
};

// Random elements: reals, small integers from 0, truth values, short texts.
Tensor random_tensor(Rng& rng, DType dtype, Shape shape);
// `count` distinct keys of i64, f64 or string.
Tensor distinct_keys(Rng& rng, DType dtype, int64_t count);
DType real_type(Rng& rng);  // f64 or f32

// A matrix input [N,columns].
ValueId matrix(Builder& b, DType dtype, int64_t columns);
// An output per value.
void outputs(Builder& b, std::initializer_list<ValueId> values);

// Builds in `b` an empty model around one node of the operator: inputs, constants, the node,
// outputs. Every operator has one, in the file of its dialect: without it the link fails.
template <class Op>
void sample(Rng& rng, Builder& b);
#define PANMODEL_OP(dialect, Name) \
  template <>                      \
  void sample<dialect::Name>(Rng & rng, Builder & b);
#include "ir/ops.def"
#undef PANMODEL_OP

struct Sample {
  OpId op;
  void (*make)(Rng& rng, Builder& b);
};
// In the order of ops.def.
std::span<const Sample> samples();

// The sample of an operator for a seed.
Model sample_model(const Sample& sample, uint64_t seed);

}  // namespace panmodel::random
