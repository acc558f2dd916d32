#pragma once
// Elements and lists in the text form.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/tensor.h"

namespace panmodel::text {

// Shortest form that reads back to the same bits; a NaN other than the quiet one that arithmetic
// makes is "nan:" and its bits in hex.
void append_real(std::string& out, double value);
// Element i of any dtype: reals, integers, true / false, quoted text, "re im" of complex numbers,
// hex bits ("0x3f") of 8-bit floats.
void append_element(std::string& out, const Tensor& tensor, size_t i);

// Inverse of append_real; false when `token` is no number.
bool parse_real_bits(std::string_view token, double* value);
// Appends the stored bytes of one element of a dtype other than string and the complex ones; false
// when `token` is no such element. A complex element is two of its reals.
bool parse_element(std::string_view token, DType dtype, std::vector<std::byte>& out);
// The real type of the parts of a complex number, or the dtype itself.
DType part_of(DType dtype);

// 64-bit FNV-1a, to recognise an array that is not printed in full.
class Hash {
 public:
  void add(std::span<const std::byte> bytes);
  void add(std::string_view text);
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace panmodel::text
