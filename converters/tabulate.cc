// Expressions over few values as tables. A column has few values when the model declares them; a
// function of text or of dates, which other formats lack, is then a table of its results.
#include <algorithm>
#include <map>

#include "converters/phases.h"
#include "ir/ops/combine.h"
#include "ir/ops/encode.h"
#include "ir/ops/expr.h"
#include "ir/ops/prepare.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::converters {
namespace {

using expr::Constant;
using expr::Expr;
using expr::Function;
using expr::Scalar;

constexpr size_t kMaxRows = size_t{1} << 14;

Constant constant_at(const Tensor& t, size_t i) {
  switch (t.dtype()) {
    case DType::string: return t.text(i);
    case DType::boolean: return t.integer(i) != 0;
    case DType::i64: return t.integer(i);
    case DType::f32: return {Scalar::f32, t.real(i)};
    default: return t.real(i);
  }
}

// Constants of one type, none missing, as a vector.
Tensor tensor_of(const std::vector<Constant>& values, DType dtype) {
  switch (dtype) {
    case DType::string: {
      std::vector<std::string> out;
      for (const Constant& c : values) out.push_back(std::get<std::string>(c.value));
      return Tensor::vector(std::move(out));
    }
    case DType::boolean: {
      std::vector<uint8_t> out;
      for (const Constant& c : values) out.push_back(std::get<bool>(c.value) ? 1 : 0);
      Shape shape{static_cast<int64_t>(out.size())};
      return Tensor::of_bools(std::move(shape), std::move(out));
    }
    case DType::i64: {
      std::vector<int64_t> out;
      for (const Constant& c : values) out.push_back(std::get<int64_t>(c.value));
      return Tensor::vector(std::move(out));
    }
    default: {
      std::vector<double> out;
      for (const Constant& c : values) out.push_back(std::get<double>(c.value));
      if (dtype == DType::f64) return Tensor::vector(std::move(out));
      return Tensor::vector(std::vector<float>(out.begin(), out.end()));
    }
  }
}

// Functions that work on texts, on the calendar, or by approximations of their own.
bool is_of_tables(Function f) {
  return (f >= Function::uppercase && f <= Function::date_seconds_since_midnight) ||
         (f >= Function::asin && f <= Function::atan2) || (f >= Function::erf && f <= Function::std_normal_idf) ||
         f == Function::text_index || f == Function::median;
}

class Tabulation {
 public:
  Tabulation(const Model& model, const ConvertOptions& options, Diagnostics& out)
      : model_(model), options_(options), out_(out), result_(without_graph(model)), builder_(result_),
        map_(model.graph.values.size()) {}

  Model run() {
    for (const Input& input : model_.inputs) {
      map_[input.value.v] = builder_.input(input.name, model_.graph.type(input.value), input.features);
    }
    for (const Node& node : model_.graph.nodes) add(node);
    for (const Output& o : model_.outputs) builder_.output(o.name, map_[o.value.v], o.role, o.keys);
    return std::move(result_);
  }

 private:
  void add(const Node& node) {
    const auto* map = node.as<expr::Map>();
    builder_.at(node.loc);
    if (map != nullptr && tabulate(node, *map)) return;
    std::vector<ValueId> inputs;
    for (ValueId v : node.inputs) inputs.push_back(v.valid() ? map_[v.v] : v);
    std::vector<ValueId> made;
    if (map != nullptr && has_constant_call(map->body)) {
      expr::Map folded = *map;
      fold(folded.body);
      made = builder_.add_all(std::move(folded), std::move(inputs));
    } else {
      made = builder_.copy(node, model_.graph, std::move(inputs));
    }
    for (size_t i = 0; i < made.size(); ++i) set(node, i, made[i]);
    learn(node);
  }

  // Calls of functions that other formats lack, of constants only, become constants.
  static bool is_constant_call(const Expr& e) {
    return e.kind == Expr::Kind::call && is_of_tables(e.function) && expr::inputs_used(e) == 0 &&
           expr::info(e.function).type == expr::TypeRule::real;
  }
  static bool has_constant_call(const Expr& e) {
    return is_constant_call(e) || std::any_of(e.arguments.begin(), e.arguments.end(), has_constant_call);
  }
  void fold(Expr& e) {
    for (Expr& a : e.arguments) fold(a);
    if (!is_constant_call(e)) return;
    auto result = options_.evaluate(expr::Map{Scalar::f64, e, false}, {{}})[0];
    if (result) e = expr::constant(std::move(*result));
  }

  void set(const Node& node, size_t output, ValueId made) {
    map_[node.outputs[output].v] = made;
    const std::string& name = model_.graph.value(node.outputs[output]).name;
    if (!name.empty()) builder_.name_value(made, name);
  }

  void learn(ValueId v, const Tensor& values) {
    std::vector<Constant>& all = values_[v];
    for (size_t i = 0; i < values.size(); ++i) all.push_back(constant_at(values, i));
  }

  // The values that a node's result may have, beside missing ones.
  void learn(const Node& node) {
    if (const auto* pick = node.as<table::Pick>(); pick != nullptr && pick->values.rank() == 1) {
      learn(node.outputs[0], pick->values);
    }
    if (const auto* winner = node.as<ml::Winner>()) learn(node.outputs[0], winner->classes);
    const auto* prepare = node.as<table::Prepare>();
    if (prepare == nullptr || prepare->outlier == table::OutlierCell::as_extreme) return;
    const bool declared = !prepare->valid.empty() && prepare->lower.empty() &&
                          prepare->invalid_cell != table::InvalidCell::as_is;
    auto known = values_.find(node.inputs[0]);
    if (!declared && known == values_.end()) return;
    std::vector<Constant> values = declared ? std::vector<Constant>() : known->second;
    if (declared) {
      for (size_t i = 0; i < prepare->valid.size(); ++i) values.push_back(constant_at(prepare->valid, i));
    }
    for (const std::optional<Tensor>* stand_in : {&prepare->invalid_value, &prepare->missing_value}) {
      if (*stand_in) values.push_back(constant_at(**stand_in, 0));
    }
    values_[node.outputs[0]] = std::move(values);
  }

  // Whether the expression is of those that other formats lack.
  bool asks(const Node& node, const expr::Map& map) const {
    return asks(node, map.body) || (is_text(node, map.body) && map.type != Scalar::string);
  }
  bool is_text(const Node& node, const Expr& e) const {
    if (e.kind != Expr::Kind::input) return false;
    const ColumnType* column = model_.graph.type(node.inputs[e.input]).column();
    return column != nullptr && column->dtype == DType::string;
  }
  bool asks(const Node& node, const Expr& e) const {
    if (e.kind != Expr::Kind::call) return false;
    if (is_of_tables(e.function)) return true;
    const bool reads = expr::info(e.function).type == expr::TypeRule::cast && e.function != Function::to_string;
    return std::any_of(e.arguments.begin(), e.arguments.end(),
                       [&](const Expr& a) { return asks(node, a) || (reads && is_text(node, a)); });
  }

  bool tabulate(const Node& node, const expr::Map& map) {
    const size_t count = node.inputs.size() - (map.masked ? 1 : 0);
    const uint32_t used = expr::inputs_used(map.body);
    std::vector<std::vector<Constant>> domains;
    size_t rows = 1;
    for (size_t k = 0; k < std::min<size_t>(count, used); ++k) {
      auto known = values_.find(node.inputs[k]);
      const Type& type = model_.graph.type(node.inputs[k]);
      if (known == values_.end() || type.column() == nullptr) return false;
      domains.push_back(distinct(known->second));
      rows *= domains.back().size() + 1;
      if (rows > kMaxRows) return false;
    }
    if (domains.empty()) return false;
    // Row r of the table: the digits of r, the first input's first; the last digit value is missing.
    std::vector<std::vector<Constant>> arguments(rows);
    for (size_t r = 0; r < rows; ++r) {
      size_t rest = r;
      for (const auto& domain : domains) {
        const size_t digit = rest % (domain.size() + 1);
        rest /= domain.size() + 1;
        arguments[r].push_back(digit < domain.size() ? domain[digit] : Constant::missing(Scalar::f64));
      }
    }
    const std::vector<std::optional<Constant>> results = options_.evaluate(map, arguments);
    std::vector<Constant> values;
    std::vector<int64_t> places;
    bool refuses = false;
    for (const auto& result : results) {
      refuses = refuses || !result;
      if (!result || result->is_missing()) {
        places.push_back(-1);
        continue;
      }
      auto found = std::find(values.begin(), values.end(), *result);
      places.push_back(found - values.begin());
      if (found == values.end()) values.push_back(*result);
    }
    values_[node.outputs[0]] = values;
    if (!asks(node, map) || values.empty()) return false;
    if (refuses) {
      out_.report(Severity::loss, model_.location(node.loc), "convert-refused-value",
                  "the source refuses a row for which the expression has no result; the target gives a missing value");
    }
    set(node, 0, looked_up(node, map, domains, values, std::move(places)));
    return true;
  }

  static std::vector<Constant> distinct(const std::vector<Constant>& values) {
    std::vector<Constant> out;
    for (const Constant& c : values) {
      if (std::find(out.begin(), out.end(), c) == out.end()) out.push_back(c);
    }
    return out;
  }

  ValueId looked_up(const Node& node, const expr::Map& map, const std::vector<std::vector<Constant>>& domains,
                    const std::vector<Constant>& values, std::vector<int64_t> places) {
    ValueId code;
    int64_t stride = 1;
    for (size_t k = 0; k < domains.size(); ++k) {
      const auto size = static_cast<int64_t>(domains[k].size());
      ml::LabelMap digits;
      std::vector<int64_t> numbers;
      for (int64_t i = 0; i < size; ++i) numbers.push_back(i * stride);
      digits.keys = tensor_of(domains[k], model_.graph.type(node.inputs[k]).column()->dtype);
      digits.values = Tensor::vector(std::move(numbers));
      digits.fallback = digits.missing_value = Tensor::scalar(size * stride);
      ValueId digit = builder_.add(std::move(digits), {map_[node.inputs[k].v]});
      code = code.valid() ? builder_.add(tensor::Binary{tensor::BinaryFn::add}, {code, digit}) : digit;
      stride *= size + 1;
    }
    table::Pick pick{std::move(places), tensor_of(values, expr::dtype_of(map.type))};
    ValueId result = builder_.add(std::move(pick), {code});
    if (!map.masked) return result;
    expr::Expr body = expr::input(0);
    if (map.type >= Scalar::date) {
      body = expr::call(map.type == Scalar::date   ? Function::to_date
                        : map.type == Scalar::time ? Function::to_time
                                                   : Function::to_date_time,
                        {std::move(body)});
    }
    return builder_.add(expr::Map{map.type, std::move(body), true}, {result, map_[node.inputs.back().v]});
  }

  const Model& model_;
  const ConvertOptions& options_;
  Diagnostics& out_;
  Model result_;
  Builder builder_;
  std::vector<ValueId> map_;
  std::map<ValueId, std::vector<Constant>> values_;  // of columns with few
};

}  // namespace

Model tabulate(const Model& model, const Target& target, const ConvertOptions& options, Diagnostics& out) {
  if (target.keeps_signature() || !options.evaluate) return model;
  return Tabulation(model, options, out).run();
}

}  // namespace panmodel::converters
