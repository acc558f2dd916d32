"""PFA documents of other producers, raised to operators: scored by panmodel, by onnxruntime as ONNX and
by JPMML-Evaluator as PMML, against recorded results.

The corpus holds 48 documents of Aurelius with the predictions of R (a document in 15 digits and one in
the exporter's 8), and documents of Alpine, of the Human Brain Project's algorithms and others with the
results of Titus. Each recorded number must be reached within 1e-9 relative (documents of 8 digits:
within what their own result in Titus differs from R), each text be equal.

    pfa_raised.py [PART ...]     only the documents whose path contains one of the parts
    pfa_raised.py --update       all; pfa_raised_misses.txt becomes what is not equal now

Fails when a document that pfa_raised_misses.txt does not name is missed by one of the three, and when
one that it names is no longer.
"""
import csv, glob, io, json, math, os, re, subprocess, sys, tempfile

import numpy as np
import onnxruntime

import jpmml

HERE = os.path.dirname(os.path.abspath(__file__))
PANMODEL = os.environ["PANMODEL"]
CORPUS = os.environ["PANMODEL_CORPUS"] + "/pfa/examples"
KNOWN = f"{HERE}/pfa_raised_misses.txt"
TOLERANCE = 1e-9


def documents():
    for path in sorted(glob.glob(f"{CORPUS}/aurelius/*.pfa.json")):
        if ".digits8." in path:
            continue
        yield path, path.replace(".pfa.json", ".r_expected.jsonl"), "expected"
    for path in sorted(glob.glob(f"{CORPUS}/**/*.cases.jsonl", recursive=True)):
        model = path.removesuffix(".cases.jsonl")
        if os.path.exists(model):
            yield model, path, "output"


def untagged(value):
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("double", "string", "int", "long", "float", "boolean"):
        return next(iter(value.values()))
    return value


def rows_of(path, key):
    """(inputs, wanted) of the recorded rows whose result is no error."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if key in record and "input" in record:
                rows.append((record["input"], record[key]))
    return rows


def table(inputs):
    """CSV of the rows; None when an input is no record or map of scalars."""
    if not all(isinstance(i, dict) for i in inputs):
        if all(isinstance(i, (int, float, str)) for i in inputs):
            inputs = [{"input": i} for i in inputs]
        else:
            return None
    names = list(dict.fromkeys(n for i in inputs for n in i))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for i in inputs:
        cells = [untagged(i.get(n)) for n in names]
        if any(isinstance(c, (dict, list)) for c in cells):
            return None
        writer.writerow(["" if c is None else repr(c) if isinstance(c, float) else str(c).lower() if isinstance(c, bool) else c for c in cells])
    return out.getvalue()


def flat(value, name="output"):
    """The result of a row as columns."""
    value = untagged(value)
    if isinstance(value, dict):
        return {k: v for n, x in value.items() for k, v in flat(x, n).items()}
    if isinstance(value, list):
        return {k: v for n, x in enumerate(value) for k, v in flat(x, f"{name}:{n}").items()}
    return {name: value}


def equal(got, want, tolerance):
    if isinstance(want, bool):
        return str(got).lower() in (str(want).lower(), "1" if want else "0")
    if isinstance(want, (int, float)):
        try:
            got = float(got)
        except ValueError:
            return False
        if math.isnan(want) or math.isnan(got):
            return math.isnan(want) and math.isnan(got)
        return got == want or abs(got - want) <= tolerance * max(abs(want), abs(got)) or abs(got - want) < 1e-15
    return str(got) == str(want)


def key_of(name):
    """setosa, of "output:setosa" and "probability(setosa)"."""
    return re.sub(r"^probability\((.*)\)$", r"\1", name.rpartition(":")[2])


def differs(names, got, wanted, tolerance):
    """The first cell that is wrong, by name or, where no name fits, by order."""
    for row, want in zip(got, wanted):
        want = flat(want)
        if len(row) == 1 and row[0][:1] in ("[", "{"):  # a value that is no column is JSON
            names, row = zip(*flat(json.loads(row[0])).items())
        by_key = {key_of(n) if key_of(n) in want else n: c for n, c in zip(names, row)}
        pairs = [(by_key[n], want[n]) for n in want] if set(want) <= set(by_key) else \
            list(zip(row, want.values())) if len(want) in (1, len(row)) else None
        if pairs is None:
            return f"columns {names} for {list(want)}"
        for cell, value in pairs:
            if not equal(cell, value, tolerance):
                return f"{cell} for {value}"
    return "" if len(got) == len(wanted) else f"{len(got)} rows for {len(wanted)}"


def run(*words):
    done = subprocess.run([PANMODEL, *words], capture_output=True, text=True)
    if done.returncode not in (0, 1, 2, 3, 4, 5, 6):
        raise AssertionError(f"exit {done.returncode}: {done.stderr[-300:]}")
    return done


def reason(done):
    lines = [l for l in done.stderr.splitlines() if ": error: " in l or l.startswith("error: ")] or done.stderr.splitlines()
    return (lines[0] if lines else f"exit {done.returncode}").split("error: ", 1)[-1][:110]


def read_csv(text):
    rows = list(csv.reader(io.StringIO(text)))
    return rows[0], rows[1:]


def by_panmodel(model, data, directory):
    out = f"{directory}/own.csv"
    done = run("predict", model, "--data", data, "-o", out, "--force")
    if done.returncode not in (0, 1) or not os.path.exists(out):
        raise AssertionError(reason(done))
    with open(out) as file:
        return read_csv(file.read())


def by_onnxruntime(model, data, directory):
    out = f"{directory}/m.onnx"
    done = run("convert", model, out, "--inputs", "columns", "--input-type", "double", "--force")
    if done.returncode:
        raise AssertionError(reason(done))
    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    with open(data) as file:
        names, rows = read_csv(file.read())
    feeds = {}
    for i in session.get_inputs():
        cells = [r[names.index(i.name)] for r in rows]
        if i.type == "tensor(string)":
            feeds[i.name] = np.array(cells, dtype=object).reshape(-1, 1)
        else:
            dtype = {"tensor(double)": np.float64, "tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(bool)": bool}[i.type]
            feeds[i.name] = np.array([float(c) if c else math.nan for c in cells]).astype(dtype).reshape(-1, 1)
    header, columns = [], []
    for o, values in zip(session.get_outputs(), session.run(None, feeds)):
        values = np.asarray(values).reshape(len(rows), -1)
        for k in range(values.shape[1]):
            header.append(o.name if values.shape[1] == 1 else f"{o.name}:{k}")
            columns.append([str(v) if isinstance(v, str) else repr(float(v)) for v in values[:, k]])
    return header, [list(r) for r in zip(*columns)]


def by_jpmml(model, data, directory):
    out, results = f"{directory}/m.pmml", f"{directory}/jpmml.csv"
    done = run("convert", model, out, "--force")
    if done.returncode:
        raise AssertionError(reason(done))
    jpmml.score(out, data, results)
    with open(results) as file:
        names, rows = read_csv(file.read())
    width = len(names) - (names[-1] == "error")
    return names[:width], [row[:width] for row in rows]


def main(words):
    update = "--update" in words
    parts = [w for w in words if not w.startswith("--")]
    known = {}
    if os.path.exists(KNOWN):
        with open(KNOWN) as file:
            for line in file:
                name, engine, why = line.rstrip("\n").split("\t")
                known[name, engine] = why
    misses, wrong, agreed, total = [], 0, {"panmodel": 0, "onnxruntime": 0, "jpmml": 0}, 0
    for model, record, key in documents():
        name = os.path.relpath(model, CORPUS)
        if parts and not any(p in name for p in parts):
            continue
        rows = rows_of(record, key)
        data = table([i for i, _ in rows]) if rows else None
        total += 1
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/rows.csv"
            if data is not None:
                with open(path, "w") as file:
                    file.write(data)
            for engine, score in (("panmodel", by_panmodel), ("onnxruntime", by_onnxruntime), ("jpmml", by_jpmml)):
                try:
                    if data is None:
                        raise AssertionError("the input is no table")
                    names, got = score(model, path, directory)
                    why = differs(names, got, [w for _, w in rows], TOLERANCE)
                except (AssertionError, onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented) as e:
                    why = str(e).replace(directory, "").replace("\t", " ").replace("\n", " ")
                if why:
                    misses.append((name, engine, why))
                    if (name, engine) not in known and not update:
                        wrong += 1
                        print(f"MISS {name} {engine}: {why}")
                else:
                    agreed[engine] += 1
                    if (name, engine) in known and not update:
                        wrong += 1
                        print(f"no longer missed: {name} {engine}")
    if update:
        with open(KNOWN, "w") as file:
            file.writelines("\t".join(m) + "\n" for m in misses)
    print(f"{total} documents: " + ", ".join(f"{n} agree in {e}" for e, n in agreed.items()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
