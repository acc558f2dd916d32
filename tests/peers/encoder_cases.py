"""Encoders and imputers: every option, on seen, unseen, missing, empty and non-ASCII values."""
import numpy as np
import pandas as pd
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, OneHotEncoder, OrdinalEncoder
from option_case import Case

nan = np.nan


def objects(*rows):
    out = np.empty((len(rows), len(rows[0])), dtype=object)
    out[:] = rows
    return out


TEXT = objects(("Pune", "b"), ("Lima", "a"), ("Osl\u00f8", "b"), ("Pune", "c"), ("Lima", "a"), ("Lima", "b"))
TEXT_ROWS = objects(("Pune", "b"), ("Osl\u00f8", "c"), ("Atlantis", "a"), ("Lima", "z"), ("", "a"),
                    ("Lima", nan), (nan, "a"), ("lima", "a"), ("Lima", "a"))
GAPS = objects(("x", "b"), (nan, "a"), ("y", None), ("x", "c"), ("z", "a"), ("x", "b"), (nan, None))
GAP_ROWS = objects(("x", "b"), (nan, "a"), ("y", "c"), ("q", "a"), ("", "a"), ("x", ""), ("z", "q"))
NONE_ROWS = objects(("x", None), ("y", None))
INTS = np.array([[5, 1], [3, 0], [-2, 1], [5, 7], [3, 0], [5, 1]])
INT_ROWS = np.array([[5, 1], [3, 7], [-2, 0], [4, 1], [2.5, 1], [nan, 0], [5, 1.5], [0, 0]])
FLOATS = np.array([[0.5, 1e16], [nan, -1.25], [0.1, 1e-5], [0.5, 1e16], [nan, 123456.0]])
FLOAT_ROWS = np.array([[0.5, 1e16], [nan, -1.25], [0.1, 1e-5], [0.3, 123456.0], [-0.0, -1.25], [0.1, nan],
                       [np.nextafter(0.1, 1), 1e-5]])
BOOLS = np.array([[True], [False], [True]])
MIXED = pd.DataFrame({"city": TEXT[:, 0], "kids": [3, 1, 2, 3, 1, 3], "ok": [True, False, True, True, False, True],
                      "height": [1.5, nan, 2.5, 1.5, nan, 0.25]})
COMMON = objects(*[(v,) for v in "aaaabbbbccde"], (nan,), (nan,))
COMMON_ROWS = objects(*[(v,) for v in "abcdez"], (nan,), ("",))
BIG = np.array([[2**60], [2**60 + 1], [5]])


def one_hot(title, X, rows, **options):
    encoder = OneHotEncoder(**options)
    return Case(f"OneHotEncoder {title}", lambda: encoder.fit(X), rows)


def ordinal(title, X, rows, **options):
    encoder = OrdinalEncoder(**options)
    return Case(f"OrdinalEncoder {title}", lambda: encoder.fit(X), rows)


def fitted(estimator, X, rows, title="", **extra):
    return Case(f"{estimator!r} {title}", lambda: estimator.fit(X), rows, **extra)


CASES = []
for kind, X, rows in (("text", TEXT, TEXT_ROWS), ("text with gaps", GAPS, GAP_ROWS),
                      ("integers", INTS, INT_ROWS), ("reals", FLOATS, FLOAT_ROWS),
                      ("U array", TEXT.astype("U"), TEXT_ROWS), ("booleans", BOOLS, BOOLS),
                      ("float32", np.array([[0.1], [0.5]], dtype=np.float32),
                       np.array([[0.1], [0.5], [0.2]], dtype=np.float32))):
    CASES += [one_hot(f"{kind} {o}", X, rows, **o) for o in (
        {}, {"handle_unknown": "ignore"}, {"drop": "first"}, {"drop": "if_binary"},
        {"drop": "first", "handle_unknown": "ignore"}, {"sparse_output": False, "dtype": np.int64},
        {"handle_unknown": "infrequent_if_exist", "min_frequency": 2},
        {"handle_unknown": "warn", "max_categories": 2}, {"handle_unknown": "ignore", "max_categories": 2})]
    CASES += [ordinal(f"{kind} {o}", X, rows, **o) for o in (
        {}, {"handle_unknown": "use_encoded_value", "unknown_value": -1},
        {"handle_unknown": "use_encoded_value", "unknown_value": nan},
        {"encoded_missing_value": -2, "handle_unknown": "use_encoded_value", "unknown_value": -1},
        {"encoded_missing_value": -2, "dtype": np.int32},
        {"handle_unknown": "use_encoded_value", "unknown_value": 77, "max_categories": 2,
         "encoded_missing_value": 88})]
CASES += [
    one_hot("None rows", GAPS, NONE_ROWS),
    one_hot("drop array", TEXT, TEXT_ROWS, drop=["Lima", "c"], handle_unknown="ignore"),
    one_hot("drop NaN", objects(("x", "b"), (nan, "a"), ("y", "b")), GAP_ROWS[:3], drop=[nan, "b"]),
    one_hot("drop after grouping", COMMON, COMMON_ROWS, drop="first", min_frequency=2,
            handle_unknown="infrequent_if_exist"),
    one_hot("drop the infrequent group", COMMON, COMMON_ROWS, drop="first", max_categories=1,
            handle_unknown="infrequent_if_exist"),
    one_hot("min_frequency share", COMMON, COMMON_ROWS, min_frequency=0.2, handle_unknown="ignore"),
    one_hot("given categories", TEXT[:, :1], TEXT_ROWS[:, :1],
            categories=[["Pune", "Lima", "Osl\u00f8", "Never"]], handle_unknown="ignore"),
    one_hot("float32 and U", TEXT, TEXT_ROWS, dtype=np.float32, handle_unknown="ignore"),
    one_hot("one category dropped", objects(("a", "b"), ("a", "c")), objects(("a", "b"), ("z", "b")), drop="first"),
    one_hot("data frame", MIXED, MIXED),
    one_hot("data frame unknown", MIXED, MIXED, handle_unknown="ignore", drop="if_binary"),
    one_hot("big integers", BIG, BIG, handle_unknown="ignore"),
    one_hot("only NaN", objects((nan,), (nan,)), objects((nan,), ("a",))),
    ordinal("grouped with NaN", COMMON, COMMON_ROWS, min_frequency=3, handle_unknown="use_encoded_value",
            unknown_value=9, encoded_missing_value=-5),
    ordinal("given categories", TEXT[:, :1], TEXT_ROWS[:, :1], categories=[["Pune", "Lima", "Osl\u00f8"]]),
    ordinal("None rows", GAPS, NONE_ROWS),
    ordinal("data frame", MIXED, MIXED),
    ordinal("float32 codes", TEXT, TEXT_ROWS, dtype=np.float32),
    ordinal("big integers", BIG, BIG),
]
for y in (["b", "a", "c", "a"], ["yes", "no"], [3, 1, 7], [0, 1], [1.5, 2.5, 0.5], [True, False],
          np.array(["b", nan, "a"], dtype=object), ["only"]):
    y = np.asarray(y)
    unseen = {"U": ["zz", ""], "O": ["zz"], "i": [99], "f": [0.75], "b": []}[y.dtype.kind]
    rows = np.array(list(y) + unseen, dtype=y.dtype if y.dtype.kind in "ifb" else object)
    CASES.append(fitted(LabelEncoder(), y, rows, f"{list(y)}"))
for y in (["b", "a", "c", "a"], ["yes", "no"], [3, 1, 7], [0, 1], ["only"], [2.0, 1.0, 4.0]):
    y = np.asarray(y)
    rows = np.array(list(y), dtype=y.dtype if y.dtype.kind in "if" else object)
    for o in ({}, {"neg_label": -1}, {"neg_label": -3, "pos_label": 0}, {"sparse_output": True}):
        CASES.append(fitted(LabelBinarizer(**o), y, rows, f"{list(y)}"))
CASES += [
    fitted(LabelBinarizer(), ["b", "a", "c", "a"], np.array(["zz", "a"], dtype=object), "unseen"),
    Case("LabelBinarizer of several labels", lambda: LabelBinarizer().fit(np.array([[0, 1], [1, 0], [1, 1]])),
         None, refused="sklearn-option"),
]
HOLES = np.array([[1.0, nan, 3.0, nan], [2.0, 5.0, 3.0, nan], [4.0, 7.5, nan, nan], [4.0, 5.0, 1.0, nan]])
HOLE_ROWS = np.array([[nan, nan, nan, nan], [1.0, nan, 2.0, 3.0], [0.0, 1.0, 2.0, nan], [nan, 0.0, nan, 1.0]])
CODES = np.array([[1, -1], [2, 4], [-1, 4], [7, 5]])
WORDS = objects(("a", "x"), (nan, "y"), ("a", "x"), ("b", nan))
CLIENTS = pd.DataFrame({"age": [30.0, nan, 41.0, 30.0], "city": ["Lima", "Oslo", nan, "Lima"], "kids": [1.0, 2.0, 2.0, nan]})
CLIENT_ROWS = pd.DataFrame({"age": [nan, 1.5, 3.0], "city": ["Pune", nan, "Oslo"], "kids": [nan, 0.0, nan]})
WORD_ROWS = objects(("a", nan), (nan, "y"), ("", "x"), ("b", "q"))
CASES += [fitted(SimpleImputer(**o), HOLES, HOLE_ROWS) for o in (
    {}, {"strategy": "median"}, {"strategy": "most_frequent"}, {"strategy": "constant"},
    {"strategy": "constant", "fill_value": -7.5}, {"add_indicator": True},
    {"keep_empty_features": True}, {"keep_empty_features": True, "add_indicator": True},
    {"strategy": "constant", "fill_value": 2, "keep_empty_features": True},
    {"strategy": "median", "add_indicator": True, "keep_empty_features": True})]
CASES += [fitted(SimpleImputer(**o), WORDS, WORD_ROWS) for o in (
    {"strategy": "most_frequent"}, {"strategy": "constant"}, {"strategy": "constant", "fill_value": "gone"},
    {"strategy": "most_frequent", "add_indicator": True})]
CASES += [fitted(SimpleImputer(strategy="most_frequent", **o), CLIENTS, CLIENT_ROWS, "data frame") for o in (
    {}, {"add_indicator": True})]
CASES += [fitted(SimpleImputer(**o), CODES, np.vstack([CODES, [[3, -1], [-1, -1]]])) for o in (
    {"missing_values": -1}, {"missing_values": -1, "strategy": "most_frequent", "add_indicator": True},
    {"missing_values": -1, "strategy": "constant", "fill_value": 9})]
CASES += [
    fitted(SimpleImputer(missing_values=0.5), np.array([[0.5, 1.0], [2.0, 0.5]]),
           np.array([[0.5, 0.5], [nan, 1.0], [3.0, 4.0]]), "a NaN is refused"),
    fitted(SimpleImputer(missing_values=None, strategy="most_frequent"), objects(("a",), (None,), ("a",)),
           objects(("a",), (None,), ("q",))),
    fitted(SimpleImputer(missing_values="?", strategy="most_frequent"), objects(("a",), ("?",), ("a",)),
           objects(("a",), ("?",), ("q",), (nan,))),
    fitted(SimpleImputer(missing_values="", strategy="constant", fill_value="none"),
           objects(("a",), ("",), ("a",)), objects(("a",), ("",), ("q",))),
    fitted(SimpleImputer(missing_values=pd.NA, strategy="most_frequent"), objects(("a",), (pd.NA,), ("a",)),
           objects(("a",), (pd.NA,), ("q",))),
    fitted(MissingIndicator(), HOLES, HOLE_ROWS), fitted(MissingIndicator(error_on_new=False), HOLES, HOLE_ROWS),
    fitted(MissingIndicator(features="all"), HOLES, HOLE_ROWS),
    fitted(MissingIndicator(missing_values=-1), CODES[:, 1:], CODES[:, 1:]),
    fitted(MissingIndicator(missing_values=-1), np.array([[1, -1], [2, 3]]), np.array([[1, -1], [-1, 3], [5, 5]])),
    fitted(MissingIndicator(missing_values="?"), objects(("a", "?"), ("b", "c")), objects(("a", "?"), ("?", "c"), ("z", "z"))),
    fitted(make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
           WORDS, WORD_ROWS),
    fitted(make_pipeline(SimpleImputer(add_indicator=True), OneHotEncoder(handle_unknown="ignore")), HOLES, HOLE_ROWS),
    fitted(make_pipeline(SimpleImputer(strategy="constant"), OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1)), WORDS, WORD_ROWS),
]
