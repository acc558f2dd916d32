#include "formats/pickle/sklearn/families.h"

namespace panmodel::pickle::sklearn {

std::span<const EstimatorRow> encoder_rows() { return {}; }

}  // namespace panmodel::pickle::sklearn
