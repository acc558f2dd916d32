#pragma once
// Avro types (Avro 1.7.6, "Complex Types") as PFA 0.8.1 uses them, section 4: interned, so that equal
// types of one table are the same object. Named types may be recursive.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace panmodel::pfa {

enum class Kind : uint8_t {
  null, boolean, int32, int64, float32, float64, bytes, string,
  array, map, record, enumeration, fixed, alternatives,  // a union
  none,      // "error": the type of an expression that never returns; accepted by no type
  function,  // of an argument that is a function
};

struct Type;
struct Field {
  std::string name;
  const Type* type = nullptr;
  bool descending = false, ignored = false;  // Avro's sort order
};

struct Type {
  Kind kind = Kind::null;
  std::string name;                     // record, enumeration, fixed: full name, "com.example.Node"
  const Type* element = nullptr;        // items of an array, values of a map, result of a function
  std::vector<Field> fields;            // record
  std::vector<std::string> symbols;     // enumeration, in order
  uint32_t size = 0;                    // bytes of a fixed
  std::vector<const Type*> members;     // of a union; parameters of a function

  bool is_number() const { return kind >= Kind::int32 && kind <= Kind::float64; }
  bool named() const { return kind >= Kind::record && kind <= Kind::fixed; }
  // Index of a field or a symbol.
  std::optional<uint32_t> field(std::string_view field_name) const;
  std::optional<uint32_t> symbol(std::string_view text) const;
};

// Types without parts; the same in every table.
const Type* primitive(Kind kind);
// "int", "double" ... of a primitive type; null for another word.
const Type* find_primitive(std::string_view name);

// The types of one document.
class Types {
 public:
  const Type* array(const Type* items);
  const Type* map(const Type* values);
  // Members in order; a union of one is a union too, whose values are tagged. Precondition: legal_union().
  const Type* alternatives(std::vector<const Type*> members);
  // The same, but one member alone is that type.
  const Type* one_of(std::vector<const Type*> members);
  const Type* function(std::vector<const Type*> parameters, const Type* result);
  // Declares a named type with nothing in it yet; null when the name is taken.
  Type* declare(Kind kind, std::string full_name);
  const Type* find(std::string_view full_name) const;
  // In order of declaration.
  std::span<const Type* const> named() const { return declared_; }

  // The narrowest type that accepts all of `types` (PFA 0.8.1 section 4.5); null when there is none
  // (mixtures of different enumerations or fixed). `none` is left out unless all are.
  const Type* narrowest(std::span<const Type* const> types);

 private:
  const Type* intern(Type type, std::string key);
  std::deque<Type> types_;
  std::map<std::string, const Type*, std::less<>> structural_;
  std::map<std::string, Type*, std::less<>> by_name_;
  std::vector<const Type*> declared_;
};

// Whether a value of type `from` may stand where `to` is expected: numbers widen, arrays, maps and
// unions by their parts, named types by identity.
bool accepts(const Type& to, const Type& from);
// At most one of each kind without a name, no union within; different names.
bool legal_union(std::span<const Type* const> members);
// The tag of a member of a union in Avro's JSON encoding: "double", "array", "com.example.Node".
std::string_view tag(const Type& type);
// As Avro schema text on one line; a named type is spelled out where it first occurs.
std::string to_string(const Type& type);

}  // namespace panmodel::pfa
