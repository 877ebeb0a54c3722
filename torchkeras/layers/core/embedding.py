"""`Embedding`: whole numbers to vectors."""

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from torchkeras import constraints, initializers, regularizers
from torchkeras._base.messages import positive_int, show
from torchkeras._state.slot import Slot
from torchkeras._state.variable import Variable
from torchkeras.layers.base.config import encode
from torchkeras.layers.layer import Layer
from torchkeras.layers.quantized.quantizable import Quantizable

_INDEX_DTYPES = (torch.int32, torch.int64)


class Embedding(Quantizable, Layer):
    """A table from which each input, a whole number, picks a row.

    Args:
        input_dim: The number of rows: the largest input plus one.
        output_dim: The size of a row.
        embeddings_initializer: How the table starts.
        embeddings_regularizer: Adds a penalty on the table to the loss.
        embeddings_constraint: Applied to the table after each optimizer step.
        mask_zero: Whether inputs that are 0 are padding, which later layers skip.
        weights: The table's first value, or a list that holds it.
        lora_rank: The rank of a correction that is trained in the table's place (`enable_lora`).
        lora_alpha: The correction is multiplied by `lora_alpha / lora_rank`; the rank if not given.
        quantization_config: How the layer is quantized, if its dtype policy says that it is.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch, ...)`, of whole numbers; floats are cut off.

    Output shape:
        `(batch, ..., output_dim)`.

    Variables:
        embeddings: `(input_dim, output_dim)`; torch keeps it as `embedding.weight`.

    Raises:
        ValueError: If a size is not a positive integer, or `weights` has another shape.
        IndexError: If an input is not below `input_dim` (on a CPU).

    Differs from Keras:
        Negative inputs, which count from the end of the table, are allowed on a CPU alone.

    Example:
        >>> import torch, torchkeras
        >>> tuple(torchkeras.layers.Embedding(10, 4)(torch.tensor([[1, 2, 3]])).shape)
        (1, 3, 4)
    """

    # The table is looked up first and cast afterwards: casting it whole would cost its whole size.
    keeps_variable_dtype = True
    adapted = "embeddings"
    quantization_modes = ("int8", "int4")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("input_length", None) is not None:
            warnings.warn("Argument `input_length` is deprecated. Just remove it.", stacklevel=2)
        super().__init__(**kwargs)
        self.quantization_config = quantization_config
        self.take_lora(lora_rank, lora_alpha)
        self.input_dim = positive_int("input_dim", input_dim)
        self.output_dim = positive_int("output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False
        object.__setattr__(self, "_computes_mask", mask_zero)
        if weights is not None:
            self.build()
            self.set_weights(weights if _is_list_of_one(weights) else [weights])

    @property
    def embeddings(self) -> Variable | Tensor:
        """The table; with LoRA, a tensor that holds the table and its correction."""
        return self.effective_weight

    @embeddings.setter
    def embeddings(self, variable: Variable) -> None:
        self.base_weight = variable

    @property
    def _embeddings(self) -> Variable:
        return self.base_weight

    def variable_slots(self) -> dict[str, Slot]:
        return {"embeddings": Slot("embedding.weight")}

    def build(self, input_shape: Any = None) -> None:
        if not self.built:
            self.embedding = self.stock(nn.Embedding, self.input_dim, self.output_dim)

    def call(self, inputs: Tensor) -> Tensor:
        indices = inputs if inputs.dtype in _INDEX_DTYPES else inputs.to(torch.int32)
        try:
            rows: Tensor = self._modules["embedding"](indices)  # type: ignore[misc]
        except IndexError:
            rows = self.embedding(self._from_the_end(indices))
        return rows.to(self.torch_dtype)

    def _from_the_end(self, indices: Tensor) -> Tensor:
        """Count negative indices from the end, as Keras does; refuse those that are too large."""
        lowest, highest = int(indices.min()), int(indices.max())
        if lowest < -self.input_dim or highest >= self.input_dim:
            raise IndexError(
                f"The inputs of layer {self.name!r} must lie below `input_dim`={self.input_dim}. "
                f"Received numbers from {lowest} to {highest}, in {show(indices)}. Set `input_dim` "
                "to the largest number plus one."
            )
        return torch.where(indices < 0, indices + self.input_dim, indices)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return inputs != 0 if self.mask_zero else None

    def attribute_config(self) -> dict[str, Any]:
        names = (
            "input_dim output_dim embeddings_initializer embeddings_regularizer "
            "embeddings_constraint mask_zero"
        ).split()
        plain = {name: encode(getattr(self, name)) for name in names}
        return {
            **plain,
            **self.lora_config(),
            "activity_regularizer": encode(self.activity_regularizer),
            "quantization_config": encode(self.quantization_config),
        }


def _is_list_of_one(weights: Any) -> bool:
    return isinstance(weights, list) and len(weights) == 1
