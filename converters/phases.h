#pragma once
// The phases of a conversion. Each reads one model and returns another.
#include "converters/convert.h"

namespace panmodel::converters {

// Expressions over columns of few declared values, of functions that other formats lack, become tables
// of their results. Unchanged for a target that keeps the signature, and without an evaluator.
Model tabulate(const Model& model, const Target& target, const ConvertOptions& options, Diagnostics& out);

// Signature: chosen outputs under the target's names, inputs of the chosen element type, table
// columns as tensors [N,1] (missing number = NaN, missing text = ""). A target that keeps the
// signature gets the chosen outputs and element types only.
Model adapt_boundary(const Model& model, const Target& target, const ConvertOptions& options,
                     Diagnostics& out);

// Finds operators of the ml dialect among tensor operators, for a target that is made of them. What is
// left over stays beside them, for drop_dead.
Model raise(const Model& model, const Target& target);

// Copies legal nodes and rewrites the others by patterns until all are legal.
Model legalise(const Model& model, const Target& target, const ConvertOptions& options,
               Diagnostics& out, std::vector<Verdict>* verdicts);

// Drops nodes whose results nobody uses.
Model drop_dead(const Model& model);

// Everything of a model but its graph, inputs and outputs.
Model without_graph(const Model& model);

}  // namespace panmodel::converters
