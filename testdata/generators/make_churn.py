"""Writes testdata/churn: a pipeline on a data frame with missing values and text columns, as a data
scientist would pickle it (scikit-learn 1.9.1, pandas 3.1.1), the rows it is asked about and its own
predictions, named as panmodel names them. The customers are made up. Run with the interpreter of the
peers (scripts/peers.txt) from the root of the repository."""
import csv, pathlib, pickle
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

assert sklearn.__version__ == "1.9.1", sklearn.__version__
out = pathlib.Path("testdata/churn")
rng = np.random.default_rng(11)
n = 600
tenure = rng.integers(0, 72, n).astype(float)
charge = rng.normal(65, 25, n).clip(18, 120).round(2)
support = rng.poisson(1.2, n).astype(float)
contract = rng.choice(["monthly", "yearly", "two years"], n, p=[0.6, 0.25, 0.15])
payment = rng.choice(["card", "transfer", "cheque", "Überweisung"], n)
risk = 0.03 * (charge - 65) - 0.05 * (tenure - 30) + 0.6 * support - 1.5 * (contract != "monthly")
churned = np.where(risk + rng.logistic(size=n) > 0.5, "leaves", "stays")
frame = pd.DataFrame({"tenure_months": tenure, "monthly_charge": charge, "support_calls": support,
                      "contract": contract, "payment": payment})
frame.loc[rng.random(n) < 0.08, "monthly_charge"] = np.nan
frame.loc[rng.random(n) < 0.08, "support_calls"] = np.nan
frame = frame.astype({"contract": object, "payment": object})

model = make_pipeline(
    ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
         ["tenure_months", "monthly_charge", "support_calls"]),
        ("words", OneHotEncoder(handle_unknown="ignore"), ["contract", "payment"])]),
    GradientBoostingClassifier(n_estimators=12, max_depth=3, random_state=0))
model.fit(frame, churned)
(out / "churn.pkl").write_bytes(pickle.dumps(model, protocol=5))

rows = frame.iloc[:12].copy()
rows.loc[rows.index[3], "payment"] = "bitcoin"  # a category that the encoder has not seen
rows.to_csv(out / "customers.csv", index=False, lineterminator="\n")
with open(out / "expected.csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["predict"] + [f"predict_proba:{c}" for c in model.classes_])
    for label, proba in zip(model.predict(rows), model.predict_proba(rows)):
        w.writerow([label] + [repr(float(p)) for p in proba])
