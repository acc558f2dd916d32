"""Predictions of pickles of many releases of scikit-learn, with the releases themselves as the truth.

Arguments: releases that have wheels for this Python ("1.1.3 1.5.2"); each gets a virtual environment
in build/releases (made once, from the package index). There, every form below is fitted to every
target that it takes, pickled, and the rows predicted; panmodel must predict the same from the pickle:
labels equal, numbers within 1e-9 relative. Not a part of scripts/test.sh: it installs one release
after the other."""
import csv, io, os, pathlib, pickle, subprocess, sys, tempfile, warnings

NUMPY = {"1.1": "numpy<2", "1.3": "numpy<2", "1.4": "numpy<2", "1.5": "numpy<2"}  # others: the newest
METHODS = ["predict", "predict_proba", "decision_function", "transform"]
LINEAR = """LinearRegression LinearRegression(fit_intercept=False) LinearRegression(positive=True) Ridge Ridge(solver='lsqr')
 RidgeCV Lasso LassoCV(cv=3) ElasticNet ElasticNetCV(cv=3) Lars LarsCV(cv=3) LassoLars LassoLarsCV(cv=3) LassoLarsIC
 OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV(cv=3) BayesianRidge ARDRegression HuberRegressor
 TheilSenRegressor(random_state=0) QuantileRegressor(solver='highs') SGDRegressor(random_state=0)
 SGDRegressor(loss='huber',average=True) PassiveAggressiveRegressor(random_state=0) MultiTaskLasso MultiTaskElasticNet
 PoissonRegressor GammaRegressor(alpha=0.1) TweedieRegressor(power=1.5) TweedieRegressor(power=0,link='log')
 LogisticRegression LogisticRegression(class_weight='balanced') LogisticRegression(fit_intercept=False)
 LogisticRegression(solver='liblinear') LogisticRegression(multi_class='ovr') LogisticRegression(multi_class='multinomial')
 LogisticRegression(solver='newton-cholesky') LogisticRegressionCV(cv=3,Cs=3) RidgeClassifier RidgeClassifierCV
 SGDClassifier(random_state=0) SGDClassifier(loss='log',random_state=0) SGDClassifier(loss='log_loss',random_state=0)
 SGDClassifier(loss='modified_huber',random_state=0) SGDClassifier(loss='squared_hinge') SGDClassifier(loss='perceptron')
 SGDClassifier(loss='huber') Perceptron PassiveAggressiveClassifier(random_state=0)""".split()
TREES = [f"{kind}({','.join(filter(None, (size, 'random_state=0', option)))})"
         for kind, size in [("DecisionTreeClassifier", "max_depth=5"), ("DecisionTreeRegressor", "max_depth=5"),
                            ("ExtraTreeClassifier", "max_depth=5"), ("ExtraTreeRegressor", "max_depth=5"),
                            ("RandomForestClassifier", "n_estimators=5"), ("RandomForestRegressor", "n_estimators=5"),
                            ("ExtraTreesClassifier", "n_estimators=5"), ("ExtraTreesRegressor", "n_estimators=5"),
                            ("IsolationForest", "n_estimators=5"),
                            ("GradientBoostingClassifier", "n_estimators=5"), ("GradientBoostingRegressor", "n_estimators=5"),
                            ("HistGradientBoostingClassifier", "max_iter=5,min_samples_leaf=3"),
                            ("HistGradientBoostingRegressor", "max_iter=5,min_samples_leaf=3")]
         for option in ["", "loss='exponential'", "loss='deviance'", "loss='huber'", "loss='quantile',alpha=0.2",
                        "loss='absolute_error'", "loss='ls'", "loss='poisson'", "init='zero'", "subsample=0.5",
                        "max_features=0.5", "contamination=0.1", "criterion='entropy'", "class_weight='balanced'",
                        "bootstrap=True", "max_leaf_nodes=6", "ccp_alpha=0.01", "categorical_features=[3]"]]
OTHERS = """LinearSVC LinearSVC(penalty='l1',dual=False) LinearSVC(multi_class='crammer_singer') LinearSVR
 StandardScaler StandardScaler(with_mean=False) MinMaxScaler((1,3),clip=True) MaxAbsScaler RobustScaler(unit_variance=True)
 RobustScaler(with_centering=False) Normalizer('l1') Normalizer('max') Binarizer(threshold=0.3) PolynomialFeatures(3)
 PolynomialFeatures((1,2),interaction_only=True) KBinsDiscretizer(4) KBinsDiscretizer(3,encode='ordinal',strategy='uniform')
 KBinsDiscretizer(3,encode='onehot-dense',strategy='kmeans') SimpleImputer SimpleImputer(strategy='median',add_indicator=True)
 SimpleImputer(strategy='constant',fill_value=3) VarianceThreshold(0.1) SelectKBest(k=2) RFE(Ridge(),n_features_to_select=2)
 SelectFromModel(DecisionTreeClassifier(random_state=0)) PCA(2) PCA(3,whiten=True) DummyClassifier(strategy='prior')
 DummyRegressor(strategy='median') OneVsRestClassifier(LogisticRegression()) OneVsOneClassifier(LogisticRegression())
 OneVsRestClassifier(DecisionTreeClassifier(max_depth=3)) OneVsOneClassifier(LinearSVC())
 GridSearchCV(Ridge(),{'alpha':[0.1,1]},cv=3) TransformedTargetRegressor(Ridge(),func=np.log1p,inverse_func=np.expm1)
 TransformedTargetRegressor(Ridge(),transformer=StandardScaler())
 make_pipeline(SimpleImputer(),PolynomialFeatures(2),Ridge()) make_pipeline(StandardScaler(),LogisticRegression())
 FeatureUnion([('a',StandardScaler()),('b',PCA(2))]) OneHotEncoder(handle_unknown='ignore') OneHotEncoder(drop='first')
 OrdinalEncoder(handle_unknown='use_encoded_value',unknown_value=-1) FunctionTransformer(np.absolute)
 VotingClassifier([('a',LogisticRegression()),('b',DecisionTreeClassifier(max_depth=3))],voting='soft')
 VotingClassifier([('a',LogisticRegression()),('b',DecisionTreeClassifier(max_depth=3))])
 VotingRegressor([('a',Ridge()),('b',DecisionTreeRegressor(max_depth=3))])
 ColumnTransformer([('a',StandardScaler(),[0,1]),('b','passthrough',[3])])
 ColumnTransformer([('a',OneHotEncoder(handle_unknown='ignore'),[3]),('b',SimpleImputer(),[0,1])],remainder='passthrough')
 """.split()


def names():
    """All public classes of the release, and what the forms need beside them."""
    import numpy as np
    from sklearn import compose, pipeline
    from sklearn.utils import all_estimators
    return {**dict(all_estimators()), "np": np, "make_pipeline": pipeline.make_pipeline}


def data():
    import numpy as np
    rng = np.random.default_rng(8)
    x = np.round(rng.normal(size=(120, 4)), 2)
    x[:, 3] = rng.integers(0, 4, 120)
    value = np.where(x[:, 0] > 0, 2, -1) * x[:, 1] + x[:, 3]
    positive, bits = np.abs(value) + 0.1, (value > 1).astype(int)
    targets = {"a value": value, "positive values": positive, "two values": np.c_[value, -positive], "bits": bits,
               "texts": np.array(["lo", "mid", "hi"])[np.digitize(value, [0, 2])],
               "labels": np.c_[bits, 1 - bits, (x[:, 0] > 0).astype(int)]}
    gaps = np.where(rng.random(x.shape) < 0.15, np.nan, x)
    rows = np.vstack([x[:15], x[:3] + 1e-9])
    for target, y in targets.items():
        yield target, x, y, rows
    for target in ("a value", "texts"):
        yield target + ", gaps", gaps, targets[target], np.vstack([gaps[:15], [[np.nan, 0, 1, 2]]])


def expected(model, rows):
    import numpy as np
    out = {}
    for method in METHODS:
        if hasattr(model, method):
            got = getattr(model, method)(rows)
            got = got.toarray() if hasattr(got, "toarray") else got
            got = np.hstack([np.asarray(g) for g in got]) if isinstance(got, list) else np.asarray(got)
            out[method] = got.reshape(len(rows), -1)
    return out


def same(cell, want):
    if isinstance(want, str) or cell == str(want):
        return cell == str(want)
    if want != want:
        return cell in ("", "nan")
    return abs(float(cell) - float(want)) <= 1e-9 * max(1e-3, abs(float(want)))


def difference(path, rows_path, want):
    """None when panmodel predicts the same; else what differs, or the refusal."""
    done = subprocess.run([os.environ["PANMODEL"], "predict", path, "--data", rows_path], capture_output=True, text=True)
    if not done.stdout:
        return done.stderr.strip()
    header, *got = csv.reader(io.StringIO(done.stdout))
    for method, values in want.items():
        at = [i for i, name in enumerate(header) if name.split(":")[0].split("[")[0] == method]
        if len(at) != values.shape[1]:
            return f"{method}: {len(at)} columns, expected {values.shape[1]}"
        for row, (mine, theirs) in enumerate(zip(got, values)):
            for i, v in zip(at, theirs):
                if not same(mine[i], v):
                    return f"{method} of row {row}: {mine[i]}, expected {v}"
    return None


def run_here():
    import numpy as np
    import sklearn
    warnings.simplefilter("ignore")
    scope = names()
    agreed = failed = 0
    with tempfile.TemporaryDirectory() as temp:
        path, rows_path = os.path.join(temp, "m.pkl"), os.path.join(temp, "rows.csv")
        for form in LINEAR + TREES + OTHERS:
            for target, x, y, rows in data():
                try:  # a form that this release or this target does not know is none of ours
                    model = eval(form if form.endswith(")") else form + "()", scope).fit(x, y)
                    want = expected(model, rows)
                except Exception:
                    continue
                pathlib.Path(path).write_bytes(pickle.dumps(model))
                lines = [",".join("" if v != v else repr(float(v)) for v in row) for row in rows]
                pathlib.Path(rows_path).write_text("\n".join(["x0,x1,x2,x3", *lines, ""]))
                wrong = difference(path, rows_path, want)
                agreed += wrong is None
                failed += wrong is not None
                if wrong:
                    print(f"FAIL {sklearn.__version__} {form} on {target}: {wrong[:300]}")
    print(f"scikit-learn {sklearn.__version__}: {agreed} of {agreed + failed} fitted forms predict the same")
    return failed == 0 and agreed > 0


def run_in(release):
    home = pathlib.Path("build/releases") / release
    python = home / "bin/python"
    if not (home / "stamp").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        numpy = NUMPY.get(release.rsplit(".", 1)[0], "numpy<2.3")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", f"scikit-learn=={release}",
                        numpy, "scipy<1.15"], check=True)
        (home / "stamp").touch()
    return subprocess.run([python, __file__, "--here"]).returncode == 0


if sys.argv[1:] == ["--here"]:
    sys.exit(0 if run_here() else 1)
sys.exit(0 if sys.argv[1:] and all([run_in(r) for r in sys.argv[1:]]) else 1)
