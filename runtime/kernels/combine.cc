// Results of several models as one.
#include "ir/ops/combine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

using ml::CombineMethod;
using ml::MissingPart;

// The parts and masks of a node.
class Parts {
 public:
  Parts(const ml::Combine& op, KernelContext& context)
      : op_(op), context_(context), count_(op.masked ? context.inputs() / 2 : context.inputs()) {
    rows_ = matrix_of(context, 0).rows;
    for (size_t i = 0; i < context.inputs(); ++i) {
      if (matrix_of(context, i).rows == rows_) continue;
      fail(context.loc(), "run-shape", "inputs 0 and {} have {} and {} rows", i, rows_,
           matrix_of(context, i).rows);
    }
  }
  size_t count() const { return count_; }
  size_t rows() const { return rows_; }
  bool takes_part(size_t part, size_t row) const {
    if (!op_.masked) return true;
    const Value& mask = context_.in(count_ + part);
    return mask.is_valid(row) && data<uint8_t>(mask.tensor)[row] != 0;
  }
  double weight(size_t part) const { return op_.weights.empty() ? 1 : op_.weights[part]; }

 private:
  const ml::Combine& op_;
  KernelContext& context_;
  size_t count_, rows_ = 0;
};

// Which parts of a row count. False when the row has no result: none takes part, or a part is
// missing where that matters.
template <class Missing>
bool choose(const ml::Combine& op, const Parts& parts, size_t row, const Missing& missing,
            std::vector<size_t>& chosen) {
  chosen.clear();
  double lost = 0, all = 0;
  for (size_t p = 0; p < parts.count(); ++p) {
    if (!parts.takes_part(p, row)) continue;
    all += parts.weight(p);
    bool gap = missing(p);
    if (gap && op.missing == MissingPart::propagate) return false;
    if (gap && op.missing == MissingPart::skip) {
      lost += parts.weight(p);
    } else {
      chosen.push_back(p);
    }
  }
  return !chosen.empty() && lost <= op.threshold * all;
}

template <class T>
class Numbers {
 public:
  Numbers(const ml::Combine& op, const Parts& parts, std::vector<const T*> values, size_t width)
      : op_(op), parts_(parts), values_(std::move(values)), width_(width) {}

  void combine(const std::vector<size_t>& chosen, size_t row, T* out) {
    if (op_.method == CombineMethod::max) return largest(chosen, row, out);
    for (size_t k = 0; k < width_; ++k) {
      size_t at = row * width_ + k;
      out[k] = op_.method == CombineMethod::median ? median(chosen, at) : sum(chosen, at);
    }
  }

 private:
  T weight(size_t part) const { return static_cast<T>(parts_.weight(part)); }

  T sum(const std::vector<size_t>& chosen, size_t at) const {
    T total = 0, weights = 0;
    for (size_t p : chosen) {
      total += op_.weights.empty() ? values_[p][at] : weight(p) * values_[p][at];
      weights += weight(p);
    }
    return op_.method == CombineMethod::average ? total / weights : total;
  }

  void largest(const std::vector<size_t>& chosen, size_t row, T* out) const {
    const T* best = values_[chosen[0]] + row * width_;
    for (size_t p : chosen) {
      const T* from = values_[p] + row * width_;
      if (*std::max_element(from, from + width_) > *std::max_element(best, best + width_)) best = from;
    }
    std::copy_n(best, width_, out);
  }

  T median(const std::vector<size_t>& chosen, size_t at) {
    order_ = chosen;
    std::stable_sort(order_.begin(), order_.end(),
                     [&](size_t a, size_t b) { return values_[a][at] < values_[b][at]; });
    if (op_.weights.empty()) {
      size_t half = order_.size() / 2;
      T upper = values_[order_[half]][at];
      return order_.size() % 2 != 0 ? upper : (values_[order_[half - 1]][at] + upper) / 2;
    }
    double total = 0, so_far = 0;
    for (size_t p : order_) total += parts_.weight(p);
    for (size_t p : order_) {
      so_far += parts_.weight(p);
      if (so_far >= total / 2) return values_[p][at];
    }
    return values_[order_.back()][at];
  }

  const ml::Combine& op_;
  const Parts& parts_;
  std::vector<const T*> values_;
  size_t width_;
  std::vector<size_t> order_;
};

template <class T>
void combine_numbers(const ml::Combine& op, const Parts& parts, KernelContext& context) {
  size_t width = matrix_of(context, 0).columns;
  std::vector<Tensor> tensors;
  std::vector<const T*> values;
  for (size_t p = 0; p < parts.count(); ++p) {
    matrix_of(context, p, width);
    tensors.push_back(convert(context, context.tensor(p), op.dtype));
    values.push_back(data<T>(tensors.back()));
  }
  Shape shape{static_cast<int64_t>(parts.rows()), static_cast<int64_t>(width)};
  auto out = allocate<T>(context, shape);
  Numbers<T> numbers(op, parts, values, width);
  std::vector<size_t> chosen;
  for (size_t r = 0; r < parts.rows(); ++r) {
    auto missing = [&](size_t p) {
      if (!context.in(p).is_valid(r)) return true;
      const T* from = values[p] + r * width;
      return std::any_of(from, from + width, [](T x) { return std::isnan(x); });
    };
    T* to = out.data() + r * width;
    if (choose(op, parts, r, missing, chosen)) {
      numbers.combine(chosen, r, to);
    } else {
      std::fill_n(to, width, std::numeric_limits<T>::quiet_NaN());
    }
  }
  context.set(0, Tensor::of(shape, std::move(out)));
}

// Index of each label of a column among the classes; SIZE_MAX for a missing or strange one.
std::vector<size_t> class_indices(const ml::Combine& op, const Value& labels) {
  const Tensor &x = labels.tensor, &classes = *op.classes;
  std::vector<size_t> found(x.size(), SIZE_MAX);
  if (x.dtype() == DType::string) {
    std::unordered_map<std::string_view, size_t> index;
    for (size_t k = 0; k < classes.size(); ++k) index.emplace(classes.text(k), k);
    for (size_t r = 0; r < x.size(); ++r) {
      auto it = index.find(x.text(r));
      if (labels.is_valid(r) && it != index.end()) found[r] = it->second;
    }
    return found;
  }
  std::vector<double> keys = classes.reals();
  for (size_t r = 0; r < x.size(); ++r) {
    auto it = std::find(keys.begin(), keys.end(), x.real(r));
    if (labels.is_valid(r) && it != keys.end()) found[r] = static_cast<size_t>(it - keys.begin());
  }
  return found;
}

template <class T>
void vote(const ml::Combine& op, const Parts& parts, KernelContext& context) {
  std::vector<std::vector<size_t>> votes;
  for (size_t p = 0; p < parts.count(); ++p) votes.push_back(class_indices(op, context.in(p)));
  size_t width = op.classes->size();
  Shape shape{static_cast<int64_t>(parts.rows()), static_cast<int64_t>(width)};
  auto out = allocate<T>(context, shape);
  std::vector<size_t> chosen;
  for (size_t r = 0; r < parts.rows(); ++r) {
    T* to = out.data() + r * width;
    T total = 0, strangers = 0;
    bool has = choose(op, parts, r, [&](size_t p) { return votes[p][r] == SIZE_MAX; }, chosen);
    for (size_t p : chosen) {
      if (!has) break;
      T weight = static_cast<T>(parts.weight(p));
      (votes[p][r] == SIZE_MAX ? strangers : to[votes[p][r]]) += weight;
      total += weight;
    }
    has = has && total != 0 && strangers <= *std::max_element(to, to + width);
    for (size_t k = 0; k < width; ++k) {
      to[k] = has ? to[k] / total : std::numeric_limits<T>::quiet_NaN();
    }
  }
  context.set(0, Tensor::of(shape, std::move(out)));
}

void first(const ml::Combine& op, const Parts& parts, KernelContext& context) {
  const Tensor& model = context.tensor(0);
  size_t width = matrix_of(context, 0).columns;
  for (size_t p = 0; p < parts.count(); ++p) {
    matrix_of(context, p, width);
    if (context.tensor(p).dtype() != model.dtype()) fail_dtype(context, context.tensor(p).dtype());
  }
  // The part of each row, or none.
  std::vector<std::optional<size_t>> from(parts.rows());
  std::vector<size_t> chosen;
  auto whole = [&](size_t p, size_t r) {
    const Value& v = context.in(p);
    if (!v.is_valid(r)) return false;
    if (!is_floating(model.dtype())) return true;
    for (size_t k = 0; k < width; ++k) {
      if (std::isnan(v.tensor.real(r * width + k))) return false;
    }
    return true;
  };
  for (size_t r = 0; r < parts.rows(); ++r) {
    for (size_t p = 0; p < parts.count(); ++p) {
      if (!parts.takes_part(p, r)) continue;
      if (whole(p, r)) {
        from[r] = p;
        break;
      }
      if (op.missing == MissingPart::propagate) break;
    }
  }
  auto valid = std::make_shared<std::vector<uint8_t>>(parts.rows());
  Shape shape{static_cast<int64_t>(parts.rows()), static_cast<int64_t>(width)};
  bool real = is_floating(model.dtype());
  Value result = with_storage(model.dtype(), [&]<class T>() {
    auto out = allocate<T>(context, shape);
    Tensor gap = real ? convert(context, Tensor::scalar(std::numeric_limits<double>::quiet_NaN()),
                                model.dtype())
                      : Tensor();
    for (size_t r = 0; r < parts.rows(); ++r) {
      (*valid)[r] = from[r].has_value();
      for (size_t k = 0; k < width; ++k) {
        if (from[r]) {
          out[r * width + k] = data<T>(context.tensor(*from[r]))[r * width + k];
        } else if (real) {
          out[r * width + k] = data<T>(gap)[0];
        }
      }
    }
    return Value(make_stored(model.dtype(), shape, std::move(out)));
  });
  if (context.in(0).valid || !real) result.valid = std::move(valid);
  context.set(0, std::move(result));
}

}  // namespace

void run(const ml::Combine& op, KernelContext& context) {
  Parts parts(op, context);
  bool f32 = op.dtype == DType::f32;
  switch (op.method) {
    case CombineMethod::first: return first(op, parts, context);
    case CombineMethod::vote:
      return f32 ? vote<float>(op, parts, context) : vote<double>(op, parts, context);
    default:
      return f32 ? combine_numbers<float>(op, parts, context)
                 : combine_numbers<double>(op, parts, context);
  }
}

void run(const ml::Winner& op, KernelContext& context) {
  Matrix m = matrix_of(context, 0, op.classes.size());
  Tensor scores = convert(context, context.tensor(0), DType::f64);
  const double* row = data<double>(scores);
  auto valid = std::make_shared<std::vector<uint8_t>>(m.rows);
  std::vector<size_t> chosen(m.rows);
  for (size_t r = 0; r < m.rows; ++r, row += m.columns) {
    (*valid)[r] = std::none_of(row, row + m.columns, [](double x) { return std::isnan(x); });
    if ((*valid)[r]) chosen[r] = static_cast<size_t>(std::max_element(row, row + m.columns) - row);
  }
  Value label(take(context, op.classes, {static_cast<int64_t>(m.rows), 1}, 1,
                   [&](size_t r) { return chosen[r]; }));
  label.valid = std::move(valid);
  context.set(0, std::move(label));
}

void run(const table::Pick& op, KernelContext& context) {
  size_t rows = matrix_of(context, 0, 1).rows;
  const Value& index = context.in(0);
  Tensor at = convert(context, index.tensor, DType::f64);
  size_t table = static_cast<size_t>(op.values.shape()[0]);
  size_t entries = op.rows.empty() ? table : op.rows.size();
  std::vector<size_t> chosen(rows, SIZE_MAX);
  for (size_t r = 0; r < rows; ++r) {
    double i = data<double>(at)[r];
    if (!index.is_valid(r) || std::isnan(i)) continue;
    if (!(i >= 0 && i < static_cast<double>(entries))) {
      context.fail_row(r, "row-value", "index {} outside a table of {} values", i, entries);
      continue;
    }
    size_t entry = static_cast<size_t>(i);
    if (op.rows.empty()) {
      chosen[r] = entry;
    } else if (op.rows[entry] >= 0) {
      chosen[r] = static_cast<size_t>(op.rows[entry]);
    }
  }
  bool column = op.values.rank() == 1;
  size_t width = column ? 1 : static_cast<size_t>(op.values.shape()[1]);
  Shape shape{static_cast<int64_t>(rows), static_cast<int64_t>(width)};
  auto valid = std::make_shared<std::vector<uint8_t>>(rows);
  Value result = with_storage(op.values.dtype(), [&]<class T>() {
    auto out = allocate<T>(context, shape);
    const T* from = data<T>(op.values);
    bool real = is_floating(op.values.dtype());
    Tensor gap = real ? convert(context, Tensor::scalar(std::numeric_limits<double>::quiet_NaN()),
                                op.values.dtype())
                      : Tensor();
    for (size_t r = 0; r < rows; ++r) {
      (*valid)[r] = chosen[r] != SIZE_MAX;
      auto to = out.begin() + static_cast<ptrdiff_t>(r * width);
      if (chosen[r] != SIZE_MAX) {
        std::copy_n(from + chosen[r] * width, width, to);
      } else if (real) {
        std::fill_n(to, width, data<T>(gap)[0]);
      }
    }
    return Value(make_stored(op.values.dtype(), shape, std::move(out)));
  });
  if (column) result.valid = std::move(valid);
  context.set(0, std::move(result));
}

}  // namespace panmodel::runtime
