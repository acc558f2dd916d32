"""Writes testdata/pickle: small models of our own making, pickled by scikit-learn 1.9.1 (protocol 5),
with the rows they are asked about and scikit-learn's own predictions, named as panmodel names them.
Run with the interpreter of the peers (scripts/peers.txt) from the root of the repository."""
import csv, pathlib, pickle, warnings
import numpy as np
import sklearn
from sklearn.ensemble import (GradientBoostingClassifier, HistGradientBoostingClassifier,
                              RandomForestClassifier)
from sklearn.linear_model import LogisticRegression, Ridge

warnings.simplefilter("ignore")
assert sklearn.__version__ == "1.9.1", sklearn.__version__
out = pathlib.Path("testdata/pickle")
rng = np.random.default_rng(7)
X = rng.normal(size=(120, 4)).round(3)
y = np.array(["low", "mid", "high"])[np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])]


def save(name, model, target, X=X):
    model.fit(X, target)
    save_fitted(name, model, X)


def save_fitted(name, model, X):
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


def save_rows(name, X):
    with open(out / f"{name}.csv", "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["x0", "x1", "x2", "x3"])
        w.writerows([["" if v != v else repr(float(v)) for v in row] for row in X[:20]])


out.mkdir(parents=True, exist_ok=True)
save_rows("rows", X)
save("forest", RandomForestClassifier(n_estimators=5, max_depth=4, random_state=0), y)
save("logistic", LogisticRegression(), y)
save("model", Ridge(), X[:, 0] * 2 - X[:, 2])
save("boosting", GradientBoostingClassifier(n_estimators=4, max_depth=2, random_state=0), y)
# Two columns of categories, missing values, and a category that the model has not seen.
H = X.copy()
H[:, 2:] = rng.integers(0, 12, size=(120, 2))
H[rng.random(H.shape) < 0.1] = np.nan
target = np.where(np.nan_to_num(H[:, 2]) % 3 == 1, "yes", "no")
hist = HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=3, categorical_features=[2, 3])
hist.fit(H, target)
H[:4, 2] = [99, -1, 3.5, np.nan]
save_rows("hist_rows", H)
save_fitted("hist", hist, H)
# Names os.system: any reader that imports it is lost. Written by hand, never loaded here.
(out / "hostile.pkl").write_bytes(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04echo\x85R.")
