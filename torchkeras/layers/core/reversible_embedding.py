"""`ReversibleEmbedding`: whole numbers to vectors, and vectors to scores of whole numbers."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchkeras._base.dtypes import standardize_dtype, to_torch
from torchkeras._state.layout import TRANSPOSED
from torchkeras._state.masked import with_mask
from torchkeras._state.slot import Slot
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.layers.base.arguments import number
from torchkeras.layers.quantized.form import Quantized
from torchkeras.quantizers import AbsMaxQuantizer

from .embedding import Embedding


class ReversibleEmbedding(Embedding):
    """A table that looks rows up, and with `reverse=True` multiplies by itself: `x @ tableᵀ`.

    Args:
        input_dim: The number of rows: the largest input plus one.
        output_dim: The size of a row.
        tie_weights: Whether both directions share the table.
        embeddings_initializer: How the tables start.
        embeddings_regularizer: Adds a penalty on the table to the loss.
        embeddings_constraint: Applied to the table after each optimizer step.
        mask_zero: Whether inputs that are 0 are padding, which later layers skip.
        reverse_dtype: The dtype of the reverse direction; that of its inputs if not given.
        logit_soft_cap: Keeps the scores between minus this and this: `cap · tanh(scores / cap)`.
        **kwargs: The keyword arguments of `Embedding`.

    Input shape:
        `(batch, ...)`, of whole numbers; with `reverse=True`, `(batch, ..., output_dim)`.

    Output shape:
        `(batch, ..., output_dim)`; with `reverse=True`, `(batch, ..., input_dim)`.

    Variables:
        embeddings: `(input_dim, output_dim)`; torch keeps it as `embedding.weight`.
        reverse_embeddings: `(output_dim, input_dim)`, without `tie_weights`; torch keeps it as
            `reverse.weight`, transposed.

    Raises:
        ValueError: If a size is not a positive integer.

    Differs from Keras:
        The symbols of the reverse direction have the dtype of the real scores.

    Source:
        Press and Wolf 2016, https://arxiv.org/abs/1608.05859

    Example:
        >>> import torch, torchkeras
        >>> table = torchkeras.layers.ReversibleEmbedding(10, 4)
        >>> x = table(torch.tensor([[1, 2, 3]]))
        >>> tuple(x.shape), tuple(table(x, reverse=True).shape)
        ((1, 3, 4), (1, 3, 10))
    """

    reverse: nn.Linear
    _reverse_dtype: torch.dtype | None

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.tie_weights = tie_weights  # before weights that are given are taken in
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        wanted = None if reverse_dtype is None else to_torch(reverse_dtype)
        object.__setattr__(self, "_reverse_dtype", wanted)
        if logit_soft_cap is not None:
            number("logit_soft_cap", logit_soft_cap, 0)
        self.logit_soft_cap = logit_soft_cap

    @property
    def reverse_embeddings_initializer(self) -> Any:
        """How the table of the reverse direction starts."""
        return self.embeddings_initializer

    def variable_slots(self) -> dict[str, Slot]:
        slots = super().variable_slots()
        if not self.tie_weights:
            slots["reverse_embeddings"] = Slot("reverse.weight", TRANSPOSED)
        return slots

    def build(self, input_shape: Any = None) -> None:
        if not self.tie_weights and not self.built:
            self.reverse = self.stock(nn.Linear, self.output_dim, self.input_dim, bias=False)
        super().build(input_shape)

    def call(self, inputs: Tensor, reverse: bool = False) -> Tensor:
        if not reverse:
            rows = super().call(inputs)
            return with_mask(rows, inputs != 0) if self.mask_zero else rows
        scores = self._scores(inputs)
        cap = self.logit_soft_cap
        return scores if cap is None else torch.tanh(scores / cap) * cap

    def _scores(self, x: Tensor) -> Tensor:
        module: Any = self._modules["embedding" if self.tie_weights else "reverse"]
        if isinstance(module, Quantized):
            quantized: Any = module
            scores: Tensor = quantized.scores(x.to(self.torch_dtype))
            return scores
        table = self.merged_weight() if self.tie_weights else module.weight
        dtype = self._score_dtype(x.dtype)
        return F.linear(x.to(dtype), table.to(dtype))

    def _kind_of(self, module: nn.Module) -> type[nn.Module]:
        return nn.Embedding  # a quantized table knows both directions

    def _usual_inputs_quantizer(self, mode: str) -> Any:
        return AbsMaxQuantizer(axis=-1)

    def compute_output_spec(self, inputs: Any, reverse: bool = False) -> Any:
        """Return what comes out as a symbol.

        Args:
            inputs: A symbol.
            reverse: Whether the reverse direction is taken.
        """
        if not self.built:
            self.build(inputs.shape)
        if not reverse:
            return super().compute_output_spec(inputs)
        dtype = self._score_dtype(to_torch(inputs.dtype))
        return KerasTensor((*inputs.shape[:-1], self.input_dim), standardize_dtype(dtype))

    def _score_dtype(self, dtype: torch.dtype) -> torch.dtype:
        if self.quantization_mode is not None:
            return self.torch_dtype
        return self._reverse_dtype or torch.promote_types(dtype, self.torch_dtype)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return None  # `call` sets the mask itself

    def attribute_config(self) -> dict[str, Any]:
        names = ("tie_weights", "reverse_dtype", "logit_soft_cap")
        return {**super().attribute_config(), **{name: getattr(self, name) for name in names}}
