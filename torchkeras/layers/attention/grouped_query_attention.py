"""`GroupQueryAttention`: several heads of queries share one head of keys and values.

B batch, T queries, S keys, N heads of queries, K heads of keys, H size of a head.
"""

import math
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import positive_int
from torchkeras._base.naming import auto_name
from torchkeras._state.masked import plain
from torchkeras.layers.activations.softmax import Softmax
from torchkeras.layers.base.config import encode
from torchkeras.layers.regularization.dropout import Dropout
from torchkeras.ops.nn.masks import both, causal_mask

from .headed import HeadedAttention, check_same, over_heads
from .projection import Projection


class GroupQueryAttention(HeadedAttention):
    """Attention in which groups of heads share keys and values: `softmax(q @ kᵀ / √head_dim) @ v`.

    One head of keys and values makes it multi-query attention, as many as of queries the usual one.

    Args:
        head_dim: The size of each head.
        num_query_heads: The number of heads of queries.
        num_key_value_heads: The number of heads of keys and values; it divides the other.
        dropout: The part of the attention that is dropped in training, from 0 to 1.
        use_bias: Whether the projections add biases.
        sliding_window: How many places a query sees, its own and so many less one on each side.
        flash_attention: `True` insists on the flash kernel; otherwise torch chooses.
        kernel_initializer: How the kernels start.
        bias_initializer: How the biases start.
        kernel_regularizer: Adds a penalty on the kernels to the loss.
        bias_regularizer: Adds a penalty on the biases to the loss.
        activity_regularizer: Adds a penalty on the outputs of the layer and of its projections.
        kernel_constraint: Applied to the kernels after each optimizer step.
        bias_constraint: Applied to the biases after each optimizer step.
        use_gate: Whether a sigmoid of one more projection of the queries scales what is seen.
        seed: A seed for dropout.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `query` `(B, T, features)`, `value` and `key` `(B, S, features)`. Masks are `True` where
        somebody may look: `attention_mask` `(B, T, S)`, and those that come with the inputs,
        `(B, T)` and `(B, S)`.

    Output shape:
        `(B, T, features)`; with `return_attention_scores` also `(B, N, T, S)`.

    Variables:
        query/kernel: `(features, num_query_heads, head_dim)`; torch keeps it as
            `_query_dense.linear.weight`, flat and transposed; `gate` likewise.
        query/bias: `(num_query_heads, head_dim)`.
        key/kernel: `(features, num_key_value_heads, head_dim)`; `value` likewise.
        key/bias: `(num_key_value_heads, head_dim)`.
        attention_output/kernel: `(num_query_heads, head_dim, features)`.
        attention_output/bias: `(features,)`.

    Raises:
        ValueError: If an argument is out of range, or `flash_attention` meets what it cannot do.

    Source:
        Ainslie et al. 2023, https://arxiv.org/abs/2305.13245

    Example:
        >>> import torch, torchkeras
        >>> attention = torchkeras.layers.GroupQueryAttention(4, 6, 2)
        >>> x = torch.ones(2, 5, 3)
        >>> tuple(attention(x, x, use_causal_mask=True).shape)
        (2, 5, 3)
    """

    # Keras's files of weights know them by these names, and the layer by that of its class there.
    _saved_as = "GroupedQueryAttention"
    _query_dense: Projection
    _key_dense: Projection
    _value_dense: Projection
    _output_dense: Projection

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
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
        if type(self) is GroupQueryAttention and not kwargs.get("name"):
            kwargs["name"] = auto_name("GroupedQueryAttention")  # as Keras calls it inside
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
        self.activity_regularizer = activity_regularizer
        self.head_dim = positive_int("head_dim", head_dim)
        self.num_query_heads = positive_int("num_query_heads", num_query_heads)
        self.num_key_value_heads = positive_int("num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                "`num_key_value_heads` must divide `num_query_heads`. Received: "
                f"num_query_heads={num_query_heads}, num_key_value_heads={num_key_value_heads}."
            )
        self.num_repeats = num_query_heads // num_key_value_heads

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        for name, shape in (("query", query_shape), ("value", value_shape), ("key", key_shape)):
            if len(shape) != 3:
                raise ValueError(
                    f"`{name}` of layer {self.name!r} must have 3 axes, (batch, steps, features). "
                    f"Received shape: {tuple(shape)}."
                )
        check_same(value_shape, key_shape)
        many, few = (self.num_query_heads, self.head_dim), (self.num_key_value_heads, self.head_dim)
        self._query_dense = self._projection("query", many, query_shape)
        self._key_dense = self._projection("key", few, key_shape)
        if self.use_gate:
            self._gate_dense = self._projection("gate", many, query_shape)
        self._value_dense = self._projection("value", few, value_shape)
        self._softmax = Softmax(dtype=self.dtype_policy)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        outputs = (query_shape[-1],)
        self._output_dense = self._projection("attention_output", outputs, (*query_shape, *many), 2)

    def compute_output_shape(
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> tuple[int | None, ...]:
        """Return the shape of what is seen, that of the queries.

        Args:
            query_shape: The shape of the queries.
            value_shape: The shape of the values.
            key_shape: The shape of the keys, if they are not the values.
        """
        check_same(value_shape, value_shape if key_shape is None else key_shape)
        return tuple(query_shape)

    def _scores_shape(self, queries: Any, keys: Any) -> tuple[int | None, ...]:
        return (queries[0], self.num_query_heads, queries[1], keys[1])

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
        query, value = plain(query), plain(value)
        key = value if key is None else plain(key)
        given = (query_mask, value_mask, key_mask, attention_mask)
        stock = type(self)._compute_attention is GroupQueryAttention._compute_attention
        only_causal = use_causal_mask and self._only_causal(stock, given)
        mask = None
        if not only_causal:
            mask = self._compute_attention_mask(query, value, *given, use_causal_mask)
        more = {"use_causal_mask": True} if only_causal else {}
        seen, scores = self._compute_attention(
            self._query_dense(query),
            self._key_dense(key),
            self._value_dense(value),
            mask,
            training,
            return_attention_scores,
            **more,
        )
        if self.use_gate:
            seen = seen * torch.sigmoid(self._gate_dense(query))
        output = self._output_dense(seen)
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

        Queries are (B, T, N, H), keys and values (B, S, K, H). A subclass may compute it in
        another way.
        """
        self._refuse_scores_of_flash(return_attention_scores)
        mask = None if attention_mask is None else over_heads(attention_mask, 4, -3)
        drawn = bool(training) and self.dropout > 0 and self.seed is not None
        if return_attention_scores or drawn:
            if use_causal_mask:
                sizes = query.shape[1], value.shape[1]
                mask = both(mask, causal_mask(*sizes, query.device).unsqueeze(1))
            return self._with_scores(query, key, value, mask)
        rate = self.dropout if training else 0.0
        scale = 1 / math.sqrt(self.head_dim)
        return self._fused(query, key, value, mask, rate, use_causal_mask, scale), None

    def _with_scores(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        groups = (self.num_key_value_heads, self.num_repeats)
        q = _split_heads((query / math.sqrt(self.head_dim)).transpose(1, 2), groups)
        k, v = (x.transpose(1, 2).unsqueeze(2) for x in (key, value))
        logits = (q @ k.mT).flatten(1, 2)
        scores = self._softmax(logits) if mask is None else self._softmax(logits, mask=mask)
        dropped = self._dropout_layer(plain(scores)) if self.dropout else plain(scores)
        return (_split_heads(dropped, groups) @ v).flatten(1, 2).transpose(1, 2), scores

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, read from the attributes."""
        found = super().attribute_config()
        return {**found, "activity_regularizer": encode(self._activity_regularizer)}

    def _config_names(self) -> tuple[str, ...]:
        return ("head_dim", "num_query_heads", "num_key_value_heads", *super()._config_names())


def _split_heads(x: Tensor, groups: tuple[int, int]) -> Tensor:
    """Return (B, N, ...) as (B, K, N / K, ...)."""
    return x.reshape(x.shape[0], *groups, *x.shape[2:])
