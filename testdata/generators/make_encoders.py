"""Writes testdata/encoder: encoders of text with missing and infrequent values, pickled by scikit-learn
1.9.1 (protocol 5), rows with unknown, missing and empty values, and scikit-learn's own results for
each row alone (empty where it raises), named as panmodel names them; and models whose attributes do
not fit together. Run with the interpreter of the peers (scripts/peers.txt) from the root of the
repository."""
import csv, pathlib, pickle, warnings
import numpy as np
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import LabelBinarizer, OneHotEncoder, OrdinalEncoder

warnings.simplefilter("ignore")
assert sklearn.__version__ == "1.9.1", sklearn.__version__
out = pathlib.Path("testdata/encoder")
out.mkdir(parents=True, exist_ok=True)
nan = np.nan
X = np.array([["Lima", "a"], ["Oslo", "b"], ["Lima", "a"], ["Zürich", "b"], ["Oslo", "a"], [nan, "b"],
              ["Pune", "a"]], dtype=object)
rows = np.array([["Lima", "a"], ["Zürich", "b"], ["Pune", "b"], [nan, "a"], ["Atlantis", "a"], ["Oslo", nan],
                 ["", "b"], ["Oslo", "b"]], dtype=object)


def write(path, header, lines):
    def field(v):
        return '""' if v == "" else "" if v is None or v != v else str(v)
    text = "\n".join(",".join(field(v) for v in line) for line in [header, *lines]) + "\n"
    (out / path).write_text(text, encoding="utf-8", newline="\n")


def dump(name, model):
    (out / f"{name}.pkl").write_bytes(pickle.dumps(model, protocol=5))


def save(name, model):
    model.fit(X)
    dump(name, model)
    lines = []
    for i in range(len(rows)):
        try:
            got = model.transform(rows[i:i + 1])
            got = got.toarray() if hasattr(got, "toarray") else got
            lines.append([repr(float(v)) for v in got[0]])
        except ValueError:
            lines.append([None] * len(model.get_feature_names_out()))
    write(f"{name}.expected.csv", ["transform:" + n for n in model.get_feature_names_out()], lines)


write("rows.csv", ["x0", "x1"], rows)
save("one_hot", OneHotEncoder(drop="if_binary", min_frequency=2))
save("ordinal", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=3,
                               encoded_missing_value=-2))
broken = OneHotEncoder(drop="first").fit(X)
broken._drop_idx_after_grouping = np.array([0, 9], dtype=object)
dump("bad_drop", broken)
broken = OneHotEncoder().fit(X)
broken.categories_ = broken.categories_[:1]
dump("bad_categories", broken)
broken = OneHotEncoder(min_frequency=2).fit(X)
broken._default_to_infrequent_mappings[0] = np.array([0, 1])
dump("bad_mapping", broken)
broken = OneHotEncoder().fit(X)
broken._n_features_outs = [5, 7]
dump("bad_widths", broken)
broken = OrdinalEncoder().fit(X)
broken.categories_[0] = np.array(["Lima", 3, b"x"], dtype=object)
dump("bad_kinds", broken)
broken = SimpleImputer(add_indicator=True).fit([[1.0, nan], [2.0, 3.0]])
broken.indicator_.features_ = np.array([4])
dump("bad_indicator", broken)
broken = SimpleImputer().fit([[1.0, nan], [2.0, 3.0]])
broken.statistics_ = np.array([1.0])
dump("bad_statistics", broken)
dump("several_labels", LabelBinarizer().fit(np.array([[0, 1], [1, 0]])))
