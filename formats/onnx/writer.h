#pragma once
// IR to ONNX: which operators a version holds, and the writing of a legal model.
#include <memory>

#include "formats/format.h"

namespace panmodel::onnx {

inline constexpr int kMinOpset = 9, kMaxOpset = 28;

std::unique_ptr<Target> make_target(const WriteOptions& options);
// Precondition: every node is legal for the target of the same options.
void write_model(const Model& model, const WriteOptions& options, const Sink& to, Diagnostics& out);

}  // namespace panmodel::onnx
