// Categories and labels as tensor operators.
#include <algorithm>
#include <limits>
#include <numeric>

#include "converters/lower/lower.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_reduce.h"

namespace panmodel::converters {
namespace {

using tensor::BinaryFn;

// What an unknown category gives where the target cannot refuse it.
Tensor stand_in(DType dtype) {
  switch (dtype) {
    case DType::string: return Tensor::scalar(std::string());
    case DType::i64: return Tensor::scalar(int64_t{-1});
    case DType::f32: return Tensor::scalar(std::numeric_limits<float>::quiet_NaN());
    default: return Tensor::scalar(std::numeric_limits<double>::quiet_NaN());
  }
}

// The values of a map and then its fallback, to be taken by place.
ValueId value_table(Builder& b, const ml::LabelMap& op) {
  ValueId values = b.constant(op.values), last = b.constant(op.fallback->reshaped({1}));
  return b.add(tensor::Concat{0}, {values, last});
}

}  // namespace

std::string lower_labels(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::Labels>();
  Builder& b = c.builder;
  ValueId scores = c.inputs[0], index;
  if (op.rule == ml::LabelRule::argmax) {
    index = b.add(tensor::ArgReduce{true, 1, false}, {scores});
  } else {
    DType dtype = dtype_of(b, scores);
    if (rounds(dtype, {op.threshold})) return "a threshold wider than f32";
    auto fn = op.rule == ml::LabelRule::above ? BinaryFn::greater : BinaryFn::greater_or_equal;
    ValueId flat = b.add(tensor::Reshape{}, {scores, int_constant(b, {-1})});
    ValueId above = binary(b, fn, flat, real_constant(b, dtype, {1}, {op.threshold}));
    index = b.add(tensor::Cast{DType::i64}, {above});
  }
  results = {b.add(tensor::Gather{0}, {b.constant(op.classes), index})};
  return {};
}

std::string lower_one_hot(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::OneHot>();
  Builder& b = c.builder;
  ValueId index = c.inputs[0];
  if (dtype_of(b, index) != DType::i64) {
    if (is_floating(dtype_of(b, index))) return "an index that is no integer";
    index = b.add(tensor::Cast{DType::i64}, {index});
  }
  std::vector<int64_t> columns(static_cast<size_t>(op.width));
  std::iota(columns.begin(), columns.end(), int64_t{0});
  ValueId column = b.add(tensor::Reshape{}, {index, int_constant(b, {-1, 1})});
  ValueId hit = binary(b, BinaryFn::equal, column, int_constant(b, std::move(columns)));
  results = {b.add(tensor::Cast{op.dtype}, {hit})};
  return {};
}

// Every use of the node's result is as the index of a one-hot code, where -1 gives zeros.
bool is_index(const PatternContext& c) {
  const ValueId value = c.node.outputs[0];
  bool used = false;
  for (const Node& n : c.from.nodes) {
    for (ValueId v : n.inputs) {
      if (v != value) continue;
      if (n.as<ml::OneHot>() == nullptr) return false;
      used = true;
    }
  }
  return used;
}

// A map that refuses unknown values becomes one that gives a stand-in, which is said.
std::string total_label_map(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::LabelMap>();
  if (op.fallback) return "it has a fallback already";
  if (op.missing_value) return "a missing cell is still apart";
  ml::LabelMap total = op;
  total.fallback = stand_in(op.values.dtype());
  c.diagnostics.report(
      Severity::loss, {}, "convert-unknown-category",
      "an unknown category is an error in the source; the target cannot refuse it and gives {}",
      op.values.dtype() == DType::string ? "the empty text"
      : is_index(c)                      ? "zeros in its columns"
      : op.values.dtype() == DType::i64  ? "-1"
                                         : "NaN");
  results = {c.builder.add(std::move(total), {c.inputs[0]})};
  return {};
}

// A table that the target can only hold as key -> place, and the values taken by place.
std::string label_map_by_place(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::LabelMap>();
  Builder& b = c.builder;
  if (!op.fallback || op.missing_value) return "it has no fallback";
  ml::LabelMap places;
  std::vector<int64_t> place(op.keys.size());
  std::iota(place.begin(), place.end(), int64_t{0});
  places.keys = op.keys;
  places.values = Tensor::vector(std::move(place));
  places.fallback = Tensor::scalar(static_cast<int64_t>(op.keys.size()));
  if (places.values.same_bits(op.values)) return "it gives places already";
  ValueId index = b.add(std::move(places), {c.inputs[0]});
  results = {b.add(tensor::Gather{0}, {value_table(b, op), index})};
  return {};
}

// Numbers compared with all keys at once; the place of the first equal one gives the value.
std::string label_map_by_comparison(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::LabelMap>();
  Builder& b = c.builder;
  DType dtype = op.keys.dtype();
  if (!op.fallback || op.missing_value) return "it has no fallback";
  if (op.keys.empty() || !(is_floating(dtype) || is_integer(dtype))) return "no numbers as keys";
  const TensorType* t = b.type(c.inputs[0]).tensor();
  if (t == nullptr || !t->dims) return "an unknown rank";
  int64_t rank = static_cast<int64_t>(t->dims->size());
  ValueId x = b.add(tensor::Unsqueeze{{rank}}, {c.inputs[0]});
  ValueId hit = binary(b, BinaryFn::equal, x, b.constant(op.keys));
  std::vector<uint8_t> is_nan(op.keys.size(), 0);
  if (is_floating(dtype)) {
    for (size_t i = 0; i < is_nan.size(); ++i) is_nan[i] = op.keys.real(i) != op.keys.real(i);
  }
  if (std::find(is_nan.begin(), is_nan.end(), 1) != is_nan.end()) {
    int64_t count = static_cast<int64_t>(is_nan.size());
    ValueId both = binary(b, BinaryFn::logical_and, unary(b, tensor::UnaryFn::is_nan, x),
                          b.constant(Tensor::of_bools({count}, std::move(is_nan))));
    hit = binary(b, BinaryFn::logical_or, hit, both);
  }
  ValueId score = b.add(tensor::Cast{DType::f32}, {hit});
  ValueId first = b.add(tensor::ArgReduce{true, rank, false}, {score});
  ValueId best = b.add(tensor::Reduce{tensor::ReduceFn::max, {rank}, false}, {score});
  ValueId found = b.add(tensor::Cast{DType::boolean}, {best});
  ValueId none = int_constant(b, {static_cast<int64_t>(op.keys.size())});
  ValueId index = b.add(tensor::Where{}, {found, first, none});
  results = {b.add(tensor::Gather{0}, {value_table(b, op), index})};
  return {};
}

// Small tables as a chain of comparisons, where the target has no lookup for these types.
std::string label_map_to_equal(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::LabelMap>();
  Builder& b = c.builder;
  if (!op.fallback || op.missing_value) return "it has no fallback";
  if (op.keys.size() > 64) return "more than 64 keys";
  auto one = [&](const Tensor& t, size_t i) -> Tensor {
    switch (t.dtype()) {
      case DType::string: return Tensor::vector(std::vector<std::string>{t.text(i)});
      case DType::f64: return Tensor::vector(std::vector<double>{t.real(i)});
      case DType::f32: return Tensor::vector(std::vector<float>{t.as<float>()[i]});
      case DType::i64: return Tensor::vector(std::vector<int64_t>{t.integer(i)});
      case DType::boolean: return Tensor::of_bools({1}, {t.as<uint8_t>()[i]});
      default: fail({}, "ir-dtype", "a table of {}", to_string(t.dtype()));
    }
  };
  ValueId x = c.inputs[0];
  ValueId value = b.constant(op.fallback->reshaped({1}));
  // The first match wins, so the chain is built from the last key on.
  for (size_t i = op.keys.size(); i-- > 0;) {
    bool is_nan = is_floating(op.keys.dtype()) && op.keys.real(i) != op.keys.real(i);
    ValueId hit = is_nan ? unary(b, tensor::UnaryFn::is_nan, x)
                         : binary(b, BinaryFn::equal, x, b.constant(one(op.keys, i)));
    value = b.add(tensor::Where{}, {hit, b.constant(one(op.values, i)), value});
  }
  if (op.keys.empty()) return "no keys";
  results = {value};
  return {};
}

}  // namespace panmodel::converters
