"""How time grows with rows, trees, features and categories: the cost per item must stay flat.

growth.py FOLDER PANMODEL
"""
import pathlib
import pickle
import sys

import numpy as np

from common import Foreign, median, run, say
from make_models import make, matrix, target


def report(what, sizes, measure):
    """measure(n) gives CPU seconds and peak MB of a command on an input of n items."""
    foreign = Foreign()
    costs = [measure(n) for n in sizes]
    say(f"{what}: " + "; ".join(f"{n:,} {s * 1e3:.0f} ms ({s / n * 1e6:.2f} us each), {memory:.0f} MB"
                                for n, (s, memory) in zip(sizes, costs)) +
        f"  ({foreign.share():.0%} of the machine used by others)")


def cost(command):
    _, cpu, memory = zip(*(run(command) for _ in range(3)))
    return median(cpu), max(memory)


def dump(model, path):
    with open(path, "wb") as file:
        pickle.dump(model, file, protocol=5)
    return path


def converter(folder, panmodel, fit, *options):
    def measure(n):
        source = dump(fit(n), folder / "growth.pkl")
        return cost([panmodel, "convert", source, folder / "growth.onnx", "--force", "-q", *options])
    return measure


def rows(folder, panmodel):
    model = make("small", folder)

    def measure(n):
        x = matrix(n, 8)
        data = folder / "growth.csv"
        np.savetxt(data, x, delimiter=",", fmt="%.6g", comments="",
                   header=",".join(f"x{i}" for i in range(x.shape[1])))
        return cost([panmodel, "predict", model, "--data", data, "-o", folder / "growth.out", "--force"])
    report("predict, rows of CSV", [2_000, 20_000, 200_000], measure)


def trees(folder, panmodel):
    from sklearn.ensemble import RandomForestRegressor
    x = matrix(2_000, 9)
    report("convert, trees of a forest", [10, 100, 1_000], converter(
        folder, panmodel,
        lambda n: RandomForestRegressor(n, max_features=4, random_state=1).fit(x, target(x, 9))))


def features(folder, panmodel):
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def fit(n):
        x = np.random.default_rng(1).normal(size=(30, n))
        return make_pipeline(StandardScaler(), Ridge()).fit(x, x[:, 0])
    report("convert, features of scaler and ridge", [100, 1_000, 10_000],
           converter(folder, panmodel, fit))


def named_columns(folder, panmodel):
    import pandas
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    def fit(n):
        x = pandas.DataFrame(np.random.default_rng(1).normal(size=(30, n)),
                             columns=[f"column_{i}" for i in range(n)])
        names = list(x.columns)
        return ColumnTransformer([("a", StandardScaler(), names[::2]),
                                  ("b", MinMaxScaler(), names[1::2])]).fit(x)
    report("convert, named columns of a ColumnTransformer", [100, 1_000, 10_000],
           converter(folder, panmodel, fit))


def text_categories(n):
    return np.array([f"category {i}" for i in range(n)], dtype=object).reshape(-1, 1)


def ordinal_categories(folder, panmodel):
    from sklearn.preprocessing import OrdinalEncoder

    def fit(n):
        return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(text_categories(n))
    report("convert, text categories of an OrdinalEncoder", [1_000, 10_000, 100_000],
           converter(folder, panmodel, fit))


def one_hot_categories(folder, panmodel):
    """The self-check makes rows as wide as the encoding, on both sides; without it nothing is dense."""
    from sklearn.preprocessing import OneHotEncoder

    def fit(n):
        return OneHotEncoder(handle_unknown="ignore").fit(text_categories(n))
    for what, options in (("500 rows checked", []), ("no self-check", ["--no-self-check"])):
        report(f"convert, text categories of a OneHotEncoder, {what}", [1_000, 10_000, 100_000],
               converter(folder, panmodel, fit, *options))


if __name__ == "__main__":
    directory = pathlib.Path(sys.argv[1])
    for one in (rows, trees, features, named_columns, ordinal_categories, one_hot_categories):
        try:
            one(directory, sys.argv[2])
        except ImportError as e:
            say(f"{one.__name__}: skipped, {e}")
