#include "formats/pickle/machine_impl.h"

#include <algorithm>
#include <cstring>

#include "base/number.h"
#include "base/text.h"
#include "formats/pickle/allowlist.h"

namespace panmodel::pickle {

Machine::Machine(Storage& storage, const ParseOptions& options, bool torch)
    : storage_(storage),
      options_(options),
      arena_(storage.arena),
      input_(storage.input.text()),
      torch_(torch) {}

Location Machine::here() const {
  Location loc(PickleLoc{"", op_at_, std::string(opcode_name(op_))});
  loc.file = options_.file;
  return loc;
}

uint64_t Machine::run(uint64_t from) {
  at_ = from;
  try {
    Value* root = run_stream();
    check_graph(root);
    storage_.root = root;
    return at_;
  } catch (Failure& f) {
    if (!f.diagnostic.location.known()) f.diagnostic.location = here();
    throw;
  }
}

Value* Machine::run_stream() {
  context_.start = at_;
  for (;;) {
    op_at_ = at_;
    op_ = 0;
    if (at_ == context_.frame_end) context_.frame_end = 0;
    if (at_ >= input_.size()) stop("pickle-truncated", "the file ends before STOP");
    op_ = static_cast<uint8_t>(input_[at_++]);
    if (++storage_.opcodes > options_.max_opcodes) {
      stop("pickle-limit-opcodes", "more than {} opcodes", options_.max_opcodes);
    }
    if (!step(op_)) break;
  }
  if (!context_.marks.empty()) stop("pickle-stack", "a MARK is left at STOP");
  if (context_.stack.empty()) stop("pickle-stack", "STOP finds no value");
  if (context_.stack.size() > 1) {
    stop("pickle-stack", "STOP leaves {} values on the stack", context_.stack.size() - 1);
  }
  if (context_.frame_end != 0 && context_.frame_end != at_) {
    op_at_ = context_.frame_at;
    op_ = static_cast<uint8_t>(input_[op_at_]);
    stop("pickle-frame", "the frame goes on behind STOP");
  }
  return context_.stack.back();
}

void Machine::refuse(Diagnostic refusal) const {
  if (options_.refusals == nullptr) throw Failure(std::move(refusal));
  constexpr size_t kMost = 1000;
  if (options_.refusals->list().size() >= kMost) {
    stop("pickle-limit-refusals", "more than {} refusals; the rest is not looked at", kMost);
  }
  options_.refusals->add(std::move(refusal));
}

const char* Machine::take(uint64_t size) {
  if (size > input_.size() - at_) {
    stop("pickle-truncated", "an argument of {} bytes, but {} are left", size, input_.size() - at_);
  }
  if (context_.frame_end != 0 && size > context_.frame_end - at_) {
    stop("pickle-frame", "the argument runs beyond its frame");
  }
  const char* from = input_.data() + at_;
  at_ += size;
  return from;
}

uint64_t Machine::take_length8() {
  const auto length = take_le<uint64_t>();
  if (length >> 63 != 0) stop("pickle-length", "a length of {}", length);
  return length;
}

std::string_view Machine::take_line() {
  const size_t end = input_.find('\n', at_);
  if (end == std::string_view::npos) stop("pickle-truncated", "a line without end");
  std::string_view line = input_.substr(at_, end - at_);
  take(line.size() + 1);
  return line;
}

Value* Machine::make(Kind kind) {
  Value* value = arena_.make<Value>();
  value->kind = kind;
  value->offset = op_at_;
  return value;
}

void Machine::push(Value* value) {
  if (context_.stack.size() >= options_.max_stack) {
    stop("pickle-limit-stack", "more than {} values on the stack", options_.max_stack);
  }
  context_.stack.push_back(value);
}

Value* Machine::top() {
  const size_t floor = context_.marks.empty() ? 0 : context_.marks.back();
  if (context_.stack.size() <= floor) {
    stop("pickle-stack", "{}",
         context_.marks.empty() ? "the stack is empty" : "a value is needed, but a MARK is there");
  }
  return context_.stack.back();
}

Value* Machine::pop() {
  Value* value = top();
  context_.stack.pop_back();
  return value;
}

std::span<Value*> Machine::above_mark() {
  if (context_.marks.empty()) stop("pickle-stack", "no MARK on the stack");
  return std::span<Value*>(context_.stack).subspan(context_.marks.back());
}

void Machine::drop_mark() {
  context_.stack.resize(context_.marks.back());
  context_.marks.pop_back();
}

void Machine::push_text(std::string_view text, bool py2) {
  Value* value = make(Kind::text);
  value->py2 = py2;
  value->u.s = {text.data(), text.size()};
  push(value);
}

void Machine::push_bytes(std::string_view bytes, bool bytearray) {
  Value* value = make(Kind::bytes);
  value->flag = bytearray;
  value->u.s = {bytes.data(), bytes.size()};
  push(value);
}

void Machine::push_long(std::string_view bytes) {
  if (bytes.size() > 8) {
    // Redundant sign bytes do not make a number big.
    const char sign = (bytes[7] & 0x80) != 0 ? '\xff' : '\0';
    const bool fits = bytes.substr(8).find_first_not_of(sign) == std::string_view::npos;
    if (!fits) {
      Value* value = make(Kind::big_integer);
      value->u.s = {bytes.data(), bytes.size()};
      push(value);
      return;
    }
    bytes = bytes.substr(0, 8);
  }
  uint64_t bits = !bytes.empty() && (bytes.back() & 0x80) != 0 ? UINT64_MAX : 0;
  if (!bytes.empty()) std::memcpy(&bits, bytes.data(), bytes.size());
  Value* value = make(Kind::integer);
  value->u.i = static_cast<int64_t>(bits);
  push(value);
}

void Machine::push_decimal(std::string_view text, bool is_long) {
  if (is_long && text.ends_with('L')) text.remove_suffix(1);
  if (!is_long && (text == "00" || text == "01")) {
    Value* value = make(Kind::boolean);
    value->flag = text == "01";
    push(value);
    return;
  }
  std::string_view digits = text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  // 4300 is the limit of CPython's int().
  if (digits.empty() || digits.size() > 4300 ||
      digits.find_first_not_of("0123456789") != std::string_view::npos) {
    stop("pickle-int", "\"{}\" is no decimal integer", printable(text, 40));
  }
  if (const auto number = parse_int(text)) {
    Value* value = make(Kind::integer);
    value->u.i = *number;
    push(value);
    return;
  }
  Value* value = make(Kind::big_integer);
  value->flag = true;
  value->u.s = {text.data(), text.size()};
  push(value);
}

uint64_t Machine::memo_index(std::string_view text) const {
  const auto index = parse_uint(text);
  if (!index || *index > UINT32_MAX) {
    stop("pickle-memo", "\"{}\" is no memo index", printable(text, 40));
  }
  return *index;
}

void Machine::memo_put(uint64_t index) {
  Value* value = top();
  Context& c = context_;
  // A dense table as long as it is mostly filled; anything else could cost 32 GiB for ten bytes.
  if (index < c.memo.size() || index <= 2 * c.memo_count + 1024) {
    if (index >= c.memo.size()) c.memo.resize(index + 1, nullptr);
    if (c.memo[index] == nullptr && !c.sparse.contains(index)) ++c.memo_count;
    c.memo[index] = value;
  } else {
    if (c.sparse.insert_or_assign(index, value).second) ++c.memo_count;
  }
}

void Machine::memo_get(uint64_t index) {
  const Context& c = context_;
  Value* value = index < c.memo.size() ? c.memo[index] : nullptr;
  if (value == nullptr) {
    const auto found = c.sparse.find(index);
    if (found != c.sparse.end()) value = found->second;
  }
  if (value == nullptr) stop("pickle-memo", "memo entry {} was never stored", index);
  push(value);
}

Value* Machine::tuple(std::span<Value* const> items) {
  Value* value = make(Kind::tuple);
  const Value** copy = arena_.make_array<const Value*>(items.size());
  for (size_t i = 0; i < items.size(); ++i) copy[i] = items[i];
  value->u.t = {copy, items.size()};
  return value;
}

namespace {
// As CPython: a value that cannot change, or an object, is hashable.
bool hashable(Kind kind) {
  return kind != Kind::list && kind != Kind::dict && kind != Kind::set && kind != Kind::array;
}
// " of module.Class", for messages about objects.
std::string class_of(const Value& value) {
  if (value.kind != Kind::object) return "";
  return fmt::format(" of {}.{}", value.object().cls->module, value.object().cls->name);
}
void append_to(Arena& arena, ItemList<const Value*>& list, std::span<Value* const> items) {
  for (Value* item : items) list.push(arena, item);
}
}  // namespace

void Machine::check_key(const Value& key) const {
  if (!hashable(key.kind) || (key.kind == Kind::bytes && key.flag)) {
    stop("pickle-type", "a {} cannot be a key", to_string(key.kind));
  }
}

void Machine::append(Value* to, std::span<Value* const> items) {
  if (to->kind == Kind::list) {
    append_to(arena_, *to->u.l, items);
  } else if (to->kind == Kind::object && to->u.o->cls->role == Role::sequence) {
    append_to(arena_, to->u.o->appended, items);
  } else if (!is_refused(*to)) {
    stop("pickle-type", "items are appended to a {}{}", to_string(to->kind), class_of(*to));
  }
}

void Machine::add_items(Value* to, std::span<Value* const> items) {
  if (is_refused(*to)) return;
  if (to->kind != Kind::set) stop("pickle-type", "items are added to a {}", to_string(to->kind));
  for (const Value* item : items) check_key(*item);
  append_to(arena_, *to->u.l, items);
}

void Machine::set_items(Value* to, std::span<Value* const> items) {
  ItemList<Pair>* pairs = nullptr;
  if (to->kind == Kind::dict) {
    pairs = to->u.d;
  } else if (to->kind == Kind::object && to->u.o->cls->role == Role::mapping) {
    pairs = &to->u.o->pairs;
  } else if (is_refused(*to)) {
    return;
  } else {
    stop("pickle-type", "items are set on a {}{}", to_string(to->kind), class_of(*to));
  }
  if (items.size() % 2 != 0) stop("pickle-stack", "a key without value");
  for (size_t i = 0; i < items.size(); i += 2) {
    check_key(*items[i]);
    pairs->push(arena_, Pair{items[i], items[i + 1]});
  }
}

void Machine::push_global(std::string_view module, std::string_view name) {
  auto& known = named_[{module, name}];
  if (known == nullptr) {
    Global* global = arena_.make<Global>();
    global->module = module;
    global->name = name;
    global->offset = op_at_;
    storage_.globals.push_back(global);
    std::optional<Role> role = find_allowed(module, name);
    if (role == Role::torch && !torch_) role.reset();
    if (!role) {
      refuse("pickle-global", "the pickle names {}.{}, which is not on the allow-list; nothing was "
             "imported or called", printable(module), printable(name));
    }
    global->role = role.value_or(Role::refused);
    known = make(Kind::global);
    known->u.g = global;
  }
  // The arena owns it; only this line changes it after it was made.
  ++const_cast<Global*>(known->u.g)->count;
  push(known);
}

}  // namespace panmodel::pickle
