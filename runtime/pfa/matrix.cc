#include "runtime/pfa/matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>

namespace panmodel::pfa {
namespace {

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const Rows> view(const Matrix& m) {
  return {m.cells.data(), static_cast<Eigen::Index>(m.rows), static_cast<Eigen::Index>(m.columns)};
}

}  // namespace

bool Matrix::finite() const {
  return std::all_of(cells.begin(), cells.end(), [](double v) { return std::isfinite(v); });
}

Matrix from_arrays(const Array& rows) {
  Matrix m(rows.size(), rows[0].items().size());
  double* cell = m.cells.data();
  for (const Value& row : rows) {
    for (const Value& item : row.items()) *cell++ = item.real();
  }
  return m;
}

Value to_arrays(const Matrix& m) {
  Array out;
  out.reserve(m.rows);
  for (size_t i = 0; i < m.rows; ++i) {
    Array row;
    row.reserve(m.columns);
    for (size_t j = 0; j < m.columns; ++j) row.push_back(Value::float64(m.at(i, j)));
    out.push_back(Value::array(std::move(row)));
  }
  return Value::array(std::move(out));
}

Matrix from_maps(const Map& map, const Keys& rows, const Keys& columns) {
  Matrix m(rows.size(), columns.size());
  for (const auto& [key, row] : map) {
    const size_t i = rows.index(key);
    for (const auto& [column, item] : row.members()) m.at(i, columns.index(column)) = item.real();
  }
  return m;
}

Value to_maps(const Matrix& m, const Keys& rows, const Keys& columns) {
  Map out;
  for (size_t i = 0; i < m.rows; ++i) {
    Map row;
    for (size_t j = 0; j < m.columns; ++j) row.set(columns[j], Value::float64(m.at(i, j)));
    out.set(rows[i], Value::map(std::move(row)));
  }
  return Value::map(std::move(out));
}

Matrix transpose(const Matrix& m) {
  Matrix out(m.columns, m.rows);
  for (size_t i = 0; i < m.rows; ++i) {
    for (size_t j = 0; j < m.columns; ++j) out.at(j, i) = m.at(i, j);
  }
  return out;
}

Matrix inverse(const Matrix& m) {
  Matrix out(m.columns, m.rows);
  if (!m.finite()) {
    std::fill(out.cells.begin(), out.cells.end(), std::numeric_limits<double>::quiet_NaN());
    return out;
  }
  const Rows inverted = view(m).completeOrthogonalDecomposition().pseudoInverse();
  std::copy_n(inverted.data(), inverted.size(), out.cells.data());
  return out;
}

double determinant(const Matrix& m) { return view(m).partialPivLu().determinant(); }

Matrix eigen_basis(const Matrix& m) {
  const Rows symmetric = (view(m) + view(m).transpose()) * 0.5;
  const Eigen::SelfAdjointEigenSolver<Rows> solved(symmetric);
  std::vector<double> factors(m.rows);
  for (size_t i = 0; i < m.rows; ++i) {
    factors[i] = 1.0 / std::sqrt(std::abs(solved.eigenvalues()(static_cast<Eigen::Index>(i))));
  }
  std::vector<size_t> order(m.rows);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return factors[a] < factors[b];
  });
  Matrix out(m.rows, m.rows);
  for (size_t i = 0; i < m.rows; ++i) {
    const auto vector = solved.eigenvectors().col(static_cast<Eigen::Index>(order[i]));
    const double factor = vector(0) < 0 ? -factors[order[i]] : factors[order[i]];
    for (size_t j = 0; j < m.rows; ++j) {
      out.at(i, j) = vector(static_cast<Eigen::Index>(j)) * factor;
    }
  }
  return out;
}

}  // namespace panmodel::pfa
