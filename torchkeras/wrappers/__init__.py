"""Models as estimators of scikit-learn: `keras.wrappers`.

The names are looked up when they are first used, since scikit-learn takes a second to import.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .classifier import SKLearnClassifier as SKLearnClassifier
    from .regressor import SKLearnRegressor as SKLearnRegressor
    from .transformer import SKLearnTransformer as SKLearnTransformer

_FILES = {
    "SKLearnClassifier": "classifier",
    "SKLearnRegressor": "regressor",
    "SKLearnTransformer": "transformer",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_FILES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_FILES})
