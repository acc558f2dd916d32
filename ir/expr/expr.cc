#include "ir/expr/expr.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "base/diagnostic.h"
#include "base/fail.h"

namespace panmodel::expr {
namespace {

constexpr std::string_view kScalars[] = {"f64",    "f32",  "i64",  "boolean",
                                         "string", "date", "time", "date_time"};

const FunctionInfo kFunctions[] = {
#define PANMODEL_FUNCTION(name, pmml, least, most, type, missing, doc, example, result) \
  {Function::name, #name, pmml, least, most, TypeRule::type, MissingRule::missing, doc, example, result},
#include "ir/expr/functions.def"
#undef PANMODEL_FUNCTION
};

using Index = std::unordered_map<std::string_view, const FunctionInfo*>;

Index index_by(std::string_view FunctionInfo::*name) {
  Index index;
  for (const FunctionInfo& f : kFunctions) {
    if (!(f.*name).empty()) index.emplace(f.*name, &f);
  }
  return index;
}

const FunctionInfo* find_in(const Index& index, std::string_view name) {
  auto at = index.find(name);
  return at == index.end() ? nullptr : at->second;
}

bool fits(const Constant& c) {
  if (static_cast<size_t>(c.type) >= std::size(kScalars)) return false;
  if (c.is_missing()) return true;
  switch (c.type) {
    case Scalar::f64: return std::holds_alternative<double>(c.value);
    case Scalar::f32: {
      const double* v = std::get_if<double>(&c.value);
      return v != nullptr && (*v != *v || static_cast<double>(static_cast<float>(*v)) == *v);
    }
    case Scalar::boolean: return std::holds_alternative<bool>(c.value);
    case Scalar::string: return std::holds_alternative<std::string>(c.value);
    default: return std::holds_alternative<int64_t>(c.value);
  }
}

// Walks an expression that may be of any depth; `visit` is called with each part and its depth.
template <class Visit>
void walk(const Expr& e, Visit&& visit) {
  std::vector<std::pair<const Expr*, uint32_t>> open{{&e, 1}};
  while (!open.empty()) {
    auto [part, at] = open.back();
    open.pop_back();
    visit(*part, at);
    for (const Expr& a : part->arguments) open.emplace_back(&a, at + 1);
  }
}

// --- parameters of the table functions -------------------------------------------------------

class TableCheck {
 public:
  TableCheck(const Expr& e, const Location& loc) : e_(e), name_(info(e.function).name), loc_(loc) {}

  void run() const {
    bool wanted = true;
    switch (e_.function) {
      case Function::norm_continuous: norm_continuous(); break;
      case Function::discretize: discretize(); break;
      case Function::map_values: map_values(); break;
      case Function::text_index: text_index(); break;
      default: wanted = false; break;
    }
    if (!wanted && e_.table) bad("has parameters, it takes none");
  }

 private:
  [[noreturn]] void bad(std::string_view what) const {
    fail(loc_, "ir-expression", "{} {}", name_, what);
  }
  // The parameter as a vector of `size` elements (any size when negative) of one of the types.
  const Tensor& vector(std::string_view name, std::initializer_list<DType> types,
                       int64_t size = -1) const {
    const Tensor* t = e_.table ? e_.table->find(name) : nullptr;
    if (t == nullptr) bad(fmt::format("needs the parameter '{}'", name));
    if (t->rank() != 1 || std::find(types.begin(), types.end(), t->dtype()) == types.end() ||
        (size >= 0 && t->shape()[0] != size)) {
      std::string names;
      for (DType d : types) names += (names.empty() ? "" : " or ") + std::string(to_string(d));
      bad(fmt::format("needs the parameter '{}' as {}[{}]", name, names,
                      size < 0 ? "R" : std::to_string(size)));
    }
    return *t;
  }
  bool has(std::string_view name) const { return e_.table && e_.table->find(name) != nullptr; }
  // Fails for a parameter that is none of `known` and does not begin with `prefix`.
  void only(std::initializer_list<std::string_view> known, std::string_view prefix = {}) const {
    for (const auto& [name, value] : e_.table->parameters) {
      bool ok = std::find(known.begin(), known.end(), name) != known.end() ||
                (!prefix.empty() && name.starts_with(prefix));
      if (!ok) bad(fmt::format("takes no parameter '{}'", name));
    }
  }
  void one_of(std::string_view name, std::initializer_list<std::string_view> allowed) const {
    const std::string& found = vector(name, {DType::string}, 1).text(0);
    if (std::find(allowed.begin(), allowed.end(), found) == allowed.end()) {
      bad(fmt::format("has the unknown '{}' \"{}\"", name, found));
    }
  }

  void norm_continuous() const {
    const Tensor& orig = vector("orig", {DType::f64});
    vector("norm", {DType::f64}, orig.shape()[0]);
    one_of("outliers", {"as_is", "as_extreme_values", "as_missing_values"});
    only({"orig", "norm", "outliers"});
    if (orig.size() < 2) bad("needs two points or more");
    for (size_t i = 1; i < orig.size(); ++i) {
      if (!(orig.real(i - 1) < orig.real(i))) bad("needs its points in ascending order");
    }
  }
  void discretize() const {
    const int64_t bins = vector("left", {DType::f64}).shape()[0];
    vector("left_closed", {DType::boolean}, bins);
    vector("right", {DType::f64}, bins);
    vector("right_closed", {DType::boolean}, bins);
    vector("values", {DType::f64, DType::f32, DType::i64, DType::boolean, DType::string}, bins);
    only({"left", "left_closed", "right", "right_closed", "values"});
  }
  void map_values() const {
    const int64_t rows =
        vector("values", {DType::f64, DType::f32, DType::i64, DType::boolean, DType::string}).shape()[0];
    for (size_t k = 0; k < e_.arguments.size(); ++k) {
      vector(fmt::format("key{}", k),
             {DType::string, DType::f64, DType::f32, DType::i64, DType::boolean}, rows);
    }
    if (e_.table->parameters.size() != e_.arguments.size() + 1) {
      bad("takes the parameters 'values' and 'key0', 'key1' ..., one per argument");
    }
  }
  void text_index() const {
    if (has("word_re") == has("word_separator")) bad("needs either 'word_separator' or 'word_re'");
    vector(has("word_re") ? "word_re" : "word_separator", {DType::string}, 1);
    if (has("local_term_weights")) {
      one_of("local_term_weights", {"term_frequency", "binary", "logarithmic"});
    }
    if (has("count_hits")) one_of("count_hits", {"all_hits", "best_hits"});
    if (has("case_sensitive")) vector("case_sensitive", {DType::boolean}, 1);
    if (has("max_levenshtein")) {
      int64_t d = vector("max_levenshtein", {DType::i64}, 1).integer(0);
      if (d < 0) bad("needs 'max_levenshtein' as 0 or more");
    }
    size_t norms = 0;
    for (; has(fmt::format("norm{}_string", norms)); ++norms) {
      const int64_t rows = vector(fmt::format("norm{}_string", norms), {DType::string}).shape()[0];
      vector(fmt::format("norm{}_stem", norms), {DType::string}, rows);
      vector(fmt::format("norm{}_regex", norms), {DType::boolean}, rows);
      vector(fmt::format("norm{}_recursive", norms), {DType::boolean}, 1);
      vector(fmt::format("norm{}_case_sensitive", norms), {DType::boolean}, 1);
    }
    only({"word_re", "word_separator", "local_term_weights", "count_hits", "case_sensitive",
          "max_levenshtein"}, "norm");
  }

  const Expr& e_;
  std::string_view name_;
  const Location& loc_;
};

}  // namespace

std::span<const std::string_view> enum_names(Scalar) { return kScalars; }
std::string_view to_string(Scalar type) { return kScalars[static_cast<size_t>(type)]; }

std::optional<Scalar> parse_scalar(std::string_view name) {
  for (size_t i = 0; i < std::size(kScalars); ++i) {
    if (kScalars[i] == name) return static_cast<Scalar>(i);
  }
  return std::nullopt;
}

DType dtype_of(Scalar type) {
  switch (type) {
    case Scalar::f64: return DType::f64;
    case Scalar::f32: return DType::f32;
    case Scalar::boolean: return DType::boolean;
    case Scalar::string: return DType::string;
    default: return DType::i64;
  }
}

bool Constant::operator==(const Constant& o) const {
  const double *a = std::get_if<double>(&value), *b = std::get_if<double>(&o.value);
  if (a != nullptr && b != nullptr) {
    return type == o.type && std::bit_cast<uint64_t>(*a) == std::bit_cast<uint64_t>(*b);
  }
  return type == o.type && value == o.value;
}

std::span<const std::string_view> enum_names(InvalidTreatment) {
  static constexpr std::string_view names[] = {"refuse", "missing", "as_is"};
  return names;
}

std::span<const FunctionInfo> functions() { return kFunctions; }
const FunctionInfo& info(Function function) { return kFunctions[static_cast<size_t>(function)]; }

const FunctionInfo* find_function(std::string_view name) {
  static const Index index = index_by(&FunctionInfo::name);
  return find_in(index, name);
}

const FunctionInfo* find_pmml_function(std::string_view name) {
  static const Index index = index_by(&FunctionInfo::pmml);
  const FunctionInfo* found = find_in(index, name);
  // The tables are elements of their own, not functions that Apply can call.
  return found != nullptr && found->id >= Function::norm_continuous ? nullptr : found;
}

std::string_view to_string(TypeRule rule) {
  constexpr std::string_view kNames[] = {"numeric", "mean",   "real",     "whole", "f64",  "boolean",
                                         "integer", "string", "argument", "cast",  "table"};
  return kNames[static_cast<size_t>(rule)];
}

std::string_view to_string(MissingRule rule) {
  constexpr std::string_view kNames[] = {"refuse", "propagate", "skip", "answer"};
  return kNames[static_cast<size_t>(rule)];
}

const Tensor* Table::find(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return &value;
  }
  return nullptr;
}

bool Table::operator==(const Table& o) const {
  return std::equal(parameters.begin(), parameters.end(), o.parameters.begin(), o.parameters.end(),
                    [](const auto& a, const auto& b) {
                      return a.first == b.first && a.second.same_bits(b.second);
                    });
}

bool Expr::operator==(const Expr& o) const {
  bool tables = table == o.table || (table && o.table && *table == *o.table);
  return kind == o.kind && invalid == o.invalid && unknown == o.unknown && function == o.function &&
         input == o.input && constant == o.constant && tables &&
         map_missing_to == o.map_missing_to && default_value == o.default_value &&
         arguments == o.arguments;
}

Expr constant(Constant value) {
  Expr e;
  e.constant = std::move(value);
  return e;
}

Expr input(uint32_t index) {
  Expr e;
  e.kind = Expr::Kind::input;
  e.input = index;
  return e;
}

Expr call(Function function, std::vector<Expr> arguments, std::shared_ptr<const Table> table) {
  Expr e;
  e.kind = Expr::Kind::call;
  e.function = function;
  e.arguments = std::move(arguments);
  e.table = std::move(table);
  return e;
}

uint32_t depth(const Expr& e) {
  uint32_t deepest = 0;
  walk(e, [&](const Expr&, uint32_t at) { deepest = std::max(deepest, at); });
  return deepest;
}

uint64_t count_nodes(const Expr& e) {
  uint64_t count = 0;
  walk(e, [&](const Expr&, uint32_t) { ++count; });
  return count;
}

uint32_t inputs_used(const Expr& e) {
  uint32_t used = 0;
  walk(e, [&](const Expr& part, uint32_t) {
    if (part.kind == Expr::Kind::input) used = std::max(used, part.input + 1);
  });
  return used;
}

void validate(const Expr& e, uint32_t inputs, const Location& loc) {
  uint64_t nodes = 0;
  walk(e, [&](const Expr& part, uint32_t at) {
    if (at > kMaxDepth) {
      fail(loc, "ir-expression", "an expression is nested deeper than {} calls", kMaxDepth - 1);
    }
    if (++nodes > kMaxNodes) {
      fail(loc, "ir-expression", "an expression has more than {} parts", kMaxNodes);
    }
    if (!fits(part.constant) || (part.map_missing_to && !fits(*part.map_missing_to)) ||
        (part.default_value && !fits(*part.default_value))) {
      fail(loc, "ir-expression", "a constant of an expression does not fit its type");
    }
    if (part.kind != Expr::Kind::call) {
      if (!part.arguments.empty() || part.table) {
        fail(loc, "ir-expression", "a constant or an input has arguments");
      }
      if (part.kind == Expr::Kind::input && part.input >= inputs) {
        fail(loc, "ir-expression", "an expression uses input {} of {}", part.input, inputs);
      }
      return;
    }
    const FunctionInfo& f = info(part.function);
    if (part.arguments.size() < f.min_arguments || part.arguments.size() > f.max_arguments) {
      std::string wanted = f.max_arguments == f.min_arguments ? std::to_string(f.min_arguments)
                           : f.max_arguments == kAny
                               ? fmt::format("{} or more", f.min_arguments)
                               : fmt::format("{} to {}", f.min_arguments, f.max_arguments);
      fail(loc, "ir-expression", "{} has {} arguments, expected {}", f.name, part.arguments.size(),
           wanted);
    }
    TableCheck(part, loc).run();
  });
}

}  // namespace panmodel::expr
