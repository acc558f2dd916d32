// Module la of the library (PFA 0.8.1 function library, "Linear algebra"). A vector is an array or
// a map of numbers, a matrix an array of rows or a map of rows by key; in maps what is missing is
// zero.
#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/pfa/library.h"
#include "runtime/pfa/matrix.h"

namespace panmodel::pfa {
namespace {

bool is_map(const Call& call) { return call.parameter(0).kind == Kind::map; }
bool is_matrix(const Type& type) { return !type.element->is_number(); }

bool finite(const Value& x) {
  if (x.is_number()) return std::isfinite(x.real());
  if (x.is(Kind::array)) {
    for (const Value& item : x.items()) {
      if (!finite(item)) return false;
    }
  } else {
    for (const auto& [key, item] : x.members()) {
      if (!finite(item)) return false;
    }
  }
  return true;
}

// A vector or matrix with `f` applied to each number.
template <class F>
Value transformed(const Call& call, const Value& x, const F& f) {
  if (x.is_number()) return f(x);
  if (x.is(Kind::array)) {
    call.steps(x.items().size());
    Array out;
    out.reserve(x.items().size());
    for (const Value& item : x.items()) out.push_back(transformed(call, item, f));
    return Value::array(std::move(out));
  }
  call.steps(x.members().size());
  Map out;
  for (const auto& [key, item] : x.members()) out.set(key, transformed(call, item, f));
  return Value::map(std::move(out));
}

Value map(const Call& call) {
  return transformed(call, call[0], [&](const Value& v) { return call.apply(1, v); });
}

Value scale(const Call& call) {
  const double factor = call.real(1);
  return transformed(call, call[0], [&](const Value& v) {
    return Value::float64(v.real() * factor);
  });
}

template <class F>
Value paired_arrays(const Call& call, const Value& x, const Value& y, int code, const F& f) {
  if (x.is_number()) return f(x, y);
  const Array &a = x.items(), &b = y.items();
  if (a.size() != b.size()) call.fail(code, "misaligned matrices");
  call.steps(a.size());
  Array out;
  out.reserve(a.size());
  for (size_t i = 0; i < a.size(); ++i) out.push_back(paired_arrays(call, a[i], b[i], code, f));
  return Value::array(std::move(out));
}

// `columns` are those of all rows; unused for vectors, whose `x` and `y` are a row.
template <class F>
Value paired_rows(const Call& call, const Map* x, const Map* y, const Keys& columns, const F& f) {
  const Value zero = Value::float64(0);
  auto cell = [&](const Map* row, std::string_view key) {
    const Value* found = row ? row->find(key) : nullptr;
    return found ? *found : zero;
  };
  call.steps(columns.size());
  Map out;
  for (std::string_view key : columns) out.set(key, f(cell(x, key), cell(y, key)));
  return Value::map(std::move(out));
}

template <class F>
Value paired_maps(const Call& call, const Map& x, const Map& y, const F& f) {
  Keys rows;
  rows.add_all(x);
  rows.add_all(y);
  if (!is_matrix(call.parameter(0))) return paired_rows(call, &x, &y, rows, f);
  Keys columns;
  columns.add_columns(x);
  columns.add_columns(y);
  auto row = [](const Map& matrix, std::string_view key) {
    const Value* found = matrix.find(key);
    return found ? &found->members() : nullptr;
  };
  Map out;
  for (std::string_view key : rows) {
    out.set(key, paired_rows(call, row(x, key), row(y, key), columns, f));
  }
  return Value::map(std::move(out));
}

template <class F>
Value paired(const Call& call, int code, const F& f) {
  if (is_map(call)) return paired_maps(call, call.members(0), call.members(1), f);
  return paired_arrays(call, call[0], call[1], code, f);
}

Value zip_map(const Call& call) {
  return paired(call, 24020, [&](const Value& x, const Value& y) { return call.apply(2, x, y); });
}

Value add(const Call& call) {
  return paired(call, 24030, [](const Value& x, const Value& y) {
    return Value::float64(x.real() + y.real());
  });
}

Value subtract(const Call& call) {
  return paired(call, 24040, [](const Value& x, const Value& y) {
    return Value::float64(x.real() - y.real());
  });
}

// Length of all rows.
size_t columns_of(const Call& call, const Array& rows, int code, std::string_view ragged) {
  for (const Value& row : rows) {
    if (row.items().size() != rows[0].items().size()) call.fail(code, ragged);
  }
  return rows[0].items().size();
}

constexpr int kMisaligned = 24050, kTooFew = 24051, kNonFinite = 24052;

Value dot_arrays(const Call& call) {
  const Array &x = call.items(0), &y = call.items(1);
  const bool matrix = is_matrix(call.parameter(1));
  if (x.empty() || y.empty()) call.fail(kTooFew, "too few rows/cols");
  const size_t inner = columns_of(call, x, kMisaligned, "misaligned matrices");
  const size_t columns = matrix ? columns_of(call, y, kMisaligned, "misaligned matrices") : 1;
  if (inner == 0 || columns == 0) call.fail(kTooFew, "too few rows/cols");
  if (!finite(call[0]) || !finite(call[1])) call.fail(kNonFinite, "contains non-finite value");
  if (inner != y.size()) call.fail(kMisaligned, "misaligned matrices");
  Array out;
  out.reserve(x.size());
  for (const Value& row : x) {
    call.steps(inner * columns);
    const Array& left = row.items();
    if (!matrix) {
      double total = 0;
      for (size_t p = 0; p < inner; ++p) total += left[p].real() * y[p].real();
      out.push_back(Value::float64(total));
      continue;
    }
    std::vector<double> totals(columns);
    for (size_t p = 0; p < inner; ++p) {
      const double factor = left[p].real();
      const Array& right = y[p].items();
      for (size_t j = 0; j < columns; ++j) totals[j] += factor * right[j].real();
    }
    Array sums;
    sums.reserve(columns);
    for (double total : totals) sums.push_back(Value::float64(total));
    out.push_back(Value::array(std::move(sums)));
  }
  return Value::array(std::move(out));
}

Value dot_maps(const Call& call) {
  const Map &x = call.members(0), &y = call.members(1);
  const bool matrix = is_matrix(call.parameter(1));
  Keys inner, columns;
  inner.add_columns(x);
  inner.add_all(y);
  if (matrix) columns.add_columns(y);
  if (x.empty() || inner.size() == 0 || (matrix && columns.size() == 0)) {
    call.fail(kTooFew, "too few rows/cols");
  }
  if (!finite(call[0]) || !finite(call[1])) call.fail(kNonFinite, "contains non-finite value");
  Map out;
  for (const auto& [key, row] : x) {
    double total = 0;
    std::vector<double> totals(columns.size());
    for (const auto& [p, left] : row.members()) {
      const Value* right = y.find(p);
      if (!right) continue;
      if (!matrix) {
        total += left.real() * right->real();
        continue;
      }
      for (const auto& [column, item] : right->members()) {
        totals[columns.index(column)] += left.real() * item.real();
      }
      call.steps(right->members().size());
    }
    call.steps(row.members().size() + columns.size());
    if (!matrix) {
      out.set(key, Value::float64(total));
      continue;
    }
    Map sums;
    for (size_t j = 0; j < columns.size(); ++j) sums.set(columns[j], Value::float64(totals[j]));
    out.set(key, Value::map(std::move(sums)));
  }
  return Value::map(std::move(out));
}

Value dot(const Call& call) { return is_map(call) ? dot_maps(call) : dot_arrays(call); }

void count_cells(const Call& call, size_t rows, size_t columns) {
  call.steps(uint64_t{rows} * columns);
}

// What a decomposition takes.
void count_cubes(const Call& call, const Matrix& m) {
  count_cells(call, m.cells.size(), std::min(m.rows, m.columns));
}

// Argument 0, an array of at least one row and one column; `square` demands as many of both.
Matrix array_matrix(const Call& call, int code, bool square = false) {
  const Array& rows = call.items(0);
  if (rows.empty() || rows[0].items().empty()) call.fail(code, "too few rows/cols");
  const size_t columns = columns_of(call, rows, code + 1, "ragged columns");
  if (square && rows.size() != columns) call.fail(code + 2, "non-square matrix");
  count_cells(call, rows.size(), columns);
  return from_arrays(rows);
}

struct MapMatrix {
  Keys rows, columns;
  Matrix matrix;
};

// Argument 0, a map with at least one row and one column.
MapMatrix map_matrix(const Call& call, int code) {
  const Map& map = call.members(0);
  Keys rows, columns;
  rows.add_all(map);
  columns.add_columns(map);
  if (rows.size() == 0 || columns.size() == 0) call.fail(code, "too few rows/cols");
  count_cells(call, rows.size(), columns.size());
  Matrix m = from_maps(map, rows, columns);
  return {std::move(rows), std::move(columns), std::move(m)};
}

// The same with all keys for both rows and columns.
MapMatrix square_map_matrix(const Call& call, int code) {
  const Map& map = call.members(0);
  Keys keys;
  keys.add_all(map);
  const size_t rows = keys.size();
  keys.add_columns(map);
  bool any = false;
  for (const auto& [key, row] : map) any = any || !row.members().empty();
  if (rows == 0 || !any) call.fail(code, "too few rows/cols");
  count_cells(call, keys.size(), keys.size());
  Matrix m = from_maps(map, keys, keys);
  return {keys, keys, std::move(m)};
}

Matrix square_matrix(const Call& call, int code) {
  return is_map(call) ? square_map_matrix(call, code).matrix : array_matrix(call, code, true);
}

Value transposed(const Call& call) {
  if (!is_map(call)) return to_arrays(transpose(array_matrix(call, 24060)));
  const MapMatrix x = map_matrix(call, 24060);
  for (const auto& [key, row] : call.members(0)) {
    if (row.members().size() != x.columns.size()) call.fail(24061, "ragged columns");
  }
  return to_maps(transpose(x.matrix), x.columns, x.rows);
}

Value inverted(const Call& call) {
  if (is_map(call)) {
    const MapMatrix x = map_matrix(call, 24070);
    count_cubes(call, x.matrix);
    return to_maps(inverse(x.matrix), x.columns, x.rows);
  }
  const Matrix x = array_matrix(call, 24070);
  count_cubes(call, x);
  return to_arrays(inverse(x));
}

Value trace(const Call& call) {
  double total = 0;
  if (is_map(call)) {
    for (const auto& [key, row] : call.members(0)) {
      if (const Value* item = row.members().find(key)) total += item->real();
    }
    call.steps(call.members(0).size());
    return call.result(total);
  }
  const Array& rows = call.items(0);
  if (rows.empty()) return call.result(0);
  const size_t n = std::min(rows.size(), columns_of(call, rows, 24080, "ragged columns"));
  for (size_t i = 0; i < n; ++i) total += rows[i].items()[i].real();
  call.steps(rows.size());
  return call.result(total);
}

Value determinant_of(const Call& call) {
  const Matrix x = square_matrix(call, 24090);
  if (!x.finite()) return call.result(std::numeric_limits<double>::quiet_NaN());
  count_cubes(call, x);
  return call.result(determinant(x));
}

Value symmetric(const Call& call) {
  const Matrix x = square_matrix(call, 24100);
  const double tolerance = call.real(1);
  auto alike = [&](double a, double b) {
    if (std::isfinite(a) && std::isfinite(b)) return std::abs(a - b) < tolerance;
    return a == b || (std::isnan(a) && std::isnan(b));
  };
  for (size_t i = 0; i < x.rows; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      if (!alike(x.at(i, j), x.at(j, i))) return Value::boolean(false);
    }
  }
  return Value::boolean(true);
}

Matrix checked_eigen_basis(const Call& call, const Matrix& x) {
  if (!x.finite()) call.fail(24113, "non-finite matrix");
  count_cubes(call, x);
  return eigen_basis(x);
}

Value eigen_basis_of(const Call& call) {
  if (!is_map(call)) return to_arrays(checked_eigen_basis(call, array_matrix(call, 24110, true)));
  const MapMatrix x = square_map_matrix(call, 24110);
  std::vector<std::string> numbers;
  for (size_t i = 0; i < x.rows.size(); ++i) numbers.push_back(std::to_string(i));
  Keys rows;
  for (const std::string& number : numbers) rows.add(number);
  return to_maps(checked_eigen_basis(call, x.matrix), rows, x.columns);
}

Value truncate(const Call& call) {
  if (is_map(call)) {
    const Map& map = call.members(0);
    Keys columns;
    columns.add_columns(map);
    if (columns.size() == 0) call.fail(24120, "too few rows/cols");
    Map out;
    for (const Value& key : call.items(1)) {
      const Value* row = map.find(key.text());
      if (row) out.set(key.text(), *row);
    }
    return Value::map(std::move(out));
  }
  const Array& rows = call.items(0);
  if (rows.empty() || rows[0].items().empty()) call.fail(24120, "too few rows/cols");
  columns_of(call, rows, 24121, "ragged columns");
  const int64_t keep = std::clamp<int64_t>(call.whole(1), 0, static_cast<int64_t>(rows.size()));
  return Value::array(Array(rows.begin(), rows.begin() + keep));
}

}  // namespace

std::span<const LibraryRow> linear_algebra_library() {
  static constexpr LibraryRow rows[] = {
      {"la.map", map},           {"la.scale", scale},          {"la.zipmap", zip_map},
      {"la.add", add},           {"la.sub", subtract},         {"la.dot", dot},
      {"la.transpose", transposed}, {"la.inverse", inverted},  {"la.trace", trace},
      {"la.det", determinant_of},   {"la.symmetric", symmetric},
      {"la.eigenBasis", eigen_basis_of}, {"la.truncate", truncate},
  };
  return rows;
}

}  // namespace panmodel::pfa
