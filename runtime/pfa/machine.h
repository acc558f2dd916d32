#pragma once
// What runs inside an engine: the program as steps, each with the function that evaluates it, and the stack of
// frames. Only engine.cc and the forms see it.
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/stack.h"
#include "ir/pfa/binary.h"
#include "ir/pfa/program.h"
#include "ir/pfa/value.h"
#include "runtime/pfa/engine.h"
#include "runtime/pfa/library.h"

namespace panmodel::pfa {

struct Callable;

// A node made ready: promotions are steps of their own, indices and functions are resolved.
struct Step {
  using Run = Value (*)(Machine& machine, const Step& step, Value* frame);
  Run run = nullptr;
  const Node* node = nullptr;
  std::vector<Step> parts;
  uint32_t slot = 0;
  const Type* from = nullptr;  // of a promotion
  const Type* to = nullptr;
  std::shared_ptr<const Callable> callable;  // the new value of a path that is a function
};

// A place that calls a library function.
struct Site {
  LibraryFunction run = nullptr;                  // null: the evaluator has none
  const Node* node = nullptr;
  std::vector<std::shared_ptr<const Callable>> functions;  // parallel to the arguments; null: a value
  std::shared_ptr<const void> kept;               // Call::once
};

// A promotion, or none.
struct Promotion {
  const Type* from = nullptr;  // null: none
  const Type* to = nullptr;
};

// A function that is handed to another.
struct Callable {
  Form form = Form::inline_function;
  const Node* node = nullptr;
  uint32_t index = 0;                       // of the function, inline or of the document; of the site
  std::vector<Promotion> arguments;         // empty: none is promoted
  Promotion result;
  std::shared_ptr<const Callable> filled;   // fill
  std::vector<Step> fillings;
};

class Machine {
 public:
  Machine(std::shared_ptr<const Program> program, const EngineOptions& options, Diagnostics* notes);

  Value eval(const Step& step, Value* frame) {
    if (++steps > step_limit) out_of_steps(*step.node);
    return step.run(*this, step, frame);
  }
  void count_steps(uint64_t n, const Node& node);
  // Runs a function on values, which stay as they are. `frame`: of the inline function's surroundings.
  Value apply(const Callable& callable, std::span<Value> arguments, Value* frame);
  // Evaluates the body of a function of the document in a new frame that `fill` puts the arguments into.
  template <class Fill>
  Value call_user(uint32_t index, const Node& at, const Fill& fill) {
    if (stack_low()) return on_large_stack(at, [&] { return call_user(index, at, fill); });
    const Function& f = program->functions[index];
    Depth within(*this, at);
    Room frame(*this, f.frame);
    fill(f, frame.data());
    return eval(functions[index], frame.data());
  }
  // What `run` gives, on a stack that holds calls as deep as the limit allows; `at` is where there was no more room.
  Value on_large_stack(const Node& at, const std::function<Value()>& run);
  Value call_site(Site& site, std::span<Value> arguments, Value* frame);
  void emit(const Value& value);
  [[noreturn]] void out_of_steps(const Node& at) const;
  [[noreturn]] void too_deep(const Node& at) const;
  [[noreturn]] void fail_at(const Node& node, int64_t code, std::string_view message) const;
  Location place(const Node& node) const { return program->document.place(node.place); }

  std::shared_ptr<const Program> program;
  EngineOptions options;
  Engine* engine = nullptr;  // whose sinks are used
  std::vector<Value> constants;
  std::vector<Value> cells;
  std::vector<Map> pools;
  std::vector<Step> functions, inlines;  // bodies, parallel to those of the program
  std::vector<Site> sites;
  std::vector<std::vector<BinaryFormat>> formats;  // of "pack" and "unpack"
  Step begin, action, end, merge;
  bool rollback = false;     // some cell or pool has it
  bool rounds_input = false;  // strict, and the input has floats
  Value name, metadata;      // of the program
  Value tally;
  int64_t started = 0, finished = 0;
  std::mt19937_64 random;
  uint64_t steps = 0, step_limit = UINT64_MAX;
  uint32_t depth = 0;
  size_t bytes_at_start = 0;  // of the thread, when the engine was made

  // A run of values on the stack, null at first and given back in the reverse order.
  class Room {
   public:
    Room(Machine& machine, size_t n) : machine_(machine), chunk_(machine.chunk_), used_(machine.used_), n_(n) {
      values_ = machine.take_room(n);
    }
    ~Room() {
      for (size_t i = 0; i < n_; ++i) values_[i] = Value();
      machine_.chunk_ = chunk_;
      machine_.used_ = used_;
    }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    Value* data() const { return values_; }
    std::span<Value> all() const { return {values_, n_}; }

   private:
    Machine& machine_;
    size_t chunk_, used_, n_;
    Value* values_;
  };

 private:
  // One more call of a function of the document that has not returned.
  class Depth {
   public:
    Depth(Machine& machine, const Node& at) : machine_(machine) {
      if (machine.depth >= machine.options.max_call_depth) machine.too_deep(at);
      ++machine.depth;
    }
    ~Depth() { --machine_.depth; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    Machine& machine_;
  };
  Value* take_room(size_t n) {
    Array& chunk = chunks_[chunk_];
    if (chunk.size() - used_ < n) return next_chunk(n);
    Value* at = chunk.data() + used_;
    used_ += n;
    return at;
  }
  Value* next_chunk(size_t n);

  std::vector<Array> chunks_;
  size_t chunk_ = 0, used_ = 0;
  bool large_stack_ = false;  // runs on it
};

// Makes the steps of a program (compile.cc).
void compile(Machine& machine);

// Forms, each in the file that its line names.
Step::Run form_of(Form form);                                                // forms.cc
Value run_symbol(Machine& machine, const Step& step, Value* frame);
Value run_promotion(Machine& machine, const Step& step, Value* frame);
Value run_rounding(Machine& machine, const Step& step, Value* frame);        // strict: floats of the result
Value run_guarded(Machine& machine, const Step& step, Value* frame);         // nests deep: looks at the stack
// `value` with its floats rounded to 32 bits.
Value round_floats(Value value, const Type& type);
bool has_floats(const Type& type);
Value run_attr(Machine& machine, const Step& step, Value* frame);           // paths.cc
Value run_attr_to(Machine& machine, const Step& step, Value* frame);
Value run_cell(Machine& machine, const Step& step, Value* frame);
Value run_cell_to(Machine& machine, const Step& step, Value* frame);
Value run_pool(Machine& machine, const Step& step, Value* frame);
Value run_pool_to(Machine& machine, const Step& step, Value* frame);
Value run_pool_delete(Machine& machine, const Step& step, Value* frame);
Value run_pack(Machine& machine, const Step& step, Value* frame);           // binary.cc
Value run_unpack(Machine& machine, const Step& step, Value* frame);

}  // namespace panmodel::pfa
