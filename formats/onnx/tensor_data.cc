#include "formats/onnx/tensor_data.h"

#include <limits>
#include <utility>

#include "base/diagnostic.h"
#include "base/fail.h"

namespace panmodel::onnx {
namespace {

std::string_view field_name(ValueField field) {
  static constexpr std::string_view kNames[] = {"none",        "float_data",  "int32_data",
                                                "int64_data",  "uint64_data", "double_data",
                                                "string_data"};
  return kNames[static_cast<size_t>(field)];
}

bool is_set(const TensorProto& t, ValueField field) {
  switch (field) {
    case ValueField::none: return false;
    case ValueField::float_data: return !t.float_data.empty();
    case ValueField::int32_data: return !t.int32_data.empty();
    case ValueField::int64_data: return !t.int64_data.empty();
    case ValueField::uint64_data: return !t.uint64_data.empty();
    case ValueField::double_data: return !t.double_data.empty();
    case ValueField::string_data: return !t.string_data.empty();
  }
  return false;
}

// Takes what is wrong with a tensor: throws the first problem, or collects them all.
class Problems {
 public:
  Problems(const Location& loc, Diagnostics* all) : loc_(loc), all_(all) {}
  template <class... A>
  void add(Code code, fmt::format_string<A...> f, A&&... args) {
    if (all_ == nullptr) fail(loc_, code, f, std::forward<A>(args)...);
    all_->report(Severity::error, loc_, code, f, std::forward<A>(args)...);
  }

 private:
  const Location& loc_;
  Diagnostics* all_;
};

// One field may hold elements, and it must be the one of the type (onnx.proto, TensorProto).
void check_fields(const TensorProto& t, const DataTypeRow* row, bool external, Problems& problems) {
  if (t.segment) {
    problems.add("onnx-tensor-segment", "tensor '{}' is a segment of a larger tensor", t.name.get());
  }
  std::string_view used;
  auto use = [&](std::string_view field) {
    if (!used.empty()) {
      problems.add("onnx-tensor-fields", "tensor '{}' has both {} and {}", t.name.get(), used, field);
    }
    used = field;
  };
  if (external) use("external data");
  if (t.raw_data) use("raw_data");
  for (ValueField field : {ValueField::float_data, ValueField::int32_data, ValueField::string_data,
                           ValueField::int64_data, ValueField::double_data,
                           ValueField::uint64_data}) {
    if (!is_set(t, field)) continue;
    use(field_name(field));
    if (row != nullptr && field != row->field) {
      problems.add("onnx-tensor-fields", "elements of type {} belong into {} or raw_data, not {}",
                   row->name, field_name(row->field), used);
    }
  }
  if (!external && !t.external_data.empty()) {
    problems.add("onnx-tensor-fields", "external_data is given but data_location is not EXTERNAL");
  }
  if (row != nullptr && row->type == DataType::string && (t.raw_data || external)) {
    problems.add("onnx-tensor-fields", "strings are in {}, only string_data can hold them", used);
  }
}

uint64_t count_elements(const std::vector<int64_t>& dims, Problems& problems) {
  uint64_t count = 1;
  bool zero = false, overflow = false;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0) {
      problems.add("onnx-tensor-dims", "dimension {} is {}", i, dims[i]);
      continue;
    }
    zero = zero || dims[i] == 0;
    overflow = overflow || !checked_mul(count, static_cast<uint64_t>(dims[i]), &count);
  }
  if (zero) return 0;
  // The count must serve as a signed index too.
  if (overflow || count > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    problems.add("onnx-tensor-dims", "the product of the dimensions exceeds 2^63 - 1");
    return 0;
  }
  return count;
}

template <class T>
Bytes own(std::vector<T> values) {
  auto storage = std::make_shared<std::vector<T>>(std::move(values));
  return {std::as_bytes(std::span<const T>(*storage)), storage};
}

// Elements of less than a byte: `bits` each, in groups from the least significant bit; f6 runs on
// across bytes, 2 and 4 bits never do (onnx.proto, raw_data).
Bytes unpack(std::span<const std::byte> packed, DataType type, uint64_t count, uint32_t bits) {
  std::vector<uint8_t> out(count);
  bool is_signed = type == DataType::i4 || type == DataType::i2;
  const uint32_t mask = (1u << bits) - 1, sign = 1u << (bits - 1);
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t bit = i * bits;
    uint32_t word = std::to_integer<uint32_t>(packed[bit / 8]);
    if (bit / 8 + 1 < packed.size()) word |= std::to_integer<uint32_t>(packed[bit / 8 + 1]) << 8;
    uint32_t value = (word >> (bit % 8)) & mask;
    if (is_signed && (value & sign)) value |= ~mask;
    out[i] = static_cast<uint8_t>(value);
  }
  return own(std::move(out));
}

Bytes pack(std::span<const std::byte> flat, uint32_t bits) {
  uint64_t count = flat.size();
  std::vector<uint8_t> out((count * bits + 7) / 8);
  const uint32_t mask = (1u << bits) - 1;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t bit = i * bits;
    uint32_t value = (std::to_integer<uint32_t>(flat[i]) & mask) << (bit % 8);
    out[bit / 8] = static_cast<uint8_t>(out[bit / 8] | value);
    if (value >> 8 != 0) out[bit / 8 + 1] = static_cast<uint8_t>(out[bit / 8 + 1] | (value >> 8));
  }
  return own(std::move(out));
}

void expect_length(uint64_t found, uint64_t expected, std::string_view what, const DataTypeRow& row,
                   uint64_t count, const Location& loc) {
  if (found == expected) return;
  fail(loc, "onnx-tensor-length", "{} {} elements need {} {}, {} found", count, row.name, expected,
       what, found);
}

template <class To, class From>
Bytes narrow(const std::vector<From>& values, const DataTypeRow& row, const Location& loc) {
  std::vector<To> out;
  out.reserve(values.size());
  for (From v : values) {
    if (!std::in_range<To>(v)) {
      fail(loc, "onnx-tensor-value", "{} is out of range of {}", v, row.name);
    }
    out.push_back(static_cast<To>(v));
  }
  return own(std::move(out));
}

Bytes decode_int32(const TensorProto& t, const DataTypeRow& row, uint64_t count,
                   const Location& loc) {
  // 2- and 4-bit elements are packed into int32_data as into raw_data, one byte per entry; 6-bit
  // elements take an entry each.
  bool bytes = row.bits < 6;
  uint64_t entries = bytes ? *raw_size(row.type, count) : count;
  expect_length(t.int32_data.count(), entries, "entries of int32_data", row, count, loc);
  std::vector<int32_t> values = t.int32_data.values(loc);
  if (bytes) {
    Bytes packed = narrow<uint8_t>(values, row, loc);
    return unpack(packed.data, row.type, count, row.bits);
  }
  switch (row.type) {
    case DataType::i32: return own(std::move(values));
    case DataType::i16: return narrow<int16_t>(values, row, loc);
    case DataType::i8: return narrow<int8_t>(values, row, loc);
    default: break;
  }
  return row.bits == 16 ? narrow<uint16_t>(values, row, loc) : narrow<uint8_t>(values, row, loc);
}

template <class T>
Bytes decode_reals(const Packed<T>& field, const DataTypeRow& row, uint64_t count,
                   const Location& loc) {
  uint64_t entries = 0;
  if (!checked_mul(count, row.bits / (8 * sizeof(T)), &entries)) entries = UINT64_MAX;
  expect_length(field.count(), entries, "numbers", row, count, loc);
  if (!field.wire().empty()) {
    expect_length(field.wire().size(), entries * sizeof(T), "bytes", row, count, loc);
    return field.wire();
  }
  return own(field.decoded());
}

Bytes decode_typed(const TensorProto& t, const DataTypeRow& row, uint64_t count,
                   const Location& loc) {
  switch (row.field) {
    case ValueField::float_data: return decode_reals(t.float_data, row, count, loc);
    case ValueField::double_data: return decode_reals(t.double_data, row, count, loc);
    case ValueField::int32_data: return decode_int32(t, row, count, loc);
    case ValueField::int64_data:
      expect_length(t.int64_data.count(), count, "entries of int64_data", row, count, loc);
      return own(t.int64_data.values(loc));
    case ValueField::uint64_data: {
      expect_length(t.uint64_data.count(), count, "entries of uint64_data", row, count, loc);
      std::vector<uint64_t> values = t.uint64_data.values(loc);
      return row.type == DataType::u32 ? narrow<uint32_t>(values, row, loc) : own(std::move(values));
    }
    default: return {};
  }
}

void check_range(const TensorData& d, const DataTypeRow& row, const Location& loc) {
  uint32_t limit = row.type == DataType::boolean ? 2u : row.bits == 6 ? 64u : 256u;
  if (limit == 256) return;
  for (std::byte b : d.data.data) {
    if (std::to_integer<uint32_t>(b) >= limit) {
      fail(loc, "onnx-tensor-value", "{} is no element of type {}", std::to_integer<uint32_t>(b),
           row.name);
    }
  }
}

size_t alignment(DataType type) {
  size_t size = element_size(type);
  return type == DataType::c64 || type == DataType::c128 ? size / 2 : size;
}

// What a tensor says of its data, before any of it is looked at.
struct Form {
  const DataTypeRow* row;  // null for an unknown type, which is a problem
  bool external;
  uint64_t count;
};

Form form_of(const TensorProto& t, Problems& problems) {
  if (t.dims.size() > kMaxRank) {
    problems.add("onnx-tensor-rank", "{} dimensions, {} are the limit", t.dims.size(), kMaxRank);
  }
  Form form{data_type_row(t.data_type.value_or(0)), t.data_location.value_or(0) == 1, 0};
  if (form.row == nullptr) {
    problems.add("onnx-tensor-type", "tensor '{}' has element type {}, 1 to {} are defined",
                 t.name.get(), t.data_type.value_or(0), std::size(kDataTypes) - 1);
  }
  if (int32_t where = t.data_location.value_or(0); where != 0 && where != 1) {
    problems.add("onnx-tensor-fields", "data_location is {}, 0 or 1 expected", where);
  }
  check_fields(t, form.row, form.external, problems);
  form.count = count_elements(t.dims, problems);
  return form;
}

TensorData decode(const TensorProto& t, const Form& form, const DecodeOptions& options,
                  const Location& loc) {
  const DataTypeRow& row = *form.row;
  TensorData out;
  out.type = row.type;
  out.dims = t.dims;
  out.count = form.count;
  if (row.type == DataType::string) {
    expect_length(t.string_data.size(), out.count, "strings", row, out.count, loc);
    out.strings = t.string_data;
    return out;
  }
  std::optional<uint64_t> raw = raw_size(row.type, out.count);
  if (!raw) fail(loc, "onnx-tensor-dims", "{} {} elements exceed 2^64 bits", out.count, row.name);
  if (form.external) {
    ExternalReference ref = parse_external(t, loc);
    if (!options.external) {
      fail(loc, "onnx-external-base", "tensor '{}' is in an external file", t.name.get());
    }
    out.data = options.external->get(ref, *raw, loc);
  } else if (t.raw_data) {
    expect_length(t.raw_data->size(), *raw, "bytes of raw_data", row, out.count, loc);
    out.data = *t.raw_data;
  } else {
    out.data = decode_typed(t, row, out.count, loc);
    check_range(out, row, loc);
    return out;
  }
  if (row.bits < 8) {
    out.data = unpack(out.data.data, row.type, out.count, row.bits);
  } else if (row.type == DataType::boolean) {
    check_range(out, row, loc);
  }
  auto address = reinterpret_cast<uintptr_t>(out.data.begin());
  if (options.aligned && address % alignment(row.type) != 0) out.data = Bytes::copy_of(out.data.text());
  return out;
}

}  // namespace

size_t element_size(DataType type) {
  const DataTypeRow* row = data_type_row(static_cast<int64_t>(type));
  return row ? (row->bits + 7) / 8 : 0;
}

std::optional<uint64_t> raw_size(DataType type, uint64_t count) {
  const DataTypeRow* row = data_type_row(static_cast<int64_t>(type));
  uint64_t bits = 0;
  if (!row || !checked_mul(count, row->bits, &bits)) return std::nullopt;
  return bits / 8 + (bits % 8 != 0);
}

std::vector<Diagnostic> tensor_problems(const TensorProto& t, const DecodeOptions& options,
                                        const Location& loc) {
  Diagnostics all;
  Problems problems(loc, &all);
  const Form form = form_of(t, problems);
  // The length is what the type, the dimensions and one field of data say.
  if (!all.list().empty()) return all.list();
  try {
    decode(t, form, options, loc);
  } catch (const Failure& f) {
    return {f.diagnostic};
  }
  return {};
}

TensorData decode_tensor(const TensorProto& t, const DecodeOptions& options, const Location& loc) {
  Problems problems(loc, nullptr);
  return decode(t, form_of(t, problems), options, loc);
}

uint64_t count_elements(const std::vector<int64_t>& dims, const Location& loc) {
  Problems problems(loc, nullptr);
  return count_elements(dims, problems);
}

TensorProto encode_tensor(const TensorData& d, std::string_view name) {
  TensorProto t;
  t.name = name;
  t.dims = d.dims;
  t.data_type = static_cast<int32_t>(d.type);
  if (d.type == DataType::string) {
    t.string_data = d.strings;
    return t;
  }
  const DataTypeRow* row = data_type_row(static_cast<int64_t>(d.type));
  bool packed = row && row->bits < 8;
  t.raw_data = packed ? pack(d.data.data, row->bits) : d.data;
  return t;
}

}  // namespace panmodel::onnx
