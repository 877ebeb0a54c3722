"""What the attentions with heads share: their arguments, projections and masks.

B batch, T queries, S keys, N heads, H size of a head.
"""

import re
from contextlib import AbstractContextManager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from torchkeras import constraints, initializers, regularizers
from torchkeras._base.messages import positive_int
from torchkeras._base.serialization import serialize_keras_object
from torchkeras._symbolic.tensor import KerasTensor
from torchkeras.dtype_policies import DTypePolicyMap
from torchkeras.layers.base.arguments import number
from torchkeras.layers.base.config import encode
from torchkeras.layers.layer import Layer
from torchkeras.ops.nn.attention import kernel
from torchkeras.ops.nn.masks import as_bias, both, causal_mask, window_mask

from .projection import Projection

_ARGUMENTS = (
    *("dropout", "use_bias", "sliding_window", "kernel_initializer", "bias_initializer"),
    *("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint"),
    *("use_gate", "seed"),
)


class HeadedAttention(Layer):
    """Attention with several heads, whose queries, keys and values are projections."""

    def __init__(
        self,
        *,
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        flash_attention: bool | None,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        use_gate: bool,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.dropout = number("dropout", dropout, 0, 1)
        self.use_bias, self.use_gate, self.seed = use_bias, use_gate, seed
        if sliding_window is not None:
            positive_int("sliding_window", sliding_window)
        self.sliding_window = sliding_window
        self.flash_attention = bool(flash_attention)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self._activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        if self.flash_attention and self.dropout:
            raise ValueError(
                "`flash_attention=True` cannot drop anything. "
                f"Received: dropout={dropout}. Leave one of the two out."
            )

    def _projection(
        self, name: str, outputs: Any, input_shape: Any, contracted: int = 1
    ) -> Projection:
        made = Projection(
            outputs,
            contracted,
            use_bias=self.use_bias,
            kernel_initializer=_again(self.kernel_initializer),
            bias_initializer=_again(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=self._activity_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            dtype=self.dtype_policy,
            name=name,
        )
        made.build(input_shape)
        return made

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return what comes out as symbols, the scores with it if they are asked for.

        Args:
            *args: Symbols, as `call` takes them.
            **kwargs: Symbols and settings.
        """
        if not self.built:
            self.build_for(args, kwargs)
        named = dict(zip(self.call_spec.names, args, strict=False)) | kwargs
        queries, keys = named["query"].shape, named["value"].shape
        of_key = None if named.get("key") is None else named["key"].shape
        shape = self.compute_output_shape(queries, keys, of_key)
        output = KerasTensor(shape, self.compute_dtype)
        if not named.get("return_attention_scores"):
            return output
        return output, KerasTensor(self._scores_shape(queries, keys), self.compute_dtype)

    def _scores_shape(self, queries: Any, keys: Any) -> tuple[int | None, ...]:
        """Return the shape of the scores for the shapes of queries and keys."""
        raise NotImplementedError

    def _only_causal(self, stock: bool, masks: tuple[Tensor | None, ...]) -> bool:
        """Whether no mask but the causal one counts, and a kernel may make that itself."""
        return stock and self.sliding_window is None and all(mask is None for mask in masks)

    def _compute_attention_mask(
        self,
        query: Tensor,
        value: Tensor,
        query_mask: Tensor | None = None,
        value_mask: Tensor | None = None,
        key_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
        use_causal_mask: bool = False,
    ) -> Tensor | None:
        """Return what all masks together allow, or `None` if they allow everything."""
        mask = None if query_mask is None else query_mask.bool().unsqueeze(-1)
        for of_keys in (value_mask, key_mask):
            mask = both(mask, None if of_keys is None else of_keys.bool().unsqueeze(-2))
        sizes = query.shape[1], value.shape[1]
        if use_causal_mask:
            mask = both(mask, causal_mask(*sizes, query.device))
        if self.sliding_window is not None:
            mask = both(mask, window_mask(*sizes, self.sliding_window, query.device))
        return both(mask, None if attention_mask is None else attention_mask.bool())

    def _refuse_scores_of_flash(self, return_attention_scores: bool) -> None:
        if self.flash_attention and return_attention_scores:
            raise ValueError(
                "`flash_attention=True` has no attention scores. Received: "
                "return_attention_scores=True. Leave one of the two out."
            )

    def _fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
        rate: float,
        causal: bool,
        scale: float,
    ) -> Tensor:
        """Return what each head sees (B, T, N, H), by torch's kernel; keys may have fewer heads."""
        q, k, v = (x.transpose(1, 2) for x in (query, key, value))
        bias = None if mask is None else as_bias(mask, q.dtype)
        grouped = {"enable_gqa": True} if k.shape[1] != q.shape[1] else {}
        with self._kernel():
            seen = F.scaled_dot_product_attention(
                q, k, v, bias, rate, causal, scale=scale, **grouped
            )
        if mask is not None and self.dropout:
            # As in Keras, a query that may look at nothing sees zeros here, not the mean of all.
            seen = torch.where(mask.any(-1, keepdim=True), seen, 0)
        return seen.transpose(1, 2)

    def _kernel(self) -> AbstractContextManager[Any]:
        return kernel(self.flash_attention or None)

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`; a map for `dtype` once projections are quantized."""
        found = {name: encode(getattr(self, name)) for name in self._config_names()}
        inner = [child for child in self.children() if isinstance(child, Projection)]
        quantized = [child for child in inner if child.quantization_mode]
        if quantized and not isinstance(self.dtype_policy, DTypePolicyMap):
            # A projection has the name of this layer before its own, wherever they are built.
            before = f"(.*/)?{re.escape(self.name)}/"
            policies = {f"{before}{child.name}": child.own_policy for child in quantized}
            default = self.dtype_policy.name
            found["dtype"] = serialize_keras_object(DTypePolicyMap(default, policies))
        return found

    def _config_names(self) -> tuple[str, ...]:
        return _ARGUMENTS


def over_heads(mask: Tensor, rank: int, axis: int) -> Tensor:
    """Return a mask with axes of size 1 for the heads, and for the batch if it has none."""
    for _ in range(rank - mask.dim()):
        mask = mask.unsqueeze(axis)
    return mask.bool()


def check_same(value_shape: Any, key_shape: Any) -> None:
    """Raise a `ValueError` if values and keys differ in more than the last axis."""
    if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
        raise ValueError(
            "`value` and `key` must have the same sizes but for the last. Received shapes: "
            f"value {tuple(value_shape)}, key {tuple(key_shape)}."
        )


def _again(initializer: Any) -> Any:
    """Return an initializer of its own for each projection: unseeded ones start differently."""
    if not hasattr(initializer, "get_config"):
        return initializer
    return type(initializer).from_config(initializer.get_config())
