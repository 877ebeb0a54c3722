"""`MultiHeadAttention`: every query looks at all keys, several times over.

B batch, T queries, S keys, N heads, H size of a head.
"""

import math
import string
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import positive_int
from torchkeras._state.masked import mask_of, plain
from torchkeras.layers.activations.softmax import Softmax
from torchkeras.layers.base.config import encode
from torchkeras.layers.regularization.dropout import Dropout
from torchkeras.ops.nn.masks import both, causal_mask

from .headed import HeadedAttention, check_same, over_heads
from .projection import Projection

_Product = Callable[[Tensor, Tensor], Tensor]


def _also(name: str) -> Any:
    """Return a property for the name that Keras's attribute has below the surface."""
    return property(
        lambda self: getattr(self, name),
        lambda self, value: setattr(self, name, value),
        doc=f"The same as `{name}`; programs that put LoRA into attention use it.",
    )


class MultiHeadAttention(HeadedAttention):
    """Attention with several heads: `softmax(q @ kᵀ / √key_dim) @ v` of each, projected to one.

    Args:
        num_heads: The number of heads.
        key_dim: The size of each head's queries and keys.
        value_dim: The size of each head's values; that of the keys if not given.
        dropout: The part of the attention that is dropped in training, from 0 to 1.
        use_bias: Whether the projections add biases.
        output_shape: The sizes of the last axes that come out; the queries' own if not given.
        attention_axes: The axes that are looked along; all but batch and features if not given.
        sliding_window: How many places a query sees, its own and so many less one on each side.
        flash_attention: `True` insists on the flash kernel; otherwise torch chooses.
        kernel_initializer: How the kernels start.
        bias_initializer: How the biases start.
        kernel_regularizer: Adds a penalty on the kernels to the loss.
        bias_regularizer: Adds a penalty on the biases to the loss.
        activity_regularizer: Adds a penalty on the outputs of the projections to the loss.
        kernel_constraint: Applied to the kernels after each optimizer step.
        bias_constraint: Applied to the biases after each optimizer step.
        use_gate: Whether a sigmoid of one more projection of the queries scales what is seen.
        seed: A seed for dropout.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `query` `(B, T, features)`, `value` and `key` `(B, S, features)`; there may be more axes.
        Masks are `True` where somebody may look: `attention_mask` `(B, T, S)`, and those that come
        with the inputs, `(B, T)` and `(B, S)`.

    Output shape:
        `(B, T, features)`; with `return_attention_scores` also `(B, N, T, S)`.

    Variables:
        query/kernel: `(features, num_heads, key_dim)`; torch keeps it as
            `query_dense.linear.weight`, flat and transposed; `key`, `gate` and `value` likewise.
        query/bias: `(num_heads, key_dim)`.
        attention_output/kernel: `(num_heads, value_dim, *output_shape)`.
        attention_output/bias: `output_shape`.

    Raises:
        ValueError: If an argument is out of range, or `flash_attention` meets what it cannot do.

    Differs from Keras:
        Where keys and queries differ in number, symbolic scores have the shape of the real ones.

    Source:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762

    Example:
        >>> import torch, torchkeras
        >>> attention = torchkeras.layers.MultiHeadAttention(num_heads=2, key_dim=4)
        >>> x = torch.ones(2, 5, 3)
        >>> tuple(attention(x, x, use_causal_mask=True).shape)
        (2, 5, 3)
    """

    _query_dense = _also("query_dense")
    _key_dense = _also("key_dense")
    _value_dense = _also("value_dense")
    _output_dense = _also("output_dense")

    query_dense: Projection
    key_dense: Projection
    value_dense: Projection
    output_dense: Projection

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            dropout=dropout,
            use_bias=use_bias,
            sliding_window=sliding_window,
            flash_attention=flash_attention,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            use_gate=use_gate,
            seed=seed,
            **kwargs,
        )
        self.num_heads = positive_int("num_heads", num_heads)
        self.key_dim = positive_int("key_dim", key_dim)
        self.value_dim = positive_int("value_dim", self.key_dim if value_dim is None else value_dim)
        self._output_shape = _sizes("output_shape", output_shape)
        self.attention_axes: Any = _sizes("attention_axes", attention_axes, signed=True)

    # Building

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        check_same(value_shape, key_shape)
        rank = len(query_shape)
        axes = self.attention_axes or range(1, rank - 1)
        self.attention_axes = tuple(axis % rank for axis in axes)
        heads = (self.num_heads, self.key_dim)
        self.query_dense = self._projection("query", heads, query_shape)
        self.key_dense = self._projection("key", heads, key_shape)
        seen = (self.num_heads, self.value_dim)
        if self.use_gate:
            self._gate_dense = self._projection("gate", seen, query_shape)
        self.value_dense = self._projection("value", seen, value_shape)
        count = len(self.attention_axes)
        self._softmax = Softmax(tuple(range(-count, 0)), dtype=self.dtype_policy)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        outputs = self._output_shape or (query_shape[-1],)
        self.output_dense = self._projection("attention_output", outputs, (*query_shape, *seen), 2)

    def compute_output_shape(
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> tuple[int | None, ...]:
        """Return the shape of what is seen.

        Args:
            query_shape: The shape of the queries.
            value_shape: The shape of the values.
            key_shape: The shape of the keys, if they are not the values.
        """
        check_same(value_shape, value_shape if key_shape is None else key_shape)
        return (*query_shape[:-1], *(self._output_shape or query_shape[-1:]))

    def _scores_shape(self, queries: Any, keys: Any) -> tuple[int | None, ...]:
        kept = [n for axis, n in enumerate(queries[:-1]) if axis not in self.attention_axes]
        looked = [shape[axis] for shape in (queries, keys) for axis in self.attention_axes]
        return (*kept, self.num_heads, *looked)

    # Running

    def call(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        query_mask: Tensor | None = None,
        value_mask: Tensor | None = None,
        key_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        # As in Keras, the query's mask counts where it comes with the query, not as an argument.
        query_mask = mask_of(query)
        query, value = plain(query), plain(value)
        key = value if key is None else plain(key)
        given = (query_mask, value_mask, key_mask, attention_mask)
        stock = type(self)._compute_attention is MultiHeadAttention._compute_attention
        only_causal = use_causal_mask and self._only_causal(stock, given)
        mask = None
        if not only_causal:
            mask = self._compute_attention_mask(query, value, *given, use_causal_mask)
        more = {"use_causal_mask": True} if only_causal else {}
        seen, scores = self._compute_attention(
            self.query_dense(query),
            self.key_dense(key),
            self.value_dense(value),
            mask,
            training,
            return_attention_scores,
            **more,
        )
        if self.use_gate:
            seen = seen * torch.sigmoid(self._gate_dense(query))
        output = self.output_dense(seen)
        return (output, scores) if return_attention_scores else output

    def _compute_attention(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Return what each head sees (B, T, N, H), and how much it looks where, if asked for.

        A subclass may compute it in another way.
        """
        self._refuse_scores_of_flash(return_attention_scores)
        drawn = bool(training) and self.dropout > 0 and self.seed is not None
        if query.dim() == 4 and not return_attention_scores and not drawn:
            rate = self.dropout if training else 0.0
            mask = self._over_heads(attention_mask, 4)
            scale = 1 / math.sqrt(self.key_dim)
            seen = self._fused(query, key, value, mask, rate, use_causal_mask, scale)
            return seen, None
        if use_causal_mask:
            allowed = causal_mask(query.shape[1], value.shape[1], query.device)
            attention_mask = both(attention_mask, allowed)
        return self._with_scores(query, key, value, attention_mask)

    def _over_heads(self, mask: Tensor | None, rank: int) -> Tensor | None:
        """Return a mask with axes of size 1 for the heads, and for the batch if it has none."""
        axis = -2 * len(self.attention_axes) - 1
        return None if mask is None else over_heads(mask, rank, axis)

    def _with_scores(
        self, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        product, combination = _products(query.dim(), self.attention_axes)
        logits = product(query / math.sqrt(self.key_dim), key)
        mask = self._over_heads(attention_mask, logits.dim())
        scores = self._softmax(logits) if mask is None else self._softmax(logits, mask=mask)
        dropped = self._dropout_layer(plain(scores)) if self.dropout else plain(scores)
        return combination(dropped, value), scores

    # Config

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, read from the attributes."""
        return {
            **super().attribute_config(),
            "output_shape": self._output_shape,
            "activity_regularizer": encode(self._activity_regularizer),
        }

    def _config_names(self) -> tuple[str, ...]:
        own = ("num_heads", "key_dim", "value_dim", "attention_axes")
        return own + super()._config_names()


def _sizes(argument: str, value: Any, signed: bool = False) -> tuple[int, ...] | None:
    """Return one integer or several as a tuple, or `None` for nothing."""
    if value is None or value == ():
        return None
    numbers = tuple(value) if isinstance(value, Sequence) else (value,)
    if not all(isinstance(n, int) and (signed or n > 0) for n in numbers):
        kind = "an integer" if signed else "a positive integer"
        raise ValueError(
            f"`{argument}` must be {kind}, or a list or tuple of them. "
            f"Received: {argument}={value!r}."
        )
    return numbers


def _products(rank: int, axes: tuple[int, ...]) -> tuple[_Product, _Product]:
    """Return the products of queries and keys, and of scores and values."""
    if rank == 4 and axes == (1,):  # the same matrix products as einsum finds, for less time
        return (
            lambda query, key: query.transpose(1, 2) @ key.permute(0, 2, 3, 1),
            lambda scores, value: (scores @ value.transpose(1, 2)).transpose(1, 2),
        )
    first, second = _equations(rank, axes)
    return (
        lambda query, key: torch.einsum(first, key, query),
        lambda scores, value: torch.einsum(second, scores, value),
    )


def _equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str]:
    """Return the einsum equations of keys and queries, and of scores and values.

    Scores have the axes that nobody looks along first, then those of the queries, then of the keys.
    """
    queries = string.ascii_lowercase[:rank]
    renamed = dict(zip(axes, string.ascii_lowercase[rank:], strict=False))
    keys = "".join(renamed.get(axis, letter) for axis, letter in enumerate(queries))
    kept = "".join(queries[axis] for axis in range(rank - 1) if axis not in axes)
    looking = "".join(queries[axis] for axis in axes)
    scores = kept + looking + "".join(renamed[axis] for axis in axes)
    return f"{keys},{queries}->{scores}", f"{scores},{keys}->{queries}"
