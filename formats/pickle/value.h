#pragma once
// Inert values of a pickle: what the stream describes, never what Python would make of it. Nodes
// live in the arena of a Document, may be shared and may form cycles through lists and dicts; no
// node has a destructor, so neither depth nor sharing costs anything when a document goes away.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "formats/pickle/arena.h"

namespace panmodel::pickle {

struct Value;

enum class Kind : uint8_t {
  none,
  boolean,
  integer,      // fits int64
  big_integer,  // does not; kept as its source bytes
  real,
  text,   // UTF-8; or a Python 2 byte string, see Value::is_py2
  bytes,  // bytes or bytearray
  list,
  tuple,
  dict,
  set,
  frozenset,
  global,  // a class or function, by name
  object,  // instance of an allow-listed class, or the inert result of an allow-listed call
  array,   // numpy.ndarray
  dtype,   // numpy.dtype
  scalar,  // numpy scalar
};
std::string_view to_string(Kind kind);

// How an allow-listed name may be used; see allowlist.def.
enum class Role : uint8_t {
  name,       // only as a value
  cls,        // instance made without arguments, state is a dict
  init,       // instance or call with inert arguments, state is a dict or a tuple
  mapping,    // as init, and items may be set on it
  sequence,   // as init, and items may be appended to it
  // Calls whose result is a value of its own kind:
  make_array,        // numpy _reconstruct
  array_from_buffer, // numpy _frombuffer
  make_scalar,       // numpy scalar
  make_dtype,        // numpy dtype
  array_type,        // numpy ndarray, matrix: argument of make_array
  encode_latin1,     // _codecs.encode
  make_bytes,        // bytes, bytearray
  make_set,
  make_frozenset,
  make_list,
  make_tuple,
  make_dict,
  reconstructor,  // copyreg._reconstructor
  wrapped_array,  // joblib NumpyArrayWrapper: the array's bytes follow in the stream
  array_file,     // joblib < 0.10 NDArrayWrapper: the array is in a file of its own
  partial,        // functools.partial: 4-tuple state
  torch,          // allowed only while judging a torch archive
  refused,        // not on the allow-list; exists only while refusals are collected
};

// A (module, name) pair that the stream named.
struct Global {
  std::string_view module;
  std::string_view name;
  Role role = Role::name;
  uint64_t offset = 0;  // of the opcode that named it first
  uint64_t count = 0;   // opcodes that named it
};

struct Pair {
  const Value* key;
  const Value* value;
};

struct Object {
  const Global* cls = nullptr;       // the class, or the function that was called
  std::span<const Value* const> args;
  const Value* keywords = nullptr;   // dict of NEWOBJ_EX, or null
  const Value* state = nullptr;      // argument of BUILD, or null
  ItemList<const Value*> appended;   // APPEND(S), ADDITEMS
  ItemList<Pair> pairs;              // SETITEM(S), last one of equal keys only
  uint64_t build_offset = 0;
};

struct Dtype;
struct Field {
  std::string_view name;
  const Dtype* dtype = nullptr;
  uint64_t offset = 0;
};
// Element type of an array. kind: b bool, i, u, f, c, S bytes, U text (UCS-4), O object, V struct or
// raw, M datetime, m timedelta. itemsize in bytes (U5: 20). A sub-array type has `base` and `shape`.
struct Dtype {
  char kind = 0;
  bool big_endian = false;
  bool built = false;
  uint64_t itemsize = 0;
  std::span<const Field> fields;
  const Dtype* base = nullptr;
  std::span<const uint64_t> shape;
  // The field of that name, or null.
  const Field* field(std::string_view name) const;
  // "float64", "<U5", "{left_child: int64, ...}".
  std::string describe() const;
};

// numpy.ndarray. Elements are in `data` (C order, or Fortran order when `fortran`), or in `objects`
// for dtype O, in C order unless `fortran`. `data` is a view into the pickle. Invariant: the product
// of `shape` is `count`, data.size() == count * itemsize, objects.size() == count for dtype O.
struct Array {
  const Dtype* dtype = nullptr;  // null until BUILD has filled the array
  std::span<const uint64_t> shape;
  bool fortran = false;
  uint64_t count = 0;
  std::span<const std::byte> data;
  std::span<const Value* const> objects;
  const Global* subclass = nullptr;  // numpy.matrix, or null
};

struct Scalar {
  const Dtype* dtype = nullptr;
  std::span<const std::byte> data;
  const Value* object = nullptr;  // dtype O
};

// One node. Use the accessor of its kind only.
struct Value {
  Kind kind = Kind::none;
  bool flag = false;    // boolean: the value; big_integer: decimal digits; bytes: bytearray
  bool py2 = false;     // text that was a Python 2 str: bytes, to be read as latin-1
  bool tracked = false; // joblib wrapper already replaced (machine only)
  uint32_t mark = 0;    // scratch of the final walk
  uint64_t offset = 0;  // of the opcode that made the value
  union {
    int64_t i;
    double r;
    struct {
      const char* data;
      uint64_t size;
    } s;
    struct {
      const Value* const* data;
      uint64_t size;
    } t;
    ItemList<const Value*>* l;
    ItemList<Pair>* d;
    const Global* g;
    Object* o;
    Array* a;
    Dtype* dt;
    const Scalar* sc;
  } u = {.i = 0};

  bool boolean() const { return flag; }
  int64_t integer() const { return u.i; }
  double real() const { return u.r; }
  // text, bytes, big_integer. A Python 2 str that is not ASCII is not UTF-8: see PyCursor::as_text.
  std::string_view text() const { return {u.s.data, u.s.size}; }
  // list, tuple, set, frozenset
  std::span<const Value* const> items() const {
    if (kind == Kind::tuple) return {u.t.data, u.t.size};
    return u.l->span();
  }
  // dict: equal keys occur once, with the last value at the place of the first
  std::span<const Pair> pairs() const { return u.d->span(); }
  const Global& global() const { return *u.g; }
  const Object& object() const { return *u.o; }
  const Array& array() const { return *u.a; }
  const Dtype& dtype() const { return *u.dt; }
  const Scalar& scalar() const { return *u.sc; }
};

enum class Compression : uint8_t { none, zlib, gzip, bz2, xz, lzma, lz4, zf };
std::string_view to_string(Compression compression);

// A parsed pickle. Movable and cheap to copy (shared, immutable). Keeps the input mapped.
class Document {
 public:
  struct Storage {
    Arena arena;
    Bytes input;  // decompressed
    const Value* root = nullptr;
    std::vector<const Global*> globals;  // in order of first use
    int protocol = 0;                    // highest PROTO seen; 0 when none
    bool joblib = false;                 // arrays were in the stream
    Compression compression = Compression::none;
    uint64_t opcodes = 0;
    uint64_t depth = 0;
    uint64_t payload_bytes = 0;  // of arrays, viewed in place
    bool outline = false;        // ParseOptions::outline
    explicit Storage(uint64_t memory_limit) : arena(memory_limit) {}
  };

  explicit Document(std::shared_ptr<const Storage> storage) : storage_(std::move(storage)) {}
  const Value& root() const { return *storage_->root; }
  std::span<const Global* const> globals() const { return storage_->globals; }
  int protocol() const { return storage_->protocol; }
  bool is_joblib() const { return storage_->joblib; }
  Compression compression() const { return storage_->compression; }
  uint64_t opcodes() const { return storage_->opcodes; }
  bool outline() const { return storage_->outline; }
  // `view`, which must lie in this document (Array::data, Value::text), with what keeps it alive.
  Bytes keep(std::span<const std::byte> view) const;
  const Storage& storage() const { return *storage_; }

 private:
  std::shared_ptr<const Storage> storage_;
};

}  // namespace panmodel::pickle
