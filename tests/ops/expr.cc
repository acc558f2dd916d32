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

std::shared_ptr<const expr::Table> points(Rng& rng) {
  expr::Table t;
  const int64_t count = rng.between(2, 4);
  std::vector<double> orig{-2, -0.5, 0.25, 3}, norm = rng.reals(static_cast<size_t>(count));
  orig.resize(static_cast<size_t>(count));
  t.parameters = {{"orig", Tensor::vector(orig)},
                  {"norm", Tensor::vector(norm)},
                  {"outliers", Tensor::vector(std::vector<std::string>{rng.pick<std::string>(
                                   {"as_is", "as_extreme_values", "as_missing_values"})})}};
  return std::make_shared<const expr::Table>(std::move(t));
}

// Rows of a text and an integer.
std::shared_ptr<const expr::Table> pairs(Tensor values) {
  expr::Table t;
  t.parameters = {{"key0", Tensor::vector(std::vector<std::string>{"a", "b", "b"})},
                  {"key1", Tensor::vector(std::vector<int64_t>{1, 1, -2})},
                  {"values", std::move(values)}};
  return std::make_shared<const expr::Table>(std::move(t));
}

Expr random_call(Rng& rng, Scalar wanted, int depth) {
  auto number = [&] { return random_expr(rng, number_type(rng), depth - 1); };
  auto text = [&] { return random_expr(rng, Scalar::string, depth - 1); };
  auto truth = [&] { return random_expr(rng, Scalar::boolean, depth - 1); };
  if (wanted == Scalar::string) {
    if (rng.coin()) return expr::call(Function::concat, {text(), number()});
    if (rng.coin()) return expr::call(Function::discretize, {number()}, bins(rng));
    if (rng.coin()) {
      return expr::call(Function::map_values, {text(), random_expr(rng, Scalar::i64, depth - 1)},
                        pairs(Tensor::vector(std::vector<std::string>{"x", "", "y"})));
    }
    return expr::call(Function::if_else, {truth(), text(), text()});
  }
  if (wanted == Scalar::boolean) {
    switch (rng.between(0, 8)) {
      case 0:
        return expr::call(rng.pick({Function::less_than, Function::less_or_equal, Function::greater_than,
                                    Function::greater_or_equal, Function::equal, Function::not_equal}),
                          {number(), number()});
      case 5: return expr::call(rng.pick({Function::equal, Function::not_equal}), {text(), text()});
      case 6: return expr::call(Function::logical_not, {truth()});
      case 7: return expr::call(rng.pick({Function::is_in, Function::is_not_in}), {number(), number(), expr::constant(int64_t{1}), expr::constant(0.5)});
      case 8: return expr::call(rng.pick({Function::is_not_missing, Function::is_valid}), {text()});
      case 1: return expr::call(rng.pick({Function::logical_and, Function::logical_or, Function::logical_xor}), {truth(), truth()});
      case 2: return expr::call(Function::is_in, {text(), text(), text()});
      case 3: return expr::call(Function::is_missing, {number()});
      default: return expr::call(Function::first_known, {truth(), truth()});
    }
  }
  switch (rng.between(0, 9)) {
    case 0:
      return expr::call(rng.pick({Function::add, Function::subtract, Function::multiply, Function::divide,
                                  Function::modulo, Function::pow, Function::threshold, Function::hypot,
                                  Function::atan2}),
                        {number(), number()});
    case 1:
      return expr::call(rng.pick({Function::exp, Function::abs, Function::round, Function::floor, Function::ceil,
                                  Function::rint, Function::ln, Function::log10, Function::ln1p, Function::expm1,
                                  Function::sqrt}),
                        {number()});
    case 2:
      return expr::call(rng.pick({Function::max, Function::min, Function::avg, Function::sum, Function::product,
                                  Function::median}),
                        {number(), number(), number()});
    case 3:
      return expr::call(rng.pick({Function::sin, Function::cos, Function::tan, Function::asin, Function::acos,
                                  Function::atan, Function::sinh, Function::cosh, Function::tanh}),
                        {number()});
    case 4:
      return expr::call(rng.pick({Function::erf, Function::std_normal_cdf, Function::std_normal_pdf}), {number()});
    case 5:
      return expr::call(rng.pick({Function::normal_cdf, Function::normal_pdf}),
                        {number(), number(), expr::constant(rng.coin() ? 1.5 : -1.0)});
    case 6: return expr::call(Function::norm_continuous, {number()}, points(rng));
    case 7: return expr::call(Function::norm_discrete, {text(), text()});
    case 8:
      return expr::call(Function::map_values, {text(), random_expr(rng, Scalar::i64, depth - 1)},
                        pairs(Tensor::vector(std::vector<double>{0.5, 1.5, -2.5})));
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
