"""The wrappers for scikit-learn that `keras.wrappers.scikit_learn` had."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from torchkeras.models import Model
from torchkeras.utils import to_categorical

from .notice import tell

_CATEGORICAL = ("categorical_crossentropy", "CategoricalCrossentropy")


class _Wrapper(BaseEstimator):  # type: ignore[misc]
    """An estimator that makes a compiled model of its parameters each time it is fitted.

    Args:
        build_fn: Returns the model; if not given, the `__call__` of a class made from this one.
        **sk_params: The arguments of `build_fn`, and of the model's `fit`, `predict` and
            `evaluate`.

    Raises:
        ValueError: If none of these takes a parameter.
    """

    model: Model

    def __init__(self, build_fn: Callable[..., Model] | None = None, **sk_params: Any) -> None:
        name = type(self).__name__.replace("Keras", "SKLearn")
        tell(f"`{type(self).__name__}`", f"use `keras.wrappers.{name}`")
        self.build_fn, self.sk_params = build_fn, sk_params
        self._check(sk_params)

    def _builder(self) -> Callable[..., Model]:
        builder: Any = self if self.build_fn is None else self.build_fn
        return builder

    def _check(self, params: dict[str, Any]) -> None:
        takers = (self._builder(), Model.fit, Model.predict, Model.evaluate)
        for name in params:
            if not any(_takes(taker, name) for taker in takers):
                raise ValueError(
                    f"{name!r} is not a legal parameter: neither `build_fn` nor the model's `fit`, "
                    "`predict` or `evaluate` takes it."
                )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name.

        Args:
            deep: Kept for scikit-learn's signature.
        """
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> Any:
        """Set parameters, and return the estimator.

        Args:
            **params: The parameters by name.
        """
        self.build_fn = params.pop("build_fn", self.build_fn)
        self._check(params)
        self.sk_params.update(params)
        return self

    def _taken_by(self, function: Callable[..., Any]) -> dict[str, Any]:
        return {name: value for name, value in self.sk_params.items() if _takes(function, name)}

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Make a model, train it, and return its `History`.

        Args:
            x: The samples.
            y: Their targets.
            **kwargs: Further arguments of the model's `fit`.
        """
        builder = self._builder()
        self.model = builder(**self._taken_by(builder))
        return self.model.fit(x, self._targets(y), **(self._taken_by(Model.fit) | kwargs))

    def _targets(self, y: Any) -> Any:
        """Return classes as vectors, if the model's loss compares such."""
        loss = self.model.loss
        name = getattr(loss, "__name__", None) or type(loss).__name__
        is_categorical = loss in _CATEGORICAL if isinstance(loss, str) else name in _CATEGORICAL
        return to_categorical(y) if is_categorical and np.ndim(y) != 2 else y

    def _predicted(self, x: Any, kwargs: dict[str, Any]) -> Any:
        return self.model.predict(x, **(self._taken_by(Model.predict) | kwargs))

    def _evaluated(self, x: Any, y: Any, kwargs: dict[str, Any]) -> dict[str, float]:
        options = self._taken_by(Model.evaluate) | kwargs
        found: Any = self.model.evaluate(x, self._targets(y), return_dict=True, **options)
        return found

    def __sklearn_is_fitted__(self) -> bool:
        """Say whether there is a model."""
        return hasattr(self, "model")


class KerasClassifier(ClassifierMixin, _Wrapper):  # type: ignore[misc]
    """A classifier that makes a compiled model of its parameters each time it is fitted."""

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Make a model, train it, and return its `History`.

        Args:
            x: The samples.
            y: Their classes, or a column for each class.
            **kwargs: Further arguments of the model's `fit`.
        """
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        else:
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        self.n_classes_ = len(self.classes_)
        return super().fit(x, y, **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> Any:
        """Return the classes of samples.

        Args:
            x: The samples.
            **kwargs: Further arguments of the model's `predict`.
        """
        scores = self._predicted(x, kwargs)
        likeliest = scores.argmax(-1) if scores.shape[-1] > 1 else (scores > 0.5).astype("int32")
        return self.classes_[likeliest]

    def predict_proba(self, x: Any, **kwargs: Any) -> Any:
        """Return the probabilities of all classes, two where the model has one output.

        Args:
            x: The samples.
            **kwargs: Further arguments of the model's `predict`.
        """
        scores = self._predicted(x, kwargs)
        return np.hstack([1 - scores, scores]) if scores.shape[1] == 1 else scores

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the accuracy.

        Args:
            x: The samples.
            y: Their classes.
            **kwargs: Further arguments of the model's `evaluate`.

        Raises:
            ValueError: If the model was compiled without it.
        """
        y = np.asarray(y)
        if y.ndim < 2 or y.shape[1] == 1:
            y = np.searchsorted(self.classes_, y)
        found = self._evaluated(x, y, kwargs)
        name = next((name for name in ("accuracy", "acc") if name in found), None)
        if name is None:
            raise ValueError(
                "The model was not compiled with the accuracy, which `score` returns. Pass "
                f'`metrics=["accuracy"]` to `compile`. Received: {list(found)}.'
            )
        return found[name]


class KerasRegressor(RegressorMixin, _Wrapper):  # type: ignore[misc]
    """A regressor that makes a compiled model of its parameters each time it is fitted."""

    def predict(self, x: Any, **kwargs: Any) -> Any:
        """Return the targets of samples.

        Args:
            x: The samples.
            **kwargs: Further arguments of the model's `predict`.
        """
        return np.squeeze(self._predicted(x, kwargs), axis=-1)

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the loss, negated.

        Args:
            x: The samples.
            y: Their targets.
            **kwargs: Further arguments of the model's `evaluate`.
        """
        return -self._evaluated(x, y, kwargs)["loss"]


def _takes(function: Callable[..., Any], name: str) -> bool:
    return name in inspect.signature(function).parameters
