#pragma once
// Values of PFA at run time: immutable parts shared by reference counts, copied when a shared one is
// edited. A number keeps its kind, so that a value of a union needs no tag beside it.
//
// Counts are not atomic: a value, and all that shares parts with it, belongs to one thread at a time.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ir/pfa/type.h"

namespace panmodel::pfa {

// Bytes held by values of this thread. A value that would exceed the limit throws Failure
// "limit-memory".
struct Meter {
  size_t used = 0;
  size_t limit = SIZE_MAX;
  void add(size_t bytes);
  void remove(size_t bytes) { used -= bytes < used ? bytes : used; }  // made on another thread: not counted here
};
Meter& meter();

template <class T>
struct MeteredAllocator {
  using value_type = T;
  MeteredAllocator() = default;
  template <class U>
  MeteredAllocator(const MeteredAllocator<U>&) {}  // NOLINT: as the standard asks
  T* allocate(size_t n) {
    if (n > SIZE_MAX / 2 / sizeof(T)) throw std::bad_array_new_length();
    meter().add(n * sizeof(T));
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, size_t n) {
    meter().remove(n * sizeof(T));
    std::allocator<T>().deallocate(p, n);
  }
  template <class U>
  bool operator==(const MeteredAllocator<U>&) const { return true; }
};

class Value;
using Array = std::vector<Value, MeteredAllocator<Value>>;

// Members in order of insertion, found by key.
class Map {
 public:
  using Entry = std::pair<std::string, Value>;
  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  const Value* find(std::string_view key) const;
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  // Adds a member or replaces its value, in place.
  void set(std::string_view key, Value value);
  void erase(std::string_view key);
  void reserve(size_t n);
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  const Entry& operator[](size_t i) const { return entries_[i]; }
  // For editing a value in place; null when there is none.
  Value* edit(std::string_view key);

 private:
  static constexpr size_t kLinear = 8;  // up to here a search goes through the entries
  size_t position(std::string_view key) const;  // size() when there is none
  std::vector<Entry, MeteredAllocator<Entry>> entries_;
  std::unordered_map<std::string, uint32_t> index_;  // beyond kLinear
};

class Value {
 public:
  Value() = default;  // null
  Value(const Value& o) : kind_(o.kind_), symbol_(o.symbol_), bits_(o.bits_) { retain(); }
  Value(Value&& o) noexcept : kind_(o.kind_), symbol_(o.symbol_), bits_(o.bits_) { o.kind_ = Kind::null; }
  Value& operator=(const Value& o) {
    Value copy(o);
    swap(copy);
    return *this;
  }
  Value& operator=(Value&& o) noexcept {
    swap(o);
    return *this;
  }
  ~Value() { release(); }
  void swap(Value& o) noexcept {
    std::swap(kind_, o.kind_);
    std::swap(symbol_, o.symbol_);
    std::swap(bits_, o.bits_);
  }

  static Value null() { return {}; }
  static Value boolean(bool v) { return {Kind::boolean, static_cast<int64_t>(v)}; }
  static Value int32(int32_t v) { return {Kind::int32, int64_t{v}}; }
  static Value int64(int64_t v) { return {Kind::int64, v}; }
  // Held with the precision of a double (docs/pfa.md, "Float").
  static Value float32(double v) { return {Kind::float32, v}; }
  static Value float64(double v) { return {Kind::float64, v}; }
  // A number of the given kind; an integer kind takes the whole part, which must fit.
  static Value number(Kind kind, double v);
  static Value number(Kind kind, int64_t v);
  static Value string(std::string v);
  static Value bytes(std::string v);
  static Value fixed(const Type* type, std::string v);
  static Value symbol(const Type* type, uint32_t index);  // of an enumeration
  static Value array(Array items);
  static Value map(Map members);
  static Value record(const Type* type, Array fields);  // parallel to type->fields

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_number() const { return kind_ >= Kind::int32 && kind_ <= Kind::float64; }

  // Each needs the kind that it names.
  bool truth() const { return bits_.whole != 0; }
  int64_t whole() const { return bits_.whole; }  // int32, int64
  // Any number.
  double real() const {
    return kind_ >= Kind::float32 ? bits_.real : static_cast<double>(bits_.whole);
  }
  const std::string& text() const;  // string, bytes, fixed
  // Array: the items; record: the fields.
  const Array& items() const;
  const Map& members() const;
  const Type* type() const;  // record, enumeration, fixed
  uint32_t symbol() const { return symbol_; }
  const std::string& symbol_name() const { return type()->symbols[symbol_]; }
  // For editing: copies the part first when something else shares it.
  Array& edit_items();
  Map& edit_members();

 private:
  struct Object;
  struct Text;
  struct List;
  struct Dictionary;
  union Bits {
    int64_t whole;
    double real;
    Object* object;
    const Type* type;
  };
  Value(Kind kind, int64_t v) : kind_(kind) { bits_.whole = v; }
  Value(Kind kind, double v) : kind_(kind) { bits_.real = v; }
  Value(Kind kind, Object* v) : kind_(kind) { bits_.object = v; }
  bool owns() const { return kind_ >= Kind::bytes && kind_ != Kind::enumeration; }
  void retain() const {
    if (owns()) count_up(bits_.object);
  }
  void release() {
    if (owns()) count_down(bits_.object);
  }
  static void count_up(Object* object);
  static void count_down(Object* object) noexcept;
  static void destroy(Object* object) noexcept;

  Kind kind_ = Kind::null;
  uint32_t symbol_ = 0;
  Bits bits_ = {0};
};

// Avro's order (Avro 1.7.6, "Sort Order"): -1, 0, 1. Numbers by value, a NaN above all and equal to
// itself; texts by code point; enumerations by position; arrays item by item; records by their fields.
// Values of different kinds (of a union) are ordered by kind. Fails "limit-depth" for values nested
// too deep for the stack.
int compare(const Value& a, const Value& b);
// The same as order 0, but a symbol of an enumeration equals the string of its name.
bool equal(const Value& a, const Value& b);

// The member of a union that a value is of, `type` itself if it is no union; null when there is none.
const Type* member_of(const Value& value, const Type& type);
// `value`, of type `from`, as it is held where `to` is expected: an integer becomes a double where only
// that fits. Precondition: accepts(to, from).
Value promote(Value value, const Type& from, const Type& to);
// Whether promote() could change a value.
bool needs_promotion(const Type& from, const Type& to);

}  // namespace panmodel::pfa
