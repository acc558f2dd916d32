// Linear predictors as model.reg.linear, products of matrices, polynomials.
#include <algorithm>

#include "formats/pfa/write_values.h"
#include "ir/ops/linear.h"
#include "ir/ops/scale.h"
#include "ir/ops/tensor_linalg.h"

namespace panmodel::pfa::writing {
namespace {

Ast rows_of(const Tensor& coef) {
  const auto columns = static_cast<size_t>(coef.shape()[1]);
  return Ast::Stream([coef, columns](JsonSink& out) {
    out.begin_array();
    for (size_t r = 0; r < static_cast<size_t>(coef.shape()[0]); ++r) {
      Asts row;
      for (size_t c = 0; c < columns; ++c) row.push_back(coef.real(r * columns + c));
      write_ast(row, out);
    }
    out.end_array();
  });
}

// x times the rows of `coef`, plus `intercept`.
void write_predictor(const Node& node, Values& values, const Tensor& coef, const std::vector<double>& intercept) {
  const Form& from = values.of(node.inputs[0]);
  const auto* type = values.graph().type(node.outputs[0]).tensor();
  if (type->dtype == DType::f32) values.refuse(node, "in single precision");
  const bool may_miss = from.may_miss;
  const bool one = intercept.size() == 1;
  Program& program = values.program();
  Ast coefficients, constant;
  if (one) {
    Asts row;
    for (double c : coef.reals()) row.push_back(c);
    coefficients = std::move(row);
    constant = intercept[0];
  } else {
    coefficients = rows_of(coef);
    Asts row;
    for (double c : intercept) row.push_back(c);
    constant = std::move(row);
  }
  const auto shaped = [&](Ast item, bool matrix) {
    return one ? matrix ? array_of(std::move(item)) : item : matrix ? array_of(array_of(std::move(item))) : array_of(std::move(item));
  };
  Ast record = Members{{"type", "record"},
                       {"name", program.type_name("Linear")},
                       {"fields", Asts{Members{{"name", "const"}, {"type", shaped("double", false)}},
                                       Members{{"name", "coeff"}, {"type", shaped("double", true)}}}}};
  Ast model = program.cell("linear", std::move(record),
                           Members{{"const", std::move(constant)}, {"coeff", std::move(coefficients)}});
  Ast predictor = call("model.reg.linear", {values.array(node.inputs[0]), std::move(model)});
  Form f = one ? scalar_form("double", std::move(predictor), "score") : vector_form("double", intercept.size(), std::move(predictor), "scores");
  f.may_miss = may_miss;
  values.set(node.outputs[0], std::move(f));
}

Tensor transposed(const Tensor& m) {
  const auto rows = static_cast<size_t>(m.shape()[0]), columns = static_cast<size_t>(m.shape()[1]);
  std::vector<double> out(rows * columns);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) out[c * rows + r] = m.real(r * columns + c);
  }
  return Tensor::of({m.shape()[1], m.shape()[0]}, std::move(out));
}

// With a constant matrix on the right.
void write_product(const Node& node, Values& values, bool transpose, double alpha, double beta) {
  const auto& matrix = values.of(node.inputs[1]).constant;
  if (!matrix || matrix->rank() != 2 || values.of(node.inputs[0]).constant) values.refuse(node, "of two results");
  const auto* type = values.graph().type(node.outputs[0]).tensor();
  if (type == nullptr || type->dtype != DType::f64) values.refuse(node, "of other numbers than doubles");
  Tensor coef = transpose ? *matrix : transposed(*matrix);
  std::vector<double> intercept(static_cast<size_t>(coef.shape()[0]), 0.0);
  if (node.inputs.size() > 2 && node.inputs[2].valid()) {
    const auto& added = values.of(node.inputs[2]).constant;
    if (!added || (added->size() != 1 && added->size() != intercept.size())) values.refuse(node, "with an addend that is no constant row");
    for (size_t k = 0; k < intercept.size(); ++k) intercept[k] = beta * added->real(added->size() == 1 ? 0 : k);
  }
  if (alpha != 1) {
    std::vector<double> scaled = coef.reals();
    for (double& c : scaled) c *= alpha;
    coef = Tensor::of(coef.shape(), std::move(scaled));
  }
  write_predictor(node, values, coef, intercept);
}

void write_polynomial(const Node& node, Values& values, const ml::Polynomial& op) {
  Program& program = values.program();
  const auto* type = values.graph().type(node.outputs[0]).tensor();
  if (type->dtype == DType::f32) values.refuse(node, "in single precision");
  const bool may_miss = values.of(node.inputs[0]).may_miss;
  const Ast x = values.array_symbol(node.inputs[0]);
  Asts terms;
  for (const auto& term : op.terms) {
    Asts factors;
    for (int64_t f : term) factors.push_back(f);
    terms.push_back(std::move(factors));
  }
  Ast table = program.cell("terms", array_of(array_of("int")), std::move(terms));
  const std::string term = program.symbol("term"), product = program.symbol("product"), feature = program.symbol("feature");
  // From left to right, as the powers of a feature are multiplied.
  Ast fold = call("a.fold", {term, 1.0, function({{product, "double"}, {feature, "int"}}, "double",
                                                 {call("*", {product, element(x, feature)})})});
  Form f = vector_form("double", op.terms.size(),
                       call("a.map", {std::move(table), function({{term, array_of("int")}}, "double", {std::move(fold)})}), "products");
  f.may_miss = may_miss;
  values.set(node.outputs[0], std::move(f));
}

}  // namespace

bool write_linear(const Node& node, Values& values) {
  if (const auto* op = node.as<ml::Linear>()) {
    write_predictor(node, values, op->coef, op->intercept.reals());
  } else if (node.as<tensor::MatMul>() != nullptr) {
    write_product(node, values, false, 1, 1);
  } else if (const auto* gemm = node.as<tensor::Gemm>()) {
    if (gemm->trans_a) values.refuse(node, "of transposed rows");
    write_product(node, values, gemm->trans_b, gemm->alpha, gemm->beta);
  } else if (const auto* polynomial = node.as<ml::Polynomial>()) {
    write_polynomial(node, values, *polynomial);
  } else {
    return false;
  }
  return true;
}

}  // namespace panmodel::pfa::writing
