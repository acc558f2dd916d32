"""Calibrated classifiers that JPMML-Evaluator scores wrongly without a word: its default loading path
rewrites the document. panmodel reads the same files right, and one command tells the wrong output
(docs/walkthrough-jpmml.md).

Two documents are in the corpus, three are made here from the pickles in it by JPMML-SkLearn; the
pickles of the other two that are known (GradientBoostingSigmoidAudit, PyCaretAudit) are not in it."""
import csv, os, pathlib, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import jpmml, jpmml_sklearn

PANMODEL = os.environ["PANMODEL"]
CORPUS = os.environ.get("PANMODEL_CORPUS", "")
PICKLES = "pickle/jpmml-sklearn"
DOCUMENTS = "pmml/gen-jpmml-sklearn"
# Folder, name, data, whether the document is in the corpus, relative tolerance (XGBoost has floats).
CASES = (
    ("pmml-sklearn", "RidgeSigmoidAudit", "Audit", True, "1e-12"),
    ("pmml-sklearn", "LinearSVCIsotonicAudit", "Audit", True, "1e-12"),
    ("pmml-sklearn-extension", "PyCaretAuditNA", "AuditNA", False, "1e-12"),
    ("pmml-sklearn-lightgbm", "LGBMSigmoidVersicolor", "Versicolor", False, "1e-12"),
    ("pmml-sklearn-xgboost", "XGBSigmoidVersicolor", "Versicolor", False, "1e-6"),
)


def validate(model, *options):
    """Exit code and the report of panmodel validate."""
    done = subprocess.run([PANMODEL, "validate", model, *options], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def rows_for_jpmml(source, target):
    """NA and N/A as empty fields."""
    with open(source, newline="") as file, open(target, "w", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(
            ["" if cell in ("NA", "N/A") else cell for cell in row] for row in csv.reader(file))


def scored(model, data, target, visitors):
    """JPMML's output in the columns of the record; it refuses no row."""
    jpmml.score(model, data, target, visitors)
    with open(target, newline="") as file:
        rows = list(csv.reader(file))
    assert not any(row[-1] for row in rows[1:]), "JPMML says that something is wrong"
    with open(target, "w", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(row[:-1] for row in rows)
    return target


def check(case, folder):
    group, name, data, stored, tolerance = case
    model = f"{CORPUS}/{DOCUMENTS}/{group}/pmml/{name}.pmml"
    if not stored:
        model = os.path.join(folder, f"{name}.pmml")
        source = f"{CORPUS}/{PICKLES}/{group}/pkl/{name}.pkl"
        subprocess.run(jpmml_sklearn.command(source, model), check=True, capture_output=True)
    rows = os.path.join(folder, "rows.csv")
    rows_for_jpmml(f"{CORPUS}/{PICKLES}/{group}/csv/{data}.csv", rows)
    record = f"{CORPUS}/{PICKLES}/{group}/csv/{name}.csv"
    options = ["--data", rows, "--rtol", tolerance, "--expect"]
    code, report = validate(model, *options, record)
    assert code == 0, f"panmodel against scikit-learn's record: {report}"
    plain = scored(model, rows, os.path.join(folder, "plain.csv"), visitors=False)
    code, report = validate(model, *options, plain)
    assert code == 0, f"panmodel against JPMML without its rewriting: {report}"
    wrong = scored(model, rows, os.path.join(folder, "default.csv"), visitors=True)
    code, report = validate(model, *options, wrong)
    assert code == 1 and "DIFFERENT" in report, f"JPMML's default path is right: {report}"
    found = report.splitlines()[0]
    with open(model) as file:
        embedded = "<ModelVerification" in file.read()
    if embedded:
        code, report = validate(model)
        assert code == 0, f"panmodel against the rows in the document: {report}"
    return f"{name}: {found}{', its own rows equal' if embedded else ''}"


def main():
    if not CORPUS:
        print("PANMODEL_CORPUS is not set: the corpus cases are skipped")
        return 0
    wrong = 0
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(check(case, folder), flush=True)
            except (AssertionError, subprocess.CalledProcessError) as e:
                wrong += 1
                print(f"FAILED {case[1]}: {e}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
