#pragma once
// Categories of a feature as scikit-learn's encoders keep them, and looking cells up in them.
#include <optional>
#include <string>
#include <vector>

#include "formats/pickle/sklearn/estimator.h"

namespace panmodel::pickle::sklearn {

// One array of categories_ (or classes_). Integers of X are f64 keys where doubles hold them all, else
// i64, so that 2.5 and NaN are unknown to a column of integers as they are to scikit-learn. Labels
// are integers by nature and i64 keys always.
struct Categories {
  Tensor keys;                      // those that are no missing value: string, f64, f32, i64, boolean
  std::vector<int64_t> places;      // place of each key among the categories
  std::optional<int64_t> missing;   // place of the category that a missing cell is: NaN, else None
  std::optional<int64_t> nan;       // place of NaN
  int64_t count = 0;
  std::vector<std::string> names;   // Python's str() of each, by place
};
enum class Integers { as_reals, as_integers };
// From an array or a list. Fails by name for categories of mixed or other kinds. The element type of
// the keys is the one that a raw column needs so that its cells can be looked up.
Categories read_categories(const PyCursor& array, Integers integers = Integers::as_reals);

// The columns of X one by one, each a table column or a tensor [N,1].
std::vector<ValueId> split_columns(Reader& reader, const Features& x);

// Cells of `column` as their place's entry of `results` (one per place); any other value is
// `unknown`, or refuses its row when there is none. Fails at `place` when the column is text and the
// categories are not, or the other way round.
template <class T>
ValueId look_up(Reader& reader, const PyCursor& place, const Categories& categories, ValueId column,
                const std::vector<T>& results, std::optional<T> unknown);

// The dtype parameter of an encoder: a numpy or Python type, a numpy dtype, or its name.
DType read_dtype(const PyCursor& dtype);
// A value in another element type; unchanged when it has it.
ValueId cast_to(Reader& reader, ValueId value, DType dtype);

}  // namespace panmodel::pickle::sklearn
