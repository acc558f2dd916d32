#pragma once
// Reading one node: a row per operator of ONNX.
#include <span>
#include <string>
#include <vector>

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

  size_t outputs() const { return proto.output.size(); }
  bool has(size_t i) const { return i < inputs.size() && inputs[i].valid(); }
  ValueId in(size_t i) const;  // fails "onnx-node" when absent
  int64_t integer(std::string_view name, int64_t fallback) const;
  double real(std::string_view name, double fallback) const;
  std::string text(std::string_view name, std::string_view fallback) const;
  std::vector<int64_t> integers(std::string_view name) const;
  std::optional<Tensor> tensor(std::string_view name) const;
  // Elements of a constant input; nullopt when it is none.
  std::optional<std::vector<int64_t>> constant_integers(size_t i) const;
};

struct ReadRow {
  std::string_view domain;  // "" = ai.onnx
  std::string_view op_type;
  int since;  // first version that the function reads
  std::vector<ValueId> (*read)(NodeReader& reader);
};
// Null when panmodel does not know the operator at this version.
const ReadRow* read_row(std::string_view domain, std::string_view op_type, int64_t version);
// Rows of ai.onnx.ml (read_ml.cc).
std::span<const ReadRow> ml_read_rows();

}  // namespace panmodel::onnx
