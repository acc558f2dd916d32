// Compiling and running expressions.
#include <cmath>
#include <limits>

#include "runtime/expr/call.h"

namespace panmodel::runtime {

using expr::Expr;
using expr::Function;
using expr::FunctionInfo;
using expr::MissingRule;
using expr::Scalar;
using expr::TypeRule;

namespace {

using Kernel = Datum (*)(Call&);
constexpr Kernel kKernels[] = {
#define PANMODEL_FUNCTION(name, ...) scalar::name,
#include "ir/expr/functions.def"
#undef PANMODEL_FUNCTION
};

std::shared_ptr<const void> prepare_call(const Expr& e) {
  switch (e.function) {
    case Function::replace:
    case Function::matches: return prepare_text(e);
    case Function::norm_continuous:
    case Function::discretize:
    case Function::map_values: return prepare_table(e);
    case Function::text_index: return prepare_text_index(e);
    default: return nullptr;
  }
}

}  // namespace

struct Program::Node {
  Expr::Kind kind = Expr::Kind::constant;
  expr::InvalidTreatment invalid = expr::InvalidTreatment::refuse;
  bool unknown = false;
  uint32_t input = 0;
  const FunctionInfo* info = nullptr;
  Datum constant;
  std::optional<Datum> map_missing_to, default_value;
  std::vector<Node> arguments;
  std::shared_ptr<const void> prepared;
};

Program::Node Program::compile(const Expr& e) {
  Node node;
  node.kind = e.kind;
  node.invalid = e.invalid;
  node.unknown = e.unknown;
  node.input = e.input;
  node.constant = Datum::of(e.constant);
  if (e.map_missing_to) node.map_missing_to = Datum::of(*e.map_missing_to);
  if (e.default_value) node.default_value = Datum::of(*e.default_value);
  if (e.kind != Expr::Kind::call) return node;
  node.info = &expr::info(e.function);
  node.arguments.reserve(e.arguments.size());
  for (const Expr& a : e.arguments) node.arguments.push_back(compile(a));
  node.prepared = prepare_call(e);
  return node;
}

Program::Program(const Expr& e) : root_(std::make_unique<const Node>(compile(e))) {}
Program::~Program() = default;

Datum Program::run(std::span<const Datum> inputs) const { return run(*root_, inputs); }

namespace {

// Kleene's tables: an argument that decides wins over one that is missing.
Datum kleene(bool decides, std::span<const Datum> arguments) {
  bool unknown = false;
  for (const Datum& a : arguments) {
    if (a.missing()) {
      unknown = true;
    } else if ((a.whole != 0) == decides) {
      return Datum::of(decides);
    }
  }
  return unknown ? Datum::none(Scalar::boolean) : Datum::of(!decides);
}

bool is_logic(Function f) { return f >= Function::logical_and && f <= Function::logical_not; }

// Whether an argument is what the function takes; a text that can be read as such is read here.
bool fits(const FunctionInfo& f, Datum& a) {
  if (f.type == TypeRule::numeric || f.type == TypeRule::mean) return a.is_number();
  Scalar wanted = Scalar::f64;
  if (is_logic(f.id)) {
    if (a.type == Scalar::boolean) return true;
    if (a.type != Scalar::string) return false;
    wanted = Scalar::boolean;
  } else if ((f.type != TypeRule::real && f.type != TypeRule::whole) || a.is_number()) {
    return true;
  }
  Datum read = convert(a, wanted);
  if (read.refused()) return false;
  a = std::move(read);
  return true;
}

// The result of a call whose arguments are known.
Datum apply(const FunctionInfo& f, bool unknown, std::span<Datum> arguments, const void* prepared) {
  Call call(f, arguments, prepared);
  bool any_missing = false, all_missing = true;
  for (Datum& a : arguments) {
    any_missing |= a.missing();
    all_missing &= a.missing();
    if (a.missing()) continue;
    if (!fits(f, a)) {
      return call.refuse("'{}' is no {}", to_text(a), is_logic(f.id) ? "boolean" : "number");
    }
  }
  if (unknown && f.id == Function::logical_and) return kleene(false, arguments);
  if (unknown && f.id == Function::logical_or) return kleene(true, arguments);
  const bool membership = f.id == Function::is_in || f.id == Function::is_not_in;
  if (any_missing) {
    switch (f.missing) {
      case MissingRule::refuse:
        if (!unknown) return call.refuse("an argument is missing");
        return Datum::none(f.type == TypeRule::boolean ? Scalar::boolean : Scalar::f64);
      case MissingRule::propagate: return Datum::none(call.common());
      case MissingRule::skip:
        if (all_missing) return Datum::none(Scalar::f64);
        break;
      case MissingRule::answer:
        if (unknown && membership && arguments[0].missing()) return Datum::none(Scalar::boolean);
        break;
    }
  }
  return kKernels[static_cast<size_t>(f.id)](call);
}

// A result that does not exist, by the treatment that the call asks for.
Datum treat(const FunctionInfo& f, expr::InvalidTreatment treatment, const Datum& value) {
  if (treatment == expr::InvalidTreatment::as_missing) return Datum::none(Scalar::f64);
  if (treatment == expr::InvalidTreatment::as_is && std::isnan(value.real)) {
    return Datum::of(std::numeric_limits<double>::quiet_NaN());
  }
  return Datum::refuse(fmt::format("{}: the result is no number, or no 32-bit integer", f.name));
}

}  // namespace

Datum Program::run(const Node& node, std::span<const Datum> inputs) {
  auto finish = [&](Datum value) {
    if (value.state == Datum::State::invalid) value = treat(*node.info, node.invalid, value);
    if (value.missing() && node.default_value) return *node.default_value;
    return value;
  };
  if (node.kind == Expr::Kind::constant) return node.constant;
  if (node.kind == Expr::Kind::input) {
    const Datum& cell = inputs[node.input];
    return cell.missing() && node.map_missing_to ? *node.map_missing_to : cell;
  }
  const Function function = node.info->id;
  if (function == Function::if_else) {
    Datum condition = run(node.arguments[0], inputs);
    if (condition.refused()) return finish(std::move(condition));
    if (condition.missing()) {
      if (node.map_missing_to) return *node.map_missing_to;
      if (node.unknown) return finish(Datum::none(Scalar::f64));
      return finish(Datum::refuse("if_else: the condition is missing"));
    }
    Datum truth = convert(condition, Scalar::boolean);
    if (truth.refused() || condition.is_number()) {
      return finish(Datum::refuse(fmt::format("if_else: '{}' is no boolean", to_text(condition))));
    }
    const size_t chosen = truth.whole != 0 ? 1 : 2;
    if (chosen >= node.arguments.size()) return finish(Datum::none(Scalar::f64));
    Datum value = run(node.arguments[chosen], inputs);
    if (value.missing() && node.map_missing_to) return *node.map_missing_to;
    return finish(std::move(value));
  }
  if (function == Function::first_known) {
    Datum value;
    for (const Node& a : node.arguments) {
      value = run(a, inputs);
      if (!value.missing()) break;
    }
    return finish(std::move(value));
  }
  // Most functions have few arguments: no allocation for these.
  constexpr size_t kFew = 4;
  Datum few[kFew];
  std::vector<Datum> many;
  std::span<Datum> arguments(few, std::min(node.arguments.size(), kFew));
  if (node.arguments.size() > kFew) {
    many.resize(node.arguments.size());
    arguments = many;
  }
  for (size_t i = 0; i < node.arguments.size(); ++i) {
    arguments[i] = run(node.arguments[i], inputs);
    if (arguments[i].refused()) return finish(std::move(arguments[i]));
    if (!arguments[i].missing()) continue;
    if (node.map_missing_to) return *node.map_missing_to;
    if (node.info->type == TypeRule::table) return Datum::none(Scalar::string);
  }
  return finish(apply(*node.info, node.unknown, arguments, node.prepared.get()));
}

}  // namespace panmodel::runtime
