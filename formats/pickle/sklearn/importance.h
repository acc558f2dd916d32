#pragma once
// What SelectFromModel ranks features by.
#include <span>
#include <string>
#include <vector>

#include "formats/pickle/sklearn/estimator.h"

namespace panmodel::pickle::sklearn {

// numpy's sum of a vector: in blocks, pairwise, to the same bits.
double pairwise_sum(std::span<const double> values);

// Importance of each feature. `getter` is 'auto' (coef_, else feature_importances_) or a dotted path
// of attributes; the rows of a matrix of coefficients are joined by their norm of `order`. Tree
// importances are computed as `version` did. Fails "sklearn-option" for an estimator that has none.
std::vector<double> importances_of(const PyCursor& estimator, const std::string& getter, double order,
                                   Version version);

}  // namespace panmodel::pickle::sklearn
