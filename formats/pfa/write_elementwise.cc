// Elementwise operators: scalars by themselves, vectors by a.map and a.zipmap.
#include <algorithm>
#include <functional>
#include <limits>

#include "formats/pfa/write_values.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pfa::writing {
namespace {

using tensor::BinaryFn;
using tensor::UnaryFn;
using tensor::VariadicFn;

constexpr size_t kFew = 3;  // items that are computed one by one
constexpr size_t kMostArrays = 4;  // that a.zipmap takes

class Elementwise {
 public:
  Elementwise(const Node& node, Values& values) : node_(node), values_(values), program_(values.program()) {}

  bool write() {
    if (const auto* op = node_.as<tensor::Unary>()) {
      return each([&](const std::vector<Ast>& x) { return unary(op->fn, x[0]); });
    }
    if (const auto* op = node_.as<tensor::Binary>()) {
      return each([&](const std::vector<Ast>& x) { return binary(op->fn, x[0], x[1]); });
    }
    if (const auto* op = node_.as<tensor::Variadic>()) {
      return each([&](const std::vector<Ast>& x) { return variadic(op->fn, x); });
    }
    if (same_branches(node_)) {
      Form same = values_.of(node_.inputs[1]);
      if (same.constant && same.width == 0) values_.refuse(node_, "of a constant matrix");
      values_.set(node_.outputs[0], std::move(same));
      return true;
    }
    if (node_.as<tensor::Where>() != nullptr) {
      return each([](const std::vector<Ast>& x) { return if_else(x[0], x[1], x[2]); });
    }
    if (node_.as<tensor::Clip>() != nullptr) {
      return each([&](const std::vector<Ast>& x) { return clip(x); });
    }
    return false;
  }

 private:
  using Body = std::function<Ast(const std::vector<Ast>&)>;

  // The items of the result, each by `body` of the items of the inputs.
  bool each(const Body& body) {
    Form f = form_of(values_.graph().type(node_.outputs[0]), node_, values_);
    std::vector<ValueId> inputs;
    for (ValueId v : node_.inputs) {
      if (v.valid()) inputs.push_back(v);
    }
    const auto* unary_op = node_.as<tensor::Unary>();
    if (unary_op != nullptr && unary_op->fn == UnaryFn::sigmoid) f.name = "probability";
    const bool one_by_one = f.width > 0 && f.width <= kFew;
    for (ValueId v : inputs) {
      const Form& in = values_.of(v);
      check_shape(v, in);
      f.may_miss = f.may_miss || in.may_miss;
    }
    f.may_miss = f.may_miss && f.type == "double";
    const auto* type = values_.graph().type(node_.outputs[0]).tensor();
    const bool round = type != nullptr && type->dtype == DType::f32 && node_.as<tensor::Where>() == nullptr;
    const Body rounded = !round ? body : Body([&](const std::vector<Ast>& x) { return program_.user_call("single", {body(x)}); });
    if (one_by_one) {
      std::vector<std::vector<Ast>> all;
      for (ValueId v : inputs) {
        // Items that the result names more than once are computed once.
        if (values_.of(v).vector || f.width == 1) {
          all.push_back(values_.items(v));
          if (twice(body)) {
            for (Ast& item : all.back()) item = values_.symbol(std::move(item), "value");
          }
        } else {
          all.push_back({values_.item_symbol(v)});
        }
      }
      for (size_t i = 0; i < f.width; ++i) {
        std::vector<Ast> arguments;
        for (const auto& items : all) arguments.push_back(items.size() == 1 ? items[0] : items.at(i));
        f.items.push_back(rounded(arguments));
      }
    } else {
      f.whole = mapped(inputs, f.type, rounded);
    }
    values_.set(node_.outputs[0], std::move(f));
    return true;
  }

  // Whether the body names its first argument more than once.
  bool twice(const Body& body) const {
    std::vector<Ast> marks(std::max<size_t>(node_.inputs.size(), 1), Ast("?"));
    return count(body(marks)) > marks.size();
  }
  static size_t count(const Ast& e) {
    size_t sum = e.is_symbol() && std::get<std::string>(e.v) == "?" ? 1 : 0;
    if (const auto* all = e.array()) {
      for (const Ast& a : *all) sum += count(a);
    } else if (const auto* members = std::get_if<Members>(&e.v)) {
      for (const auto& [name, value] : *members) sum += count(value);
    }
    return sum;
  }

  // Rows do not mix: a list of N values beside a matrix would pair each row with all of them.
  void check_shape(ValueId v, const Form& in) const {
    const TensorType* out = values_.graph().type(node_.outputs[0]).tensor();
    const TensorType* t = values_.graph().type(v).tensor();
    if (!in.constant && out != nullptr && t != nullptr && out->dims && t->dims && out->dims->size() != t->dims->size()) {
      values_.refuse(node_, "of inputs of different rank");
    }
    if (in.constant && in.constant->rank() == 2 && in.constant->shape()[0] != 1) values_.refuse(node_, "with a constant matrix");
  }

  // By a function of the items of those that are vectors; scalars and constants that are all the same it sees.
  Ast mapped(const std::vector<ValueId>& inputs, const std::string& type, const Body& body) {
    Asts arrays;
    std::vector<Parameter> parameters;
    std::vector<Ast> arguments;
    for (ValueId v : inputs) {
      const Form& in = values_.of(v);
      if (!in.vector) {
        arguments.push_back(values_.item_symbol(v));
        continue;
      }
      static constexpr const char* kNames[] = {"x", "y", "z", "w"};
      if (arrays.size() == kMostArrays) values_.refuse(node_, "of more than four arrays");
      const std::string name = program_.symbol(kNames[arrays.size()]);
      arrays.push_back(values_.array(v));
      parameters.push_back({name, in.type});
      arguments.emplace_back(name);
    }
    const char* library = arrays.size() == 1 ? "a.map" : "a.zipmap";
    arrays.push_back(function(std::move(parameters), type, {body(arguments)}));
    return call(library, std::move(arrays));
  }

  bool whole_numbers() const {
    const Form& in = values_.of(node_.inputs[0]);
    return in.type == "int" || in.type == "long";
  }

  Ast unary(UnaryFn fn, const Ast& x) {
    const Ast zero = whole_numbers() ? Ast(0) : Ast(0.0);
    switch (fn) {
      case UnaryFn::abs: return call("m.abs", {x});
      case UnaryFn::neg: return call("u-", {x});
      case UnaryFn::sign: return call("m.signum", {x});
      case UnaryFn::ceil: return call("m.ceil", {x});
      case UnaryFn::floor: return call("m.floor", {x});
      case UnaryFn::round: return call("m.rint", {x});
      case UnaryFn::exp: return program_.user_call("exp", {x});
      case UnaryFn::expm1: return if_else(call(">", {x, 709.782712893384}), real(std::numeric_limits<double>::infinity()), call("m.expm1", {x}));
      case UnaryFn::log: return call("m.ln", {x});
      case UnaryFn::log1p: return call("m.ln1p", {x});
      case UnaryFn::sqrt: return call("m.sqrt", {x});
      case UnaryFn::reciprocal: return call("/", {1.0, x});
      case UnaryFn::sigmoid: return program_.user_call("logistic", {x});
      case UnaryFn::tanh: return call("m.tanh", {x});
      case UnaryFn::sin: return call("m.sin", {x});
      case UnaryFn::cos: return call("m.cos", {x});
      case UnaryFn::atan: return call("m.atan", {x});
      case UnaryFn::erf: return call("m.special.erf", {x});
      case UnaryFn::relu: return call("max", {x, zero});
      case UnaryFn::logical_not: return call("!", {x});
      case UnaryFn::is_nan: return call("impute.isnan", {x});
      case UnaryFn::is_inf: return call("impute.isinf", {x});
      case UnaryFn::softplus: break;
    }
    // ln(1 + exp(x)) without overflow.
    return call("+", {call("max", {x, 0.0}), call("m.ln1p", {call("m.exp", {call("u-", {call("m.abs", {x})})})})});
  }

  Ast binary(BinaryFn fn, const Ast& a, const Ast& b) {
    switch (fn) {
      case BinaryFn::add: return call("+", {a, b});
      case BinaryFn::sub: return call("-", {a, b});
      case BinaryFn::mul: return call("*", {a, b});
      case BinaryFn::div: return call(whole_numbers() ? "//" : "/", {a, b});
      case BinaryFn::pow: return call("**", {a, b});
      case BinaryFn::mod: return call("%", {a, b});
      case BinaryFn::fmod: return call("%%", {a, b});
      // PFA's order has NaN above all numbers and equal to itself.
      case BinaryFn::equal: return compared("==", a, b, 2);
      case BinaryFn::less: return compared("<", a, b, 1);
      case BinaryFn::less_or_equal: return compared("<=", a, b, 1);
      case BinaryFn::greater: return compared(">", a, b, 0);
      case BinaryFn::greater_or_equal: return compared(">=", a, b, 0);
      case BinaryFn::logical_and: return call("&&", {a, b});
      case BinaryFn::logical_or: return call("||", {a, b});
      case BinaryFn::logical_xor: return call("^^", {a, b});
      case BinaryFn::bit_and: return call("&", {a, b});
      case BinaryFn::bit_or: return call("|", {a, b});
      case BinaryFn::bit_xor: return call("^", {a, b});
    }
    values_.refuse(node_, "by an unknown function");
  }

  // `upper`: the operand that as NaN would make it true, 2 = either.
  Ast compared(const char* test, const Ast& a, const Ast& b, size_t upper) {
    Ast e = call(test, {a, b});
    for (size_t i = 0; i < 2; ++i) {
      const bool concerned = values_.of(node_.inputs[i]).may_miss && (upper == i || upper == 2);
      if (concerned) e = call("&&", {call("!", {call("impute.isnan", {i == 0 ? a : b})}), std::move(e)});
    }
    return e;
  }

  Ast variadic(VariadicFn fn, const std::vector<Ast>& x) {
    Ast e = x[0];
    const char* operation = fn == VariadicFn::min ? "min" : fn == VariadicFn::max ? "max" : "+";
    for (size_t i = 1; i < x.size(); ++i) e = call(operation, {std::move(e), x[i]});
    if (fn == VariadicFn::mean) e = call("/", {std::move(e), static_cast<double>(x.size())});
    return e;
  }

  Ast clip(const std::vector<Ast>& x) {
    Ast e = x[0];
    size_t at = 1;
    for (size_t i = 1; i < node_.inputs.size(); ++i) {
      if (node_.inputs[i].valid()) e = call(i == 1 ? "max" : "min", {std::move(e), x[at++]});
    }
    // min and max follow PFA's order, where NaN is above all.
    if (values_.of(node_.inputs[0]).may_miss) e = if_else(call("impute.isnan", {x[0]}), x[0], std::move(e));
    return e;
  }

  const Node& node_;
  Values& values_;
  Program& program_;
};

}  // namespace

bool write_elementwise(const Node& node, Values& values) { return Elementwise(node, values).write(); }

}  // namespace panmodel::pfa::writing
