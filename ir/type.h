#pragma once
// Types of values: tensors, table columns, sequences, maps, optionals.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace panmodel {

// Element types. Names follow ONNX's TensorProto.DataType, shortened.
enum class DType : uint8_t {
  f64, f32, f16, bf16, i64, i32, i16, i8, u64, u32, u16, u8, boolean, string,
  c64, c128, f8e4m3fn, f8e4m3fnuz, f8e5m2, f8e5m2fnuz, f8e8m0, f4e2m1, i4, u4, i2, u2,
};
inline constexpr size_t kDTypeCount = 26;
std::string_view to_string(DType dtype);
std::optional<DType> parse_dtype(std::string_view name);
// Bytes of one stored element; 1 for the packed types (stored one per byte), 0 for string.
size_t byte_size(DType dtype);
bool is_floating(DType dtype);  // any real floating type
bool is_integer(DType dtype);   // any signed or unsigned integer type, not boolean

// One dimension: a size, a symbol ("N"), or unknown (size -1 and no symbol).
struct Dim {
  int64_t size = -1;
  std::string symbol;

  Dim() = default;
  Dim(int64_t n) : size(n) {}                         // NOLINT: a number is a dimension
  Dim(const char* name) : symbol(name) {}             // NOLINT: a symbol is a dimension
  Dim(std::string name) : symbol(std::move(name)) {}  // NOLINT
  bool fixed() const { return size >= 0; }
  bool operator==(const Dim&) const = default;
};

// A dense tensor. No dims = unknown rank; an empty list = a scalar.
struct TensorType {
  DType dtype = DType::f64;
  std::optional<std::vector<Dim>> dims;
  bool operator==(const TensorType&) const = default;
};

// A named table column: shape [N,1] at run time. `optional` = cells may be missing, kept as a
// validity bit beside the values, never as a magic value.
struct ColumnType {
  DType dtype = DType::f64;
  bool optional = true;
  bool operator==(const ColumnType&) const = default;
};

struct Type;
struct SeqType {
  std::shared_ptr<const Type> element;
  bool operator==(const SeqType& o) const;
};
struct MapType {
  DType key = DType::string;
  std::shared_ptr<const Type> value;
  bool operator==(const MapType& o) const;
};
struct OptionalType {
  std::shared_ptr<const Type> element;
  bool operator==(const OptionalType& o) const;
};

struct Type {
  std::variant<TensorType, ColumnType, SeqType, MapType, OptionalType> v;

  Type() = default;
  Type(TensorType t) : v(std::move(t)) {}    // NOLINT
  Type(ColumnType t) : v(t) {}               // NOLINT
  Type(SeqType t) : v(std::move(t)) {}       // NOLINT
  Type(MapType t) : v(std::move(t)) {}       // NOLINT
  Type(OptionalType t) : v(std::move(t)) {}  // NOLINT
  const TensorType* tensor() const { return std::get_if<TensorType>(&v); }
  const ColumnType* column() const { return std::get_if<ColumnType>(&v); }
  bool operator==(const Type&) const = default;
};
using Types = std::vector<Type>;

// "f64[N,4]", "f64[*]" (unknown rank), "column<string?>", "seq<map<string,f32[]>>". A symbol that is
// no plain word is quoted: f64["batch size",4].
std::string to_string(const Type& type);
// Parses what to_string prints; nullopt when `text` is not wholly a type.
std::optional<Type> parse_type(std::string_view text);
// Takes a type from the front of `text` and moves `text` behind it; nullopt when none stands there.
std::optional<Type> take_type(std::string_view& text);

Type tensor_type(DType dtype, std::vector<Dim> dims);

}  // namespace panmodel
