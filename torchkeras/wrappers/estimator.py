"""`Estimator`: what the three wrappers share, a model behind `fit` and `predict`."""

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from torchkeras._base.messages import missing_extra
from torchkeras.models import Model, clone_model

from .parents import IS_INSTALLED, BaseEstimator


class Estimator(BaseEstimator):  # type: ignore[misc]
    """A model that scikit-learn can clone, fit, search and put into pipelines.

    Args:
        model: A compiled model, of which each `fit` trains a fresh clone, or a function of `X` and
            `y` that returns a compiled model.
        warm_start: Whether `fit` goes on with the model, its weights included.
        model_kwargs: Further arguments of the function.
        fit_kwargs: Arguments of `Model.fit`; those given to `fit` win.
    """

    def __init__(
        self,
        model: Model | Callable[..., Model],
        warm_start: bool = False,
        model_kwargs: Mapping[str, Any] | None = None,
        fit_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        if not IS_INSTALLED:
            raise missing_extra("scikit-learn", "sklearn", type(self).__name__)
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    _takes_many_targets = True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    @property
    def epoch_(self) -> int:
        """The number of epochs of the last `fit`."""
        history = getattr(self, "history_", None)
        return 0 if history is None else len(history.epoch)

    def set_fit_request(self, **kwargs: Any) -> Self:
        """Say which metadata `fit` wants, for scikit-learn's routing.

        Args:
            **kwargs: `name=True`, `False`, `None` or the name under which it is passed around.

        Raises:
            RuntimeError: If `enable_metadata_routing` is off.
        """
        import sklearn

        if not sklearn.get_config()["enable_metadata_routing"]:
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable "
                "it using `sklearn.set_config(enable_metadata_routing=True)`."
            )
        request = self._get_metadata_request()
        for name, alias in kwargs.items():
            request.fit.add_request(param=name, alias=alias)
        self._metadata_request = request
        return self

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Self:
        """Train a model.

        Args:
            X: The inputs, of shape `(samples, features)`.
            y: The targets, of shape `(samples,)` or, but for classifiers, `(samples, targets)`.
            **kwargs: Arguments of `Model.fit`.

        Raises:
            RuntimeError: If the model is not compiled with an optimizer and a loss.
            ValueError: If the data do not fit the estimator.
        """
        from sklearn.utils.validation import column_or_1d, validate_data

        X, y = validate_data(self, X, y, multi_output=self._takes_many_targets)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        y = self._process_target(y)
        model = _compiled(self._next_model(X, y))
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def _next_model(self, X: Any, y: Any) -> Any:
        """Return the model to train."""
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            return self.model if self.warm_start else clone_model(self.model)
        return self.model(X=X, y=y, **(self.model_kwargs or {}))

    def predict(self, X: Any) -> Any:
        """Return what the model predicts, in the form of the targets.

        Args:
            X: The inputs, of shape `(samples, features)`.
        """
        return self._reverse_process_target(self._outputs(X))

    def _outputs(self, X: Any) -> Any:
        """Return the outputs of the trained model."""
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        verbose = (self.fit_kwargs or {}).get("verbose", "auto")
        return self.model_.predict(X, verbose=verbose)

    def _process_target(self, y: Any) -> Any:
        """Return targets as the model wants them."""
        target_type(y)
        self._is_flat = y.ndim == 1
        return y.reshape(-1, 1) if self._is_flat else y

    def _reverse_process_target(self, y: Any) -> Any:
        """Return outputs in the form of the targets."""
        return np.squeeze(y, axis=1) if self._is_flat and y.ndim == 2 else y


def target_type(y: Any) -> str:
    """Return what kind of targets scikit-learn takes `y` for.

    Raises:
        ValueError: If it is of no known kind.
    """
    from sklearn.utils.multiclass import type_of_target

    found: str = type_of_target(y)
    if found == "unknown":
        raise ValueError(f"Unknown label type for data: {y!r}")
    return found


def _compiled(model: Any) -> Any:
    if not isinstance(model, Model):
        raise TypeError(
            "`model` must be a Model or a function that returns one. "
            f"Received: {model!r} (of type {type(model).__name__})."
        )
    if not model.compiled or not model.loss or model.optimizer is None:
        raise RuntimeError(
            "Given model needs to be compiled, and have a loss and an optimizer. Call "
            "`model.compile(optimizer='adam', loss=...)` on it."
        )
    return model
