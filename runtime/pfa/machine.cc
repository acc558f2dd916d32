#include "runtime/pfa/machine.h"

#include <algorithm>

#include "base/fail.h"
#include "base/number.h"
#include "ir/pfa/data.h"

namespace panmodel::pfa {
namespace {

constexpr size_t kChunk = 4096;  // values
// Of a thread that goes on when the stack of the first is used up: 26 kB for each of 10,000 calls.
constexpr size_t kLargeStack = size_t{256} << 20;

uint64_t seed_of(const Program& program, const EngineOptions& options) {
  if (options.seed) return *options.seed;
  if (program.seed) return static_cast<uint64_t>(*program.seed);
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

// A part of a dotted symbol. An index beyond 64 bits is in no array.
Value word_of(const Constant& c) {
  if (c.type->kind == Kind::string) return Value::string(*c.word);
  return Value::int64(parse_int(*c.word).value_or(-1));
}

[[noreturn]] void refuse_source(const Program& program, std::string_view what, std::string_view name,
                                std::string_view source, const std::optional<json::Ref>& init) {
  fail(init ? init->place() : program.document.root().place(), "pfa-source",
       "the {} '{}' takes its value from a file (source '{}'), which is not read", what, name, source);
}

}  // namespace

Machine::Machine(std::shared_ptr<const Program> made, const EngineOptions& given, Diagnostics* notes)
    : program(std::move(made)), options(given), random(seed_of(*program, given)) {
  const Program& p = *program;
  chunks_.emplace_back(kChunk);
  name = Value::string(p.name);
  Map entries;
  for (const auto& [key, value] : p.metadata) entries.set(key, Value::string(value));
  metadata = Value::map(std::move(entries));
  rounds_input = options.strict && has_floats(*p.input);
  DecodeOptions data{.code = "pfa-initialization", .round_floats = options.strict, .notes = notes};
  for (const Cell& c : p.cells) {
    if (!c.source.empty()) refuse_source(p, "cell", c.name, c.source, c.init);
    cells.push_back(decode(*c.init, *c.type, data));
    rollback = rollback || c.rollback;
  }
  for (const Pool& pool : p.pools) {
    if (!pool.source.empty()) refuse_source(p, "pool", pool.name, pool.source, pool.init);
    Map items;
    if (pool.init) {
      for (auto [key, value] : pool.init->members()) {
        if (key.text() != "@") items.set(key.text(), decode(value, *pool.type, data));
      }
    }
    pools.push_back(std::move(items));
    rollback = rollback || pool.rollback;
  }
  if (p.method == Method::fold) tally = decode(*p.zero, *p.output, data);
  data.code = "pfa-semantic";
  for (const Constant& c : p.constants) {
    data.base64 = c.base64;
    constants.push_back(c.word ? word_of(c) : decode(c.value, *c.type, data));
  }
  compile(*this);
  bytes_at_start = meter().used;
}

Value* Machine::next_chunk(size_t n) {
  if (chunk_ + 1 == chunks_.size()) chunks_.emplace_back(std::max(n, kChunk));
  if (chunks_[chunk_ + 1].size() < n) chunks_[chunk_ + 1] = Array(n);
  ++chunk_;
  used_ = n;
  return chunks_[chunk_].data();
}

void Machine::out_of_steps(const Node& at) const {
  fail(place(at), "limit-steps", "the call needs more than the {} steps that the limit allows", step_limit);
}
void Machine::too_deep(const Node& at) const {
  if (depth >= options.max_call_depth) {
    fail(place(at), "limit-depth", "functions call each other deeper than the {} levels that the limit allows",
         options.max_call_depth);
  }
  fail(place(at), "limit-depth", "expressions and calls are nested deeper than the stack of the thread allows");
}
void Machine::fail_at(const Node& node, int64_t code, std::string_view message) const {
  throw RuntimeError{std::string(message), code, false, true, node.place};
}

void Machine::count_steps(uint64_t n, const Node& at) {
  if (n > step_limit - std::min(steps, step_limit)) out_of_steps(at);
  steps += n;
}

void Machine::emit(const Value& value) {
  if (engine->emit) engine->emit(value);
}

Value Machine::on_large_stack(const Node& at, const std::function<Value()>& run) {
  if (large_stack_) too_deep(at);
  // The other thread goes on counting with the meter of this one.
  struct Handover {
    Meter& from;
    Meter& to;
    Handover(Meter& source, Meter& target) : from(source), to(target) { to = from; }
    ~Handover() { from = to; }
  };
  struct Mark {
    bool& set;
    explicit Mark(bool& flag) : set(flag) { set = true; }
    ~Mark() { set = false; }
  };
  Value out;
  Meter& outer = meter();
  Mark mark(large_stack_);
  const bool ran = on_new_stack(kLargeStack, [&] {
    Handover handover(outer, meter());
    out = run();
  });
  if (!ran) too_deep(at);
  return out;
}

Value Machine::call_site(Site& site, std::span<Value> arguments, Value* frame) {
  if (!site.run) {
    fail_help(place(*site.node), "pfa-function",
              fmt::format("the evaluator does not have the function '{}'", site.node->function->name),
              "rewrite the document without it, or run it with an engine that has it");
  }
  return site.run(Call(*this, *site.node, arguments, frame));
}

Value Machine::apply(const Callable& c, std::span<Value> arguments, Value* frame) {
  if (stack_low()) return on_large_stack(*c.node, [&] { return apply(c, arguments, frame); });
  count_steps(1, *c.node);
  auto argument = [&](size_t i) {
    if (c.arguments.empty() || !c.arguments[i].from) return arguments[i];
    return promote(arguments[i], *c.arguments[i].from, *c.arguments[i].to);
  };
  Value out;
  switch (c.form) {
    case Form::inline_function: {
      const Function& f = program->inlines[c.index];
      for (size_t i = 0; i < f.parameters.size(); ++i) frame[f.parameters[i]] = argument(i);
      out = eval(inlines[c.index], frame);
      break;
    }
    case Form::user_reference:
      if (c.index == kEmit) {
        emit(argument(0));
        break;
      }
      out = call_user(c.index, *c.node, [&](const Function& f, Value* into) {
        for (size_t i = 0; i < f.parameters.size(); ++i) into[f.parameters[i]] = argument(i);
      });
      break;
    case Form::library_reference: {
      Room copies(*this, arguments.size());
      for (size_t i = 0; i < arguments.size(); ++i) copies.data()[i] = argument(i);
      out = call_site(sites[c.index], copies.all(), frame);
      break;
    }
    default: {  // fill
      const std::vector<uint32_t>& from = c.node->slots;
      Room all(*this, from.size());
      for (size_t i = 0; i < from.size(); ++i) {
        all.data()[i] = from[i] < kFree ? eval(c.fillings[from[i]], frame) : argument(from[i] - kFree);
      }
      out = apply(*c.filled, all.all(), frame);
    }
  }
  return c.result.from ? promote(std::move(out), *c.result.from, *c.result.to) : out;
}

Value Call::apply(size_t i, std::span<Value> arguments) const {
  return machine_.apply(*machine_.sites[node_.slots[0]].functions[i], arguments, frame_);
}
void Call::fail(int code, std::string_view message) const { machine_.fail_at(node_, code, message); }
void Call::steps(uint64_t n) const { machine_.count_steps(n, node_); }
uint64_t Call::random() const { return machine_.random(); }
std::shared_ptr<const void>& Call::slot() const { return machine_.sites[node_.slots[0]].kept; }

}  // namespace panmodel::pfa
