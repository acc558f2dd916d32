// Operators that panmodel only carries: the stored node under the new names of its values.
#include "formats/onnx/opsets.h"
#include "formats/onnx/write_nodes.h"
#include "ir/ops/foreign.h"

namespace panmodel::onnx {
namespace {

// The stored node; its texts view the payload, which lives as long as the graph.
NodeProto stored(const foreign::Op& op) {
  return parse<NodeProto>(Bytes(std::as_bytes(std::span<const char>(op.payload)), nullptr));
}

}  // namespace

Support check_foreign(const Node& node, const Graph&, int opset) {
  const auto& op = *node.as<foreign::Op>();
  if (op.format != "onnx") return Support::no(fmt::format("it is an operator of {}", op.format));
  int64_t wanted = op.version;
  if (op.domain == "ai.onnx") wanted = opset;
  if (op.domain == "ai.onnx.ml") wanted = release_of(opset).ai_onnx_ml;
  if (op.version != wanted) {
    return Support::no(fmt::format("'{}' is kept as it stands in version {} of {}, not {}", op.type,
                                   op.version, op.domain, wanted));
  }
  try {
    for (const AttributeProto& a : stored(op).attribute) {
      if (a.g || !a.graphs.empty()) {
        return Support::no(fmt::format("'{}' has subgraphs, which refer to values by their names", op.type));
      }
    }
  } catch (const Failure& f) {
    return Support::no(fmt::format("the stored node of '{}' is malformed: {}", op.type, f.what()));
  }
  return Support::yes();
}

void write_foreign(NodeWriter& w, const Node& node) {
  const auto& op = *node.as<foreign::Op>();
  NodeProto p = stored(op);
  p.input = w.inputs(node);
  p.output = w.outputs(node);
  w.domains[std::string(normal_domain(op.domain))] = op.version;
  w.nodes.push_back(std::move(p));
}

}  // namespace panmodel::onnx
