// Scalers, imputers, thresholds, bins and products as derived fields.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/diagnostic.h"
#include "base/number.h"
#include "formats/pmml/write_columns.h"
#include "ir/op.h"
#include "ir/ops/impute.h"
#include "ir/ops/scale.h"

namespace panmodel::pmml {
namespace {

using expr::constant;
using expr::Expr;
using expr::Function;
using expr::Scalar;

class Rules {
 public:
  Rules(const Node& node, Columns& columns)
      : node_(node), columns_(columns), fields_(columns.fields()), place_(columns.place(node)) {}

  std::vector<Column> scaled(const ml::Scaler& scaler) {
    return each([&](FieldId x, size_t i) {
      Expr e = expr::input(x);
      const bool offset_last = scaler.form == ml::ScaleForm::multiply_add;
      const bool divide = scaler.form == ml::ScaleForm::subtract_divide;
      if (!scaler.offset.empty() && !offset_last)
        e = expr::call(Function::subtract, {e, constant(part(scaler.offset, i))});
      if (!scaler.scale.empty()) {
        e = expr::call(divide ? Function::divide : Function::multiply,
                       {e, constant(part(scaler.scale, i))});
      }
      if (!scaler.offset.empty() && offset_last)
        e = expr::call(Function::add, {e, constant(part(scaler.offset, i))});
      return named("scale", x, std::move(e));
    });
  }

  std::vector<Column> imputed(const ml::Impute& impute) {
    if (impute.fill.dtype() == DType::string) return imputed_text(impute);
    const std::vector<double> fill = impute.fill.reals();
    return each([&](FieldId x, size_t i) {
      Expr test = expr::call(Function::is_missing, {expr::input(x)});
      Expr e = expr::call(Function::if_else, {test, constant(part(fill, i)), expr::input(x)});
      if (impute.missing && !std::isnan(impute.missing->real(0))) {
        // A number that stands for a missing value; a missing cell is one too.
        Expr same =
            expr::call(Function::equal, {expr::input(x), constant(impute.missing->real(0))});
        Expr rest = expr::call(Function::if_else,
                               {std::move(same), constant(part(fill, i)), expr::input(x)});
        e = fields_[x].can_miss
                ? expr::call(Function::if_else, {test, constant(part(fill, i)), std::move(rest)})
                : std::move(rest);
      } else if (!fields_[x].can_miss) {
        return Column{expr::input(x)};
      }
      return named("impute", x, std::move(e));
    });
  }

  std::vector<Column> binarized(const ml::Binarize& binarize) {
    return each([&](FieldId x, size_t) {
      Expr above =
          expr::call(Function::greater_than, {expr::input(x), constant(binarize.threshold)});
      Expr e = expr::call(Function::if_else, {std::move(above), constant(1.0), constant(0.0)});
      return named("binarize", x, zero_where_missing(x, std::move(e)));
    });
  }

  // The number of edges that are at most x.
  std::vector<Column> binned(const ml::Discretize& bins) {
    size_t begin = 0;
    return each([&](FieldId x, size_t i) {
      const auto count = static_cast<size_t>(bins.counts[i]);
      constexpr double inf = std::numeric_limits<double>::infinity();
      std::vector<double> left{-inf}, right, values;
      double last = 0;
      // Of equal edges only the last begins a bin.
      for (size_t k = 0; k < count; ++k) {
        const double edge = bins.edges[begin + k];
        if (k + 1 < count && bins.edges[begin + k + 1] == edge) continue;
        values.push_back(last);
        right.push_back(edge);
        left.push_back(edge);
        last = static_cast<double>(k + 1);
      }
      values.push_back(last);
      right.push_back(inf);
      begin += count;
      if (values.size() == 1) return Column{constant(last)};
      std::vector<uint8_t> closed(values.size(), 1), open(values.size(), 0);
      auto table = std::make_shared<expr::Table>();
      const auto size = static_cast<int64_t>(values.size());
      table->parameters = {{"left", Tensor::vector(std::move(left))},
                           {"left_closed", Tensor::of_bools({size}, std::move(closed))},
                           {"right", Tensor::vector(std::move(right))},
                           {"right_closed", Tensor::of_bools({size}, std::move(open))},
                           {"values", Tensor::vector(values)}};
      Expr e = expr::call(Function::discretize, {expr::input(x)}, table);
      if (fields_[x].can_miss) e.map_missing_to = values.back();
      return named("bin", x, std::move(e));
    });
  }

  std::vector<Column> interpolated(const ml::Interpolate& line) {
    return each([&](FieldId x, size_t) {
      if (line.outside == ml::Outside::fail)
        columns_.refuse(node_, "that refuses what is outside its knots");
      if (line.x.size() == 1) {
        Expr level = constant(line.y[0]);
        if (line.outside == ml::Outside::nan) {
          Expr at = expr::call(Function::equal, {expr::input(x), constant(line.x[0])});
          level = expr::call(Function::if_else, {std::move(at), std::move(level)});
        }
        if (fields_[x].can_miss) {
          level = expr::call(
              Function::if_else,
              {expr::call(Function::is_not_missing, {expr::input(x)}), std::move(level)});
        }
        return named("interpolate", x, std::move(level));
      }
      auto table = std::make_shared<expr::Table>();
      table->parameters = {
          {"orig", Tensor::vector(line.x)},
          {"norm", Tensor::vector(line.y)},
          {"outliers",
           Tensor::vector(std::vector<std::string>{
               line.outside == ml::Outside::clamp ? "as_extreme_values" : "as_missing_values"})}};
      return named("interpolate", x,
                   expr::call(Function::norm_continuous, {expr::input(x)}, table));
    });
  }

  std::vector<Column> products(const ml::Polynomial& polynomial) {
    const std::vector<FieldId> x = columns_.fields_of(node_.inputs[0]);
    std::vector<Column> out;
    for (const std::vector<int64_t>& term : polynomial.terms) {
      if (term.empty()) {
        out.push_back({constant(1.0)});
        continue;
      }
      const auto factor = [&](size_t i) { return x.at(static_cast<size_t>(term[i])); };
      Expr e = expr::input(factor(0));
      std::string name = fields_[factor(0)].name;
      for (size_t i = 1; i < term.size(); ++i) {
        e = expr::call(Function::multiply, {std::move(e), expr::input(factor(i))});
        name += "*" + fields_[factor(i)].name;
      }
      if (term.size() == 1) {
        out.push_back({std::move(e)});
      } else {
        out.push_back({expr::input(fields_.derived(name, std::move(e), Scalar::f64, place_))});
      }
    }
    return out;
  }

  std::vector<Column> normalized(const ml::Normalize& normalize) {
    const std::vector<FieldId> x = columns_.fields_of(node_.inputs[0]);
    std::vector<Expr> parts;
    bool can_miss = false;
    for (FieldId f : x) {
      can_miss = can_miss || fields_[f].can_miss;
      parts.push_back(
          normalize.norm == ml::Norm::l2
              ? expr::call(Function::multiply, {expr::input(f), expr::input(f)})
              : missing_where_missing(expr::call(Function::abs, {expr::input(f)}), fields_));
    }
    // A sum or a maximum passes over what is missing; then the row has no norm.
    Expr norm = parts[0];
    if (normalize.norm == ml::Norm::max) {
      norm = expr::call(Function::max, parts);
      for (FieldId f : x) {
        if (fields_[f].can_miss) {
          norm =
              expr::call(Function::if_else,
                         {expr::call(Function::is_not_missing, {expr::input(f)}), std::move(norm)});
        }
      }
    } else if (can_miss) {
      for (size_t i = 1; i < parts.size(); ++i)
        norm = expr::call(Function::add, {std::move(norm), parts[i]});
    } else {
      norm = expr::call(Function::sum, parts);
    }
    if (normalize.norm == ml::Norm::l2) {
      if (can_miss)
        norm = expr::input(fields_.derived("squares", std::move(norm), Scalar::f64, place_));
      norm = missing_where_missing(expr::call(Function::sqrt, {std::move(norm)}), fields_);
    }
    const FieldId length = fields_.derived("norm", std::move(norm), Scalar::f64, place_);
    // A row without a length keeps its values.
    Expr small =
        normalize.smallest > 0
            ? expr::call(Function::less_than, {expr::input(length), constant(normalize.smallest)})
            : expr::call(Function::equal, {expr::input(length), constant(0.0)});
    Expr divisor =
        expr::call(Function::if_else, {std::move(small), constant(1.0), expr::input(length)});
    if (can_miss) {
      divisor = expr::call(
          Function::if_else,
          {expr::call(Function::is_not_missing, {expr::input(length)}), std::move(divisor)});
    }
    const FieldId by = fields_.derived("norm or 1", std::move(divisor), Scalar::f64, place_);
    return each([&](FieldId f, size_t) {
      return named("normalize", f, expr::call(Function::divide, {expr::input(f), expr::input(by)}));
    });
  }

 private:
  static double part(const std::vector<double>& values, size_t i) {
    return values.size() == 1 ? values[0] : values[i];
  }

  template <class Make>
  std::vector<Column> each(Make make) {
    const std::vector<FieldId> x = columns_.fields_of(node_.inputs[0]);
    std::vector<Column> out;
    for (size_t i = 0; i < x.size(); ++i) out.push_back(make(x[i], i));
    return out;
  }

  Column named(const char* what, FieldId x, Expr e) {
    if (e.kind == Expr::Kind::input) return {std::move(e)};
    return {expr::input(fields_.derived(fmt::format("{}({})", what, fields_[x].name), std::move(e),
                                        Scalar::f64, place_))};
  }

  Expr zero_where_missing(FieldId x, Expr e) const {
    if (!fields_[x].can_miss) return e;
    return expr::call(Function::if_else, {expr::call(Function::is_missing, {expr::input(x)}),
                                          constant(0.0), std::move(e)});
  }

  std::vector<Column> imputed_text(const ml::Impute& impute) {
    const std::vector<FieldId> x = columns_.fields_of(node_.inputs[0]);
    std::vector<Column> out;
    for (size_t i = 0; i < x.size(); ++i) {
      Expr fill = constant(impute.fill.text(impute.fill.size() == 1 ? 0 : i));
      Expr rest = expr::input(x[i]);
      if (impute.missing) {
        Expr same =
            expr::call(Function::equal, {expr::input(x[i]), constant(impute.missing->text(0))});
        rest = expr::call(Function::if_else, {std::move(same), fill, std::move(rest)});
      }
      Expr e = fields_[x[i]].can_miss
                   ? expr::call(Function::if_else,
                                {expr::call(Function::is_missing, {expr::input(x[i])}), fill, rest})
                   : rest;
      out.push_back({expr::input(fields_.derived(fmt::format("impute({})", fields_[x[i]].name),
                                                 std::move(e), Scalar::string, place_))});
    }
    return out;
  }

  const Node& node_;
  Columns& columns_;
  Fields& fields_;
  const Location& place_;
};

}  // namespace

std::vector<Column> scale_columns(const Node& node, Columns& columns) {
  Rules rules(node, columns);
  if (const auto* op = node.as<ml::Scaler>()) return rules.scaled(*op);
  if (const auto* op = node.as<ml::Impute>()) return rules.imputed(*op);
  if (const auto* op = node.as<ml::Binarize>()) return rules.binarized(*op);
  if (const auto* op = node.as<ml::Discretize>()) return rules.binned(*op);
  if (const auto* op = node.as<ml::Interpolate>()) return rules.interpolated(*op);
  if (const auto* op = node.as<ml::Polynomial>()) return rules.products(*op);
  if (const auto* op = node.as<ml::Normalize>()) return rules.normalized(*op);
  return {};
}

}  // namespace panmodel::pmml
