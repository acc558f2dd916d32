"""What a case of sklearn_options.py is."""
from dataclasses import dataclass
from typing import Any, Callable, Optional

import numpy as np
import pandas as pd


@dataclass
class Case:
    name: str
    fit: Callable[[], Any]           # returns the fitted estimator
    rows: Any                        # rows to predict: array or DataFrame of the kind of the training data
    methods: Optional[list] = None   # None: all that the estimator has
    onnx: bool = True                # whether it converts to ONNX
    names: bool = True               # whether get_feature_names_out is compared
    refused: Optional[str] = None    # the code with which panmodel refuses it


def is_missing(v):
    return v is None or v is pd.NA or (isinstance(v, (float, np.floating)) and v != v)


def field(v):
    if is_missing(v):
        return ""
    if isinstance(v, (bool, np.bool_)):
        return str(bool(v))
    text = v if isinstance(v, str) else repr(v.item() if isinstance(v, np.generic) else v)
    quoted = text == "" or any(c in text for c in ',"\n\r')
    return '"' + text.replace('"', '""') + '"' if quoted else text


def cells_of(rows):
    """Column names and the cells of each row, as Python values."""
    if isinstance(rows, pd.DataFrame):
        columns = [list(rows[c]) for c in rows.columns]
        return [str(c) for c in rows.columns], [list(r) for r in zip(*columns)]
    rows = rows if getattr(rows, "ndim", 1) == 2 else [[v] for v in rows]
    return [f"x{i}" for i in range(len(rows[0]))], [list(r) for r in rows]


def write_rows(rows, path):
    names, cells = cells_of(rows)
    with open(path, "w", newline="") as f:
        f.write(",".join(field(n) for n in names) + "\n")
        f.writelines(",".join(field(v) for v in r) + "\n" for r in cells)
