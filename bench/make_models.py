"""Models and data of the benchmarks, made once under build/bench with fixed seeds.

w1, w2       gradient boosting with histograms, 100 trees of depth 6 / 1000 of depth 8, 50 features,
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


def boosting(trees, depth):
    from sklearn.ensemble import HistGradientBoostingRegressor
    x = matrix(40_000, 1)
    model = HistGradientBoostingRegressor(
        max_iter=trees, max_depth=depth, max_leaf_nodes=2**depth, learning_rate=0.05,
        min_samples_leaf=2, early_stopping=False, random_state=1)
    return model.fit(x, target(x, 2))


def write_onnx(model, path):
    """As TreeEnsemble of ai.onnx.ml 5 in float. skl2onnx 1.20 cannot write this estimator of
    scikit-learn 1.9; the model that both sides run is this file."""
    from onnx import TensorProto, helper, numpy_helper
    ints = {k: [] for k in ("nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids",
                            "nodes_trueleafs", "nodes_falseleafs",
                            "nodes_missing_value_tracks_true", "tree_roots")}
    splits, weights = [], []
    for (predictor,) in model._predictors:
        place = {}
        inner = leaves = 0
        for i, node in enumerate(predictor.nodes):
            if node["is_leaf"]:
                place[i] = len(weights) + leaves
                leaves += 1
            else:
                place[i] = len(splits) + inner
                inner += 1
        ints["tree_roots"].append(place[0])
        for node in predictor.nodes:
            if node["is_leaf"]:
                weights.append(np.float32(node["value"]))
                continue
            threshold = np.float32(node["num_threshold"])
            if threshold > node["num_threshold"]:
                threshold = np.nextafter(threshold, np.float32(-np.inf))
            splits.append(threshold)
            ints["nodes_featureids"].append(int(node["feature_idx"]))
            ints["nodes_missing_value_tracks_true"].append(int(node["missing_go_to_left"]))
            for side, name in (("left", "true"), ("right", "false")):
                child = int(node[side])
                ints[f"nodes_{name}nodeids"].append(place[child])
                ints[f"nodes_{name}leafs"].append(int(predictor.nodes[child]["is_leaf"]))
    node = helper.make_node(
        "TreeEnsemble", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=1, aggregate_function=1,
        post_transform=0, leaf_targetids=[0] * len(weights),
        leaf_weights=numpy_helper.from_array(np.array(weights, np.float32)),
        nodes_splits=numpy_helper.from_array(np.array(splits, np.float32)),
        nodes_modes=numpy_helper.from_array(np.zeros(len(splits), np.uint8)), **ints)
    graph = helper.make_graph(
        [node], "boosting", [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", FEATURES])],
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
        write_onnx(boosting(100, 6), temporary)
    elif name == "w2":
        write_onnx(boosting(1000, 8), temporary)
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
