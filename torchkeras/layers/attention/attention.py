"""`Attention`: queries look at keys, by their products or sums.

B batch, T queries, S keys, D features.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras import random
from torchkeras._base.messages import one_of
from torchkeras._state.variable import Variable
from torchkeras.layers.base.arguments import number
from torchkeras.layers.layer import Layer
from torchkeras.ops.nn.masks import as_bias, causal_mask


class Attention(Layer):
    """Dot-product attention after Luong: `softmax(query @ keyᵀ) @ value`.

    Args:
        use_scale: Whether the scores are multiplied by a trained number.
        score_mode: `"dot"`, or `"concat"` for the scores `Σ tanh(query + key)`.
        dropout: The part of the attention that is dropped in training, from 0 to 1.
        seed: A seed for dropout.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        A list of `query` `(B, T, D)`, `value` `(B, S, D)` and, if it is not the value, `key`
        `(B, S, D)`. Masks are a list, too: `(B, T)`, whose output is zero where it is `False`, and
        `(B, S)`, `True` where a value may be looked at.

    Output shape:
        `(B, T, D)`; with `return_attention_scores` also `(B, T, S)`.

    Variables:
        scale: A number, with `use_scale`.
        concat_score_weight: A number, with `score_mode="concat"`.

    Raises:
        ValueError: If an argument is out of range, or the inputs or masks are no such list.

    Source:
        Luong et al. 2015, https://arxiv.org/abs/1508.04025

    Example:
        >>> import torch, torchkeras
        >>> query, value = torch.ones(2, 3, 4), torch.ones(2, 5, 4)
        >>> y, scores = torchkeras.layers.Attention()([query, value], return_attention_scores=True)
        >>> tuple(y.shape), tuple(scores.shape)
        ((2, 3, 4), (2, 3, 5))
    """

    scale: Variable | None
    concat_score_weight: Variable | None
    seed_generator: random.SeedGenerator

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.use_scale, self.seed = use_scale, seed
        self.score_mode = one_of("score_mode", score_mode, ("dot", "concat"))
        self.dropout = number("dropout", dropout, 0, 1)
        if dropout > 0:
            self.seed_generator = random.SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        self._check_list("inputs", input_shape)
        query, key = input_shape[0], input_shape[-1]
        if self.score_mode == "dot" and None not in (query[-1], key[-1]) and query[-1] != key[-1]:
            raise ValueError(
                f"Queries and keys of layer {self.name!r} must have the same last axis. "
                f"Received shapes: query {tuple(query)}, key {tuple(key)}."
            )
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self._one("scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self._one("concat_score_weight")

    def _one(self, name: str) -> Variable:
        return self.add_weight(shape=(), initializer="ones", name=name)

    def call(
        self,
        inputs: list[Tensor],
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check_list("inputs", inputs)
        if mask is not None:
            self._check_list("mask", mask)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        dropped = training and self.dropout > 0
        fits = self._fits_kernel(query, value_mask, dropped)
        if return_attention_scores or not fits:
            scores = self._calculate_scores(query, key)
            allowed = self._calculate_score_mask(scores, value_mask, use_causal_mask)
            seen, weights = self._apply_scores(scores, value, allowed, training)
        else:
            rate = self.dropout if dropped else 0.0
            seen = self._fused(query, key, value, value_mask, rate, use_causal_mask)
        if query_mask is not None:
            seen = torch.where(query_mask.bool().unsqueeze(-1), seen, 0)
        return (seen, weights) if return_attention_scores else seen

    def _fits_kernel(self, query: Tensor, value_mask: Tensor | None, dropped: bool) -> bool:
        """Whether torch's kernel computes just this.

        A seed or a subclass may want another way. With gradients, the kernel is wrong for a query
        that may look at nothing, and slower than the products on a CPU.
        """
        if torch.is_grad_enabled() and (value_mask is not None or query.device.type == "cpu"):
            return False
        cls = type(self)
        stock = (
            cls._calculate_scores is Attention._calculate_scores
            and cls._apply_scores is Attention._apply_scores
            and cls._calculate_score_mask is Attention._calculate_score_mask
        )
        drawn = dropped and self.seed is not None
        return stock and self.score_mode == "dot" and query.dim() == 3 and not drawn

    def _fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        value_mask: Tensor | None,
        rate: float,
        causal: bool,
    ) -> Tensor:
        scaled = query if self.scale is None else query * self.scale.value
        bias = None
        if value_mask is not None:
            allowed = self._over_queries(value_mask)
            if causal:
                allowed = allowed & causal_mask(query.shape[1], key.shape[1], query.device)
            bias = as_bias(allowed, query.dtype).unsqueeze(1)
        q, k, v = scaled.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        only_causal = causal and bias is None
        return F.scaled_dot_product_attention(q, k, v, bias, rate, only_causal, scale=1.0).squeeze(
            1
        )

    # What a subclass may change

    def _calculate_scores(self, query: Tensor, key: Tensor) -> Tensor:
        """Return how much each query likes each key: (B, T, S)."""
        if self.concat_score_weight is None:
            scores = query @ key.mT
            return scores if self.scale is None else scores * self.scale.value
        sums = query.unsqueeze(-2) + key.unsqueeze(-3)
        scaled = sums if self.scale is None else sums * self.scale.value
        return self.concat_score_weight.value * torch.tanh(scaled).sum(-1)

    def _calculate_score_mask(
        self, scores: Tensor, v_mask: Tensor | None, use_causal_mask: bool
    ) -> Tensor | None:
        """Return where queries may look, or `None` for everywhere."""
        if not use_causal_mask:
            return v_mask
        allowed = causal_mask(scores.shape[-2], scores.shape[-1], scores.device)
        return allowed if v_mask is None else v_mask.bool().unsqueeze(-2) & allowed

    def _apply_scores(
        self,
        scores: Tensor,
        value: Tensor,
        scores_mask: Tensor | None = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Return what is seen (B, T, D), and how much each query looks at each key (B, T, S)."""
        if scores_mask is not None:
            far_below = 65504.0 if scores.dtype == torch.float16 else 1.0e9
            allowed = self._over_queries(scores_mask)
            scores = torch.where(allowed, scores, scores - far_below)
        weights = torch.softmax(scores, -1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        return weights @ value, weights

    @staticmethod
    def _over_queries(mask: Tensor) -> Tensor:
        """Return a mask of keys with an axis for the queries."""
        return (mask.unsqueeze(-2) if mask.dim() == 2 else mask).bool()

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None if mask is None else mask[0]

    def _check_list(self, argument: str, value: Any) -> None:
        """Raise a `ValueError` if inputs or masks are not a list of two or three."""
        wanted = "[query, value] or [query, value, key]"
        several = isinstance(value, (list, tuple))
        if not several or any(isinstance(item, int) for item in value):  # or one shape
            raise ValueError(
                f"`{argument}` of {type(self).__name__} layer {self.name!r} must be a list: it "
                f"must be called on a list {wanted}. Received: {argument} of type "
                f"{type(value).__name__}."
            )
        if not 2 <= len(value) <= 3:
            raise ValueError(
                f"`{argument}` of {type(self).__name__} layer {self.name!r} must be a list of "
                f"length 2 or 3, {wanted}. Received length: {len(value)}."
            )
