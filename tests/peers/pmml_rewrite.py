"""PMML documents of many producers, read and written again by panmodel.

Each case of pmml_triples.py that panmodel predicts right is converted from PMML to PMML. The document
that is written must predict the recorded values again, by panmodel and by JPMML-Evaluator 1.7.7, as
pmml_triples.py compares them. Where JPMML needs the document to be without its own rewriting visitors
for the original too, it is given both without them.

    pmml_rewrite.py [PART ...]     only the cases whose name contains one of the parts
    pmml_rewrite.py --small        only the small documents
    pmml_rewrite.py --update       all; pmml_rewrite_misses.txt becomes what is not equal now

With --small, so are the documents of pmml_semantics.py, one point of the specification each: what is
written must score in panmodel and in JPMML as the source does in JPMML, refused rows included.

Fails when fewer than EXPECTED cases are equal by both, and when a case that pmml_rewrite_misses.txt
does not name is not equal by both; with --small when one of the small documents differs, or is refused
although SMALL_REFUSED does not name it.
"""
import csv, io, os, subprocess, sys, tempfile
from collections import Counter
from multiprocessing import Pool

import jpmml
import pmml_semantics as semantics
import pmml_triples as triples
from pmml_triples import CODE, CORPUS, HERE, MISSING, PANMODEL, TIMEOUT

EXPECTED = 349
MISSES = f"{HERE}/pmml_rewrite_misses.txt"
SMALL_REFUSED = ("all that are selected",)


def run(*words, data=None):
    return subprocess.run([PANMODEL, *words], input=data, capture_output=True, timeout=TIMEOUT)


def said(done):
    text = done.stderr.decode(errors="replace")
    code = CODE.search(text)
    if done.returncode < 0 or done.returncode > 100 or code is None:
        return "crash", f"exit {done.returncode}: {text[-200:]}"
    return code.group(1), " ".join(text.split())[:240]


def without_missing(data):
    """The rows as CSV for JPMML, which knows only empty cells as missing."""
    rows = csv.reader(io.StringIO(data.decode(), newline=""))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        ["" if cell in MISSING else cell for cell in row] for row in rows)
    return out.getvalue()


def jpmml_differs(case, path, rows, directory):
    """Cause and detail, "equal" without one, of what JPMML predicts of the rows."""
    with open(f"{directory}/rows.csv", "w", encoding="utf-8", newline="") as file:
        file.write(without_missing(rows))
    answers = []
    for visitors in (True, False):
        try:
            jpmml.score(path, f"{directory}/rows.csv", f"{directory}/out.csv", visitors)
        except AssertionError as e:
            answers.append(("jpmml-refused", str(e)[:240]))
            continue
        with open(f"{directory}/out.csv", newline="", encoding="utf-8") as file:
            printed = file.read()
        cause, detail = triples.first_difference(case, printed)
        if cause == "equal":
            return "equal", ""
        answers.append((f"jpmml-{cause}", detail))
    return answers[0]


def check(case):
    """(id, cause, detail)"""
    name = case["id"]
    try:
        if triples.check(case)[1] != "equal":
            return name, "not read", ""
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/written.pmml"
            done = run("convert", f"{CORPUS}/{case['pmml']}", path, "--no-self-check")
            if done.returncode:
                return name, *said(done)
            rows = triples.rows_of(f"{CORPUS}/{case['input']}")
            done = run("predict", path, "--data", "-", "--missing", *MISSING[1:], data=rows)
            if not done.stdout:
                return name, *said(done)
            cause, detail = triples.first_difference(case, done.stdout.decode(errors="replace"))
            if cause != "equal":
                return name, cause, detail
            return name, *jpmml_differs(case, path, rows, directory)
    except subprocess.TimeoutExpired:
        return name, "timeout", f"more than {TIMEOUT} s"
    except Exception as e:
        return name, "columns", f"{type(e).__name__}: {e}"


def scores(path, data, out):
    """JPMML's results by row, and whether it refuses it; None for a document that it does not load."""
    try:
        jpmml.score(path, data, out)
    except AssertionError:
        return None
    with open(out, newline="", encoding="utf-8") as file:
        return [{**row, "error": bool(row["error"])} for row in semantics.table(file.read())]


def small_difference(name, text, rows, folder):
    """What differs after the document is written again; None when panmodel does not read it."""
    source, written, data, out = (f"{folder}/{f}" for f in ("source.pmml", "written.pmml", "small.csv", "scored.csv"))
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    with open(data, "w", encoding="utf-8") as file:
        file.write(rows)
    before = scores(source, data, out)
    if before is None or all(row["error"] for row in before):
        return None
    if not run("predict", source, "--data", data).stdout:
        return None
    done = run("convert", source, written, "--force", "--no-self-check")
    if done.returncode:
        return "refused: " + said(done)[1]
    with open(written, encoding="utf-8") as file:
        found = semantics.difference(name, file.read(), rows, folder)
    # JPMML also gives fields that are no final results.
    helper = found.startswith("no column ") and found.removeprefix("no column ") not in before[0]
    if found and not helper:
        return found
    for i, (a, b) in enumerate(zip(before, scores(written, data, out))):
        for column in a:
            if column not in b:
                return f"no column {column} in JPMML"
            floats = 'x-mathContext="float"' in text
            if a[column] != b[column] and not semantics.equal(b[column], a[column], floats):
                return f"row {i} {column} in JPMML: {b[column]}, before {a[column]}"
    return ""


def check_small():
    """Prints what differs among the small documents; returns whether that is nothing."""
    counts, wrong = Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        for family in (semantics.normalizations, semantics.treatments, semantics.segments, semantics.regressions_in_nodes):
            for name, text, rows in family():
                found = small_difference(name, text, rows, folder)
                if found is None:
                    continue
                refused = found.startswith("refused: ")
                counts["refused" if refused else "different" if found else "equal"] += 1
                if found and not (refused and name in SMALL_REFUSED):
                    wrong += 1
                    print(f"small document {family.__name__}: {name}: {found}")
    print(f"small documents: {dict(counts)}")
    return wrong == 0 and counts["equal"] > 0


def main():
    if "--small" in sys.argv[1:]:
        return 0 if check_small() else 1
    if not CORPUS:
        print("PANMODEL_CORPUS is not set: the corpus cases are skipped")
        return 0
    cases, update, parts = triples.chosen_cases()
    known = triples.read_misses(MISSES)
    causes, worse, misses = Counter(), [], []
    with Pool(2) as pool:
        for name, cause, detail in pool.imap(check, cases):
            if cause == "not read":
                continue
            causes[cause] += 1
            if cause == "equal":
                if name in known:
                    print(f"now equal: {name}; --update takes it from the list", flush=True)
                continue
            print(f"miss {name}: {cause}: {detail}", flush=True)
            misses.append(f"{name}  # {cause}\n")
            if name not in known or cause in ("crash", "timeout"):
                worse.append((name, cause))
    total = sum(causes.values())
    print(f"{causes['equal']} of {total} equal after they are written again, by panmodel and by JPMML")
    failed = triples.conclude(causes, MISSES, misses, worse, update)
    if update:
        return failed
    return 1 if failed or not total or (not parts and causes["equal"] < EXPECTED) else 0


if __name__ == "__main__":
    sys.exit(main())
