#pragma once
// The structural check of a model: every problem is reported, none stops it.
#include <cstdint>

#include "base/diagnostic.h"
#include "formats/onnx/document.h"
#include "formats/onnx/external_data.h"

namespace panmodel::onnx {

struct CheckOptions {
  // Read and check external data files (paths are checked in any case).
  bool external_data = true;
  ExternalOptions external;
  // More problems than this are counted, not listed.
  size_t max_problems = 1000;
  // Subgraphs nested deeper than this are an error.
  unsigned max_graph_depth = 32;
  // Calls of functions nested deeper, and models of more functions, are an error (as onnx has it).
  unsigned max_function_depth = 100;
  size_t max_functions = 10000;
  // A constant shape that asks for more elements than this is reported (onnx-huge, a warning).
  uint64_t max_elements = uint64_t{1} << 34;
};

// Appends what is wrong with the model: node name, operator and field path in each message.
void check(const ModelProto& model, const CheckOptions& options, Diagnostics& out);
inline Diagnostics check(const ModelProto& model, const CheckOptions& options = {}) {
  Diagnostics out;
  check(model, options, out);
  return out;
}

}  // namespace panmodel::onnx
