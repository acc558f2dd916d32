"""PMML documents of many producers as PFA, run by Titus, against the producers' records.

Every document of the corpus's manifest.tsv is converted to PFA; Titus accepts it and scores the rows,
and each recorded column must be equal: labels by equality, numbers within 1e-9 relative, 1e-5 where the
document computes in float, and at least the tolerance that JPMML-Evaluator 1.7.7 needs. A row that
panmodel refuses may be refused by Titus.

    pmml_to_pfa.py [PART ...]     only the cases whose name contains one of the parts
    pmml_to_pfa.py --update       all; pmml_pfa_misses.txt becomes what is not equal now

Fails when a case that pmml_pfa_misses.txt does not name is not equal, when one that it names as refused
predicts something else, when fewer than EXPECTED cases agree, and when panmodel crashes.
"""
import re, subprocess, sys, tempfile
from collections import Counter
from multiprocessing import Pool

import pfa_rows
import titus2
from pmml_triples import CORPUS, DIFFERENT, HERE, MISSING, PANMODEL, TIMEOUT, chosen_cases, conclude, \
    equal, number, read_misses, table

EXPECTED = 161
KNOWN = f"{HERE}/pmml_pfa_misses.txt"
ROWS = 300  # of a case: Titus walks the trees of a large forest slowly
REFUSED = re.compile(r"error: (.*?) \[(?:convert-unsupported|pfa-write)\]")


def text(value):
    """A value of Titus as panmodel prints it in CSV."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def matches(got, want, tolerance):
    truth = {"true": 1.0, "false": 0.0}.get(want.lower())
    if truth is not None and number(got) is not None:
        return number(got) == truth
    return equal(got, want, tolerance)


def compare(case, path):
    """(cause, detail)"""
    with open(f"{CORPUS}/{case['input']}", newline="", encoding="utf-8-sig") as file:
        names, rows = table(file.read())
    with open(f"{CORPUS}/{case['expected']}", newline="", encoding="utf-8-sig") as file:
        wanted_names, wanted = table(file.read())
    if len(rows) != len(wanted):
        return "rows", f"{len(rows)} rows, expected {len(wanted)}"
    rows, wanted = rows[:ROWS], wanted[:ROWS]
    document = pfa_rows.load(path)
    columns = [[None if row[k] in MISSING else row[k] for row in rows] for k in range(len(names))]
    fields = [f.get("doc", f["name"]) for f in document["input"]["fields"]]
    for field in fields:
        if field not in names:
            names.append(field)
            columns.append([None] * len(rows))
    results, refused = pfa_rows.score(path, document, names, columns)
    for i, why in enumerate(refused):
        if why is not None and any(cell not in MISSING for cell in wanted[i]):
            return "refused row", f"row {i}: {why}"
    with open(f"{CORPUS}/{case['pmml']}", "rb") as file:
        source = file.read()
    single = b'x-mathContext="float"' in source or b'dataType="float"' in source
    tolerance = max(1e-5 if single else 1e-9, 1.01 * float(case["jpmml177_min_tol"]))
    common = [n for n in wanted_names if n in results]
    compared, _, recorded = map(int, case["cols_compared/pmml/expected"].split("/"))
    if len(common) < (compared or recorded):
        return "columns", f"{len(common)} of {compared or recorded} recorded columns"
    for name in common:
        w = wanted_names.index(name)
        for i, (got, row) in enumerate(zip(results[name][0] if results[name] else [], wanted)):
            if refused[i] is None and not matches(text(got), row[w], tolerance):
                return "values", f"row {i} {name}: {text(got) or 'missing'}, expected {row[w]}"
    return "equal", ""


def check(case):
    """(id, cause, detail)"""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.pfa"
        try:
            done = subprocess.run([PANMODEL, "convert", f"{CORPUS}/{case['pmml']}", path, "--no-self-check"],
                                  capture_output=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return case["id"], "timeout", f"more than {TIMEOUT} s"
        said = " ".join(done.stderr.decode(errors="replace").split())
        if done.returncode < 0 or done.returncode > 100:
            return case["id"], "crash", f"exit {done.returncode}: {said[-200:]}"
        if done.returncode:
            code = re.findall(r"\[([a-z]+(?:-[a-z]+)+)\]", said)
            if not code:
                return case["id"], "crash", f"exit {done.returncode} without a code: {said[-200:]}"
            errors = [c for c in code if c in said.partition("error:")[2]] or code
            return case["id"], errors[0], " | ".join(sorted(set(REFUSED.findall(said))))[:300]
        try:
            return case["id"], *compare(case, path)
        except titus2.NotAccepted as e:
            return case["id"], "not accepted", str(e)[:300]
        except Exception as e:
            return case["id"], "failed", f"{type(e).__name__}: {' '.join(str(e).split())}"[:300]


def main():
    if not CORPUS:
        print("PANMODEL_CORPUS is not set: the corpus cases are skipped")
        return 0
    cases, update, parts = chosen_cases()
    known = read_misses(KNOWN)
    causes, wrong, misses = Counter(), [], []
    with Pool(2) as pool:
        for name, cause, detail in pool.imap(check, cases):
            causes[cause] += 1
            if cause == "equal":
                if name in known:
                    print(f"now equal: {name}; --update takes it from the table", flush=True)
                continue
            print(f"miss {name}: {cause}: {detail}", flush=True)
            misses.append(f"{name}  # {cause}: {detail.replace('#', '')}\n")
            was = known.get(name, "").partition(":")[0]
            predicts = cause in DIFFERENT and was not in DIFFERENT
            if cause in ("crash", "timeout") or name not in known or predicts:
                wrong.append((name, cause))
    print(f"{causes['equal']} of {len(cases)} agree")
    failed = conclude(causes, KNOWN, misses, wrong, update)
    if update:
        return failed
    if not parts and causes["equal"] < EXPECTED:
        print(f"{causes['equal']} agree, expected {EXPECTED}")
        return 1
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
