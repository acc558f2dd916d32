"""What a case of sklearn_options.py is."""
from dataclasses import dataclass
from typing import Any, Callable, Optional


@dataclass
class Case:
    name: str
    fit: Callable[[], Any]           # returns the fitted estimator
    rows: Any                        # rows to predict: array or DataFrame of the kind of the training data
    methods: Optional[list] = None   # None: all that the estimator has
    onnx: bool = True                # whether it converts to ONNX
    names: bool = True               # whether get_feature_names_out is compared
    refused: Optional[str] = None    # the code with which panmodel refuses it
