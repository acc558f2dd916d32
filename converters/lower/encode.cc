// Categories and labels as tensor operators.
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
      : op.values.dtype() == DType::i64  ? "-1"
                                         : "NaN");
  results = {c.builder.add(std::move(total), {c.inputs[0]})};
  return {};
}

// The place of the value is looked up, and the value gathered from the table.
std::string label_map_by_place(PatternContext& c, Results& results) {
  const auto& op = *c.node.as<ml::LabelMap>();
  if (!op.fallback || op.missing_value) return "it has no fallback";
  if (op.values.dtype() == DType::i64) return "its values are places already";
  Builder& b = c.builder;
  std::vector<int64_t> places(op.keys.size());
  std::iota(places.begin(), places.end(), int64_t{0});
  ml::LabelMap place;
  place.keys = op.keys;
  place.values = Tensor::vector(std::move(places));
  place.fallback = Tensor::scalar(static_cast<int64_t>(op.keys.size()));
  ValueId table = b.add(tensor::Concat{0}, {b.constant(op.values), b.constant(op.fallback->reshaped({1}))});
  results = {b.add(tensor::Gather{0}, {table, b.add(std::move(place), {c.inputs[0]})})};
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
