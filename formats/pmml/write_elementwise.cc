// Elementwise operators, reductions of a row and labels as expressions.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "base/number.h"
#include "formats/pmml/write_columns.h"
#include "ir/op.h"
#include "ir/ops/encode.h"
#include "ir/ops/table.h"
#include "ir/ops/tensor_elementwise.h"
#include "ir/ops/tensor_reduce.h"
#include "ir/ops/tensor_shape.h"

namespace panmodel::pmml {
namespace {

using expr::constant;
using expr::Expr;
using expr::Function;
using expr::Scalar;

constexpr uint64_t kSmall = 12;  // parts of an expression that need no field of their own

Expr one(double value) { return constant(value); }

// The constant that every element of the tensor is, by column.
Expr element(const Tensor& t, size_t i) {
  if (t.dtype() == DType::string) return constant(t.text(i));
  if (t.dtype() == DType::boolean) return constant(t.integer(i) != 0);
  return constant(t.real(i));
}

class Rules {
 public:
  Rules(const Node& node, Columns& columns, bool once)
      : node_(node), columns_(columns), fields_(columns.fields()), place_(columns.place(node)), once_(once) {}

  std::vector<Column> columns() {
    if (const auto* op = node_.as<tensor::Constant>()) return constants(op->value);
    if (const auto* op = node_.as<tensor::Cast>()) return cast(*op);
    if (const auto* op = node_.as<tensor::Unary>()) {
      return rows(1, [&](const std::vector<Expr>& x) { return unary(op->fn, x[0]); });
    }
    if (const auto* op = node_.as<tensor::Binary>()) {
      return rows(2, [&](const std::vector<Expr>& x) { return binary(op->fn, x[0], x[1]); });
    }
    if (const auto* op = node_.as<tensor::Variadic>()) {
      return rows(node_.inputs.size(), [&](const std::vector<Expr>& x) { return folded(op->fn, x); });
    }
    if (node_.as<tensor::Where>()) {
      return rows(3, [](const std::vector<Expr>& x) {
        return x[1] == x[2] ? x[1] : expr::call(Function::if_else, x);
      });
    }
    if (node_.as<tensor::Clip>()) return clipped();
    if (node_.as<table::IsMissing>()) {
      return rows(1, [&](const std::vector<Expr>& x) {
        return fields_.can_miss(x[0]) ? expr::call(Function::is_missing, {x[0]}) : constant(false);
      });
    }
    if (const auto* op = node_.as<tensor::Reduce>(); op != nullptr && op->axes.size() == 1 && (op->axes[0] == 1 || op->axes[0] == -1)) {
      return reduced(op->fn);
    }
    if (const auto* op = node_.as<tensor::Softmax>(); op != nullptr && (op->axis == 1 || op->axis == -1) && !op->log) return softmax();
    if (const auto* op = node_.as<ml::Labels>()) return labels(*op);
    return {};
  }

 private:
  std::vector<Column> constants(const Tensor& t) {
    const Shape& shape = t.shape();
    if (shape.size() > 2 || (shape.size() == 2 && shape[0] != 1)) columns_.refuse(node_, "that is no row");
    std::vector<Column> out;
    for (size_t i = 0; i < t.size(); ++i) out.push_back({element(t, i)});
    return out;
  }

  std::vector<Column> cast(const tensor::Cast& cast) {
    std::vector<Column> out = columns_.of(node_.inputs[0]);
    const TensorType* from = columns_.model().graph.type(node_.inputs[0]).tensor();
    const DType type = from != nullptr ? from->dtype : columns_.model().graph.type(node_.inputs[0]).column()->dtype;
    for (Column& c : out) {
      if (type == cast.to || (cast.to == DType::f64 && type != DType::boolean && type != DType::string)) continue;
      if (cast.to == DType::f32 && is_floating(type)) {
        c.single = true;
      } else if (is_integer(cast.to) && (is_integer(type) || (is_floating(type) && is_whole(c.body)))) {
        continue;
      } else if (type == DType::boolean && (is_floating(cast.to) || is_integer(cast.to))) {
        c.body = number_of(c.body);
      } else {
        columns_.refuse(node_, fmt::format("from {} to {}", to_string(type), to_string(cast.to)));
      }
    }
    return out;
  }

  // Whether the values of the expression are whole numbers whatever the row.
  bool is_whole(const Expr& e) const {
    const auto whole = [](double v) { return v == std::floor(v); };
    const auto constant_is = [&](const expr::Constant& c) {
      const double* real = std::get_if<double>(&c.value);
      return real == nullptr || whole(*real);
    };
    if (e.kind == Expr::Kind::constant) return constant_is(e.constant);
    if (e.kind == Expr::Kind::input) {
      const WrittenField& field = fields_[e.input];
      return field.type == Scalar::i64 || (field.origin == WrittenField::Origin::derived && is_whole(field.body));
    }
    if (e.default_value && !constant_is(*e.default_value)) return false;
    if (e.map_missing_to && !constant_is(*e.map_missing_to)) return false;
    switch (e.function) {
      case Function::if_else:
        return std::all_of(e.arguments.begin() + 1, e.arguments.end(), [&](const Expr& a) { return is_whole(a); });
      case Function::map_values:
      case Function::discretize: {
        const Tensor& values = *e.table->find("values");
        if (values.dtype() == DType::string) return false;
        const std::vector<double> reals = values.reals();
        return std::all_of(reals.begin(), reals.end(), whole);
      }
      case Function::norm_discrete: return true;
      default: return false;
    }
  }

  // 1 where the test is true; an if of constants gets the numbers in their place.
  Expr number_of(const Expr& test) {
    if (test.kind == Expr::Kind::constant) {
      const bool* truth = std::get_if<bool>(&test.constant.value);
      if (truth != nullptr) return one(*truth ? 1 : 0);
    }
    if (test.kind == Expr::Kind::call && test.function == Function::if_else && test.arguments.size() == 3) {
      return expr::call(Function::if_else, {test.arguments[0], number_of(test.arguments[1]), number_of(test.arguments[2])});
    }
    return expr::call(Function::if_else, {test, one(1), one(0)});
  }

  // The operands column by column, a single column for all where there is one. An operand that is no
  // field becomes one when it could be missing, because the tests of that name it again.
  template <class Make>
  std::vector<Column> rows(size_t operands, Make make) {
    const TensorType* type = columns_.model().graph.type(node_.outputs[0]).tensor();
    if (type == nullptr || type->dtype == DType::f32 || type->dtype == DType::f16) {
      columns_.refuse(node_, "in single precision");
    }
    std::vector<std::vector<Column>> all;
    size_t width = 1;
    for (size_t i = 0; i < operands; ++i) {
      all.push_back(columns_.of(node_.inputs[i]));
      if (all.back().size() > 1) width = all.back().size();
    }
    for (const std::vector<Column>& c : all) {
      if (c.size() != width && c.size() != 1) columns_.refuse(node_, "of columns that do not fit together");
    }
    std::vector<Column> out;
    for (size_t k = 0; k < width; ++k) {
      std::vector<Expr> x;
      for (std::vector<Column>& c : all) x.push_back(plain(c[c.size() == 1 ? 0 : k]));
      out.push_back({kept(make(x))});
    }
    return out;
  }

  Expr plain(Column& column) {
    if (column.single) columns_.refuse(node_, "in single precision");
    if (column.body.kind == Expr::Kind::call && fields_.can_miss(column.body)) column.body = field(column.body);
    return column.body;
  }

  Expr kept(Expr e) {
    if (e.kind != Expr::Kind::call || (once_ && expr::count_nodes(e) <= kSmall)) return e;
    return field(e);
  }
  Expr field(const Expr& e) {
    if (e.kind == Expr::Kind::input) return e;
    const Scalar type = is_test(e) ? Scalar::boolean : is_text(e) ? Scalar::string : Scalar::f64;
    return expr::input(fields_.derived(describe(e), e, type, place_));
  }
  static bool is_test(const Expr& e) {
    if (e.kind == Expr::Kind::constant) return e.constant.type == Scalar::boolean;
    if (e.kind != Expr::Kind::call) return false;
    if (e.function == Function::if_else) return is_test(e.arguments[1]);
    return expr::info(e.function).type == expr::TypeRule::boolean;
  }

  static bool is_text(const Expr& e) {
    if (e.kind == Expr::Kind::constant) return e.constant.type == Scalar::string;
    return e.kind == Expr::Kind::call && e.function == Function::if_else && is_text(e.arguments[1]);
  }

  // A short text for the name of a field.
  std::string describe(const Expr& e) const {
    if (e.kind == Expr::Kind::input) return fields_[e.input].name;
    if (e.kind == Expr::Kind::constant) {
      const double* real = std::get_if<double>(&e.constant.value);
      return real != nullptr ? print_real(*real) : "value";
    }
    if (e.function == Function::if_else) {
      return describe(e.arguments.back().kind == Expr::Kind::constant ? e.arguments[1] : e.arguments.back());
    }
    const std::string_view name = expr::info(e.function).pmml;
    std::string text;
    if (name.size() == 1) {
      text = describe(e.arguments[0]) + std::string(name) + describe(e.arguments[1]);
    } else {
      text = std::string(name) + "(" + (e.arguments.empty() ? "" : describe(e.arguments[0])) + ")";
    }
    return text.size() <= 48 ? text : std::string(name == "+" ? "sum" : name == "-" ? "difference" : name == "*" ? "product" : name == "/" ? "quotient" : name);
  }

  Expr call(Function function, std::vector<Expr> x) const {
    Expr e = expr::call(function, std::move(x));
    const bool partial = function == Function::ln || function == Function::ln1p || function == Function::sqrt ||
                         function == Function::pow || function == Function::log10;
    if (partial) e.invalid = expr::InvalidTreatment::as_missing;
    return expr::info(function).missing == expr::MissingRule::refuse ? missing_where_missing(std::move(e), fields_) : e;
  }

  Expr negative(const Expr& x) const { return call(Function::multiply, {one(-1), x}); }

  Expr unary(tensor::UnaryFn fn, Expr x) {
    using enum tensor::UnaryFn;
    switch (fn) {
      case abs: return call(Function::abs, {x});
      case neg: return negative(x);
      case ceil: return call(Function::ceil, {x});
      case floor: return call(Function::floor, {x});
      case round: return call(Function::rint, {x});
      case exp: return call(Function::exp, {x});
      case expm1: return call(Function::expm1, {x});
      case log: return call(Function::ln, {x});
      case log1p: return call(Function::ln1p, {x});
      case sqrt: return call(Function::sqrt, {x});
      case reciprocal: return call(Function::divide, {one(1), x});
      case sigmoid: {
        const Expr minus = fields_.can_miss(x) ? field(negative(x)) : negative(x);
        return call(Function::divide, {one(1), call(Function::add, {one(1), call(Function::exp, {minus})})});
      }
      case tanh: return call(Function::tanh, {x});
      case sin: return call(Function::sin, {x});
      case cos: return call(Function::cos, {x});
      case atan: return call(Function::atan, {x});
      case erf: return call(Function::erf, {x});
      case relu: return known(x, expr::call(Function::max, {x, one(0)}));
      case logical_not: return expr::call(Function::logical_not, {x});
      case is_nan: return fields_.can_miss(x) ? expr::call(Function::is_missing, {x}) : constant(false);
      case sign: {
        x = field(x);
        Expr rest = expr::call(Function::if_else, {expr::call(Function::less_than, {x, one(0)}), one(-1), one(0)});
        return known(x, expr::call(Function::if_else, {expr::call(Function::greater_than, {x, one(0)}), one(1), std::move(rest)}));
      }
      case softplus:
      case is_inf: break;
    }
    columns_.refuse(node_, fmt::format("with fn={}", enum_names(fn)[static_cast<size_t>(fn)]));
  }

  // `e`, missing where x is.
  Expr known(const Expr& x, Expr e) const {
    if (!fields_.can_miss(x)) return e;
    return expr::call(Function::if_else, {expr::call(Function::is_not_missing, {x}), std::move(e)});
  }

  Expr binary(tensor::BinaryFn fn, const Expr& a, const Expr& b) {
    using enum tensor::BinaryFn;
    const auto test = [&](Function f) { return false_where_missing(expr::call(f, {a, b}), fields_); };
    const TensorType* type = columns_.model().graph.type(node_.inputs[0]).tensor();
    switch (fn) {
      case add: return call(Function::add, {a, b});
      case sub: return call(Function::subtract, {a, b});
      case mul: return call(Function::multiply, {a, b});
      case div:
        if (type == nullptr || !is_floating(type->dtype)) break;
        return call(Function::divide, {a, b});
      case pow: return call(Function::pow, {a, b});
      case equal: return test(Function::equal);
      case less: return test(Function::less_than);
      case less_or_equal: return test(Function::less_or_equal);
      case greater: return test(Function::greater_than);
      case greater_or_equal: return test(Function::greater_or_equal);
      case logical_and: return expr::call(Function::logical_and, {a, b});
      case logical_or: return expr::call(Function::logical_or, {a, b});
      default: break;
    }
    columns_.refuse(node_, fmt::format("with fn={}", enum_names(fn)[static_cast<size_t>(fn)]));
  }

  // Sums, products and extremes of all; missing where one is, which the functions of PMML pass over.
  Expr all_of(Function function, Function pairwise, const std::vector<Expr>& x) {
    const bool sure = std::none_of(x.begin(), x.end(), [&](const Expr& e) { return fields_.can_miss(e); });
    if (x.size() == 1) return x[0];
    if (sure && x.size() > 2) return expr::call(function, x);
    if (pairwise != function) {
      Expr e = x[0];
      for (size_t i = 1; i < x.size(); ++i) e = expr::call(pairwise, {std::move(e), x[i]});
      return e;
    }
    Expr e = expr::call(function, x);
    for (size_t i = x.size(); i-- > 0;) e = known(x[i], std::move(e));
    return e;
  }

  Expr folded(tensor::VariadicFn fn, const std::vector<Expr>& x) {
    const auto size = static_cast<double>(x.size());
    switch (fn) {
      case tensor::VariadicFn::min: return all_of(Function::min, Function::min, x);
      case tensor::VariadicFn::max: return all_of(Function::max, Function::max, x);
      case tensor::VariadicFn::sum: return all_of(Function::sum, Function::add, x);
      case tensor::VariadicFn::mean: break;
    }
    return expr::call(Function::divide, {all_of(Function::sum, Function::add, x), one(size)});
  }

  std::vector<Expr> row() {
    std::vector<Column> columns = columns_.of(node_.inputs[0]);
    std::vector<Expr> x;
    for (Column& c : columns) x.push_back(plain(c));
    return x;
  }

  std::vector<Column> reduced(tensor::ReduceFn fn) {
    const std::vector<Expr> x = row();
    const auto size = static_cast<double>(x.size());
    switch (fn) {
      case tensor::ReduceFn::sum: return {{kept(all_of(Function::sum, Function::add, x))}};
      case tensor::ReduceFn::mean:
        return {{kept(expr::call(Function::divide, {all_of(Function::sum, Function::add, x), one(size)}))}};
      case tensor::ReduceFn::max: return {{kept(all_of(Function::max, Function::max, x))}};
      case tensor::ReduceFn::min: return {{kept(all_of(Function::min, Function::min, x))}};
      case tensor::ReduceFn::prod: return {{kept(all_of(Function::product, Function::multiply, x))}};
      default: columns_.refuse(node_, fmt::format("with fn={}", enum_names(fn)[static_cast<size_t>(fn)]));
    }
  }

  std::vector<Column> softmax() {
    std::vector<Expr> x = row();
    for (Expr& e : x) e = field(e);
    const Expr most = field(all_of(Function::max, Function::max, x));
    std::vector<Expr> powers;
    for (const Expr& e : x) {
      Expr difference = call(Function::subtract, {e, most});
      if (fields_.can_miss(difference)) difference = field(difference);
      powers.push_back(field(call(Function::exp, {difference})));
    }
    const Expr sum = field(all_of(Function::sum, Function::add, powers));
    std::vector<Column> out;
    for (const Expr& e : powers) out.push_back({kept(call(Function::divide, {e, sum}))});
    return out;
  }

  std::vector<Column> clipped() {
    std::vector<Column> columns = columns_.of(node_.inputs[0]);
    const auto bound = [&](size_t i) -> std::optional<Expr> {
      if (i >= node_.inputs.size() || !node_.inputs[i].valid()) return std::nullopt;
      const std::vector<Column>& c = columns_.of(node_.inputs[i]);
      if (c.size() != 1 || c[0].body.kind != Expr::Kind::constant) columns_.refuse(node_, "with computed bounds");
      return c[0].body;
    };
    const std::optional<Expr> low = bound(1), high = bound(2);
    std::vector<Column> out;
    for (Column& c : columns) {
      const Expr x = plain(c);
      Expr e = x;
      if (low) e = expr::call(Function::max, {std::move(e), *low});
      if (high) e = expr::call(Function::min, {std::move(e), *high});
      out.push_back({kept(known(x, std::move(e)))});
    }
    return out;
  }

  // The label of the scores. Of one score that is missing it is the first class, as a NaN compares.
  std::vector<Column> labels(const ml::Labels& labels) {
    std::vector<Expr> x = row();
    if (labels.rule == ml::LabelRule::argmax) {
      for (Expr& e : x) e = field(e);
      const Expr most = field(all_of(Function::max, Function::max, x));
      Expr e = element(labels.classes, x.size() - 1);
      for (size_t k = x.size() - 1; k-- > 0;) {
        e = expr::call(Function::if_else, {expr::call(Function::equal, {x[k], most}), element(labels.classes, k), std::move(e)});
      }
      // A NaN counts as largest, the first one of several.
      for (size_t k = x.size(); k-- > 0;) {
        if (!fields_.can_miss(x[k])) continue;
        e = expr::call(Function::if_else, {expr::call(Function::is_missing, {x[k]}), element(labels.classes, k), std::move(e)});
      }
      return {{kept(std::move(e))}};
    }
    const Function f = labels.rule == ml::LabelRule::above ? Function::greater_than : Function::greater_or_equal;
    Expr test = expr::call(f, {x[0], one(labels.threshold)});
    Expr e = expr::call(Function::if_else, {std::move(test), element(labels.classes, 1), element(labels.classes, 0)});
    if (fields_.can_miss(x[0])) {
      e = expr::call(Function::if_else, {expr::call(Function::is_missing, {x[0]}), element(labels.classes, 0), std::move(e)});
    }
    return {{kept(std::move(e))}};
  }

  const Node& node_;
  Columns& columns_;
  Fields& fields_;
  const Location& place_;
  bool once_;
};

}  // namespace

std::vector<Column> tensor_columns(const Node& node, Columns& columns, bool once) {
  return Rules(node, columns, once).columns();
}

}  // namespace panmodel::pmml
