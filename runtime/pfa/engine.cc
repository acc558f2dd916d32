#include "runtime/pfa/engine.h"

#include <algorithm>

#include "base/fail.h"
#include "base/json_writer.h"
#include "ir/pfa/data.h"
#include "runtime/pfa/machine.h"

namespace panmodel::pfa {
namespace {

// Puts the limits of an engine in force while one of its routines runs.
class Limits {
 public:
  explicit Limits(Machine& m) : outer_(meter().limit) {
    meter().limit = std::min(outer_, m.bytes_at_start + std::min(m.options.max_bytes, SIZE_MAX - m.bytes_at_start));
    m.steps = 0;
    m.depth = 0;
    m.step_limit = m.options.max_steps == 0 ? UINT64_MAX : m.options.max_steps;
  }
  ~Limits() { meter().limit = outer_; }
  Limits(const Limits&) = delete;
  Limits& operator=(const Limits&) = delete;

 private:
  size_t outer_;
};

template <class Set>
Value run_routine(Machine& m, const Routine& routine, const Step& body, const Set& set) {
  Machine::Room frame(m, std::max<size_t>(routine.frame, kPredefined));
  Value* f = frame.data();
  f[kName] = m.name;
  f[kInstance] = Value::int32(0);
  if (m.program->version) f[kVersion] = Value::int32(static_cast<int32_t>(*m.program->version));
  f[kMetadata] = m.metadata;
  f[kStarted] = Value::int64(m.started);
  f[kFinished] = Value::int64(m.finished);
  set(f);
  return m.eval(body, f);
}

// Runs a routine; cells and pools with "rollback" are restored when it fails.
template <class Run>
Value with_rollback(Machine& m, const Run& run) {
  if (!m.rollback) return run();
  std::vector<Value> cells = m.cells;
  std::vector<Map> pools = m.pools;
  try {
    return run();
  } catch (...) {
    for (size_t i = 0; i < cells.size(); ++i) {
      if (m.program->cells[i].rollback) m.cells[i] = std::move(cells[i]);
    }
    for (size_t i = 0; i < pools.size(); ++i) {
      if (m.program->pools[i].rollback) m.pools[i] = std::move(pools[i]);
    }
    throw;
  }
}

}  // namespace

Engine::Engine(std::shared_ptr<const Program> program, const EngineOptions& options, Diagnostics* notes)
    : machine_(std::make_unique<Machine>(std::move(program), options, notes)) {
  machine_->engine = this;
}
Engine::~Engine() = default;

void Engine::begin() {
  Limits limits(*machine_);
  run_routine(*machine_, machine_->program->begin, machine_->begin, [](Value*) {});
}

Value Engine::action(const Value& input) {
  Machine& m = *machine_;
  const Program& p = *m.program;
  Limits limits(m);
  Value out = with_rollback(m, [&] {
    ++m.started;
    return run_routine(m, p.action, m.action, [&](Value* frame) {
      frame[kInput] = m.rounds_input ? round_floats(input, *p.input) : input;
      frame[kTally] = m.tally;
    });
  });
  ++m.finished;
  if (p.method == Method::emit) return {};
  if (p.method == Method::fold) m.tally = out;
  return out;
}

void Engine::end() {
  Machine& m = *machine_;
  Limits limits(m);
  run_routine(m, m.program->end, m.end, [&](Value* frame) { frame[kTally] = m.tally; });
}

const Value& Engine::tally() const { return machine_->tally; }

Value Engine::merge(const Value& one, const Value& two) {
  Machine& m = *machine_;
  Limits limits(m);
  m.tally = with_rollback(m, [&] {
    return run_routine(m, m.program->merge, m.merge, [&](Value* frame) {
      frame[kTally] = one;
      frame[kTallyTwo] = two;
    });
  });
  return m.tally;
}

Value Engine::call(const Node& call, std::span<Value> arguments) {
  Limits limits(*machine_);
  return machine_->call_site(machine_->sites[call.slots[0]], arguments, nullptr);
}

const Program& Engine::program() const { return *machine_->program; }

const Value& Engine::cell(std::string_view name) const {
  const std::vector<Cell>& cells = machine_->program->cells;
  auto at = std::find_if(cells.begin(), cells.end(), [&](const Cell& c) { return c.name == name; });
  return machine_->cells[static_cast<size_t>(at - cells.begin())];
}
const Map& Engine::pool(std::string_view name) const {
  const std::vector<Pool>& pools = machine_->program->pools;
  auto at = std::find_if(pools.begin(), pools.end(), [&](const Pool& p) { return p.name == name; });
  return machine_->pools[static_cast<size_t>(at - pools.begin())];
}

std::string Engine::snapshot() const {
  const Program& p = *machine_->program;
  JsonEdits edits;
  for (size_t i = 0; i < p.cells.size(); ++i) {
    edits.replaced.emplace(p.cells[i].init->index(), encode(machine_->cells[i], *p.cells[i].type));
  }
  for (size_t i = 0; i < p.pools.size(); ++i) {
    std::string items = "{";
    for (const auto& [key, value] : machine_->pools[i]) {
      if (items.size() > 1) items += ", ";
      append_json_quoted(key, items);
      items += ": ";
      encode(value, *p.pools[i].type, {}, items);
    }
    items += '}';
    if (p.pools[i].init) {
      edits.replaced.emplace(p.pools[i].init->index(), std::move(items));
    } else {
      json::Ref pool = *p.document.root().find("pools")->find(p.pools[i].name);
      edits.added.emplace(pool.index(), "\"init\": " + items);
    }
  }
  std::string out;
  append_json(p.document.root(), out, edits);
  return out;
}

}  // namespace panmodel::pfa
