#include "formats/onnx/test_data.h"

#include <unistd.h>

#include "base/fail.h"
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/document.h"

namespace panmodel::onnx {
namespace {

Tensor read_tensor(const std::string& path) {
  Location place;
  place.file = path;
  try {
    return to_tensor(parse<TensorProto>(map_file(path)), {}, place);
  } catch (Failure& f) {
    if (f.diagnostic.location.file.empty()) f.diagnostic.location.file = path;
    throw;
  }
}

}  // namespace

TestVectors read_test_data(const std::string& directory, const Model& model) {
  TestVectors vectors;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    vectors.inputs.push_back(read_tensor(fmt::format("{}/input_{}.pb", directory, i)));
  }
  for (size_t i = 0; i < model.outputs.size(); ++i) {
    std::string path = fmt::format("{}/output_{}.pb", directory, i);
    bool there = ::access(path.c_str(), F_OK) == 0;
    vectors.outputs.push_back(there ? std::optional(read_tensor(path)) : std::nullopt);
  }
  return vectors;
}

}  // namespace panmodel::onnx
