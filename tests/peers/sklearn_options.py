"""Every constructor option that changes a prediction, against the installed scikit-learn.

For each case of option_cases.CASES: fit, pickle, and compare row by row
- panmodel's predictions of the pickle with scikit-learn's own (labels and text equal, numbers within
  1e-9), where a row that scikit-learn raises on must be a refused row;
- the names of the transformed columns with get_feature_names_out;
- the converted ONNX file in onnxruntime with scikit-learn (numbers within 1e-9 of double or 1e-5 of
  float). Where ONNX cannot say what the source does (a refused row, an empty text beside a missing
  one), the conversion must have named the loss.
A case with `refused` must be refused by panmodel with that code.
Arguments: substrings of the names of the cases to run."""
import csv, io, os, pickle, subprocess, sys, tempfile, warnings
import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd
from option_case import cells_of, is_missing, write_rows
from option_cases import CASES

PANMODEL = os.environ["PANMODEL"]
METHODS = ["predict", "predict_proba", "decision_function", "score_samples", "transform"]
NUMPY = {"tensor(double)": np.float64, "tensor(float)": np.float32, "tensor(int64)": np.int64,
         "tensor(bool)": np.bool_}
warnings.simplefilter("ignore")


class Wrong(Exception):
    pass


def run(*args):
    return subprocess.run([PANMODEL, *args], capture_output=True, text=True, timeout=120)


def flatten(out):
    """One row of any method's output as a flat list."""
    if isinstance(out, list):  # several outputs
        return [v for part in out for v in flatten(part)]
    if hasattr(out, "toarray"):
        out = out.toarray()
    return list(np.asarray(out).reshape(-1))


def expected_rows(model, method, rows):
    """What scikit-learn gives for each row alone; None where it raises."""
    out = []
    for i in range(len(rows)):
        one = rows.iloc[i:i + 1] if isinstance(rows, pd.DataFrame) else rows[i:i + 1]
        try:
            out.append(flatten(getattr(model, method)(one)))
        except ValueError:
            out.append(None)
    return out


def same(got, want, tolerance=1e-9):
    if is_missing(want):
        return got in ("", "nan") or is_missing(got)
    if isinstance(want, str) or isinstance(got, str) and isinstance(want, (bool, np.bool_)):
        truth = {"true": "1", "false": "0"}
        return str(got) == str(want) or truth.get(str(got).lower(), str(got)) in (
            truth.get(str(want).lower()), "1.0" if str(want) == "True" else "0.0")
    try:
        a, b = float(got), float(want)
        if isinstance(want, np.float32):  # of which the text has the shortest digits
            a = float(np.float32(a))
    except ValueError:
        return False
    return a == b or abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))


def compare(what, got, want, header, tolerance=1e-9):
    if len(got) != len(want):
        raise Wrong(f"{what}: {len(got)} columns {header}, expected {len(want)}")
    for name, a, b in zip(header, got, want):
        if not same(a, b, tolerance):
            raise Wrong(f"{what}, {name}: {a!r}, expected {b!r}")


def check_pickle(case, model, path, data, rows, names):
    done = run("predict", path, "--data", data)
    if not done.stdout:
        raise Wrong(f"predict: {done.stderr.strip()[:400]}")
    header, *got = csv.reader(io.StringIO(done.stdout))
    got = [row or [""] for row in got]  # the empty line of a refused row of one column
    if len(got) != len(rows):
        raise Wrong(f"predict: {len(got)} rows, expected {len(rows)}")
    methods = case.methods or [m for m in METHODS if hasattr(model, m)]
    expected = {}
    for method in methods:
        at = [i for i, n in enumerate(header) if n.split(":")[0].split("[")[0] == method]
        expected[method] = expected_rows(model, method, case.rows)
        for r, want in enumerate(expected[method]):
            mine = [got[r][i] for i in at]
            refused = all(v == "" for v in got[r])
            place = f"{method} of row {r} {rows[r]}"
            if want is None or refused and not all(is_missing(v) or v == "" for v in want):
                if want is not None or not refused:
                    raise Wrong(f"{place}: {mine}, expected {want or 'a refused row'}")
                continue
            compare(place, mine, want, [header[i] for i in at])
        if method == "transform" and hasattr(model, "get_feature_names_out") and case.names:
            keys = [header[i].split(":", 1)[1] for i in at if ":" in header[i]]
            want = list(model.get_feature_names_out())
            if len(want) > 1 and keys != want:
                raise Wrong(f"names of columns: {keys}, expected {want}")
    return expected


def feeds(session, names, rows):
    inputs = session.get_inputs()
    def column(kind, values):
        if kind == "tensor(string)":
            return ["" if is_missing(v) else str(v) for v in values]
        return np.array([float("nan") if is_missing(v) else v for v in values]).astype(NUMPY[kind])
    columns = dict(zip(names, zip(*rows)))
    if len(inputs) == 1 and (len(names) > 1 or inputs[0].name not in columns):
        kind = inputs[0].type
        matrix = [column(kind, columns[n]) for n in names]
        dtype = object if kind == "tensor(string)" else NUMPY[kind]
        return {inputs[0].name: np.array(matrix, dtype=dtype).T}
    return {i.name: np.array(column(i.type, columns[i.name]),
                             dtype=object if i.type == "tensor(string)" else None).reshape(-1, 1)
            for i in inputs}


def check_onnx(case, path, temp, rows, names, expected):
    target = os.path.join(temp, "m.onnx")
    done = run("convert", path, target, "--force")
    if done.returncode != 0:
        raise Wrong(f"convert: {(done.stderr + done.stdout).strip()[:600]}")
    onnx.checker.check_model(target, full_check=True)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(target, options, providers=["CPUExecutionProvider"])
    kinds = [i.type for i in session.get_inputs()]
    tolerance = 1e-5 if "tensor(float)" in kinds else 1e-9
    whole = [k for k in kinds if k in ("tensor(int64)", "tensor(bool)")]
    usable = [r for r in range(len(rows)) if not (whole and any(is_missing(v) for v in rows[r]))]
    out = session.run(None, feeds(session, names, [rows[r] for r in usable]))
    flat = np.concatenate([np.asarray(o, dtype=object).reshape(len(usable), -1) for o in out], axis=1)
    for got, r in zip(flat, usable):
        want = [expected[m][r] for m in METHODS if m in expected]
        if any(w is None for w in want):
            said = ("convert-unknown-category", "convert-missing", "convert-refused-value")
            if not any(code in done.stderr for code in said):
                raise Wrong(f"ONNX predicts row {r} {rows[r]}, which scikit-learn refuses, unsaid")
            continue
        want = [v for w in want for v in w]
        try:
            compare(f"ONNX row {r} {rows[r]}", list(got), want, [""] * len(want), tolerance)
        except Wrong:
            empty = any(isinstance(v, str) and v == "" or is_missing(v) for v in rows[r])
            if not (empty and "convert-missing" in done.stderr):
                raise


def check(case, temp):
    model = case.fit()
    path = os.path.join(temp, "m.pkl")
    with open(path, "wb") as f:
        pickle.dump(model, f)
    if case.refused:
        done = run("inspect", path)
        if done.returncode == 0 or f"[{case.refused}]" not in done.stderr:
            raise Wrong(f"expected {case.refused}, found {done.stderr.strip()[:300]}")
        return
    names, rows = cells_of(case.rows)
    data = os.path.join(temp, "rows.csv")
    write_rows(case.rows, data)
    expected = check_pickle(case, model, path, data, rows, names)
    if case.onnx:
        check_onnx(case, path, temp, rows, names, expected)


chosen = [c for c in CASES if not sys.argv[1:] or any(a in c.name for a in sys.argv[1:])]
failed = 0
for case in chosen:
    with tempfile.TemporaryDirectory() as temp:
        try:
            check(case, temp)
        except Exception as e:  # whatever scikit-learn, ONNX or onnxruntime raise
            failed += 1
            print(f"FAIL {case.name}: {e if isinstance(e, Wrong) else repr(e)[:400]}")
print(f"{len(chosen) - failed} of {len(chosen)} cases of options agree with scikit-learn")
sys.exit(1 if failed or not chosen else 0)
