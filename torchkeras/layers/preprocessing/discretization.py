"""`Discretization`: numbers to the ranges in which they lie."""

from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from torchkeras._base import settings
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of, positive_int, show
from torchkeras._symbolic.spec import Spec
from torchkeras._symbolic.tensor import KerasTensor

from .batches import input_batches, is_array
from .categories import encode, encoded_shape
from .learned import Learned
from .lookup_arguments import refuse_sparse
from .quantiles import Summary, empty_summary, merged, quantiles, summarized

_MODES = ("int", "one_hot", "multi_hot", "count")


class Discretization(Learned):
    """Number the range in which each input lies: the count of boundaries that it reaches.

    The boundaries are given, or `adapt` finds those that part data into bins of equal size.

    Args:
        bin_boundaries: The boundaries in order; the first and the last bin have no end.
        num_bins: The number of bins that `adapt` makes.
        epsilon: The share of the data by which a quantile may be wrong.
        output_mode: "int" for the bins' numbers, "one_hot", or for each sample "multi_hot" or
            "count".
        sparse: Not possible on torch.
        dtype: A dtype's name or a dtype policy; the global policy if not given.
        name: The layer's name.

    Input shape:
        Any.

    Output shape:
        The input's; with "one_hot" another axis, otherwise the vector in place of the samples'.

    Raises:
        ValueError: If not exactly one of `bin_boundaries` and `num_bins` is given, or an argument
            is out of range.

    Differs from Keras:
        Boundaries that were learned are in `state_dict` too. Boundaries out of order, and data
        without any number, are refused.

    Example:
        >>> import torch, torchkeras
        >>> layer = torchkeras.layers.Discretization(bin_boundaries=[0.0, 1.0])
        >>> layer(torch.tensor([-1.5, 0.5, 1.0]))
        tensor([0, 1, 2], dtype=torch.int32)
    """

    casts_inputs = False
    learned_key = "bin_boundaries"
    _boundaries: Tensor

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        refuse_sparse(sparse)
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError(
                "Exactly one of `bin_boundaries` and `num_bins` must be given. Received: "
                f"bin_boundaries={show(bin_boundaries)} and num_bins={num_bins!r}."
            )
        self.num_bins = None if num_bins is None else positive_int("num_bins", num_bins)
        self.epsilon = _checked_share(epsilon)
        self.output_mode = one_of("output_mode", output_mode, _MODES)
        self.sparse = sparse
        self.summary: Summary = empty_summary()
        self.register_buffer("_boundaries", torch.zeros(0), persistent=False)
        object.__setattr__(self, "_bin_boundaries", None)
        if num_bins is None:
            self.bin_boundaries = bin_boundaries

    @property
    def bin_boundaries(self) -> list[float] | None:
        """The boundaries in order, or `None` before `adapt`."""
        found: list[float] | None = self._bin_boundaries
        return found

    @bin_boundaries.setter
    def bin_boundaries(self, value: Any) -> None:
        boundaries = _checked_boundaries(value)
        object.__setattr__(self, "_bin_boundaries", boundaries)
        where = self._boundaries.device
        self._boundaries = torch.tensor(boundaries, dtype=torch.float32, device=where)

    @property
    def input_dtype(self) -> str:
        """The dtype of the numbers that are compared with the boundaries."""
        return settings.floatx()

    # Adapting

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find boundaries that part data into `num_bins` bins of about the same size.

        Args:
            data: An array or tensor, or batches of them: a `PyDataset`, a torch `Dataset` or
                `DataLoader`, or any iterable. Of tuples the first part is read.
            steps: How many batches are read; all if not given.

        Raises:
            ValueError: If the boundaries were given when the layer was made, or there is no data.
        """
        if self.num_bins is None:
            raise ValueError(
                "`adapt` cannot be used on a Discretization layer that was given `bin_boundaries`. "
                "Give `num_bins` instead."
            )
        self.reset_state()
        for batch in [data] if is_array(data) else input_batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take one batch into the summary of the data.

        Args:
            data: The batch.
        """
        values = data.detach().cpu().numpy() if isinstance(data, Tensor) else np.asarray(data)
        if values.dtype.kind not in "biuf":
            raise TypeError(f"`data` must hold numbers. Received: {show(data)}.")
        self.summary = merged(summarized(values, self.epsilon), self.summary, self.epsilon)

    def finalize_state(self) -> None:
        """Make boundaries of the summary."""
        if self.num_bins is None:
            return
        if not self.summary.size:
            raise ValueError(
                "`data` must hold at least one number. Received none: an iterator that was read "
                "before has nothing left."
            )
        self.bin_boundaries = quantiles(self.summary, self.num_bins)

    def reset_state(self) -> None:
        """Forget what was seen."""
        if self.num_bins is not None:
            self.summary = empty_summary()

    # Calling

    def call(self, inputs: Tensor) -> Tensor:
        """Number the ranges in which numbers lie.

        Args:
            inputs: The numbers.
        """
        if self._bin_boundaries is None:
            raise ValueError(
                f"Layer {self.name!r} has no boundaries. Give `bin_boundaries`, or call `adapt` on "
                "data."
            )
        x = inputs.to(to_torch(self.input_dtype))
        boundaries = self._boundaries.to(x.device, x.dtype)
        bins = torch.bucketize(x.contiguous(), boundaries, right=True, out_int32=True)
        return encode(bins, self.output_mode, self._depth, to_torch(self._output_dtype))

    @property
    def _depth(self) -> int:
        learned = self.bin_boundaries
        return (self.num_bins or 0) if learned is None else len(learned) + 1

    @property
    def _output_dtype(self) -> str:
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs.

        Args:
            input_shape: The shape of the numbers.
        """
        return encoded_shape(tuple(input_shape), self.output_mode, self._depth)

    def compute_output_spec(self, inputs: Spec) -> KerasTensor:
        """Return the shape and dtype of the outputs as a symbol.

        Args:
            inputs: A symbol.
        """
        return KerasTensor(self.compute_output_shape(inputs.shape), self._output_dtype)

    # Config and files

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, and boundaries that were learned."""
        names = "bin_boundaries num_bins epsilon output_mode sparse name dtype".split()
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the layer that a config describes, with the boundaries that it learned.

        Args:
            config: What `get_config()` returned.
        """
        learned = config.get("bin_boundaries") if config.get("num_bins") is not None else None
        if learned is None:
            return super().from_config(config)
        made = super().from_config({**config, "bin_boundaries": None})
        made.bin_boundaries = learned
        return made

    def learned(self) -> Tensor | None:
        known = self.num_bins is not None and self.bin_boundaries is not None
        return self._boundaries if known else None

    def take_learned(self, value: Tensor) -> None:
        if self.num_bins is not None:
            self.bin_boundaries = value


def _checked_share(epsilon: Any) -> float:
    if not 0 < epsilon <= 1:
        raise ValueError(f"`epsilon` must be above 0 and at most 1. Received: epsilon={epsilon!r}.")
    return float(epsilon)


def _checked_boundaries(value: Any) -> list[float]:
    array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "biuf"):
        raise ValueError(
            f"`bin_boundaries` must be a list of numbers. Received: bin_boundaries={show(value)}."
        )
    if np.any(np.diff(array) < 0):
        raise ValueError(
            "`bin_boundaries` must be in order, the smallest first. Received: "
            f"bin_boundaries={show(value)}."
        )
    return array.tolist()
