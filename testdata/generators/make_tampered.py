"""Writes testdata/tampered: models that scikit-learn 1.9.1 fitted and whose attributes were changed
afterwards, so that they do not fit together. Run with the interpreter of the peers (scripts/peers.txt)
from the root of the repository."""
import pathlib
import pickle
import shutil
import warnings
import numpy as np
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (GradientBoostingRegressor, HistGradientBoostingClassifier, HistGradientBoostingRegressor,
                              IsolationForest, RandomForestClassifier, VotingClassifier)
from sklearn.feature_selection import RFE, SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

warnings.simplefilter("ignore")
assert sklearn.__version__ == "1.9.1", sklearn.__version__
out = pathlib.Path("testdata/tampered")
shutil.rmtree(out, ignore_errors=True)
out.mkdir(parents=True)
rng = np.random.default_rng(1)
X = np.round(rng.normal(size=(40, 3)), 2)
VALUE = np.round(X @ [1.0, -2.0, 0.5], 3)
CLASS = (VALUE > 0).astype(int) + (VALUE > 1)
TWO = (VALUE > 0).astype(int)


class State:
    """Pickled as the object of `cls` with this state; what C classes check in __setstate__ is not checked."""

    def __init__(self, cls, args, state):
        self.parts = cls, args, state

    def __reduce__(self):
        return self.parts


def dump(name, model):
    (out / f"{name}.pkl").write_bytes(pickle.dumps(model, protocol=4))


def harmless(name, model):
    """A change that scikit-learn does not look at, or predicts with: panmodel must predict the same."""
    dump(name, model)
    model = pickle.loads((out / f"{name}.pkl").read_bytes())
    method = "predict" if hasattr(model, "predict") else "transform"
    got = getattr(model, method)(X)
    got = np.asarray(got.toarray() if hasattr(got, "toarray") else got).reshape(len(X), -1)
    names = [method] if method == "predict" else ["transform:" + n for n in model.get_feature_names_out()]
    text = "\n".join(",".join(line) for line in [names, *([repr(v.item()) for v in row] for row in got)])
    (out / f"{name}.expected.csv").write_text(text + "\n", newline="\n")


def with_tree(model, **fields):
    """The model with fields of the nodes of its tree set: name -> (node, value)."""
    cls, args, state = model.tree_.__reduce__()
    nodes = state["nodes"].copy()
    for field, (node, value) in fields.items():
        nodes[field][node] = value
    model.tree_ = State(cls, args, {**state, "nodes": nodes})
    return model


def tree():
    return DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, CLASS)


def trees():
    dump("tree_cycle", with_tree(tree(), left_child=(1, 0)))
    dump("tree_self", with_tree(tree(), left_child=(1, 1)))
    dump("tree_child_high", with_tree(tree(), right_child=(0, 99)))
    dump("tree_child_negative", with_tree(tree(), right_child=(0, -7)))
    dump("tree_one_child", with_tree(tree(), right_child=(0, -1)))
    dump("tree_feature_high", with_tree(tree(), feature=(0, 3)))
    dump("tree_feature_negative", with_tree(tree(), feature=(0, -1)))
    dump("tree_threshold_nan", with_tree(tree(), threshold=(0, np.nan)))
    harmless("tree_threshold_inf", with_tree(tree(), threshold=(0, np.inf)))
    model = tree()
    cls, args, state = model.tree_.__reduce__()
    model.tree_ = State(cls, args, {**state, "values": state["values"][:-1].copy()})
    dump("tree_values_short", model)
    model = tree()
    model.tree_ = State(cls, args, {**state, "node_count": state["node_count"] + 5})
    dump("tree_node_count", model)
    model = tree()
    model.tree_ = State(cls, (7, *args[1:]), state)
    dump("tree_features", model)
    model = tree()
    model.classes_ = np.arange(5)
    dump("tree_classes", model)
    model = tree()
    model.n_outputs_ = 2
    dump("tree_outputs", model)
    model = DecisionTreeRegressor(max_depth=2).fit(X, VALUE)
    model.n_features_in_ = 2
    dump("tree_n_features_in", model)
    model = RandomForestClassifier(n_estimators=3, max_depth=2, random_state=0).fit(X, CLASS)
    model.estimators_[1] = DecisionTreeClassifier(max_depth=2).fit(X[:, :2], CLASS)
    dump("forest_width", model)
    model = IsolationForest(n_estimators=3, max_samples=16, random_state=0).fit(X)
    model.estimators_features_[1] = np.array([0, 1, 5])
    dump("isolation_feature", model)
    model = GradientBoostingRegressor(n_estimators=3).fit(X, VALUE)
    model.estimators_ = model.estimators_[:, :0]
    dump("boosting_stages", model)


def histograms():
    def regressor():
        data = np.c_[np.repeat(X[:, :2], 5, axis=0), np.arange(200) % 5]
        return HistGradientBoostingRegressor(max_iter=3, max_leaf_nodes=4, min_samples_leaf=3, categorical_features=[2],
                                             random_state=0).fit(data, data[:, 0] + data[:, 2] % 2)

    def spoiled(name, field, value, categorical=False):
        model = regressor()
        for stage in model._predictors:
            for predictor in stage:
                nodes = predictor.nodes
                at = np.flatnonzero((nodes["is_leaf"] == 0) & (nodes["is_categorical"] == categorical))
                if len(at):
                    nodes[field][at[0]] = value
                    return dump(name, model)
        raise AssertionError(name)

    spoiled("hist_left", "left", 99)
    spoiled("hist_cycle", "left", 0)
    spoiled("hist_feature", "feature_idx", 3)
    spoiled("hist_threshold", "num_threshold", np.nan)
    spoiled("hist_bitset", "bitset_idx", 77, categorical=True)
    model = regressor()
    for stage in model._predictors:
        stage[0].raw_left_cat_bitsets = np.zeros((0, 8), np.uint32)
    dump("hist_no_bitsets", model)
    model = regressor()
    model._baseline_prediction = np.zeros((1, 4))
    dump("hist_baseline", model)
    model = HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=3).fit(X, CLASS)
    model._predictors[1] = model._predictors[1][:1]
    dump("hist_classes", model)


def lengths():
    model = LinearRegression().fit(X, VALUE)
    model.coef_ = model.coef_[:2]
    dump("linear_coef", model)
    model = Ridge().fit(X, VALUE)
    model.n_features_in_ = 5
    dump("linear_n_features_in", model)
    model = LogisticRegression().fit(X, CLASS)
    model.intercept_ = model.intercept_[:2]
    dump("logistic_intercept", model)
    model = LogisticRegression().fit(X, CLASS)
    model.classes_ = model.classes_[:2]
    dump("logistic_classes", model)
    model = StandardScaler().fit(X)
    model.mean_ = model.mean_[:2]
    dump("scaler_mean", model)
    model = MinMaxScaler().fit(X)
    model.scale_ = np.ones(4)
    dump("minmax_scale", model)
    model = SelectKBest(k=2).fit(X, CLASS)
    model.scores_ = model.scores_[:2]
    dump("select_scores", model)
    model = RFE(Ridge(), n_features_to_select=2).fit(X, VALUE)
    model.support_ = np.array([True, False, True, True, True])
    dump("rfe_support", model)
    model = KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf").fit(X)
    model.n_bins_ = np.array([3, 3, 9])
    harmless("bins_count", model)
    model = KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf").fit(X)
    model.bin_edges_[1] = model.bin_edges_[1][::-1]
    dump("bins_descending", model)
    model = SimpleImputer(add_indicator=True).fit(np.where(X > 1, np.nan, X))
    model.indicator_.features_ = np.array([0, 8])
    dump("imputer_indicator", model)
    model = PolynomialFeatures(2).fit(X)
    model.n_features_in_ = 2**40
    dump("polynomial_width", model)
    model = IsotonicRegression().fit(X[:, 0], VALUE)
    model.y_thresholds_ = model.y_thresholds_[:-1]
    dump("isotonic_lengths", model)
    model = IsotonicRegression().fit(X[:, 0], VALUE)
    model.X_thresholds_[[1, 2]] = model.X_thresholds_[[2, 1]]
    dump("isotonic_order", model)
    model = IsotonicRegression().fit(X[:, 0], VALUE)
    model.y_thresholds_[1] = np.nan
    dump("isotonic_nan", model)
    model = VotingClassifier([("a", LogisticRegression()), ("b", tree())], voting="soft", weights=[1, 2]).fit(X, CLASS)
    model.weights = [1, 2, 3]
    harmless("vote_weights", model)


def columns():
    def transformer(columns):
        model = ColumnTransformer([("s", StandardScaler(), [0, 2])], remainder="passthrough").fit(X)
        model.transformers_[0] = ("s", model.transformers_[0][1], columns)
        return model

    dump("columns_high", transformer([0, 3]))
    dump("columns_negative", transformer([0, -9]))
    dump("columns_mask", transformer([True, False]))
    dump("columns_name", transformer(["nowhere", "neither"]))
    dump("columns_width", transformer([0, 1, 2]))
    model = transformer([0, 2])
    model.transformers_[1] = ("remainder", "passthrough", [1, 44])
    dump("columns_remainder", model)


def cycles():
    model = make_pipeline(StandardScaler(), Ridge()).fit(X, VALUE)
    model.steps[1] = ("ridge", model)
    dump("pipeline_of_itself", model)
    model = FeatureUnion([("s", StandardScaler())]).fit(X)
    model.transformer_list[0] = ("s", model)
    dump("union_of_itself", model)
    model = GridSearchCV(Ridge(), {"alpha": [1, 2]}, cv=3).fit(X, VALUE)
    model.best_estimator_ = model
    dump("search_of_itself", model)
    model = VotingClassifier([("a", LogisticRegression()), ("b", tree())], voting="soft").fit(X, CLASS)
    model.estimators_[0] = model
    dump("vote_of_itself", model)
    model = ColumnTransformer([("s", StandardScaler(), [0, 1, 2])]).fit(X)
    model.transformers_[0] = ("s", model, [0, 1, 2])
    dump("columns_of_itself", model)
    model = RandomForestClassifier(n_estimators=2, max_depth=2, random_state=0).fit(X, TWO)
    model.estimators_[0] = model
    dump("forest_of_itself", model)


lines = [["x0", "x1", "x2"], *([repr(v.item()) for v in row] for row in X)]
(out / "rows.csv").write_text("\n".join(map(",".join, lines)) + "\n", newline="\n")
trees()
histograms()
lengths()
columns()
cycles()
