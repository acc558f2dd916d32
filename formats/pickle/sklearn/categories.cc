#include "formats/pickle/sklearn/categories.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/number.h"
#include "base/text.h"
#include "formats/pickle/sklearn/families.h"
#include "ir/ops/encode.h"
#include "ir/ops/tensor_elementwise.h"

namespace panmodel::pickle::sklearn {
namespace {

// Every integer up to it is a double, and no other integer rounds to one of them.
constexpr int64_t kExactInteger = (int64_t{1} << 53) - 1;

// repr() of a float in Python and numpy: the shortest digits, positional from 1e-4 up to 1e16, else
// with an exponent of two digits or more.
std::string python_text(double v, bool narrow) {
  if (v == 0 || !std::isfinite(v)) return print_real(v);
  std::string text = narrow ? print_real(round_nearest(v)) : print_real(v);
  std::string sign = text[0] == '-' ? "-" : "", digits;
  int exponent = 0;  // of 0.digits
  size_t e = text.find('e');
  if (e != std::string::npos) exponent = static_cast<int>(*parse_int(std::string_view(text).substr(text[e + 1] == '+' ? e + 2 : e + 1)));
  bool fraction = false;
  for (char c : text.substr(sign.size(), e == std::string::npos ? e : e - sign.size())) {
    if (c == '.') {
      fraction = true;
    } else {
      exponent += fraction ? 0 : 1;
      digits += c;
    }
  }
  size_t first = digits.find_first_not_of('0');
  exponent -= static_cast<int>(first);
  digits = digits.substr(first, digits.find_last_not_of('0') + 1 - first);
  int count = static_cast<int>(digits.size());
  auto zeros = [](int n) { return std::string(static_cast<size_t>(n), '0'); };
  if (exponent > 16 || exponent <= -4) {
    if (count > 1) digits.insert(1, ".");
    return fmt::format("{}{}e{}{:02}", sign, digits, exponent > 0 ? '+' : '-', std::abs(exponent - 1));
  }
  if (exponent <= 0) return sign + "0." + zeros(-exponent) + digits;
  if (exponent >= count) return sign + digits + zeros(exponent - count) + ".0";
  return sign + digits.insert(static_cast<size_t>(exponent), ".");
}

struct Collector {
  Categories out;
  std::vector<std::string> texts;
  std::vector<double> reals;
  std::vector<int64_t> integers;
  std::vector<uint8_t> flags;
  bool wide = false;  // an integer that no double holds

  void place(std::string name) {
    out.places.push_back(out.count++);
    out.names.push_back(std::move(name));
  }
  void text(std::string v) {
    place(v);
    texts.push_back(std::move(v));
  }
  void real(double v, bool narrow = false) {
    if (std::isnan(v)) return nan();
    place(python_text(v, narrow));
    reals.push_back(v);
  }
  void integer(int64_t v) {
    wide = wide || v > kExactInteger || v < -kExactInteger;
    place(std::to_string(v));
    reals.push_back(static_cast<double>(v));
    integers.push_back(v);
  }
  void flag(bool v) {
    place(v ? "True" : "False");
    flags.push_back(v);
  }
  void nan() {
    out.missing = out.nan = out.count++;
    out.names.push_back("nan");
  }
  void none() {
    if (!out.nan) out.missing = out.count;
    ++out.count;
    out.names.push_back("None");
  }
};

void collect_objects(const PyCursor& array, Collector& all) {
  for (size_t i = 0, n = array.size(); i < n; ++i) {
    PyCursor item = array.is_array() ? array.element(i) : array.at(i);
    if (item.is_none()) {
      all.none();
    } else if (item.is_text()) {
      all.text(item.as_text());
    } else if (item.is_bool()) {
      all.flag(item.as_bool());
    } else if (item.is_int()) {
      all.integer(item.as_int());
    } else if (item.is_real()) {
      all.real(item.as_real());
    } else {
      item.refuse("sklearn-option", "a category that is {}", item.describe());
    }
  }
}

}  // namespace

Categories read_categories(const PyCursor& array, Integers integers) {
  Collector all;
  char kind = array.is_array() ? array.dtype_kind() : 'O';
  DType real_type = DType::f64;
  switch (kind) {
    case 'U':
      for (std::string& v : array.as_texts()) all.text(std::move(v));
      break;
    case 'i':
    case 'u':
      for (int64_t v : array.as_ints()) all.integer(v);
      break;
    case 'f': {
      bool narrow = array.dtype_name() == "float32";
      if (narrow) real_type = DType::f32;
      for (double v : array.as_reals()) all.real(v, narrow);
      break;
    }
    case 'b':
      for (bool v : array.as_bools()) all.flag(v);
      break;
    case 'O': collect_objects(array, all); break;
    default: array.refuse("sklearn-option", "categories of type {}", array.dtype_name());
  }
  int kinds = !all.texts.empty() + !all.reals.empty() + !all.flags.empty();
  if (kinds > 1) {
    array.refuse("sklearn-option", "categories of different kinds (text, numbers, booleans) together");
  }
  if (!all.flags.empty() && all.out.missing) {
    array.refuse("sklearn-option", "a missing value among categories that are booleans");
  }
  bool whole = all.integers.size() == all.reals.size();
  if (all.wide && !whole) {
    array.refuse("sklearn-option", "integers beyond 2^53 together with reals");
  }
  Categories out = std::move(all.out);
  Shape shape{static_cast<int64_t>(out.places.size())};
  if (!all.flags.empty()) {
    out.keys = Tensor::of_bools(shape, std::move(all.flags));
  } else if (all.wide || (whole && integers == Integers::as_integers && !all.reals.empty())) {
    out.keys = Tensor::vector(std::move(all.integers));
  } else if (!all.reals.empty() && real_type == DType::f32) {
    std::vector<float> narrow;
    for (double v : all.reals) narrow.push_back(round_nearest(v));
    out.keys = Tensor::vector(std::move(narrow));
  } else if (!all.reals.empty() || kind == 'f' || kind == 'i' || kind == 'u') {
    out.keys = Tensor::vector(std::move(all.reals));
  } else {
    out.keys = Tensor::vector(std::move(all.texts));
  }
  return out;
}

std::vector<ValueId> split_columns(Reader& r, const Features& x) {
  std::vector<ValueId> out;
  for (const Part& p : x.parts) {
    if (p.width == 1) {
      out.push_back(p.value);
      continue;
    }
    for (int64_t k = 0; k < p.width; ++k) out.push_back(columns_of(r, p.value, {k}));
  }
  return out;
}

namespace {

DType dtype_of(Reader& r, ValueId v) {
  const Type& type = r.builder.type(v);
  return type.column() ? type.column()->dtype : type.tensor()->dtype;
}

// The type in which keys and cells are compared: as numpy promotes the two.
DType common_type(DType keys, DType cells) {
  if (keys == cells) return keys;
  bool whole = !is_floating(keys) && !is_floating(cells);
  return whole ? DType::i64 : DType::f64;
}

template <class T>
struct Table {
  Tensor keys;
  std::vector<T> values;
};

// Keys as `dtype` with their results. A key that is no integer matches no integer.
template <class T>
Table<T> table_of(const Categories& c, DType dtype, const std::vector<T>& results) {
  Table<T> t;
  auto result = [&](size_t k) { return results[static_cast<size_t>(c.places[k])]; };
  if (dtype == DType::i64) {
    std::vector<int64_t> keys;
    for (size_t k = 0; k < c.keys.size(); ++k) {
      keys.push_back(c.keys.integer(k));
      t.values.push_back(result(k));
    }
    t.keys = Tensor::vector(std::move(keys));
    return t;
  }
  for (size_t k = 0; k < c.keys.size(); ++k) t.values.push_back(result(k));
  bool real = is_floating(dtype);
  if (!real) {
    t.keys = c.keys;
    return t;
  }
  std::vector<double> keys = c.keys.reals();
  if (c.missing) {
    // In a matrix of numbers a missing cell is NaN.
    keys.push_back(std::numeric_limits<double>::quiet_NaN());
    t.values.push_back(results[static_cast<size_t>(*c.missing)]);
  }
  if (dtype == DType::f32) {
    t.keys = Tensor::vector(std::vector<float>(keys.begin(), keys.end()));
  } else {
    t.keys = Tensor::vector(std::move(keys));
  }
  return t;
}

}  // namespace

template <class T>
ValueId look_up(Reader& r, const PyCursor& place, const Categories& c, ValueId column,
                const std::vector<T>& results, std::optional<T> unknown) {
  DType cells = dtype_of(r, column);
  if (c.keys.empty() && cells != DType::string) {
    // Nothing but a missing value is known.
  } else if ((cells == DType::string) != (c.keys.dtype() == DType::string)) {
    place.refuse("sklearn-value", "the column holds {}, its categories are {}", to_string(cells),
                 to_string(c.keys.dtype()));
  }
  DType dtype = c.keys.empty() ? cells : common_type(c.keys.dtype(), cells);
  column = cast_to(r, column, dtype);
  Table<T> table = table_of(c, dtype, results);
  ml::LabelMap op;
  op.keys = std::move(table.keys);
  op.values = Tensor::vector(std::move(table.values));
  if (unknown) op.fallback = Tensor::scalar(*unknown);
  if (c.missing && r.builder.type(column).column() != nullptr) {
    op.missing_value = Tensor::scalar(results[static_cast<size_t>(*c.missing)]);
  }
  return r.builder.add(std::move(op), {column});
}

template ValueId look_up(Reader&, const PyCursor&, const Categories&, ValueId,
                         const std::vector<double>&, std::optional<double>);
template ValueId look_up(Reader&, const PyCursor&, const Categories&, ValueId,
                         const std::vector<int64_t>&, std::optional<int64_t>);

DType read_dtype(const PyCursor& dtype) {
  std::string name;
  if (dtype.value().kind == Kind::dtype) {
    name = dtype.value().dtype().describe();
  } else if (dtype.is_global()) {
    name = dtype.class_name();
    name = name.substr(name.rfind('.') + 1);
  } else if (dtype.is_text()) {
    name = dtype.as_text();
  } else {
    dtype.refuse("sklearn-type", "a type of elements is expected, but here is {}", dtype.describe());
  }
  struct Row {
    std::string_view name;
    DType dtype;
  };
  constexpr Row kRows[] = {
      {"float64", DType::f64}, {"float32", DType::f32},     {"float", DType::f64},
      {"int64", DType::i64},   {"int32", DType::i32},       {"int16", DType::i16},
      {"int8", DType::i8},     {"uint64", DType::u64},      {"uint32", DType::u32},
      {"uint16", DType::u16},  {"uint8", DType::u8},        {"int", DType::i64},
      {"float16", DType::f16}, {"bool_", DType::boolean},   {"bool", DType::boolean},
      {"double", DType::f64},  {"longlong", DType::i64},
  };
  for (const Row& row : kRows) {
    if (row.name == name) return row.dtype;
  }
  dtype.refuse("sklearn-option", "dtype '{}'", printable(name));
}

ValueId cast_to(Reader& r, ValueId value, DType dtype) {
  if (dtype_of(r, value) == dtype) return value;
  return r.builder.add(tensor::Cast{dtype}, {value});
}

}  // namespace panmodel::pickle::sklearn
