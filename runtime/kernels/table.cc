// Columns to matrices.
#include "ir/ops/table.h"

#include <cmath>
#include <limits>

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

// Rows of an input in their place of the matrix.
template <class T>
struct Part {
  Tensor tensor;  // keeps `from` alive
  const T* from;
  size_t columns, offset;
};

// Copies the columns of the inputs into their places, some rows at a time, which stay in the cache.
template <class T>
void place(const std::vector<Part<T>>& parts, size_t rows, size_t width, T* out) {
  constexpr size_t kBlock = 64;
  for (size_t begin = 0; begin < rows; begin += kBlock) {
    const size_t end = std::min(begin + kBlock, rows);
    for (const Part<T>& part : parts) {
      if (part.columns == 1) {
        for (size_t r = begin; r < end; ++r) out[r * width + part.offset] = part.from[r];
        continue;
      }
      for (size_t r = begin; r < end; ++r) {
        std::copy_n(part.from + r * part.columns, part.columns, out + r * width + part.offset);
      }
    }
  }
}

Tensor not_a_number(KernelContext& context, DType dtype) {
  return convert(context, Tensor::scalar(std::numeric_limits<double>::quiet_NaN()), dtype);
}

}  // namespace

void run(const table::Assemble& op, KernelContext& context) {
  size_t rows = matrix_of(context, 0).rows, width = 0;
  for (size_t i = 0; i < context.inputs(); ++i) {
    Matrix m = matrix_of(context, i);
    if (m.rows != rows) {
      fail(context.loc(), "run-shape", "inputs 0 and {} have {} and {} rows", i, rows, m.rows);
    }
    width += m.columns;
  }
  Shape shape{static_cast<int64_t>(rows), static_cast<int64_t>(width)};
  Tensor result = with_storage(op.dtype, [&]<class T>() {
    auto out = allocate<T>(context, shape);
    std::vector<Part<T>> parts;
    size_t offset = 0;
    for (size_t i = 0; i < context.inputs(); ++i) {
      // An invalid cell has any content; only the cells that count are converted with row errors.
      Part<T> part{convert(context, context.in(i).tensor, op.dtype), nullptr, matrix_of(context, i).columns, offset};
      part.from = data<T>(part.tensor);
      offset += part.columns;
      parts.push_back(std::move(part));
    }
    place(parts, rows, width, out.data());
    offset = 0;
    for (size_t i = 0; i < context.inputs(); ++i) {
      const Value& value = context.in(i);
      Matrix m = matrix_of(context, i);
      for (size_t r = 0; value.valid && r < rows; ++r) {
        if (value.is_valid(r)) continue;
        if (is_floating(op.dtype)) {
          Tensor nan = not_a_number(context, op.dtype);
          std::fill_n(out.begin() + static_cast<ptrdiff_t>(r * width + offset), m.columns,
                      data<T>(nan)[0]);
        } else {
          context.fail_row(r, "row-missing", "column {} of the matrix has a missing cell", offset);
        }
      }
      offset += m.columns;
    }
    return make_stored(op.dtype, shape, std::move(out));
  });
  context.set(0, std::move(result));
}

void run(const table::IsMissing&, KernelContext& context) {
  const Value& value = context.in(0);
  const Tensor& x = value.tensor;
  auto out = allocate<uint8_t>(context, x.shape());
  bool real = is_floating(x.dtype());
  for (size_t i = 0; i < out.size(); ++i) {
    bool missing = real && std::isnan(x.real(i));
    out[i] = missing || !value.is_valid(row_of(x.shape(), i)) ? 1 : 0;
  }
  context.set(0, Tensor::of_bools(x.shape(), std::move(out)));
}

void run(const table::Require&, KernelContext& context) {
  for (size_t i = 1; i < context.inputs(); ++i) {
    const Value& value = context.in(i);
    const Tensor& x = value.tensor;
    bool real = is_floating(x.dtype());
    if (!real && !value.valid) continue;
    for (size_t k = 0; k < x.size(); ++k) {
      size_t row = row_of(x.shape(), k);
      if (value.is_valid(row) && !(real && std::isnan(x.real(k)))) continue;
      context.fail_row(row, "row-missing", "a missing value where the model accepts none");
    }
  }
  context.set(0, context.tensor(0));
}

}  // namespace panmodel::runtime
