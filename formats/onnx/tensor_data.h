#pragma once
// Elements of a TensorProto: any of its encodings <-> one flat buffer.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/diagnostic.h"
#include "base/location.h"
#include "formats/onnx/document.h"
#include "formats/onnx/external_data.h"

namespace panmodel::onnx {

// A decoded tensor, row-major. Elements of `data`: one byte for bool, 2-, 4-, 6- and 8-bit types
// (u2, u4: 0..3, 0..15; i2, i4: sign-extended; small floats: their bits), the bit pattern for f16
// and bf16, pairs for complex, else the little-endian number. Strings are in `strings` instead.
struct TensorData {
  DataType type = DataType::undefined;
  std::vector<int64_t> dims;
  uint64_t count = 0;         // product of dims
  Bytes data;                 // a view of the file when the stored form is the flat form
  std::vector<Text> strings;  // view the file

  // The elements as T when sizeof(T) matches and the buffer is aligned for T (decode_tensor with
  // `aligned` guarantees it). Precondition: element_size(type) == sizeof(T).
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data.begin()), data.size() / sizeof(T)};
  }
};

// Bytes of one element of TensorData::data; 0 for strings.
size_t element_size(DataType type);
// Bytes that `count` elements take in raw_data; nullopt on overflow. Not for strings.
std::optional<uint64_t> raw_size(DataType type, uint64_t count);

struct DecodeOptions {
  const ExternalFiles* external = nullptr;  // without it, external data fails by name
  bool aligned = true;                      // copy a view that is not aligned for its element
};
// More dimensions than this are refused.
constexpr size_t kMaxRank = 1024;
// Throws Failure onnx-tensor-* (dims, type, data length, two value fields, segment) and
// onnx-external-*. Nothing is allocated before the sizes agree.
TensorData decode_tensor(const TensorProto& tensor, const DecodeOptions& options,
                         const Location& loc);

// All that decode_tensor would refuse: what is wrong with type, dimensions and fields, or if these are
// sound with the data. Empty for a sound tensor.
std::vector<Diagnostic> tensor_problems(const TensorProto& tensor, const DecodeOptions& options,
                                        const Location& loc);
// Product of the dimensions. Throws Failure onnx-tensor-dims.
uint64_t count_elements(const std::vector<int64_t>& dims, const Location& loc);

// The tensor with raw_data (string_data for strings). `data` is shared where its form is the stored
// one. Precondition: data.size() and dims agree.
TensorProto encode_tensor(const TensorData& data, std::string_view name);

}  // namespace panmodel::onnx
