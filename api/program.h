#pragma once
// Documents of PFA as operators.
#include "base/diagnostic.h"
#include "ir/model.h"

namespace panmodel {

// The operators that a model of one document computes, when its action can be followed; else the model as
// it is, and a note that says why.
Model raised(Model model, Diagnostics& out);

}  // namespace panmodel
