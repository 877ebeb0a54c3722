"""What estimators inherit from scikit-learn; without it, classes that can be named but not made."""

from typing import Any

try:
    from sklearn.base import BaseEstimator as BaseEstimator
    from sklearn.base import ClassifierMixin as ClassifierMixin
    from sklearn.base import RegressorMixin as RegressorMixin
    from sklearn.base import TransformerMixin as TransformerMixin

    IS_INSTALLED = True
except ImportError:
    IS_INSTALLED = False

    class BaseEstimator:  # type: ignore[no-redef]
        """Stands for scikit-learn's."""

    ClassifierMixin: Any = type("ClassifierMixin", (), {})  # type: ignore[no-redef]
    RegressorMixin: Any = type("RegressorMixin", (), {})  # type: ignore[no-redef]
    TransformerMixin: Any = type("TransformerMixin", (), {})  # type: ignore[no-redef]
