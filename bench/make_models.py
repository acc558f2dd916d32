"""Models and data of the benchmarks, made once under build/bench with fixed seeds.

w1, w2       100 complete trees of depth 6 / 1000 of depth 8 over 50 features, drawn and not trained,
             as ONNX (TreeEnsemble in float)
forest200m   random forest regressor of about 200 MB pickle
forest1g     random forest regressor of about 1 GB pickle
small        random forest of about 1,000 nodes
"""
import pathlib
import pickle
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
    path = folder / {"w1": "w1.onnx", "w2": "w2.onnx"}.get(name, f"{name}.pkl")
    if path.exists():
        return path
    temporary = path.with_suffix(".part")
    if name == "w1":
        write_onnx(*full_trees(100, 6, 1), temporary)
    elif name == "w2":
        write_onnx(*full_trees(1000, 8, 2), temporary)
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
