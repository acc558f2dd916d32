"""Models and data of the benchmarks, made once under build/bench with fixed seeds.

w1, w2       100 complete trees of depth 6 / 1000 of depth 8 over 50 features, drawn and not trained,
             as ONNX (TreeEnsemble in float)
forest200m   random forest regressor of about 200 MB pickle
forest1g     random forest regressor of about 1 GB pickle
w1.pmml, w2.pmml  the trees of w1 and w2 as segments of a MiningModel
forest150m.pmml   random forest regressor of about 150 MB PMML, written by JPMML-SkLearn
small        random forest of about 1,000 nodes
"""
import pathlib
import pickle
import subprocess
import sys

import numpy as np

FEATURES = 50


def matrix(rows, seed):
    """Normals, ten uniforms and five rounded columns, as float32."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, FEATURES))
    x[:, 30:40] = rng.uniform(size=(rows, 10))
    x[:, 45:] = np.round(x[:, 45:] * 4)
    return x.astype(np.float32)


def target(x, seed):
    rng = np.random.default_rng(seed)
    y = x[:, :20] @ rng.normal(size=20) + 2 * np.sin(3 * x[:, 0]) * x[:, 1] + x[:, 30] * x[:, 45]
    return y + rng.normal(scale=0.5, size=len(x))


def full_trees(trees, depth, seed):
    """Complete trees in the order of a heap: features [trees, 2^depth - 1], thresholds of the same
    shape in float, leaf weights [trees, 2^depth].

    A threshold is one of 255 quantiles of its feature inside the interval that the path from the root
    leaves open, so that every leaf can be reached; what trees predict does not matter to their speed.
    """
    rng = np.random.default_rng(seed)
    bins = np.quantile(matrix(20_000, seed), np.linspace(0, 1, 257)[1:-1], axis=0).astype(np.float32)
    inner = 2**depth - 1
    features = np.zeros((trees, inner), np.int64)
    places = np.zeros((trees, inner), np.int64)
    for tree in range(trees):
        open_bins = [{}] * (2 * inner + 1)
        for i in range(inner):
            low, high = 0, 0
            while low >= high:
                feature = int(rng.integers(FEATURES))
                low, high = open_bins[i].get(feature, (0, len(bins)))
            at = int(rng.integers(low, high))
            features[tree, i], places[tree, i] = feature, at
            open_bins[2 * i + 1] = open_bins[i] | {feature: (low, at)}
            open_bins[2 * i + 2] = open_bins[i] | {feature: (at + 1, high)}
    weights = rng.normal(scale=0.05, size=(trees, inner + 1)).astype(np.float32)
    return features, bins[places, features], weights


def write_onnx(features, thresholds, weights, path):
    """As TreeEnsemble of ai.onnx.ml 5 in float: both sides run this file."""
    from onnx import TensorProto, helper, numpy_helper
    trees, inner = features.shape
    base = np.arange(trees)[:, None] * inner
    leaf_base = np.arange(trees)[:, None] * (inner + 1)
    children = {}
    for side, name in ((1, "true"), (2, "false")):
        child = 2 * np.arange(inner)[None, :] + side + np.zeros((trees, 1), np.int64)
        is_leaf = child >= inner
        children[f"nodes_{name}nodeids"] = np.where(
            is_leaf, leaf_base + child - inner, base + child).ravel().tolist()
        children[f"nodes_{name}leafs"] = is_leaf.ravel().astype(int).tolist()
    node = helper.make_node(
        "TreeEnsemble", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=1, aggregate_function=1,
        post_transform=0, tree_roots=base.ravel().tolist(), leaf_targetids=[0] * weights.size,
        leaf_weights=numpy_helper.from_array(weights.ravel()),
        nodes_splits=numpy_helper.from_array(thresholds.ravel()),
        nodes_featureids=features.ravel().tolist(),
        nodes_modes=numpy_helper.from_array(np.zeros(features.size, np.uint8)), **children)
    graph = helper.make_graph(
        [node], "trees", [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", FEATURES])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["N", 1])])
    onx = helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)])
    path.write_bytes(onx.SerializeToString())


def write_pmml(features, thresholds, weights, path):
    """A sum of binary trees over fields of type float, as converters of boosted trees write it. Both
    sides of a comparison read the same decimals, the shortest that give the number back."""
    inner = features.shape[1]

    def node(tree, i, test):
        if i >= inner:
            yield f'<Node score="{weights[tree, i - inner]}">{test}</Node>\n'
            return
        yield f"<Node>{test}\n"
        for child, operator in ((2 * i + 1, "lessOrEqual"), (2 * i + 2, "greaterThan")):
            yield from node(tree, child, f'<SimplePredicate field="x{features[tree, i]}" '
                                         f'operator="{operator}" value="{thresholds[tree, i]}"/>')
        yield "</Node>\n"

    fields = [f"x{i}" for i in range(FEATURES)]
    schema = ("<MiningSchema>" + '<MiningField name="y" usageType="target"/>' +
              "".join(f'<MiningField name="{name}"/>' for name in fields) + "</MiningSchema>\n")
    with open(path, "w") as file:
        file.write('<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">\n<Header/>\n<DataDictionary>\n')
        file.write('<DataField name="y" optype="continuous" dataType="double"/>\n')
        for name in fields:
            file.write(f'<DataField name="{name}" optype="continuous" dataType="float"/>\n')
        file.write(f'</DataDictionary>\n<MiningModel functionName="regression">\n{schema}')
        file.write('<Segmentation multipleModelMethod="sum">\n')
        for tree in range(len(features)):
            file.write(f'<Segment id="{tree + 1}"><True/>\n<TreeModel functionName="regression" '
                       f'splitCharacteristic="binarySplit">\n{schema}')
            file.writelines(node(tree, 0, "<True/>"))
            file.write("</TreeModel>\n</Segment>\n")
        file.write("</Segmentation>\n</MiningModel>\n</PMML>\n")


def write_forest_pmml(folder, path):
    """26 fully grown trees, deep and indented."""
    import jpmml_sklearn
    source = folder / "forest150m.pkl"
    write_pickle(forest(24_000, 26), source)
    subprocess.run(jpmml_sklearn.command(jpmml_sklearn.accepted(source), path), check=True,
                   stderr=subprocess.DEVNULL)


def forest(rows, trees):
    from sklearn.ensemble import RandomForestRegressor
    x = matrix(rows, 3)
    model = RandomForestRegressor(n_estimators=trees, max_features=8, random_state=1, n_jobs=2)
    return model.fit(x, target(x, 4))


def write_pickle(model, path):
    with open(path, "wb") as file:
        pickle.dump(model, file, protocol=5)


def widen(source, path, times):
    """The forest of `source` with its trees `times` over: a large pickle without hours of training."""
    with open(source, "rb") as file:
        model = pickle.load(file)
    trees = [pickle.dumps(t, protocol=5) for t in model.estimators_]
    model.estimators_ = [pickle.loads(t) for _ in range(times) for t in trees]
    model.n_estimators = len(model.estimators_)
    write_pickle(model, path)


def small_forest():
    from sklearn.ensemble import RandomForestClassifier
    x = matrix(2_000, 5)
    y = (target(x, 6) > 0).astype(int)
    model = RandomForestClassifier(n_estimators=10, max_leaf_nodes=50, random_state=1).fit(x, y)
    return model


def make(name, folder):
    path = folder / {"w1": "w1.onnx", "w2": "w2.onnx"}.get(
        name, name if name.endswith(".pmml") else f"{name}.pkl")
    if path.exists():
        return path
    temporary = path.with_suffix(".part")
    if name == "w1":
        write_onnx(*full_trees(100, 6, 1), temporary)
    elif name == "w2":
        write_onnx(*full_trees(1000, 8, 2), temporary)
    elif name == "w1.pmml":
        write_pmml(*full_trees(100, 6, 1), temporary)
    elif name == "w2.pmml":
        write_pmml(*full_trees(1000, 8, 2), temporary)
    elif name == "forest150m.pmml":
        write_forest_pmml(folder, temporary)
    elif name == "small":
        write_pickle(small_forest(), temporary)
    elif name == "forest200m":
        write_pickle(forest(24_000, 91), temporary)
    elif name == "forest1g":
        widen(make("forest200m", folder), temporary, 5)
    else:
        sys.exit(f"no model is called {name}")
    temporary.rename(path)
    return path


if __name__ == "__main__":
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for wanted in sys.argv[2:]:
        print(make(wanted, directory))
