#include "formats/pickle/sklearn/families.h"

namespace panmodel::pickle::sklearn {

std::span<const EstimatorRow> boosting_rows() { return {}; }

}  // namespace panmodel::pickle::sklearn
