#pragma once
// What the library functions of PFA are written against. A module is a table of rows
// {"a.sort", sort_array}; library.cc lists the modules. A function gets its arguments evaluated and
// promoted to the types of the signature that was chosen.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/fail.h"
#include "ir/pfa/program.h"
#include "ir/pfa/value.h"

namespace panmodel::pfa {

class Machine;

// An error of the running document, which "try" may catch: of a library function, with the code of
// the specification, or of the form "error".
struct RuntimeError {
  std::string message;   // "array out of range"
  int64_t code = 0;
  bool user = false;     // of the form "error"
  bool coded = true;     // "error" may have no code
  uint32_t place = 0;    // node of the document
};

// One call of a library function.
class Call {
 public:
  Call(Machine& machine, const Node& node, std::span<Value> arguments, Value* frame)
      : machine_(machine), node_(node), arguments_(arguments), frame_(frame) {}

  size_t size() const { return arguments_.size(); }
  const Value& operator[](size_t i) const { return arguments_[i]; }
  // Moves an argument out, so that it can be edited without a copy.
  Value take(size_t i) const { return std::move(arguments_[i]); }
  double real(size_t i) const { return arguments_[i].real(); }
  int64_t whole(size_t i) const { return arguments_[i].whole(); }
  bool truth(size_t i) const { return arguments_[i].truth(); }
  const std::string& text(size_t i) const { return arguments_[i].text(); }
  const Array& items(size_t i) const { return arguments_[i].items(); }
  const Map& members(size_t i) const { return arguments_[i].members(); }

  // Type of the result, and of parameter i after wildcards are known. Of a function parameter: kind
  // `function` with the types that it takes (members) and gives (element).
  const Type& type() const {
    return node_.type->kind == Kind::function ? *node_.type->element : *node_.type;
  }
  const Type& parameter(size_t i) const { return *node_.types[i]; }
  // Index of the signature that was chosen, in the order of functions.def.
  uint32_t signature() const { return node_.signature; }

  // Runs argument i, a function, on values.
  Value apply(size_t i, std::span<Value> arguments) const;
  Value apply(size_t i, Value a) const { return apply(i, std::span<Value>(&a, 1)); }
  Value apply(size_t i, Value a, Value b) const {
    Value both[] = {std::move(a), std::move(b)};
    return apply(i, both);
  }

  // A number in the type of the result. For an integer beyond it see fail().
  Value result(double v) const { return Value::number(type().kind, v); }
  // Stops with an error of the library, "PFA 0.8.1 function library": code, and what happened.
  [[noreturn]] void fail(int code, std::string_view message) const;
  // Counts work beyond one step per call, so that a limit stops long loops within a function.
  void steps(uint64_t n) const;
  // A generator that is seeded by the document ("randseed") or at random.
  uint64_t random() const;

  // Something derived from this place of the document (a pattern, a table of fields), made once.
  template <class T, class Make>
  const T& once(Make&& make) const {
    std::shared_ptr<const void>& kept = slot();
    if (!kept) kept = std::make_shared<const T>(make());
    return *static_cast<const T*>(kept.get());
  }

 private:
  std::shared_ptr<const void>& slot() const;
  Machine& machine_;
  const Node& node_;
  std::span<Value> arguments_;
  Value* frame_;  // of the caller, for inline functions
};

using LibraryFunction = Value (*)(const Call& call);

struct LibraryRow {
  std::string_view name;
  LibraryFunction run;
};

// By name; null when the evaluator does not have the function.
LibraryFunction find_implementation(std::string_view name);

// The modules, each in its own file.
std::span<const LibraryRow> array_library();      // a
std::span<const LibraryRow> bytes_library();      // bytes, enum, fixed
std::span<const LibraryRow> cast_library();       // cast
std::span<const LibraryRow> cluster_library();    // model.cluster
std::span<const LibraryRow> continuous_library(); // prob.dist
std::span<const LibraryRow> core_library();       // operators
std::span<const LibraryRow> discrete_library();   // prob.dist
std::span<const LibraryRow> histogram_library();  // stat.sample: histograms
std::span<const LibraryRow> impute_library();     // impute
std::span<const LibraryRow> interpolation_library();   // interp
std::span<const LibraryRow> linear_algebra_library();  // la
std::span<const LibraryRow> map_library();        // map
std::span<const LibraryRow> math_library();       // m, m.special, m.link, m.kernel
std::span<const LibraryRow> metric_library();     // metric
std::span<const LibraryRow> naive_library();      // model.naive
std::span<const LibraryRow> neighbor_library();   // model.neighbor
std::span<const LibraryRow> network_library();    // model.neural, model.svm
std::span<const LibraryRow> parse_library();      // parse
std::span<const LibraryRow> random_library();     // rand
std::span<const LibraryRow> regex_library();      // re
std::span<const LibraryRow> regression_library(); // model.reg
std::span<const LibraryRow> sample_library();     // stat.sample
std::span<const LibraryRow> string_library();     // s
std::span<const LibraryRow> test_library();       // stat.change, stat.test, what model.reg has of it
std::span<const LibraryRow> time_library();       // time
std::span<const LibraryRow> tree_library();       // model.tree

}  // namespace panmodel::pfa
