// Random expressions.
#include "ir/ops/expr.h"

#include "tests/ops/sample.h"

namespace panmodel::random {
namespace {

using expr::Constant;
using expr::Expr;
using expr::Function;
using expr::Scalar;

// Inputs of the model: x0 f64, x1 i64, x2 string, x3 boolean, x4 f32.
Expr random_expr(Rng& rng, Scalar wanted, int depth);

Expr random_leaf(Rng& rng, Scalar wanted) {
  if (rng.coin()) {
    switch (wanted) {
      case Scalar::string: return expr::input(2);
      case Scalar::boolean: return expr::input(3);
      default: return expr::input(rng.pick({0u, 1u, 4u}));
    }
  }
  if (rng.between(0, 5) == 0) return expr::constant(Constant::missing(wanted));
  switch (wanted) {
    case Scalar::string: return expr::constant(rng.pick<std::string>({"a", "b", "", "\xc3\xa4 \"c\""}));
    case Scalar::boolean: return expr::constant(rng.coin());
    case Scalar::i64: return expr::constant(rng.between(-3, 3));
    case Scalar::f32: return expr::constant(Constant(Scalar::f32, static_cast<double>(static_cast<float>(rng.real()))));
    default: return expr::constant(rng.real());
  }
}

Scalar number_type(Rng& rng) { return rng.pick({Scalar::f64, Scalar::f32, Scalar::i64}); }

std::shared_ptr<const expr::Table> bins(Rng& rng) {
  expr::Table t;
  std::vector<double> left = rng.reals(3), right = rng.reals(3);
  t.parameters = {{"left", Tensor::vector(left)},
                  {"left_closed", Tensor::of_bools({3}, {1, 0, 1})},
                  {"right", Tensor::vector(right)},
                  {"right_closed", Tensor::of_bools({3}, {0, 1, 1})},
                  {"values", Tensor::vector(std::vector<std::string>{"low", "mid", "high"})}};
  return std::make_shared<const expr::Table>(std::move(t));
}

Expr random_call(Rng& rng, Scalar wanted, int depth) {
  auto number = [&] { return random_expr(rng, number_type(rng), depth - 1); };
  auto text = [&] { return random_expr(rng, Scalar::string, depth - 1); };
  auto truth = [&] { return random_expr(rng, Scalar::boolean, depth - 1); };
  if (wanted == Scalar::string) {
    if (rng.coin()) return expr::call(Function::concat, {text(), number()});
    if (rng.coin()) return expr::call(Function::discretize, {number()}, bins(rng));
    return expr::call(Function::if_else, {truth(), text(), text()});
  }
  if (wanted == Scalar::boolean) {
    switch (rng.between(0, 4)) {
      case 0: return expr::call(rng.pick({Function::less_than, Function::equal}), {number(), number()});
      case 1: return expr::call(rng.pick({Function::logical_and, Function::logical_or, Function::logical_xor}), {truth(), truth()});
      case 2: return expr::call(Function::is_in, {text(), text(), text()});
      case 3: return expr::call(Function::is_missing, {number()});
      default: return expr::call(Function::first_known, {truth(), truth()});
    }
  }
  switch (rng.between(0, 3)) {
    case 0: return expr::call(rng.pick({Function::add, Function::divide, Function::modulo}), {number(), number()});
    case 1: return expr::call(rng.pick({Function::exp, Function::abs, Function::round}), {number()});
    case 2: return expr::call(rng.pick({Function::max, Function::avg}), {number(), number(), number()});
    default: return expr::call(Function::if_else, {truth(), number()});
  }
}

Expr random_expr(Rng& rng, Scalar wanted, int depth) {
  bool leaf = depth == 0 || rng.between(0, 3) == 0;
  Expr e = leaf ? random_leaf(rng, wanted) : random_call(rng, wanted, depth);
  if (e.kind == Expr::Kind::constant) return e;
  auto extra = [&]() -> std::optional<Constant> {
    if (rng.between(0, 3) != 0) return std::nullopt;
    if (wanted == Scalar::string) return Constant("z");
    if (wanted == Scalar::boolean) return Constant(rng.coin());
    return Constant(rng.real());
  };
  e.map_missing_to = extra();
  if (e.kind == Expr::Kind::input) return e;
  e.default_value = extra();
  e.unknown = rng.coin();
  if (rng.coin()) e.invalid = expr::InvalidTreatment::as_missing;
  return e;
}

}  // namespace

template <>
void sample<expr::Map>(Rng& rng, Builder& b) {
  std::vector<ValueId> inputs{b.input("d", ColumnType{DType::f64, true}),
                              b.input("i", ColumnType{DType::i64, true}),
                              b.input("s", ColumnType{DType::string, true}),
                              b.input("b", ColumnType{DType::boolean, true}),
                              b.input("f", ColumnType{DType::f32, true})};
  expr::Map op;
  op.type = rng.pick({Scalar::f64, Scalar::string, Scalar::boolean, Scalar::f32});
  op.body = random_expr(rng, op.type, 4);
  op.masked = rng.coin();
  if (op.masked) inputs.push_back(b.input("m", ColumnType{DType::boolean, true}));
  outputs(b, {b.add(std::move(op), inputs)});
}

}  // namespace panmodel::random
