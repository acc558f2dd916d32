"""Acceptance of conversion to PMML, on the corpus of scikit-learn models.

For every model of sklearn_names.txt and every release: panmodel writes PMML (and checks it by reading
it back), JPMML-Evaluator loads the document without its optimising visitors and predicts the rows of
the corpus and rows made at the model's own boundaries; its verify() passes on the rows embedded. Labels must be equal, numbers within 1e-9
relative of panmodel's prediction of the pickle, for every output that was not reported as lost. A row
that panmodel refuses is not compared; where a score is no number, JPMML must give no label. The same for
every option of an estimator (option_cases.py), fitted with the installed scikit-learn.

    sklearn_to_pmml.py [--through-onnx] [NAME ...]

With --through-onnx the document is written from the ONNX file that panmodel writes of the model; else the
models of the newest release are also written in the older versions of PMML, where they either agree as well
or are refused because they need a newer one.

NAME: a model of the corpus, or a part of the name of an option case. One line per model and counts.
Fails when a model that is written does not agree, or when fewer are written than are expected.
"""
import glob, os, pickle, re, sys, tempfile, warnings
from collections import Counter
from multiprocessing import Pool

import numpy as np

import jpmml
import option_cases
from option_case import write_rows
from sklearn_to_onnx import BOUNDARY_ROWS, CORPUS, HERE, RELEASES, by_method, expect_equal, \
    is_number, panmodel, read_csv

THROUGH_ONNX = "--through-onnx" in sys.argv
EXPECTED_OPTIONS = 650  # cases of sklearn_options.py, likewise
OLDER = ("4.2", "4.3")
EXPECTED_OLDER = 132  # documents in older versions that agree
EXPECTED = 229 if THROUGH_ONNX else 231  # models of the corpus that are written and agree


def jpmml_rows(path, names, columns):
    """The rows under the names of the document's fields, numbers as Java reads them; an empty field is
    missing, "" is the empty text."""
    spelled = {None: "", "nan": "", "inf": "Infinity", "-inf": "-Infinity"}
    quoted = lambda c: '"' + c.replace('"', '""') + '"'
    with open(path, "w", newline="") as file:
        for row in [names, *zip(*columns)]:
            file.write(",".join(spelled[c] if c in spelled else quoted(c) for c in row) + "\n")


def check(folder, model, temporary, estimator=None, rows_of=None, version="4.4"):
    """`estimator`, `rows_of`: the model itself and the table of input.csv as it takes it, where they are at hand:
    JPMML may refuse a row that it refuses."""
    document, boundary = f"{temporary}/m.pmml", f"{temporary}/rows.csv"
    source = model
    if THROUGH_ONNX:
        source = f"{temporary}/m.onnx"
        panmodel("convert", model, source, "--force")
    done = panmodel("convert", source, document, "--force", "--pmml-version", version, may_fail=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        codes = ("[convert-unsupported]", "[pmml-write]", "[pmml-version]")
        return "refused" if any(c in done.stderr for c in codes) else "failed", " / ".join(said)[:300]
    panmodel("check", document)
    panmodel("rows", model, "--rows", str(BOUNDARY_ROWS), "-o", boundary, "--force")
    assert "<ModelVerification" in open(document).read(), "no rows to check itself with"
    jpmml.verify(document)
    fields, _ = read_csv(panmodel("rows", source, "--rows", "1").stdout)
    compared = 0
    for data in (f"{folder}/input.csv", boundary):
        names, columns = read_csv(open(data, newline="").read())
        rows_file, scored = f"{temporary}/in.csv", f"{temporary}/out.csv"
        jpmml_rows(rows_file, names if set(fields) <= set(names) else fields, columns)
        jpmml.score(document, rows_file, scored, visitors=False)
        header, results = read_csv(open(scored, newline="").read())
        results = dict(zip(header, results))
        want = by_method(*read_csv(panmodel("predict", model, "--data", data, "-q", may_fail=True).stdout))
        everything = [c for m in want.values() for c in m]
        refused = [all(c is None for c in row) for row in zip(*everything)]
        numbers = [c for c in everything if all(is_number(v) for v in c)]
        # Where a score is no number there is no prediction, whatever label the source names.
        none = [False] * len(refused) if not numbers else [
            any(c is None or np.isnan(float(c)) for c in row) for row in zip(*numbers)]
        for r, reason in enumerate(results["error"]):
            assert reason is None or refused[r] or none[r] or raises(estimator, rows_of, r, data), \
                f"row {r}: JPMML: {reason}"
        for method, expected in want.items():
            got = columns_of(method, header, len(expected))
            if THROUGH_ONNX and method == "transform" and "predict" in want:
                continue  # which a predictor's ONNX file does not have
            if not got:
                assert f"the output '{method}' has no place" in done.stderr, f"{method} is lost silently"
                continue
            assert len(got) == len(expected), f"{method}: columns {got}"
            label = method == "predict" and len(want) > 1
            for name, values in zip(got, expected):
                rows = [r for r in range(len(values)) if not refused[r] and not (none[r] and label)
                        and results["error"][r] is None]
                expect_equal(os.path.basename(data), name, [results[name][r] for r in rows],
                             [values[r] for r in rows], rows, 1e-9)
            for r in range(len(none)):
                assert not label or refused[r] or not none[r] or results[got[0]][r] is None, f"row {r}: a label of no number"
        compared += sum(not r for r in refused)
    return "good", f"{compared} rows"


def columns_of(method, header, width):
    """The results of JPMML that a method of scikit-learn has."""
    if method == "predict":
        return [h for h in header if h == "y" or re.fullmatch(r"y[0-9]+", h)]
    name = {"predict_proba": "probability", "transform": "variable" if THROUGH_ONNX else method}.get(method, method)
    return [h for h in header if h == name or h.startswith(name + "(")]


def raises(estimator, rows, r, data):
    """Whether scikit-learn refuses the row, of those given or of the boundary."""
    import pandas
    if estimator is None:
        return False
    if not data.endswith("input.csv"):
        names, columns = read_csv(open(data, newline="").read())
        kinds = getattr(rows, "dtypes", None)
        number = lambda c: np.nan if c is None else float(c)
        table = pandas.DataFrame({n: [number(c[r]) if all(is_number(v) for v in c) else c[r]]
                                  for n, c in zip(names, columns)})
        row = table if kinds is not None else table.to_numpy()
    else:
        row = rows.iloc[r:r + 1] if hasattr(rows, "iloc") else rows[r:r + 1]
    try:
        (estimator.predict if hasattr(estimator, "predict") else estimator.transform)(row)
        return False
    except ValueError:
        return True


def check_option(number):
    case = option_cases.CASES[number]
    if case.refused:
        return ("option", case.name), "refused", case.refused
    with tempfile.TemporaryDirectory() as temporary:
        try:
            estimator, model = case.fit(), f"{temporary}/m.pkl"
            pickle.dump(estimator, open(model, "wb"))
            write_rows(case.rows, f"{temporary}/input.csv")
            return ("option", case.name), *check(temporary, model, temporary, estimator, case.rows)
        except Exception as e:
            return ("option", case.name), "failed", f"{type(e).__name__}: {e}"[:300]


def check_case(case):
    release, name, version = case
    folder = f"{CORPUS}/pickle/debian-sklearn-{release}/{name}"
    model = sorted(p for p in glob.glob(f"{folder}/*") if not p.endswith(".csv"))[0]
    with tempfile.TemporaryDirectory() as temporary:
        try:
            return case[:2], *check(folder, model, temporary, version=version)
        except Exception as e:
            return case[:2], "failed", f"{type(e).__name__}: {e}"[:300]


def check_older(case):
    (release, name), outcome, said = check_case(case)
    return (case[2], name), outcome, said


def main():
    warnings.simplefilter("ignore")
    names = [line.split()[0] for line in open(f"{HERE}/sklearn_names.txt") if line.strip()]
    wanted = [a for a in sys.argv[1:] if a != "--through-onnx"]
    cases = [(r, n, "4.4") for r in RELEASES for n in names if not wanted or n in wanted
             if os.path.isdir(f"{CORPUS}/pickle/debian-sklearn-{r}/{n}")]
    older = [(r, n, v) for v in OLDER for r, n, _ in cases if r == RELEASES[-1]]
    options = [i for i, c in enumerate(option_cases.CASES)
               if not wanted or any(w in c.name for w in wanted if w not in names)]
    counts = {}
    with Pool(2) as pool:
        works = ((check_case, cases, EXPECTED), (check_older, older, EXPECTED_OLDER),
                 (check_option, options, EXPECTED_OPTIONS))
        for work, part, expected in works[:1 if THROUGH_ONNX else 3]:
            count = counts[work] = Counter()
            for (release, name), outcome, said in pool.imap(work, part):
                count[outcome] += 1
                print(f"{outcome:7} {release:4} {' '.join(name.split())}: {said}", flush=True)
            what = {check_case: "models of the corpus", check_older: "documents in older versions",
                    check_option: "options"}[work]
            print(f"{count['good']} of {len(part)} {what} written and equal in JPMML, {count['refused']} refused, "
                  f"{count['failed']} failed", flush=True)
            if work is not check_option and not CORPUS:
                print("PANMODEL_CORPUS is not set: the corpus cases are skipped")
            elif not wanted and count["good"] < expected:
                count["failed"] += 1
    return 1 if any(c["failed"] for c in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
