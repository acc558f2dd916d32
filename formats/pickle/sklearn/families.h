#pragma once
// The reader families; table.cc joins their rows.
#include <span>

#include "formats/pickle/sklearn/estimator.h"

namespace panmodel::pickle::sklearn {

std::span<const EstimatorRow> linear_rows();
std::span<const EstimatorRow> isotonic_rows();
std::span<const EstimatorRow> classifier_rows();
std::span<const EstimatorRow> tree_rows();
std::span<const EstimatorRow> boosting_rows();
std::span<const EstimatorRow> hist_boosting_rows();
std::span<const EstimatorRow> meta_rows();
std::span<const EstimatorRow> dummy_rows();
std::span<const EstimatorRow> decomposition_rows();
std::span<const EstimatorRow> preprocessing_rows();
std::span<const EstimatorRow> encoder_rows();
std::span<const EstimatorRow> label_rows();
std::span<const EstimatorRow> imputer_rows();
std::span<const EstimatorRow> expansion_rows();
std::span<const EstimatorRow> function_rows();
std::span<const EstimatorRow> selection_rows();
std::span<const EstimatorRow> compose_rows();
std::span<const EstimatorRow> column_rows();
std::span<const EstimatorRow> target_rows();

// Helpers that several families share.
ValueId sigmoid(Reader& reader, ValueId x);
// Each row divided by its sum.
ValueId divide_by_sum(Reader& reader, ValueId x);
ValueId scalar(Reader& reader, double value);
// [1 - p, p] from p [N,1].
ValueId both_classes(Reader& reader, ValueId p);
// Some columns of a matrix.
ValueId columns_of(Reader& reader, ValueId x, std::vector<int64_t> columns);
ValueId concat(Reader& reader, std::vector<ValueId> parts);
// Features times the weight that `weights` (a dict, or absent) gives for `name`.
Features weighted(Reader& reader, Features x, const std::optional<PyCursor>& weights,
                  const std::string& name);
// x with "name__" before each of its names, as scikit-learn names the columns of a composite.
void prefix_names(Features& x, const std::string& name);

// A FunctionTransformer that returns its input.
bool is_identity(const PyCursor& self);
// `function` (None, or a numpy ufunc by name) of x. Others fail "sklearn-option".
ValueId apply_function(Reader& reader, const PyCursor& function, ValueId x);

}  // namespace panmodel::pickle::sklearn
