"""Acceptance of predictions and of conversion to ONNX, on the corpus of scikit-learn models.

For every name of sklearn_names.txt and every release, one line. A case passes when
- predictions: panmodel's predictions of every stored file equal the recorded ones of every method
  (labels equal, values within 1e-9 relative);
- conversion: the ONNX file passes onnx.checker (full_check) and onnxruntime predicts from it, on the
  rows of the corpus and on 400 rows made at the model's own boundaries, what panmodel's evaluator of
  the pickle predicts (labels equal; 1e-12 relative, 1e-6 where the output is float by ONNX's own
  types) and, for release 1.9, what scikit-learn itself predicts (labels equal; 1e-9, because BLAS
  sums in another order). A row that panmodel refuses must be refused by scikit-learn too.

    sklearn_to_onnx.py [NAME ...]     names given: only those, whether marked supported or not
"""
import glob, os, re, subprocess, sys, tempfile, traceback, warnings
from multiprocessing import Pool

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
PANMODEL = os.environ["PANMODEL"]
CORPUS = os.environ.get("PANMODEL_CORPUS", "")
RELEASES = ["0.23", "1.2", "1.9"]
BOUNDARY_ROWS = 400
FIELD = re.compile(r'("(?:[^"]|"")*"|[^,\n]*)(,|\n|$)')


def panmodel(*arguments, may_fail=False):
    done = subprocess.run([PANMODEL, *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode and not may_fail:
        raise AssertionError(f"panmodel {arguments[0]}: {(done.stderr + done.stdout).strip()[:400]}")
    return done


def read_csv(text):
    """Header and columns of cells; an empty field is None (missing), "" is the empty text."""
    rows, row, at = [], [], 0
    while at < len(text):
        match = FIELD.match(text, at)
        field, end = match.groups()
        row.append(field[1:-1].replace('""', '"') if field.startswith('"') else field or None)
        at = match.end()
        if end != ",":
            rows.append(row)
            row = []
    return rows[0], [list(c) for c in zip(*rows[1:])] or [[] for _ in rows[0]]


def as_numbers(cells):
    return np.array([np.nan if c is None else float(c) for c in cells])


def is_number(cell):
    try:
        float(cell)
    except (TypeError, ValueError):
        return cell is None
    return True


def differences(got, want, rtol):
    """Mask of the cells that differ: texts by equality, numbers by the tolerance."""
    if not all(is_number(c) for c in (*got, *want)):
        return np.array([str(a) != str(b) for a, b in zip(got, want)])
    a, b = as_numbers(got), as_numbers(want)
    with np.errstate(all="ignore"):
        near = np.abs(a - b) <= 1e-12 + rtol * np.maximum(np.abs(a), np.abs(b))
    return ~((a == b) | (np.isnan(a) & np.isnan(b)) | near)


def expect_equal(where, name, got, want, rows, rtol):
    bad = [r for r, d in zip(rows, differences(got, want, rtol)) if d]
    if bad:
        i = list(rows).index(bad[0])
        raise AssertionError(f"{where}: {len(bad)} rows differ, row {bad[0]} {name}: {got[i]}, "
                             f"expected {want[i]}")


def by_method(header, columns):
    """Columns of a table of predictions, grouped by the method before the colon."""
    methods = {}
    for name, column in zip(header, columns):
        methods.setdefault(name.split(":")[0], []).append(column)
    return methods


def check_predictions(folder, model):
    found = by_method(*read_csv(panmodel("predict", model, "--data", f"{folder}/input.csv").stdout))
    recorded = [p for p in glob.glob(f"{folder}/*.csv") if not p.endswith("/input.csv")]
    assert recorded, "nothing recorded"
    for path in recorded:
        method = os.path.basename(path)[:-4]
        _, want = read_csv(open(path, newline="").read())
        got = found.get(method, [])
        assert len(got) == len(want), f"{method}: {len(got)} columns, expected {len(want)}"
        for k, (g, w) in enumerate(zip(got, want)):
            expect_equal(os.path.basename(model), f"{method}:{k}", g, w, range(len(w)), 1e-9)


NUMPY = {"tensor(double)": np.float64, "tensor(float)": np.float32, "tensor(int64)": np.int64,
         "tensor(string)": object, "tensor(bool)": bool}


def column_of(cells, dtype, missing):
    if dtype is object:
        return np.array([missing if c is None else c for c in cells], dtype=object)
    if dtype is np.int64:
        return np.array([int(float(c)) for c in cells])
    return as_numbers(cells).astype(dtype)


def feeds_of(session, names, columns):
    inputs = session.get_inputs()
    if len(inputs) == 1:
        dtype = NUMPY[inputs[0].type]
        x = np.stack([column_of(c, dtype, "") for c in columns], axis=1)
        return {inputs[0].name: x if len(inputs[0].shape) == 2 else x[:, 0]}
    return {i.name: column_of(columns[names.index(i.name)], NUMPY[i.type], "").reshape(-1, 1)
            for i in inputs}


def sklearn_rows(estimator, session, names, columns):
    """The rows as scikit-learn takes them: a DataFrame where the model was fitted on one."""
    import pandas
    inputs = session.get_inputs()
    dtypes = [NUMPY[i.type] for i in inputs] if len(inputs) > 1 else [NUMPY[inputs[0].type]] * len(names)
    arrays = [column_of(c, np.float64 if t is np.float32 else t, np.nan)
              for c, t in zip(columns, dtypes)]
    if type(estimator).__name__ in ("LabelEncoder", "LabelBinarizer"):
        return arrays[0]
    if hasattr(estimator, "feature_names_in_"):
        return pandas.DataFrame(dict(zip(names, arrays)))
    return np.stack(arrays, axis=1)


def as_table(result):
    result = result.toarray() if hasattr(result, "toarray") else np.asarray(result)
    return list(result.reshape(len(result), -1).T)


def sklearn_predictions(method, x, rows):
    """Columns of a method's result and the rows that it takes; it refuses a batch as a whole."""
    part = lambda r: x.iloc[r] if hasattr(x, "iloc") else x[r]
    try:
        return as_table(method(part(rows))), rows
    except ValueError:
        taken, pieces = [], []
        for r in rows:
            try:
                pieces.append(as_table(method(part([r]))))
                taken.append(r)
            except ValueError:
                pass
        return [np.concatenate(c) for c in zip(*pieces)], taken


def check_onnx(folder, model, release, temporary):
    import onnx, onnxruntime
    written, boundary = f"{temporary}/m.onnx", f"{temporary}/rows.csv"
    panmodel("convert", model, written, "--force")
    onnx.checker.check_model(written, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(written, options, providers=["CPUExecutionProvider"])
    panmodel("rows", model, "--rows", str(BOUNDARY_ROWS), "-o", boundary, "--force")
    estimator = None
    if release == "1.9":
        import joblib
        estimator = joblib.load(model)
    compared = 0
    for data in (f"{folder}/input.csv", boundary):
        names, columns = read_csv(open(data, newline="").read())
        # An empty text is what stands for a missing one: a tensor cannot say both.
        sayable = np.array([all(c != "" for c in row) for row in zip(*columns)])
        want = by_method(*read_csv(panmodel("predict", model, "--data", data, "-q", may_fail=True).stdout))
        refused = np.array([all(c is None for c in row)
                            for row in zip(*[c for m in want.values() for c in m])])
        rows = np.flatnonzero(sayable & ~refused)
        compared += len(rows)
        results = session.run(None, feeds_of(session, names, columns))
        assert len(results) == len(want), f"{len(results)} outputs, expected {list(want)}"
        x = sklearn_rows(estimator, session, names, columns) if estimator is not None else None
        for (method, expected), result in zip(want.items(), results):
            got = as_table(result)
            assert len(got) == len(expected), f"{method}: {len(got)} columns, expected {len(expected)}"
            exact = 1e-6 if np.asarray(result).dtype == np.float32 else 1e-12
            for k, (g, w) in enumerate(zip(got, expected)):
                expect_equal(os.path.basename(data), f"{method}:{k}", [g[r] for r in rows],
                             [w[r] for r in rows], rows, exact)
            if estimator is None or not hasattr(estimator, method):
                continue
            real, taken = sklearn_predictions(getattr(estimator, method), x, rows)
            for k, (g, w) in enumerate(zip(got, real)):
                expect_equal(f"{os.path.basename(data)} against scikit-learn", f"{method}:{k}",
                             [g[r] for r in taken], w, taken, max(exact, 1e-9))
            _, wrongly = sklearn_predictions(getattr(estimator, method), x, np.flatnonzero(refused))
            assert not len(wrongly), f"{method} row {wrongly[0]} is refused, but not by scikit-learn"
    return f"{compared} rows"


def check_case(case):
    release, name = case
    warnings.simplefilter("ignore")
    folder = f"{CORPUS}/pickle/debian-sklearn-{release}/{name}"
    models = sorted(p for p in glob.glob(f"{folder}/*") if not p.endswith(".csv"))
    problems, said = [], ""
    with tempfile.TemporaryDirectory() as temporary:
        for check in (lambda: [check_predictions(folder, m) for m in models] and "",
                      lambda: check_onnx(folder, models[0], release, temporary)):
            try:
                said = check()
                problems.append("")
            except Exception as e:  # a peer that refuses what we wrote fails the case too
                lines = traceback.format_exc().splitlines()
                problems.append(str(e) if isinstance(e, AssertionError) else " / ".join(lines[-3:])[:400])
    return case, problems, f"{len(models)} files, {said}"


def main():
    if not CORPUS:
        print("PANMODEL_CORPUS is not set: the corpus cases are skipped")
        return 0
    names = [line.split() for line in open(f"{HERE}/sklearn_names.txt") if line.strip()]
    wanted = sys.argv[1:] or [n[0] for n in names if n[1] == "yes"]
    only = {} if sys.argv[1:] else {n[0]: n[2:] for n in names if n[2:]}
    exists = [(r, n[0]) for r in RELEASES for n in names
              if os.path.isdir(f"{CORPUS}/pickle/debian-sklearn-{r}/{n[0]}")]
    cases = [(r, n) for r, n in exists if n in wanted and r in only.get(n, RELEASES)]
    predicted = converted = 0
    with Pool(2) as pool:
        for (release, name), problems, said in pool.imap(check_case, cases, chunksize=2):
            predicted += not problems[0]
            converted += not problems[1]
            print(f"{'FAIL' if any(problems) else 'ok  '} {release:4} {name}: " +
                  (" | ".join(p or "good" for p in problems) if any(problems) else said), flush=True)
    missing = sorted({n for r, n in exists} - {n for r, n in cases})
    if missing and not sys.argv[1:]:
        print("not supported yet:", " ".join(missing))
    print(f"predictions: {predicted} of {len(exists)}; conversions: {converted} of {len(exists)}")
    return 0 if predicted == converted == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
