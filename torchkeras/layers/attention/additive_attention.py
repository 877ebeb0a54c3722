"""`AdditiveAttention`: queries look at keys, by the sums of both.

B batch, T queries, S keys, D features.
"""

from typing import Any

import torch
from torch import Tensor

from .attention import Attention


class AdditiveAttention(Attention):
    """Additive attention after Bahdanau: `softmax(Σ scale · tanh(query + key)) @ value`.

    Args:
        use_scale: Whether each feature has a trained weight.
        dropout: The part of the attention that is dropped in training, from 0 to 1.
        **kwargs: `seed`, and the keyword arguments of `Layer`.

    Input shape:
        A list of `query` `(B, T, D)`, `value` `(B, S, D)` and, if it is not the value, `key`
        `(B, S, D)`. Masks are a list, too: `(B, T)`, whose output is zero where it is `False`, and
        `(B, S)`, `True` where a value may be looked at.

    Output shape:
        `(B, T, D)`; with `return_attention_scores` also `(B, T, S)`.

    Variables:
        scale: `(D,)`, with `use_scale`.

    Raises:
        ValueError: If `dropout` is out of range, or the inputs or masks are no such list.

    Source:
        Bahdanau et al. 2014, https://arxiv.org/abs/1409.0473

    Example:
        >>> import torch, torchkeras
        >>> query, value = torch.ones(2, 3, 4), torch.ones(2, 5, 4)
        >>> tuple(torchkeras.layers.AdditiveAttention()([query, value]).shape)
        (2, 3, 4)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        self._check_list("inputs", input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            features = input_shape[0][-1]
            self.scale = self.add_weight(
                shape=(features,), initializer="glorot_uniform", name="scale"
            )

    def _calculate_scores(self, query: Tensor, key: Tensor) -> Tensor:
        bent = torch.tanh(query.unsqueeze(-2) + key.unsqueeze(-3))
        return bent.sum(-1) if self.scale is None else bent @ self.scale.value

    def attribute_config(self) -> dict[str, Any]:
        return {**super().attribute_config(), "seed": self.seed}
