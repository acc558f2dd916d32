#include <cmath>

#include "base/fail.h"
#include "base/number.h"
#include "runtime/frame.h"

namespace panmodel::runtime {

Frame frame_of(const Model& model, std::span<const Value> values) {
  struct Column {
    const Value* value;
    size_t width, at;
    bool empty_is_missing;  // a tensor of text has no validity: "" stands for a missing cell
  };
  Frame frame;
  std::vector<Column> columns;
  size_t rows = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const Input& input = model.inputs[i];
    const Tensor& t = values[i].tensor;
    rows = t.rank() == 0 ? 1 : static_cast<size_t>(t.shape()[0]);
    size_t width = rows == 0 ? 0 : t.size() / rows;
    bool text = t.dtype() == DType::string && model.graph.type(input.value).tensor() != nullptr;
    for (size_t k = 0; k < width; ++k) {
      frame.names.push_back(input.features.size() == width ? input.features[k]
                            : width == 1                   ? input.name
                                                           : fmt::format("{}:{}", input.name, k));
      columns.push_back({&values[i], width, k, text});
    }
  }
  for (size_t r = 0; r < rows; ++r) {
    for (const Column& c : columns) {
      bool missing = c.width == 1 && !c.value->is_valid(r);
      if (c.empty_is_missing) missing = c.value->tensor.text(r * c.width + c.at).empty();
      if (missing) {
        frame.cells.push_back(std::nullopt);
      } else {
        // All digits of an f32, so that a model of f64 inputs reads the same number.
        const Tensor& t = c.value->tensor;
        size_t at = r * c.width + c.at;
        bool narrow = t.dtype() == DType::f32;
        frame.cells.push_back(narrow ? print_real(t.real(at)) : element_text(t, at));
      }
    }
    frame.lines.push_back(static_cast<uint32_t>(r + 2));
  }
  return frame;
}

std::string to_csv(const Frame& frame) {
  std::string out;
  for (size_t k = 0; k < frame.names.size(); ++k) {
    out += (k ? "," : "") + csv_field(frame.names[k]);
  }
  out += '\n';
  for (size_t r = 0; r < frame.rows(); ++r) {
    for (size_t k = 0; k < frame.names.size(); ++k) {
      if (k) out += ',';
      if (frame.cell(r, k)) out += csv_field(*frame.cell(r, k));
    }
    out += '\n';
  }
  return out;
}

}  // namespace panmodel::runtime
