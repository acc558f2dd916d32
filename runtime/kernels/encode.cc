// Categories and class labels.
#include "ir/ops/encode.h"

#include <bit>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/text.h"
#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

// Keys of a LabelMap by value, made once. Reals are found by their bits, after -0 became 0 and
// every NaN the same NaN.
struct LabelIndex {
  std::unordered_map<std::string_view, size_t> texts;  // views into the operator's keys
  std::unordered_map<uint64_t, size_t> numbers;
};

uint64_t real_key(double v) {
  if (std::isnan(v)) return std::bit_cast<uint64_t>(std::nan(""));
  return std::bit_cast<uint64_t>(v == 0 ? 0.0 : v);
}

uint64_t number_key(const Tensor& t, size_t i) {
  if (is_floating(t.dtype())) return real_key(t.real(i));
  return static_cast<uint64_t>(t.integer(i));
}

std::optional<size_t> find(const LabelIndex& index, const Tensor& x, size_t i) {
  if (x.dtype() == DType::string) {
    auto at = index.texts.find(x.text(i));
    if (at != index.texts.end()) return at->second;
    return std::nullopt;
  }
  auto at = index.numbers.find(number_key(x, i));
  if (at != index.numbers.end()) return at->second;
  return std::nullopt;
}

std::string describe(const Tensor& x, size_t i) {
  if (x.dtype() == DType::string) return fmt::format("'{}'", printable(x.text(i)));
  if (is_floating(x.dtype())) return fmt::format("{}", x.real(i));
  return fmt::format("{}", x.integer(i));
}

// First column with the largest score; a NaN counts as largest.
template <class T>
size_t argmax(const T* x, size_t n) {
  size_t best = 0;
  for (size_t k = 0; k < n; ++k) {
    if (std::isnan(static_cast<double>(x[k]))) return k;
    if (x[k] > x[best]) best = k;
  }
  return best;
}

}  // namespace

std::shared_ptr<const void> prepare(const ml::LabelMap& op) {
  auto index = std::make_shared<LabelIndex>();
  for (size_t k = 0; k < op.keys.size(); ++k) {
    if (op.keys.dtype() == DType::string) {
      index->texts.emplace(op.keys.text(k), k);
    } else {
      index->numbers.emplace(number_key(op.keys, k), k);
    }
  }
  return index;
}

void run(const ml::LabelMap& op, KernelContext& context) {
  const auto& index = context.prepared<LabelIndex>();
  const Value& value = context.in(0);
  const Tensor& x = value.tensor;
  if (x.dtype() != op.keys.dtype()) fail_dtype(context, x.dtype());
  Tensor result = with_storage(op.values.dtype(), [&]<class T>() {
    auto out = allocate<T>(context, x.shape());
    const T* values = data<T>(op.values);
    for (size_t i = 0; i < out.size(); ++i) {
      size_t row = row_of(x.shape(), i);
      bool missing = value.valid && !value.is_valid(row);
      if (missing && op.missing_value) {
        out[i] = data<T>(*op.missing_value)[0];
        continue;
      }
      std::optional<size_t> at = missing ? std::nullopt : find(index, x, i);
      if (at) {
        out[i] = values[*at];
      } else if (op.fallback) {
        out[i] = data<T>(*op.fallback)[0];
      } else {
        context.fail_row(row, "row-unknown-category", "{} is none of the {} known categories",
                         missing ? "a missing cell" : describe(x, i), op.keys.size());
      }
    }
    return make_stored(op.values.dtype(), x.shape(), std::move(out));
  });
  context.set(0, std::move(result));
}

void run(const ml::OneHot& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  Matrix m = matrix_of(context, 0, 1);
  size_t width = static_cast<size_t>(op.width);
  Shape shape{static_cast<int64_t>(m.rows), op.width};
  DType wide = wide_dtype(context, op.dtype);
  Tensor result = with_wide(context, wide, [&]<class T>() {
    auto out = allocate<T>(context, shape);
    for (size_t r = 0; r < m.rows; ++r) {
      double index = x.real(r);
      if (!(index >= 0 && index < static_cast<double>(op.width))) continue;
      size_t column = static_cast<size_t>(index);
      if (static_cast<double>(column) == index) out[r * width + column] = 1;
    }
    return Tensor::of(shape, std::move(out));
  });
  context.set(0, convert(context, result, op.dtype));
}

void run(const ml::Labels& op, KernelContext& context) {
  bool argmax_rule = op.rule == ml::LabelRule::argmax;
  size_t columns = argmax_rule ? op.classes.size() : 1;
  Matrix m = matrix_of(context, 0, columns);
  DType wide = wide_dtype(context, context.tensor(0).dtype());
  Tensor scores = convert(context, context.tensor(0), wide);
  Shape shape{static_cast<int64_t>(m.rows)};
  std::vector<size_t> chosen(m.rows);
  with_wide(context, wide, [&]<class T>() {
    const T* row = data<T>(scores);
    for (size_t r = 0; r < m.rows; ++r, row += columns) {
      if (argmax_rule) {
        chosen[r] = argmax(row, columns);
        continue;
      }
      double score = static_cast<double>(*row);
      chosen[r] = op.rule == ml::LabelRule::above ? score > op.threshold : score >= op.threshold;
    }
  });
  context.set(0, take(context, op.classes, shape, 1, [&](size_t r) { return chosen[r]; }));
}

void run(const ml::ZipMap& op, KernelContext& context) {
  Matrix m = matrix_of(context, 0, op.keys.size());
  const Tensor& x = context.tensor(0);
  Value value;
  Shape shape{static_cast<int64_t>(m.rows), static_cast<int64_t>(m.columns)};
  value.maps = std::make_shared<const MapRows>(MapRows{op.keys, x.reshaped(std::move(shape))});
  context.set(0, std::move(value));
}

void run(const ml::DictVectorizer& op, KernelContext& context) {
  const MapRows& maps = maps_of(context, 0);
  if (maps.keys.dtype() != op.vocabulary.dtype()) fail_dtype(context, maps.keys.dtype());
  LabelIndex index;
  for (size_t k = 0; k < maps.keys.size(); ++k) {
    if (maps.keys.dtype() == DType::string) {
      index.texts.emplace(maps.keys.text(k), k);
    } else {
      index.numbers.emplace(number_key(maps.keys, k), k);
    }
  }
  size_t rows = static_cast<size_t>(maps.values.shape()[0]), width = op.vocabulary.size();
  Shape shape{static_cast<int64_t>(rows), static_cast<int64_t>(width)};
  Tensor result = with_storage(maps.values.dtype(), [&]<class T>() {
    auto out = allocate<T>(context, shape);
    const T* from = data<T>(maps.values);
    for (size_t v = 0; v < width; ++v) {
      auto at = find(index, op.vocabulary, v);
      if (!at) continue;
      for (size_t r = 0; r < rows; ++r) out[r * width + v] = from[r * maps.keys.size() + *at];
    }
    return make_stored(maps.values.dtype(), shape, std::move(out));
  });
  context.set(0, std::move(result));
}

void run(const ml::CastMap& op, KernelContext& context) {
  const MapRows& maps = maps_of(context, 0);
  if (maps.keys.dtype() != DType::i64) fail_dtype(context, maps.keys.dtype());
  auto keys = maps.keys.as<int64_t>();
  std::vector<size_t> order(keys.size());
  for (size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return keys[a] < keys[b]; });
  if (!order.empty() && keys[order[0]] < 0) {
    fail(context.loc(), "run-index", "a map has the key {}, expected 0 or more", keys[order[0]]);
  }
  Tensor values = convert(context, maps.values, op.to);
  size_t rows = static_cast<size_t>(values.shape()[0]);
  int64_t width = op.sparse ? op.max_map : static_cast<int64_t>(keys.size());
  Shape shape{static_cast<int64_t>(rows), width};
  Tensor zero = convert(context, Tensor::scalar(int64_t{0}), op.to);
  Tensor result = with_storage(op.to, [&]<class T>() {
    auto out = allocate<T>(context, shape);
    std::fill(out.begin(), out.end(), data<T>(zero)[0]);
    const T* from = data<T>(values);
    for (size_t i = 0; i < order.size(); ++i) {
      int64_t place = op.sparse ? keys[order[i]] : static_cast<int64_t>(i);
      if (place >= width) break;
      for (size_t r = 0; r < rows; ++r) {
        out[r * static_cast<size_t>(width) + static_cast<size_t>(place)] =
            from[r * keys.size() + order[i]];
      }
    }
    return make_stored(op.to, shape, std::move(out));
  });
  context.set(0, std::move(result));
}

}  // namespace panmodel::runtime
