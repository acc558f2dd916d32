// Numbers of arrays, scalars and lists in bulk.
#include "formats/pickle/numbers.h"

#include <cmath>
#include <cstring>

#include "formats/pickle/cursor.h"

namespace panmodel::pickle {

std::vector<uint64_t> c_order(const Array& array) {
  std::vector<uint64_t> out(array.count);
  if (!array.fortran || array.shape.size() < 2) {
    for (uint64_t i = 0; i < array.count; ++i) out[i] = i;
    return out;
  }
  const size_t rank = array.shape.size();
  std::vector<uint64_t> stride(rank, 1);
  for (size_t d = 1; d < rank; ++d) stride[d] = stride[d - 1] * array.shape[d - 1];
  std::vector<uint64_t> index(rank, 0);
  uint64_t at = 0;
  for (uint64_t i = 0; i < array.count; ++i) {
    out[i] = at;
    for (size_t d = rank; d-- > 0;) {
      at += stride[d];
      if (++index[d] < array.shape[d]) break;
      at -= stride[d] * array.shape[d];
      index[d] = 0;
    }
  }
  return out;
}

namespace {
double half(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

// Calls `f` with the number at `from` in its own type; false for types that are no numbers.
template <class F>
bool with_number(const Dtype& t, const std::byte* from, F&& f) {
  const auto load = [&]<class T>(T) { return t.big_endian ? load_be<T>(from) : load_le<T>(from); };
  if (t.kind == 'b') return f(static_cast<int64_t>(*from != std::byte{0})), true;
  if (t.kind == 'i') {
    switch (t.itemsize) {
      case 1: return f(static_cast<int64_t>(load(int8_t{}))), true;
      case 2: return f(static_cast<int64_t>(load(int16_t{}))), true;
      case 4: return f(static_cast<int64_t>(load(int32_t{}))), true;
      case 8: return f(load(int64_t{})), true;
      default: return false;
    }
  }
  if (t.kind == 'u') {
    switch (t.itemsize) {
      case 1: return f(static_cast<uint64_t>(load(uint8_t{}))), true;
      case 2: return f(static_cast<uint64_t>(load(uint16_t{}))), true;
      case 4: return f(static_cast<uint64_t>(load(uint32_t{}))), true;
      case 8: return f(load(uint64_t{})), true;
      default: return false;
    }
  }
  if (t.kind == 'f') {
    switch (t.itemsize) {
      case 2: return f(half(load(uint16_t{}))), true;
      case 4: return f(static_cast<double>(load(float{}))), true;
      case 8: return f(load(double{})), true;
      default: return false;
    }
  }
  return false;
}

// To int64; false when the value is not integral or out of range.
bool to_int(int64_t in, int64_t* out) { return *out = in, true; }
bool to_int(uint64_t in, int64_t* out) {
  *out = static_cast<int64_t>(in);
  return in <= INT64_MAX;
}
bool to_int(double in, int64_t* out) {
  if (!(in >= -0x1p63 && in < 0x1p63) || in != std::floor(in)) return false;
  *out = static_cast<int64_t>(in);
  return true;
}
}  // namespace

std::vector<double> PyCursor::as_reals() const {
  std::vector<double> out;
  const auto put = [&](auto x) { out.push_back(static_cast<double>(x)); };
  if (is_scalar()) {
    if (!with_number(*value_->scalar().dtype, value_->scalar().data.data(), put)) wrong_type("a number");
    return out;
  }
  if (is_array()) {
    const Array& a = array();
    out.reserve(a.count);
    if (a.dtype->kind == 'f' && a.dtype->itemsize == 8 && !a.dtype->big_endian && (!a.fortran || a.shape.size() < 2)) {
      out.resize(a.count);
      if (a.count > 0) std::memcpy(out.data(), a.data.data(), a.count * 8);
      return out;
    }
    if (a.dtype->kind == 'O') {
      for (size_t i = 0; i < a.objects.size(); ++i) out.push_back(element(i).as_real());
      return out;
    }
    for (const uint64_t i : c_order(a)) {
      if (!with_number(*a.dtype, a.data.data() + i * a.dtype->itemsize, put)) wrong_type("an array of numbers");
    }
    return out;
  }
  if (is_number()) return {as_real()};
  if (!is_sequence()) wrong_type("numbers");
  if (size() > 0 && (at(0).is_sequence() || at(0).is_array())) {
    size_t length = 0;
    for (size_t i = 0; i < size(); ++i) {
      const PyCursor row = at(i);
      if (!row.is_array() && row.is_sequence() && row.size() > 0 && row.at(0).is_sequence()) row.wrong_type("numbers");
      const auto numbers = row.as_reals();
      if (i == 0) length = numbers.size();
      if (numbers.size() != length) fail(row.loc(), "sklearn-value", "rows of different lengths");
      out.insert(out.end(), numbers.begin(), numbers.end());
    }
    return out;
  }
  for (size_t i = 0; i < size(); ++i) {
    const PyCursor item = at(i);
    if (!item.is_number()) item.wrong_type("a number");
    out.push_back(item.as_real());
  }
  return out;
}

std::vector<int64_t> PyCursor::as_ints() const {
  std::vector<int64_t> out;
  bool fits = true;
  const auto put = [&](auto x) {
    int64_t n = 0;
    fits = to_int(x, &n) && fits;
    out.push_back(n);
  };
  if (is_scalar()) {
    if (!with_number(*value_->scalar().dtype, value_->scalar().data.data(), put)) wrong_type("an int");
  } else if (is_array()) {
    const Array& a = array();
    out.reserve(a.count);
    if (a.dtype->kind == 'O') {
      for (size_t i = 0; i < a.objects.size(); ++i) out.push_back(element(i).as_int());
      return out;
    }
    for (const uint64_t i : c_order(a)) {
      if (!with_number(*a.dtype, a.data.data() + i * a.dtype->itemsize, put)) wrong_type("an array of ints");
    }
  } else if (is_int() || is_bool()) {
    return {as_int()};
  } else if (!is_sequence()) {
    wrong_type("ints");
  } else {
    for (size_t i = 0; i < size(); ++i) {
      const PyCursor item = at(i);
      if (item.is_int() || item.is_bool()) {
        out.push_back(item.as_int());
      } else if (item.is_real()) {
        put(item.as_real());
      } else {
        item.wrong_type("an int");
      }
    }
  }
  if (!fits) fail(loc(), "sklearn-value", "a number that is no int of 64 bits");
  return out;
}

std::vector<bool> PyCursor::as_bools() const {
  std::vector<bool> out;
  if (is_array()) {
    const Array& a = array();
    if (a.dtype->kind != 'b') wrong_type("an array of bools");
    for (const uint64_t i : c_order(a)) out.push_back(a.data[i] != std::byte{0});
    return out;
  }
  if (!is_sequence()) wrong_type("bools");
  for (size_t i = 0; i < size(); ++i) out.push_back(at(i).as_bool());
  return out;
}

std::vector<size_t> PyCursor::shape() const {
  if (is_array()) return {array().shape.begin(), array().shape.end()};
  if (is_number()) return {};
  if (!is_sequence()) wrong_type("an array");
  if (size() == 0 || (!at(0).is_sequence() && !at(0).is_array())) return {size()};
  std::vector<size_t> out{size(), at(0).size()};
  for (size_t i = 0; i < size(); ++i) {
    if (at(i).size() != out[1]) fail(at(i).loc(), "sklearn-value", "rows of different lengths");
  }
  return out;
}

bool PyCursor::has_field(std::string_view name) const { return array().dtype->field(name) != nullptr; }

std::vector<double> PyCursor::field_reals(std::string_view name) const {
  const Array& a = array();
  const Field* field = a.dtype->field(name);
  if (field == nullptr) fail(loc(), "sklearn-attribute", "field \"{}\" is missing", name);
  std::vector<double> out;
  out.reserve(a.count);
  for (const uint64_t i : c_order(a)) {
    const std::byte* from = a.data.data() + i * a.dtype->itemsize + field->offset;
    if (!with_number(*field->dtype, from, [&](auto x) { out.push_back(static_cast<double>(x)); })) {
      wrong_type(fmt::format("a number in field {}", name));
    }
  }
  return out;
}

std::vector<int64_t> PyCursor::field_ints(std::string_view name) const {
  const Array& a = array();
  const Field* field = a.dtype->field(name);
  if (field == nullptr) fail(loc(), "sklearn-attribute", "field \"{}\" is missing", name);
  if (field->dtype->kind == 'f') wrong_type(fmt::format("integers in field {}", name));
  std::vector<int64_t> out;
  out.reserve(a.count);
  bool fits = true;
  const auto put = [&](auto x) {
    int64_t n = 0;
    fits = to_int(x, &n) && fits;
    out.push_back(n);
  };
  for (const uint64_t i : c_order(a)) {
    const std::byte* from = a.data.data() + i * a.dtype->itemsize + field->offset;
    if (!with_number(*field->dtype, from, put)) wrong_type(fmt::format("integers in field {}", name));
  }
  if (!fits) fail(loc(), "sklearn-value", "a number in field {} beyond 64 bits", name);
  return out;
}

}  // namespace panmodel::pickle
