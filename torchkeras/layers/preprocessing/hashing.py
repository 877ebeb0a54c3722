"""`Hashing`: strings and integers to the bins of their hashes."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras._base import settings
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of, positive_int
from torchkeras._symbolic.spec import Spec
from torchkeras._symbolic.tensor import KerasTensor

from .categories import encode, encoded_shape
from .fingerprint import hasher
from .lookup_arguments import as_salt, refuse_sparse
from .reading import Reading
from .text import Strings, as_bytes, is_text, placed

_MODES = ("int", "one_hot", "multi_hot", "count")


class Hashing(Reading):
    """Put strings or integers into bins by their hash: FarmHash's, or SipHash with a salt.

    Numbers are hashed as they are written, floats without what follows the point.

    Args:
        num_bins: The number of bins, that of the mask included.
        mask_value: The value that alone gets bin 0.
        salt: One integer or two, with which the hash is SipHash.
        output_mode: "int" for bins, "one_hot", or for each sample "multi_hot" or "count".
        sparse: Not possible on torch.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        Any.

    Output shape:
        The input's; with "one_hot" another axis, otherwise the vector in place of the samples'.

    Raises:
        ValueError: If an argument is out of range.

    Differs from Keras:
        TensorFlow is not needed.

    Example:
        >>> import torchkeras
        >>> torchkeras.layers.Hashing(num_bins=3)([["A"], ["B"], ["E"]])
        tensor([[1],
                [0],
                [2]])
    """

    takes_text = True

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else settings.floatx()
        super().__init__(**kwargs)
        self.num_bins = positive_int("num_bins", num_bins)
        self.output_mode = one_of("output_mode", output_mode, _MODES)
        refuse_sparse(sparse)
        if output_mode == "int" and self.dtype not in ("int32", "int64"):
            raise ValueError(
                "`dtype` must be 'int32' or 'int64' if `output_mode` is 'int'. Received: "
                f"dtype={self.dtype!r}."
            )
        self.mask_value, self.sparse = mask_value, sparse
        self.salt = None if salt is None else as_salt(salt)

    def read(self, inputs: Any) -> Any:
        return as_bytes(inputs) if is_text(inputs) else super().read(inputs)

    def call(self, inputs: Any) -> Tensor:
        """Put values into bins.

        Args:
            inputs: Strings or numbers.
        """
        bins = self._bins(inputs)
        return encode(bins, self.output_mode, self.num_bins, to_torch(self.dtype))

    def _bins(self, values: Any) -> Tensor:
        if isinstance(values, Tensor):
            found = placed(self._hashed(_written(values), self._mask_of_numbers(values)))
            return found.to(values.device)
        texts = as_bytes(values)
        mask = None if self.mask_value is None else texts == as_bytes(self.mask_value).item()
        return placed(self._hashed(texts, mask))

    def _mask_of_numbers(self, values: Tensor) -> Any:
        return None if self.mask_value is None else (values == self.mask_value).cpu().numpy()

    def _hashed(self, texts: Strings, mask: Any) -> "np.ndarray[Any, np.dtype[np.int64]]":
        masks = mask is not None and self.num_bins > 1
        count, hashed = self.num_bins - masks, hasher(self.salt)
        bin_of = {text: hashed(text) % count for text in set(texts.reshape(-1).tolist())}
        found = np.array([bin_of[text] for text in texts.reshape(-1)], dtype=np.int64)
        found = found.reshape(texts.shape)
        return np.where(mask, 0, found + 1) if masks else found

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs.

        Args:
            input_shape: The shape of the inputs.
        """
        return encoded_shape(tuple(input_shape), self.output_mode, self.num_bins)

    def compute_output_spec(self, inputs: Spec) -> KerasTensor:
        """Return the shape and dtype of the outputs as a symbol.

        Args:
            inputs: A symbol.
        """
        return KerasTensor(self.compute_output_shape(inputs.shape), self.dtype)


def _written(values: Tensor) -> Strings:
    """Return numbers as texts of whole numbers."""
    whole = values.detach().to(torch.int64).cpu()
    made = np.empty(whole.numel(), dtype=object)
    made[:] = [b"%d" % number for number in whole.reshape(-1).tolist()]
    return made.reshape(tuple(whole.shape))
