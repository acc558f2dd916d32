#include "ir/ops/expr.h"

#include "ir/ops/infer_util.h"

namespace panmodel::expr {

Types Map::infer(const Map& op, InferContext& c) {
  const size_t seen = c.size() - (op.masked && c.size() > 0 ? 1 : 0);
  for (size_t i = 0; i < c.size(); ++i) {
    c.expect_dtype(i, {DType::f64, DType::f32, DType::i64, DType::i32, DType::boolean, DType::string});
    TensorType t = c.tensor(i);
    if (t.dims && t.dims->size() != 1 && columns_of(c, i) > 1) {
      c.fail_type("input {} has {} columns, expected one", i, columns_of(c, i));
    }
  }
  if (c.size() == 0) c.fail_type("no inputs: the number of rows is that of the inputs");
  if (op.masked && c.tensor(seen).dtype != DType::boolean) {
    c.fail_type("input {} is the mask and has type {}, expected boolean", seen, to_string(c.in(seen)));
  }
  validate(op.body, static_cast<uint32_t>(seen), c.loc());
  return {ColumnType{dtype_of(op.type), true}};
}

}  // namespace panmodel::expr
