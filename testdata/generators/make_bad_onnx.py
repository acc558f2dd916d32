"""Writes testdata/bad_onnx: ONNX files with one class of defect each, built on a sound model of two nodes
with onnx 1.23.2. Run with the interpreter of the peers (scripts/peers.txt) from the root of the
repository."""
import pathlib
import shutil
import numpy as np
import onnx
from onnx import TensorProto, helper

assert onnx.__version__ == "1.23.2", onnx.__version__
out = pathlib.Path("testdata/bad_onnx")
shutil.rmtree(out, ignore_errors=True)
out.mkdir(parents=True)
REAL = TensorProto.FLOAT
INT = TensorProto.INT64


def sound():
    """x -> Neg 'first' -> Abs 'second' -> y"""
    nodes = [helper.make_node("Neg", ["x"], ["h"], "first"), helper.make_node("Abs", ["h"], ["y"], "second")]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", REAL, [3])],
                              [helper.make_tensor_value_info("y", REAL, [3])])
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10, producer_name="test")


def write(name, change=None, node=None, tensors=()):
    model = sound()
    for key, values in tensors:
        model.graph.initializer.append(helper.make_tensor(key, INT, [len(values)], values))
    if node is not None:
        model.graph.node.append(node)
    if change is not None:
        change(model)
    (out / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def tensor(change):
    """A change of one more initialiser, 'w' of two integers."""
    def on(model):
        model.graph.initializer.append(helper.make_tensor("w", INT, [2], np.array([1, 2], "<i8").tobytes(), raw=True))
        change(model.graph.initializer[-1])
    return on


def external(*entries):
    def on(t):
        t.ClearField("raw_data")
        t.data_location = TensorProto.EXTERNAL
        for key, value in entries:
            t.external_data.add(key=key, value=value)
    return tensor(on)


def set_dims(*dims):
    def on(t):
        del t.dims[:]
        t.dims.extend(dims)
    return tensor(on)


def several_problems(t):
    del t.dims[:]
    t.dims.extend([-2, 3, -4])
    t.data_type = 99
    t.int64_data.extend([1, 2])
    t.segment.begin = 0


def sparse(indices, dims):
    def on(model):
        values = helper.make_tensor("s", REAL, [2], [1.0, 2.0])
        model.graph.sparse_initializer.append(
            helper.make_sparse_tensor(values, helper.make_tensor("", INT, [len(indices)], indices), dims))
    return on


def functions(*calls):
    """Functions f0, f1, ... of domain f; each calls those of its list."""
    def on(model):
        model.opset_import.append(helper.make_opsetid("f", 1))
        for i, names in enumerate(calls):
            nodes = [helper.make_node("Neg", ["a"], ["b"])]
            nodes += [helper.make_node(name, ["a"], [f"b{k}"], domain="f") for k, name in enumerate(names)]
            imports = [helper.make_opsetid("", 21), helper.make_opsetid("f", 1)]
            model.functions.append(helper.make_function("f", f"f{i}", ["a"], ["b"], nodes, imports))
    return on


def body():
    return helper.make_graph([helper.make_node("Identity", ["x"], ["r"])], "inner", [],
                             [helper.make_tensor_value_info("r", REAL, [3])])


def stump(**changes):
    fields = dict(n_targets=1, nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0],
                  nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_values=[0.5, 0.0, 0.0],
                  nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0], target_treeids=[0, 0],
                  target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[1.0, 2.0])
    fields.update(changes)
    node = helper.make_node("TreeEnsembleRegressor", ["x"], ["q"], "trees", domain="ai.onnx.ml", **fields)

    def on(model):
        model.graph.node.append(node)
        model.opset_import[1].version = 3
    return on


def versions():
    def imported(index, version):
        return lambda m: setattr(m.opset_import[index], "version", version)
    write("ir_version", lambda m: m.ClearField("ir_version"))
    write("opset_zero", imported(0, 0))
    write("opset_future", imported(0, 9999))
    write("opset_none", lambda m: m.ClearField("opset_import"))
    write("opset_twice", lambda m: m.opset_import.append(helper.make_opsetid("ai.onnx", 20)))
    write("domain_not_imported", node=helper.make_node("Mine", ["x"], ["q"], "n", domain="my.domain"))
    write("no_graph", lambda m: m.ClearField("graph"))


def graphs():
    def first(model):
        return model.graph.node[0]
    write("undefined_input", lambda m: first(m).input.__setitem__(0, "nowhere"))
    write("undefined_output", lambda m: setattr(m.graph.output[0], "name", "z"))
    def reverse(model):
        nodes = list(model.graph.node)[::-1]
        del model.graph.node[:]
        model.graph.node.extend(nodes)
    write("unsorted", reverse)
    write("made_twice", node=helper.make_node("Neg", ["x"], ["h"], "again"))
    write("feeds_itself", node=helper.make_node("Neg", ["q"], ["q"], "circle"))
    write("too_many_inputs", lambda m: first(m).input.append("x"))
    write("no_inputs", lambda m: first(m).ClearField("input"))
    write("no_operator", lambda m: first(m).ClearField("op_type"))
    write("unknown_operator", lambda m: setattr(first(m), "op_type", "Negg"))
    write("untyped_input", lambda m: m.graph.input[0].ClearField("type"))
    write("unknown_element_type", lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 77))
    write("recursion", functions(["f0"]))
    write("mutual_recursion", functions(["f1"], ["f2"], ["f0"]))
    write("function_twice", lambda m: (functions([], [])(m), setattr(m.functions[1], "name", "f0")))


def attributes():
    softmax = lambda **fields: helper.make_node("Softmax", ["x"], ["q"], "s", **fields)
    write("attribute_unknown", node=softmax(axes=1))
    write("attribute_of_other_type", node=softmax(axis=1.5))
    twice = softmax(axis=1)
    twice.attribute.append(twice.attribute[0])
    write("attribute_twice", node=twice)
    odd = softmax(axis=1)
    odd.attribute[0].type = onnx.AttributeProto.FLOATS
    write("attribute_of_another_field", node=odd)
    write("attribute_missing", node=helper.make_node("Cast", ["x"], ["q"], "c"))
    write("cast_to_unknown", node=helper.make_node("Cast", ["x"], ["q"], "c", to=99))
    pool = dict(kernel_shape=[2, 0], strides=[1], pads=[0, 0, 0])
    write("window", node=helper.make_node("MaxPool", ["x"], ["q"], "p", **pool))
    write("step_zero", node=helper.make_node("Slice", ["x", "a", "a", "a", "s"], ["q"], "cut"),
          tensors=[("a", [0]), ("s", [0])])
    write("range_zero", node=helper.make_node("Range", ["a", "a", "s"], ["q"], "r"), tensors=[("a", [1]), ("s", [0])])
    write("scan", node=helper.make_node("Scan", ["x"], ["q"], "loop", num_scan_inputs=5, body=body()))
    write("huge_constant", node=helper.make_node("ConstantOfShape", ["s"], ["q"], "big"),
          tensors=[("s", [1 << 20, 1 << 20])])
    write("huge_range", node=helper.make_node("Range", ["a", "b", "c"], ["q"], "long"),
          tensors=[("a", [-(1 << 63)]), ("b", [(1 << 63) - 1]), ("c", [3])])
    write("shape_negative", node=helper.make_node("Expand", ["x", "s"], ["q"], "odd"), tensors=[("s", [-1, 2])])


def tensors():
    write("dims_overflow", set_dims(1 << 62, 1 << 62))
    write("dims_negative", set_dims(-2))
    write("dims_many", set_dims(*[1] * 1025))
    write("data_short", set_dims(700_000_000))
    write("data_odd_length", tensor(lambda t: setattr(t, "raw_data", b"123456789")))
    write("two_fields", tensor(lambda t: t.int64_data.extend([1, 2])))
    write("raw_strings", tensor(lambda t: setattr(t, "data_type", TensorProto.STRING)))
    write("unknown_data_type", tensor(lambda t: setattr(t, "data_type", 1234)))
    write("segment", tensor(lambda t: setattr(t.segment, "begin", 0)))
    write("several_problems", tensor(several_problems))
    write("sparse_few", sparse([0], [6]))
    write("sparse_unsorted", sparse([5, 0], [6]))
    write("sparse_out_of_range", sparse([0, 6], [6]))
    write("sparse_huge", sparse([0, 5], [1 << 62, 8]))
    write("external_absolute", external(("location", "/etc/passwd")))
    write("external_up", external(("location", "a/../../b")))
    write("external_key", external(("location", "a"), ("__class__", "b")))
    write("external_negative", external(("location", "a"), ("offset", "-1")))
    write("external_long", external(("location", "a"), ("length", "999999999999999")))
    write("external_none", external(("location", "nowhere.bin")))


def ml():
    def node(op, **fields):
        return helper.make_node(op, ["x"], ["q"], "m", domain="ai.onnx.ml", **fields)
    write("tree_lengths", stump(nodes_featureids=[0, 0]))
    write("tree_child", stump(nodes_truenodeids=[9, 0, 0]))
    write("tree_cycle", stump(nodes_truenodeids=[0, 0, 0]))
    write("tree_feature", stump(nodes_featureids=[1 << 40, 0, 0]))
    write("tree_node_twice", stump(nodes_nodeids=[0, 1, 1]))
    write("tree_mode", stump(nodes_modes=["BRANCH", "LEAF", "LEAF"]))
    write("tree_target", stump(target_ids=[0, 1]))
    write("tree_base", stump(base_values=[1.0, 2.0]))
    write("linear_lengths", node=node("LinearRegressor", targets=2, coefficients=[1.0, 2.0, 3.0]))
    write("svm_lengths", node=node("SVMClassifier", vectors_per_class=[1, 1], classlabels_ints=[0, 1],
                                   coefficients=[1.0], support_vectors=[1.0, 2.0, 3.0], rho=[0.0, 0.0]))
    write("label_lengths", node=node("LabelEncoder", keys_int64s=[1, 2], values_floats=[1.0]))
    write("normalizer", node=node("Normalizer", norm="L3"))


versions()
graphs()
attributes()
tensors()
ml()
whole = sound().SerializeToString(deterministic=True)
(out / "truncated.onnx").write_bytes(whole[:len(whole) // 2])
