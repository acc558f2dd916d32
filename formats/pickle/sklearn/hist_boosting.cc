#include "formats/pickle/sklearn/families.h"

namespace panmodel::pickle::sklearn {

std::span<const EstimatorRow> hist_boosting_rows() { return {}; }

}  // namespace panmodel::pickle::sklearn
