// Replacing missing values.
#include "ir/ops/impute.h"

#include <cmath>

#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

// Which elements are missing, by the value alone.
std::vector<uint8_t> missing_values(const ml::Impute& op, const Tensor& x) {
  std::vector<uint8_t> out(x.size(), 0);
  if (x.dtype() == DType::string) {
    for (size_t i = 0; op.missing && i < x.size(); ++i) out[i] = x.text(i) == op.missing->text(0);
    return out;
  }
  if (!is_floating(x.dtype())) {
    if (!op.missing) return out;
    int64_t marker = op.missing->integer(0);
    for (size_t i = 0; i < x.size(); ++i) out[i] = x.integer(i) == marker;
    return out;
  }
  double marker = op.missing ? op.missing->real(0) : std::nan("");
  bool nan = std::isnan(marker);
  for (size_t i = 0; i < x.size(); ++i) {
    double value = x.real(i);
    out[i] = nan ? std::isnan(value) : value == marker;
  }
  return out;
}

}  // namespace

void run(const ml::Impute& op, KernelContext& context) {
  const Value& value = context.in(0);
  const Tensor& x = value.tensor;
  size_t width = x.rank() < 2 ? 1 : static_cast<size_t>(x.shape().back());
  if (op.fill.size() != 1 && op.fill.size() != width) {
    fail(context.loc(), "run-shape", "{} columns, expected {}", width, op.fill.size());
  }
  std::vector<uint8_t> missing = missing_values(op, x);
  Tensor result = with_storage(x.dtype(), [&]<class T>() {
    auto out = allocate<T>(context, x.shape());
    const T* from = data<T>(x);
    const T* fill = data<T>(op.fill);
    for (size_t i = 0; i < out.size(); ++i) {
      bool replace = missing[i] || (value.valid && !value.is_valid(row_of(x.shape(), i)));
      out[i] = replace ? fill[op.fill.size() == 1 ? 0 : i % width] : from[i];
    }
    return make_stored(x.dtype(), x.shape(), std::move(out));
  });
  context.set(0, std::move(result));
}

}  // namespace panmodel::runtime
