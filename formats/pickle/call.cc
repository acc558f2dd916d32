// Calls and states of allow-listed names. A call makes an inert value; nothing of Python runs.
#include <algorithm>
#include <iterator>
#include <string>

#include "base/text.h"
#include "formats/pickle/machine_impl.h"

namespace panmodel::pickle {

void Machine::bad_args(std::string_view what) const {
  stop("pickle-args", "{}", what);
}

Value* Machine::make_object(const Global& cls, std::span<const Value* const> args) {
  Value* value = make(Kind::object);
  value->u.o = arena_.make<Object>();
  value->u.o->cls = &cls;
  value->u.o->args = args;
  return value;
}

namespace {
constexpr Global kRefused{"", "refused", Role::refused, 0, 0};
}  // namespace

bool Machine::is_refused(const Value& value) {
  if (value.kind == Kind::global) return value.global().role == Role::refused;
  return value.kind == Kind::object && value.object().cls->role == Role::refused;
}

Value* Machine::refused_value() { return make_object(kRefused, {}); }

// Failures of the kind that `refuse` reports; limits and a broken stream end the run.
template <class F>
Value* Machine::or_refused(F&& body) {
  if (options_.refusals == nullptr) return body();
  try {
    return body();
  } catch (const Failure& f) {
    if (f.diagnostic.kind == CodeKind::limit) throw;
    refuse(f.diagnostic);
    return refused_value();
  }
}

Value* Machine::call(const Value& callee, const Value& args, const Value* keywords) {
  if (is_refused(callee)) return refused_value();
  return or_refused([&] { return call_allowed(callee, args, keywords); });
}

Value* Machine::call_allowed(const Value& callee, const Value& args_value, const Value* keywords) {
  if (callee.kind != Kind::global) stop("pickle-call", "a call of a {}", to_string(callee.kind));
  if (args_value.kind != Kind::tuple) {
    stop("pickle-type", "the arguments of a call are a {}", to_string(args_value.kind));
  }
  if (keywords != nullptr && keywords->kind != Kind::dict) {
    stop("pickle-type", "the keyword arguments of a call are a {}", to_string(keywords->kind));
  }
  const Global& global = callee.global();
  std::span<const Value* const> args = args_value.items();
  const bool plain_call = keywords == nullptr || keywords->pairs().empty();
  switch (global.role) {
    case Role::name:
      stop("pickle-call", "{}.{} may be named, but not called", global.module, global.name);
    case Role::cls:
      if (!args.empty() || !plain_call) {
        stop("pickle-args", "{}.{} is made without arguments", global.module, global.name);
      }
      return make_object(global, {});
    case Role::init:
    case Role::partial:
    case Role::sequence:
    case Role::torch: {
      Value* value = make_object(global, args);
      value->u.o->keywords = keywords;
      return value;
    }
    case Role::mapping: {
      Value* value = make_object(global, args);
      value->u.o->keywords = keywords;
      // OrderedDict([[key, value], ...]) of protocol 0 to 2.
      if (!args.empty() && args[0]->kind == Kind::list) {
        for (const Value* item : args[0]->items()) {
          if ((item->kind != Kind::list && item->kind != Kind::tuple) || item->items().size() != 2) {
            bad_args("a mapping is made of something else than pairs");
          }
          check_key(*item->items()[0]);
          value->u.o->pairs.push(arena_, Pair{item->items()[0], item->items()[1]});
        }
      }
      return value;
    }
    default: break;
  }
  if (!plain_call) stop("pickle-args", "{}.{} takes no keywords", global.module, global.name);
  switch (global.role) {
    case Role::encode_latin1: return encode_latin1(args);
    case Role::make_bytes: return make_bytes(args, global.name == "bytearray");
    case Role::make_set: return make_collection(Kind::set, args);
    case Role::make_frozenset: return make_collection(Kind::frozenset, args);
    case Role::make_list: return make_collection(Kind::list, args);
    case Role::make_tuple: return make_collection(Kind::tuple, args);
    case Role::make_dict: {
      if (!args.empty()) bad_args("dict takes no arguments here");
      Value* value = make(Kind::dict);
      value->u.d = arena_.make<ItemList<Pair>>();
      return value;
    }
    case Role::reconstructor: {
      if (args.size() != 3 || args[0]->kind != Kind::global || args[1]->kind != Kind::global ||
          args[2]->kind != Kind::none || args[1]->global().name != "object") {
        bad_args("_reconstructor needs a class, object and None");
      }
      const Role role = args[0]->global().role;
      if (role != Role::cls && role != Role::init && role != Role::mapping && role != Role::sequence &&
          role != Role::wrapped_array && role != Role::array_file) {
        bad_args("_reconstructor of something that is no class");
      }
      return make_object(args[0]->global(), {});
    }
    case Role::wrapped_array:
    case Role::array_file:
      if (!args.empty()) bad_args("a joblib wrapper is made without arguments");
      return make_object(global, {});
    default: return call_numpy(global, args);
  }
}

Value* Machine::encode_latin1(std::span<const Value* const> args) {
  if (args.size() != 2 || args[0]->kind != Kind::text || args[1]->kind != Kind::text) {
    bad_args("_codecs.encode needs a text and \"latin1\"");
  }
  const std::string_view codec = args[1]->text();
  if (codec != "latin1" && codec != "latin-1") {
    stop("pickle-args", "_codecs.encode with codec \"{}\"; only latin1 is read", printable(codec, 40));
  }
  const std::string_view text = args[0]->text();
  Value* value = make(Kind::bytes);
  const auto high = [](char c) { return (c & 0x80) != 0; };
  size_t first = 0;
  while (first < text.size() && !high(text[first])) ++first;
  if (first == text.size() || args[0]->py2) {
    value->u.s = {text.data(), text.size()};
    return value;
  }
  char* out = arena_.make_array<char>(text.size());
  size_t size = 0;
  for (size_t i = 0; i < text.size(); ++size) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      out[size] = text[i++];
    } else if ((c == 0xc2 || c == 0xc3) && i + 1 < text.size()) {
      out[size] = static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(text[i + 1]) & 63));
      i += 2;
    } else {
      bad_args("_codecs.encode of a text that is not latin1");
    }
  }
  value->u.s = {out, size};
  return value;
}

Value* Machine::make_bytes(std::span<const Value* const> args, bool bytearray) {
  Value* value = make(Kind::bytes);
  value->flag = bytearray;
  value->u.s = {nullptr, 0};
  if (args.empty()) return value;
  // A Python 3 bytes that protocol 2 wrote; bytearray(text, "latin-1") of protocols 0 to 2.
  if (args.size() == 2) {
    const Value* encoded = encode_latin1(args);
    value->u.s = encoded->u.s;
    return value;
  }
  if (args.size() != 1 || (args[0]->kind != Kind::bytes && !(args[0]->kind == Kind::text && args[0]->py2))) {
    bad_args("bytes and bytearray are made of bytes only");
  }
  value->u.s = args[0]->u.s;
  return value;
}

Value* Machine::make_collection(Kind kind, std::span<const Value* const> args) {
  std::span<const Value* const> items;
  if (args.size() > 1) bad_args("a collection is made of one list");
  if (args.size() == 1) {
    const Kind of = args[0]->kind;
    if (of != Kind::list && of != Kind::tuple && of != Kind::set && of != Kind::frozenset) {
      bad_args("a collection is made of something that is no list");
    }
    items = args[0]->items();
  }
  if (kind == Kind::set || kind == Kind::frozenset) {
    for (const Value* item : items) check_key(*item);
  }
  Value* value = make(kind);
  if (kind == Kind::tuple) {
    const Value** copy = arena_.make_array<const Value*>(items.size());
    for (size_t i = 0; i < items.size(); ++i) copy[i] = items[i];
    value->u.t = {copy, items.size()};
  } else {
    value->u.l = arena_.make<ItemList<const Value*>>();
    value->u.l->append(arena_, items);
  }
  return value;
}

void Machine::check_state_keys(const Value& dict) const {
  for (const Pair& pair : dict.pairs()) {
    if (pair.key->kind != Kind::text) {
      stop("pickle-state", "a state with a key that is a {}", to_string(pair.key->kind));
    }
    const std::string_view key = pair.key->text();
    // Real models carry these; they are data that nothing reads.
    constexpr std::string_view kData[] = {"__annotations__", "__doc__",      "__module__",
                                          "__name__",        "__qualname__", "__version__",
                                          "__wrapped__"};
    if (std::find(std::begin(kData), std::end(kData), key) != std::end(kData)) continue;
    if (key.size() >= 4 && key.starts_with("__") && key.ends_with("__")) {
      stop("pickle-state", "a state sets {}", printable(key, 60));
    }
  }
}

void Machine::build(Value* target, const Value* state) {
  if (is_refused(*target)) return;
  // The bytes of an array follow the state of its wrapper: without them the stream is lost.
  if (target->kind == Kind::object && target->u.o->cls->role == Role::wrapped_array) {
    build_allowed(target, state);
    return;
  }
  or_refused([&] {
    build_allowed(target, state);
    return target;
  });
}

void Machine::build_allowed(Value* target, const Value* state) {
  switch (target->kind) {
    case Kind::global:
      stop("pickle-build", "a state for {}.{} itself", target->global().module, target->global().name);
    case Kind::dtype:
      if (target->u.dt->built) stop("pickle-build", "a second state of a dtype");
      build_dtype(*target->u.dt, *state);
      return;
    case Kind::array:
      if (target->u.a->dtype != nullptr) stop("pickle-build", "a second state of an array");
      build_array(*target->u.a, *state);
      return;
    case Kind::object: break;
    default: stop("pickle-type", "a state for a {}", to_string(target->kind));
  }
  Object& object = *target->u.o;
  if (object.state != nullptr) stop("pickle-build", "a second state of one object");
  const Role role = object.cls->role;
  const bool dict = state->kind == Kind::dict;
  if (!dict && (state->kind != Kind::tuple || role == Role::cls || role == Role::wrapped_array ||
                role == Role::array_file)) {
    stop("pickle-build", "the state of a {}.{} is a {}", object.cls->module, object.cls->name,
         to_string(state->kind));
  }
  if (role == Role::partial && (dict || state->items().size() != 4)) {
    stop("pickle-build", "the state of a partial is no tuple of 4");
  }
  if (dict) check_state_keys(*state);
  object.build_offset = op_at_;
  object.state = state;
  if (role == Role::wrapped_array) build_wrapped(target, *state);
  if (role == Role::array_file) build_array_file(target, *state);
}

}  // namespace panmodel::pickle
