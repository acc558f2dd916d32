"""Writes testdata/pickle: small models of our own making, pickled by scikit-learn 1.9.1 (protocol 5),
with the rows they are asked about and scikit-learn's own predictions, named as panmodel names them.
Run with the interpreter of the peers (scripts/peers.txt) from the root of the repository."""
import csv, pathlib, pickle, warnings
import numpy as np
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge

warnings.simplefilter("ignore")
assert sklearn.__version__ == "1.9.1", sklearn.__version__
out = pathlib.Path("testdata/pickle")
rng = np.random.default_rng(7)
X = rng.normal(size=(120, 4)).round(3)
y = np.array(["low", "mid", "high"])[np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])]


def save(name, model, target):
    model.fit(X, target)
    (out / f"{name}.pkl").write_bytes(pickle.dumps(model, protocol=5))
    columns = []
    if hasattr(model, "classes_"):
        columns.append(("predict", model.predict(X[:20])))
        for i, c in enumerate(model.classes_):
            columns.append((f"predict_proba:{c}", model.predict_proba(X[:20])[:, i]))
    else:
        columns.append(("predict", model.predict(X[:20])))
    with open(out / f"{name}.expected.csv", "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow([n for n, _ in columns])
        for row in zip(*[v for _, v in columns]):
            w.writerow([v if isinstance(v, str) else repr(float(v)) for v in row])


out.mkdir(parents=True, exist_ok=True)
with open(out / "rows.csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["x0", "x1", "x2", "x3"])
    w.writerows([[repr(float(v)) for v in row] for row in X[:20]])
save("forest", RandomForestClassifier(n_estimators=5, max_depth=4, random_state=0), y)
save("logistic", LogisticRegression(), y)
save("model", Ridge(), X[:, 0] * 2 - X[:, 2])
# Names os.system: any reader that imports it is lost. Written by hand, never loaded here.
(out / "hostile.pkl").write_bytes(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04echo\x85R.")
