// Operators on columns whose cells may be missing: preparation, expressions, choices among results.
#include <algorithm>
#include <cmath>

#include "formats/pfa/write_expression.h"
#include "ir/ops/combine.h"
#include "ir/ops/expr.h"
#include "ir/ops/prepare.h"

namespace panmodel::pfa::writing {
namespace {

class Columns {
 public:
  Columns(const Node& node, Values& values) : node_(node), values_(values), program_(values.program()) {}

  bool write() {
    if (const auto* op = node_.as<table::Prepare>()) return prepare(*op);
    if (const auto* op = node_.as<expr::Map>()) return map(*op);
    if (const auto* op = node_.as<ml::Winner>()) return winner(*op);
    if (const auto* op = node_.as<table::Pick>()) return pick(*op);
    if (const auto* op = node_.as<ml::Combine>()) return combine(*op);
    return false;
  }

 private:
  bool set(Typed made, std::string name = {}) {
    Form f = scalar_form(std::move(made.type), std::move(made.e), std::move(name));
    f.nullable = f.may_miss = made.nullable;
    values_.set(node_.outputs[0], std::move(f));
    return true;
  }
  bool is_single(ValueId v) const {
    const Type& type = values_.graph().type(v);
    return type.column() != nullptr ? type.column()->dtype == DType::f32 : type.tensor()->dtype == DType::f32;
  }

  // A scalar in which NaN is a missing value.
  Typed column(ValueId v) {
    const Form& f = values_.of(v);
    if (f.vector) values_.refuse(node_, "of several columns");
    Typed made{values_.item(v, false), f.type, f.nullable};
    if (!f.nullable && f.may_miss && f.type == "double") {
      made = {program_.user_call("numberOrNull", {std::move(made.e)}), "double", true};
    }
    return made;
  }

  // Null where a mask is not true.
  Typed masked(Typed made, ValueId mask) {
    Ast truth = defaulted(column(mask), false).e;
    return {if_else(std::move(truth), std::move(made.e), null_of(made.type)), made.type, true};
  }

  // Whether x is one of the values.
  Ast among(const Ast& x, const Tensor& list, const std::string& type) {
    if (list.size() == 1) return call("==", {x, element_of(list, 0)});
    Asts items;
    for (size_t i = 0; i < list.size(); ++i) {
      if (list.dtype() == DType::string) {
        items.emplace_back(list.text(i));
      } else {
        items.push_back(element_of(list, i));
      }
    }
    return call("a.contains", {Members{{"type", array_of(type)}, {"value", std::move(items)}}, x});
  }

  static void join(std::optional<Ast>& all, const char* with, Ast one) {
    all = all ? call(with, {std::move(*all), std::move(one)}) : std::move(one);
  }

  // Whether x is in none of the valid values and intervals, or is an invalid one; nothing when it never is.
  std::optional<Ast> invalid_test(const table::Prepare& op, const Ast& x, const std::string& type) {
    std::optional<Ast> good;
    if (!op.valid.empty()) good = among(x, op.valid, type);
    for (size_t i = 0; i < op.lower.size(); ++i) {
      std::optional<Ast> inside;
      if (std::isfinite(op.lower[i])) join(inside, "&&", call((op.closed[i] & 1) != 0 ? ">=" : ">", {x, op.lower[i]}));
      if (std::isfinite(op.upper[i])) join(inside, "&&", call((op.closed[i] & 2) != 0 ? "<=" : "<", {x, op.upper[i]}));
      join(good, "||", inside ? std::move(*inside) : Ast(true));
    }
    std::optional<Ast> bad;
    if (!op.invalid.empty()) bad = among(x, op.invalid, type);
    if (good) join(bad, "||", call("!", {std::move(*good)}));
    return bad;
  }

  bool prepare(const table::Prepare& op) {
    const ValueId v = node_.inputs[0];
    const Form from = values_.of(v);
    const bool outliers = op.outlier != table::OutlierCell::as_is && from.type != "string" && from.type != "boolean";
    const bool listed = !op.missing.empty();
    const bool checks = op.invalid_cell != table::InvalidCell::as_is && (!op.valid.empty() || !op.invalid.empty() || !op.lower.empty());
    if (!op.masked && !listed && !outliers && !checks && !op.missing_value && !op.refuse_missing) {
      Form same = from;
      if (same.may_miss && !same.nullable && same.type == "double" && !same.constant) return set(column(v));
      values_.set(node_.outputs[0], std::move(same));
      return true;
    }
    Ast missing = null_of(from.type);
    bool null_result = true;
    if (op.missing_value) {
      missing = element_of(*op.missing_value, 0);
      null_result = false;
    } else if (op.refuse_missing) {
      missing = Members{{"error", fmt::format("the field '{}' is missing", op.field)}};
      null_result = false;
    }
    Form plain = from;
    plain.single = false;
    std::swap(values_.of(v), plain);
    std::vector<Typed> cell{column(v)};
    values_.of(v).single = from.single;
    const bool can_miss = cell[0].nullable;
    const bool alone = !listed && !outliers && !checks;
    if (alone && !from.single && !op.masked) {
      if (!can_miss) return set(std::move(cell[0]));
      if (op.missing_value) return set(defaulted(std::move(cell[0]), std::move(missing)));
      return set({call("impute.errorOnNull", {std::move(cell[0].e)}), from.type, false});
    }
    if (!cell[0].nullable) cell[0].e = values_.symbol(std::move(cell[0].e), "cell");
    bool gaps = can_miss;
    Ast made = if_known(cell, program_, [&](std::vector<Typed>& known) {
      Ast x = std::move(known[0].e);
      std::optional<Ast> rounded;
      if (from.single) {
        rounded = program_.user_call("single", {std::move(x)});
        x = program_.symbol("v");
      }
      Asts cases;
      const auto add = [&](Ast test, Ast then) {
        cases.push_back(Members{{"if", std::move(test)}, {"then", branch(std::move(then))}});
      };
      if (listed) add(among(x, op.missing, from.type), missing);
      gaps = gaps || listed;
      std::optional<Ast> bad = invalid_test(op, x, from.type);
      if (bad) {
        switch (op.invalid_cell) {
          case table::InvalidCell::refuse:
            add(std::move(*bad), Members{{"error", fmt::format("the field '{}' has a value that it cannot have", op.field)}});
            break;
          case table::InvalidCell::as_is: if (outliers) add(std::move(*bad), x); break;
          case table::InvalidCell::as_missing:
            add(std::move(*bad), missing);
            gaps = true;
            break;
          case table::InvalidCell::as_value: add(std::move(*bad), element_of(*op.invalid_value, 0)); break;
        }
      }
      if (outliers) {
        const bool extreme = op.outlier == table::OutlierCell::as_extreme;
        gaps = gaps || !extreme;
        const auto bound = [&](double limit) {
          return from.type == "double" ? Ast(limit) : Ast(static_cast<int64_t>(limit));
        };
        if (std::isfinite(op.low)) add(call("<", {x, op.low}), extreme ? bound(op.low) : missing);
        if (std::isfinite(op.high)) add(call(">", {x, op.high}), extreme ? bound(op.high) : missing);
      }
      Ast body = x;
      if (!cases.empty()) body = Members{{"cond", std::move(cases)}, {"else", x}};
      if (!rounded) return body;
      return Ast(Members{{"do", Asts{Members{{"let", Members{{std::get<std::string>(x.v), std::move(*rounded)}}}}, std::move(body)}}});
    }, missing);
    Typed result{std::move(made), from.type, null_result && gaps};
    if (op.masked) result = masked(std::move(result), node_.inputs[1]);
    return set(std::move(result));
  }

  // A float that is not rounded yet: trees compare it with thresholds that allow for it.
  bool cast_to_single(const expr::Map& op) {
    Form f = values_.of(node_.inputs[0]);
    const bool plain = op.body.kind == expr::Expr::Kind::input && !op.body.map_missing_to && !op.masked;
    if (!plain || f.vector || f.constant || (f.type != "double" && f.type != "long" && f.type != "int")) return false;
    if (f.type != "double") {
      std::vector<Typed> one{column(node_.inputs[0])};
      f.items = {if_known(one, program_, [](std::vector<Typed>& v) { return call("cast.double", {std::move(v[0].e)}); }, null_of("double"))};
      f.type = "double";
    }
    f.single = true;
    values_.set(node_.outputs[0], std::move(f));
    return true;
  }

  // In another type of numbers.
  Typed converted(Typed made, const std::string& type) {
    if (made.type == type || (type == "long" && made.whole())) return made;
    std::vector<Typed> one{std::move(made)};
    const bool nullable_result = one[0].nullable;
    const std::string from = one[0].type;
    const bool real = type == "double", truth = from == "boolean";
    if (!(real && one[0].whole()) && !(truth && (real || type == "long"))) {
      values_.refuse(node_, fmt::format("that gives {} in place of {}", from, type));
    }
    Ast e = if_known(one, program_, [&](std::vector<Typed>& v) {
      if (truth) return if_else(std::move(v[0].e), real ? Ast(1.0) : Ast(1), real ? Ast(0.0) : Ast(0));
      return call("cast.double", {std::move(v[0].e)});
    }, null_of(type));
    return {std::move(e), type, nullable_result};
  }

  bool map(const expr::Map& op) {
    if (op.type == expr::Scalar::f32 && cast_to_single(op)) return true;
    std::vector<Typed> inputs;
    const size_t count = node_.inputs.size() - (op.masked ? 1 : 0);
    for (size_t i = 0; i < count; ++i) {
      Typed in = column(node_.inputs[i]);
      in.single = is_single(node_.inputs[i]);
      if (in.single && in.nullable && values_.of(node_.inputs[i]).single) {
        std::vector<Typed> one{std::move(in)};
        in = {if_known(one, program_, [&](std::vector<Typed>& v) { return program_.user_call("single", {std::move(v[0].e)}); }, null_of("double")),
              "double", true, true};
      }
      if (!in.e.is_symbol() && !values_.of(node_.inputs[i]).constant) in.e = program_.let("cell", std::move(in.e));
      inputs.push_back(std::move(in));
    }
    Typed made = written(op.body, inputs, node_, values_);
    const std::string type = type_of(expr::dtype_of(op.type));
    if (op.type >= expr::Scalar::date) values_.refuse(node_, fmt::format("of type {}", expr::to_string(op.type)));
    const bool round = op.type == expr::Scalar::f32 && !made.single;
    made = converted(std::move(made), type);
    if (round) {
      std::vector<Typed> one{std::move(made)};
      const bool nullable_result = one[0].nullable;
      made = {if_known(one, program_, [&](std::vector<Typed>& v) { return program_.user_call("single", {std::move(v[0].e)}); }, null_of("double")),
              "double", nullable_result};
    }
    if (op.masked) made = masked(std::move(made), node_.inputs.back());
    return set(std::move(made), "derived");
  }

  // NaN is the largest in PFA's order: the winner is one where any score is.
  bool winner(const ml::Winner& op) {
    const ValueId v = node_.inputs[0];
    const bool may_miss = values_.of(v).may_miss;
    const std::string type = type_of(op.classes.dtype());
    if (type.empty()) values_.refuse(node_, "of classes that PFA has no type for");
    const Ast scores = values_.array_symbol(v);
    Ast best = call("a.argmax", {scores});
    if (may_miss) best = values_.symbol(std::move(best), "best");
    Ast label = program_.tensor("classes", op.classes);
    std::get<Members>(label.v).emplace_back("path", Asts{best});
    if (!may_miss) return set({std::move(label), type, false});
    return set({if_else(call("impute.isnan", {element(scores, best)}), null_of(type), std::move(label)), type, true});
  }

  bool pick(const table::Pick& op) {
    const bool row = op.values.rank() == 2;
    if (is_single(node_.inputs[0])) values_.refuse(node_, "by an index in single precision");
    std::vector<Typed> index{column(node_.inputs[0])};
    const std::string type = type_of(op.values.dtype());
    if (type.empty()) values_.refuse(node_, "of values that PFA has no type for");
    const size_t width = row ? static_cast<size_t>(op.values.shape()[1]) : 1;
    Asts gaps;
    for (size_t k = 0; k < width; ++k) gaps.push_back(real(std::nan("")));
    const Ast none = row ? make_array(std::move(gaps), "double") : null_of(type);
    const bool holes = std::any_of(op.rows.begin(), op.rows.end(), [](int64_t r) { return r < 0; });
    const bool missing = index[0].nullable || holes;
    Ast made = if_known(index, program_, [&](std::vector<Typed>& known) {
      Ast place = known[0].type == "int" ? std::move(known[0].e) : call("cast.int", {std::move(known[0].e)});
      const auto at = [&](Ast cell, Ast i) {
        std::get<Members>(cell.v).emplace_back("path", Asts{std::move(i)});
        return cell;
      };
      if (op.rows.empty()) return at(program_.tensor("values", op.values), std::move(place));
      std::vector<int32_t> rows(op.rows.begin(), op.rows.end());
      Ast chosen = at(program_.tensor("rows", Tensor::vector(rows)), std::move(place));
      if (!holes) return at(program_.tensor("values", op.values), std::move(chosen));
      const std::string name = program_.symbol("row");
      return Ast(Members{{"do", Asts{Members{{"let", Members{{name, std::move(chosen)}}}},
                                     if_else(call("<", {name, 0}), none, at(program_.tensor("values", op.values), name))}}});
    }, none);
    if (!row) return set({std::move(made), type, missing});
    Form f = vector_form("double", width, std::move(made));
    if (width == 1) f = scalar_form("double", element(values_.symbol(std::move(*f.whole), "values"), 0));
    f.may_miss = missing;
    for (size_t i = 0; i < op.values.size(); ++i) f.may_miss = f.may_miss || std::isnan(op.values.real(i));
    values_.set(node_.outputs[0], std::move(f));
    return true;
  }

  // Sums and averages of all parts; a part that is missing makes the result missing, as NaN.
  bool combine(const ml::Combine& op) {
    const bool sum = op.method == ml::CombineMethod::sum, average = op.method == ml::CombineMethod::average;
    if (op.method == ml::CombineMethod::first) return first(op);
    if ((!sum && !average && op.method != ml::CombineMethod::median) || (op.method == ml::CombineMethod::median && !op.weights.empty())) {
      values_.refuse(node_, "by votes, by the largest or by a weighted median");
    }
    if (op.masked || op.missing != ml::MissingPart::propagate) values_.refuse(node_, "of parts that may take no part");
    if (op.dtype != DType::f64) values_.refuse(node_, "in single precision");
    const size_t width = values_.of(node_.inputs[0]).width;
    bool may_miss = false;
    std::vector<std::vector<Ast>> parts;
    for (ValueId v : node_.inputs) {
      may_miss = may_miss || values_.of(v).may_miss;
      parts.push_back(values_.items(v));
    }
    double weights = 0;
    for (size_t p = 0; p < parts.size(); ++p) weights += op.weights.empty() ? 1 : op.weights[p];
    std::vector<Ast> items;
    for (size_t k = 0; k < width; ++k) {
      Asts terms;
      for (size_t p = 0; p < parts.size(); ++p) {
        terms.push_back(op.weights.empty() ? parts[p][k] : call("*", {op.weights[p], parts[p][k]}));
      }
      Ast list = make_array(std::move(terms), "double");
      if (!sum && !average && may_miss) {
        // The median of numbers and NaN would be a number.
        list = values_.symbol(std::move(list), "parts");
        const std::string part = program_.symbol("part");
        Ast any = call("a.any", {list, function({{part, "double"}}, "boolean", {call("impute.isnan", {part})})});
        items.push_back(if_else(std::move(any), real(std::nan("")), call("a.median", {list})));
        continue;
      }
      Ast all = call(sum || average ? "a.sum" : "a.median", {std::move(list)});
      items.push_back(average ? call("/", {std::move(all), weights}) : std::move(all));
    }
    Form f = items_form("double", std::move(items));
    f.vector = values_.of(node_.inputs[0]).vector;
    f.may_miss = may_miss;
    values_.set(node_.outputs[0], std::move(f));
    return true;
  }

  // The first part that takes part and, unless its being missing counts, is there.
  bool first(const ml::Combine& op) {
    const size_t count = op.masked ? node_.inputs.size() / 2 : node_.inputs.size();
    if (op.missing != ml::MissingPart::propagate || !op.weights.empty()) values_.refuse(node_, "of parts that may take no part");
    const bool vector = values_.of(node_.inputs[0]).vector;
    if (vector) values_.refuse(node_, "of several columns");
    Typed made;
    for (size_t p = count; p-- > 0;) {
      Typed part = column(node_.inputs[p]);
      if (!op.masked) {
        made = std::move(part);
        continue;
      }
      Ast takes = defaulted(column(node_.inputs[count + p]), false).e;
      if (made.type.empty()) made = {null_of(part.type), part.type, true};
      if (made.type != part.type) values_.refuse(node_, "of parts of several types");
      made = {if_else(std::move(takes), std::move(part.e), std::move(made.e)), part.type, true};
    }
    return set(std::move(made));
  }

  const Node& node_;
  Values& values_;
  Program& program_;
};

}  // namespace

bool write_columns(const Node& node, Values& values) { return Columns(node, values).write(); }

}  // namespace panmodel::pfa::writing
