"""Histogram gradient boosting on categories, through the ordinal encoder that it has since 1.4."""
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from option_case import Case

nan = np.nan
rng = np.random.default_rng(5)
N = 240
CODES = rng.normal(size=(N, 3))
CODES[:, 0] = rng.integers(0, 6, N)
CODES[:, 2] = rng.choice([-3.0, 0.5, 1e9], N)
TARGET = 3 * (CODES[:, 0] == 2) - 2 * (CODES[:, 2] == 0.5) + CODES[:, 1]
GAPS = np.where(rng.random((N, 3)) < 0.1, nan, CODES)
CODE_ROWS = np.array([[2, 0.5, 0.5], [2.5, 0.5, -3], [9, -0.5, 7], [-1, 0, 1e9], [nan, 0, 0.5], [5, nan, nan],
                      [0, 1e300, -3.0000000000000004], [nan, nan, nan]])
WORDS = pd.DataFrame({"city": pd.Categorical(rng.choice(["Lima", "Oslo", "Pune", "Zürich"], N)),
                      "size": CODES[:, 1], "grade": pd.Categorical(rng.choice(["a", "b", "c"], N)), "kids": CODES[:, 0]})
WORD_TARGET = TARGET + 2 * (WORDS["city"] == "Oslo") - (WORDS["grade"] == "b")
WORD_GAPS = WORDS.assign(city=WORDS["city"].where(rng.random(N) > 0.15), size=WORDS["size"].where(rng.random(N) > 0.1))
WORD_ROWS = pd.DataFrame({"city": ["Oslo", "Lima", "Zürich", "Atlantis", nan, "Pune", nan],
                          "size": [0.0, 0.5, nan, 0.1, -2.0, 3.0, nan], "grade": ["b", "a", "c", "a", "b", "z", nan],
                          "kids": [2.0, 0.0, 7.0, 1.0, 2.5, nan, nan]})


def boosted(title, X, y, rows, classifier=False, wrap=None, **options):
    model = (HistGradientBoostingClassifier if classifier else HistGradientBoostingRegressor)(
        max_iter=8, max_leaf_nodes=9, min_samples_leaf=4, random_state=0, **options)
    return Case(f"HistGradientBoosting {title}", lambda: (wrap(model) if wrap else model).fit(X, y), rows)


CASES = [
    boosted("codes", CODES, TARGET, CODE_ROWS, categorical_features=[0, 2]),
    boosted("codes with gaps", GAPS, TARGET, CODE_ROWS, categorical_features=[0, 2]),
    boosted("codes by mask", GAPS, TARGET, CODE_ROWS, categorical_features=[True, False, False]),
    boosted("only codes", GAPS[:, :1], TARGET, CODE_ROWS[:, :1], categorical_features=[0]),
    boosted("codes, two classes", GAPS, TARGET > 1, CODE_ROWS, classifier=True, categorical_features=[0, 2]),
    boosted("codes, three classes", GAPS, np.digitize(TARGET, [0, 2]), CODE_ROWS, classifier=True,
            categorical_features=[0]),
    boosted("words", WORDS, WORD_TARGET, WORD_ROWS, categorical_features="from_dtype"),
    boosted("words with gaps", WORD_GAPS, WORD_TARGET, WORD_ROWS, categorical_features="from_dtype"),
    boosted("words with gaps, text labels", WORD_GAPS, np.where(WORD_TARGET > 1, "hi", "lo"), WORD_ROWS,
            classifier=True, categorical_features=["city", "grade"]),
    boosted("codes in a pipeline", GAPS, TARGET, CODE_ROWS, wrap=lambda m: make_pipeline(StandardScaler(), m)),
]
