// Scoring in memory.
#include <algorithm>

#include "api/panmodel.h"
#include "base/fail.h"

namespace panmodel {
namespace {

// Fails unless the value is one that the input says it takes.
void check_input(const Model& model, size_t i, const runtime::Value& value) {
  const Input& input = model.inputs[i];
  const Type& type = model.graph.type(input.value);
  const ColumnType* column = type.column();
  const TensorType wanted = column != nullptr ? TensorType{column->dtype, std::vector<Dim>{Dim("N"), Dim(1)}}
                            : type.tensor() != nullptr ? *type.tensor() : TensorType{};
  if (column == nullptr && type.tensor() == nullptr) return;  // of maps and sequences
  const Tensor& tensor = value.tensor;
  bool fits = tensor.dtype() == wanted.dtype && (!wanted.dims || wanted.dims->size() == tensor.rank());
  for (size_t d = 0; fits && wanted.dims && d < wanted.dims->size(); ++d) {
    const Dim& dim = (*wanted.dims)[d];
    fits = !dim.fixed() || dim.size == tensor.shape()[d];
  }
  if (fits) return;
  std::string shape;
  for (const int64_t n : tensor.shape()) shape += fmt::format("{}{}", shape.empty() ? "" : ",", n);
  fail({}, "run-shape", "input '{}' is {}[{}], expected {}", input.name, to_string(tensor.dtype()), shape, to_string(type));
}

}  // namespace

Result<runtime::Session> open_session(std::shared_ptr<const Model> model, const runtime::SessionOptions& options) {
  return guarded([&] { return runtime::Session(std::move(model), options); });
}

Result<runtime::Prediction> score(const runtime::Session& session, std::span<const runtime::Value> inputs) {
  return guarded([&] {
    const Model& model = session.model();
    for (size_t i = 0; i < std::min(inputs.size(), model.inputs.size()); ++i) check_input(model, i, inputs[i]);
    return session.run(inputs);
  });
}

}  // namespace panmodel
