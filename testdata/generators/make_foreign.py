"""Writes testdata/onnx/foreign.onnx (onnx 1.23.2): operators that panmodel does not evaluate, with an
attribute and metadata to carry through, and names that a writer might make up itself. Run with the
interpreter of the peers (scripts/peers.txt) from the root of the repository."""
import onnx
from onnx import TensorProto, helper

einsum = helper.make_node("Einsum", ["c0", "w"], ["y"], name="mine", equation="ij,jk->ik")
einsum.metadata_props.add(key="origin", value="layer 3")
graph = helper.make_graph(
    [helper.make_node("Erf", ["v1"], ["c0"]), einsum,
     helper.make_node("Odd", ["y"], ["z"], domain="com.example", alpha=1.5)],
    "foreign",
    [helper.make_tensor_value_info("v1", TensorProto.FLOAT, ["N", 2])],
    [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 2])],
    [helper.make_tensor("w", TensorProto.FLOAT, [2, 2], [1, 2, 3, 4])])
onnx.save(helper.make_model(graph, ir_version=10, opset_imports=[
    helper.make_opsetid("", 21), helper.make_opsetid("com.example", 3)]), "testdata/onnx/foreign.onnx")
