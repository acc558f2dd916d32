"""Selection, expansion, target transforms, dummies and composition: every option that changes a
prediction, and estimators of all kinds nested in each other."""
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier, VotingClassifier, VotingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401, makes HalvingGridSearchCV known
from sklearn.feature_selection import (RFE, RFECV, GenericUnivariateSelect, SelectFdr, SelectFpr, SelectFromModel,
                                       SelectFwe, SelectKBest, SelectPercentile, SequentialFeatureSelector,
                                       VarianceThreshold)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import (FunctionTransformer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, OneHotEncoder,
                                   OrdinalEncoder, PolynomialFeatures, RobustScaler, StandardScaler)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from option_case import Case

rng = np.random.default_rng(0)
N = 120
X = np.round(rng.normal(size=(N, 5)), 2)
X[:, 4] = 0.25
X[3, 4] = 0.5
CLASS = (X[:, 0] + 0.3 * X[:, 1] > 0).astype(int) + (X[:, 2] > 1)
LABEL = np.array(["no", "maybe", "yes"])[CLASS]
VALUE = X @ np.arange(5.0) + 0.1
POSITIVE = np.exp(VALUE / 4)
TWO_VALUES = np.c_[VALUE, POSITIVE]
TWO_LABELS = np.c_[CLASS, 1 - CLASS]
ABOVE_0 = abs(X) + 0.1
REPEATED = np.c_[X, X[:, :2], np.full(N, 1.0)]  # columns of equal scores, and a constant one
NAMES = ["a", "b", "c", "d", "e"]
FRAME = pd.DataFrame(X, columns=NAMES)
MIXED = FRAME.assign(city=np.array(["x", "y", "z"])[rng.integers(0, 3, N)], junk="text here")
GAPS = MIXED.copy()
for column in ("a", "b", "city"):
    GAPS.loc[rng.random(N) < 0.2, column] = np.nan
STRANGE = GAPS.head(25).copy()  # rows with gaps, and with what was not there when the model was fitted
STRANGE.loc[0, "city"] = "elsewhere"
STRANGE.loc[1, ["a", "b"]] = [1e6, -1e6]
SHOWN = 25


def fitted(name, estimator, y=None, X=X, rows=None, **case):
    rows = X[:SHOWN] if rows is None else rows
    return Case(name, lambda: estimator.fit(X, y), rows, **case)


def expansions():
    for strategy in ("uniform", "quantile", "kmeans"):
        for encode in ("onehot", "onehot-dense", "ordinal"):
            yield fitted(f"bins {strategy} {encode}", KBinsDiscretizer(4, encode=encode, strategy=strategy))
    yield fitted("bins float32", KBinsDiscretizer(4, encode="ordinal", dtype=np.float32))
    for options in (dict(degree=3), dict(degree=3, interaction_only=True, include_bias=False), dict(degree=(2, 3)),
                    dict(degree=(0, 1)), dict(degree=4, order="F")):
        yield fitted(f"polynomial {options}", PolynomialFeatures(**options))
    for name in ("absolute ceil cos deg2rad exp exp2 expm1 fabs floor log log10 log1p log2 negative positive rad2deg "
                 "reciprocal rint sign sin sqrt square tan tanh").split():
        yield fitted(f"function {name}", FunctionTransformer(getattr(np, name)), X=ABOVE_0)
    yield fitted("function None", FunctionTransformer())
    yield fitted("function validated", FunctionTransformer(np.log1p, validate=True), X=ABOVE_0)


def selections():
    yield fitted("variance", VarianceThreshold(0.1))
    for k in (1, 3, "all"):
        yield fitted(f"k best {k}", SelectKBest(k=k), CLASS)
    for percentile in (35, 50, 100):
        yield fitted(f"percentile {percentile}", SelectPercentile(percentile=percentile), CLASS, REPEATED)
    yield fitted("k best of equals", SelectKBest(k=2), CLASS, REPEATED)
    for selector in (SelectFpr, SelectFdr, SelectFwe):
        yield fitted(selector.__name__, selector(alpha=0.1), CLASS)
    for mode, param in (("percentile", 40), ("k_best", 2), ("fpr", 0.1), ("fdr", 0.1), ("fwe", 0.1)):
        yield fitted(f"generic {mode}", GenericUnivariateSelect(mode=mode, param=param), CLASS)
    for threshold in (None, "mean", "median", "1.25*mean", 0.2):
        forest = RandomForestClassifier(10, random_state=0)
        yield fitted(f"from model, {threshold}", SelectFromModel(forest, threshold=threshold), CLASS)
    yield fitted("from model, lasso", SelectFromModel(Lasso(0.2)), VALUE)
    yield fitted("from model, at most", SelectFromModel(Ridge(), max_features=2, threshold=-np.inf), VALUE)
    tree = DecisionTreeClassifier(random_state=0).fit(X, CLASS)
    yield fitted("from model, fitted before", SelectFromModel(tree, prefit=True), CLASS)
    for order in (1, 2, np.inf):
        yield fitted(f"from model, norm {order}", SelectFromModel(LogisticRegression(), norm_order=order), CLASS)
    inner = make_pipeline(StandardScaler(), LogisticRegression())
    getter = "named_steps.logisticregression.coef_"
    yield fitted("from model, getter", SelectFromModel(inner, importance_getter=getter), CLASS)
    yield fitted("from model, boosting", SelectFromModel(GradientBoostingRegressor(n_estimators=5)), VALUE)
    yield fitted("rfe", RFE(LogisticRegression(), n_features_to_select=2), LABEL)
    yield fitted("rfecv", RFECV(Ridge(), cv=3), VALUE)
    yield fitted("sequential", SequentialFeatureSelector(Ridge(), n_features_to_select=2, cv=3), VALUE)


def column_transformers():
    selections = {"names": ["a", "c"], "integers": [0, -2], "mask": [True, False, True, False, False],
                  "slice": slice(1, 3), "slice of names": slice("b", "d"), "index": FRAME.columns[:2],
                  "array": np.array([1, 3])}
    for kind, columns in selections.items():
        for rest in ("drop", "passthrough", MinMaxScaler()):
            steps = [("s", StandardScaler(), columns)]
            composed = ColumnTransformer(steps, remainder=rest, transformer_weights={"s": 2.0})
            yield fitted(f"columns by {kind}, rest {rest}", composed, X=FRAME)
    steps = [("s", StandardScaler(), make_column_selector("a|b")), ("d", "drop", ["c"]), ("p", "passthrough", [3]),
             ("n", StandardScaler(), [])]
    yield fitted("columns by a selector", ColumnTransformer(steps, verbose_feature_names_out=False), X=FRAME)


def searches_and_targets():
    parts = [("a", StandardScaler()), ("b", "passthrough"), ("c", "drop"), ("p", PCA(2, whiten=True))]
    yield fitted("union", FeatureUnion(parts, transformer_weights={"a": 3.0}))
    pipeline = make_pipeline("passthrough", StandardScaler(), FunctionTransformer(), Ridge())
    yield fitted("pipeline, passthrough", pipeline, VALUE)
    yield fitted("halving search", HalvingGridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=3), VALUE)
    inner = make_pipeline(StandardScaler(), LogisticRegression())
    search = RandomizedSearchCV(inner, {"logisticregression__C": [0.1, 1]}, n_iter=2, cv=3, scoring="f1_macro")
    yield fitted("random search", search, LABEL)
    for transformer in (StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler(),
                        make_pipeline(StandardScaler(), MinMaxScaler())):
        target = TransformedTargetRegressor(Ridge(), transformer=transformer)
        yield fitted(f"target by {type(transformer).__name__}", target, VALUE)
    inner = make_pipeline(StandardScaler(), Ridge())
    yield fitted("target by log", TransformedTargetRegressor(inner, func=np.log, inverse_func=np.exp), POSITIVE)
    several = TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler())
    yield fitted("targets by StandardScaler", several, TWO_VALUES)
    yield fitted("target as it is", TransformedTargetRegressor(Ridge()), VALUE)


def dummies():
    for strategy in ("prior", "most_frequent"):
        yield fitted(f"dummy {strategy}", DummyClassifier(strategy=strategy), LABEL)
    yield fitted("dummy constant label", DummyClassifier(strategy="constant", constant="yes"), LABEL)
    yield fitted("dummy of two", DummyClassifier(), TWO_LABELS)
    yield fitted("dummy constants", DummyClassifier(strategy="constant", constant=[1, 0]), TWO_LABELS)
    for options in ({}, dict(strategy="median"), dict(strategy="quantile", quantile=0.3),
                    dict(strategy="constant", constant=4.0)):
        yield fitted(f"dummy value {options}", DummyRegressor(**options), VALUE)
    yield fitted("dummy values", DummyRegressor(), TWO_VALUES)


def votes():
    parts = [("lr", LogisticRegression()), ("t", DecisionTreeClassifier(max_depth=2)),
             ("p", make_pipeline(StandardScaler(), LogisticRegression(C=0.1))), ("n", "drop")]
    for voting in ("soft", "hard"):
        for weights in (None, [1, 2, 1.5, 9]):
            yield fitted(f"vote {voting} {weights}", VotingClassifier(parts, voting=voting, weights=weights), LABEL)
    # Its transform is no matrix.
    cube = VotingClassifier(parts, voting="soft", flatten_transform=False)
    yield fitted("vote not flattened", cube, LABEL, methods=["predict", "predict_proba"])
    several = VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3))], weights=[1, 3])
    yield fitted("vote of values", several, VALUE)


def of_kinds():
    """Numbers scaled, text encoded."""
    return ColumnTransformer([("n", StandardScaler(), NAMES[:3]), ("c", OrdinalEncoder(), ["city"])])


def of_gaps(**one_hot):
    """Gaps of numbers and of text filled, one-hot columns, bins, and an indicator of what was missing."""
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", **one_hot))
    bins = make_pipeline(SimpleImputer(), KBinsDiscretizer(3, encode="onehot", quantile_method="averaged_inverted_cdf"))
    return ColumnTransformer([("numbers", numbers, ["a", "c"]), ("texts", texts, ["city"]), ("bins", bins, ["b", "d"])])


def nested():
    inner = make_pipeline(of_kinds(), LogisticRegression())
    yield fitted("mixed, search", GridSearchCV(inner, {"logisticregression__C": [1, 2]}, cv=3), LABEL, MIXED)
    tree = make_pipeline(of_kinds(), DecisionTreeClassifier(max_depth=3))
    yield fitted("mixed, vote", VotingClassifier([("a", inner), ("b", tree)], voting="soft"), LABEL, MIXED)
    eliminated = RFE(LogisticRegression(), n_features_to_select=3)
    yield fitted("mixed, rfe", make_pipeline(of_kinds(), eliminated), LABEL, MIXED)
    union = FeatureUnion([("s", StandardScaler()), ("k", KBinsDiscretizer(3))])
    steps = [("u", union, ["a", "b"]), ("c", OrdinalEncoder(), ["city"])]
    yield fitted("mixed, union in columns", make_pipeline(ColumnTransformer(steps), Ridge()), VALUE, MIXED)
    target = TransformedTargetRegressor(make_pipeline(of_kinds(), Ridge()), func=np.log, inverse_func=np.exp)
    yield fitted("mixed, target", target, POSITIVE, MIXED)


def nested_gaps():
    def case(name, estimator, y=None, **options):
        return fitted(f"gaps, {name}", estimator, y, GAPS, STRANGE, **options)
    yield case("columns", of_gaps())
    yield case("columns, drop", of_gaps(drop="first"))
    yield case("columns, rare", of_gaps(min_frequency=0.3))
    for estimator, y in ((LogisticRegression(), LABEL), (DecisionTreeClassifier(max_depth=4), CLASS),
                         (RandomForestClassifier(7, max_depth=4, random_state=0), LABEL), (Ridge(), VALUE),
                         (GradientBoostingRegressor(n_estimators=9), VALUE)):
        yield case(type(estimator).__name__, make_pipeline(of_gaps(), estimator), y)
    logistic = make_pipeline(of_gaps(), LogisticRegression())
    choices = {"logisticregression__C": [0.1, 1],
               "columntransformer__numbers__simpleimputer__strategy": ["mean", "median"]}
    yield case("search", GridSearchCV(logistic, choices, cv=3), LABEL)
    tree = make_pipeline(of_gaps(drop="if_binary"), DecisionTreeClassifier(max_depth=3))
    for voting in ("soft", "hard"):
        yield case(f"vote {voting}", VotingClassifier([("l", logistic), ("t", tree)], voting=voting), LABEL)
    ridge = make_pipeline(of_gaps(), Ridge())
    regressors = [("r", ridge), ("t", make_pipeline(of_gaps(), DecisionTreeRegressor(max_depth=3)))]
    yield case("vote of values", VotingRegressor(regressors), VALUE)
    yield case("search of a vote", GridSearchCV(VotingRegressor(regressors), {"weights": [None, [1, 3]]}, cv=3), VALUE)
    yield case("target", TransformedTargetRegressor(ridge, transformer=StandardScaler()), VALUE)
    yield case("union of columns", make_pipeline(make_union(of_gaps(), of_gaps(drop="first")), Ridge()), VALUE)
    yield case("selection", make_pipeline(of_gaps(), SelectKBest(k=5), LogisticRegression()), LABEL)
    outer = ColumnTransformer([("inner", of_gaps(), NAMES[:4] + ["city"]), ("rest", "passthrough", ["e"])])
    yield case("columns in columns", make_pipeline(outer, Ridge()), VALUE)
    bins = make_pipeline(SimpleImputer(strategy="median"), KBinsDiscretizer(4))
    scaled = make_pipeline(make_union(SimpleImputer(), bins), LogisticRegression())
    frame = GAPS[NAMES]
    yield fitted("gaps, union of imputers", scaled, LABEL, frame, STRANGE[NAMES])
    yield fitted("gaps, union of imputers, array", scaled, LABEL, frame.to_numpy(), STRANGE[NAMES].to_numpy())
    cities = make_pipeline(SimpleImputer(strategy="constant", fill_value="none"),
                           OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1))
    ordinal = ColumnTransformer([("c", cities, ["city"])], remainder=SimpleImputer(add_indicator=True))
    forest = RandomForestClassifier(5, max_depth=3, random_state=1)
    yield fitted("gaps, remainder imputed", make_pipeline(ordinal, forest), LABEL, GAPS.drop(columns="junk"),
                 STRANGE.drop(columns="junk"))


CASES = [*expansions(), *selections(), *column_transformers(), *searches_and_targets(), *dummies(), *votes(), *nested(),
         *nested_gaps()]
