"""`SKLearnTransformer`: a model as a transformer of scikit-learn."""

from typing import Any

from .estimator import Estimator
from .parents import TransformerMixin


class SKLearnTransformer(TransformerMixin, Estimator):  # type: ignore[misc]
    """A transformer of scikit-learn, whose outputs are those of a model.

    Needs scikit-learn: `pip install keras-on-torch[sklearn]`.

    Args:
        model: A compiled model, of which each `fit` trains a fresh clone, or a function of `X` and
            `y` that returns a compiled model.
        warm_start: Whether `fit` goes on with the model, its weights included.
        model_kwargs: Further arguments of the function.
        fit_kwargs: Arguments of `Model.fit`; those given to `fit` win.

    Raises:
        ImportError: If scikit-learn is not installed.

    Example:
        >>> import torchkeras
        >>> net = torchkeras.Sequential([torchkeras.Input((2,)), torchkeras.layers.Dense(3)])
        >>> net.compile("adam", "mse")
        >>> transformer = torchkeras.wrappers.SKLearnTransformer(net, fit_kwargs={"verbose": 0})
        >>> X = [[0.0, 1.0], [1.0, 1.0]]
        >>> transformer.fit(X, [[0.0, 1.0, 2.0]] * 2).transform(X).shape
        (2, 3)
    """

    def transform(self, X: Any) -> Any:
        """Return the outputs of the model.

        Args:
            X: The inputs, of shape `(samples, features)`.
        """
        return self._outputs(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
