// Paths into values, cells and pools. What a path does not find is an error, also at its end: a new key of a
// map is not added (docs/pfa.md, "Paths").
#include "runtime/pfa/machine.h"

namespace panmodel::pfa {
namespace {

// Codes of PFA 0.8.1 section 5: no such index of an array, no such key of a map.
struct Codes {
  int array, map;
};
constexpr Codes kAttr{2000, 2001}, kAttrTo{2002, 2003}, kCell{2004, 2005}, kCellTo{2006, 2007}, kPool{2008, 2009},
    kPoolTo{2010, 2011};

// The part of `in` that a step of a path leads to.
const Value* find_part(const Value& in, const Step& step, const Value& key) {
  if (step.node->form == Form::field) return &in.items()[step.slot];
  if (in.is(Kind::map)) return in.members().find(key.text());
  auto i = static_cast<uint64_t>(key.whole());  // a negative one is beyond every array
  return i < in.items().size() ? &in.items()[i] : nullptr;
}
[[noreturn]] void missing(Machine& m, const Step& s, const Value& in, Codes codes) {
  if (in.is(Kind::map)) m.fail_at(*s.node, codes.map, "map key not found");
  m.fail_at(*s.node, codes.array, "array index not found");
}

Value part_of(Machine& m, const Step& s, size_t first, const Value* at, Value* frame, Codes codes) {
  for (size_t i = first; i < s.parts.size(); ++i) {
    const Step& step = s.parts[i];
    const Value* part = find_part(*at, step, step.run ? m.eval(step, frame) : Value());
    if (!part) missing(m, s, *at, codes);
    at = part;
  }
  return *at;
}

// Keys of the path of an update: the parts from `first` on.
void evaluate_path(Machine& m, const Step& s, size_t first, Value* frame, Value* keys) {
  for (size_t i = first; i < s.parts.size(); ++i) {
    if (s.parts[i].run) keys[i - first] = m.eval(s.parts[i], frame);
  }
}

// Puts a new value at the end of a path: `value`, or what the function gives for the old one.
void update(Machine& m, const Step& s, size_t first, const Value* keys, Value value, Value& root, Value* frame,
            Codes codes) {
  const Value* old = &root;
  for (size_t i = first; i < s.parts.size(); ++i) {
    const Value* part = find_part(*old, s.parts[i], keys[i - first]);
    if (!part) missing(m, s, *old, codes);
    old = part;
  }
  if (s.callable) {
    Value argument = *old;
    value = m.apply(*s.callable, std::span<Value>(&argument, 1), frame);
  }
  Value* at = &root;
  for (size_t i = first; i < s.parts.size(); ++i) {
    const Value& key = keys[i - first];
    if (s.parts[i].node->form == Form::field) {
      at = &at->edit_items()[s.parts[i].slot];
    } else if (at->is(Kind::map)) {
      at = at->edit_members().edit(key.text());
    } else {
      at = &at->edit_items()[static_cast<size_t>(key.whole())];
    }
  }
  *at = std::move(value);
}

Value new_value(Machine& m, const Step& s, size_t which, Value* frame) {
  return s.callable ? Value() : m.eval(s.parts[which], frame);
}

}  // namespace

Value run_attr(Machine& m, const Step& s, Value* frame) {
  if (s.parts[0].run == run_symbol) return part_of(m, s, 1, &frame[s.parts[0].slot], frame, kAttr);
  Value value = m.eval(s.parts[0], frame);
  return part_of(m, s, 1, &value, frame, kAttr);
}

Value run_attr_to(Machine& m, const Step& s, Value* frame) {
  Value root = m.eval(s.parts[0], frame);
  Machine::Room keys(m, s.parts.size() - 2);
  evaluate_path(m, s, 2, frame, keys.data());
  Value value = new_value(m, s, 1, frame);
  update(m, s, 2, keys.data(), std::move(value), root, frame, kAttrTo);
  return root;
}

Value run_cell(Machine& m, const Step& s, Value* frame) {
  if (s.parts.empty()) return m.cells[s.slot];
  Value cell = m.cells[s.slot];  // an index may be the result of a function that updates the cell
  return part_of(m, s, 0, &cell, frame, kCell);
}

Value run_cell_to(Machine& m, const Step& s, Value* frame) {
  Machine::Room keys(m, s.parts.size() - 1);
  evaluate_path(m, s, 1, frame, keys.data());
  Value value = new_value(m, s, 0, frame);
  update(m, s, 1, keys.data(), std::move(value), m.cells[s.slot], frame, kCellTo);
  return m.cells[s.slot];
}

Value run_pool(Machine& m, const Step& s, Value* frame) {
  Value key = m.eval(s.parts[0], frame);
  const Value* found = m.pools[s.slot].find(key.text());
  if (!found) m.fail_at(*s.node, kPool.map, "map key not found");
  Value item = *found;
  return part_of(m, s, 1, &item, frame, kPool);
}

Value run_pool_to(Machine& m, const Step& s, Value* frame) {
  Machine::Room keys(m, s.parts.size() - 2);
  evaluate_path(m, s, 2, frame, keys.data());
  Value value = new_value(m, s, 0, frame);
  Value init = m.eval(s.parts[1], frame);
  Map& pool = m.pools[s.slot];
  const std::string& key = keys.data()[0].text();
  if (Value* item = pool.edit(key)) {
    update(m, s, 3, keys.data() + 1, std::move(value), *item, frame, kPoolTo);
    return *item;
  }
  update(m, s, 3, keys.data() + 1, std::move(value), init, frame, kPoolTo);
  pool.set(key, init);
  return init;
}

Value run_pool_delete(Machine& m, const Step& s, Value* frame) {
  m.pools[s.slot].erase(m.eval(s.parts[0], frame).text());
  return {};
}

}  // namespace panmodel::pfa
