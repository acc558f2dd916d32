// Cells of one input column, treated as the model says.
#include "ir/ops/prepare.h"

#include <cmath>
#include <unordered_set>

#include "base/text.h"
#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

using table::InvalidCell;
using table::OutlierCell;

// Of a declared list of values: whether a cell is one of them.
template <class T>
class Values {
 public:
  explicit Values(const Tensor& values) {
    if (values.empty()) return;
    const T* from = data<T>(values);
    set_.insert(from, from + values.size());
  }
  bool empty() const { return set_.empty(); }
  bool has(const T& cell) const { return !set_.empty() && set_.contains(cell); }

 private:
  std::unordered_set<T> set_;
};

template <class T>
constexpr bool kNumber = std::is_same_v<T, double> || std::is_same_v<T, float> || std::is_same_v<T, int64_t>;

template <class T>
std::string shown(const T& cell) {
  if constexpr (std::is_same_v<T, std::string>) {
    return quote(printable(cell, 60));
  } else if constexpr (std::is_same_v<T, uint8_t>) {
    return cell != 0 ? "true" : "false";
  } else {
    return fmt::format("{}", cell);
  }
}

// "one of 'a', 'b'" or "a number in [0, 1]": what a message says was expected.
template <class T>
std::string domain(const table::Prepare& op) {
  constexpr size_t kShown = 8;
  std::string text;
  if (!op.valid.empty()) {
    const T* values = data<T>(op.valid);
    text = "one of ";
    for (size_t i = 0; i < op.valid.size() && i < kShown; ++i) text += (i ? ", " : "") + shown(values[i]);
    if (op.valid.size() > kShown) text += fmt::format(" ... ({} values)", op.valid.size());
  }
  for (size_t i = 0; i < op.lower.size() && i < kShown; ++i) {
    text += fmt::format("{}{}{}, {}{}", text.empty() ? "a number in " : " or ",
                        (op.closed[i] & 1) != 0 ? '[' : '(', op.lower[i], op.upper[i],
                        (op.closed[i] & 2) != 0 ? ']' : ')');
  }
  return text.empty() ? "another value" : text;
}

bool in_interval(const table::Prepare& op, double x) {
  for (size_t i = 0; i < op.lower.size(); ++i) {
    const bool above = (op.closed[i] & 1) != 0 ? x >= op.lower[i] : x > op.lower[i];
    const bool below = (op.closed[i] & 2) != 0 ? x <= op.upper[i] : x < op.upper[i];
    if (above && below) return true;
  }
  return false;
}

template <class T>
void prepare_cells(const table::Prepare& op, KernelContext& context) {
  const Value& in = context.in(0);
  const Value* mask = op.masked ? &context.in(1) : nullptr;
  std::vector<T> cells(data<T>(in.tensor), data<T>(in.tensor) + in.tensor.size());
  std::vector<uint8_t> valid(cells.size(), 1);
  const Values<T> good(op.valid), bad(op.invalid), none(op.missing);
  const bool any = good.empty() && op.lower.empty();
  for (size_t r = 0; r < cells.size(); ++r) {
    T& cell = cells[r];
    if (mask && !(mask->is_valid(r) && data<uint8_t>(mask->tensor)[r] != 0)) {
      valid[r] = 0;
      continue;
    }
    bool missing = !in.is_valid(r) || none.has(cell);
    if constexpr (std::is_floating_point_v<T>) missing = missing || std::isnan(cell);
    if (!missing) {
      bool invalid = bad.has(cell) || !(any || good.has(cell));
      if constexpr (kNumber<T>) {
        if (invalid && !bad.has(cell)) invalid = !in_interval(op, static_cast<double>(cell));
      }
      if (invalid && op.invalid_cell == InvalidCell::refuse) {
        context.fail_row(r, "row-value", "the field '{}' is {}, expected {}", op.field, shown(cell), domain<T>(op));
        continue;
      }
      if (invalid && op.invalid_cell == InvalidCell::as_value) cell = data<T>(*op.invalid_value)[0];
      missing = invalid && op.invalid_cell == InvalidCell::as_missing;
      if constexpr (kNumber<T>) {
        const double x = static_cast<double>(cell);
        if (!invalid && op.outlier != OutlierCell::as_is && (x < op.low || x > op.high)) {
          missing = op.outlier == OutlierCell::as_missing;
          if (!missing) cell = static_cast<T>(x < op.low ? op.low : op.high);
        }
      }
    }
    if (!missing) continue;
    if (op.missing_value) {
      cell = data<T>(*op.missing_value)[0];
    } else {
      valid[r] = 0;
      if (op.refuse_missing) {
        context.fail_row(r, "row-missing", "the field '{}' is missing, expected a value", op.field);
      }
    }
  }
  Shape shape{static_cast<int64_t>(cells.size()), 1};
  Value out(make_stored(in.tensor.dtype(), std::move(shape), std::move(cells)));
  out.valid = std::make_shared<const std::vector<uint8_t>>(std::move(valid));
  context.set(0, std::move(out));
}

}  // namespace

void run(const table::Prepare& op, KernelContext& context) {
  switch (context.tensor(0).dtype()) {
    case DType::f64: return prepare_cells<double>(op, context);
    case DType::f32: return prepare_cells<float>(op, context);
    case DType::i64: return prepare_cells<int64_t>(op, context);
    case DType::boolean: return prepare_cells<uint8_t>(op, context);
    case DType::string: return prepare_cells<std::string>(op, context);
    default: fail_dtype(context, context.tensor(0).dtype());
  }
}

}  // namespace panmodel::runtime
