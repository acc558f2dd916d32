"""Trees and ensembles of trees: options, kinds of labels and targets, and rows at the thresholds."""
import numpy as np
import pandas as pd
from sklearn import ensemble as en
from sklearn import tree as tr
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from option_case import Case

nan = np.nan
rng = np.random.default_rng(8)
N = 150
X = np.round(rng.normal(size=(N, 4)), 2)
X[:, 3] = rng.integers(0, 4, N)
GAPS = np.where(rng.random((N, 4)) < 0.15, nan, X)
VALUE = np.where(X[:, 0] > 0, 2, -1) * X[:, 1] + X[:, 3]
POSITIVE = np.abs(VALUE) + 0.1
BITS = (VALUE > 1).astype(int)
FEW = np.digitize(VALUE, [0, 2])
TEXTS = np.array(["lo", "mid", "hi"])[FEW]
WEIGHTS = rng.random(N)


def at_thresholds(model, X):
    """Rows of X with one feature set to a threshold of the model, and to its neighbours."""
    found = []
    def walk(estimator):
        if hasattr(estimator, "tree_"):
            t = estimator.tree_
            found.extend((f, v) for f, v in zip(t.feature, t.threshold) if f >= 0 and abs(v) < 1e300)
        elif isinstance(estimator, (list, np.ndarray)):
            for e in np.ravel(np.array(estimator, dtype=object)):
                walk(e)
        elif hasattr(estimator, "estimators_"):
            walk(estimator.estimators_)
    walk(model)
    rows = [X[i].copy() for i in range(8)]
    for k, (f, v) in enumerate(found[:25]):
        for w in (v, np.nextafter(v, np.inf), np.nextafter(v, -np.inf), np.float64(np.nextafter(np.float32(v), np.float32(9e9)))):
            row = X[k % len(X)].copy()
            row[f] = w
            rows.append(row)
    return np.array(rows)


def fitted(estimator, y, title="", X=X, gaps=False, **fit):
    case = Case(f"{estimator!r} {title}", None, None)
    def make():
        model = clone(estimator).fit(X, y, **fit)  # the rows depend on its thresholds
        case.rows = at_thresholds(model, np.asarray(X, dtype=float))
        if gaps:
            case.rows = np.vstack([case.rows, [[nan, 0, 1, 2], [0, nan, nan, nan], [nan] * 4]])
        if isinstance(X, pd.DataFrame):
            case.rows = pd.DataFrame(case.rows, columns=X.columns)
        return model
    case.fit = make
    return case


def trees():
    for name, y in {"bits": BITS, "texts": TEXTS, "booleans": BITS == 1, "-3/7": np.where(BITS, 7, -3),
                    "objects": TEXTS.astype(object), "reals": FEW + 1.0}.items():
        for estimator in (tr.DecisionTreeClassifier, tr.ExtraTreeClassifier):
            yield fitted(estimator(max_depth=5, random_state=0), y, name)
        yield fitted(en.RandomForestClassifier(6, random_state=0, max_depth=6), y, name)
    for options in ({"criterion": "entropy"}, {"class_weight": "balanced"}, {"max_leaf_nodes": 6}, {"ccp_alpha": 0.01},
                    {"min_weight_fraction_leaf": 0.1}, {"splitter": "random"}, {"monotonic_cst": [1, 0, -1, 0]}):
        yield fitted(tr.DecisionTreeClassifier(random_state=0, **options), BITS)
    for options in ({"criterion": "absolute_error"}, {"criterion": "poisson"}, {"criterion": "friedman_mse"}, {"max_leaf_nodes": 5}):
        yield fitted(tr.DecisionTreeRegressor(random_state=0, max_depth=6, **options), POSITIVE)
    both = np.c_[FEW, BITS]
    for estimator in (tr.DecisionTreeClassifier(max_depth=4), en.RandomForestClassifier(4, max_depth=4), en.ExtraTreesClassifier(4, max_depth=4)):
        yield fitted(estimator.set_params(random_state=0), both, "two outputs")
        yield fitted(type(estimator)(max_depth=4, random_state=0), np.c_[TEXTS, np.where(BITS, "x", "y")], "two text outputs")
    for estimator in (tr.DecisionTreeRegressor(max_depth=5), tr.ExtraTreeRegressor(max_depth=5), en.RandomForestRegressor(5, max_depth=5),
                      en.ExtraTreesRegressor(5)):
        yield fitted(estimator.set_params(random_state=0), np.c_[VALUE, -POSITIVE], "two values")
        yield fitted(type(estimator)(max_depth=3, random_state=0), VALUE[:, None], "a column")
        yield fitted(type(estimator)(max_depth=6, random_state=0), VALUE, "gaps", X=GAPS, gaps=True)
    for estimator in (tr.DecisionTreeClassifier(max_depth=6), en.RandomForestClassifier(5), en.ExtraTreesClassifier(5), tr.ExtraTreeClassifier()):
        yield fitted(estimator.set_params(random_state=0), TEXTS, "gaps", X=GAPS, gaps=True)
    yield fitted(tr.DecisionTreeClassifier(max_depth=1), np.zeros(N, dtype=int), "one class")
    yield fitted(en.RandomForestClassifier(3, random_state=0), np.full(N, "only"), "one class")
    yield fitted(tr.DecisionTreeRegressor(), np.full(N, 2.5), "a constant")
    yield fitted(tr.DecisionTreeRegressor(max_depth=5, random_state=0), VALUE * 1e200, "huge")


def ensembles():
    for options in ({"bootstrap": False}, {"class_weight": "balanced_subsample"}, {"max_samples": 0.5}, {"oob_score": True},
                    {"max_features": None}, {"warm_start": True}, {"criterion": "log_loss"}, {"n_estimators": 1}):
        yield fitted(en.RandomForestClassifier(**{"n_estimators": 5, "random_state": 0, **options}), TEXTS, str(options))
    for options in ({"contamination": 0.1}, {"max_features": 0.5}, {"max_samples": 20}, {"bootstrap": True}, {"max_features": 2, "contamination": 0.05}):
        yield fitted(en.IsolationForest(**{"n_estimators": 10, "random_state": 0, **options}), None, str(options))
    for options in ({"loss": "exponential"}, {"subsample": 0.5}, {"init": "zero"}, {"max_features": 2},
                    {"n_iter_no_change": 2}, {"learning_rate": 0.7, "max_leaf_nodes": 4}):
        yield fitted(en.GradientBoostingClassifier(**{"n_estimators": 6, "random_state": 0, **options}), BITS, str(options))
        if options.get("loss") != "exponential":
            yield fitted(en.GradientBoostingClassifier(**{"n_estimators": 6, "random_state": 0, **options}), TEXTS, "three " + str(options))
    for options in ({"loss": "absolute_error"}, {"loss": "huber"}, {"loss": "quantile", "alpha": 0.2}, {"init": "zero"}, 
                    {"criterion": "squared_error"}, {"subsample": 0.5, "loss": "huber"}):
        yield fitted(en.GradientBoostingRegressor(**{"n_estimators": 6, "random_state": 0, **options}), VALUE, str(options))
    for options in ({"loss": "absolute_error"}, {"loss": "poisson"}, {"loss": "gamma"}, {"loss": "quantile", "quantile": 0.3},
                    {"early_stopping": True}, {"monotonic_cst": [1, 0, 0, 0]}, {"interaction_cst": "no_interactions"}, {"l2_regularization": 2.0}):
        yield fitted(en.HistGradientBoostingRegressor(**{"max_iter": 6, "random_state": 0, "min_samples_leaf": 3, **options}), POSITIVE, str(options), X=GAPS, gaps=True)
    for y, name in ((BITS, "bits"), (TEXTS, "texts"), (BITS == 1, "booleans")):
        yield fitted(en.HistGradientBoostingClassifier(max_iter=6, min_samples_leaf=3, class_weight="balanced"), y, name, X=GAPS, gaps=True)
    yield fitted(en.RandomForestClassifier(5, random_state=0), TEXTS, "frame", X=pd.DataFrame(X, columns=list("abcd")))
    yield fitted(en.RandomForestClassifier(5, random_state=0), TEXTS, "weighted", sample_weight=WEIGHTS)
    for estimator, code in ((en.AdaBoostClassifier(n_estimators=4), "sklearn-estimator"),
                            (en.BaggingRegressor(n_estimators=4), "sklearn-estimator"),
                            (en.StackingRegressor([("a", tr.DecisionTreeRegressor())], cv=3), "sklearn-estimator"),
                            (en.GradientBoostingRegressor(init=LinearRegression(), n_estimators=3), "sklearn-option")):
        case = fitted(estimator, BITS, "is refused")
        case.refused = code
        yield case


CASES = list(trees()) + list(ensembles())
