#pragma once
// What the outputs of an ONNX model mean, told from the operators that make them.
#include "ir/model.h"

namespace panmodel::onnx {

// Sets role and keys of every output of `model` whose role is Role::none:
//   label        chosen by ml.labels, or looked up by the place of an extreme (ArgMax)
//   probability  scores beside a label that cannot leave [0, 1]
//   decision     scores beside a label that can
//   value        numbers of a model without label that has trees, a linear or a support vector
//                predictor behind this output
// Anything else stays Role::none.
void find_roles(Model& model);

}  // namespace panmodel::onnx
