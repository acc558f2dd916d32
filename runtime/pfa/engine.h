#pragma once
// Runs a program of PFA, one call after another, with the state of its cells and pools (PFA 0.8.1 section 2,
// "Scoring engine"). docs/pfa.md says what follows the specification and what the reference engine.
//
// It reads and writes nothing but values. An engine, and the values that it gives, belong to one thread at a
// time; a program may be shared by many engines.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/diagnostic.h"
#include "ir/pfa/program.h"
#include "ir/pfa/value.h"
#include "runtime/pfa/library.h"

namespace panmodel::pfa {

struct EngineOptions {
  uint64_t max_steps = 50'000'000;   // of one call, 0 = any number: expressions evaluated, and work in functions
  uint32_t max_call_depth = 10'000;  // of functions of the document
  size_t max_bytes = size_t{1} << 30;  // of values on this thread beyond those when the engine was made
  bool strict = false;               // a "float" is rounded to 32 bits, else it keeps a double
  std::optional<uint64_t> seed = {}; // of the random functions; else "randseed", else an arbitrary one
};

struct LogItem {
  Value value;
  const Type* type;
};

class Engine {
 public:
  // Decodes cells and pools. Fails "pfa-initialization" when one does not hold what its type says, "pfa-source"
  // for one whose value is in another file.
  explicit Engine(std::shared_ptr<const Program> program, const EngineOptions& options = {},
                  Diagnostics* notes = nullptr);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // A call throws RuntimeError for an error of the document, after which the engine may be used further: cells
  // and pools with "rollback" are as before the call. It throws Failure "limit-steps", "limit-depth" or
  // "limit-memory", and "pfa-function" when it comes to a function that the evaluator does not have.
  void begin();
  // Precondition: `input` is of program().input. The result is of program().output; null of an engine that emits.
  Value action(const Value& input);
  void end();

  // Engines that fold: what has been gathered so far, and two of such as one, which becomes what is gathered.
  const Value& tally() const;
  Value merge(const Value& one, const Value& two);

  // Called with what is emitted, of program().output, and what is logged.
  std::function<void(const Value&)> emit;
  std::function<void(std::string_view name_space, std::span<const LogItem> items)> log;

  // A library function of the program on values, as `call` would call it; none of them is a function.
  Value call(const Node& call, std::span<Value> arguments);

  const Program& program() const;
  const Value& cell(std::string_view name) const;  // precondition: there is one
  const Map& pool(std::string_view name) const;
  // The document with the present values of cells and pools as their "init": one line of JSON.
  std::string snapshot() const;

 private:
  std::unique_ptr<Machine> machine_;
};

}  // namespace panmodel::pfa
