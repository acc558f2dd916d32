// What each opcode does.
#include <charconv>
#include <cstring>

#include "base/number.h"
#include "base/text.h"
#include "formats/pickle/machine_impl.h"

namespace panmodel::pickle {

std::string_view opcode_name(uint8_t opcode) {
  switch (opcode) {
#define PANMODEL_OPCODE(name, byte) \
  case byte:                        \
    return #name;
#include "formats/pickle/opcodes.def"
#undef PANMODEL_OPCODE
    default: return "";
  }
}

namespace {
enum Op : uint8_t {
#define PANMODEL_OPCODE(name, byte) OP_##name = byte,
#include "formats/pickle/opcodes.def"
#undef PANMODEL_OPCODE
};

// Appends a code point as UTF-8; surrogates as CPython's surrogatepass would.
void append_utf8(std::string& out, uint32_t c) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6), put(0x80 | (c & 63));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  } else {
    put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 63)), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `count` hex digits at `at`; false when there are fewer.
bool read_hex(std::string_view text, size_t at, size_t count, uint32_t* out) {
  if (text.size() - at < count) return false;
  *out = 0;
  for (size_t i = 0; i < count; ++i) {
    const int digit = hex_digit(text[at + i]);
    if (digit < 0) return false;
    *out = *out << 4 | static_cast<uint32_t>(digit);
  }
  return true;
}

// Codec raw-unicode-escape: latin-1 with \uXXXX and \UXXXXXXXX after an odd number of backslashes.
bool decode_raw_unicode(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const size_t digits = text[i + 1] == 'u' ? 4 : text[i + 1] == 'U' ? 8 : 0;
      uint32_t code = 0;
      if (digits == 0) {
        // The next character cannot start an escape of its own when it is a backslash.
        out.push_back('\\');
        if (text[i + 1] == '\\') out.push_back('\\');
        i += text[i + 1] == '\\' ? 2 : 1;
        continue;
      }
      if (!read_hex(text, i + 2, digits, &code) || code > 0x10ffff) return false;
      append_utf8(out, code);
      i += 2 + digits;
      continue;
    }
    append_utf8(out, static_cast<unsigned char>(text[i++]));
  }
  return true;
}

// Python 2 string escapes within quotes.
bool decode_string(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    if (++i == text.size()) return false;
    uint32_t code = 0;
    switch (text[i]) {
      case '\\': out.push_back('\\'); break;
      case '\'': out.push_back('\''); break;
      case '"': out.push_back('"'); break;
      case 'n': out.push_back('\n'); break;
      case 't': out.push_back('\t'); break;
      case 'r': out.push_back('\r'); break;
      case 'a': out.push_back('\a'); break;
      case 'b': out.push_back('\b'); break;
      case 'f': out.push_back('\f'); break;
      case 'v': out.push_back('\v'); break;
      case 'x':
        if (!read_hex(text, i + 1, 2, &code)) return false;
        out.push_back(static_cast<char>(code));
        i += 2;
        break;
      default:
        if (text[i] < '0' || text[i] > '7') {
          out.push_back('\\');
          out.push_back(text[i]);
          break;
        }
        for (size_t n = 0; n < 3 && i < text.size() && text[i] >= '0' && text[i] <= '7'; ++n, ++i) {
          code = code << 3 | static_cast<uint32_t>(text[i] - '0');
        }
        --i;
        out.push_back(static_cast<char>(code));
    }
  }
  return true;
}
}  // namespace

void Machine::outside(uint64_t argument) {
  take(argument);
  refuse("pickle-opcode-refused", "{} refers to something outside the pickle", opcode_name(op_));
  push(refused_value());
}

bool Machine::step(uint8_t opcode) {
  Context& c = context_;
  const auto number = [&](int64_t n) {
    Value* value = make(Kind::integer);
    value->u.i = n;
    push(value);
  };
  const auto boolean = [&](bool b) {
    Value* value = make(Kind::boolean);
    value->flag = b;
    push(value);
  };
  const auto text = [&](uint64_t size) {
    const std::string_view bytes(take(size), size);
    if (!is_utf8(bytes)) stop("pickle-utf8", "a text that is not UTF-8");
    push_text(bytes, false);
  };
  const auto bytes = [&](uint64_t size, bool bytearray) {
    push_bytes({take(size), size}, bytearray);
  };
  const auto list = [&](Kind kind) {
    Value* value = make(kind);
    value->u.l = arena_.make<ItemList<const Value*>>();
    return value;
  };
  const auto dict = [&] {
    Value* value = make(Kind::dict);
    value->u.d = arena_.make<ItemList<Pair>>();
    return value;
  };
  const auto short_tuple = [&](size_t size) {
    const size_t floor = c.marks.empty() ? 0 : c.marks.back();
    if (c.stack.size() - floor < size) stop("pickle-stack", "a tuple of {} finds too few values", size);
    Value* value = tuple(std::span<Value*>(c.stack).last(size));
    c.stack.resize(c.stack.size() - size);
    push(value);
  };

  switch (opcode) {
    case OP_PROTO: {
      const auto version = take_le<uint8_t>();
      if (version > 5) stop("pickle-proto", "protocol {} is unknown", version);
      if (op_at_ != c.start) stop("pickle-proto", "PROTO within the stream");
      if (version > storage_.protocol) storage_.protocol = version;
      break;
    }
    case OP_FRAME: {
      if (c.frame_end != 0) stop("pickle-frame", "a frame within a frame");
      const auto size = take_le<uint64_t>();
      // A frame beyond the end of the file is refused where it matters: at the opcode that the file
      // cuts off, or at STOP.
      c.frame_at = op_at_;
      c.frame_end = size > UINT64_MAX - at_ ? UINT64_MAX : at_ + size;
      break;
    }
    case OP_STOP: return false;
    case OP_MARK:
      if (c.marks.size() >= options_.max_marks) stop("pickle-limit-stack", "more than {} marks", options_.max_marks);
      c.marks.push_back(c.stack.size());
      break;
    case OP_POP:
      if (!c.marks.empty() && c.marks.back() == c.stack.size()) {
        c.marks.pop_back();
      } else {
        pop();
      }
      break;
    case OP_POP_MARK: above_mark(), drop_mark(); break;
    case OP_DUP: push(top()); break;

    case OP_NONE: push(make(Kind::none)); break;
    case OP_NEWTRUE: boolean(true); break;
    case OP_NEWFALSE: boolean(false); break;
    case OP_BININT: number(take_le<int32_t>()); break;
    case OP_BININT1: number(take_le<uint8_t>()); break;
    case OP_BININT2: number(take_le<uint16_t>()); break;
    case OP_LONG1: {
      const auto size = take_le<uint8_t>();
      push_long({take(size), size});
      break;
    }
    case OP_LONG4: {
      const auto size = take_le<int32_t>();
      if (size < 0) stop("pickle-length", "a length of {}", size);
      push_long({take(static_cast<uint64_t>(size)), static_cast<size_t>(size)});
      break;
    }
    case OP_BINFLOAT: {
      Value* value = make(Kind::real);
      value->u.r = load_be<double>(take(8));
      push(value);
      break;
    }
    case OP_BINSTRING: {
      const auto size = take_le<int32_t>();
      if (size < 0) stop("pickle-length", "a length of {}", size);
      push_text({take(static_cast<uint64_t>(size)), static_cast<size_t>(size)}, true);
      break;
    }
    case OP_SHORT_BINSTRING: {
      const auto size = take_le<uint8_t>();
      push_text({take(size), size}, true);
      break;
    }
    case OP_SHORT_BINUNICODE: text(take_le<uint8_t>()); break;
    case OP_BINUNICODE: text(take_le<uint32_t>()); break;
    case OP_BINUNICODE8: text(take_length8()); break;
    case OP_SHORT_BINBYTES: bytes(take_le<uint8_t>(), false); break;
    case OP_BINBYTES: bytes(take_le<uint32_t>(), false); break;
    case OP_BINBYTES8: bytes(take_length8(), false); break;
    case OP_BYTEARRAY8: bytes(take_length8(), true); break;
    case OP_READONLY_BUFFER: top(); break;

    case OP_EMPTY_LIST: push(list(Kind::list)); break;
    case OP_EMPTY_SET: push(list(Kind::set)); break;
    case OP_EMPTY_DICT: push(dict()); break;
    case OP_EMPTY_TUPLE: push(tuple({})); break;
    case OP_TUPLE1: short_tuple(1); break;
    case OP_TUPLE2: short_tuple(2); break;
    case OP_TUPLE3: short_tuple(3); break;
    case OP_TUPLE: {
      Value* value = tuple(above_mark());
      drop_mark();
      push(value);
      break;
    }
    case OP_LIST: {
      Value* value = list(Kind::list);
      append(value, above_mark());
      drop_mark();
      push(value);
      break;
    }
    case OP_FROZENSET: {
      Value* value = list(Kind::set);
      add_items(value, above_mark());
      value->kind = Kind::frozenset;
      drop_mark();
      push(value);
      break;
    }
    case OP_DICT: {
      Value* value = dict();
      set_items(value, above_mark());
      drop_mark();
      push(value);
      break;
    }
    case OP_APPEND: {
      Value* item = pop();
      append(top(), {&item, 1});
      break;
    }
    case OP_SETITEM: {
      Value* pair[2] = {nullptr, pop()};
      pair[0] = pop();
      set_items(top(), pair);
      break;
    }
    case OP_APPENDS:
    case OP_SETITEMS:
    case OP_ADDITEMS: {
      const std::span<Value*> items = above_mark();
      const size_t below = c.marks.back();
      const size_t floor = c.marks.size() > 1 ? c.marks[c.marks.size() - 2] : 0;
      if (below <= floor) stop("pickle-stack", "no value below the MARK");
      Value* to = c.stack[below - 1];
      if (opcode == OP_APPENDS) append(to, items);
      if (opcode == OP_SETITEMS) set_items(to, items);
      if (opcode == OP_ADDITEMS) add_items(to, items);
      drop_mark();
      break;
    }

    case OP_BINPUT: memo_put(take_le<uint8_t>()); break;
    case OP_LONG_BINPUT: memo_put(take_le<uint32_t>()); break;
    case OP_MEMOIZE: memo_put(c.memo_count); break;
    case OP_BINGET: memo_get(take_le<uint8_t>()); break;
    case OP_LONG_BINGET: memo_get(take_le<uint32_t>()); break;

    case OP_STACK_GLOBAL: {
      const Value* name = pop();
      const Value* module = pop();
      if (name->kind != Kind::text || module->kind != Kind::text) {
        stop("pickle-type", "STACK_GLOBAL names a {} and a {}, not two texts", to_string(module->kind), to_string(name->kind));
      }
      push_global(module->text(), name->text());
      break;
    }
    case OP_REDUCE:
    case OP_NEWOBJ: {
      const Value* args = pop();
      const Value* callee = pop();
      push(call(*callee, *args, nullptr));
      break;
    }
    case OP_NEWOBJ_EX: {
      const Value* keywords = pop();
      const Value* args = pop();
      const Value* callee = pop();
      push(call(*callee, *args, keywords));
      break;
    }
    case OP_OBJ: {
      const std::span<Value*> items = above_mark();
      if (items.empty()) stop("pickle-stack", "OBJ finds no class");
      Value* result = call(*items[0], *tuple(items.subspan(1)), nullptr);
      drop_mark();
      push(result);
      break;
    }
    case OP_BUILD: {
      const Value* state = pop();
      build(top(), state);
      break;
    }
    case OP_BINPERSID:
      pop();
      if (torch_) {
        push(make(Kind::none));  // a tensor's storage: judged by its names only
      } else {
        outside(0);
      }
      break;
    case OP_EXT1: outside(1); break;
    case OP_EXT2: outside(2); break;
    case OP_EXT4: outside(4); break;
    case OP_PERSID:
      take_line();
      outside(0);
      break;
    case OP_NEXT_BUFFER: outside(0); break;
    default: return step_text(opcode);
  }
  return true;
}

// Opcodes of protocol 0: arguments are lines of text.
bool Machine::step_text(uint8_t opcode) {
  std::string decoded;
  switch (opcode) {
    case OP_INT: push_decimal(take_line(), false); break;
    case OP_LONG: push_decimal(take_line(), true); break;
    case OP_FLOAT: {
      const std::string_view line = take_line();
      const auto number = parse_real(line);
      if (!number) stop("pickle-float", "\"{}\" is no decimal number", printable(line, 40));
      Value* value = make(Kind::real);
      value->u.r = *number;
      push(value);
      break;
    }
    case OP_STRING: {
      const std::string_view line = take_line();
      if (line.size() < 2 || line.front() != line.back() || (line[0] != '\'' && line[0] != '"') ||
          !decode_string(line.substr(1, line.size() - 2), decoded)) {
        stop("pickle-string", "a STRING that is not quoted as Python quotes");
      }
      push_text(arena_.copy(decoded), true);
      break;
    }
    case OP_UNICODE: {
      const std::string_view line = take_line();
      if (!decode_raw_unicode(line, decoded)) stop("pickle-string", "a malformed escape in UNICODE");
      push_text(arena_.copy(decoded), false);
      break;
    }
    case OP_PUT: memo_put(memo_index(take_line())); break;
    case OP_GET: memo_get(memo_index(take_line())); break;
    case OP_GLOBAL: {
      const std::string_view module = take_line();
      push_global(module, take_line());
      break;
    }
    case OP_INST: {
      const std::string_view module = take_line();
      push_global(module, take_line());
      const Value* cls = context_.stack.back();
      context_.stack.pop_back();
      Value* result = call(*cls, *tuple(above_mark()), nullptr);
      drop_mark();
      push(result);
      break;
    }
    default: stop("pickle-opcode", "byte 0x{:02x} is no opcode", opcode);
  }
  return true;
}

}  // namespace panmodel::pickle
