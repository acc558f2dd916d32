"""PMML documents of many producers as ONNX, run by onnxruntime, against the producers' records.

Of the corpus's manifest.tsv, every document that uses only TreeModel, RegressionModel and MiningModel
is converted to ONNX with double inputs (the conversion's own self-check included), onnxruntime scores
the rows, and each recorded column must be equal: labels by equality, numbers within 1e-9 relative, 1e-5
where the document computes in float, and at least the tolerance that JPMML-Evaluator 1.7.7 needs. A
missing number is NaN, a missing text empty.

Then every file of builtins/, one function each, that has a form in ONNX: onnxruntime against panmodel's
own predictions of the document, within 1e-9.

    pmml_to_onnx.py [PART ...]     only the cases whose name contains one of the parts
    pmml_to_onnx.py --update       all; pmml_onnx_misses.txt becomes what is not equal now

Fails when a case that pmml_onnx_misses.txt does not name is not equal, when one that it names as
refused predicts something else, when fewer than EXPECTED cases agree, and when panmodel crashes.
"""
import csv, io, os, re, subprocess, sys, tempfile
from collections import Counter
from multiprocessing import Pool

import numpy as np
import onnx, onnxruntime

from pmml_triples import CODE, CORPUS, DIFFERENT, HERE, MISSING, PANMODEL, TIMEOUT, \
    chosen_cases, conclude, equal, number, read_misses, table

EXPECTED = 342
FUNCTIONS = 79
MODELS = {"TreeModel", "RegressionModel", "MiningModel"}
KNOWN = f"{HERE}/pmml_onnx_misses.txt"
REFUSED = re.compile(r"cannot hold '([a-z0-9_.]+)': (.*?) \[convert-unsupported\]")


def only_joined_models(case):
    return {m.partition(":")[0] for m in re.split(r"[ ,;]+", case["models"])} <= MODELS


def truth(cell):
    return {"true": 1.0, "false": 0.0}.get(cell.lower(), None)


def feed(session, path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        names, rows = table(file.read())
    inputs = {}
    for i in session.get_inputs():
        cells = [row[names.index(i.name)] for row in rows] if i.name in names else [""] * len(rows)
        if i.type == "tensor(string)":
            values = np.array([["" if c in MISSING else c] for c in cells], dtype=object)
        else:
            reals = [np.nan if c in MISSING else number(c) if truth(c) is None else truth(c) for c in cells]
            dtype = {"tensor(double)": np.float64, "tensor(float)": np.float32, "tensor(int64)": np.int64,
                     "tensor(bool)": bool}[i.type]
            values = np.array(reals, dtype=np.float64).astype(dtype).reshape(-1, 1)
        inputs[i.name] = values
    return inputs, len(rows)


def text(value):
    """A cell of onnxruntime's result as panmodel prints it in CSV."""
    if isinstance(value, (str, bytes)):
        return value if isinstance(value, str) else value.decode()
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else repr(float(value)) if isinstance(value, np.float64) else str(value)
    return str(value)


def matches(got, want, tolerance):
    if want.lower() in ("true", "false") and number(got) is not None:
        return number(got) == truth(want)
    return equal(got, want, tolerance)


def compare(case, path):
    """(cause, detail, flips)"""
    results, rows = run_onnx(path, f"{CORPUS}/{case['input']}")
    with open(f"{CORPUS}/{case['expected']}", newline="", encoding="utf-8-sig") as file:
        wanted_names, wanted = table(file.read())
    with open(f"{CORPUS}/{case['pmml']}", "rb") as file:
        document = file.read()
    single = b'x-mathContext="float"' in document or b'dataType="float"' in document
    tolerance = max(1e-5 if single else 1e-9, 1.01 * float(case["jpmml177_min_tol"]))
    common = [n for n in wanted_names if n in results]
    compared, _, recorded = map(int, case["cols_compared/pmml/expected"].split("/"))
    if len(common) < (compared or recorded):
        return "columns", f"{len(common)} of {compared or recorded} recorded columns", 0
    if rows != len(wanted):
        return "rows", f"{rows} rows, expected {len(wanted)}", 0
    flips, first = 0, ""
    for name in common:
        cells = results[name]
        w = wanted_names.index(name)
        labels = all(row[w] in MISSING or number(row[w]) is None or number(row[w]) % 1 == 0 for row in wanted)
        for i, (got, row) in enumerate(zip(cells, wanted)):
            if matches(got, row[w], tolerance):
                continue
            flips += labels
            first = first or f"row {i} {name}: {got or 'missing'}, expected {row[w]}"
    return ("values" if first else "equal"), first, flips


def run_onnx(path, rows):
    """Output name -> cells as text, and the number of rows."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs, count = feed(session, rows)
    names = [o.name for o in session.get_outputs()]
    results = zip(names, session.run(names, inputs))
    return {n: [text(v) for v in np.asarray(r).reshape(count, -1)[:, 0]] for n, r in results}, count


def check_function(name):
    """(name, None where it is refused, else the first difference or an empty text)"""
    document, rows = f"{CORPUS}/builtins/pmml/{name}.pmml", f"{CORPUS}/builtins/csv/{name}.in.csv"
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.onnx"
        done = subprocess.run([PANMODEL, "convert", document, path], capture_output=True, timeout=TIMEOUT)
        if done.returncode == 4:
            return name, None
        if done.returncode:
            return name, f"exit {done.returncode}: {done.stderr.decode(errors='replace')[-200:]}"
        predicted = subprocess.run([PANMODEL, "predict", document, "--data", rows, "--missing", *MISSING[1:]],
                                   capture_output=True, timeout=TIMEOUT)
        names, wanted = table(predicted.stdout.decode())
        got, count = run_onnx(path, rows)
        for k, column in enumerate(names):
            for row in range(count):
                refused = not any(wanted[row])
                if not refused and not matches(got[column][row], wanted[row][k], 1e-9):
                    return name, f"row {row} {column}: {got[column][row]}, expected {wanted[row][k]}"
    return name, ""


def check_functions():
    names = sorted(f[:-5] for f in os.listdir(f"{CORPUS}/builtins/pmml") if f.endswith(".pmml"))
    names = [n for n in names if os.path.exists(f"{CORPUS}/builtins/csv/{n}.in.csv")]
    with Pool(2) as pool:
        results = dict(pool.imap(check_function, names))
    wrong = {n: why for n, why in results.items() if why}
    forms = sum(why is not None for why in results.values())
    print(f"{forms} of {len(names)} function files convert, {forms - len(wrong)} agree")
    for name, why in wrong.items():
        print(f"worse: {name}: {why}")
    return bool(wrong) or forms < FUNCTIONS


def refusal(said):
    """Operators that block, and the reason of each that is not about another."""
    reasons = sorted({f"{op}: {why.split('; ')[-1]}" for op, why in REFUSED.findall(said)})
    return " | ".join(reasons)[:400]


def check(case):
    """(id, converted, cause, detail, flips)"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.onnx"
        try:
            done = subprocess.run([PANMODEL, "convert", f"{CORPUS}/{case['pmml']}", path],
                                  capture_output=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return case["id"], False, "timeout", f"more than {TIMEOUT} s", 0
        said = " ".join(done.stderr.decode(errors="replace").split())
        if done.returncode < 0 or done.returncode > 100:
            return case["id"], False, "crash", f"exit {done.returncode}: {said[-200:]}", 0
        if done.returncode:
            code = re.findall(r"\[([a-z]+(?:-[a-z]+)+)\]", said)
            if not code:
                return case["id"], False, "crash", f"exit {done.returncode} without a code: {said[-200:]}", 0
            errors = [c for c in code if c in said.partition("error:")[2]] or code
            return case["id"], False, errors[0], refusal(said) or said.partition("error: ")[2][:240], 0
        try:
            return case["id"], True, *compare(case, path)
        except Exception as e:
            return case["id"], True, "onnxruntime", f"{type(e).__name__}: {' '.join(str(e).split())}"[:300], 0


def main():
    if not CORPUS:
        print("PANMODEL_CORPUS is not set: the corpus cases are skipped")
        return 0
    cases, update, parts = chosen_cases()
    cases = [c for c in cases if only_joined_models(c)]
    known = read_misses(KNOWN)
    causes, converted, flipped, wrong, misses = Counter(), 0, 0, [], []
    with Pool(2) as pool:
        for name, done, cause, detail, flips in pool.imap(check, cases):
            causes[cause] += 1
            converted += done
            flipped += flips
            if cause != "equal":
                print(f"miss {name}: {cause}: {detail}", flush=True)
                misses.append(f"{name}  # {cause}: {detail.replace('#', '')}\n")
                was = known.get(name, "").partition(":")[0]
                predicts = cause in DIFFERENT and was not in DIFFERENT
                if cause in ("crash", "timeout") or name not in known or predicts:
                    wrong.append((name, cause))
            elif name in known:
                print(f"now equal: {name}; --update takes it from the table", flush=True)
    print(f"{converted} of {len(cases)} convert, {causes['equal']} agree, {flipped} flips")
    failed = conclude(causes, KNOWN, misses, wrong, update)
    if update:
        return failed
    if not parts and causes["equal"] < EXPECTED:
        print(f"{causes['equal']} agree, expected {EXPECTED}")
        return 1
    if not parts and check_functions():
        return 1
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
