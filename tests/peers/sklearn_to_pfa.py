"""Acceptance of conversion to PFA, on the corpus of scikit-learn models.

For every model of sklearn_names.txt and every release: panmodel writes a PFA document, Titus accepts it
and predicts the rows of the corpus and rows made at the model's own boundaries. Labels must be equal,
numbers within 1e-9 relative of panmodel's prediction of the pickle, and of what the release itself
recorded for the rows of the corpus. A row that panmodel refuses is not compared; one that Titus refuses
must have a missing cell in a field that takes none, or no number as its result.

    sklearn_to_pfa.py [NAME ...]      one line per model, counts, and the reasons of refusals

Fails when a model that is written does not agree, or when fewer are written than are expected.
"""
import glob, os, re, sys, tempfile
from collections import Counter
from multiprocessing import Pool

import numpy as np

import pfa_rows
from sklearn_to_onnx import BOUNDARY_ROWS, CORPUS, HERE, RELEASES, by_method, expect_equal, is_number, \
    panmodel, read_csv

EXPECTED = 236  # models of the corpus that are written and agree


def text(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def takes(document, name):
    """Whether the field takes a missing value."""
    schema = document["input"]
    if isinstance(schema, dict) and schema["type"] == "record":
        return any(f.get("doc", f["name"]) == name and isinstance(f["type"], list) for f in schema["fields"])
    return isinstance(schema["items"] if isinstance(schema, dict) else schema, list)


def compare(data, document, path, want, recorded):
    """Of the rows of a CSV file; the number of rows that were compared."""
    names, columns = read_csv(open(data, newline="").read())
    got, refused = pfa_rows.score(path, document, names, columns)
    everything = [c for m in want.values() for c in m]
    rows = []
    for r, why in enumerate(refused):
        ours = all(c[r] is None for c in everything)
        none = any(c[r] is None or is_number(c[r]) and np.isnan(float(c[r])) for c in everything)
        if why is not None:
            gap = [n for n, c in zip(names, columns) if c[r] in (None, "nan") and not takes(document, n)]
            assert ours or none or gap, f"row {r}: Titus refuses it: {why}"
        elif not ours and not none:
            rows.append(r)
    assert set(got) == set(want), f"outputs {sorted(got)}, expected {sorted(want)}"
    for method, expected in [*want.items(), *recorded.items()]:
        assert len(got[method]) == len(expected), f"{method}: {len(got[method])} columns, expected {len(expected)}"
        for k, (g, w) in enumerate(zip(got[method], expected)):
            expect_equal(os.path.basename(data), f"{method}:{k}", [text(g[r]) for r in rows], [w[r] for r in rows], rows, 1e-9)
    return len(rows)


def check(folder, model, temporary):
    path, boundary = f"{temporary}/m.pfa", f"{temporary}/rows.csv"
    done = panmodel("convert", model, path, "--force", "--no-self-check", may_fail=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        refused = re.search(r"\[(convert-unsupported|pfa-write)\]", done.stderr)
        return "refused" if refused else "failed", " / ".join(said)[:300]
    document = pfa_rows.load(path)
    panmodel("rows", model, "--rows", str(BOUNDARY_ROWS), "-o", boundary, "--force")
    compared = 0
    for data in (f"{folder}/input.csv", boundary):
        want = by_method(*read_csv(panmodel("predict", model, "--data", data, "-q", may_fail=True).stdout))
        recorded = {}
        if data != boundary:
            for p in glob.glob(f"{folder}/*.csv"):
                method = os.path.basename(p)[:-4]
                if method in want:
                    recorded[method] = read_csv(open(p, newline="").read())[1]
        compared += compare(data, document, path, want, recorded)
    assert compared, "no row was compared"
    return "good", f"{compared} rows"


def check_case(case):
    release, name = case
    folder = f"{CORPUS}/pickle/debian-sklearn-{release}/{name}"
    model = sorted(p for p in glob.glob(f"{folder}/*") if not p.endswith(".csv"))[0]
    with tempfile.TemporaryDirectory() as temporary:
        try:
            return case, *check(folder, model, temporary)
        except Exception as e:
            return case, "failed", f"{type(e).__name__}: {e}"[:300]


def main():
    if not CORPUS:
        print("PANMODEL_CORPUS is not set: the corpus cases are skipped")
        return 0
    names = [line.split()[0] for line in open(f"{HERE}/sklearn_names.txt") if line.strip()]
    wanted = sys.argv[1:]
    cases = [(r, n) for r in RELEASES for n in names if not wanted or n in wanted
             if os.path.isdir(f"{CORPUS}/pickle/debian-sklearn-{r}/{n}")]
    count = Counter()
    with Pool(2) as pool:
        for (release, name), outcome, said in pool.imap(check_case, cases):
            count[outcome] += 1
            print(f"{outcome:7} {release:4} {name}: {said}", flush=True)
    print(f"{count['good']} of {len(cases)} models written and equal in Titus, {count['refused']} refused, "
          f"{count['failed']} failed")
    if not wanted and count["good"] < EXPECTED:
        print(f"expected {EXPECTED}")
        return 1
    return 1 if count["failed"] or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
