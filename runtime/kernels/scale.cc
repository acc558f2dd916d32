// Per-feature arithmetic.
#include "ir/ops/scale.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

size_t last_dimension(const Shape& shape) {
  return shape.empty() ? 1 : static_cast<size_t>(shape.back());
}

// A parameter per feature, in the type of X; empty stays empty.
template <class T>
std::vector<T> per_feature(const KernelContext& context, const std::vector<double>& values,
                           size_t features) {
  if (values.empty()) return {};
  if (values.size() != 1 && values.size() != features) {
    fail(context.loc(), "run-shape", "{} columns, expected {}", features, values.size());
  }
  std::vector<T> out(features);
  for (size_t f = 0; f < features; ++f) {
    out[f] = static_cast<T>(values[values.size() == 1 ? 0 : f]);
  }
  return out;
}

template <class T>
T norm_of(ml::Norm norm, const T* x, size_t n) {
  T total = 0;
  for (size_t f = 0; f < n; ++f) {
    T magnitude = std::abs(x[f]);
    if (norm == ml::Norm::l1) total += magnitude;
    if (norm == ml::Norm::l2) total += x[f] * x[f];
    // A NaN makes the norm NaN, as numpy's max does.
    if (norm == ml::Norm::max && (magnitude > total || std::isnan(magnitude))) total = magnitude;
    if (norm == ml::Norm::max && std::isnan(total)) return total;
  }
  return norm == ml::Norm::l2 ? std::sqrt(total) : total;
}

// The line of the segment that holds v, which is neither outside the knots nor NaN.
template <class T>
T on_segment(const std::vector<T>& x, const std::vector<T>& y, T v, bool upper_closed) {
  size_t at = 0;
  if (x.size() > 1) {
    auto inner = x.begin() + 1;
    auto end = upper_closed ? std::lower_bound(inner, x.end() - 1, v) : std::upper_bound(inner, x.end(), v);
    at = static_cast<size_t>(end - inner);
  }
  if (at + 1 == x.size()) return y[at];
  T slope = static_cast<T>((y[at + 1] - y[at]) / (x[at + 1] - x[at]));
  return static_cast<T>(slope * (v - x[at]) + y[at]);
}

}  // namespace

void run(const ml::Scaler& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  size_t features = last_dimension(x.shape());
  with_wide(context, x.dtype(), [&]<class T>() {
    std::vector<T> offset = per_feature<T>(context, op.offset, features);
    std::vector<T> scale = per_feature<T>(context, op.scale, features);
    auto out = allocate<T>(context, x.shape());
    std::copy_n(data<T>(x), out.size(), out.begin());
    auto each = [&](const std::vector<T>& by, auto&& f) {
      if (by.empty()) return;
      for (size_t i = 0; i < out.size(); i += features) {
        for (size_t k = 0; k < features; ++k) out[i + k] = f(out[i + k], by[k]);
      }
    };
    switch (op.form) {
      case ml::ScaleForm::subtract_divide:
        each(offset, [](T a, T b) { return static_cast<T>(a - b); });
        each(scale, [](T a, T b) { return b == T{} && std::is_integral_v<T> ? a : static_cast<T>(a / b); });
        break;
      case ml::ScaleForm::subtract_multiply:
        each(offset, [](T a, T b) { return static_cast<T>(a - b); });
        each(scale, [](T a, T b) { return static_cast<T>(a * b); });
        break;
      case ml::ScaleForm::multiply_add:
        each(scale, [](T a, T b) { return static_cast<T>(a * b); });
        each(offset, [](T a, T b) { return static_cast<T>(a + b); });
        break;
    }
    context.set(0, Tensor::of(x.shape(), std::move(out)));
  });
}

void run(const ml::Normalize& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  size_t features = last_dimension(x.shape());
  auto job = [&]<class T>() {
    auto out = allocate<T>(context, x.shape());
    const T* from = data<T>(x);
    for (size_t i = 0; i < out.size(); i += features) {
      T norm = norm_of(op.norm, from + i, features);
      if (norm == T{} || static_cast<double>(norm) < op.smallest) norm = 1;
      for (size_t k = 0; k < features; ++k) out[i + k] = from[i + k] / norm;
    }
    context.set(0, Tensor::of(x.shape(), std::move(out)));
  };
  if (x.dtype() == DType::f32) return job.template operator()<float>();
  if (x.dtype() == DType::f64) return job.template operator()<double>();
  fail_dtype(context, x.dtype());
}

void run(const ml::Binarize& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  DType wide = wide_dtype(context, x.dtype());
  Tensor from = convert(context, x, wide);
  Tensor result = with_wide(context, wide, [&]<class T>() {
    auto out = allocate<T>(context, x.shape());
    const T* values = data<T>(from);
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<double>(values[i]) > op.threshold ? T{1} : T{0};
    }
    return Tensor::of(x.shape(), std::move(out));
  });
  context.set(0, convert(context, result, x.dtype()));
}

void run(const ml::Discretize& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  Matrix m = matrix_of(context, 0, op.counts.size());
  Shape shape{static_cast<int64_t>(m.rows), static_cast<int64_t>(m.columns)};
  auto out = allocate<double>(context, shape);
  const double* edges = op.edges.data();
  for (size_t f = 0; f < m.columns; ++f) {
    const double* end = edges + op.counts[f];
    for (size_t r = 0; r < m.rows; ++r) {
      double value = x.real(r * m.columns + f);
      const double* at = std::isnan(value) ? end : std::upper_bound(edges, end, value);
      out[r * m.columns + f] = static_cast<double>(at - edges);
    }
    edges = end;
  }
  context.set(0, Tensor::of(std::move(shape), std::move(out)));
}

void run(const ml::Interpolate& op, KernelContext& context) {
  Matrix m = matrix_of(context, 0, 1);
  Shape shape{static_cast<int64_t>(m.rows), 1};
  auto job = [&]<class T>() {
    auto typed = [](const std::vector<double>& values) {
      std::vector<T> out(values.size());
      std::transform(values.begin(), values.end(), out.begin(), [](double v) { return static_cast<T>(v); });
      return out;
    };
    const std::vector<T> x = typed(op.x), y = typed(op.y);
    const T* from = data<T>(context.tensor(0));
    auto out = allocate<T>(context, shape);
    for (size_t r = 0; r < m.rows; ++r) {
      T v = from[r];
      const bool outside = v < x.front() || v > x.back();
      if (outside && op.outside == ml::Outside::fail) {
        context.fail_row(r, "row-value", "{} is outside the knots, {} to {}", v, x.front(), x.back());
        continue;
      }
      if (outside) v = op.outside == ml::Outside::nan ? std::numeric_limits<T>::quiet_NaN()
                                                      : std::clamp(v, x.front(), x.back());
      out[r] = std::isnan(v) ? v : on_segment(x, y, v, op.upper_closed);
    }
    context.set(0, Tensor::of(shape, std::move(out)));
  };
  DType dtype = context.tensor(0).dtype();
  if (dtype == DType::f32) return job.template operator()<float>();
  if (dtype == DType::f64) return job.template operator()<double>();
  fail_dtype(context, dtype);
}

void run(const ml::Polynomial& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  Matrix m = matrix_of(context, 0);
  for (const auto& term : op.terms) {
    for (int64_t f : term) {
      if (f < 0 || static_cast<size_t>(f) >= m.columns) {
        fail(context.loc(), "run-shape", "{} columns, expected more than {}", m.columns, f);
      }
    }
  }
  Shape shape{static_cast<int64_t>(m.rows), static_cast<int64_t>(op.terms.size())};
  with_wide(context, x.dtype(), [&]<class T>() {
    auto out = allocate<T>(context, shape);
    const T* row = data<T>(x);
    for (size_t r = 0, at = 0; r < m.rows; ++r, row += m.columns) {
      for (const auto& term : op.terms) {
        T product = term.empty() ? T{1} : row[term[0]];
        for (size_t i = 1; i < term.size(); ++i) product *= row[term[i]];
        out[at++] = product;
      }
    }
    context.set(0, Tensor::of(shape, std::move(out)));
  });
}

}  // namespace panmodel::runtime
