#pragma once
// Rows made from a model: values at its thresholds and beside them, missing cells, unknown
// categories. Random rows find almost nothing; wrong conversions differ at the boundaries.
#include <cstdint>
#include <vector>

#include "ir/model.h"
#include "runtime/value.h"

namespace panmodel::runtime {

struct ProbeOptions {
  size_t rows = 500;
  uint64_t seed = 1;
};

// Values for the model's inputs (parallel to model.inputs), the same for the same seed. Inputs that
// are neither numbers nor text, or not rows by columns, fail "run-shape".
std::vector<Value> probe_rows(const Model& model, const ProbeOptions& options);

}  // namespace panmodel::runtime
