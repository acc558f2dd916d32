"""Every operator of ai.onnx.ml with its attributes: panmodel's predictions equal onnxruntime's.

Models are made here with onnx.helper. Labels and exact operators equal in every bit; sums, scores
and probabilities within 1e-5 relative and 1e-6 absolute (onnxruntime approximates exp and erf)."""
import csv, itertools, os, re, subprocess, sys, tempfile
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T, helper as h

PANMODEL = os.environ["PANMODEL"]
NAN, INF = float("nan"), float("inf")
ML = "ai.onnx.ml"
rng = np.random.default_rng(11)
failures, passed, refused, named = [], 0, [], []
# Forms that panmodel names and does not evaluate: onnxruntime leaves cells unset, drops base values
# or chooses by row which classes have a score.
UNSUPPORTED = re.compile(r"classifier \w+ (one[+-] .* base=2|one[+-] PROBIT|one. id1 .* base=[12]"
                         r"|two. .* base=[12]|three.* base=1|three sparse .* base=0)"
                         r"|linear classifier \w+ PROBIT 1 (int|str)2|svm regressor .* (LOGISTIC|SOFTMAX)"
                         r"|svm classifier .* SOFTMAX 2 proba=False")


def cell(v):
    if isinstance(v, str):
        return '"' + v.replace('"', '""') + '"'
    return repr(v.item() if hasattr(v, "item") else v)


def flat(output):
    if isinstance(output, list):  # a sequence of maps
        return np.array([list(m.values()) for m in output])
    return np.asarray(output).reshape(len(output), -1)


def same(got, want, rtol):
    if isinstance(want, str):
        return got == want
    x, y = float(got), float(want)
    return x == y or (x != x and y != y) or abs(x - y) <= 1e-6 + rtol * max(abs(x), abs(y))


def check(title, nodes, inputs, outputs, opset=18, ml=3):
    """inputs: name -> array [N, k]; outputs: names."""
    global passed
    types = {np.dtype("float32"): T.FLOAT, np.dtype("float64"): T.DOUBLE,
             np.dtype("int64"): T.INT64, np.dtype("int32"): T.INT32}
    infos = [h.make_tensor_value_info(n, types.get(x.dtype, T.STRING), ["N", *x.shape[1:]])
             for n, x in inputs.items()]
    outs = [onnx.ValueInfoProto(name=o) for o in outputs]
    graph = h.make_graph(nodes, "g", infos, outs)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset), h.make_opsetid(ML, ml)])
    model.ir_version = 10
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(model.SerializeToString(), options,
                                       providers=["CPUExecutionProvider"])
        want = [flat(o) for o in session.run(None, inputs)]
    except Exception as e:
        want = None
    with tempfile.TemporaryDirectory() as temp:
        path, data = f"{temp}/m.onnx", f"{temp}/d.csv"
        with open(path, "wb") as f:
            f.write(model.SerializeToString())
        names = [n if x.shape[1:] in ((), (1,)) else f"{n}:{k}" for n, x in inputs.items()
                 for k in range(1 if x.ndim == 1 else x.shape[1])]
        table = np.concatenate([x.reshape(len(x), -1).astype(object) for x in inputs.values()], axis=1)
        with open(data, "w") as f:
            f.write(",".join(names) + "\n")
            for row in table:
                f.write(",".join(cell(v) for v in row) + "\n")
        done = subprocess.run([PANMODEL, "predict", path, "--data", data, "-q"],
                              capture_output=True, text=True, timeout=60)
    if want is None:
        if done.returncode == 0:
            refused.append(f"{title}: onnxruntime refuses, panmodel predicts")
        return
    if done.returncode != 0 and "[run-foreign]" in done.stderr and UNSUPPORTED.match(title):
        named.append(title)
        return
    if done.returncode != 0:
        failures.append(f"{title}: {done.stderr.strip()[:300]}")
        return
    got = list(csv.reader(done.stdout.splitlines()))[1:]
    want = np.concatenate([w.astype(object) for w in want], axis=1)
    if len(got) != len(want) or len(got[0]) != want.shape[1]:
        failures.append(f"{title}: {len(got)} x {len(got[0])} cells, expected {want.shape}")
        return
    # The approximation of PROBIT takes differences of nearly equal floats.
    rtol = 3e-4 if "PROBIT" in title else 1e-5
    for r, (g, w) in enumerate(zip(got, want)):
        if not all(same(a, b, rtol) for a, b in zip(g, w)):
            failures.append(f"{title}: row {r} {table[r].tolist()} gives {g}, expected {w.tolist()}")
            return
    passed += 1


def node(op, inputs, outputs, **attributes):
    return h.make_node(op, inputs, outputs, domain=ML, **attributes)


# ---- Trees: three trees over two features; thresholds at 0 and 1, NaN and infinities in the rows.
ROWS = np.array([[a, b] for a in (-1, 0, 0.5, 1, 2, NAN, INF) for b in (-2, 0, 1, NAN, -INF)], np.float32)


def trees(modes, weights, tracks=None, reverse=False):
    """Three trees of one split each, then one of two; weights: per leaf a list of (id, weight)."""
    shape = [(0, 0.0), (1, 1.0), (0, 1.0)]
    lists = {k: [] for k in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids",
                             "falsenodeids", "missing_value_tracks_true")}
    w = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    leaf = 0
    for t, (feature, value) in enumerate(shape):
        # Node ids: with `reverse` the children have lower ids than the root, and come later.
        root, yes, no = (2, 0, 1) if reverse else (0, 1, 2)
        for node_id, mode in ((root, modes[t % len(modes)]), (yes, "LEAF"), (no, "LEAF")):
            lists["treeids"].append(t)
            lists["nodeids"].append(node_id)
            lists["featureids"].append(feature if mode != "LEAF" else 0)
            lists["values"].append(value if mode != "LEAF" else 0.0)
            lists["modes"].append(mode)
            lists["truenodeids"].append(yes if mode != "LEAF" else 0)
            lists["falsenodeids"].append(no if mode != "LEAF" else 0)
            lists["missing_value_tracks_true"].append(tracks[t % len(tracks)] if tracks else 0)
        for node_id in (yes, no):
            for target, weight in weights[leaf % len(weights)]:
                w["treeids"].append(t)
                w["nodeids"].append(node_id)
                w["ids"].append(target)
                w["weights"].append(weight)
            leaf += 1
    if not tracks:
        del lists["missing_value_tracks_true"]
    return {f"nodes_{k}": v for k, v in lists.items()}, w


def tree_node(kind, modes, weights, tracks=None, reverse=False, double=False, **attributes):
    nodes, w = trees(modes, weights, tracks, reverse)
    prefix = "class" if kind == "TreeEnsembleClassifier" else "target"
    nodes.update({f"{prefix}_{k}": v for k, v in w.items()})
    if double:
        for name in ("nodes_values", f"{prefix}_weights"):
            values = nodes.pop(name)
            nodes[name + "_as_tensor"] = h.make_tensor(name, T.DOUBLE, [len(values)], values)
        if "base_values" in attributes:
            values = attributes.pop("base_values")
            attributes["base_values_as_tensor"] = h.make_tensor("b", T.DOUBLE, [len(values)], values)
    outputs = ["label", "scores"] if prefix == "class" else ["y"]
    return node(kind, ["x"], outputs, **nodes, **attributes)


def test_trees():
    leq = ["BRANCH_LEQ"]
    every = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
    kinds = {"float": ROWS, "double": ROWS.astype(np.float64)}
    one = [[(0, 0.25)], [(0, -0.5)], [(0, 0.1)], [(0, 0.7)], [(0, 1.5)], [(0, -2.0)]]
    three = [[(k, 0.1 * (k + 1) * (i - 2)) for k in range(3)] for i in range(6)]
    for name, x in kinds.items():
        double = name == "double"
        for mode in every:
            for tracks in (None, [1], [1, 0]):
                check(f"regressor {name} {mode} {tracks}",
                      [tree_node("TreeEnsembleRegressor", [mode], one, tracks, double=double,
                                 n_targets=1)], {"x": x}, ["y"])
        check(f"regressor {name} lower children",
              [tree_node("TreeEnsembleRegressor", leq, one, reverse=True, n_targets=1)],
              {"x": x}, ["y"])
        for agg, post, (weights, n), base in itertools.product(
                ("SUM", "AVERAGE", "MIN", "MAX"),
                ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"),
                ((one, 1), (three, 3)), (False, True)):
            if post == "PROBIT":
                weights = [[(k, 0.05 + abs(w) / 20) for k, w in leaf] for leaf in weights]
            extra = {"base_values": [0.25, 0.1, 0.05][:n]} if base else {}
            check(f"regressor {name} {agg} {post} {n} base={base}",
                  [tree_node("TreeEnsembleRegressor", leq, weights, double=double, n_targets=n,
                             aggregate_function=agg, post_transform=post, **extra)], {"x": x}, ["y"])
        positive = [[(k, abs(w)) for k, w in leaf] for leaf in one]
        sets = {
            "one+": (positive, 2), "one-": (one, 2),
            "one+ id1": ([[(1, w) for _, w in leaf] for leaf in positive], 2),
            "one- id1": ([[(1, w) for _, w in leaf] for leaf in one], 2),
            "two+": ([[(0, 1 - abs(w) / 3), (1, abs(w) / 3)] for [(_, w)] in one], 2),
            "two-": ([[(0, -w), (1, w)] for [(_, w)] in one], 2),
            "three": (three, 3),
            "three sparse": ([[(i % 3, 0.3 * (i - 2))] for i in range(6)], 3),
            "three without 1": ([[(0, -0.1 * i), (2, 0.2 * (i - 3))] for i in range(6)], 3)}
        for (title, (weights, n)), post, labels, base in itertools.product(
                sets.items(), ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"),
                ("int", "str"), (0, 1, n_all := -1)):
            names = {"classlabels_int64s": [5, 7, 9][:n]} if labels == "int" else {
                "classlabels_strings": ["no", "yes", "é"][:n]}
            count = n if base == n_all else base
            extra = {"base_values": [0.25, -0.5, 0.1][:count]} if count else {}
            check(f"classifier {name} {title} {post} {labels} base={count}",
                  [tree_node("TreeEnsembleClassifier", leq, weights, double=double,
                             post_transform=post, **names, **extra)], {"x": x}, ["label", "scores"])
    for kind in (np.int64, np.int32):
        whole = np.array([[a, b] for a in (-1, 0, 1, 2) for b in (-2, 0, 1, 16777217)], kind)
        check(f"regressor {kind.__name__}",
              [tree_node("TreeEnsembleRegressor", leq, one, n_targets=1)], {"x": whole}, ["y"])
    check("regressor ml 1", [tree_node("TreeEnsembleRegressor", every, one, n_targets=1)],
          {"x": ROWS}, ["y"], opset=9, ml=1)


def test_linear():
    x = rng.normal(size=(40, 3)).astype(np.float32) * 3
    x[0] = 0
    for kind in (np.float32, np.float64, np.int64, np.int32):
        data = x.astype(kind)
        for post, targets, bias in itertools.product(
                ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"), (1, 2), (True, False)):
            scale = 0.01 if post == "PROBIT" else 0.4
            coef = [scale * v for v in (1, -2, 0.5, 0.3, 0.1, -0.7)][:3 * targets]
            extra = {"intercepts": [0.5, 0.25][:targets]} if bias else {}
            check(f"linear regressor {kind.__name__} {post} {targets} {bias}",
                  [node("LinearRegressor", ["x"], ["y"], coefficients=coef, targets=targets,
                        post_transform=post, **extra)], {"x": data}, ["y"])
        for post, n, labels, multi in itertools.product(
                ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"), (1, 2, 3),
                ("int2", "str2", "int", "str", "none"), (0, 1)):
            if (kind != np.float32 and (labels != "int" or multi)) or (n == 1 and labels in ("int", "str")):
                continue
            if n > 1 and labels not in ("int", "str"):
                continue
            scale = 0.01 if post == "PROBIT" else 0.4
            count = 2 if labels.endswith("2") else n
            names = {} if labels == "none" else {"classlabels_ints": [4, 8, 6][:count]} if "int" in labels else {
                "classlabels_strings": ["a", "b", "c"][:count]}
            coef = [scale * v for v in (1, -2, 0.5, 0.3, 0.1, -0.7, 1, 1, 1)][:3 * n]
            check(f"linear classifier {kind.__name__} {post} {n} {labels} {multi}",
                  [node("LinearClassifier", ["x"], ["label", "scores"], coefficients=coef,
                        intercepts=[0.5, 0.25, 0.4][:n], post_transform=post, multi_class=multi,
                        **names)], {"x": data}, ["label", "scores"])


def test_svm():
    x = rng.normal(size=(30, 2)).astype(np.float32)
    params = {"LINEAR": [0, 0, 0], "POLY": [0.5, 1, 3], "RBF": [0.7, 0, 0], "SIGMOID": [0.3, 0.1, 0]}
    vectors = [0.5, -1, 1, 0.25, -0.5, 0.75, 0.1, -0.3]
    for (kernel, p), post in itertools.product(params.items(), ("NONE", "LOGISTIC", "SOFTMAX")):
        for one_class in (0, 1):
            check(f"svm regressor {kernel} {post} {one_class}",
                  [node("SVMRegressor", ["x"], ["y"], kernel_type=kernel, kernel_params=p, n_supports=4,
                        support_vectors=vectors, coefficients=[1, -0.5, 0.25, -0.75], rho=[0.1],
                        one_class=one_class, post_transform=post)], {"x": x}, ["y"])
        for classes, proba, labels in itertools.product((2, 3), (False, True), ("int", "str")):
            pairs = classes * (classes - 1) // 2
            coef = [0.5, -1, 0.75, -0.25, 0.3, 0.6, -0.9, 0.2][:4 * (classes - 1)]
            extra = {"prob_a": [-1.5, -0.8, -2][:pairs], "prob_b": [0.1, -0.2, 0][:pairs]} if proba else {}
            names = {"classlabels_ints": [3, 1, 2][:classes]} if labels == "int" else {
                "classlabels_strings": ["x", "y", "z"][:classes]}
            check(f"svm classifier {kernel} {post} {classes} proba={proba} {labels}",
                  [node("SVMClassifier", ["x"], ["label", "scores"], kernel_type=kernel,
                        kernel_params=p, support_vectors=vectors, coefficients=coef,
                        rho=[0.1, -0.2, 0.05][:pairs], vectors_per_class=[2, 1, 1][:classes]
                        if classes == 3 else [2, 2], post_transform=post, **extra, **names)],
                  {"x": x}, ["label", "scores"])
    for classes in (2, 3):
        check(f"svm classifier linear form {classes}",
              [node("SVMClassifier", ["x"], ["label", "scores"], coefficients=[1, -1, 0.5, 0.25, -0.3, 0.9][:2 * classes],
                    rho=[0.1], classlabels_ints=[0, 1, 2][:classes])], {"x": x}, ["label", "scores"])
    check("svm regressor linear form",
          [node("SVMRegressor", ["x"], ["y"], coefficients=[1, -0.5], rho=[0.25])], {"x": x}, ["y"])


def test_features():
    x = np.array([[0, 0, 0], [1, -2, 0.5], [-3, -1, -2], [NAN, 1, 2], [1e-30, 0, 0], [INF, 1, 1]], np.float32)
    for norm, kind in itertools.product(("MAX", "L1", "L2"), (np.float32, np.float64, np.int64)):
        data = x if kind == np.float32 else x[:3].astype(kind)
        check(f"normalizer {norm} {kind.__name__}", [node("Normalizer", ["x"], ["y"], norm=norm)],
              {"x": data}, ["y"])
    for kind in (np.float32, np.float64, np.int64, np.int32):
        data = x.astype(kind) if kind in (np.float32, np.float64) else x[:3].astype(kind)
        for o, s in (([1, 2, 3], [0.1, 0.3, 0.7]), ([0.1], [3])):
            check(f"scaler {kind.__name__} {o}", [node("Scaler", ["x"], ["y"], offset=o, scale=s)],
                  {"x": data}, ["y"])
    check("binarizer", [node("Binarizer", ["x"], ["y"], threshold=0.5)], {"x": x}, ["y"])
    for marker in (NAN, 1.0, 0.0):
        for fill in ([7.5], [1, 2, 3]):
            check(f"imputer {marker} {fill}",
                  [node("Imputer", ["x"], ["y"], imputed_value_floats=fill, replaced_value_float=marker)],
                  {"x": x}, ["y"])
    whole = np.array([[1, 2, 3], [0, 0, 1], [-5, 7, 2]], np.int64)
    check("imputer int", [node("Imputer", ["x"], ["y"], imputed_value_int64s=[4, 5, 6],
                               replaced_value_int64=0)], {"x": whole}, ["y"])
    for index in ([0], [2, 0, 0, 1]):
        get = h.make_node("Constant", [], ["i"], value=h.make_tensor("i", T.INT64, [1, len(index)], index))
        for data in (x, whole, whole.astype(str).astype(object), x.astype(np.float64)):
            check(f"array feature extractor {index} {data.dtype}",
                  [get, node("ArrayFeatureExtractor", ["x", "i"], ["y"])], {"x": data}, ["y"])
    check("feature vectorizer", [node("FeatureVectorizer", ["a", "b"], ["y"], inputdimensions=[3, 3])],
          {"a": x[:3], "b": x[:3] * 2}, ["y"])
    check("feature vectorizer int", [node("FeatureVectorizer", ["a"], ["y"], inputdimensions=[3])],
          {"a": whole}, ["y"])
    check("feature vectorizer pads and cuts",
          [node("FeatureVectorizer", ["a", "b"], ["y"], inputdimensions=[5, 2])],
          {"a": x[:3], "b": x[:3] * 2}, ["y"])


def test_encoders():
    words = np.array([["b"], ["a"], ["ü"], [""], ["zz"]], dtype=object)
    pair = np.array([["b", "a"], ["a", "zz"], ["ü", "b"]], dtype=object)
    numbers = np.array([[0], [2], [5], [-1], [1]], np.int64)
    real = np.array([[0.5], [2], [NAN], [-1], [-0.0]], np.float32)
    cats = ["a", "b", "ü"]
    for data in (words, pair):
        check("one-hot text", [node("OneHotEncoder", ["x"], ["y"], cats_strings=cats)], {"x": data}, ["y"])
        check("category mapper text", [node("CategoryMapper", ["x"], ["y"], cats_strings=cats,
              cats_int64s=[3, 1, 2], default_int64=-7)], {"x": data}, ["y"])
        check("label encoder text-int", [node("LabelEncoder", ["x"], ["y"], keys_strings=cats,
              values_int64s=[3, 1, 2], default_int64=-7)], {"x": data}, ["y"], ml=2)
        check("label encoder text-float", [node("LabelEncoder", ["x"], ["y"], keys_strings=cats,
              values_floats=[3.5, 1, 2], default_float=NAN)], {"x": data}, ["y"], ml=2)
        check("label encoder text-text", [node("LabelEncoder", ["x"], ["y"], keys_strings=cats,
              values_strings=["1", "2", "3"])], {"x": data}, ["y"], ml=2)
        check("label encoder 1 text", [node("LabelEncoder", ["x"], ["y"], classes_strings=cats,
              default_int64=9)], {"x": data}, ["y"], ml=1)
        check("label encoder 4 text-double", [node("LabelEncoder", ["x"], ["y"],
              keys_tensor=h.make_tensor("k", T.STRING, [3], [c.encode() for c in cats]),
              values_tensor=h.make_tensor("v", T.DOUBLE, [3], [0.1, 0.2, 0.3]),
              default_tensor=h.make_tensor("d", T.DOUBLE, [1], [0.7]))], {"x": data}, ["y"], opset=21, ml=4)
    for data in (numbers, numbers.astype(np.float32), numbers.astype(np.float64), numbers.astype(np.int32)):
        check(f"one-hot {data.dtype}", [node("OneHotEncoder", ["x"], ["y"], cats_int64s=[2, 0, 5])],
              {"x": data}, ["y"])
    check("one-hot half", [node("OneHotEncoder", ["x"], ["y"], cats_int64s=[2, 0, 5])],
          {"x": np.array([[0.5], [2], [5.9], [-0.5]], np.float32)}, ["y"])
    check("category mapper int", [node("CategoryMapper", ["x"], ["y"], cats_strings=cats,
          cats_int64s=[0, 2, 5])], {"x": numbers}, ["y"])
    check("label encoder 1 int", [node("LabelEncoder", ["x"], ["y"], classes_strings=cats)],
          {"x": numbers}, ["y"], ml=1)
    for values in ({"values_strings": ["p", "q", "r"]}, {"values_int64s": [7, 8, 9]},
                   {"values_floats": [0.5, 1.5, 2.5]}):
        check(f"label encoder int {list(values)}", [node("LabelEncoder", ["x"], ["y"],
              keys_int64s=[0, 2, 5], **values)], {"x": numbers}, ["y"], ml=2)
        check(f"label encoder float {list(values)}", [node("LabelEncoder", ["x"], ["y"],
              keys_floats=[0.0, 2.0, NAN], **values)], {"x": real}, ["y"], ml=2)
    scores = rng.random((5, 3)).astype(np.float32)
    check("zip map int", [node("ZipMap", ["x"], ["y"], classlabels_int64s=[1, 2, 3])], {"x": scores}, ["y"])
    check("zip map text", [node("ZipMap", ["x"], ["y"], classlabels_strings=["a", "b", "c"])],
          {"x": scores}, ["y"])


test_trees()
test_linear()
test_svm()
test_features()
test_encoders()
for line in failures:
    print(line)
print(f"{len(named)} forms are named as not evaluated; {len(refused)} that onnxruntime refuses are predicted")
print(f"{passed} forms of the operators of {ML} agree with onnxruntime {ort.__version__}, "
      f"{len(failures)} differ")
sys.exit(1 if failures else 0)
