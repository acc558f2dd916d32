// Scalar expressions over columns.
#include "ir/ops/expr.h"

#include <cmath>

#include "base/text.h"
#include "runtime/expr_eval.h"
#include "runtime/kernels/util.h"

namespace panmodel::runtime {
namespace {

using expr::Scalar;

// Cell `row` of an input with one element per row.
void load(const Value& value, size_t row, Datum& out) {
  const Tensor& x = value.tensor;
  out.state = Datum::State::value;
  switch (x.dtype()) {
    case DType::f64:
      out.type = Scalar::f64;
      out.real = data<double>(x)[row];
      break;
    case DType::f32:
      out.type = Scalar::f32;
      out.real = static_cast<double>(data<float>(x)[row]);
      break;
    case DType::boolean:
      out.type = Scalar::boolean;
      out.whole = data<uint8_t>(x)[row] != 0 ? 1 : 0;
      break;
    case DType::string:
      out.type = Scalar::string;
      out.text = x.text(row);
      break;
    default:
      out.type = Scalar::i64;
      out.whole = x.integer(row);
      break;
  }
  bool nan = out.type <= Scalar::f32 && std::isnan(out.real);
  if (nan || !value.is_valid(row)) out.state = Datum::State::missing;
}

}  // namespace

std::shared_ptr<const void> prepare(const expr::Map& op) {
  return std::make_shared<const Program>(op.body);
}

void run(const expr::Map& op, KernelContext& context) {
  const auto& program = context.prepared<Program>();
  const size_t inputs = context.inputs() - (op.masked ? 1 : 0);
  const size_t rows = context.tensor(0).size();
  for (size_t i = 0; i < context.inputs(); ++i) {
    if (context.tensor(i).size() != rows) {
      fail(context.loc(), "run-shape", "inputs 0 and {} have {} and {} cells", i, rows,
           context.tensor(i).size());
    }
  }
  Shape shape{static_cast<int64_t>(rows), 1};
  auto valid = std::make_shared<std::vector<uint8_t>>(rows, uint8_t{0});
  std::vector<Datum> cells(inputs);
  Datum mask;
  auto compute = [&]<class T>(DType dtype, auto&& store) {
    auto out = allocate<T>(context, shape);
    for (size_t r = 0; r < rows; ++r) {
      if (op.masked) {
        load(context.in(inputs), r, mask);
        if (mask.missing() || mask.whole == 0) continue;
      }
      for (size_t i = 0; i < inputs; ++i) load(context.in(i), r, cells[i]);
      Datum result = convert(program.run(cells), op.type);
      if (result.refused()) {
        context.fail_row(r, "row-value", "{}", printable(result.text));
      } else if (!result.missing()) {
        (*valid)[r] = 1;
        out[r] = store(std::move(result));
      }
    }
    return make_stored(dtype, shape, std::move(out));
  };
  DType dtype = expr::dtype_of(op.type);
  Value result;
  switch (dtype) {
    case DType::f64: result = compute.operator()<double>(dtype, [](Datum d) { return d.real; }); break;
    case DType::f32:
      result = compute.operator()<float>(dtype, [](Datum d) { return static_cast<float>(d.real); });
      break;
    case DType::boolean:
      result = compute.operator()<uint8_t>(dtype, [](Datum d) { return static_cast<uint8_t>(d.whole); });
      break;
    case DType::string:
      result = compute.operator()<std::string>(dtype, [](Datum d) { return std::move(d.text); });
      break;
    default: result = compute.operator()<int64_t>(dtype, [](Datum d) { return d.whole; }); break;
  }
  result.valid = std::move(valid);
  context.set(0, std::move(result));
}

}  // namespace panmodel::runtime
