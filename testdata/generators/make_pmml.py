"""Predictions of JPMML-Evaluator 1.7.7 for the documents of testdata/pmml, which are written by hand:
NAME.expected.csv beside NAME.pmml and NAME.csv. Run with the Python of `scripts/setup.sh --peers`.

A document without a namespace is given one, which JPMML needs. boosting.pmml has no record: JPMML's
result for a missing b depends on the order of the segments (docs/pmml.md)."""
import csv, pathlib, sys, tempfile

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/peers"))
import jpmml

for name in ("tree", "regression"):
    folder = ROOT / "testdata/pmml"
    with tempfile.TemporaryDirectory() as temp:
        model, scored = pathlib.Path(temp, "model.pmml"), pathlib.Path(temp, "scored.csv")
        text = (folder / f"{name}.pmml").read_text()
        model.write_text(text.replace('<PMML version="4.2">',
                                      '<PMML version="4.2" xmlns="http://www.dmg.org/PMML-4_2">'))
        jpmml.score(str(model), str(folder / f"{name}.csv"), str(scored))
        rows = [row[:-1] for row in csv.reader(scored.open(newline=""))]  # without the reasons
    with open(folder / f"{name}.expected.csv", "w", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(rows)
