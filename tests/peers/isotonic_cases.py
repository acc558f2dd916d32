"""IsotonicRegression: every option, at knots, one ulp beside them, between and outside them."""
import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from option_case import Case

rng = np.random.default_rng(5)
N = 60
X = np.round(rng.normal(size=N), 2)
RISING = np.round(X + rng.normal(scale=0.7, size=N), 3)
WEIGHTS = rng.integers(0, 3, N)


def rows_of(x, dtype=np.float64):
    knots = np.unique(x.astype(dtype))
    beside = [np.nextafter(knots, dtype(d)) for d in (-np.inf, np.inf)]
    between = rng.uniform(knots.min() - 1, knots.max() + 1, 100).astype(dtype)
    return np.concatenate([knots, *beside, between, np.array([-0.0, 1e30, -1e30, 5e-324], dtype)])


def fitted(title, make, x=X, y=RISING, rows=None, **fit):
    return Case(f"isotonic {title}", lambda: make().fit(x, y, **fit), rows_of(x) if rows is None else rows)


def cases():
    for outside in ("nan", "clip", "raise"):
        for increasing in (True, False, "auto"):
            options = dict(out_of_bounds=outside, increasing=increasing)
            make = lambda options=options: IsotonicRegression(**options)
            yield fitted(f"{options}", make)
            yield fitted(f"{options} falling", make, y=-RISING)
        make = lambda outside=outside: IsotonicRegression(out_of_bounds=outside)
        yield fitted(f"{outside} float32", make, X.astype(np.float32), RISING.astype(np.float32),
                     rows_of(X, np.float32))
        yield fitted(f"{outside} float32, rows between floats", make, X.astype(np.float32), RISING.astype(np.float32))
        yield fitted(f"{outside} a column", make, X[:, None], rows=rows_of(X)[:, None])
        yield fitted(f"{outside} two knots", make, X[:2], np.sort(RISING[:2]))
        yield fitted(f"{outside} one knot", make, np.full(3, 0.5), np.array([1.0, 2.0, 6.0]), rows_of(X))
        yield fitted(f"{outside} level", make, y=np.full(N, 0.1))
        yield fitted(f"{outside} weighted", make, sample_weight=WEIGHTS)
        yield fitted(f"{outside} integers", make, np.arange(N), np.round(RISING * 3).astype(int), rows_of(np.arange(N)))
        yield fitted(f"{outside} after a scaler", lambda make=make: make_pipeline(MinMaxScaler(), make()), X[:, None],
                     rows=rows_of(X)[:, None])
    yield fitted("bounded", lambda: IsotonicRegression(y_min=-0.5, y_max=0.75, out_of_bounds="clip"))
    frame = pd.DataFrame({"the x": X})
    yield fitted("a frame", lambda: IsotonicRegression(out_of_bounds="clip"), frame, rows=frame)
    yield fitted("searched", lambda: GridSearchCV(IsotonicRegression(out_of_bounds="clip"), {"y_min": [None, 0]}, cv=3),
                 X[:, None], rows=rows_of(X)[:, None])


CASES = list(cases())
