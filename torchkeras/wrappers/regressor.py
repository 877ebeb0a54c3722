"""`SKLearnRegressor`: a model as a regressor of scikit-learn."""

from typing import Any

from .estimator import Estimator
from .parents import RegressorMixin


class SKLearnRegressor(RegressorMixin, Estimator):  # type: ignore[misc]
    """A regressor of scikit-learn that trains a model.

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
        >>> net = torchkeras.Sequential([torchkeras.Input((2,)), torchkeras.layers.Dense(1)])
        >>> net.compile("adam", "mse")
        >>> regressor = torchkeras.wrappers.SKLearnRegressor(net, fit_kwargs={"verbose": 0})
        >>> regressor.fit([[0.0, 1.0], [1.0, 1.0]], [0.5, 1.5]).predict([[2.0, 1.0]]).shape
        (1,)
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags
