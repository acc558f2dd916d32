#include "formats/pickle/cursor.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "formats/pickle/numbers.h"

namespace panmodel::pickle {

// ---- place

std::string PyCursor::path() const {
  std::vector<const Step*> steps;
  for (const Step* s = step_.get(); s != nullptr; s = s->parent.get()) steps.push_back(s);
  std::string text;
  for (size_t i = steps.size(); i-- > 0;) {
    const Step& s = *steps[i];
    switch (s.form) {
      case Step::attribute:
        if (!text.empty()) text += '.';
        text += printable(s.name, 80);
        break;
      case Step::key: text += fmt::format("[\"{}\"]", printable(s.name, 80)); break;
      case Step::position:
      case Step::element: text += fmt::format("[{}]", s.index); break;
      case Step::argument: text += fmt::format("(argument {})", s.index); break;
      case Step::state: text += "(state)"; break;
    }
  }
  return text;
}

Location PyCursor::loc() const { return Location(PickleLoc{path(), value_->offset, ""}); }

std::string PyCursor::describe() const {
  const Value& v = *value_;
  switch (v.kind) {
    case Kind::none: return "None";
    case Kind::integer:
    case Kind::big_integer: return "an int";
    case Kind::global: return "the name " + class_name();
    case Kind::object: return "a " + class_name();
    case Kind::scalar: return fmt::format("a {} scalar", v.scalar().dtype->describe());
    case Kind::array: {
      std::string dims;
      for (const uint64_t n : v.array().shape) dims += fmt::format("{}{}", dims.empty() ? "" : ", ", n);
      return fmt::format("a {} array of shape ({})", v.array().dtype->describe(), dims);
    }
    default: return fmt::format("a {}", to_string(v.kind));
  }
}

void PyCursor::wrong_type(std::string_view expected) const {
  fail(loc(), "sklearn-type", "{} is expected, but here is {}", expected, describe());
}

PyCursor PyCursor::child(Step::Form form, std::string_view name, uint64_t index, const Value* value) const {
  auto step = std::make_shared<Step>();
  step->parent = step_;
  step->name = name;
  step->index = index;
  step->form = form;
  return {document_, std::move(step), value};
}

// ---- kind

bool PyCursor::is_bool() const {
  return value_->kind == Kind::boolean ||
         (value_->kind == Kind::scalar && value_->scalar().dtype->kind == 'b');
}
bool PyCursor::is_int() const {
  if (value_->kind == Kind::integer || value_->kind == Kind::big_integer) return true;
  return value_->kind == Kind::scalar &&
         (value_->scalar().dtype->kind == 'i' || value_->scalar().dtype->kind == 'u');
}
bool PyCursor::is_real() const {
  return value_->kind == Kind::real ||
         (value_->kind == Kind::scalar && value_->scalar().dtype->kind == 'f');
}
bool PyCursor::is_text() const {
  return value_->kind == Kind::text ||
         (value_->kind == Kind::scalar && value_->scalar().dtype->kind == 'U');
}
bool PyCursor::is_dict() const {
  return value_->kind == Kind::dict ||
         (value_->kind == Kind::object && value_->object().cls->role == Role::mapping);
}

// ---- objects and dicts

std::string PyCursor::class_name() const {
  const Global* g = nullptr;
  if (value_->kind == Kind::global) g = value_->u.g;
  if (value_->kind == Kind::object) g = value_->object().cls;
  if (g == nullptr) wrong_type("an object");
  return fmt::format("{}.{}", g->module, g->name);
}

size_t PyCursor::arg_count() const {
  if (!is_object()) wrong_type("an object");
  return value_->object().args.size();
}
PyCursor PyCursor::arg(size_t index) const {
  if (index >= arg_count()) {
    fail(loc(), "sklearn-attribute", "argument {} is missing of {}", index, describe());
  }
  return child(Step::argument, {}, index, value_->object().args[index]);
}
bool PyCursor::has_state() const { return is_object() && value_->object().state != nullptr; }
PyCursor PyCursor::state() const {
  if (!has_state()) fail(loc(), "sklearn-attribute", "{} has no state", describe());
  return child(Step::state, {}, 0, value_->object().state);
}

const Pair* PyCursor::lookup(std::string_view name) const {
  const auto in = [&](std::span<const Pair> pairs) -> const Pair* {
    for (const Pair& pair : pairs) {
      if (pair.key->kind == Kind::text && pair.key->text() == name) return &pair;
    }
    return nullptr;
  };
  if (value_->kind == Kind::dict) return in(value_->pairs());
  if (value_->kind != Kind::object) return nullptr;
  const Object& object = value_->object();
  if (const Pair* found = in({object.pairs.data, object.pairs.size})) return found;
  if (object.state == nullptr) return nullptr;
  if (object.state->kind == Kind::dict) return in(object.state->pairs());
  return nullptr;
}

PyCursor PyCursor::attr(std::string_view name) const {
  if (value_->kind != Kind::dict && value_->kind != Kind::object) {
    wrong_type(fmt::format("an object with {}", name));
  }
  auto found = find(name);
  if (!found) fail(loc(), "sklearn-attribute", "\"{}\" is missing of {}", name, describe());
  return *found;
}
std::optional<PyCursor> PyCursor::find(std::string_view name) const {
  const Pair* pair = lookup(name);
  if (pair == nullptr) return std::nullopt;
  return child(value_->kind == Kind::dict ? Step::key : Step::attribute, pair->key->text(), 0, pair->value);
}
std::optional<PyCursor> PyCursor::find_some(std::string_view name) const {
  auto found = find(name);
  if (found && found->is_none()) found.reset();
  return found;
}

std::vector<std::pair<PyCursor, PyCursor>> PyCursor::items() const {
  std::span<const Pair> pairs;
  if (value_->kind == Kind::dict) {
    pairs = value_->pairs();
  } else if (value_->kind == Kind::object) {
    const Object& object = value_->object();
    pairs = {object.pairs.data, object.pairs.size};
    if (pairs.empty() && object.state != nullptr && object.state->kind == Kind::dict &&
        object.cls->role != Role::mapping) {
      pairs = object.state->pairs();
    }
  } else {
    wrong_type("a dict");
  }
  std::vector<std::pair<PyCursor, PyCursor>> out;
  out.reserve(pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    const Pair& pair = pairs[i];
    PyCursor key = child(Step::position, {}, i, pair.key);
    if (pair.key->kind == Kind::text) {
      out.emplace_back(std::move(key), child(Step::key, pair.key->text(), 0, pair.value));
    } else {
      out.emplace_back(std::move(key), child(Step::position, {}, i, pair.value));
    }
  }
  return out;
}

// ---- sequences

size_t PyCursor::size() const {
  switch (value_->kind) {
    case Kind::list:
    case Kind::tuple:
    case Kind::set:
    case Kind::frozenset: return value_->items().size();
    case Kind::dict: return value_->pairs().size();
    case Kind::array: return value_->array().count;
    case Kind::object:
      return value_->object().cls->role == Role::mapping ? value_->object().pairs.size
                                                         : value_->object().appended.size;
    default: wrong_type("a sequence");
  }
}

PyCursor PyCursor::at(size_t index) const {
  std::span<const Value* const> items;
  if (is_sequence() || is_set()) {
    items = value_->items();
  } else if (value_->kind == Kind::object) {
    items = value_->object().appended.span();
  } else {
    wrong_type("a list or tuple");
  }
  if (index >= items.size()) {
    fail(loc(), "sklearn-attribute", "element {} is missing: there are {}", index, items.size());
  }
  return child(Step::position, {}, index, items[index]);
}

// ---- single values

namespace {
// Element of a U array: UCS-4, cut at trailing NULs. False for what is no code point.
bool decode_ucs4(const std::byte* from, uint64_t bytes, bool big_endian, std::string& out) {
  uint64_t count = bytes / 4;
  const auto at = [&](uint64_t i) {
    return big_endian ? load_be<uint32_t>(from + 4 * i) : load_le<uint32_t>(from + 4 * i);
  };
  while (count > 0 && at(count - 1) == 0) --count;
  for (uint64_t i = 0; i < count; ++i) {
    const uint32_t c = at(i);
    if (c > 0x10ffff) return false;
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
  return true;
}
std::string from_latin1(std::string_view bytes) {
  std::string out;
  for (const char ch : bytes) {
    const auto c = static_cast<unsigned char>(ch);
    if (c >= 0x80) out.push_back(static_cast<char>(0xc0 | c >> 6));
    out.push_back(static_cast<char>(c < 0x80 ? c : 0x80 | (c & 63)));
  }
  return out;
}
}  // namespace

std::string PyCursor::as_text() const {
  if (value_->kind == Kind::text) {
    return value_->py2 ? from_latin1(value_->text()) : std::string(value_->text());
  }
  if (!is_text()) wrong_type("a str");
  const Scalar& s = value_->scalar();
  std::string out;
  if (!decode_ucs4(s.data.data(), s.data.size(), s.dtype->big_endian, out)) wrong_type("a str");
  return out;
}
std::string PyCursor::as_bytes() const {
  if (value_->kind != Kind::bytes && !(value_->kind == Kind::text && value_->py2)) wrong_type("bytes");
  return std::string(value_->text());
}
bool PyCursor::as_bool() const {
  if (!is_bool()) wrong_type("a bool");
  if (value_->kind == Kind::boolean) return value_->boolean();
  return value_->scalar().data[0] != std::byte{0};
}

size_t PyCursor::as_size(size_t max) const {
  const int64_t n = as_int();
  if (n < 0 || static_cast<uint64_t>(n) > max) {
    fail(loc(), "sklearn-value", "{} is not within 0 and {}", n, max);
  }
  return static_cast<size_t>(n);
}

int64_t PyCursor::as_int() const {
  if (value_->kind == Kind::integer) return value_->integer();
  if (value_->kind == Kind::boolean) return value_->boolean() ? 1 : 0;
  if (value_->kind != Kind::scalar && value_->kind != Kind::array) {
    if (value_->kind == Kind::big_integer) fail(loc(), "sklearn-value", "an int beyond 64 bits");
    wrong_type("an int");
  }
  const std::vector<int64_t> all = as_ints();
  if (all.size() != 1) wrong_type("an int");
  return all[0];
}

double PyCursor::as_real() const {
  if (value_->kind == Kind::real) return value_->real();
  if (value_->kind == Kind::integer) return static_cast<double>(value_->integer());
  if (value_->kind == Kind::boolean) return value_->boolean() ? 1 : 0;
  if (value_->kind != Kind::scalar && value_->kind != Kind::array) wrong_type("a number");
  const std::vector<double> all = as_reals();
  if (all.size() != 1) wrong_type("a number");
  return all[0];
}

std::vector<std::string> PyCursor::as_texts() const {
  std::vector<std::string> out;
  if (value_->kind == Kind::object) {
    // pandas Index: _new_Index(cls, {"data": array, "name": ...})
    const Object& o = value_->object();
    if (o.cls->name == "_new_Index" && o.args.size() == 2) return arg(1).attr("data").as_texts();
    wrong_type("an array of str");
  }
  if (value_->kind == Kind::array) {
    const Array& a = value_->array();
    const char kind = a.dtype->kind;
    if (kind != 'U' && kind != 'S' && kind != 'O') wrong_type("an array of str");
    out.reserve(a.count);
    for (const uint64_t i : c_order(a)) {
      if (kind == 'O') {
        out.push_back(child(Step::element, {}, i, a.objects[i]).as_text());
        continue;
      }
      const std::byte* from = a.data.data() + i * a.dtype->itemsize;
      std::string text;
      if (kind == 'S') {
        std::string_view raw(reinterpret_cast<const char*>(from), a.dtype->itemsize);
        const size_t end = raw.find_last_not_of('\0');
        text = from_latin1(raw.substr(0, end == std::string_view::npos ? 0 : end + 1));
      } else if (!decode_ucs4(from, a.dtype->itemsize, a.dtype->big_endian, text)) {
        fail(loc(), "sklearn-value", "element {} is no text", i);
      }
      out.push_back(std::move(text));
    }
    return out;
  }
  if (!is_sequence() && !is_set()) wrong_type("a list of str");
  for (size_t i = 0; i < size(); ++i) out.push_back(at(i).as_text());
  return out;
}

// ---- arrays

const Array& PyCursor::array() const {
  if (!is_array()) wrong_type("a numpy array");
  return value_->array();
}
Bytes PyCursor::array_bytes() const {
  if (array().dtype->kind == 'O') wrong_type("an array of numbers");
  return document_.keep(array().data);
}
char PyCursor::dtype_kind() const {
  if (is_scalar()) return value_->scalar().dtype->kind;
  return array().dtype->kind;
}
std::string PyCursor::dtype_name() const {
  if (is_scalar()) return value_->scalar().dtype->describe();
  return array().dtype->describe();
}
PyCursor PyCursor::element(size_t index) const {
  const Array& a = array();
  if (a.dtype->kind != 'O') wrong_type("an array of objects");
  if (index >= a.objects.size()) {
    fail(loc(), "sklearn-attribute", "element {} is missing: there are {}", index, a.objects.size());
  }
  return child(Step::element, {}, index, a.objects[index]);
}

bool PyCursor::has_none() const {
  if (is_array()) {
    const auto objects = array().objects;
    return std::any_of(objects.begin(), objects.end(), [](const Value* v) { return v->kind == Kind::none; });
  }
  if (!is_sequence()) return is_none();
  const auto all = value_->items();
  return std::any_of(all.begin(), all.end(), [](const Value* v) { return v->kind == Kind::none; });
}
bool PyCursor::has_nan() const {
  if (is_array() && array().dtype->kind == 'f') {
    const auto all = as_reals();
    return std::any_of(all.begin(), all.end(), [](double x) { return std::isnan(x); });
  }
  std::span<const Value* const> all;
  if (is_array()) all = array().objects;
  if (is_sequence()) all = value_->items();
  for (size_t i = 0; i < all.size(); ++i) {
    if (child(Step::position, {}, i, all[i]).is_nan()) return true;
  }
  return all.empty() && is_nan();
}

}  // namespace panmodel::pickle
