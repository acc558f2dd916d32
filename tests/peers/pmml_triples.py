"""PMML documents of many producers against the predictions that those producers recorded.

For each line of the corpus's manifest.tsv (document, rows, recorded predictions), panmodel predicts
the rows. Every recorded column that the model has must be there and equal: labels by equality,
numbers within max(1e-12, the tolerance that JPMML-Evaluator 1.7.7 needs itself), by JPMML's rule of
equivalence (relative, absolute near zero). NA and N/A are missing.

    pmml_triples.py [PART ...]     only the cases whose name contains one of the parts
    pmml_triples.py --update       all; pmml_misses.txt becomes what is not equal now

Fails when a case that pmml_misses.txt does not name is not equal, when one that it names as refused
predicts something else, and when panmodel crashes, hangs or fails without a code, whatever the case.
"""
import csv, io, os, re, struct, subprocess, sys
from collections import Counter
from multiprocessing import Pool

HERE = os.path.dirname(os.path.abspath(__file__))
PANMODEL = os.environ["PANMODEL"]
CORPUS = os.environ.get("PANMODEL_CORPUS", "") and os.environ["PANMODEL_CORPUS"] + "/pmml"
MISSING = ("", "NA", "N/A")
CODE = re.compile(r"\[([a-z0-9-]+)\]\s*$", re.M)
MISSES = f"{HERE}/pmml_misses.txt"
DIFFERENT = ("columns", "rows", "values")
TIMEOUT = 120


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return None


def near(got, want, tolerance):
    """JPMML's PMMLEquivalence(tolerance, tolerance)."""
    if got == want:
        return True
    if abs(want) <= tolerance and abs(got) <= tolerance:
        return True
    low, high = sorted((want * (1 - tolerance), want * (1 + tolerance)))
    return low <= got <= high


def equal(got, want, tolerance):
    if got in MISSING or want in MISSING:
        return got in MISSING and want in MISSING
    if got == want or {got, want} in ({"true", "True"}, {"false", "False"}):
        return True
    a, b = number(got), number(want)
    if a is None or b is None:
        return False
    # A float is printed with the digits that tell it from other floats; its value has more of them.
    single = struct.unpack("f", struct.pack("f", a))[0] if abs(a) < 3e38 else a
    return near(a, b, tolerance) or digits(got) <= 9 and near(single, b, tolerance)


def digits(cell):
    return len(cell.lower().partition("e")[0].replace(".", "").strip("-+0"))


def table(text):
    """Header and rows of commas or tabs; the row of a single missing cell is an empty line."""
    tabs = "\t" in text.partition("\n")[0]
    rows = [row or [""] for row in
            csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else ",")]
    for i, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {i} has {len(row)} cells, the header {len(rows[0])}")
    return rows[0], rows[1:]


def rows_of(path):
    """The data as CSV whose quotes stand where they must: some records have them within fields."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        names, rows = table(file.read())
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([names, *rows])
    return out.getvalue().encode()


def first_difference(case, printed):
    names, rows = table(printed)
    with open(f"{CORPUS}/{case['expected']}", newline="", encoding="utf-8-sig") as file:
        wanted_names, wanted = table(file.read())
    # The manifest gives three digits of the tolerance.
    tolerance = max(1e-12, 1.01 * float(case["jpmml177_min_tol"]))
    common = [n for n in wanted_names if n in names]
    compared, _, recorded = map(int, case["cols_compared/pmml/expected"].split("/"))
    compared = compared or recorded  # never none: such a case would be equal whatever is predicted
    if len(common) < compared:
        return "columns", f"{len(common)} of {compared} recorded columns, without " + \
            ", ".join(n for n in wanted_names if n not in names)
    if len(rows) != len(wanted):
        return "rows", f"{len(rows)} rows, expected {len(wanted)}"
    for name in common:
        g, w = names.index(name), wanted_names.index(name)
        for i, (got, want) in enumerate(zip(rows, wanted)):
            if not equal(got[g], want[w], tolerance):
                return "values", f"row {i} {name}: {got[g] or 'missing'}, expected {want[w]}"
    return "equal", ""


def check(case):
    """(id, cause, detail); the cause is "equal", "crash", "timeout" or what was wrong."""
    missing = ["--missing", *MISSING[1:]]
    try:
        done = subprocess.run(
            [PANMODEL, "predict", f"{CORPUS}/{case['pmml']}", "--data", "-", *missing],
            input=rows_of(f"{CORPUS}/{case['input']}"), capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return case["id"], "timeout", f"more than {TIMEOUT} s"
    said = done.stderr.decode(errors="replace")
    printed = done.stdout.decode(errors="replace")
    if done.returncode < 0 or done.returncode > 100:
        return case["id"], "crash", f"exit {done.returncode}: {said[-200:]}"
    if done.returncode and not printed:
        code = CODE.search(said)
        if code is None:
            return case["id"], "crash", f"exit {done.returncode} without a code: {said[-200:]}"
        return case["id"], code.group(1), " ".join(said.split())[:240]
    try:
        return case["id"], *first_difference(case, printed)
    except Exception as e:
        return case["id"], "columns", f"{type(e).__name__}: {e}"


def chosen_cases():
    """The cases of the manifest that the arguments choose, whether the list of misses is to be written
    anew, and the parts of names."""
    with open(f"{CORPUS}/manifest.tsv", encoding="utf-8") as file:
        cases = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    update = sys.argv[1:] == ["--update"]
    parts = [] if update else sys.argv[1:]
    return [c for c in cases if not parts or any(p in c["id"] for p in parts)], update, parts


def read_misses(path):
    """Cause by case, of a list that --update wrote."""
    with open(path, encoding="utf-8") as file:
        return dict(map(str.strip, line.split("#", 1)) for line in file if line[0] not in "#\n")


def conclude(causes, path, misses, wrong, update):
    """Counts by cause; writes the list of misses, or says which are worse than it. The exit code."""
    for cause, count in causes.most_common():
        if cause != "equal":
            print(f"  {count:4} {cause}")
    if update:
        with open(path, encoding="utf-8") as file:
            title = file.readline()
        with open(path, "w", encoding="utf-8") as file:
            file.writelines([title, *misses])
        return 1 if causes["crash"] + causes["timeout"] else 0
    for name, cause in wrong:
        print(f"worse: {name}: {cause}")
    return 1 if wrong else 0


def main():
    if not CORPUS:
        print("PANMODEL_CORPUS is not set: the corpus cases are skipped")
        return 0
    cases, update, _ = chosen_cases()
    known = read_misses(MISSES)
    causes, wrong, misses = Counter(), [], []
    with Pool(2) as pool:
        for name, cause, detail in pool.imap(check, cases):
            causes[cause] += 1
            if cause != "equal":
                print(f"miss {name}: {cause}: {detail}", flush=True)
                misses.append(f"{name}  # {cause}\n")
                predicts = cause in DIFFERENT and known.get(name) not in DIFFERENT
                if cause in ("crash", "timeout") or name not in known or predicts:
                    wrong.append((name, cause))
            elif name in known:
                print(f"now equal: {name}; --update takes it from pmml_misses.txt", flush=True)
    print(f"{causes['equal']} of {len(cases)} equal")
    return conclude(causes, MISSES, misses, wrong, update) or not cases


if __name__ == "__main__":
    sys.exit(main())
