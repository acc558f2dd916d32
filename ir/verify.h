#pragma once
// The invariants of a model that hold beyond what Builder ensures node by node.
#include "base/diagnostic.h"
#include "ir/model.h"

namespace panmodel {

struct VerifyOptions {
  // Also infer every node's types again from its inputs and attributes, as Builder did. Linear in
  // the size of the attributes; without it verify is linear in nodes and values only.
  bool infer = false;
};

// Reports every broken invariant to `out` as an error: "ir-graph" (numbering, use before making,
// outputs that are not the node's), "ir-type" (malformed or different from what is inferred),
// "ir-signature" (inputs, outputs, their names, features and keys). Never throws. Run after every
// reader and after every phase of a conversion; a finding there is a bug of panmodel.
void verify(const Model& model, const VerifyOptions& options, Diagnostics& out);

}  // namespace panmodel
