"""Predictions and conversion of the corpus, case by case.

For every supported name and release: panmodel's predictions of every stored file equal the recorded
ones (labels equal, values within 1e-9); the ONNX file that it writes passes onnx.checker
(full_check) and predicts in onnxruntime what panmodel's evaluator predicts of the pickle, on the
corpus rows and on boundary rows (labels equal, values within 1e-12 relative).
Prints one line per case and fails when a supported case fails. Cases outside LIST are reported."""
import csv, glob, os, subprocess, sys, tempfile
import numpy as np
import onnx
import onnxruntime as ort

HERE = os.path.dirname(os.path.abspath(__file__))
PANMODEL = os.environ["PANMODEL"]
CORPUS = os.environ.get("PANMODEL_CORPUS")
RELEASES = ["0.23", "1.2", "1.9"]
names = [l.split() for l in open(os.path.join(HERE, "sklearn_names.txt")) if l.strip()]
supported = [n[0] for n in names if len(n) > 1 and n[1] == "yes"]
only = {n[0]: n[2:] for n in names if len(n) > 2}  # releases that are supported, when not all
others = [n[0] for n in names if len(n) == 1 or n[1] != "yes"]


def run(*args):
    return subprocess.run([PANMODEL, *args], capture_output=True, text=True, timeout=120)


def table(text):
    rows = list(csv.reader(text.splitlines()))
    return rows[0], rows[1:]


def close(a, b, rtol, atol=1e-12):
    try:
        x, y = float(a), float(b)
    except ValueError:
        return a == b
    return x == y or (x != x and y != y) or abs(x - y) <= atol + rtol * max(abs(x), abs(y))


def check_predictions(folder, model):
    done = run("predict", model, "--data", f"{folder}/input.csv")
    if done.returncode not in (0, 1) or not done.stdout:
        return "predict: " + done.stderr.strip()[:300]
    header, rows = table(done.stdout)
    compared = 0
    for path in glob.glob(f"{folder}/*.csv"):
        method = os.path.basename(path)[:-4]
        if method == "input":
            continue
        _, want = table(open(path, newline="").read())
        at = [i for i, n in enumerate(header) if n == method or n.startswith(method + ":")]
        if len(at) != len(want[0]):
            return f"{method}: {len(at)} columns, expected {len(want[0])}"
        if len(rows) != len(want):
            return f"{method}: {len(rows)} rows, expected {len(want)}"
        for r, (got, w) in enumerate(zip(rows, want)):
            for i, v in zip(at, w):
                if not close(got[i], v, 1e-9):
                    return f"{method} row {r}: {got[i]}, expected {v}"
        compared += 1
    return "" if compared else "nothing recorded"


def feeds(session, header, rows):
    inputs = session.get_inputs()
    types = {"tensor(double)": np.float64, "tensor(float)": np.float32, "tensor(int64)": np.int64}
    cells = np.array(rows, dtype=object)
    if len(inputs) == 1 and inputs[0].shape[-1] == len(header):
        kind = inputs[0].type
        if kind == "tensor(string)":
            return {inputs[0].name: cells}
        return {inputs[0].name: np.where(cells == "", "nan", cells).astype(types[kind])}
    out = {}
    for i in inputs:
        column = cells[:, header.index(i.name)].reshape(-1, 1)
        out[i.name] = column if i.type == "tensor(string)" else np.where(
            column == "", "nan", column).astype(types[i.type])
    return out


def check_onnx(folder, model, temp):
    path = os.path.join(temp, "m.onnx")
    done = run("convert", model, path, "--force")
    if done.returncode != 0:
        return "convert: " + (done.stderr + done.stdout).strip()[:300]
    onnx.checker.check_model(path, full_check=True)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    probe = os.path.join(temp, "probe.csv")
    done = run("rows", model, "--rows", "400", "-o", probe, "--force")
    if done.returncode != 0:
        return "rows: " + done.stderr[:300]
    for data in (f"{folder}/input.csv", probe):
        done = run("predict", model, "--data", data, "-q")
        if not done.stdout:
            return "predict: " + done.stderr[:300]
        header, want = table(done.stdout)
        columns, rows = table(open(data, newline="").read())
        given = [i.name for i in session.get_inputs()]
        if len(given) == 1 and len(columns) > 1:
            pass
        got = session.run(None, feeds(session, columns, rows))
        flat = []
        for g in got:
            g = np.asarray(g)
            flat.append(g.reshape(len(rows), -1))
        got = np.concatenate([f.astype(object) for f in flat], axis=1)
        if got.shape[1] != len(header):
            return f"{got.shape[1]} columns from onnxruntime, expected {len(header)}"
        for r, (g, w) in enumerate(zip(got, want)):
            if all(v == "" for v in w):
                continue  # a row that the source refuses
            for i, (a, b) in enumerate(zip(g, w)):
                exact = header[i] == "predict" and not isinstance(a, float)
                if (exact and str(a) != b) or not close(str(a) if exact else repr(float(a)) if not isinstance(a, str) else a, b, 1e-12):
                    return f"{os.path.basename(data)} row {r} {header[i]}: {a}, expected {b}"
    return ""


if not CORPUS:
    print("PANMODEL_CORPUS is not set: the corpus cases are skipped")
    sys.exit(0)
failed = predicted = converted = 0
with tempfile.TemporaryDirectory() as temp:
    for release in RELEASES:
        for name in supported:
            folder = f"{CORPUS}/pickle/debian-sklearn-{release}/{name}"
            if not os.path.isdir(folder) or release not in only.get(name, RELEASES):
                continue
            models = sorted(p for p in glob.glob(f"{folder}/*") if not p.endswith(".csv"))
            why = next((w for w in (check_predictions(folder, m) for m in models) if w), "")
            predicted += not why
            try:
                why2 = check_onnx(folder, models[0], temp)
            except Exception as e:  # the peer refuses what we wrote
                why2 = f"{type(e).__name__}: {str(e)[:300]}"
            converted += not why2
            if why or why2:
                failed += 1
                print(f"FAIL {release} {name}: {why} | {why2}")
print(f"{predicted} cases predict as recorded, {converted} convert exactly, of 236; "
      f"not supported yet: {' '.join(others)}")
sys.exit(1 if failed else 0)
