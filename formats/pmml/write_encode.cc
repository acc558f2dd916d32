// Categories as derived fields: codes, indicators, and inputs that must have a known value.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.h"
#include "base/number.h"
#include "formats/pmml/write_columns.h"
#include "ir/op.h"
#include "ir/ops/encode.h"
#include "ir/ops/table.h"

namespace panmodel::pmml {
namespace {

using expr::Constant;
using expr::constant;
using expr::Expr;
using expr::Function;
using expr::Scalar;

Constant at(const Tensor& values, size_t i) {
  switch (values.dtype()) {
    case DType::string: return values.text(i);
    case DType::boolean: return values.integer(i) != 0;
    case DType::f32:
    case DType::f64: return values.real(i);
    default: return values.integer(i);
  }
}

bool is_nan(const Tensor& values, size_t i) {
  return is_floating(values.dtype()) && std::isnan(values.real(i));
}

class Rules {
 public:
  Rules(const Node& node, Columns& columns)
      : node_(node), columns_(columns), fields_(columns.fields()), place_(columns.place(node)) {}

  std::vector<Column> mapped(const ml::LabelMap& map) {
    std::vector<Column> out;
    for (FieldId x : columns_.fields_of(node_.inputs[0])) {
      const Known known = categories(x, map, node_);
      auto table = std::make_shared<expr::Table>();
      table->parameters = {{"key0", known.keys}, {"values", known.values}};
      Expr e = expr::call(Function::map_values, {expr::input(x)}, table);
      if (map.fallback && !is_nan(*map.fallback, 0)) e.default_value = at(*map.fallback, 0);
      if (known.missing && !is_nan(*known.missing, 0)) e.map_missing_to = at(*known.missing, 0);
      const DType to = map.values.dtype();
      const Scalar type = to == DType::string    ? Scalar::string
                          : to == DType::boolean ? Scalar::boolean
                          : is_floating(to)      ? Scalar::f64
                                                 : Scalar::i64;
      const FieldId code =
          fields_.derived(fmt::format("code({})", fields_[x].name), std::move(e), type, place_);
      // Without a fallback a value that is no key was refused before; a fallback of NaN is missing.
      const bool unknown = map.fallback && is_nan(*map.fallback, 0);
      const bool missing = known.missing ? is_nan(*known.missing, 0) : false;
      fields_.at(code).can_miss = unknown || missing;
      out.push_back({expr::input(code)});
    }
    return out;
  }

  std::vector<Column> indicators(const ml::OneHot& one_hot) {
    const Node* maker = columns_.model().graph.producer(node_.inputs[0]);
    const auto* map = maker != nullptr ? maker->as<ml::LabelMap>() : nullptr;
    if (map == nullptr || !is_integer(map->values.dtype())) return of_numbers(one_hot);
    const std::vector<FieldId> x = columns_.fields_of(maker->inputs[0]);
    if (x.size() != 1) columns_.refuse(node_, "of several columns");
    const Known known = categories(x[0], *map, *maker);
    std::vector<Column> out;
    for (int64_t k = 0; k < one_hot.width; ++k) out.push_back({indicator(x[0], k, *map, known)});
    return out;
  }

  std::vector<Column> required() {
    for (size_t i = 1; i < node_.inputs.size(); ++i) {
      for (FieldId f : columns_.fields_of(node_.inputs[i])) refuse_missing(f, node_);
    }
    return columns_.of(node_.inputs[0]);
  }

 private:
  // The keys and values without a NaN key, and what stands for a missing value.
  struct Known {
    Tensor keys, values;
    std::optional<Tensor> missing;
  };

  Known categories(FieldId x, const ml::LabelMap& map, const Node& node) {
    refuse_wide(map.keys, columns_.place(node));
    refuse_wide(map.values, columns_.place(node));
    Known known{map.keys, map.values, map.missing_value ? map.missing_value : map.fallback};
    for (size_t i = 0; i < map.keys.size(); ++i) {
      if (!is_nan(map.keys, i)) continue;
      std::vector<double> keys = map.keys.reals();
      keys.erase(keys.begin() + static_cast<ptrdiff_t>(i));
      known.keys = Tensor::vector(std::move(keys));
      const auto without = [&](auto values) {
        const auto value = values[i];
        values.erase(values.begin() + static_cast<ptrdiff_t>(i));
        known.missing = Tensor::scalar(value);
        known.values = Tensor::vector(std::move(values));
      };
      if (map.values.dtype() == DType::f64) {
        without(map.values.reals());
      } else if (map.values.dtype() == DType::i64) {
        without(map.values.integers());
      } else {
        columns_.refuse(node, "with a NaN among its keys");
      }
      break;
    }
    if (!map.fallback) {
      restrict(x, known.keys, node);
      if (!known.missing) refuse_missing(x, node);
    }
    return known;
  }

  // The input that a field is, or that it is an imputed form of.
  FieldId source(FieldId x, const Node& node) {
    const WrittenField& field = fields_[x];
    if (field.origin == WrittenField::Origin::input) return x;
    const Expr& e = field.body;
    if (e.kind == Expr::Kind::call && e.function == Function::if_else && e.arguments.size() == 3 &&
        e.arguments[0].function == Function::is_missing &&
        e.arguments[2].kind == Expr::Kind::input) {
      return source(e.arguments[2].input, node);
    }
    fail(columns_.place(node), "pmml-write",
         "'{}' of a computed column refuses rows, which PMML can only say of an input",
         op_info(node.op).meta.name);
  }

  // Other values of the input refuse the row.
  void restrict(FieldId x, const Tensor& keys, const Node& node) {
    std::vector<std::string> values;
    for (size_t i = 0; i < keys.size(); ++i) values.push_back(text_at(keys, i));
    WrittenField& field = fields_.at(source(x, node));
    if (!field.values.empty() && field.values != values) {
      fail(columns_.place(node), "pmml-write", "two sets of known values of the input '{}'",
           field.name);
    }
    field.values = std::move(values);
  }

  void refuse_missing(FieldId x, const Node& node) {
    if (!fields_[x].can_miss) return;
    WrittenField& field = fields_.at(source(x, node));
    field.refuses_missing = true;
    field.can_miss = false;
  }

  // 1 where x is one of the keys of value k.
  Expr indicator(FieldId x, int64_t k, const ml::LabelMap& map, const Known& known) {
    std::vector<Expr> in{expr::input(x)}, others{expr::input(x)};
    std::string name;
    for (size_t i = 0; i < known.keys.size(); ++i) {
      const bool here = known.values.integer(i) == k;
      (here ? in : others).push_back(constant(at(known.keys, i)));
      if (here) name += (name.empty() ? "" : ",") + text_at(known.keys, i);
    }
    const bool rest = map.fallback && map.fallback->integer(0) == k;
    const bool missing = known.missing && known.missing->integer(0) == k;
    Expr e;
    if (rest && others.size() == 1) {
      if (missing || !fields_[x].can_miss) return constant(1.0);
      e = expr::call(Function::if_else, {expr::call(Function::is_missing, {expr::input(x)}),
                                         constant(0.0), constant(1.0)});
    } else if (rest || in.size() > 2) {
      Expr test = expr::call(rest ? Function::is_not_in : Function::is_in, rest ? others : in);
      e = expr::call(Function::if_else, {std::move(test), constant(1.0), constant(0.0)});
      if (rest != missing && fields_[x].can_miss) {
        e = expr::call(Function::if_else, {expr::call(Function::is_missing, {expr::input(x)}),
                                           constant(missing ? 1.0 : 0.0), std::move(e)});
      }
    } else if (in.size() == 2) {
      e = expr::call(Function::norm_discrete, in);
      if (fields_[x].can_miss) e.map_missing_to = missing ? 1.0 : 0.0;
    } else {
      if (!missing) return constant(0.0);
      e = expr::call(Function::if_else, {expr::call(Function::is_missing, {expr::input(x)}),
                                         constant(1.0), constant(0.0)});
    }
    if (rest) name = name.empty() ? "other" : name + ",other";
    if (name.empty()) name = "missing";
    return expr::input(fields_.derived(fmt::format("{}={}", fields_[x].name, name), std::move(e),
                                       Scalar::f64, place_));
  }

  std::vector<Column> of_numbers(const ml::OneHot& one_hot) {
    const std::vector<FieldId> x = columns_.fields_of(node_.inputs[0]);
    if (x.size() != 1) columns_.refuse(node_, "of several columns");
    std::vector<Column> out;
    for (int64_t k = 0; k < one_hot.width; ++k) {
      Expr e = expr::call(Function::norm_discrete,
                          {expr::input(x[0]), constant(static_cast<double>(k))});
      if (fields_[x[0]].can_miss) e.map_missing_to = 0.0;
      out.push_back({expr::input(fields_.derived(fmt::format("{}={}", fields_[x[0]].name, k),
                                                 std::move(e), Scalar::f64, place_))});
    }
    return out;
  }

  const Node& node_;
  Columns& columns_;
  Fields& fields_;
  const Location& place_;
};

}  // namespace

void refuse_wide(const Tensor& values, const Location& place) {
  if (values.dtype() != DType::i64) return;
  for (int64_t v : values.integers()) {
    if (v != static_cast<int32_t>(v))
      fail(place, "pmml-write", "the integer {} has more than the 32 bits of PMML's integers", v);
  }
}

std::vector<Column> encode_columns(const Node& node, Columns& columns) {
  Rules rules(node, columns);
  if (const auto* op = node.as<ml::LabelMap>()) return rules.mapped(*op);
  if (const auto* op = node.as<ml::OneHot>()) return rules.indicators(*op);
  if (node.as<table::Require>()) return rules.required();
  return {};
}

}  // namespace panmodel::pmml
