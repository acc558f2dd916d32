"""The estimators of sklearn_names.txt, fitted on small data: name -> (estimator, X of training)."""
import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_iris, make_classification
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier, GradientBoostingClassifier, GradientBoostingRegressor,
    HistGradientBoostingClassifier, HistGradientBoostingRegressor, IsolationForest,
    RandomForestClassifier, RandomForestRegressor, VotingClassifier, VotingRegressor)
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    BayesianRidge, ElasticNet, GammaRegressor, HuberRegressor, Lasso, LinearRegression,
    LogisticRegression, LogisticRegressionCV, Perceptron, PoissonRegressor, QuantileRegressor,
    Ridge, RidgeClassifier, RidgeCV, SGDClassifier, SGDRegressor, TweedieRegressor)
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    Binarizer, FunctionTransformer, KBinsDiscretizer, LabelBinarizer, LabelEncoder, MaxAbsScaler,
    MinMaxScaler, Normalizer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, RobustScaler,
    StandardScaler)
from sklearn.svm import LinearSVC, LinearSVR
from sklearn.tree import (
    DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier)


def zoo():
    rng = np.random.default_rng(7)
    iris, species = load_iris(return_X_y=True)
    wide, binary = make_classification(120, 6, n_informative=4, random_state=3)
    texts = np.array(["no", "yes"])[binary]
    real = rng.normal(size=(120, 5))
    target = real @ [1.5, -2.0, 0.5, 0.0, 3.0] + 0.1 * rng.normal(size=120)
    positive = np.exp(0.3 * target)
    two = np.stack([target, real[:, 0] - real[:, 3]], axis=1)
    holes = real.copy()
    holes[rng.random(holes.shape) < 0.15] = np.nan
    grouped = real.copy()
    grouped[:, 0] = rng.integers(0, 7, 120)
    grouped[:, 1] = rng.integers(0, 3, 120)
    group_target = target + 3 * (grouped[:, 0] == 2) - 2 * grouped[:, 1]
    whole = rng.integers(0, 4, (80, 3)).astype(np.int64)
    city = rng.choice(["Pune", "Lima", "Oslo", "São Paulo"], (80, 1))
    grade = rng.choice(["a", "b", "c"], (80, 1))
    words = np.concatenate([city, grade], axis=1).astype(object)
    names = np.array(["setosa", "versicolor", "virginica"])[species]
    more = {"max_iter": 500}

    def table():
        import pandas as pd
        return pd.DataFrame({
            "age": np.round(rng.uniform(18, 90, 80), 2), "income": np.round(rng.normal(30, 9, 80), 4),
            "city": city[:, 0].astype(object), "grade": grade[:, 0].astype(object),
            "kids": rng.integers(0, 4, 80).astype(np.float64)})

    frame = table()
    paid = (frame["income"] > 30).astype(int) ^ (frame["kids"] > 2)
    pick = ["city", "grade"]
    cases = {
        "linear_regression": (LinearRegression(), real, target),
        "linear_regression_multi": (LinearRegression(), real, two),
        "ridge": (Ridge(alpha=0.7), real, target),
        "ridge_cv": (RidgeCV(), real, target),
        "lasso": (Lasso(alpha=0.05), real, target),
        "elastic_net": (ElasticNet(alpha=0.05), real, target),
        "huber": (HuberRegressor(), real, target),
        "quantile_regressor": (QuantileRegressor(alpha=0.01), real, target),
        "bayesian_ridge": (BayesianRidge(), real, target),
        "poisson_regressor": (PoissonRegressor(alpha=0.01), real, positive),
        "gamma_regressor": (GammaRegressor(alpha=0.01), real, positive),
        "tweedie_regressor": (TweedieRegressor(alpha=0.01, power=1.5), real, positive),
        "sgd_regressor": (SGDRegressor(random_state=0), real, target),
        "sgd_hinge": (SGDClassifier(random_state=0), wide, binary),
        "sgd_log": (SGDClassifier(loss="log_loss", random_state=0), iris, species),
        "sgd_modhuber": (SGDClassifier(loss="modified_huber", random_state=0), wide, binary),
        "linear_svc": (LinearSVC(random_state=0), iris, species),
        "linear_svr": (LinearSVR(random_state=0), real, target),
        "logreg_binary": (LogisticRegression(), wide, binary),
        "logreg_binary_str": (LogisticRegression(C=0.5), wide, texts),
        "logreg_cv": (LogisticRegressionCV(Cs=3, cv=3, **more), wide, binary),
        "logreg_multinomial": (LogisticRegression(**more), iris, species),
        "logreg_ovr": (OneVsRestClassifier(LogisticRegression(**more)), iris, species),
        "logreg_ovo": (OneVsOneClassifier(LogisticRegression(**more)), iris, species),
        "perceptron": (Perceptron(), iris, species),
        "ridge_classifier": (RidgeClassifier(), iris, species),
        "dtc": (DecisionTreeClassifier(max_depth=4, random_state=0), iris, names),
        "dtc_binary": (DecisionTreeClassifier(max_depth=3, random_state=0), wide, binary),
        "dtr": (DecisionTreeRegressor(max_depth=4, random_state=0), real, target),
        "dtr_multi": (DecisionTreeRegressor(max_depth=3, random_state=0), real, two),
        "dtr_nan": (DecisionTreeRegressor(max_depth=4, random_state=0), holes, target),
        "etc": (ExtraTreesClassifier(5, max_depth=4, random_state=0), wide, binary),
        "extra_tree": (ExtraTreeClassifier(max_depth=4, random_state=0), iris, species),
        "rfc": (RandomForestClassifier(5, max_depth=4, random_state=0), iris, species),
        "rfr": (RandomForestRegressor(5, max_depth=4, random_state=0), real, target),
        "iforest": (IsolationForest(n_estimators=5, max_samples=64, random_state=0), wide, None),
        "gbc_binary": (GradientBoostingClassifier(n_estimators=8, random_state=0), wide, binary),
        "gbc_exp": (GradientBoostingClassifier(loss="exponential", max_depth=2, n_estimators=4,
                                               random_state=0), wide, binary),
        "gbc_multi": (GradientBoostingClassifier(max_depth=2, n_estimators=4, random_state=0),
                      iris, species),
        "gbr": (GradientBoostingRegressor(n_estimators=8, random_state=0), real, target),
        "gbr_huber": (GradientBoostingRegressor(loss="huber", n_estimators=5, random_state=0),
                      real, target),
        "gbr_init_zero": (GradientBoostingRegressor(init="zero", n_estimators=5, random_state=0),
                          real, target),
        "gbr_quantile": (GradientBoostingRegressor(loss="quantile", n_estimators=5,
                                                   random_state=0), real, target),
        "hgbc_binary": (HistGradientBoostingClassifier(max_iter=6, max_leaf_nodes=7,
                                                       random_state=0), wide, binary),
        "hgbc_multi": (HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=5,
                                                      random_state=0), iris, species),
        "hgbr": (HistGradientBoostingRegressor(max_iter=6, max_leaf_nodes=7, random_state=0),
                 real, target),
        "hgbr_cat": (HistGradientBoostingRegressor(
            categorical_features=[0, 1], max_iter=6, max_leaf_nodes=7, min_samples_leaf=5,
            random_state=0), grouped, group_target),
        "hgbr_nan": (HistGradientBoostingRegressor(max_iter=6, max_leaf_nodes=7, random_state=0),
                     holes, target),
        "hgbr_poisson": (HistGradientBoostingRegressor(
            loss="poisson", max_iter=6, max_leaf_nodes=7, random_state=0), real, positive),
        "standard_scaler": (StandardScaler(), iris, None),
        "minmax_scaler": (MinMaxScaler(), iris, None),
        "maxabs_scaler": (MaxAbsScaler(), iris, None),
        "robust_scaler": (RobustScaler(), iris, None),
        "normalizer": (Normalizer(), iris, None),
        "binarizer": (Binarizer(threshold=1.5), iris, None),
        "simple_imputer": (SimpleImputer(strategy="median", add_indicator=True), holes, None),
        "onehot_int": (OneHotEncoder(handle_unknown="ignore"), whole, None),
        "onehot_str": (OneHotEncoder(handle_unknown="ignore"), words, None),
        "ordinal_str": (OrdinalEncoder(), words, None),
        "label_encoder": (LabelEncoder(), names, None),
        "label_binarizer": (LabelBinarizer(), species, None),
        "poly_features": (PolynomialFeatures(), iris, None),
        "variance_threshold": (VarianceThreshold(threshold=0.3), iris, None),
        "select_kbest": (SelectKBest(k=2), iris, species),
        "select_from_model": (SelectFromModel(LogisticRegression(**more)), iris, species),
        "rfe": (RFE(LogisticRegression(**more), n_features_to_select=2), iris, species),
        "kbins_onehot": (KBinsDiscretizer(encode="onehot-dense", n_bins=3, strategy="uniform"),
                         iris, None),
        "kbins_ordinal": (KBinsDiscretizer(encode="ordinal", n_bins=4,
                                           quantile_method="averaged_inverted_cdf"), iris, None),
        "func_log1p": (FunctionTransformer(np.log1p), iris, None),
        "pipe_scaler_lr": (Pipeline([("scaler", StandardScaler()), ("lr", LogisticRegression())]),
                           wide, binary),
        "pipe_imp_poly_ridge": (Pipeline([
            ("imp", SimpleImputer()), ("poly", PolynomialFeatures(include_bias=False)),
            ("sc", StandardScaler()), ("ridge", Ridge())]), holes, target),
        "ct_df_lr": (Pipeline([
            ("ct", ColumnTransformer([
                ("num", Pipeline([("imp", SimpleImputer(strategy="median")),
                                  ("sc", StandardScaler())]), ["age", "income"]),
                ("cat", OneHotEncoder(handle_unknown="ignore"), pick)], remainder="passthrough")),
            ("lr", LogisticRegression(max_iter=1000))]), frame, paid),
        "ct_df_gbc": (Pipeline([
            ("ct", ColumnTransformer([("num", SimpleImputer(strategy="median"), ["age", "income"]),
                                      ("cat", OrdinalEncoder(), pick)])),
            ("gb", GradientBoostingClassifier(n_estimators=5, random_state=0))]), frame, paid),
        "union_lr": (Pipeline([
            ("u", FeatureUnion([("pca", PCA(n_components=2)), ("mm", MinMaxScaler())])),
            ("lr", LogisticRegression(**more))]), iris, species),
        "grid_search": (GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=3), real, target),
        "ttr": (TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp),
                real, positive),
        "dummy_c": (DummyClassifier(), iris, species),
        "dummy_r": (DummyRegressor(strategy="quantile", quantile=0.8), real, target),
        "voting_soft": (VotingClassifier([
            ("lr", LogisticRegression(**more)),
            ("dt", DecisionTreeClassifier(max_depth=3, random_state=0))], voting="soft"),
            iris, species),
        "voting_r": (VotingRegressor([
            ("lr", LinearRegression()), ("dt", DecisionTreeRegressor(max_depth=3, random_state=0))]),
            real, target),
    }
    for name, (estimator, x, y) in cases.items():
        yield name, estimator.fit(x) if y is None else estimator.fit(x, y), x
