#pragma once
// A record argument whose fields are read by name and which is given back with some changed.
#include <string_view>

#include "runtime/pfa/library.h"

namespace panmodel::pfa {

class Record {
 public:
  explicit Record(Value value) : value_(std::move(value)) {}

  bool has(std::string_view name) const { return value_.type()->field(name).has_value(); }
  // Whether there is a field of exactly this kind: those that a signature leaves open are used if so.
  bool has(std::string_view name, Kind kind) const {
    std::optional<uint32_t> field = value_.type()->field(name);
    return field && value_.type()->fields[*field].type->kind == kind;
  }
  // Precondition of the following: there is such a field.
  const Value& operator[](std::string_view name) const { return value_.items()[index(name)]; }
  double real(std::string_view name) const { return (*this)[name].real(); }
  int64_t whole(std::string_view name) const { return (*this)[name].whole(); }
  void set(std::string_view name, Value v) { value_.edit_items()[index(name)] = std::move(v); }
  void set(std::string_view name, double v) { set(name, Value::float64(v)); }
  Value& edit(std::string_view name) { return value_.edit_items()[index(name)]; }
  Value take() { return std::move(value_); }

 private:
  uint32_t index(std::string_view name) const { return *value_.type()->field(name); }
  Value value_;
};

}  // namespace panmodel::pfa
