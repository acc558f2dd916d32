#include <algorithm>

#include "formats/pickle/sklearn/families.h"

namespace panmodel::pickle::sklearn {

std::span<const EstimatorRow> estimators() {
  static const std::vector<EstimatorRow> all = [] {
    std::vector<EstimatorRow> rows;
    for (auto family : {linear_rows(), isotonic_rows(), classifier_rows(), tree_rows(),
                        boosting_rows(), hist_boosting_rows(), meta_rows(), dummy_rows(), decomposition_rows(),
                        preprocessing_rows(), encoder_rows(), label_rows(), imputer_rows(),
                        expansion_rows(), function_rows(), selection_rows(), compose_rows(),
                        column_rows(), target_rows()}) {
      rows.insert(rows.end(), family.begin(), family.end());
    }
    std::sort(rows.begin(), rows.end(), [](const EstimatorRow& a, const EstimatorRow& b) {
      return a.class_name < b.class_name;
    });
    return rows;
  }();
  return all;
}

}  // namespace panmodel::pickle::sklearn
