"""The names of `keras.optimizers.legacy`, which Keras 3 keeps only to say that they are gone."""

from typing import Any


class LegacyOptimizerWarning:
    """An optimizer of Keras 2, which cannot be made.

    Args:
        *args: Anything.
        **kwargs: Anything.

    Raises:
        ImportError: Always.

    Example:
        >>> import torchkeras
        >>> torchkeras.optimizers.legacy.Adam()
        Traceback (most recent call last):
        ImportError: `optimizers.legacy` ended with Keras 2. Use the optimizer of the same name ...
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ImportError(
            "`optimizers.legacy` ended with Keras 2. Use the optimizer of the same name in "
            "`optimizers`; in place of its argument `decay`, pass a schedule as `learning_rate`."
        )


Adagrad = LegacyOptimizerWarning
Adam = LegacyOptimizerWarning
Ftrl = LegacyOptimizerWarning
Optimizer = LegacyOptimizerWarning
RMSprop = LegacyOptimizerWarning
SGD = LegacyOptimizerWarning
