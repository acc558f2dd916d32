#pragma once
// IR to ONNX: which operators a version holds, and the writing of a legal model.
#include <memory>
#include <string>

#include "formats/format.h"

namespace panmodel::onnx {

inline constexpr int kMinOpset = 9, kMaxOpset = 28;

std::unique_ptr<Target> make_target(const WriteOptions& options);
// Precondition: every node is legal for the target of the same options.
std::string write_model(const Model& model, const WriteOptions& options, Diagnostics& out);

}  // namespace panmodel::onnx
