"""Linear models: every option that changes a prediction, on ordinary, huge, tiny and missing values."""
import numpy as np
import pandas as pd
from scipy import sparse
from sklearn import linear_model as lm
from sklearn.base import clone
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.svm import LinearSVC, LinearSVR
from option_case import Case

rng = np.random.default_rng(3)
N = 90
X = np.round(rng.normal(size=(N, 4)), 3)
VALUE = X @ [1.0, -2.0, 0.5, 0.0] + 0.3
COUNT = np.floor(np.exp(VALUE / 4))
POSITIVE = np.exp(VALUE / 4) + 0.1
TWO_VALUES = np.c_[VALUE, -VALUE + X[:, 3]]
BITS = (VALUE > 0).astype(int)
FEW = np.digitize(VALUE, [-1, 1])
LABELS = {"0/1": BITS, "-3/7": np.where(BITS, 7, -3), "booleans": BITS == 1, "text": np.where(BITS, "yes", "no"),
          "reals": np.where(BITS, 2.0, -1.0), "objects": np.array(["b", "a"], dtype=object)[BITS],
          "three": FEW, "three texts": np.array(["lo", "mid", "hi"])[FEW], "uint8": FEW.astype(np.uint8)}
ROWS = np.vstack([X[:12], np.zeros((1, 4)), [[1e6, -1e6, 1e-9, 3], [1e-300, 0, -0.0, 5]], X[:3] * 30])
FRAME = pd.DataFrame(X, columns=["size of it", "b", "ä", "d,e"])
FRAME_ROWS = pd.DataFrame(ROWS, columns=FRAME.columns)
WEIGHTS = rng.random(N)


def fitted(estimator, y, title="", X=X, rows=ROWS, **fit):
    return Case(f"{estimator!r} {title}", lambda: clone(estimator).fit(X, y, **fit), rows)


def regressors():
    for intercept in (True, False):
        for estimator in (lm.LinearRegression, lm.Ridge, lm.Lasso, lm.ElasticNet, lm.Lars, lm.LassoLars,
                          lm.OrthogonalMatchingPursuit, lm.BayesianRidge, lm.ARDRegression, lm.HuberRegressor,
                          lm.TheilSenRegressor, lm.SGDRegressor, lm.QuantileRegressor, LinearSVR):
            yield fitted(estimator(fit_intercept=intercept), VALUE)
    for estimator in (lm.RidgeCV(), lm.LassoCV(cv=3), lm.ElasticNetCV(cv=3), lm.LarsCV(cv=3), lm.LassoLarsCV(cv=3),
                      lm.LassoLarsIC(), lm.OrthogonalMatchingPursuitCV(cv=3), lm.LinearRegression(positive=True),
                      lm.Ridge(solver="lsqr"), lm.Ridge(positive=True), lm.Lasso(positive=True), lm.Ridge(alpha=0),
                      lm.PassiveAggressiveRegressor(random_state=0), lm.SGDRegressor(loss="huber", average=True),
                      lm.SGDRegressor(loss="epsilon_insensitive", learning_rate="constant")):
        yield fitted(estimator, VALUE, "one value")
    for estimator in (lm.LinearRegression(), lm.Ridge(alpha=[1, 2]), lm.Lasso(), lm.ElasticNet(), lm.RidgeCV(),
                      lm.MultiTaskLasso(), lm.MultiTaskElasticNet(), lm.MultiTaskLassoCV(cv=3), lm.Lars(), lm.LassoLars(),
                      lm.OrthogonalMatchingPursuit()):
        yield fitted(estimator, TWO_VALUES, "two values")
        if "MultiTask" not in type(estimator).__name__:
            yield fitted(type(estimator)(), VALUE[:, None], "a column")
    for power, link in ((0, "auto"), (0, "log"), (1, "auto"), (1.5, "auto"), (2, "log"), (3, "auto"), (1.5, "identity")):
        yield fitted(lm.TweedieRegressor(power=power, link=link, max_iter=500), POSITIVE)
    for estimator in (lm.PoissonRegressor(), lm.PoissonRegressor(fit_intercept=False), lm.GammaRegressor(alpha=0.1)):
        yield fitted(estimator, POSITIVE)
    yield fitted(lm.LinearRegression(), VALUE, "of float32", X=X.astype(np.float32))
    yield fitted(lm.LinearRegression(), VALUE, "of integers", X=np.round(X * 5).astype(int), rows=np.round(ROWS[:12] * 5))
    yield fitted(lm.Lasso(0.5), VALUE, "of a sparse matrix", X=sparse.csr_matrix(X))
    yield fitted(lm.LinearRegression(), VALUE, "of a frame", X=FRAME, rows=FRAME_ROWS)
    yield fitted(lm.Ridge(), VALUE, "of one column", X=X[:, :1], rows=ROWS[:, :1])
    yield fitted(lm.LinearRegression(), VALUE, "weighted", sample_weight=WEIGHTS)


def classifiers():
    for name, y in LABELS.items():
        for estimator in (lm.LogisticRegression(), lm.RidgeClassifier(), lm.SGDClassifier(random_state=0), lm.Perceptron(),
                          LinearSVC(), lm.SGDClassifier(loss="log_loss", random_state=0),
                          lm.SGDClassifier(loss="modified_huber", random_state=0)):
            yield fitted(estimator, y, name)
    many = np.array(["a", "b", "c", "d"])[np.digitize(VALUE, [-2, 0, 2])]
    for y, name in ((BITS, "two"), (many, "four")):
        for estimator in (lm.LogisticRegression(fit_intercept=False), lm.LogisticRegression(class_weight="balanced"),
                          lm.LogisticRegression(solver="saga", l1_ratio=1, max_iter=500), lm.RidgeClassifierCV(),
                          lm.LogisticRegression(solver="newton-cholesky"), lm.LogisticRegressionCV(cv=3, Cs=3),
                          LinearSVC(loss="hinge"), LinearSVC(fit_intercept=False), lm.Perceptron(penalty="l1"),
                          LinearSVC(penalty="l1", dual=False), lm.RidgeClassifier(fit_intercept=False, class_weight="balanced"),
                          lm.SGDClassifier(loss="squared_hinge", random_state=0), lm.SGDClassifier(loss="perceptron", random_state=0),
                          lm.SGDClassifier(loss="huber", random_state=0), lm.SGDClassifier(loss="log_loss", average=10, random_state=0),
                          lm.SGDClassifier(loss="modified_huber", fit_intercept=False, random_state=0),
                          lm.PassiveAggressiveClassifier(random_state=0)):
            yield fitted(estimator, y, name)
        if name == "two":
            yield fitted(lm.LogisticRegression(solver="liblinear"), y, name)
            yield fitted(lm.LogisticRegression(solver="liblinear", intercept_scaling=3), y, name)
    yield fitted(LinearSVC(multi_class="crammer_singer"), many, "four")
    yield fitted(LinearSVC(multi_class="crammer_singer"), BITS, "two")
    yield fitted(lm.RidgeClassifier(), np.c_[BITS, 1 - BITS, VALUE > 1].astype(int), "multilabel")
    for estimator in (OneVsOneClassifier(lm.LogisticRegression()), OneVsOneClassifier(LinearSVC()),
                      OneVsRestClassifier(lm.LogisticRegression()), OneVsRestClassifier(LinearSVC())):
        yield fitted(estimator, BITS, "two")
        yield fitted(estimator, many, "four")
        if isinstance(estimator, OneVsRestClassifier):
            yield fitted(estimator, np.c_[BITS, 1 - BITS, VALUE > 1].astype(int), "multilabel")
    yield fitted(lm.LogisticRegression(), np.where(BITS, 2**60 + 1, 2**60), "huge labels")
    yield fitted(lm.LogisticRegression(), FEW, "of a frame", X=FRAME, rows=FRAME_ROWS)
    yield fitted(lm.LogisticRegression(), FEW, "of float32", X=X.astype(np.float32))


CASES = list(regressors()) + list(classifiers())
