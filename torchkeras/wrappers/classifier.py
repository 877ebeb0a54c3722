"""`SKLearnClassifier`: a model as a classifier of scikit-learn."""

from typing import Any

import numpy as np

from .estimator import Estimator, target_type
from .parents import ClassifierMixin


class SKLearnClassifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """A classifier of scikit-learn that trains a model on one-hot targets.

    Needs scikit-learn: `pip install keras-on-torch[sklearn]`.

    Args:
        model: A compiled model, of which each `fit` trains a fresh clone, or a function of `X` and
            `y` (one column for each class) that returns a compiled model.
        warm_start: Whether `fit` goes on with the model, its weights included.
        model_kwargs: Further arguments of the function.
        fit_kwargs: Arguments of `Model.fit`; those given to `fit` win.

    Raises:
        ImportError: If scikit-learn is not installed.

    Example:
        >>> import torchkeras
        >>> from torchkeras import layers
        >>> def net(X, y, width=8):
        ...     outputs = layers.Dense(y.shape[1], activation="softmax")
        ...     model = torchkeras.Sequential([layers.Dense(width), outputs])
        ...     model.compile("adam", "categorical_crossentropy")
        ...     return model
        >>> classifier = torchkeras.wrappers.SKLearnClassifier(net, fit_kwargs={"verbose": 0})
        >>> classifier.fit([[0.0], [1.0], [2.0]], ["a", "b", "b"]).classes_.tolist()
        ['a', 'b']
    """

    _takes_many_targets = False

    def decision_function(self, X: Any) -> Any:
        """Return the outputs of the model: one column for each class.

        Args:
            X: The inputs, of shape `(samples, features)`.
        """
        return self._outputs(X)

    def _process_target(self, y: Any) -> Any:
        from sklearn.preprocessing import OneHotEncoder

        kind = target_type(y)
        if kind not in ("binary", "multiclass"):
            raise ValueError(
                "Only binary and multiclass target types are supported: one class for each sample. "
                f"Target type: {kind}"
            )
        flat = super()._process_target(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) == 1:
            raise ValueError("Classifier can't train when only one class is present.")
        self._encoder = OneHotEncoder(sparse_output=False).fit(flat)
        return self._encoder.transform(flat)

    def _reverse_process_target(self, y: Any) -> Any:
        return super()._reverse_process_target(self._encoder.inverse_transform(y))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags
