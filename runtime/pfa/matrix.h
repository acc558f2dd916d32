#pragma once
// Matrices of doubles for module la: made from arrays of arrays or from maps of maps, and back.
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ir/pfa/value.h"

namespace panmodel::pfa {

// Distinct keys in the order in which they were added. They stay with the maps that they are of.
class Keys {
 public:
  void add(std::string_view key) {
    if (index_.emplace(key, names_.size()).second) names_.push_back(key);
  }
  void add_all(const Map& map) {
    for (const auto& [key, item] : map) add(key);
  }
  // The keys of all rows.
  void add_columns(const Map& matrix) {
    for (const auto& [key, row] : matrix) add_all(row.members());
  }
  size_t size() const { return names_.size(); }
  size_t index(std::string_view key) const { return index_.at(key); }
  std::string_view operator[](size_t i) const { return names_[i]; }
  auto begin() const { return names_.begin(); }
  auto end() const { return names_.end(); }

 private:
  std::vector<std::string_view> names_;
  std::unordered_map<std::string_view, size_t> index_;
};

struct Matrix {
  size_t rows = 0, columns = 0;
  std::vector<double, MeteredAllocator<double>> cells;  // row by row

  Matrix(size_t r, size_t c) : rows(r), columns(c), cells(r * c) {}
  double& at(size_t i, size_t j) { return cells[i * columns + j]; }
  double at(size_t i, size_t j) const { return cells[i * columns + j]; }
  bool finite() const;
};

// From rows of equal length, of at least one row.
Matrix from_arrays(const Array& rows);
Value to_arrays(const Matrix& matrix);
// From rows by key; what is missing is zero. All keys are among `rows` and `columns`.
Matrix from_maps(const Map& map, const Keys& rows, const Keys& columns);
Value to_maps(const Matrix& matrix, const Keys& rows, const Keys& columns);

Matrix transpose(const Matrix& matrix);
// The Moore-Penrose pseudoinverse, which is the inverse of a regular square matrix. All NaN when
// the matrix is not finite.
Matrix inverse(const Matrix& matrix);
// Of a square matrix.
double determinant(const Matrix& matrix);
// Rows: eigenvectors of (m + transposed m) / 2 with a first component that is not negative, each
// divided by the square root of the magnitude of its eigenvalue, in descending order of magnitudes.
// Of a finite square matrix.
Matrix eigen_basis(const Matrix& matrix);

}  // namespace panmodel::pfa
