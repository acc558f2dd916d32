// Reductions along axes. Sums run in plain order over the reduced elements (C order), in the type
// of the input.
#include "ir/ops/tensor_reduce.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

using tensor::ReduceFn;

template <class T>
T lowest() {
  if constexpr (std::is_floating_point_v<T>) return -std::numeric_limits<T>::infinity();
  return std::numeric_limits<T>::lowest();
}
template <class T>
T highest() {
  if constexpr (std::is_floating_point_v<T>) return std::numeric_limits<T>::infinity();
  return std::numeric_limits<T>::max();
}
template <class T>
T add(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a + b;
  else return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
template <class T>
T multiply(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a * b;
  else return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}
template <class T>
T magnitude(T a) {
  if constexpr (std::is_floating_point_v<T>) return std::abs(a);
  else return a < 0 ? multiply(a, static_cast<T>(-1)) : a;
}
// A NaN wins in both directions, as in numpy.
template <class T>
bool better(T candidate, T best, bool largest) {
  if (best != best) return false;
  if (candidate != candidate) return true;
  return largest ? candidate > best : candidate < best;
}

template <class T>
T extreme(const T* x, size_t n, bool largest) {
  T best = largest ? lowest<T>() : highest<T>();
  for (size_t i = 0; i < n; ++i) {
    if (better(x[i], best, largest)) best = x[i];
  }
  return best;
}

template <class T>
T function_of(double (*f)(double), T v) {
  if constexpr (std::is_same_v<T, float>) return static_cast<float>(f(static_cast<double>(v)));
  else if constexpr (std::is_same_v<T, double>) return f(v);
  else {
    double r = f(static_cast<double>(v));
    return r >= 0 && r < 0x1p63 ? static_cast<T>(r) : T{0};
  }
}

template <class T>
T reduce(ReduceFn fn, const T* x, size_t n) {
  T sum = 0;
  switch (fn) {
    case ReduceFn::max: return extreme(x, n, true);
    case ReduceFn::min: return extreme(x, n, false);
    case ReduceFn::prod:
      sum = 1;
      for (size_t i = 0; i < n; ++i) sum = multiply(sum, x[i]);
      return sum;
    case ReduceFn::l1:
      for (size_t i = 0; i < n; ++i) sum = add(sum, magnitude(x[i]));
      return sum;
    case ReduceFn::l2:
    case ReduceFn::sum_square:
      for (size_t i = 0; i < n; ++i) sum = add(sum, multiply(x[i], x[i]));
      return fn == ReduceFn::l2 ? function_of<T>(std::sqrt, sum) : sum;
    case ReduceFn::log_sum_exp: {
      // exp of differences to the maximum cannot overflow.
      T top = extreme(x, n, true);
      double shift = static_cast<double>(top);
      if (n == 0 || !std::isfinite(shift)) shift = 0;
      double total = 0;
      for (size_t i = 0; i < n; ++i) total += std::exp(static_cast<double>(x[i]) - shift);
      double result = std::log(total) + shift;
      if constexpr (std::is_floating_point_v<T>) return static_cast<T>(result);
      else return result > -0x1p63 && result < 0x1p63 ? static_cast<T>(static_cast<int64_t>(result)) : T{0};
    }
    default: break;
  }
  for (size_t i = 0; i < n; ++i) sum = add(sum, x[i]);
  if (fn == ReduceFn::log_sum) return function_of<T>(std::log, sum);
  if (fn != ReduceFn::mean) return sum;
  if constexpr (std::is_floating_point_v<T>) return sum / static_cast<T>(n);
  else return n == 0 ? T{0} : sum / static_cast<T>(n);
}

std::vector<int64_t> axes_for(const tensor::Reduce& op, const KernelContext& context) {
  return op.axes.empty() && context.has(1) ? integers_of(context, 1) : op.axes;
}

// Offset of element `i` of line (o, k) of an axis view.
size_t at(const AxisView& v, size_t o, size_t i, size_t k) { return (o * v.length + i) * v.inner + k; }

}  // namespace

void run(const tensor::Reduce& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  std::vector<int64_t> axes = axes_for(op, context);
  if (axes.empty() && op.noop_with_empty_axes) return context.set(0, x);
  std::vector<uint8_t> reduced(x.rank(), axes.empty() ? 1 : 0);
  for (int64_t a : axes) reduced[axis_of(context, a, x.rank())] = 1;
  std::vector<size_t> perm;
  Shape shape;
  size_t count = 1;
  for (size_t d = 0; d < x.rank(); ++d) {
    if (!reduced[d]) perm.push_back(d);
    if (!reduced[d] || op.keep_dims) shape.push_back(reduced[d] ? 1 : x.shape()[d]);
  }
  for (size_t d = 0; d < x.rank(); ++d) {
    if (!reduced[d]) continue;
    perm.push_back(d);
    count *= static_cast<size_t>(x.shape()[d]);
  }
  DType wide = wide_dtype(context, x.dtype());
  Tensor lines = transpose(context, convert(context, x, wide), perm);
  Tensor result = with_wide(context, wide, [&]<class T>() {
    auto out = allocate<T>(context, shape);
    for (size_t i = 0; i < out.size(); ++i) out[i] = reduce(op.fn, data<T>(lines) + i * count, count);
    return Tensor::of(shape, std::move(out));
  });
  context.set(0, convert(context, result, x.dtype()));
}

void run(const tensor::ArgReduce& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  size_t axis = axis_of(context, op.axis, x.rank());
  AxisView v = axis_view(x.shape(), axis);
  if (v.length == 0) fail(context.loc(), "run-shape", "no elements along axis {}", axis);
  Shape shape = x.shape();
  shape[axis] = 1;
  if (!op.keep_dims) shape.erase(shape.begin() + static_cast<ptrdiff_t>(axis));
  DType wide = wide_dtype(context, x.dtype());
  Tensor from = convert(context, x, wide);
  auto out = allocate<int64_t>(context, shape);
  with_wide(context, wide, [&]<class T>() {
    const T* values = data<T>(from);
    for (size_t o = 0; o < v.outer; ++o) {
      for (size_t k = 0; k < v.inner; ++k) {
        size_t best = 0;
        for (size_t i = 1; i < v.length; ++i) {
          T candidate = values[at(v, o, i, k)], so_far = values[at(v, o, best, k)];
          if (better(candidate, so_far, op.largest) || (op.select_last && candidate == so_far)) best = i;
        }
        out[o * v.inner + k] = static_cast<int64_t>(best);
      }
    }
  });
  context.set(0, Tensor::of(std::move(shape), std::move(out)));
}

void run(const tensor::CumSum& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  AxisView v = axis_view(x.shape(), axis_of(context, scalar_of(context, 1), x.rank()));
  DType wide = wide_dtype(context, x.dtype());
  Tensor from = convert(context, x, wide);
  Tensor result = with_wide(context, wide, [&]<class T>() {
    auto out = allocate<T>(context, x.shape());
    for (size_t o = 0; o < v.outer; ++o) {
      for (size_t k = 0; k < v.inner; ++k) {
        T sum = 0;
        for (size_t i = 0; i < v.length; ++i) {
          size_t place = at(v, o, op.reverse ? v.length - 1 - i : i, k);
          T next = add(sum, data<T>(from)[place]);
          out[place] = op.exclusive ? sum : next;
          sum = next;
        }
      }
    }
    return Tensor::of(x.shape(), std::move(out));
  });
  context.set(0, convert(context, result, x.dtype()));
}

void run(const tensor::TopK& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  size_t axis = axis_of(context, op.axis, x.rank());
  AxisView v = axis_view(x.shape(), axis);
  int64_t k = scalar_of(context, 1);
  if (k < 0 || static_cast<size_t>(k) > v.length) {
    fail(context.loc(), "run-shape", "the {} first of {} elements", k, v.length);
  }
  AxisView w = v;
  w.length = static_cast<size_t>(k);
  Shape shape = x.shape();
  shape[axis] = k;
  DType wide = wide_dtype(context, x.dtype());
  Tensor from = convert(context, x, wide);
  auto indices = allocate<int64_t>(context, shape);
  std::vector<size_t> source(indices.size());
  with_wide(context, wide, [&]<class T>() {
    std::vector<size_t> order(v.length);
    for (size_t o = 0; o < v.outer; ++o) {
      for (size_t j = 0; j < v.inner; ++j) {
        std::iota(order.begin(), order.end(), size_t{0});
        auto value = [&](size_t i) { return data<T>(from)[at(v, o, i, j)]; };
        // NaN counts as the largest number.
        auto less = [](T a, T b) { return b != b ? a == a : a < b; };
        std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](size_t a, size_t b) {
          T p = value(a), q = value(b);
          if (op.largest ? less(q, p) : less(p, q)) return true;
          if (op.largest ? less(p, q) : less(q, p)) return false;
          return a < b;
        });
        for (size_t i = 0; i < w.length; ++i) {
          indices[at(w, o, i, j)] = static_cast<int64_t>(order[i]);
          source[at(w, o, i, j)] = at(v, o, order[i], j);
        }
      }
    }
  });
  context.set(0, take(context, x, shape, 1, [&](size_t i) { return source[i]; }));
  if (context.outputs() > 1) context.set(1, Tensor::of(std::move(shape), std::move(indices)));
}

void run(const tensor::Softmax& op, KernelContext& context) {
  const Tensor& x = context.tensor(0);
  AxisView v;
  bool whole = op.flatten && op.axis == static_cast<int64_t>(x.rank());
  if (whole) {
    v.outer = x.size();
  } else {
    size_t axis = axis_of(context, op.axis, x.rank());
    v = axis_view(x.shape(), axis);
    if (op.flatten) v = {v.outer, v.length * v.inner, 1};
  }
  if (!is_floating(x.dtype())) fail_dtype(context, x.dtype());
  DType wide = wide_dtype(context, x.dtype());
  Tensor from = convert(context, x, wide);
  Tensor result = with_wide(context, wide, [&]<class T>() {
    auto out = allocate<T>(context, x.shape());
    if constexpr (std::is_floating_point_v<T>) {
      const T* values = data<T>(from);
      for (size_t o = 0; o < v.outer; ++o) {
        for (size_t k = 0; k < v.inner; ++k) {
          T top = lowest<T>(), sum = 0;
          for (size_t i = 0; i < v.length; ++i) top = std::max(top, values[at(v, o, i, k)]);
          for (size_t i = 0; i < v.length; ++i) {
            T shifted = values[at(v, o, i, k)] - top, e = std::exp(shifted);
            out[at(v, o, i, k)] = op.log ? shifted : e;
            sum += e;
          }
          T divisor = op.log ? std::log(sum) : sum;
          for (size_t i = 0; i < v.length; ++i) {
            T& place = out[at(v, o, i, k)];
            place = op.log ? place - divisor : place / divisor;
          }
        }
      }
    }
    return Tensor::of(x.shape(), std::move(out));
  });
  context.set(0, convert(context, result, x.dtype()));
}

}  // namespace panmodel::runtime
