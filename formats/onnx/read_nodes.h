#pragma once
// Reading one node: a row per operator of ONNX.
#include <span>
#include <string>
#include <vector>

#include "base/fail.h"
#include "formats/onnx/convert_tensor.h"
#include "formats/onnx/document.h"
#include "ir/builder.h"

namespace panmodel::onnx {

// A node on its way into the IR, with its inputs already there.
struct NodeReader {
  Builder& builder;
  const NodeProto& proto;
  std::vector<ValueId> inputs;  // invalid = absent
  int64_t version;              // of the node's domain
  DecodeOptions decode;
  Location loc;
  Diagnostics& out;

  size_t outputs() const { return proto.output.size(); }
  bool has(size_t i) const { return i < inputs.size() && inputs[i].valid(); }
  ValueId in(size_t i) const;  // fails "onnx-node" when absent
  int64_t integer(std::string_view name, int64_t fallback) const;
  double real(std::string_view name, double fallback) const;
  std::string text(std::string_view name, std::string_view fallback) const;
  std::vector<int64_t> integers(std::string_view name) const;
  std::span<const int64_t> integer_view(std::string_view name) const;  // as long as proto lives
  std::optional<Tensor> tensor(std::string_view name) const;
  // "<name>_as_tensor" when it is there, else the floats of `name`.
  std::vector<double> reals(std::string_view name) const;
  bool has_attribute(std::string_view name) const { return find_attribute(proto, name) != nullptr; }
  // Elements of a constant input; nullopt when it is none.
  std::optional<std::vector<int64_t>> constant_integers(size_t i) const;
  // Element type of input i; fails "onnx-node" when it is no tensor.
  DType dtype(size_t i) const;

  // Fails "onnx-node": the attribute has a value that ONNX does not define.
  template <class T>
  [[noreturn]] void refuse(std::string_view attribute, std::string_view expected, const T& found) const {
    fail(loc, "onnx-node", "attribute '{}' is {}, expected {}", attribute, found, expected);
  }
  // The node is legal, but panmodel cannot evaluate this form of it: it becomes a foreign operator.
  [[noreturn]] void unsupported(std::string reason) const;
};

// Thrown by NodeReader::unsupported, caught by the reader of the graph.
struct UnsupportedForm {
  std::string reason;
};

struct ReadRow {
  std::string_view domain;  // "" = ai.onnx
  std::string_view op_type;
  int since;  // first version that the function reads
  std::vector<ValueId> (*read)(NodeReader& reader);
};
// Null when panmodel does not know the operator at this version.
const ReadRow* read_row(std::string_view domain, std::string_view op_type, int64_t version);
// Rows of ai.onnx.ml (read_ml.cc), and of the operators of ai.onnx that make, move or select
// elements (read_shape.cc).
std::span<const ReadRow> ml_read_rows();
std::span<const ReadRow> shape_read_rows();

}  // namespace panmodel::onnx
