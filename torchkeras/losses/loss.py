"""`Loss`: what every loss has, whatever it computes."""

from typing import Any

from torch import Tensor

from torchkeras import dtype_policies
from torchkeras._base.dtypes import to_torch
from torchkeras._base.naming import auto_name
from torchkeras._base.settings import floatx
from torchkeras._state.masked import mask_of
from torchkeras.ops.nn.masks import both

from .arguments import first_tensor, to_tensors
from .reduction import reduce_weighted_values, standardize_reduction


class Loss:
    """A loss as an object: `call` gives the losses of the samples, calling it their reduction.

    Args:
        name: The name; an automatic one if not given.
        reduction: `"sum_over_batch_size"` or `"mean"` (the mean over all values, weighted ones
            included in the count), `"sum"`, `"mean_with_sample_weight"` (divided by the sum of the
            weights), or `"none"` or `None` (no reduction).
        dtype: The dtype in which the loss is computed, or a dtype policy; `floatx()` if not given.

    Raises:
        ValueError: If `reduction` is none of these.

    Example:
        >>> import torchkeras
        >>> class Biggest(torchkeras.losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return (y_true - y_pred).abs().amax(-1)
        >>> Biggest()([[1.0, 0.0], [4.0, 0.0]], [[0.0, 0.0], [1.0, 1.0]]).item()
        2.0
    """

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        self.name = name or auto_name(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self._dtype_policy = dtype_policies.get(dtype or floatx())
        self._dtype: str = self._dtype_policy.compute_dtype
        self._float = to_torch(self._dtype)

    @property
    def dtype(self) -> str:
        """The name of the dtype in which the loss is computed."""
        return self._dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Return the loss, reduced as `reduction` says.

        Args:
            y_true: The targets; an array, or what a custom `call` takes.
            y_pred: The predictions. A mask that they carry leaves out the steps it hides.
            sample_weight: Weights that broadcast with the losses of the samples.
        """
        mask = mask_of(y_pred)
        y_pred = to_tensors(y_pred, self._float, like=first_tensor(y_true))
        y_true = self._targets(y_true, first_tensor(y_pred))
        values = self.call(y_true, y_pred)
        mask = both(mask, mask_of(values))
        values = to_tensors(values, self._float)
        return reduce_weighted_values(values, sample_weight, mask, self.reduction)

    def _targets(self, y_true: Any, like: Tensor | None) -> Any:
        return to_tensors(y_true, self._float, like)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Return the losses of the samples; to be written by subclasses.

        Args:
            y_true: The targets, as a tensor of the loss's dtype (or a structure of them).
            y_pred: The predictions, likewise.
        """
        raise NotImplementedError(
            f"`{type(self).__name__}` must define `call(self, y_true, y_pred)`, which returns the "
            "loss of each sample."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal loss."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Loss":
        """Make a loss from what `get_config` returned.

        Args:
            config: The arguments.
        """
        return cls(**config)
