"""What skl2onnx writes, read and evaluated by panmodel.

The estimators of zoo.py go through skl2onnx (float inputs; with and without ZipMap). On boundary rows
panmodel's predictions of the ONNX file equal onnxruntime's: labels equal, numbers within 1e-5 relative
(1e-6 absolute: onnxruntime approximates exp). Where onnxruntime's labels differ from scikit-learn's own
on the same float rows, `panmodel compare pickle onnx` must report exactly these rows."""
import csv, json, os, pickle, subprocess, sys, tempfile, warnings
import numpy as np
import onnxruntime as ort
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.base import is_classifier
from zoo import zoo

warnings.filterwarnings("ignore")
PANMODEL = os.environ["PANMODEL"]
OPTIONS = ort.SessionOptions()
OPTIONS.intra_op_num_threads = 1
OPTIONS.log_severity_level = 4


def run(*args):
    return subprocess.run([PANMODEL, *args], capture_output=True, text=True, timeout=120)


def read(path):
    """Header and rows; an empty line is the missing cell of a file of one column."""
    return [row or [""] for row in csv.reader(open(path, newline=""))]


def initial_types(x):
    if hasattr(x, "columns"):
        numeric = [x[c].dtype.kind == "f" for c in x.columns]
        return [(c, FloatTensorType([None, 1]) if n else StringTensorType([None, 1]))
                for c, n in zip(x.columns, numeric)]
    width = x.shape[1] if x.ndim > 1 else 1
    kind = {"f": FloatTensorType, "i": Int64TensorType}.get(x.dtype.kind, StringTensorType)
    return [("X", kind([None, width]))]


def variants(estimator, types):
    """(suffix, model): with ZipMap and without where the converter has the option."""
    opsets = {"": 18, "ai.onnx.ml": 3}
    if is_classifier(estimator):
        for zipmap in (True, False):
            try:
                yield ("zipmap" if zipmap else "tensor"), to_onnx(
                    estimator, initial_types=types, target_opset=opsets,
                    options={id(estimator): {"zipmap": zipmap}})
            except NameError:  # no such option
                break
        else:
            return
    yield "plain", to_onnx(estimator, initial_types=types, target_opset=opsets)


def feeds(session, names, rows):
    kinds = {"tensor(float)": np.float32, "tensor(int64)": np.int64}
    cells, out = np.array(rows, dtype=object), {}
    for i in session.get_inputs():
        own = [k for k, n in enumerate(names) if n == i.name or n.startswith(i.name + ":")]
        part = cells[:, own]
        out[i.name] = part if i.type == "tensor(string)" else np.where(
            part == "", "nan", part).astype(np.float64).astype(kinds[i.type])
    return out


def flat(output, rows):
    if isinstance(output, list):
        return np.array([list(m.values()) for m in output]).astype(object)
    return np.asarray(output).reshape(rows, -1).astype(object)


def same(got, want):
    if isinstance(want, str):
        return got == want
    x, y = float(got), float(want)
    return x == y or (x != x and y != y) or abs(x - y) <= 1e-6 + 1e-5 * max(abs(x), abs(y))


def finite(names, rows):
    return [r for r in rows if all(c not in ("", "nan", "inf", "-inf") for c in r)]


def agree(path, data, temp):
    """The first difference to onnxruntime, or ''. NaN rows only where onnxruntime takes them."""
    done = run("rows", path, "--rows", "400", "-o", data, "--force")
    if done.returncode != 0:
        return "rows: " + done.stderr[:200]
    names, *rows = read(data)
    rows = finite(names, rows)
    if not rows:
        return f"rows: {path} {names}: none without a missing cell"
    with open(data, "w", newline="") as f:
        csv.writer(f, quoting=csv.QUOTE_MINIMAL).writerows([names] + rows)
    session = ort.InferenceSession(path, OPTIONS, providers=["CPUExecutionProvider"])
    want = np.concatenate([flat(o, len(rows)) for o in session.run(None, feeds(session, names, rows))], axis=1)
    done = run("predict", path, "--data", data, "-q")
    if done.returncode != 0:
        return "predict: " + done.stderr[:200]
    got = list(csv.reader(done.stdout.splitlines()))[1:]
    if len(got) != len(want) or len(got[0]) != want.shape[1]:
        return f"{len(got)} x {len(got[0])} cells, expected {want.shape}"
    for r, (g, w) in enumerate(zip(got, want)):
        if not all(same(a, b) for a, b in zip(g, w)):
            return f"row {r} {rows[r]}: {g}, expected {w.tolist()}"
    return ""


def flips(name, estimator, path, data, temp):
    """Rows where skl2onnx's file has another label than scikit-learn: (expected, found, why)."""
    names, *rows = read(data)
    session = ort.InferenceSession(path, OPTIONS, providers=["CPUExecutionProvider"])
    inputs = feeds(session, names, rows)
    if len(inputs) != 1 or session.get_inputs()[0].type != "tensor(float)":
        return None
    x = next(iter(inputs.values()))
    label = np.asarray(session.run(None, inputs)[0]).ravel()
    wanted = estimator.predict(x.astype(np.float64)).ravel()
    expected = [r for r in range(len(x)) if str(label[r]) != str(wanted[r])]
    pickled = os.path.join(temp, "m.pkl")
    with open(pickled, "wb") as f:
        pickle.dump(estimator, f)
    # The rows as floats, so that both sides see the same numbers.
    with open(data, "w", newline="") as f:
        csv.writer(f).writerows([[f"x{k}" for k in range(x.shape[1])]] + [
            [repr(float(v)) for v in row] for row in x])
    done = run("compare", pickled, path, "--data", data, "--format", "json", "-q")
    if done.returncode not in (0, 1) or not done.stdout:
        return expected, None, done.stderr.strip()[:160]
    return expected, sorted({f["row"] for f in json.loads(done.stdout)["flips"]}), ""


converted, failed, unread = 0, [], []
with tempfile.TemporaryDirectory() as temp:
    path, data = os.path.join(temp, "m.onnx"), os.path.join(temp, "d.csv")
    for name, estimator, x in zoo():
        try:
            models = list(variants(estimator, initial_types(x)))
        except Exception:  # skl2onnx has no converter for it, or fails
            continue
        converted += 1
        for suffix, model in models:
            with open(path, "wb") as f:
                f.write(model.SerializeToString())
            why = agree(path, data, temp)
            if why:
                failed.append(f"{name} ({suffix}): {why}")
                continue
            labels = is_classifier(estimator) and "label" in model.graph.output[0].name
            found = flips(name, estimator, path, data, temp) if labels else None
            if found is None:
                continue
            expected, reported, problem = found
            if reported is None:
                unread.append(f"{name}: {problem}")
                if expected:
                    failed.append(f"{name} ({suffix}): {len(expected)} flips, but compare: {problem}")
            elif reported != expected:
                failed.append(f"{name} ({suffix}): compare reports rows {reported[:8]}, expected {expected[:8]}")
            elif expected:
                print(f"skl2onnx flips {len(expected)} rows of {name} ({suffix}), compare finds each")
for line in failed:
    print("FAIL", line)
for line in sorted(set(unread)):
    print("not compared:", line)
print(f"{converted} of the estimators convert with skl2onnx; {len(failed)} failures")
sys.exit(1 if failed or converted < 40 else 0)
