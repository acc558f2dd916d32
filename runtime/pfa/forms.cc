// The special forms, all but paths and binary formats.
#include <algorithm>
#include <set>

#include "base/number.h"
#include "base/fail.h"
#include "ir/pfa/data.h"
#include "runtime/pfa/machine.h"

namespace panmodel::pfa {
namespace {

Value run_constant(Machine& m, const Step& s, Value*) { return m.constants[s.slot]; }

Value run_let(Machine& m, const Step& s, Value* frame) {
  for (size_t i = 0; i < s.parts.size(); ++i) frame[s.node->slots[i]] = m.eval(s.parts[i], frame);
  return {};
}
Value run_set(Machine& m, const Step& s, Value* frame) {
  if (s.parts.size() == 1) {
    frame[s.slot] = m.eval(s.parts[0], frame);
    return {};
  }
  Machine::Room values(m, s.parts.size());
  for (size_t i = 0; i < s.parts.size(); ++i) values.data()[i] = m.eval(s.parts[i], frame);
  for (size_t i = 0; i < s.parts.size(); ++i) frame[s.node->slots[i]] = std::move(values.data()[i]);
  return {};
}

Value run_block(Machine& m, const Step& s, Value* frame) {
  size_t n = s.parts.size();
  if (n == 0) return {};
  for (size_t i = 0; i + 1 < n; ++i) m.eval(s.parts[i], frame);
  return m.eval(s.parts[n - 1], frame);
}

Value run_call(Machine& m, const Step& s, Value* frame) {
  Machine::Room arguments(m, s.parts.size());
  for (size_t i = 0; i < s.parts.size(); ++i) {
    if (s.parts[i].run) arguments.data()[i] = m.eval(s.parts[i], frame);  // else a function
  }
  return m.call_site(m.sites[s.slot], arguments.all(), frame);
}

Value run_and(Machine& m, const Step& s, Value* frame) {
  return Value::boolean(m.eval(s.parts[0], frame).truth() && m.eval(s.parts[1], frame).truth());
}
Value run_or(Machine& m, const Step& s, Value* frame) {
  return Value::boolean(m.eval(s.parts[0], frame).truth() || m.eval(s.parts[1], frame).truth());
}

Value run_user_call(Machine& m, const Step& s, Value* frame) {
  if (s.slot == kEmit) {
    m.emit(m.eval(s.parts[0], frame));
    return {};
  }
  return m.call_user(s.slot, *s.node, [&](const Function& f, Value* into) {
    for (size_t i = 0; i < s.parts.size(); ++i) into[f.parameters[i]] = m.eval(s.parts[i], frame);
  });
}

Value run_dispatch(Machine& m, const Step& s, Value* frame) {
  uint32_t index = s.node->slots[m.eval(s.parts[0], frame).symbol()];
  const Type* given = nullptr;
  Value out = m.call_user(index, *s.node, [&](const Function& f, Value* into) {
    given = f.result;
    for (size_t i = 1; i < s.parts.size(); ++i) {
      into[f.parameters[i - 1]] =
          promote(m.eval(s.parts[i], frame), *s.node->parts[i].type, *f.parameter_types[i - 1]);
    }
  });
  return promote(std::move(out), *given, *s.node->type);
}

Value run_new_array(Machine& m, const Step& s, Value* frame) {
  Array items(s.parts.size());
  for (size_t i = 0; i < s.parts.size(); ++i) items[i] = m.eval(s.parts[i], frame);
  return Value::array(std::move(items));
}
Value run_new_record(Machine& m, const Step& s, Value* frame) {
  Array fields(s.parts.size());
  for (size_t i = 0; i < s.parts.size(); ++i) fields[i] = m.eval(s.parts[i], frame);
  return Value::record(s.node->type, std::move(fields));
}
Value run_new_map(Machine& m, const Step& s, Value* frame) {
  Map members;
  members.reserve(s.parts.size());
  for (size_t i = 0; i < s.parts.size(); ++i) members.set(s.node->names[i], m.eval(s.parts[i], frame));
  return Value::map(std::move(members));
}

Value run_condition(Machine& m, const Step& s, Value* frame) {
  size_t n = s.parts.size();
  bool complete = n % 2 == 1;  // ends in an "else"
  for (size_t i = 0; i + 1 < n; i += 2) {
    if (!m.eval(s.parts[i], frame).truth()) continue;
    Value out = m.eval(s.parts[i + 1], frame);
    return complete ? out : Value();
  }
  return complete ? m.eval(s.parts[n - 1], frame) : Value();
}

void run_parts(Machine& m, const Step& s, size_t first, Value* frame) {
  for (size_t i = first; i < s.parts.size(); ++i) m.eval(s.parts[i], frame);
}

Value run_while(Machine& m, const Step& s, Value* frame) {
  while (m.eval(s.parts[0], frame).truth()) run_parts(m, s, 1, frame);
  return {};
}
Value run_do_until(Machine& m, const Step& s, Value* frame) {
  do {
    run_parts(m, s, 1, frame);
  } while (!m.eval(s.parts[0], frame).truth());
  return {};
}
Value run_for(Machine& m, const Step& s, Value* frame) {
  for (m.eval(s.parts[0], frame); m.eval(s.parts[1], frame).truth(); m.eval(s.parts[2], frame)) {
    run_parts(m, s, 3, frame);
  }
  return {};
}
Value run_foreach(Machine& m, const Step& s, Value* frame) {
  Value array = m.eval(s.parts[0], frame);
  for (const Value& item : array.items()) {
    frame[s.slot] = item;
    run_parts(m, s, 1, frame);
  }
  return {};
}
Value run_forkey(Machine& m, const Step& s, Value* frame) {
  Value map = m.eval(s.parts[0], frame);
  for (const auto& [key, value] : map.members()) {
    frame[s.node->slots[0]] = Value::string(key);
    frame[s.node->slots[1]] = value;
    run_parts(m, s, 1, frame);
  }
  return {};
}

// Whether a value, all of it, is of a type that is narrower than its own.
bool conforms(const Value& value, const Type& type) {
  const Type* member = member_of(value, type);
  if (!member || member->kind != value.kind()) return false;
  if (member->named()) return member->name == value.type()->name;
  if (member->kind == Kind::array) {
    return std::all_of(value.items().begin(), value.items().end(),
                       [&](const Value& item) { return conforms(item, *member->element); });
  }
  if (member->kind == Kind::map) {
    return std::all_of(value.members().begin(), value.members().end(),
                       [&](const auto& entry) { return conforms(entry.second, *member->element); });
  }
  return true;
}

Value run_cast(Machine& m, const Step& s, Value* frame) {
  Value value = m.eval(s.parts[0], frame);
  const Type& have = *member_of(value, *s.node->parts[0].type);
  for (size_t i = 1; i < s.parts.size(); ++i) {
    const Type& as = *s.node->types[i - 1];
    if (!accepts(as, have) && !(accepts(have, as) && conforms(value, as))) continue;
    frame[s.node->slots[i - 1]] = promote(std::move(value), have, as);
    Value out = m.eval(s.parts[i], frame);
    return s.node->flag ? Value() : out;
  }
  return {};
}

Value run_if_not_null(Machine& m, const Step& s, Value* frame) {
  size_t n = s.node->slots.size();
  bool complete = s.parts.size() == n + 2;
  bool known = true;
  for (size_t i = 0; i < n; ++i) {
    Value value = m.eval(s.parts[i], frame);
    known = known && !value.is_null();
    frame[s.node->slots[i]] = std::move(value);
  }
  if (!known) return complete ? m.eval(s.parts[n + 1], frame) : Value();
  Value out = m.eval(s.parts[n], frame);
  return complete ? out : Value();
}

Value run_doc(Machine&, const Step&, Value*) { return {}; }

Value run_error(Machine&, const Step& s, Value*) {
  throw RuntimeError{s.node->names[0], s.node->code.value_or(0), true, s.node->code.has_value(), s.node->place};
}

bool caught(const Node& node, const RuntimeError& error) {
  if (node.names.empty() && node.codes.empty()) return true;
  return std::find(node.names.begin(), node.names.end(), error.message) != node.names.end() ||
         (error.coded && std::find(node.codes.begin(), node.codes.end(), error.code) != node.codes.end());
}
Value run_attempt(Machine& m, const Step& s, Value* frame) {
  try {
    return run_block(m, s, frame);
  } catch (const RuntimeError& error) {
    if (!caught(*s.node, error)) throw;
    return {};
  }
}

Value run_log(Machine& m, const Step& s, Value* frame) {
  std::vector<LogItem> items;
  for (size_t i = 0; i < s.parts.size(); ++i) {
    items.push_back({m.eval(s.parts[i], frame), s.node->parts[i].type});
  }
  if (m.engine->log) m.engine->log(s.node->names.empty() ? std::string_view() : s.node->names[0], items);
  return {};
}

}  // namespace

Value run_symbol(Machine&, const Step& s, Value* frame) { return frame[s.slot]; }

Value run_promotion(Machine& m, const Step& s, Value* frame) {
  return promote(m.eval(s.parts[0], frame), *s.from, *s.to);
}

bool has_floats(const Type& type) {
  std::set<const Type*> seen;
  std::vector<const Type*> pending = {&type};
  while (!pending.empty()) {
    const Type* t = pending.back();
    pending.pop_back();
    if (!t || !seen.insert(t).second) continue;
    if (t->kind == Kind::float32) return true;
    pending.push_back(t->element);
    pending.insert(pending.end(), t->members.begin(), t->members.end());
    for (const Field& f : t->fields) pending.push_back(f.type);
  }
  return false;
}
Value round_floats(Value value, const Type& type) {
  if (stack_low()) fail({}, "limit-depth", "values are nested too deep to be rounded");
  const Type* t = member_of(value, type);
  if (!t || !has_floats(*t)) return value;
  if (t->kind == Kind::float32) return Value::float32(static_cast<double>(round_nearest(value.real())));
  if (t->kind == Kind::map) {
    Map& members = value.edit_members();
    for (size_t i = 0; i < members.size(); ++i) {
      Value* item = members.edit(members[i].first);
      *item = round_floats(std::move(*item), *t->element);
    }
  } else if (t->kind == Kind::array || t->kind == Kind::record) {
    Array& items = value.edit_items();
    for (size_t i = 0; i < items.size(); ++i) {
      items[i] = round_floats(std::move(items[i]), t->kind == Kind::array ? *t->element : *t->fields[i].type);
    }
  }
  return value;
}
Value run_rounding(Machine& m, const Step& s, Value* frame) {
  return round_floats(m.eval(s.parts[0], frame), *s.node->type);
}

Value run_guarded(Machine& m, const Step& s, Value* frame) {
  if (stack_low()) return m.on_large_stack(*s.node, [&] { return m.eval(s.parts[0], frame); });
  return m.eval(s.parts[0], frame);
}

Step::Run form_of(Form form) {
  switch (form) {
    case Form::constant: return run_constant;
    case Form::symbol: return run_symbol;
    case Form::let: return run_let;
    case Form::set: return run_set;
    case Form::block: return run_block;
    case Form::call: return run_call;
    case Form::logical_and: return run_and;
    case Form::logical_or: return run_or;
    case Form::user_call: return run_user_call;
    case Form::dispatch: return run_dispatch;
    case Form::new_record: return run_new_record;
    case Form::new_array: return run_new_array;
    case Form::new_map: return run_new_map;
    case Form::attr: return run_attr;
    case Form::attr_to: return run_attr_to;
    case Form::cell: return run_cell;
    case Form::cell_to: return run_cell_to;
    case Form::pool: return run_pool;
    case Form::pool_to: return run_pool_to;
    case Form::pool_delete: return run_pool_delete;
    case Form::condition: return run_condition;
    case Form::while_loop: return run_while;
    case Form::do_until: return run_do_until;
    case Form::for_loop: return run_for;
    case Form::foreach_loop: return run_foreach;
    case Form::forkey_loop: return run_forkey;
    case Form::cast: return run_cast;
    case Form::upcast: return run_promotion;
    case Form::if_not_null: return run_if_not_null;
    case Form::pack: return run_pack;
    case Form::unpack: return run_unpack;
    case Form::doc: return run_doc;
    case Form::error: return run_error;
    case Form::attempt: return run_attempt;
    case Form::log: return run_log;
    case Form::field:  // within a path
    case Form::inline_function:
    case Form::user_reference:
    case Form::library_reference:
    case Form::fill: return nullptr;  // functions as arguments
  }
  return nullptr;
}

}  // namespace panmodel::pfa
