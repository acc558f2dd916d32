// NumPy's arrays, scalars and element types, as numpy/core/src/multiarray/{methods,descriptor}.c
// write them.
#include <string>

#include "base/number.h"
#include "base/text.h"
#include "formats/pickle/machine_impl.h"

namespace panmodel::pickle {

namespace {
constexpr uint64_t kMaxItem = INT32_MAX;  // NumPy's limit of an element's size
constexpr size_t kMaxRank = 64;           // NumPy 2
constexpr size_t kMaxFields = 10'000;

bool is_text_like(const Value& value) {
  return value.kind == Kind::text || value.kind == Kind::bytes;
}
}  // namespace

// A later state must not change the size of elements that are in use. The arena owns the dtype.
void Machine::freeze(const Dtype& dtype) { const_cast<Dtype&>(dtype).built = true; }

std::span<const std::byte> Machine::bytes_of(const Value& value) const {
  if (value.kind != Kind::bytes && !(value.kind == Kind::text && value.py2)) {
    stop("pickle-shape", "the data of an array is a {}, not bytes", to_string(value.kind));
  }
  return std::as_bytes(std::span(value.text().data(), value.text().size()));
}

Value* Machine::call_numpy(const Global& callee, std::span<const Value* const> args) {
  switch (callee.role) {
    case Role::make_dtype: return make_dtype(args);
    case Role::make_array: {
      // _reconstruct(ndarray, (0,), b"b"); the state brings everything else.
      if (args.size() != 3 || args[0]->kind != Kind::global ||
          args[0]->global().role != Role::array_type || args[1]->kind != Kind::tuple ||
          !is_text_like(*args[2])) {
        bad_args("_reconstruct needs ndarray, a shape and a type");
      }
      Value* value = make(Kind::array);
      value->u.a = arena_.make<Array>();
      if (args[0]->global().name != "ndarray") value->u.a->subclass = &args[0]->global();
      return value;
    }
    case Role::array_from_buffer: {
      if (args.size() != 4 || args[0]->kind != Kind::bytes || args[1]->kind != Kind::dtype ||
          args[2]->kind != Kind::tuple || args[3]->kind != Kind::text ||
          (args[3]->text() != "C" && args[3]->text() != "F")) {
        bad_args("_frombuffer needs bytes, a dtype, a shape and an order");
      }
      Value* value = make(Kind::array);
      value->u.a = arena_.make<Array>();
      fill(*value->u.a, args[1]->dtype(), shape_of(*args[2]), args[3]->text() == "F", *args[0]);
      return value;
    }
    case Role::make_scalar: {
      if (args.size() != 2 || args[0]->kind != Kind::dtype) bad_args("scalar needs a dtype and bytes");
      const Dtype& dtype = args[0]->dtype();
      freeze(dtype);
      Value* value = make(Kind::scalar);
      Scalar* scalar = arena_.make<Scalar>();
      scalar->dtype = &dtype;
      if (dtype.kind == 'O') {
        scalar->object = args[1];
      } else {
        scalar->data = bytes_of(*args[1]);
        // Trailing NULs of texts and bytes may be cut.
        if (scalar->data.size() != dtype.itemsize) {
          stop("pickle-shape", "a scalar of {} bytes has {}", dtype.itemsize, scalar->data.size());
        }
      }
      value->u.sc = scalar;
      return value;
    }
    default: stop("pickle-call", "{}.{} is not called", callee.module, callee.name);
  }
}

Value* Machine::make_dtype(std::span<const Value* const> args) {
  if (args.empty() || args.size() > 3 || args[0]->kind != Kind::text) {
    bad_args("dtype needs the code of a type");
  }
  const std::string_view text = args[0]->text();
  std::string_view code = text;
  bool big_endian = false;
  if (code.starts_with('<') || code.starts_with('>') || code.starts_with('|') || code.starts_with('=')) {
    big_endian = code[0] == '>';
    code.remove_prefix(1);
  }
  const char kind = code.empty() ? '\0' : code[0];
  const std::string_view digits = code.substr(code.empty() ? 0 : 1);
  if (kind == '\0' || std::string_view("biufcSUVOmM").find(kind) == std::string_view::npos ||
      digits.find_first_not_of("0123456789") != std::string_view::npos) {
    stop("pickle-args", "dtype \"{}\" is not read", printable(text, 40));
  }
  uint64_t size = kind == 'O' || kind == 'm' || kind == 'M' ? 8 : 0;
  if (!digits.empty()) {
    const auto number = parse_uint(digits);
    if (!number || *number > kMaxItem) stop("pickle-dtype", "an element size of {}", printable(digits, 40));
    size = *number;
  }
  const auto one_of = [&](std::initializer_list<uint64_t> sizes) {
    for (const uint64_t s : sizes) {
      if (s == size) return;
    }
    stop("pickle-dtype", "dtype \"{}\" has no such size", printable(text, 40));
  };
  switch (kind) {
    case 'b': one_of({1}); break;
    case 'i':
    case 'u': one_of({1, 2, 4, 8}); break;
    case 'f': one_of({2, 4, 8, 16}); break;
    case 'c': one_of({8, 16, 32}); break;
    case 'm':
    case 'M': one_of({8}); break;
    case 'O': one_of({4, 8}); break;
    case 'U':
      if (size > kMaxItem / 4) stop("pickle-dtype", "texts of {} characters", size);
      size *= 4;
      break;
    default: break;
  }
  Value* value = make(Kind::dtype);
  Dtype* dtype = arena_.make<Dtype>();
  dtype->kind = kind;
  dtype->big_endian = big_endian;
  dtype->itemsize = size;
  value->u.dt = dtype;
  return value;
}

// (3, order, subdtype, names, fields, itemsize, align, flags), or version 4 with metadata behind.
void Machine::build_dtype(Dtype& dtype, const Value& state) {
  if (state.kind != Kind::tuple || state.items().size() < 5 || state.items().size() > 9) {
    stop("pickle-dtype", "the state of a dtype is no tuple of 5 to 9");
  }
  const auto items = state.items();
  if (items[0]->kind != Kind::integer || items[0]->integer() < 1 || items[0]->integer() > 4) {
    stop("pickle-dtype", "the state of a dtype has an unknown version");
  }
  if (!is_text_like(*items[1]) || items[1]->text().size() != 1 ||
      std::string_view("<>|=").find(items[1]->text()[0]) == std::string_view::npos) {
    stop("pickle-dtype", "a dtype has an unknown byte order");
  }
  dtype.big_endian = items[1]->text() == ">";
  if (items[0]->integer() < 3) stop("pickle-dtype", "a dtype of version {}", items[0]->integer());
  if (items.size() < 8) stop("pickle-dtype", "the state of a dtype is too short");
  if (items[5]->kind != Kind::integer) stop("pickle-dtype", "a dtype without element size");
  const int64_t item = items[5]->integer();
  if (item != -1) {
    if (item < 0 || static_cast<uint64_t>(item) > kMaxItem) stop("pickle-dtype", "an element size of {}", item);
    const bool sized = dtype.kind == 'V' || dtype.kind == 'S' || dtype.kind == 'U';
    if (!sized && static_cast<uint64_t>(item) != dtype.itemsize) {
      stop("pickle-dtype", "a dtype has two element sizes, {} and {}", dtype.itemsize, item);
    }
    dtype.itemsize = static_cast<uint64_t>(item);
  }
  if (items[2]->kind != Kind::none) {
    if (items[2]->kind != Kind::tuple || items[2]->items().size() != 2 ||
        items[2]->items()[0]->kind != Kind::dtype || dtype.kind != 'V') {
      stop("pickle-dtype", "a malformed sub-array type");
    }
    dtype.base = &items[2]->items()[0]->dtype();
    if (dtype.base == &dtype) stop("pickle-dtype", "a sub-array type of itself");
    freeze(*dtype.base);
    const Value& shape = *items[2]->items()[1];
    if (shape.kind == Kind::tuple) {
      dtype.shape = shape_of(shape);
    } else {
      Value* single = tuple({});
      const Value* one[1] = {&shape};
      single->u.t = {one, 1};
      dtype.shape = shape_of(*single);
    }
    uint64_t bytes = element_count(dtype.shape, *dtype.base);
    if (!checked_mul(bytes, dtype.base->itemsize, &bytes) || bytes != dtype.itemsize) {
      stop("pickle-dtype", "a sub-array type does not fill its element");
    }
  }
  if (items[3]->kind != Kind::none) {
    if (items[3]->kind != Kind::tuple || items[4]->kind != Kind::dict || dtype.kind != 'V' ||
        dtype.base != nullptr || items[3]->items().size() > kMaxFields) {
      stop("pickle-dtype", "a malformed structured type");
    }
    const auto names = items[3]->items();
    Field* fields = arena_.make_array<Field>(names.size());
    std::map<std::string_view, const Value*> by_name;
    for (const Pair& pair : items[4]->pairs()) {
      if (pair.key->kind == Kind::text) by_name[pair.key->text()] = pair.value;
    }
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i]->kind != Kind::text) stop("pickle-dtype", "a field name that is no text");
      const auto found = by_name.find(names[i]->text());
      if (found == by_name.end() || found->second == nullptr) {
        stop("pickle-dtype", "field {} is not described, or twice", printable(names[i]->text(), 60));
      }
      const Value& spec = *found->second;
      found->second = nullptr;
      if (spec.kind != Kind::tuple || spec.items().size() < 2 || spec.items().size() > 3 ||
          spec.items()[0]->kind != Kind::dtype || spec.items()[1]->kind != Kind::integer) {
        stop("pickle-dtype", "field {} is malformed", printable(names[i]->text(), 60));
      }
      const Dtype& type = spec.items()[0]->dtype();
      freeze(type);
      const int64_t offset = spec.items()[1]->integer();
      if (&type == &dtype || offset < 0 || type.itemsize > dtype.itemsize ||
          static_cast<uint64_t>(offset) > dtype.itemsize - type.itemsize) {
        stop("pickle-dtype", "field {} lies outside its element", printable(names[i]->text(), 60));
      }
      new (&fields[i]) Field{names[i]->text(), &type, static_cast<uint64_t>(offset)};
    }
    dtype.fields = {fields, names.size()};
  }
  dtype.built = true;
}

std::span<const uint64_t> Machine::shape_of(const Value& value) {
  const auto items = value.kind == Kind::tuple || value.kind == Kind::list
                         ? value.items()
                         : std::span<const Value* const>{};
  if (value.kind != Kind::tuple && value.kind != Kind::list) {
    stop("pickle-shape", "a shape that is a {}", to_string(value.kind));
  }
  if (items.size() > kMaxRank) stop("pickle-shape", "a shape of {} dimensions", items.size());
  uint64_t* shape = arena_.make_array<uint64_t>(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i]->kind != Kind::integer || items[i]->integer() < 0) {
      stop("pickle-shape", "dimension {} of a shape is no size", i);
    }
    shape[i] = static_cast<uint64_t>(items[i]->integer());
  }
  return {shape, items.size()};
}

uint64_t Machine::element_count(std::span<const uint64_t> shape, const Dtype& dtype) const {
  uint64_t count = 1;
  // Zeros do not excuse an overflow of the other dimensions: NumPy refuses those as well.
  uint64_t nonzero = 1;
  for (const uint64_t n : shape) {
    if (n != 0 && !checked_mul(nonzero, n, &nonzero)) stop("pickle-shape", "a shape with too many elements");
    count *= n;
  }
  uint64_t bytes = 0;
  if (!checked_mul(nonzero, dtype.itemsize == 0 ? 1 : dtype.itemsize, &bytes) || bytes > INT64_MAX) {
    stop("pickle-shape", "a shape with too many elements");
  }
  if (dtype.itemsize == 0 && count > 100'000'000) stop("pickle-shape", "{} elements without data", count);
  return count;
}

void Machine::fill(Array& array, const Dtype& dtype, std::span<const uint64_t> shape, bool fortran,
                   const Value& data) {
  freeze(dtype);
  const uint64_t count = element_count(shape, dtype);
  if (dtype.kind == 'O') {
    if (data.kind != Kind::list) stop("pickle-shape", "the elements of an object array are a {}", to_string(data.kind));
    if (data.items().size() != count) {
      stop("pickle-shape", "an array of {} objects has {}", count, data.items().size());
    }
    const Value** copy = arena_.make_array<const Value*>(count);
    for (size_t i = 0; i < count; ++i) copy[i] = data.items()[i];
    array.objects = {copy, count};
    fortran = false;  // NumPy lists objects in C order in either case
  } else {
    const auto bytes = bytes_of(data);
    if (bytes.size() != count * dtype.itemsize) {
      stop("pickle-shape", "an array of {} bytes has {}", count * dtype.itemsize, bytes.size());
    }
    array.data = bytes;
    storage_.payload_bytes += bytes.size();
  }
  array.dtype = &dtype;
  array.shape = shape;
  array.fortran = fortran;
  array.count = count;
}

// (1, shape, dtype, fortran, data), or without version as NumPy before 1.0 wrote.
void Machine::build_array(Array& array, const Value& state) {
  if (state.kind != Kind::tuple || state.items().size() != 5) {
    stop("pickle-state", "the state of an array is no tuple of 5");
  }
  const auto items = state.items();
  if (items[0]->kind != Kind::integer || (items[0]->integer() != 0 && items[0]->integer() != 1)) {
    stop("pickle-state", "the state of an array has an unknown version");
  }
  if (items[2]->kind != Kind::dtype) stop("pickle-state", "an array without dtype");
  const bool flag = items[3]->kind == Kind::boolean;
  if (!flag && items[3]->kind != Kind::integer) stop("pickle-state", "an array without order");
  const bool fortran = flag ? items[3]->boolean() : items[3]->integer() != 0;
  fill(array, items[2]->dtype(), shape_of(*items[1]), fortran, *items[4]);
}

}  // namespace panmodel::pickle
